"""A new campaign from an example, or from one of one's own."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from campaigns import drafting, starting
from campaigns.checking import GAP, list_missing
from campaigns.clock import database_now
from campaigns.examples import EXAMPLE_LANGUAGES, list_examples
from campaigns.models import Campaign, CampaignState, RevisionState, ShortLink, Theme
from campaigns.pictures import redraw_picture
from campaigns.previewing import list_excesses
from campaigns.refusing import Incomplete, Refusal
from tests.campaigns.answering import address, read
from tests.campaigns.conftest import draw, fill, schedule
from tests.making import make_campaign

EXAMPLES = [
    pytest.param(key, language, id=f"{key}-{language}")
    for language in EXAMPLE_LANGUAGES
    for key in list_examples(language)
]
SECOND = "Eleven towns, one train."


@pytest.mark.parametrize(("key", "language"), EXAMPLES)
def test_example_lacks_nothing_but_its_gaps_and_the_moment(olive, key, language, settings):
    campaign = starting.begin_example(olive, key=key, language=language)
    revision = campaign.working_revision
    assert revision.language == language
    assert revision.theme is not None
    assert len(revision.messages) == 3
    missing = list_missing(revision, now=database_now())
    gappy = {each.field for each in missing if GAP.search(each.sentence)}
    assert {"title", "summary", "story", "message"} <= gappy
    assert {each.field for each in missing} - gappy == {"day"}
    with pytest.raises(Incomplete):
        drafting.submit(revision, by=olive)


@pytest.mark.parametrize(("key", "language"), EXAMPLES)
def test_example_fits_every_network_once_its_gaps_are_filled(olive, key, language):
    revision = starting.begin_example(olive, key=key, language=language).working_revision
    for message in revision.messages.values():
        assert list_excesses(GAP.sub("twenty letters or so", message)) == []


@pytest.mark.parametrize(("key", "language"), EXAMPLES)
def test_example_is_typed_as_its_language_is(key, language):
    example = list_examples(language)[key]
    words = "\n".join(
        [example.title, example.summary, example.story, example.message, *example.wordings]
    )
    assert "'" not in words or language == "en"
    if language == "fr":
        assert not re.search(r" [;:!?]", words)


def test_examples_are_the_same_in_both_languages():
    english, french = list_examples("en-gb"), list_examples("fr-ca")
    assert english.keys() == french.keys()
    assert list_examples("tlh") == list_examples("en")
    for key in english:
        assert len(english[key].wordings) == len(french[key].wordings)
        assert (english[key].theme, english[key].threshold) == (
            french[key].theme,
            french[key].threshold,
        )


def test_start_page_offers_the_three_ways_to_begin(desk, draft, olive):
    fill(draft, olive)
    page = read(desk.get(reverse("start")))
    for anchor in ("empty", "examples", "own"):
        assert f'href="#{anchor}"' in page
        assert f'id="{anchor}"' in page
    assert page.count('name="example"') == len(list_examples("en"))
    assert "Keep the 22:14" in page
    assert reverse("campaign_duplicate", args=[draft.uid]) in page


def test_start_page_offers_nothing_of_others(client, scheduled, sam):
    client.force_login(sam)
    page = read(client.get(reverse("start")))
    assert scheduled.title not in page
    assert 'id="own"' not in page


def test_example_is_begun_in_the_readers_language(desk, olive):
    answer = desk.post(reverse("start"), {"example": "vote"})
    campaign = Campaign.objects.get()
    assert answer.url == address(campaign, "story")
    assert "[[the name of the bill]]" in read(desk.get(answer.url))
    with translation.override("fr"):
        begun = starting.begin_example(olive, key="vote", language=translation.get_language())
    assert begun.working_revision.title.startswith("Votez")


def test_unknown_example_is_told(desk):
    page = read(desk.post(reverse("start"), {"example": "nothing"}, follow=True))
    assert "There is no such example any more" in page
    assert not Campaign.objects.exists()


def test_example_without_its_theme_asks_for_one(olive):
    Theme.objects.filter(slug="democracy").update(is_active=False)
    revision = starting.begin_example(olive, key="vote", language="en").working_revision
    assert revision.theme is None


@pytest.mark.parametrize("way", ["example", "duplicate"])
def test_who_has_no_address_is_sent_to_give_one(client, draft, way):
    person = User.objects.create_user(name="Linked only")
    Campaign.objects.update(organiser=person)
    client.force_login(person)
    if way == "example":
        answer = client.post(reverse("start"), {"example": "vote"})
    else:
        answer = client.post(reverse("campaign_duplicate", args=[draft.uid]))
    assert answer.url == reverse("account_email")
    assert Campaign.objects.count() == 1


def test_copy_has_everything_but_moment_state_and_numbers(olive, rae):
    facts = {"wordings": [SECOND], "threshold": 50, "counts_assisted": True, "latest_minutes": 15}
    first = schedule(olive, rae, **facts, visibility="unlisted")
    begun = starting.duplicate(first, by=olive)
    copy, source = begun.working_revision, first.approved
    for name in drafting.CONTENT:
        if name != "launch_at":
            assert getattr(copy, name) == getattr(source, name), name
    assert copy.messages == source.messages
    assert (copy.launch_at, copy.state, copy.number) == (None, RevisionState.DRAFT, 1)
    assert (begun.state, begun.launch_at, begun.first_launch_at) == (
        CampaignState.DRAFT,
        None,
        None,
    )
    assert begun.approved is None
    assert begun.slug == f"{first.slug}-2"
    first.refresh_from_db()
    assert first.state == CampaignState.SCHEDULED


def test_copy_has_a_short_link_of_its_own(olive, rae):
    first = schedule(olive, rae)
    begun = starting.duplicate(first, by=olive)
    assert begun.working_revision.short_link != first.approved.short_link
    assert first.approved.short_link not in begun.working_revision.text
    assert ShortLink.objects.filter(campaign=begun).count() == 0


def test_picture_of_a_copy_is_a_file_of_its_own(
    draft, olive, media, django_capture_on_commit_callbacks
):
    fill(draft, olive, picture=redraw_picture(draw()), picture_alt="Orange")
    begun = starting.duplicate(draft, by=olive)
    first, copy = draft.working_revision.picture, begun.working_revision.picture
    assert copy.name != first.name
    assert (media / copy.name).read_bytes() == (media / first.name).read_bytes()
    with django_capture_on_commit_callbacks(execute=True):
        fill(draft, olive, picture="", picture_alt="")
    assert not (media / first.name).exists()
    assert (media / copy.name).exists()


def test_copy_goes_on_without_a_picture_whose_file_is_gone(draft, olive, media):
    fill(draft, olive, picture="campaigns/gone.jpg", picture_alt="Orange")
    assert not starting.duplicate(draft, by=olive).working_revision.picture


@pytest.mark.parametrize(
    "state", [CampaignState.CANCELLED, CampaignState.LAUNCHED, CampaignState.SUSPENDED]
)
def test_past_campaign_is_duplicated_from_the_desk(client, olive, state):
    past = make_campaign(olive, launch_in=-3600, state=state)
    client.force_login(olive)
    where = reverse("campaign_duplicate", args=[past.uid])
    assert f'formaction="{where}"' in read(client.get(reverse("desk")))
    answer = client.post(where)
    begun = Campaign.objects.exclude(pk=past.pk).get()
    assert answer.url == address(begun, "story")
    assert "This is a copy" in read(client.get(answer.url))


def test_copy_of_a_draft_keeps_what_is_half_written_but_for_the_moment(draft, olive):
    pending = {"link": "no link yet", "day": "2020-01-01", "time": "12:00"}
    drafting.save_step(draft, by=olive, values={}, pending=pending, fields=pending)
    assert starting.duplicate(draft, by=olive).working_revision.pending == {"link": "no link yet"}


def test_copy_is_reviewed_like_any_other(scheduled, olive):
    begun = starting.duplicate(scheduled, by=olive)
    moment = database_now() + timedelta(days=20)
    filled = drafting.save_step(
        begun, by=olive, values={"launch_at": moment}, pending={}, fields=["launch_at"]
    )
    assert drafting.submit(filled, by=olive).state == RevisionState.IN_REVIEW


def test_copy_asks_for_another_theme_where_its_own_is_offered_no_more(written, olive):
    Theme.objects.update(is_active=False)
    assert starting.duplicate(written.campaign, by=olive).working_revision.theme is None


def test_nobody_duplicates_the_campaign_of_another(client, scheduled, sam, rae):
    where = reverse("campaign_duplicate", args=[scheduled.uid])
    assert client.post(where).url.startswith(reverse("account_login"))
    for stranger in (sam, rae):
        client.force_login(stranger)
        assert client.post(where).status_code == 404
        with pytest.raises(PermissionDenied):
            starting.duplicate(scheduled, by=stranger)
    assert Campaign.objects.count() == 1


def test_nothing_is_duplicated_by_a_mere_link(desk, draft):
    assert desk.get(reverse("campaign_duplicate", args=[draft.uid])).status_code == 405
    with pytest.raises(Refusal):
        starting.begin_example(draft.organiser, key="", language="en")
