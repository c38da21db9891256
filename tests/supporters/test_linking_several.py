"""One consent that covers several accounts: they are linked together, and live by one grant."""

import pytest

from accounts.models import User
from supporters.explaining import LinkingRefused
from supporters.linking import begin_linking, finish_linking
from supporters.models import AccountState, LinkedAccount
from supporters.unlinking import unlink
from tests.platforms import switch_on

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pages(settings, simulator):
    """Links the Pages that somebody runs: ``pages(sam, "river,lake")``."""
    switch_on(settings, simulator)

    def link(person, names):
        url = begin_linking("facebook", address="", session_key="s", person=person)
        _back, answer = simulator.give_consent(url, account=names)
        return finish_linking("facebook", answer=answer, session_key="s", person=person)

    return link


def test_every_page_of_a_consent_is_linked_to_the_same_person(pages, sam):
    linked = pages(sam, "river,lake")
    assert [account.person for account in linked.accounts] == [sam, sam]
    assert len({account.grant for account in linked.accounts}) == 1
    assert linked.accounts[0].grant
    assert not linked.signs_in


def test_who_is_known_by_pages_alone_is_one_person(pages):
    linked = pages(None, "river,lake")
    assert linked.signs_in
    assert User.objects.count() == 1
    assert {account.person for account in linked.accounts} == {linked.person}


def test_an_authorisation_is_revoked_with_the_last_page_that_lives_by_it(
    pages, sam, simulator, settings
):
    first, second = pages(sam, "river,lake").accounts
    outcome = unlink(first, person=sam)
    assert (outcome.is_shared, outcome.is_revoked) == (True, False)
    outcome = unlink(second, person=sam)
    assert (outcome.is_shared, outcome.is_revoked) == (False, True)
    assert set(LinkedAccount.objects.values_list("state", flat=True)) == {AccountState.UNLINKED}


def test_a_page_that_somebody_else_lent_is_left_to_them_and_the_others_are_linked(pages, sam, rae):
    (theirs,) = pages(rae, "river").accounts
    linked = pages(sam, "river,lake")
    assert [account.handle for account in linked.accounts] != [theirs.handle]
    assert len(linked.accounts) == 1
    theirs.refresh_from_db()
    assert (theirs.person, theirs.state) == (rae, AccountState.LINKED)


def test_where_all_are_somebody_else_s_nothing_is_stored_and_nothing_of_theirs_revoked(
    pages, sam, rae
):
    (theirs,) = pages(rae, "river").accounts
    with pytest.raises(LinkingRefused, match="somebody else"):
        pages(sam, "river")
    theirs.refresh_from_db()
    assert LinkedAccount.objects.count() == 1
    assert theirs.state == AccountState.LINKED
