"""The organiser's choice to count clicks, and the short link that then stands in the words."""

import pytest

from campaigns import drafting, reviewing
from campaigns.admin import address_review
from campaigns.comparing import list_differences
from campaigns.models import Revision, ShortLink
from campaigns.refusing import Refusal
from campaigns.shortening import ALPHABET, make_code, shorten
from tests.campaigns.answering import MESSAGE, address, read, save
from tests.campaigns.conftest import CONTENTS, fill, schedule

pytestmark = pytest.mark.django_db

LINK = CONTENTS["link"]
OTHER = "https://night.example/petition"


@pytest.fixture
def site(settings):
    """The site has an address of its own."""
    settings.SITE_URL, settings.SITE_HOST = "https://speak.example", "speak.example"
    return settings.SITE_URL


def test_code_is_a_function_of_campaign_and_target_and_never_changes():
    code = make_code(campaign_id=7, target="https://night.example/2214")
    assert code == "GksnGPsm"
    assert make_code(campaign_id=8, target="https://night.example/2214") != code
    assert make_code(campaign_id=7, target="https://night.example/2214/") != code


def test_codes_are_short_and_spell_no_word():
    codes = {make_code(campaign_id=1, target=f"https://a.example/{n}") for n in range(2000)}
    assert len(codes) == 2000
    assert {len(code) for code in codes} == {8}
    assert set("".join(codes)) <= set(ALPHABET)
    assert not set(ALPHABET) & set("aeiouAEIOU0l")


def test_new_draft_counts_clicks_and_one_made_otherwise_does_not(draft):
    assert draft.working_revision.counts_clicks
    assert not Revision().counts_clicks


def test_wizard_asks_and_keeps_the_answer(desk, draft):
    form = desk.get(address(draft, "message")).context["form"]
    assert form["counts_clicks"].value() is True
    _, revision = save(desk, draft, "message", **MESSAGE)
    assert not revision.counts_clicks
    _, revision = save(desk, draft, "message", **MESSAGE, counts_clicks="on")
    assert revision.counts_clicks
    assert desk.get(address(draft, "message")).context["form"]["counts_clicks"].value() is True


@pytest.mark.parametrize("ticked", [{}, {"counts_clicks": "on"}])
def test_choice_survives_a_mistake_in_another_field(desk, draft, ticked):
    save(desk, draft, "message", **{**MESSAGE, "hashtag": "two words"}, **ticked)
    form = desk.get(address(draft, "message")).context["form"]
    assert bool(form["counts_clicks"].value()) is bool(ticked)


def test_previews_show_the_short_link_while_it_is_typed(desk, draft, site):
    url = f"{address(draft, 'message')}preview/"
    short = shorten(campaign_id=draft.pk, target=MESSAGE["link"])
    assert short.startswith("https://speak.example/go/")
    page = read(desk.post(url, {**MESSAGE, "counts_clicks": "on"}))
    assert short in page
    assert f"{MESSAGE['link']} #KeepThe2214" not in page
    page = read(desk.post(url, MESSAGE))
    assert short not in page
    assert f"{MESSAGE['link']} #KeepThe2214" in page


def test_link_that_is_none_yet_has_no_short_form(desk, draft, site):
    url = f"{address(draft, 'message')}preview/"
    page = read(desk.post(url, {**MESSAGE, "link": "night.", "counts_clicks": "on"}))
    assert "/go/" not in page
    assert "night. #KeepThe2214" in page


def test_length_is_that_of_the_short_link(desk, draft, site, settings):
    settings.NETWORKS = {"bluesky": settings.NETWORKS["bluesky"]}
    short = shorten(campaign_id=draft.pk, target=MESSAGE["link"])
    fitting = "x" * (300 - len(f"\n\n{short} #KeepThe2214"))
    _, revision = save(
        desk, draft, "message", **{**MESSAGE, "message": fitting}, counts_clicks="on"
    )
    assert len(revision.text) == 300
    answer, _ = save(
        desk, draft, "message", **{**MESSAGE, "message": fitting + "x"}, counts_clicks="on"
    )
    assert "1 character too long for Bluesky (301 of 300)" in read(answer)


def test_check_page_says_which_address_posts_carry(desk, olive, draft, site):
    revision = fill(draft, olive)
    page = read(desk.get(address(draft, "check")))
    assert f"Posts carry {revision.short_link}, which leads there" in page
    assert LINK in page
    assert revision.text in page
    fill(draft, olive, counts_clicks=False)
    assert "Posts carry the link itself" in read(desk.get(address(draft, "check")))


def test_short_link_of_this_site_is_no_link_to_shorten(desk, draft, site):
    for typed in (f"{site}/go/Bcd12345", "https://SPEAK.example/go/x"):
        answer, _ = save(desk, draft, "message", **{**MESSAGE, "link": typed})
        assert "Give the address that it leads to." in read(answer)
    for typed in (f"{site}/campaigns/x/", "https://else.example/go/x"):
        _, revision = save(desk, draft, "message", **{**MESSAGE, "link": typed})
        assert revision.link == typed


def test_words_carry_the_short_link_in_every_wording(draft, olive, site):
    revision = fill(
        draft, olive, message=f"See {LINK}, and say no.", wordings=[f"No. ({LINK})", "Never."]
    )
    short = revision.short_link
    assert revision.texts == {
        1: f"See {short}, and say no.\n\n#KeepThe2214",
        2: f"No. ({short})\n\n#KeepThe2214",
        3: f"Never.\n\n{short} #KeepThe2214",
    }
    assert revision.offered_messages[1] == f"See {short}, and say no."
    assert revision.messages[1] == f"See {LINK}, and say no."
    assert revision.carried_link == short


def test_without_a_link_there_is_nothing_to_count(draft, olive, rae):
    revision = drafting.submit(fill(draft, olive, link=""), by=olive)
    assert revision.counts_clicks
    assert revision.short_link == revision.carried_link == ""
    assert "/go/" not in revision.text
    reviewing.approve(revision, reviewer=rae)
    assert not ShortLink.objects.exists()


def test_link_leads_nowhere_before_it_is_validated(client, submitted, rae):
    path = submitted.short_link.partition("8000")[2]
    assert path.startswith("/go/")
    assert client.get(path).status_code == 404
    reviewing.approve(submitted, reviewer=rae)
    assert client.get(path)["Location"] == LINK


def test_other_link_has_another_code_and_the_first_leads_where_it_did(
    client, scheduled, olive, rae
):
    first = scheduled.approved.short_link
    drafting.revise(scheduled, by=olive)
    changed = drafting.submit(fill(scheduled, olive, link=OTHER), by=olive)
    moved = reviewing.approve(changed, reviewer=rae).approved.short_link
    assert moved != first
    assert client.get(first.partition("8000")[2])["Location"] == LINK
    assert client.get(moved.partition("8000")[2])["Location"] == OTHER


def test_first_link_taken_again_has_its_first_code(scheduled, olive, rae):
    first = scheduled.approved.short_link
    for link in (OTHER, LINK):
        drafting.revise(scheduled, by=olive)
        changed = drafting.submit(fill(scheduled, olive, link=link), by=olive)
        scheduled = reviewing.approve(changed, reviewer=rae)
    assert scheduled.approved.short_link == first
    assert ShortLink.objects.count() == 2


def test_code_of_another_target_is_refused_and_stays_as_it_is(olive, rae, written, draft):
    other = schedule(olive, rae, title="Another")
    code = make_code(campaign_id=draft.pk, target=LINK)
    ShortLink.objects.filter(campaign=other).update(code=code, target="https://else.example/")
    with pytest.raises(Refusal, match="Clicks cannot be counted on this very link"):
        drafting.submit(written, by=olive)
    ShortLink.objects.filter(campaign=other).update(code="away")
    submitted = drafting.submit(written, by=olive)
    ShortLink.objects.filter(campaign=other).update(code=code)
    with pytest.raises(Refusal, match="Clicks cannot be counted on this very link"):
        reviewing.approve(submitted, reviewer=rae)
    submitted.refresh_from_db()
    assert submitted.state == "in_review"
    assert ShortLink.objects.get(code=code).target == "https://else.example/"


def test_reviewer_sees_where_it_leads_and_what_changes(olive, rae, client, settings, site):
    settings.STAFF_NEEDS_MFA = False
    campaign = schedule(olive, rae)
    drafting.revise(campaign, by=olive)
    revision = drafting.submit(fill(campaign, olive, link=OTHER), by=olive)
    changes = {each.name: each for each in list_differences(campaign.approved, revision)}
    assert {"text", "link", "counts_clicks"} <= changes.keys()
    assert (changes["link"].before, changes["link"].after) == (LINK, OTHER)
    client.force_login(rae)
    page = read(client.get(address_review(revision)))
    assert f"Posts carry {revision.short_link}, which leads there once you validate this" in page
    assert OTHER in page


def test_reviewer_sees_that_clicks_are_counted_from_now_on(olive, rae):
    campaign = schedule(olive, rae, counts_clicks=False)
    drafting.revise(campaign, by=olive)
    changed = fill(campaign, olive, counts_clicks=True)
    found = {each.name: each for each in list_differences(campaign.approved, changed)}
    assert found["counts_clicks"].before == "Not counted: posts carry the link itself"
    assert found["counts_clicks"].after.startswith("Counted: posts carry http")
    assert "link" not in found


def test_copy_for_a_change_keeps_the_choice(olive, rae):
    for counts in (True, False):
        campaign = schedule(olive, rae, counts_clicks=counts)
        assert drafting.revise(campaign, by=olive).counts_clicks is counts
