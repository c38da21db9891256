"""An address confirmed by a mail: whose it then is, for how long, and who gets nothing by it."""

import importlib
import re
from datetime import timedelta
from functools import partial

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from supporters.addressing import mark_address
from supporters.confirming import (
    MOST_FOR_ONE_CAMPAIGN,
    MOST_IN_ALL,
    ask_promise,
    ask_reminder,
    confirm,
    find_reminder,
    find_request,
    forget_reminder,
    forget_unconfirmed,
    remind,
)
from supporters.counting import count_turnout
from supporters.models import AssistedPledge, ConfirmRequest, Reminder
from supporters.pledging import PledgeRefused, WordsChanged, join_words, sign_words
from tests.making import make_campaign
from tests.racing import Actor, hold_open, meet
from tests.supporters.test_pledging import approve

pytestmark = pytest.mark.django_db

ADDRESS = "Ada@Example.org"


def ask(campaign, *, email=ADDRESS, networks=("x",), **facts):
    """Ask as a page does, having read the words; gives the token that the mail bears."""
    revision = campaign.approved
    seen = facts.pop("seen", sign_words(revision, text=revision.text))
    ask_promise(campaign, email=email, networks=networks, seen=seen, **facts)
    return read_token()


def read_token():
    """What the newest mail's link bears."""
    message = Email.objects.order_by("-pk").first().message
    return re.search(r"/confirm/([^/]+)/", message)[1]


def test_unconfirmed_address_counts_nowhere(campaign):
    token = ask(campaign)
    assert not AssistedPledge.objects.exists()
    assert not User.objects.filter(email__iexact=ADDRESS).exists()
    assert count_turnout(campaign).by_hand == 0
    assert token not in str(ConfirmRequest.objects.values().get())


def test_confirmed_address_makes_a_person_who_promises(campaign):
    confirmed = confirm(ask(campaign, networks=["x", "telegram"], name="Ada", is_shown=True))
    person = User.objects.get(email="ada@example.org")
    assert confirmed.person == person
    assert (person.name, person.has_usable_password()) == ("Ada", False)
    assert EmailAddress.objects.get(user=person).verified
    assert {each.network for each in confirmed.promises} == {"x", "telegram"}
    assert {each.email for each in confirmed.promises} == {"ada@example.org"}
    assert count_turnout(campaign).by_hand == 1


def test_nobody_has_this_site_mail_words_of_their_own_to_a_stranger(client, campaign):
    words = "Your parcel waits at https://evil.example/pay"
    text = join_words(campaign.approved, wording=1, words=words)
    token = ask(campaign, words=words, seen=sign_words(campaign.approved, text=text))
    mail = Email.objects.get()
    assert "evil.example" not in mail.subject + mail.message + mail.html_message
    assert "words of their own" in mail.message
    assert "words of their own" in mail.html_message
    # They are read before anything is confirmed.
    assert "evil.example" in client.get(f"/confirm/{token}/").content.decode()
    ask(campaign, email="eve@example.org")
    reviewed = Email.objects.order_by("-pk")[0]
    assert campaign.approved.text in reviewed.message


def test_link_works_once(campaign):
    token = ask(campaign)
    assert confirm(token)
    assert confirm(token) is None
    assert find_request(token) is None
    assert AssistedPledge.objects.count() == 1


def test_link_lasts_two_days_and_then_the_address_is_forgotten(campaign):
    token = ask(campaign)
    ConfirmRequest.objects.update(asked_at=database_now() - timedelta(hours=47))
    assert find_request(token)
    assert forget_unconfirmed() == 0
    ConfirmRequest.objects.update(asked_at=database_now() - timedelta(hours=49))
    assert find_request(token) is None
    assert confirm(token) is None
    assert forget_unconfirmed() == 1
    assert not ConfirmRequest.objects.exists()


@pytest.mark.parametrize("token", ["", "x", "ü", "a" * 10_000])
def test_made_up_link_leads_nowhere(campaign, token):
    ask(campaign)
    assert find_request(token) is None
    assert confirm(token) is None


def test_whoever_confirmed_the_address_before_is_the_person(campaign, sam):
    confirmed = confirm(ask(campaign, email="SAM@example.org", name="Mallory"))
    sam.refresh_from_db()
    assert confirmed.person == sam
    assert sam.name == "Sam"
    assert AssistedPledge.objects.get().person == sam


@pytest.mark.parametrize("has_row", [True, False])
def test_who_only_claims_an_address_gets_nothing_by_it(campaign, has_row):
    claimant = User.objects.create_user("ada@example.org", "correct horse battery")
    if has_row:
        EmailAddress.objects.create(user=claimant, email="ada@example.org", verified=False)
    person = confirm(ask(campaign)).person
    claimant.refresh_from_db()
    assert person != claimant
    assert claimant.email == "ada@example.org"
    assert not EmailAddress.objects.filter(user=claimant, verified=True).exists()
    assert AssistedPledge.objects.get().person == person
    again = make_campaign(claimant, slug="again")
    assert confirm(ask(again)).person == person


def test_link_of_a_person_who_was_shut_out_is_refused_and_stays(campaign, sam):
    token = ask(campaign, email=sam.email)
    User.objects.filter(pk=sam.pk).update(is_active=False)
    with pytest.raises(PledgeRefused):
        confirm(token)
    assert find_request(token)
    assert not AssistedPledge.objects.exists()


def test_nothing_is_promised_from_the_moment_on(campaign):
    token = ask(campaign)
    Campaign.objects.update(launch_at=database_now() - timedelta(seconds=1))
    with pytest.raises(PledgeRefused, match="moment has come"):
        confirm(token)
    assert not AssistedPledge.objects.exists()


def test_words_stay_as_they_were_read_when_the_organiser_changes_them_meanwhile(campaign):
    token = ask(campaign)
    old = campaign.approved
    approve(campaign, message="Something else altogether.")
    (promised,) = confirm(token).promises
    assert (promised.text, promised.revision) == (old.text, old)


def test_what_could_not_be_promised_is_not_asked_for(campaign):
    revision = campaign.approved
    with pytest.raises(WordsChanged):
        ask(campaign, seen=sign_words(revision, text="Something else"))
    with pytest.raises(PledgeRefused):
        ask(campaign, networks=["nowhere"])
    Campaign.objects.update(launch_at=database_now() - timedelta(seconds=1))
    with pytest.raises(PledgeRefused):
        ask(campaign)
    assert not ConfirmRequest.objects.exists()
    assert not Email.objects.exists()


def test_one_address_is_not_written_to_without_end(olive, campaign):
    for _ in range(3):
        ask(campaign)
    with pytest.raises(PledgeRefused, match="Several mails"):
        ask(campaign)
    ask(campaign, email="other@example.org")
    for number in range(7):
        ask(make_campaign(olive, slug=f"other-{number}"))
    with pytest.raises(PledgeRefused, match="Several mails"):
        ask(make_campaign(olive, slug="other-8"))
    ConfirmRequest.objects.update(asked_at=database_now() - timedelta(hours=25))
    ask(campaign)


def test_reminder_is_confirmed_too_and_is_nobodys_pledge(campaign):
    ask_reminder(campaign, email=ADDRESS)
    assert not Reminder.objects.exists()
    confirmed = confirm(read_token())
    assert (confirmed.person, confirmed.promises) == (None, [])
    assert Reminder.objects.get().email == "ada@example.org"
    assert not User.objects.filter(email__iexact=ADDRESS).exists()
    assert count_turnout(campaign).by_hand == 0


def test_reminder_is_kept_once_for_each_campaign_and_address(olive, campaign):
    other = make_campaign(olive, slug="other")
    for each in (campaign, campaign, other):
        remind(each, email=ADDRESS)
    assert Reminder.objects.count() == 2
    assert forget_reminder(campaign, email=ADDRESS)
    assert not forget_reminder(campaign, email=ADDRESS)
    assert Reminder.objects.get().campaign == other


def test_reminder_is_found_by_its_mark_and_not_by_reading_all(campaign):
    remind(campaign, email=ADDRESS)
    mark = mark_address(ADDRESS)
    assert find_reminder(campaign, mark=mark).email == "ada@example.org"
    Reminder.objects.update(mark=mark_address("bo@example.org"))  # as under another key
    assert find_reminder(campaign, mark=mark) is None
    remind(campaign, email=ADDRESS)
    assert find_reminder(campaign, mark=mark).mark == mark
    assert Reminder.objects.count() == 1


def test_reminder_that_an_old_process_made_is_found_and_then_marked(campaign):
    Reminder.objects.create(campaign=campaign, email="ada@example.org")
    mark = mark_address(ADDRESS)
    assert find_reminder(campaign, mark=mark)
    assert find_reminder(campaign, mark=mark_address("bo@example.org")) is None
    importlib.import_module("supporters.migrations.0013_mark_reminders").mark_reminders(apps, None)
    assert Reminder.objects.get().mark == mark


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_for_one_campaign_get_no_mail_beyond_the_most(campaign):
    for _ in range(MOST_FOR_ONE_CAMPAIGN - 1):
        ask_reminder(campaign, email=ADDRESS)
    asks = [partial(ask_reminder, campaign, email=email) for email in (ADDRESS, ADDRESS.upper())]
    first, second = meet(*asks)
    assert first is None
    assert isinstance(second, PledgeRefused)
    assert Email.objects.count() == MOST_FOR_ONE_CAMPAIGN


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_for_two_campaigns_get_no_mail_beyond_the_most(olive):
    campaigns = [make_campaign(olive, slug=f"c{index}") for index in range(MOST_IN_ALL + 1)]
    for each in campaigns[2:]:
        ask_reminder(each, email=ADDRESS)
    first, second = meet(*(partial(ask_reminder, each, email=ADDRESS) for each in campaigns[:2]))
    assert first is None
    assert isinstance(second, PledgeRefused)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_who_writes_to_one_address_keeps_nobody_from_another(campaign):
    with hold_open(partial(ask_reminder, campaign, email=ADDRESS)):
        assert Actor(partial(ask_reminder, campaign, email="bo@example.org")).finish() is None


def test_title_cannot_run_as_a_template_or_as_markup(olive):
    campaign = make_campaign(olive, title="{% debug %} <b>River</b>")
    ask(campaign)
    mail = Email.objects.get()
    assert "{% debug %} <b>River</b>" in mail.subject
    assert "<b>River</b>" not in mail.html_message
