"""The checklist before a campaign is sent: what is missing, what is worth a thought, and where."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from campaigns import drafting
from campaigns.checking import list_missing
from campaigns.clock import database_now
from campaigns.recommending import list_recommended
from campaigns.refusing import Incomplete
from tests.campaigns.answering import address, read
from tests.campaigns.conftest import fill


def lack(revision):
    """What is missing, by the field."""
    return {each.field: each.sentence for each in list_missing(revision, now=database_now())}


def recommend(revision):
    """What is recommended, by the field, but for the moment, which depends on the day."""
    found = list_recommended(revision, now=database_now())
    return [each.field for each in found if each.step != "moment"]


def links(page, uid):
    """Every link into the wizard's fields, as (step, id)."""
    return set(re.findall(rf'href="/campaigns/{uid}/edit/(\w+)/#(\w+)"', page))


def test_each_thing_that_is_missing_leads_to_its_field(desk, draft):
    found = links(read(desk.get(address(draft, "check"))), draft.uid)
    assert found >= {
        ("theme", "id_theme_0"),
        ("story", "id_title"),
        ("story", "id_summary"),
        ("story", "id_story"),
        ("message", "id_message"),
        ("moment", "id_day"),
    }
    for step, anchor in found:
        assert f'id="{anchor}"' in read(desk.get(address(draft, step)))


def test_desk_leads_to_the_field_as_well(desk, draft):
    page = read(desk.get(reverse("desk")))
    assert ("story", "id_title") in links(page, draft.uid)


def test_what_is_worth_a_thought_is_no_obstacle(desk, written, olive):
    bare = fill(written.campaign, olive, link="", hashtag="")
    assert recommend(bare) == [
        "picture",
        "wording_2",
        "link",
        "hashtag",
    ]
    page = read(desk.get(address(written.campaign, "check")))
    assert "Worth a second thought" in page
    assert ("message", "id_wording_2") in links(page, written.campaign.uid)
    assert drafting.submit(bare, by=olive).state == "in_review"
    assert "Worth a second thought" not in read(desk.get(address(written.campaign, "check")))


def test_clicks_are_only_recommended_with_a_link(written, olive):
    uncounted = fill(written.campaign, olive, counts_clicks=False)
    assert "counts_clicks" in recommend(uncounted)
    bare = fill(written.campaign, olive, counts_clicks=False, link="")
    assert "counts_clicks" not in recommend(bare)


def test_full_campaign_has_nothing_to_think_about(written, olive):
    full = fill(
        written.campaign,
        olive,
        picture="campaigns/a.jpg",
        picture_alt="A train",
        wordings=["Eleven towns."],
        counts_clicks=True,
    )
    assert recommend(full) == []


def test_what_speaks_against_the_moment_is_recommended_to_look_at(written, olive, desk):
    day = database_now().astimezone(ZoneInfo("Europe/Paris")) + timedelta(days=20)
    night = day.replace(hour=4, minute=0)
    late = fill(written.campaign, olive, launch_at=night, zone="Europe/Paris")
    found = [each for each in list_recommended(late, now=database_now()) if each.field == "day"]
    assert found[0].sentence == "At 04:00 most people in Paris are asleep."
    page = read(desk.get(address(written.campaign, "check")))
    assert ("moment", "id_day") in links(page, written.campaign.uid)


@pytest.mark.parametrize("field", ["title", "summary", "story", "message"])
def test_gap_of_an_example_keeps_a_campaign_from_review(written, olive, field):
    gappy = fill(written.campaign, olive, **{field: "Save [[the river]] and [[the bridge]]"})
    assert lack(gappy)[field].endswith("2 gaps to fill in, the first is [[the river]]")
    with pytest.raises(Incomplete):
        drafting.submit(gappy, by=olive)


def test_gap_in_a_wording_is_told_by_its_name(written, olive):
    gappy = fill(written.campaign, olive, wordings=["Fine.", "Save [[the river]]."])
    assert lack(gappy) == {"wording_3": "Wording 3: there is still a gap to fill in, [[the river]]"}


@pytest.mark.parametrize(
    "text", ["[a link](https://a.example)", "[[", "[[]]", "a[0][1]", "[[a\nb]]"]
)
def test_other_brackets_are_no_gap(written, olive, text):
    assert lack(fill(written.campaign, olive, story=text)) == {}
