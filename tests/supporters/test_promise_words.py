"""Words of what is posted by hand: changed by their owner, asked about when the organiser's do."""

from datetime import timedelta
from html import unescape

import pytest
from django.core import signing
from django.urls import reverse
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from supporters.addressing import PROMISE, REMINDER, address_promise
from supporters.announcing import tell_of_new_words, tell_promises_of_new_words
from supporters.confirming import ask_promise, confirm
from supporters.models import AssistedPledge, PledgeState
from supporters.pledging import PledgeRefused, WordsChanged, join_words, sign_words
from supporters.rewording import change_words, has_new_words, keep_words, take_words, with_wordings
from tests.making import add_wordings, make_campaign, make_pledge, make_promise
from tests.supporters.test_assisting import call
from tests.supporters.test_pledging import approve, make_account

pytestmark = pytest.mark.django_db

NEW = "Four barriers would stop the plastic before the sea."


@pytest.fixture
def promised(campaign, sam):
    return make_promise(campaign, sam)


@pytest.fixture
def link(promised):
    """As the mail has it."""
    return address_promise(promised.campaign, person_id=promised.person_id)


@pytest.fixture
def words_at(link, promised):
    """Where the words of that promise are changed, by the link in the mail."""
    return f"{link}{promised.pk}/words/"


def reread(promised):
    return with_wordings(AssistedPledge.objects.select_related("person")).get(pk=promised.pk)


def read(client, where):
    answer = client.get(where)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_old_words_stand_and_the_difference_is_shown_by_the_link_and_in_my_pledges(
    client, promised, link, words_at, sam
):
    assert "organiser changed the message" not in read(client, link)
    approve(promised.campaign, message=NEW)
    client.force_login(sam)
    for page in (read(client, link), read(client, reverse("my_pledges"))):
        assert "The organiser changed the message" in page
        assert "Yours stays as you agreed to it until you choose." in page
        assert "<del>Three</del>" in page
        assert "<ins>Four</ins>" in page
        assert "Keep mine" in page
    assert f'action="{words_at}"' in read(client, link)
    assert reread(promised).text == promised.text


def test_new_words_are_taken_by_the_link_alone(client, promised, link, words_at):
    newer = approve(promised.campaign, message=NEW)
    answer = client.post(words_at, {"take": newer.pk, "wording": "1"})
    assert answer.url == link
    now = reread(promised)
    assert (now.text, now.revision, now.has_own_words) == (newer.text, newer, False)
    page = read(client, link)
    assert "You took the organiser's new words." in page
    assert "The organiser changed the message" not in page
    assert "_auth_user_id" not in client.session


def test_kept_words_stand_and_are_offered_at_the_moment(client, promised, link, words_at):
    newer = approve(promised.campaign, message=NEW)
    client.post(words_at, {"keep": newer.pk})
    assert "The organiser changed the message" not in read(client, link)
    assert tell_promises_of_new_words() == 0
    call(promised)
    assert "intent/tweet?text=Three%20barriers" in read(client, link)


def test_words_that_nobody_chose_about_are_offered_as_they_were_promised(client, promised, link):
    approve(promised.campaign, message=NEW)
    call(promised)
    page = read(client, link)
    assert "intent/tweet?text=Three%20barriers" in page
    assert "Keep mine" not in page


def test_own_words_are_shown_and_then_agreed_to(client, promised, link, words_at):
    page = read(client, words_at)
    assert "What you will post on X" in page
    assert "of 280 characters" in page
    answer = client.post(words_at, {"text": "Mine.", "look": "1"})
    assert "Mine." in answer.content.decode()
    assert reread(promised).text == promised.text
    assert client.post(words_at, {"text": "Mine.", "agree": "1"}).url == link
    now = reread(promised)
    assert (now.text, now.has_own_words) == ("Mine.", True)
    assert "Your words are changed." in read(client, link)


def test_own_words_written_beside_the_new_ones_are_a_choice(client, promised, words_at):
    newer = approve(promised.campaign, message=NEW)
    assert f'name="revision" value="{newer.pk}"' in read(client, words_at)
    client.post(words_at, {"text": "Mine.", "agree": "1", "revision": newer.pk})
    assert not has_new_words(reread(promised))


@pytest.mark.parametrize("text", ["y" * 281, " ", "with a \x00"])
def test_words_that_cannot_be_posted_there_are_refused_at_the_field(
    client, promised, words_at, text
):
    answer = client.post(words_at, {"text": text, "agree": "1"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert reread(promised).text == promised.text


def test_new_words_that_are_too_long_there_are_not_offered(client, promised, link, words_at):
    newer = approve(promised.campaign, message="y" * 300)
    page = read(client, link)
    assert "too many for X, which takes 280 characters." in page
    assert 'name="take"' not in page
    answer = client.post(words_at, {"take": newer.pk, "wording": "1"})
    assert answer.status_code == 422
    assert reread(promised).text == promised.text


def test_from_a_minute_before_the_launch_words_are_fixed(client, promised, link, words_at):
    newer = approve(promised.campaign, message=NEW)
    Campaign.objects.update(launch_at=database_now() + timedelta(seconds=59))
    assert "Keep mine" not in read(client, link)
    assert "Change the words" not in read(client, link)
    assert "cannot be changed any more" in read(client, words_at)
    for form in ({"text": "Mine.", "agree": "1"}, {"take": newer.pk, "wording": "1"}):
        assert "cannot be changed any more" in client.post(words_at, form).content.decode()
    assert reread(promised).text == promised.text


@pytest.mark.parametrize("state", [PledgeState.CALLED, PledgeState.WITHDRAWN])
def test_words_of_what_was_offered_or_withdrawn_are_fixed(promised, sam, state):
    newer = approve(promised.campaign, message=NEW)
    offered = database_now() if state == PledgeState.CALLED else None
    AssistedPledge.objects.update(state=state, offered_at=offered)
    for choose in (
        lambda: change_words(reread(promised), person=sam, text="Mine."),
        lambda: keep_words(reread(promised), person=sam, revision_id=str(newer.pk)),
        lambda: take_words(reread(promised), person=sam, revision_id=str(newer.pk), wording="1"),
    ):
        with pytest.raises(PledgeRefused):
            choose()
    assert (reread(promised).text, reread(promised).settled_for) == (promised.text, None)


def test_choice_about_words_that_changed_once_more_is_refused(promised, sam):
    older = approve(promised.campaign, message=NEW)
    approve(promised.campaign, message="Five barriers!")
    with pytest.raises(WordsChanged):
        keep_words(reread(promised), person=sam, revision_id=str(older.pk))
    with pytest.raises(WordsChanged):
        take_words(reread(promised), person=sam, revision_id=str(older.pk), wording="1")


def test_link_changes_that_persons_words_in_that_campaign_and_no_others(
    client, olive, rae, promised, link, sam
):
    others = [
        make_promise(promised.campaign, rae),
        make_promise(make_campaign(olive, slug="other"), sam),
    ]
    pledged = make_pledge(promised.campaign, make_account(sam))
    for pk in (*(other.pk for other in others), 10**12):
        where = f"{link}{pk}/words/"
        assert client.get(where).status_code == 404
        assert client.post(where, {"text": "Mine.", "agree": "1"}).status_code == 404
    assert not AssistedPledge.objects.filter(text="Mine.").exists()
    pledged.refresh_from_db()
    assert pledged.text != "Mine."


def test_link_that_we_did_not_sign_or_that_is_for_something_else_changes_nothing(
    client, promised, sam
):
    facts = [promised.campaign_id, sam.pk]
    own = signing.Signer(salt=PROMISE).sign_object(facts)
    for token in (
        "x",
        own[:-1] + ("A" if own[-1] != "A" else "B"),
        signing.Signer(salt=REMINDER).sign_object(facts),
        signing.Signer(key="another site's", salt=PROMISE).sign_object(facts),
    ):
        where = reverse("promise_words_signed", args=[token, promised.pk])
        assert client.get(where).status_code == 404
        assert client.post(where, {"text": "Mine.", "agree": "1"}).status_code == 404
        page = reverse("promise_signed", args=[token])
        assert client.post(page, {"promise": promised.pk, "withdraw": "1"}).status_code == 404
    now = reread(promised)
    assert (now.text, now.state) == (promised.text, PledgeState.LIVE)


def test_link_that_ended_leads_to_where_that_is_said(client, promised, link, words_at):
    past = database_now() - timedelta(days=8)
    Campaign.objects.update(launch_at=past - timedelta(minutes=45), latest_at=past)
    for answer in (client.get(words_at), client.post(words_at, {"text": "Mine.", "agree": "1"})):
        assert answer.url == link
    assert client.get(link).status_code == 410
    assert reread(promised).text == promised.text


@pytest.mark.parametrize("is_shut_out", [True, False])
def test_words_of_who_is_shut_out_or_of_what_is_suspended_are_not_found(
    client, promised, words_at, sam, is_shut_out
):
    if is_shut_out:
        User.objects.filter(pk=sam.pk).update(is_active=False)
    else:
        Campaign.objects.update(state=CampaignState.SUSPENDED)
    assert client.get(words_at).status_code == 404
    assert client.post(words_at, {"text": "Mine.", "agree": "1"}).status_code == 404


def test_own_page_is_ones_own(client, promised, sam, rae):
    where = reverse("promise_words", args=["river", promised.pk])
    form = {"text": "Mine.", "agree": "1"}
    assert client.post(where, form)["Location"].startswith(reverse("account_login"))
    client.force_login(rae)
    assert client.post(where, form).status_code == 404
    make_promise(promised.campaign, rae)
    assert client.post(where, form).status_code == 404
    assert reread(promised).text == promised.text
    client.force_login(sam)
    assert client.post(where, form).url == reverse("promise", args=["river"])
    assert reread(promised).text == "Mine."


def test_who_posts_by_hand_is_told_once_with_both_words(campaign, sam, rae):
    for network in ("x", "telegram"):
        make_promise(campaign, sam, network=network)
    make_promise(campaign, sam, network="whatsapp", text="Mine.", has_own_words=True)
    make_promise(campaign, rae, receipt_language="fr")
    newer = approve(campaign, message=NEW)
    assert [tell_promises_of_new_words() for _ in range(3)] == [4, 0, 0]
    assert sorted(mail.to[0] for mail in Email.objects.all()) == [rae.email, sam.email]
    mail = Email.objects.get(to=[sam.email])
    assert mail.subject == f"New words: {newer.title}"
    assert mail.expires_at == campaign.launch_at
    for body in (mail.message, unescape(mail.html_message)):
        assert "On X, Telegram, as promised:" in body
        assert "On WhatsApp, as promised:" in body
        for text in (campaign.approved.text, "Mine.", newer.text):
            assert text in body
        assert address_promise(campaign, person_id=sam.pk) in body
    approve(campaign, message="Five barriers!")
    assert tell_promises_of_new_words() == 4
    assert Email.objects.count() == 4


def test_who_lent_an_account_as_well_is_told_of_each_and_neither_tells_for_the_other(campaign, sam):
    make_promise(campaign, sam)
    make_pledge(campaign, make_account(sam))
    approve(campaign, message=NEW)
    assert (tell_of_new_words(), tell_promises_of_new_words()) == (1, 1)
    assert (tell_of_new_words(), tell_promises_of_new_words()) == (0, 0)
    assert Email.objects.count() == 2


def test_who_has_no_address_reads_it_in_my_pledges_alone(client, campaign):
    person = User.objects.create_user(name="Sam")
    make_account(person)
    make_promise(campaign, person)
    approve(campaign, message=NEW)
    assert tell_promises_of_new_words() == 1
    assert not Email.objects.exists()
    client.force_login(person)
    assert "The organiser changed the message" in read(client, reverse("my_pledges"))


@pytest.mark.parametrize("changes", [{"latest_minutes": 600}, {"wordings": ["One more way."]}])
def test_nobody_is_asked_whose_words_are_still_among_them(promised, changes):
    approve(promised.campaign, **changes)
    tell_promises_of_new_words()
    assert not Email.objects.exists()


@pytest.mark.parametrize(
    "facts", [{"state": CampaignState.SUSPENDED}, {"launch_at": timedelta(seconds=59)}]
)
def test_nobody_is_told_who_could_not_choose(promised, facts):
    approve(promised.campaign, message=NEW)
    if "launch_at" in facts:
        facts = {"launch_at": database_now() + facts["launch_at"]}
    Campaign.objects.update(**facts)
    assert tell_promises_of_new_words() == 0


def test_withdrawn_promise_is_told_nothing(promised):
    AssistedPledge.objects.update(state=PledgeState.WITHDRAWN)
    approve(promised.campaign, message=NEW)
    assert tell_promises_of_new_words() == 0


def test_wording_that_was_promised_is_remembered_through_the_mail(campaign):
    add_wordings(campaign.approved, ["The sea begins in our river."])
    text = join_words(campaign.approved, wording=2, words="Mine.")
    ask_promise(
        campaign,
        email="ada@example.org",
        networks=["x"],
        seen=sign_words(campaign.approved, text=text),
        wording=2,
        words="Mine.",
    )
    token = Email.objects.get().message.partition("/confirm/")[2].split("/")[0]
    (made,) = confirm(token).promises
    assert (made.text, made.wording, made.has_own_words) == (text, 2, True)
    approve(campaign, message=NEW, wordings=["The sea begins in our river."])
    assert not has_new_words(reread(made))


def test_words_agreed_to_before_a_change_and_confirmed_after_it_are_asked_about(campaign):
    ask_promise(
        campaign,
        email="ada@example.org",
        networks=["x"],
        seen=sign_words(campaign.approved, text=campaign.approved.text),
    )
    approve(campaign, message=NEW)
    token = Email.objects.get().message.partition("/confirm/")[2].split("/")[0]
    (made,) = confirm(token).promises
    assert made.text == campaign.approved.text
    assert has_new_words(reread(made))
    assert tell_promises_of_new_words() == 1
