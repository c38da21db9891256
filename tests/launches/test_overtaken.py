"""Two workers find the same accounts due, and one is through before the other claims any."""

import pytest

from accounts.models import User
from campaigns.clock import database_now
from launches import dealing, renewing
from launches.preflight import check_accounts
from launches.renewing import renew_some
from supporters.models import LinkedAccount
from tests.launches.elapsing import come_near, let_pass
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent, switch_on

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = 86_400.0


@pytest.fixture
def campaign(settings, simulator, olive):
    """Far away, and lent two accounts whose authorisations are refreshed."""
    switch_on(settings, simulator)
    campaign = make_campaign(olive, launch_in=100 * DAYS)
    for name in ("one", "two"):
        account = link_by_consent(simulator, User.objects.create_user(name=name), name, kind="x")
        make_pledge(campaign, account)
    return campaign


@pytest.fixture
def overtake(monkeypatch):
    """Once, when a worker of that module has found accounts, another one does this first."""

    def arrange(module, act):
        share_out = module.keep_to_share

        def come_late(due, **facts):
            monkeypatch.setattr(module, "keep_to_share", share_out)
            assert len(due) == 2
            act()
            return share_out(due, **facts)

        monkeypatch.setattr(module, "keep_to_share", come_late)

    return arrange


def begin_round(campaign):
    come_near(campaign, hours=72)


def grow_old(_campaign):
    let_pass(days=31)


@pytest.mark.parametrize(
    ("module", "work", "begin"),
    [(dealing, check_accounts, begin_round), (renewing, renew_some, grow_old)],
    ids=["checked", "renewed"],
)
def test_worker_that_comes_late_asks_about_nobody_again(campaign, overtake, module, work, begin):
    begin(campaign)
    others = []
    overtake(module, lambda: others.append(work()))
    assert work() == 0
    assert others == [2]


@pytest.mark.parametrize(
    ("module", "work", "begin"),
    [(dealing, check_accounts, begin_round), (renewing, renew_some, grow_old)],
    ids=["checked", "renewed"],
)
def test_worker_that_comes_late_asks_again_about_nobody_who_was_refused(
    campaign, overtake, module, work, begin
):
    """A refusal is not a letting in, and is noted apart."""
    begin(campaign)

    def refuse():
        LinkedAccount.objects.update(refused_at=database_now())

    overtake(module, refuse)
    assert work() == 0
