"""One step open in two tabs: nothing is overwritten or lost without a word."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse

from campaigns import drafting, reviewing
from campaigns.refusing import Overtaken
from campaigns.versioning import Origin, Version
from tests.campaigns.answering import MESSAGE, STORY, address, moment, read
from tests.campaigns.conftest import draw

OURS = {**MESSAGE, "message": "We say no to the roundabout."}
THEIRS = {**MESSAGE, "message": "We say no to the plane."}


class Tab:
    """One tab of Olive's browser with one step open. Each starts from what it is shown."""

    def __init__(self, desk, campaign, step):
        self.desk, self.campaign, self.step, self.turn = desk, campaign, step, 0
        self.marks = read_marks(read(desk.get(address(campaign, step))))

    def press(self, contents, **button):
        """Send the whole form with one of its buttons, as without any script."""
        return self.desk.post(
            address(self.campaign, self.step), {**self.marks, **contents, **button}
        )

    def type(self, contents, *, turn=None):
        """Let the step save itself; gives what is shown beside it."""
        self.turn = turn or self.turn + 1
        where = reverse("wizard_preview", args=[self.campaign.uid, self.step])
        page = read(self.desk.post(where, {**self.marks, "turn": self.turn, **contents}))
        self.marks["version"] = read_marks(page)["version"]
        return page


def read_marks(page):
    """The version and the name of a page."""
    found = dict(
        re.findall(r'<input type="hidden" name="(version|page)"[^>]* value="([^"]*)"', page)
    )
    assert "version" in found
    return found


def open_tabs(desk, campaign, step="message"):
    return Tab(desk, campaign, step), Tab(desk, campaign, step)


def words(campaign):
    return campaign.working_revision.message


def test_second_tab_sees_both_texts_and_nothing_is_overwritten(desk, draft):
    first, second = open_tabs(desk, draft)
    assert first.press(THEIRS).status_code == 302
    answer = second.press(OURS)
    assert answer.status_code == 409
    page = answer.content.decode()
    at = Version.of(draft.working_revision, step="message").at
    assert "This was changed in another tab at" in page
    assert "<mark>plane</mark>" in page
    assert "<mark>roundabout</mark>" in page
    assert OURS["message"] in page  # in its field
    assert words(draft) == THEIRS["message"]
    assert (datetime.now(UTC) - at).total_seconds() < 60


def test_page_that_clashed_keeps_clashing_until_its_organiser_chooses(desk, draft):
    first, second = open_tabs(desk, draft)
    first.press(THEIRS)
    page = second.press(OURS).content.decode()
    second.marks |= read_marks(page)
    assert second.press(OURS).status_code == 409
    assert "Here, not saved" in second.type(OURS)
    assert words(draft) == THEIRS["message"]
    number = re.search(r'name="over" value="(\d+)"', page)[1]
    answer = second.press(OURS, over=number)
    assert answer.url == address(draft, "message")
    assert words(draft) == OURS["message"]


def test_choice_is_of_what_was_seen_and_not_of_what_came_after(desk, draft):
    first, second = open_tabs(desk, draft)
    first.press(THEIRS)
    number = re.search(r'name="over" value="(\d+)"', second.press(OURS).content.decode())[1]
    first.press({**THEIRS, "message": "We say no to both."})
    answer = second.press(OURS, over=number)
    assert answer.status_code == 409
    assert "both" in answer.content.decode()
    assert words(draft) == "We say no to both."


def test_tab_that_saves_itself_does_not_overwrite_either(desk, draft):
    first, second = open_tabs(desk, draft)
    assert "Saved there" not in first.type(THEIRS)
    page = second.type(OURS)
    assert "Saved there" in page
    assert '<div id="clash" hx-swap-oob="true">' in page
    assert f'value="{second.marks["version"]}"' in page
    assert words(draft) == THEIRS["message"]


def test_page_follows_on_itself(desk, draft):
    tab = Tab(desk, draft, "message")
    for text in ("We", "We say", "We say no."):
        assert "Saved there" not in tab.type({**MESSAGE, "message": text})
    assert tab.press({**MESSAGE, "message": "We say no!"}).status_code == 302
    assert words(draft) == "We say no!"


def test_page_whose_answer_was_lost_goes_on(desk, draft):
    tab = Tab(desk, draft, "message")
    before = dict(tab.marks)
    tab.type({**MESSAGE, "message": "We say"})
    tab.marks = before  # as if it had not heard of it
    assert "Saved there" not in tab.type({**MESSAGE, "message": "We say no."})
    assert words(draft) == "We say no."


def test_late_save_of_a_page_does_not_undo_its_later_one(desk, draft):
    tab = Tab(desk, draft, "message")
    tab.type({**MESSAGE, "message": "We say no."}, turn=20)
    assert "Saved there" not in tab.type({**MESSAGE, "message": "We say"}, turn=19)
    assert words(draft) == "We say no."


def test_same_text_twice_is_no_clash(desk, draft):
    first, second = open_tabs(desk, draft)
    first.press({**OURS, "wording_2": "Eleven towns."})
    assert second.press({**OURS, "wording_2": "Eleven towns."}).status_code == 302


def test_tabs_with_different_questions_do_not_meet(desk, draft):
    story, message = Tab(desk, draft, "story"), Tab(desk, draft, "message")
    assert message.press(OURS).status_code == 302
    assert story.press(STORY).status_code == 302
    assert words(draft) == OURS["message"]


def test_wordings_are_not_dropped_by_a_tab_that_does_not_know_them(desk, draft):
    first, second = open_tabs(desk, draft)
    first.press({**OURS, "wording_2": "Eleven towns.", "wording_3": "One train."})
    answer = second.press({**OURS, "wording_2": ""})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Eleven towns." in page
    assert "One train." in page
    assert len(draft.working_revision.messages) == 3


def test_button_that_adds_a_wording_does_not_overwrite_either(desk, draft):
    first, second = open_tabs(desk, draft)
    first.press(THEIRS)
    assert second.press(OURS, add="1").status_code == 409
    assert words(draft) == THEIRS["message"]


def test_half_an_answer_is_kept_from_being_overwritten_as_well(desk, draft):
    first, second = open_tabs(desk, draft)
    first.press({**MESSAGE, "link": "no link yet"})
    answer = second.press({**MESSAGE, "link": "https://other.example/"})
    assert answer.status_code == 409
    assert "no link yet" in answer.content.decode()
    assert draft.working_revision.pending == {"link": "no link yet"}


def test_moment_and_choices_are_told_as_they_read(desk, draft):
    first, second = open_tabs(desk, draft, "moment")
    first.press(moment(threshold="50", latest_minutes="15"))
    page = second.press(moment(threshold="80", counts_assisted="on")).content.decode()
    assert "<mark>15</mark>" in page
    assert "<mark>80</mark>" in page
    assert "<mark>Yes</mark>" in page
    assert draft.working_revision.threshold == 50


def test_picture_that_clashed_has_to_be_chosen_again_and_says_so(desk, draft, media):
    first, second = open_tabs(desk, draft, "story")
    first.press(STORY)
    sent = {**STORY, "title": "Mine", "picture": draw(), "picture_alt": "Orange"}
    answer = second.press(sent)
    assert "choose it again" in answer.content.decode()
    assert draft.working_revision.picture.name == ""
    assert not list(media.rglob("*.jpg"))


def test_page_of_a_draft_meets_the_draft_that_follows_its_review(desk, submitted, olive, rae):
    campaign = submitted.campaign
    drafting.take_back(submitted, by=olive)
    first, second = open_tabs(desk, campaign)
    first.press(THEIRS)
    drafting.submit(campaign.working_revision, by=olive)
    reviewing.ask_changes(campaign.working_revision, reviewer=rae, reason="Shorter.")
    assert second.press(OURS).status_code == 409
    assert words(campaign) == THEIRS["message"]


@pytest.mark.parametrize("nonsense", ["", "x", "-1", "1.5", "9" * 40, "1\x00"])
def test_version_that_makes_no_sense_was_not_said(nonsense):
    assert Origin.read({"version": nonsense, "page": "<b>", "turn": nonsense}) == Origin(
        number=None
    )


def test_strangers_save_is_refused_whatever_it_says_of_its_page(draft, sam):
    origin = Origin(number=0, page="x")
    with pytest.raises(PermissionDenied):
        drafting.save_step(
            draft, by=sam, values={}, pending={}, fields=(), step="story", origin=origin
        )


def save_title(draft, olive, title, *, page):
    """Save a title as a page that was shown the very first version."""
    return drafting.save_step(
        draft,
        by=olive,
        values={"title": title, "summary": title},
        pending={},
        fields=["title", "summary"],
        step="story",
        origin=Origin(number=0, page=page),
    )


def test_nothing_of_what_was_overtaken_is_kept(draft, olive):
    save_title(draft, olive, "First", page="a")
    with pytest.raises(Overtaken):
        save_title(draft, olive, "Second", page="b")
    revision = draft.working_revision
    assert (revision.title, revision.summary) == ("First", "First")
    assert Version.of(revision, step="story").number == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_tabs_at_the_very_same_time_one_is_kept_and_the_other_told(olive):
    draft = drafting.create_campaign(olive)
    line = Barrier(2)

    def save(page):
        line.wait(timeout=20)
        try:
            save_title(draft, olive, page, page=page)
        except Overtaken:
            return "told"
        finally:
            connection.close()
        return page

    with ThreadPoolExecutor(2) as tabs:
        outcomes = sorted(tabs.map(save, ["a", "b"]))
    assert outcomes[1] == "told"
    assert draft.working_revision.title == outcomes[0]
