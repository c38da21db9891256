"""Several wordings of one message: written, counted, reviewed, and approved with it."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from post_office.models import Email

from campaigns import drafting, reviewing
from campaigns.checking import list_missing
from campaigns.clock import database_now
from campaigns.comparing import find_similar, list_differences, mark_difference
from campaigns.models import MOST_WORDINGS, Wording
from campaigns.refusing import Incomplete, Refusal
from tests.campaigns.answering import MESSAGE, address, read, save
from tests.campaigns.conftest import fill

SECOND = "Nobody should need a plane to see the sea."
THIRD = "Eleven towns, one train. Keep it."
PLAIN = {**MESSAGE, "link": "", "hashtag": ""}


def words(revision):
    """The further wordings by position."""
    return {
        position: text
        for position, text in type(revision).objects.get(pk=revision.pk).messages.items()
        if position > 1
    }


def read_area(page, name):
    """What a field of several lines holds."""
    return re.search(rf'<textarea name="{name}"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1]


@pytest.fixture
def several(draft, olive):
    """Olive's complete draft in three wordings."""
    return fill(draft, olive, wordings=[SECOND, THIRD])


def test_several_wordings_are_saved_and_shown_with_one_to_spare(desk, draft):
    assert 'name="wording_2"' in read(desk.get(address(draft, "message")))
    answer, revision = save(desk, draft, "message", **MESSAGE, wording_2=SECOND, wording_3=THIRD)
    assert answer.url == address(draft, "moment")
    assert words(revision) == {2: SECOND, 3: THIRD}
    assert revision.texts[2] == f"{SECOND}\n\nhttps://night.example/2214 #KeepThe2214"
    page = read(desk.get(address(draft, "message")))
    assert SECOND in page
    assert THIRD in page
    assert 'name="wording_4"' in page
    assert 'name="wording_5"' not in page
    checked = read(desk.get(address(draft, "check")))
    assert SECOND in checked
    assert THIRD in checked


def test_button_for_another_one_saves_and_comes_back(desk, draft):
    answer, revision = save(desk, draft, "message", **MESSAGE, wording_2=SECOND, add="1")
    assert answer.url == f"{address(draft, 'message')}#wordings"
    assert words(revision) == {2: SECOND}
    assert 'name="wording_3"' in read(desk.get(answer.url))


def test_wording_is_removed_by_its_button_and_the_others_close_up(desk, draft, several):
    page = read(desk.get(address(draft, "message")))
    assert 'name="remove" value="2"' in page
    assert 'name="remove" value="4"' not in page  # it is the one to spare
    sent = {**MESSAGE, "wording_2": SECOND, "wording_3": THIRD, "remove": "2"}
    answer, revision = save(desk, draft, "message", **sent)
    assert answer.url == f"{address(draft, 'message')}#wordings"
    assert words(revision) == {2: THIRD}


@pytest.mark.parametrize("remove", ["9", "1", "x", "", "99999999999999999999", "9" * 5_000])
def test_button_that_removes_nothing_does_no_harm(desk, draft, several, remove):
    sent = {**MESSAGE, "wording_2": SECOND, "wording_3": THIRD, "remove": remove}
    _, revision = save(desk, draft, "message", **sent)
    assert words(revision) == {2: SECOND, 3: THIRD}


def test_enter_in_a_field_neither_adds_nor_removes(desk, draft, several):
    page = read(desk.get(address(draft, "message")))
    form = page[page.index('id="step-form"') :]
    first = form[form.index('type="submit"') - 60 : form.index('type="submit"') + 60]
    assert "name=" not in first


def test_emptied_wording_is_gone(desk, draft, several):
    _, revision = save(desk, draft, "message", **MESSAGE, wording_2=" \r\n", wording_3=THIRD)
    assert words(revision) == {2: THIRD}


def test_form_without_wordings_leaves_them_alone(desk, draft, several):
    _, revision = save(desk, draft, "message", **MESSAGE)
    assert words(revision) == {2: SECOND, 3: THIRD}


def test_too_long_wording_is_told_by_its_name_for_each_network_and_saved(desk, draft):
    long = "é" * 312
    answer, revision = save(desk, draft, "message", **PLAIN, wording_2=SECOND, wording_3=long)
    page = read(answer)
    sentence = "12 characters too long for Bluesky (312 of 300)"
    assert f'<a href="#id_wording_3">Wording 3: {sentence}</a>' in page
    assert page.count(sentence) == 2  # in the summary, and at its field
    assert "too long for Mastodon" not in page
    assert f"<mark>{'é' * 12}</mark>" in page
    assert (words(revision), revision.pending) == ({2: SECOND, 3: long}, {})
    assert sentence in read(desk.get(address(draft, "message")))
    assert f"Wording 3: {sentence}" in read(desk.get(address(draft, "check")))
    with pytest.raises(Incomplete):
        drafting.submit(fill(draft, revision.campaign.organiser), by=revision.campaign.organiser)


def test_link_counts_in_every_wording(desk, draft):
    fits = "é" * 300
    answer, _ = save(desk, draft, "message", **PLAIN, wording_2=fits)
    assert answer.status_code == 302
    answer, _ = save(desk, draft, "message", **MESSAGE, wording_2=fits)
    assert "Wording 2: " in read(answer)


@pytest.mark.parametrize("double", [MESSAGE["message"], SECOND.upper(), f" {SECOND}\n"])
def test_wording_that_is_there_already_is_told_and_kept_as_typed(desk, draft, double):
    sent = {**MESSAGE, "wording_2": SECOND, "wording_3": double, "wording_4": THIRD}
    answer, revision = save(desk, draft, "message", **sent)
    assert "This is there already" in read(answer)
    assert words(revision) == {2: SECOND, 4: THIRD}
    assert "wording_3" in revision.pending
    again = read(desk.get(address(draft, "message")))
    assert "This is there already" in again
    assert read_area(again, "wording_3").split() == double.split()
    assert "Something in the message has to be put right." in read(
        desk.get(address(draft, "check"))
    )
    _, revision = save(desk, draft, "message", **{**sent, "wording_3": ""})
    assert (words(revision), revision.pending) == ({2: SECOND, 3: THIRD}, {})


def test_nul_in_one_wording_costs_no_other(desk, draft):
    sent = {**MESSAGE, "wording_2": "Hello \x00you", "wording_3": THIRD}
    answer, revision = save(desk, draft, "message", **sent)
    assert "Null characters are not allowed" in read(answer)
    assert words(revision) == {3: THIRD}
    assert "Hello you" in read(desk.get(address(draft, "message")))


def test_there_are_at_most_twelve(desk, draft):
    sent = {f"wording_{position}": f"Words {position}" for position in range(2, 15)}
    _, revision = save(desk, draft, "message", **MESSAGE, **sent)
    assert len(revision.messages) == MOST_WORDINGS
    page = read(desk.get(address(draft, "message")))
    assert 'name="wording_13"' not in page
    assert 'name="add"' not in page


def test_preview_counts_each_wording_at_its_field(desk, draft):
    where = reverse("wizard_preview", args=[draft.uid, "message"])
    page = read(desk.post(where, {**PLAIN, "wording_2": "x" * 303, "wording_3": THIRD}))
    for name in ("message", "wording_2", "wording_3"):
        assert f'id="id_{name}_foot" hx-swap-oob="true"' in page
    assert "id_wording_4_foot" not in page  # the page has no such field yet
    assert "Bluesky 303/300, 3 too many" in page
    assert f"Bluesky {len(THIRD)}/300<" in page
    assert words(draft.working_revision) == {2: "x" * 303, 3: THIRD}


def test_double_is_not_sent_for_review(several, olive):
    several.message = SECOND
    several.save()
    with pytest.raises(Incomplete) as caught:
        drafting.submit(several, by=olive)
    found = ("message", "Wording 2: It says the same as another one.", "wording_2")
    assert found in caught.value.missing


def test_wordings_are_approved_with_the_rest_and_stand(several, olive, rae):
    submitted = drafting.submit(several, by=olive)
    with pytest.raises(Refusal, match="Take it back"):
        fill(submitted.campaign, olive, wordings=["Something else."])
    campaign = reviewing.approve(submitted, reviewer=rae)
    copy = drafting.revise(campaign, by=olive)
    assert words(copy) == {2: SECOND, 3: THIRD}
    fill(campaign, olive, wordings=["Something else."])
    assert words(campaign.approved) == {2: SECOND, 3: THIRD}


def test_reviewer_reads_every_wording_and_what_changed(client, several, olive, rae, settings):
    settings.STAFF_NEEDS_MFA = False
    submitted = drafting.submit(several, by=olive)
    mail = Email.objects.get(to=[rae.email])
    for text in (SECOND, THIRD):
        assert text in mail.message
        assert text in mail.html_message
    campaign = reviewing.approve(submitted, reviewer=rae)
    drafting.revise(campaign, by=olive)
    changed = fill(campaign, olive, wordings=[SECOND, "Eleven towns, one night train. Keep it."])
    newer = drafting.submit(changed, by=olive)
    found = {each.name: each for each in list_differences(campaign.approved, newer)}
    assert set(found) == {"wordings"}
    client.force_login(rae)
    where = reverse("admin:campaigns_campaign_review", args=[campaign.pk, newer.pk])
    page = read(client.get(where))
    assert "<ins>night</ins>" in page
    assert SECOND in page
    assert "of 300 characters" in page


def test_campaign_that_shares_one_wording_is_similar(several, olive, sam):
    drafting.submit(several, by=olive)
    other = drafting.create_campaign(sam)
    facts = {"message": "Other words.", "link": "", "hashtag": "", "wordings": [SECOND]}
    assert find_similar(fill(other, sam, **facts)) == [several.campaign]
    facts = {"message": THIRD, "link": "", "hashtag": "", "wordings": []}
    assert find_similar(fill(other, sam, **facts)) == [several.campaign]
    facts = {**facts, "message": "Other words.", "wordings": [several.message]}
    assert find_similar(fill(other, sam, **facts)) == [several.campaign]
    facts["wordings"] = []
    assert find_similar(fill(other, sam, **facts)) == []


@pytest.mark.parametrize(
    ("position", "text", "digest"),
    [(1, "A", "a"), (13, "A", "a"), (5, "", "a"), (2, "A", "a"), (5, "A", "double")],
)
def test_database_refuses_a_wording_that_cannot_be(written, position, text, digest):
    Wording.objects.create(revision=written, position=2, text="B", digest="double")
    with pytest.raises(IntegrityError), transaction.atomic():
        Wording.objects.create(revision=written, position=position, text=text, digest=digest)


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("We say no.", "We say yes.", (["no"], ["yes"])),
        ("We say no.", "We all say no.", ([], ["all"])),
        ("", "We say no.", ([], ["We say no."])),
        ("النهر لنا", "النهر ليس لنا", ([], ["ليس"])),
        ("a " * 400, "a " * 400 + "b", (["a " * 400], ["a " * 400 + "b"])),
        ("one two", "one  two", (["two"], ["two"])),
        ("Say no.", "We all say no. Say no.", ([], ["We all say no."])),
        ("end", "end ", ([], [" "])),
        ("same", "same", ([], [])),
    ],
)
def test_difference_is_marked_word_by_word(before, after, marked):
    found = mark_difference(before, after)
    for pieces, text, expected in zip(
        (found.before, found.after), (before, after), marked, strict=True
    ):
        assert "".join(piece.text for piece in pieces) == text
        assert [piece.text for piece in pieces if piece.is_changed] == expected


def test_complete_draft_in_several_wordings_lacks_nothing(several):
    assert list_missing(several, now=database_now()) == []
