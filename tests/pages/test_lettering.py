"""Lettering for pictures: every title is readable, or is not written."""

import pytest
from PIL import Image, ImageDraw

from pages import lettering
from pages.lettering import begins_from_right, measure, prepare, set_block, split_runs, write

ARABIC = "دعوا النهر يجري نقيا"
JAPANESE = "川をきれいに流そう、プラスチックを海に流さないで"
THAI = "ให้แม่น้ำไหลสะอาด"
NO_SPACES = (
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsabcdefg"
)
SIZES = range(84, 39, -4)


@pytest.mark.parametrize(
    "title", ["L’été à Paris…", "Чистая река", "Καθαρό ποτάμι", "נהר נקי", ARABIC, JAPANESE, "한강"]
)
def test_title_of_a_known_script_is_written_as_it_is(title):
    assert prepare(title) == title


@pytest.mark.parametrize("title", [THAI, "River नदी", "\U0001fbff\U000f0000"])
def test_title_with_a_letter_that_no_font_has_is_not_written(title):
    assert prepare(title) == ""


def test_emoji_are_left_out_and_the_words_stay():
    assert prepare("Clean 👩🏽‍🔬🎉 river ❤️!") == "Clean river !"


def test_word_keeps_what_holds_its_letters_apart():
    assert prepare("می‌خواهم") == "می‌خواهم"


def test_where_letters_cannot_be_joined_nothing_is_written_from_the_right(monkeypatch):
    monkeypatch.setattr(lettering.features, "check", lambda name: name != "fribidi")
    assert prepare(ARABIC) == ""
    assert prepare("Let the river run") == "Let the river run"


@pytest.mark.parametrize("title", [NO_SPACES, "River " * 15, JAPANESE * 3, ARABIC * 4])
def test_no_line_is_wider_or_higher_than_its_place(title):
    block = set_block(prepare(title), width=520, height=260, sizes=SIZES)
    assert block.height <= 260
    assert all(measure(line, size=block.size) <= 520 for line in block.lines)


def test_short_title_is_large_and_a_long_one_smaller():
    short = set_block("River", width=520, height=260, sizes=SIZES)
    long = set_block("Let the river run clean again " * 3, width=520, height=260, sizes=SIZES)
    assert short.size == 84
    assert long.size < short.size


def test_words_are_broken_only_where_they_do_not_fit_in_the_smallest_size():
    block = set_block("Unbreakableword again", width=520, height=400, sizes=SIZES)
    assert block.lines == ["Unbreakableword", "again"]
    assert len(set_block(NO_SPACES, width=520, height=400, sizes=SIZES).lines) > 1


def test_what_does_not_fit_at_all_ends_in_an_ellipsis():
    block = set_block("word " * 200, width=520, height=100, sizes=SIZES)
    assert block.lines[-1].endswith("…")
    assert block.height <= 100


def test_letters_keep_to_one_font_as_long_as_it_has_them():
    assert len(split_runs(ARABIC)) == 1
    assert [run.text for run in split_runs("River 川 now")] == ["River ", "川 ", "now"]


def test_direction_is_that_of_the_first_strong_letter():
    assert begins_from_right(f"(2026) {ARABIC} River")
    assert not begins_from_right(f"River {ARABIC}")


def test_joined_letters_are_narrower_than_single_ones():
    assert measure(ARABIC, size=60) < sum(measure(char, size=60) for char in ARABIC)


def test_written_line_leaves_ink_where_it_was_measured():
    image = Image.new("L", (900, 120), 0)
    write(ImageDraw.Draw(image), "River 川", at=(10, 90), size=60, fill="white")
    left, _top, right, _bottom = image.getbbox()
    assert 10 <= left < 30
    assert right <= 12 + measure("River 川", size=60)
