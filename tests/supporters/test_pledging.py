"""Lending and taking back: exact words, once, until the moment, and never in silence."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from post_office.models import Email

from campaigns.clock import database_now
from campaigns.leading import keep_short_link
from campaigns.models import Campaign, CampaignState, Revision, RevisionState
from networks.base import Server
from supporters.models import AccountState, LinkedAccount, Pledge, PledgeState
from supporters.pledging import (
    PledgeRefused,
    WordsChanged,
    join_words,
    pledge,
    read_words,
    sign_words,
    withdraw,
)
from supporters.rewording import change_words
from supporters.servers import remember_server
from supporters.unlinking import unlink
from tests.making import add_wordings, make_campaign, make_pledge

pytestmark = pytest.mark.django_db


def make_account(person, name="sam", *, network="mastodon", limit=500, **facts):
    """A linked account on a server that nobody will ask."""
    known = remember_server(
        Server(
            network=network,
            host=f"{network}{limit}.example",
            url=f"https://{network}{limit}.example",
            version="4.5.3",
            facts={"max_characters": limit},
        )
    )
    return LinkedAccount.objects.create(
        person=person,
        network=network,
        known_server=known,
        account_id=name,
        fingerprint=f"{network}-{limit}-{name}"[:64],
        handle=f"@{name}@{known.host}",
        sealed_credentials="sealed",
        **facts,
    )


@pytest.fixture
def account(sam):
    return make_account(sam)


def lend(campaign, *accounts, wording=1, words="", seen=None, **more):
    """Pledge as the page does, by default after having read the words as they are."""
    campaign.refresh_from_db()
    text = join_words(campaign.approved, wording=wording, words=words)
    return pledge(
        campaign,
        person=more.pop("person", accounts[0].person),
        account_ids=[account.pk for account in accounts],
        seen=sign_words(campaign.approved, text=text) if seen is None else seen,
        wording=wording,
        words=words,
        **more,
    )


def approve(campaign, *, wordings=None, **changes):
    """A new approved revision, as a review makes one; ``wordings`` stay if they are not given."""
    campaign.refresh_from_db()
    old = campaign.approved
    further = [text for position, text in old.messages.items() if position > 1]
    revision = Revision.objects.get(pk=old.pk)
    Revision.objects.filter(pk=old.pk).update(state=RevisionState.SUPERSEDED)
    revision.pk, revision.number = None, old.number + 1
    for name, value in changes.items():
        setattr(revision, name, value)
    revision.save()
    add_wordings(revision, further if wordings is None else wordings)
    keep_short_link(revision)
    Campaign.objects.filter(pk=campaign.pk).update(approved=revision)
    return revision


def test_pledge_stores_the_exact_words_and_what_was_agreed(olive, account):
    campaign = make_campaign(olive, threshold=3)
    (made,) = lend(campaign, account, is_shown=True)
    made.refresh_from_db()
    assert made.text == campaign.approved.text
    assert made.state == PledgeState.LIVE
    assert made.revision == campaign.approved
    assert made.fingerprint == account.fingerprint
    assert made.host == account.known_server.host
    assert made.agreed_launch_at == campaign.launch_at
    assert made.agreed_threshold == 3
    assert made.is_shown


def test_own_words_take_the_place_of_the_message(campaign, account):
    (made,) = lend(campaign, account, words="  I row there.\r\n ")
    assert made.text == "I row there.\n\nhttps://example.org/river #cleanriver"
    assert made.has_own_words


def test_words_stay_when_the_organiser_changes_the_message(campaign, account):
    (made,) = lend(campaign, account)
    text = made.text
    approve(campaign, message="Something else altogether.")
    made.refresh_from_db()
    assert made.text == text


def test_words_that_were_not_shown_are_refused(campaign, account):
    seen = sign_words(campaign.approved, text=campaign.approved.text)
    approve(campaign, message="Something else altogether.")
    with pytest.raises(WordsChanged):
        lend(campaign, account, seen=seen)
    with pytest.raises(WordsChanged):
        lend(campaign, account, words="More than I read", seen=seen)
    with pytest.raises(WordsChanged):
        lend(campaign, account, seen="")
    assert not Pledge.objects.exists()


def test_new_revision_with_the_same_words_is_read_again(campaign, account):
    seen = sign_words(campaign.approved, text=campaign.approved.text)
    approve(campaign, latest_minutes=600)
    with pytest.raises(WordsChanged):
        lend(campaign, account, seen=seen)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": CampaignState.SUSPENDED}, "suspended"),
        ({"state": CampaignState.CANCELLED}, "cancelled"),
        ({"state": CampaignState.LAUNCHED}, "launched already"),
        ({"state": CampaignState.IN_REVIEW}, "not open"),
    ],
)
def test_closed_campaign_takes_no_pledge_and_says_why(campaign, account, change, sentence):
    Campaign.objects.filter(pk=campaign.pk).update(**change)
    with pytest.raises(PledgeRefused, match=sentence):
        lend(campaign, account)
    assert not Pledge.objects.exists()


def test_nobody_pledges_from_the_moment_on(olive, account):
    campaign = make_campaign(olive, launch_in=-0.001)
    with pytest.raises(PledgeRefused, match="moment has come"):
        lend(campaign, account)
    assert not Pledge.objects.exists()


def test_second_click_gives_the_first_pledge(campaign, account):
    first = lend(campaign, account, receipt_email="sam@example.org")
    second = lend(campaign, account, receipt_email="sam@example.org")
    assert [one.pk for one in first] == [one.pk for one in second]
    assert Pledge.objects.count() == 1
    assert Email.objects.count() == 1


def test_second_pledge_with_other_words_is_refused(campaign, account):
    lend(campaign, account)
    with pytest.raises(PledgeRefused, match="other words"):
        lend(campaign, account, words="Really!")
    assert Pledge.objects.count() == 1


def test_several_accounts_are_lent_together_or_not_at_all(campaign, sam):
    roomy = make_account(sam)
    tight = make_account(sam, limit=20)
    with pytest.raises(PledgeRefused, match="takes 20 characters"):
        lend(campaign, roomy, tight)
    assert not Pledge.objects.exists()
    other = make_account(sam, "kim", network="bluesky")
    assert len(lend(campaign, roomy, other)) == 2
    assert Pledge.objects.all().count_people() == 1


def test_somebody_elses_account_cannot_be_lent(campaign, account, rae):
    mine = make_account(rae, "rae")
    with pytest.raises(PledgeRefused, match="Choose at least one"):
        lend(campaign, account, person=rae)
    with pytest.raises(PledgeRefused, match="not linked any more"):
        lend(campaign, mine, account, person=rae)
    assert not Pledge.objects.exists()


@pytest.mark.parametrize(
    ("state", "sealed", "sentence"),
    [
        (AccountState.NEEDS_RELINK, "sealed", "authorise it again"),
        (AccountState.UNLINKED, "", "Choose at least one"),
    ],
)
def test_account_that_cannot_post_cannot_be_lent(campaign, account, state, sealed, sentence):
    LinkedAccount.objects.update(state=state, sealed_credentials=sealed)
    with pytest.raises(PledgeRefused, match=sentence):
        lend(campaign, account)


FAMILY = "👩‍👩‍👧‍👦"
ARABIC = "النهر لنا"


def room_for(campaign, account):
    """How many characters of one's own fit before the link and the hashtag."""
    empty = read_words(account, text=join_words(campaign.approved, words="x")).length
    return empty.limit - empty.used + 1


@pytest.mark.parametrize("letter", ["a", "é", FAMILY, "🇫🇷", "ن"])
def test_length_is_exact_to_the_character(campaign, account, letter):
    room = room_for(campaign, account)
    with pytest.raises(PledgeRefused, match="That is 1 too many"):
        lend(campaign, account, words=letter * (room + 1))
    (made,) = lend(campaign, account, words=letter * room)
    assert made.text.startswith(letter * room)


def test_what_is_too_long_is_shown_at_its_end(campaign, account):
    room = room_for(campaign, account)
    text = join_words(campaign.approved, words="a" * (room + 3))
    reading = read_words(account, text=text)
    assert not reading.fits
    assert reading.kept + reading.excess == text
    assert read_words(account, text=reading.kept).fits


@pytest.mark.parametrize("words", ["a\x00b", "bell\x07", "\ud800", "escape \x1b[31m", "x" * 10_001])
def test_what_no_post_can_have_is_refused_in_words(campaign, account, words):
    with pytest.raises(PledgeRefused):
        lend(campaign, account, words=words, seen="whatever")
    assert not Pledge.objects.exists()


def test_right_to_left_words_are_kept_as_they_are(campaign, account):
    (made,) = lend(campaign, account, words=ARABIC)
    assert made.text.startswith(ARABIC)


def test_receipt_goes_to_who_asked_for_one_with_the_exact_words(campaign, sam):
    accounts = [make_account(sam), make_account(sam, "kim", network="bluesky")]
    lend(campaign, *accounts, receipt_email="me@example.org", receipt_language="fr")
    (mail,) = Email.objects.all()
    assert mail.to == ["me@example.org"]
    assert campaign.approved.text in mail.message
    for account in accounts:
        assert account.handle in mail.message
        assert account.handle in mail.html_message


def test_no_mail_without_an_address(campaign, account):
    lend(campaign, account)
    assert not Email.objects.exists()


def test_receipts_cannot_be_used_to_flood_somebody(campaign, account):
    for _ in range(25):
        (made,) = lend(campaign, account, receipt_email="victim@example.org")
        withdraw(made, person=account.person)
    assert Email.objects.count() == 20


def test_withdrawn_pledge_can_be_made_again(campaign, account):
    (made,) = lend(campaign, account)
    assert withdraw(made, person=account.person)
    assert not withdraw(made, person=account.person)
    made.refresh_from_db()
    assert made.state == PledgeState.WITHDRAWN
    assert made.withdrawn_at is not None
    lend(campaign, account)
    assert Pledge.objects.all().counting().count() == 1


def test_called_pledge_is_too_late_to_withdraw(campaign, account):
    (made,) = lend(campaign, account)
    Pledge.objects.update(state=PledgeState.CALLED)
    with pytest.raises(PledgeRefused, match="too late"):
        withdraw(made, person=account.person)
    assert Pledge.objects.get().state == PledgeState.CALLED


def test_nobody_withdraws_for_somebody_else(campaign, account, rae):
    (made,) = lend(campaign, account)
    assert not withdraw(made, person=rae)
    assert Pledge.objects.get().state == PledgeState.LIVE


def test_words_can_be_changed_until_a_minute_before(campaign, account):
    (made,) = lend(campaign, account)
    change_words(made, person=account.person, text=" Mine alone.\r\nTwo lines. ")
    made.refresh_from_db()
    assert made.text == "Mine alone.\nTwo lines."
    Campaign.objects.update(launch_at=database_now() + timedelta(seconds=59))
    with pytest.raises(PledgeRefused, match="can still withdraw"):
        change_words(made, person=account.person, text="Later.")
    made.refresh_from_db()
    assert made.text == "Mine alone.\nTwo lines."


@pytest.mark.parametrize("text", ["", "  \n ", "a\x00", "a" * 501])
def test_changed_words_are_checked_like_the_first(campaign, account, text):
    (made,) = lend(campaign, account)
    with pytest.raises(PledgeRefused):
        change_words(made, person=account.person, text=text)
    assert Pledge.objects.get().text == campaign.approved.text


def test_words_of_a_withdrawn_pledge_stay(campaign, account):
    (made,) = lend(campaign, account)
    withdraw(made, person=account.person)
    with pytest.raises(PledgeRefused):
        change_words(made, person=account.person, text="Other.")


def test_nobody_changes_somebody_elses_words(campaign, account, rae):
    (made,) = lend(campaign, account)
    with pytest.raises(Pledge.DoesNotExist):
        change_words(made, person=rae, text="Other.")


def test_new_words_of_the_organiser_are_taken_over_with_their_revision(campaign, account):
    (made,) = lend(campaign, account)
    newer = approve(campaign, message="Newer.", language="fr")
    change_words(made, person=account.person, text=newer.text, revision=newer)
    made.refresh_from_db()
    assert (made.text, made.revision, made.language) == (newer.text, newer, "fr")
    newest = approve(campaign, message="Newest.")
    assert newest.pk
    with pytest.raises(WordsChanged):
        change_words(made, person=account.person, text=newer.text, revision=newer)


def test_unlinking_withdraws_first_and_forgets_the_key(visitor, campaign):
    visitor().link("mastodon")
    account = LinkedAccount.objects.get()
    sealed = account.sealed_credentials
    (made,) = lend(campaign, account)
    outcome = unlink(account, person=account.person)
    assert (outcome.is_revoked, outcome.withdrawn, outcome.called) == (True, 1, 0)
    made.refresh_from_db()
    assert made.state == PledgeState.WITHDRAWN
    account.refresh_from_db()
    assert (account.state, account.sealed_credentials) == (AccountState.UNLINKED, "")
    assert account.unlinked_at is not None
    account.sealed_credentials = sealed
    from tests.supporters.test_linking import works

    assert not works(account)
    with pytest.raises(LinkedAccount.DoesNotExist):
        unlink(account, person=account.person)


@pytest.mark.parametrize("kind", ["mastodon", "bluesky"])
def test_unlinking_revokes_at_the_network(visitor, networks, kind):
    visitor().link(kind)
    account = LinkedAccount.objects.get()
    assert unlink(account, person=account.person).is_revoked
    name = account.handle if kind == "bluesky" else "sam"
    assert networks.revoke(network=kind, account=name) == 0


def test_key_is_deleted_here_when_the_network_cannot_be_told(visitor, settings):
    visitor().link("mastodon")
    account = LinkedAccount.objects.get()
    settings.NETWORK_EXCEPTIONS = frozenset()
    assert not unlink(account, person=account.person).is_revoked
    account.refresh_from_db()
    assert account.sealed_credentials == ""


def test_missing_token_key_does_not_keep_an_account_linked(visitor, settings):
    from cryptography.fernet import Fernet

    visitor().link("mastodon")
    account = LinkedAccount.objects.get()
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert not unlink(account, person=account.person).is_revoked
    assert LinkedAccount.objects.get().state == AccountState.UNLINKED


def test_unlinking_tells_of_posts_that_have_left(campaign, account):
    make_pledge(campaign, account, state=PledgeState.CALLED)
    outcome = unlink(account, person=account.person)
    assert (outcome.withdrawn, outcome.called) == (0, 1)


def test_nobody_unlinks_somebody_elses_account(account, rae):
    with pytest.raises(LinkedAccount.DoesNotExist):
        unlink(account, person=rae)
    assert LinkedAccount.objects.get().state == AccountState.LINKED


def run_together(*works):
    """Run these at the same moment, each on a connection of its own; gives what each gave."""
    start = threading.Barrier(len(works))
    found = [None] * len(works)

    def go(index, work):
        try:
            start.wait()
            found[index] = work()
        except (PledgeRefused, LinkedAccount.DoesNotExist) as error:
            found[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(index, work)) for index, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_many_clicks_at_once_give_one_pledge(campaign, account):
    text = campaign.approved.text
    seen = sign_words(campaign.approved, text=text)

    def click():
        (made,) = pledge(campaign, person=account.person, account_ids=[account.pk], seen=seen)
        return made.pk

    assert len(set(run_together(*[click] * 50))) == 1
    assert Pledge.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_pledge_and_unlink_at_once_leave_no_live_pledge_without_account(campaign, sam):
    for number in range(8):
        account = make_account(sam, f"sam{number}")
        run_together(
            lambda account=account: lend(campaign, account),
            lambda account=account: unlink(account, person=sam),
        )
    live = Pledge.objects.filter(state=PledgeState.LIVE)
    assert not live.filter(account__state=AccountState.UNLINKED).exists()


@pytest.mark.django_db(transaction=True)
def test_withdraw_and_claim_at_once_have_one_winner(campaign, account):
    def call(made):
        return Pledge.objects.filter(pk=made.pk, state=PledgeState.LIVE).update(
            state=PledgeState.CALLED
        )

    for _ in range(8):
        (made,) = lend(campaign, account)
        taken, called = run_together(
            lambda made=made: withdraw(made, person=account.person),
            lambda made=made: call(made),
        )
        assert (taken is True) != (called == 1)
        Pledge.objects.all().delete()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_pledge_waits_for_an_ignition_and_is_refused(campaign, account):
    locked, decided = threading.Event(), threading.Event()

    def ignite():
        with transaction.atomic():
            Campaign.objects.lock(campaign.pk)
            locked.set()
            decided.wait(0.3)
            Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.LAUNCHED)
        return "ignited"

    def support():
        locked.wait(5)
        return lend(campaign, account)

    found = run_together(ignite, support)
    assert found[0] == "ignited"
    assert isinstance(found[1], PledgeRefused)
    assert not Pledge.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_ignition_waits_for_a_pledge_and_counts_it(campaign, account):
    made, counted = threading.Event(), []

    def support():
        with transaction.atomic():
            lend(campaign, account)
            made.set()
            threading.Event().wait(0.3)
        return "pledged"

    def ignite():
        made.wait(5)
        with transaction.atomic():
            Campaign.objects.lock(campaign.pk)
            counted.append(Pledge.objects.filter(campaign=campaign).count())
        return "ignited"

    assert run_together(support, ignite) == ["pledged", "ignited"]
    assert counted == [1]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_pledges_hold_a_campaign_together(campaign, sam):
    accounts = [make_account(sam, "one"), make_account(sam, "two")]
    holding = threading.Barrier(2, timeout=5)

    def support(account):
        with transaction.atomic():
            made = lend(campaign, account)
            holding.wait()  # both are in their transaction now
        return made

    found = run_together(lambda: support(accounts[0]), lambda: support(accounts[1]))
    assert [len(made) for made in found] == [1, 1]
