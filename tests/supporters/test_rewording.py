"""The organiser changes the message after pledges: told once, compared, chosen; the old stands."""

import importlib
from datetime import timedelta
from html import unescape
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse
from post_office.models import Email

from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from supporters.announcing import tell_of_new_words
from supporters.models import Pledge, PledgeState
from supporters.pledging import PledgeRefused, WordsChanged
from supporters.rewording import (
    change_words,
    compare_words,
    has_new_words,
    keep_words,
    take_words,
    with_wordings,
)
from tests.making import make_campaign, make_pledge
from tests.supporters.test_pledging import approve, make_account

pytestmark = pytest.mark.django_db

SECOND = "The sea begins in our river. Three barriers, now."
NEW = "Four barriers would stop the plastic before the sea."
NEW_SECOND = "The sea begins in our river. Four barriers, now."


@pytest.fixture
def campaign(olive):
    """A campaign in two wordings."""
    return make_campaign(olive, wordings=[SECOND])


@pytest.fixture
def account(sam):
    return make_account(sam)


@pytest.fixture
def browser(client, sam):
    client.force_login(sam)
    return client


def reread(pledge):
    """The pledge as it is now, with its campaign."""
    return with_wordings(Pledge.objects.select_related("account__known_server", "person")).get(
        pk=pledge.pk
    )


def change(campaign):
    """The organiser changes both wordings."""
    return approve(campaign, message=NEW, wordings=[NEW_SECOND])


def read(browser, name="my_pledges", *args):
    """What a page says."""
    return unescape(browser.get(reverse(name, args=args)).content.decode())


def test_old_words_stand_and_the_difference_is_shown(browser, campaign, account):
    made = make_pledge(campaign, account, wording=2)
    assert "organiser changed the message" not in read(browser)
    change(campaign)
    page = read(browser)
    assert "The organiser changed the message" in page
    assert "Yours stays as you agreed to it until you choose." in page
    assert "<del>Three</del>" in page
    assert "<ins>Four</ins>" in page
    assert "Keep mine" in page
    assert Pledge.objects.get().text == made.text


@pytest.mark.parametrize(("chosen", "order"), [(1, [1, 2]), (2, [2, 1])])
def test_successor_of_the_chosen_wording_is_offered_first(
    browser, campaign, account, chosen, order
):
    made = make_pledge(campaign, account, wording=chosen)
    change(campaign)
    news = compare_words(reread(made))
    assert [wording.position for wording in news.wordings] == order
    assert f'name="wording" value="{chosen}" checked' in read(browser)


def test_new_words_are_taken_in_the_wording_that_was_chosen(browser, campaign, account):
    made = make_pledge(campaign, account, text="Mine.", has_own_words=True)
    newer = change(campaign)
    answer = browser.post(
        reverse("pledge_edit", args=[made.pk]), {"take": newer.pk, "wording": "2"}
    )
    assert answer.url == reverse("my_pledges")
    made.refresh_from_db()
    assert made.text == newer.texts[2]
    assert (made.revision, made.wording, made.has_own_words) == (newer, 2, False)
    assert "The organiser changed the message" not in read(browser)


@pytest.mark.parametrize("wording", ["", "3", "-1", "x", "9" * 5_000])
def test_a_wording_that_is_not_there_is_refused_with_a_sentence(
    browser, campaign, account, wording
):
    made = make_pledge(campaign, account)
    newer = change(campaign)
    answer = browser.post(
        reverse("pledge_edit", args=[made.pk]), {"take": newer.pk, "wording": wording}
    )
    assert answer.status_code == 422
    assert "Choose one of the wordings." in answer.content.decode()


def test_kept_words_are_not_asked_about_again_for_that_revision(browser, campaign, account):
    made = make_pledge(campaign, account)
    newer = change(campaign)
    browser.post(reverse("pledge_edit", args=[made.pk]), {"keep": newer.pk})
    made.refresh_from_db()
    assert (made.text, made.settled_for) == (campaign.approved.text, newer)
    assert made.revision == campaign.approved
    assert "The organiser changed the message" not in read(browser)
    assert tell_of_new_words() == 0
    approve(campaign, latest_minutes=600)
    assert not has_new_words(reread(made))  # it says the same
    approve(campaign, message="Five barriers!")
    assert has_new_words(reread(made))


def test_own_words_written_beside_the_new_ones_are_a_choice(browser, campaign, account):
    made = make_pledge(campaign, account)
    newer = change(campaign)
    page = read(browser, "pledge_edit", made.pk)
    assert f'name="revision" value="{newer.pk}"' in page
    form = {"text": "Mine.", "agree": "1"}
    browser.post(reverse("pledge_edit", args=[made.pk]), {**form, "revision": newer.pk - 1})
    assert has_new_words(reread(made))  # others were on that page
    browser.post(reverse("pledge_edit", args=[made.pk]), {**form, "revision": newer.pk})
    assert not has_new_words(reread(made))
    assert reread(made).text == "Mine."


@pytest.mark.parametrize(
    "changes",
    [
        {"latest_minutes": 600},
        {"title": "Another title"},
        {"wordings": ["One more way to say it.", SECOND]},
        {"message": SECOND, "wordings": ["Three barriers would stop the plastic before the sea."]},
    ],
)
def test_nobody_is_asked_whose_words_are_still_among_them(campaign, account, changes):
    plain = make_pledge(campaign, account)
    own = make_pledge(
        campaign, make_account(account.person, "own"), text="Mine.", has_own_words=True
    )
    approve(campaign, **changes)
    assert not has_new_words(reread(plain))
    assert not has_new_words(reread(own))
    tell_of_new_words()
    assert not Email.objects.exists()


def test_nobody_is_asked_whose_own_words_the_organiser_took_up(campaign, account):
    said = f"Mine.\n\n{campaign.approved.link} #cleanriver"
    made = make_pledge(campaign, account, text=said, has_own_words=True)
    approve(campaign, message="Mine.", wordings=[])
    assert not has_new_words(reread(made))


def test_words_that_come_back_are_not_asked_about_once_more(campaign, account):
    made = make_pledge(campaign, account)
    newer = change(campaign)
    keep_words(reread(made), person=account.person, revision_id=str(newer.pk))
    approve(campaign, message="Five barriers!")
    assert tell_of_new_words() == 1
    change(campaign)
    assert not has_new_words(reread(made))
    assert tell_of_new_words() == 1
    assert Email.objects.count() == 1


def test_only_those_whose_wording_changed_are_asked(campaign, sam):
    first = make_pledge(campaign, make_account(sam, "one"))
    second = make_pledge(campaign, make_account(sam, "two"), wording=2)
    approve(campaign, message=NEW)
    assert has_new_words(reread(first))
    assert not has_new_words(reread(second))


def test_new_link_is_new_words_for_everybody(campaign, account):
    made = make_pledge(campaign, account, wording=2)
    approve(campaign, link="https://elsewhere.example/")
    assert has_new_words(reread(made))


def test_new_words_that_are_too_long_for_an_account_are_not_offered_to_it(browser, olive, sam):
    campaign = make_campaign(olive)
    made = make_pledge(campaign, make_account(sam, limit=120))
    newer = approve(campaign, message="x" * 200, wordings=["Short."])
    page = read(browser)
    assert "too many for @sam@mastodon120.example, whose server takes 120" in page
    assert 'name="wording" value="1" disabled' in page
    assert 'name="wording" value="2" checked' in page
    form = {"take": newer.pk, "wording": "1"}
    answer = browser.post(reverse("pledge_edit", args=[made.pk]), form)
    assert answer.status_code == 422
    assert reread(made).text == campaign.approved.text
    approve(campaign, message="x" * 200, wordings=[])
    page = read(browser)
    assert 'name="take"' not in page
    assert 'name="keep"' in page


def test_choice_about_words_that_changed_once_more_is_refused(campaign, account):
    made = make_pledge(campaign, account)
    older = change(campaign)
    change_again = approve(campaign, message="Five barriers!")
    for choose in (take_words, keep_words):
        more = {"wording": "1"} if choose is take_words else {}
        with pytest.raises(WordsChanged):
            choose(reread(made), person=account.person, revision_id=str(older.pk), **more)
    assert has_new_words(reread(made))
    assert change_again.pk == reread(made).campaign.approved_id


def test_choice_that_ended_or_is_somebody_elses_changes_nothing(client, campaign, account, rae):
    made = make_pledge(campaign, account)
    newer = change(campaign)
    client.force_login(rae)
    where = reverse("pledge_edit", args=[made.pk])
    for form in ({"keep": newer.pk}, {"take": newer.pk, "wording": "1"}):
        assert client.post(where, form).status_code == 404
    with pytest.raises(PledgeRefused):
        keep_words(reread(made), person=rae, revision_id=str(newer.pk))
    Pledge.objects.update(state=PledgeState.WITHDRAWN)
    with pytest.raises(PledgeRefused):
        keep_words(reread(made), person=account.person, revision_id=str(newer.pk))
    assert Pledge.objects.get().settled_for is None


def test_organisers_other_words_can_be_taken_at_any_time(browser, campaign, account):
    made = make_pledge(campaign, account)
    page = read(browser, "pledge_edit", made.pk)
    assert "Post these instead of mine" in page
    assert "Keep mine" not in page
    form = {"take": campaign.approved_id, "wording": "2"}
    browser.post(reverse("pledge_edit", args=[made.pk]), form)
    assert reread(made).text == campaign.approved.texts[2]


def test_supporter_is_told_once_with_both_words(campaign, sam):
    accounts = [make_account(sam, "one"), make_account(sam, "two")]
    for account in accounts:
        make_pledge(campaign, account)
    newer = change(campaign)
    assert [tell_of_new_words() for _ in range(3)] == [2, 0, 0]
    (mail,) = Email.objects.all()
    assert mail.to == ["sam@example.org"]
    assert mail.subject == f"New words: {newer.title}"
    assert mail.expires_at == campaign.launch_at
    for body in (mail.message, unescape(mail.html_message)):
        for text in (campaign.approved.text, *newer.texts.values(), *(a.handle for a in accounts)):
            assert text in body
        assert "/me/pledges/" in body
    approve(campaign, message="Five barriers!")
    assert tell_of_new_words() == 2
    assert Email.objects.count() == 2


def test_revision_that_says_the_same_tells_nothing_and_the_next_one_does(campaign, account):
    made = make_pledge(campaign, account)
    same = approve(campaign, latest_minutes=600)
    assert tell_of_new_words() == 1
    assert reread(made).told_of == same
    assert not Email.objects.exists()
    change(campaign)
    tell_of_new_words()
    assert Email.objects.count() == 1
    approve(campaign, latest_minutes=700)
    tell_of_new_words()
    assert Email.objects.count() == 1  # these words were told already


def test_who_pledged_to_the_new_words_is_told_nothing(campaign, account):
    newer = change(campaign)
    campaign.refresh_from_db()
    make_pledge(campaign, account)
    assert Pledge.objects.get().revision == newer
    assert tell_of_new_words() == 0


def test_address_given_with_the_pledge_comes_first_in_its_language(campaign, account):
    make_pledge(campaign, account, receipt_email="other@example.org", receipt_language="fr")
    change(campaign)
    tell_of_new_words()
    assert Email.objects.get().to == ["other@example.org"]


def test_supporter_without_address_reads_it_in_my_pledges_alone(browser, campaign, account, sam):
    sam.email = None
    sam.save()
    make_pledge(campaign, account)
    change(campaign)
    assert tell_of_new_words() == 1
    assert not Email.objects.exists()
    assert "The organiser changed the message" in read(browser)


@pytest.mark.parametrize(
    "facts",
    [
        {"state": CampaignState.SUSPENDED},
        {"state": CampaignState.CANCELLED},
        {"launch_at": timedelta(seconds=59)},
    ],
)
def test_nobody_is_told_who_could_not_choose(campaign, account, facts):
    make_pledge(campaign, account)
    change(campaign)
    if "launch_at" in facts:
        facts = {"launch_at": database_now() + facts["launch_at"]}
    Campaign.objects.update(**facts)
    assert tell_of_new_words() == 0


def test_withdrawn_pledge_is_told_nothing(campaign, account):
    make_pledge(campaign, account, state=PledgeState.WITHDRAWN)
    change(campaign)
    assert tell_of_new_words() == 0


def test_one_persons_pledges_are_told_together_however_small_the_batch(campaign, sam, rae):
    for person, names in ((sam, ["a", "b"]), (rae, ["c", "d"])):
        for name in names:
            make_pledge(campaign, make_account(person, name))
    change(campaign)
    assert [tell_of_new_words(3) for _ in range(4)] == [2, 2, 0, 0]
    assert Email.objects.count() == 2


def test_words_of_a_frozen_pledge_are_not_asked_about(browser, campaign, account):
    make_pledge(campaign, account)
    change(campaign)
    Campaign.objects.update(launch_at=database_now() + timedelta(seconds=59))
    page = read(browser)
    assert "Keep mine" not in page


def test_words_cannot_run_as_markup_in_difference_or_mail(browser, campaign, account):
    make_pledge(campaign, account, text="<script>alert(1)</script> mine")
    approve(campaign, message="<script>alert(2)</script> {% debug %}", wordings=[])
    html = browser.get(reverse("my_pledges")).content.decode()
    assert "<script>alert" not in html.replace("<del>", "").replace("<ins>", "")
    tell_of_new_words()
    mail = Email.objects.get()
    assert "<script>alert" not in mail.html_message
    assert "{% debug %}" in mail.message


def test_my_pledges_takes_few_queries(browser, olive, sam, django_assert_max_num_queries):
    for number in range(6):
        campaign = make_campaign(olive, slug=f"c{number}", wordings=[SECOND])
        make_pledge(campaign, make_account(sam, f"sam{number}"))
        change(campaign)
    with django_assert_max_num_queries(13):  # two of them PostgreSQL's clock
        browser.get(reverse("my_pledges"))


def test_changing_words_leaves_what_they_began_from(campaign, account):
    made = make_pledge(campaign, account, wording=2)
    change_words(made, person=account.person, text="Mine.")
    approve(campaign, message=NEW)
    assert not has_new_words(reread(made))  # the second wording stands
    approve(campaign, wordings=[NEW_SECOND])
    assert has_new_words(reread(made))


def test_own_words_of_earlier_pledges_are_noted(campaign, sam):
    plain = make_pledge(campaign, make_account(sam, "one"))
    own = make_pledge(campaign, make_account(sam, "two"), text="Mine.")
    migration = importlib.import_module("supporters.migrations.0004_own_words")
    migration.note_own_words(apps, SimpleNamespace(connection=connection))
    assert not reread(plain).has_own_words
    assert reread(own).has_own_words
