"""Authorisations that end during a launch: refreshed by two workers at once, and taken back."""

import pytest
from post_office.models import Email

from accounts.models import User
from launches.models import Delivery
from supporters.models import AccountState, LinkedAccount
from tests.faults.conftest import wait_for_end
from tests.faults.keeping import assert_kept, read_secrets
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent, switch_on
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
NUMBER = 12


def list_told():
    return [str(address) for mail in Email.objects.all() for address in mail.to]


def test_tokens_that_run_out_at_the_moment_are_refreshed_once_however_many_workers(
    product, simulator, settings, olive
):
    """A refresh token is good once: a second use ends the session, and the post with it."""
    switch_on(settings, simulator)
    simulator.change_settings(access_token_seconds=20)
    campaign = make_campaign(olive, launch_in=30)
    for index in range(NUMBER):
        person = User.objects.create_user(f"voice{index}@example.org", name=f"Voice {index}")
        kind = ("bluesky", "x")[index % 2]
        account = link_by_consent(simulator, person, f"voice{index}", kind=kind)
        make_pledge(campaign, account, receipt_email=person.email)
    secrets = read_secrets()
    taken_back = LinkedAccount.objects.filter(network="bluesky").last()
    simulator.revoke(network="bluesky", account=taken_back.account_id)
    for name in ("worker", "worker", "worker", "beat"):
        product.start(name)
    wait_for_end(campaign, product=product)
    ledger = assert_kept(
        product, simulator, number=NUMBER, secrets=secrets, states=("sent", "failed")
    )
    assert (ledger.sent, ledger.failed) == (NUMBER - 1, 1)
    refreshed = secrets - read_secrets()  # two of each account on Bluesky but one
    assert len(refreshed) >= 2 * (NUMBER // 2 - 1)
    failed = Delivery.objects.get(state="failed")
    assert failed.pledge.account == taken_back
    assert failed.sentence
    refused = LinkedAccount.objects.filter(state=AccountState.NEEDS_RELINK)
    assert list(refused) == [taken_back]
    # With the tick after the one that found the launch through.
    wait_until(lambda: taken_back.person.email in list_told(), what="its receipt", seconds=30)
