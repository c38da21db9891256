"""One dot is one supporter: what is drawn is counted here, dot by dot."""

import re
import xml.etree.ElementTree as ET

import pytest
from django.template import Context, Template
from django.utils import translation

from campaigns.states import CampaignState, RevisionState
from launches.models import DeliveryState, LaunchState
from pages.charting import draw_bars, draw_lines, draw_split, list_ticks
from pages.drawing import choose_scale, count_toward, draw_crowd, draw_launch, scale_crowd
from pages.labelling import (
    LABELS,
    count_by_shape,
    draw_glyph,
    draw_meter,
    draw_pill,
    tally_states,
)
from pages.picturing import MARK, draw_hero, draw_quiet, draw_ring, draw_standin, draw_story
from pages.ringing import lay_rings, locate_dot, spread
from supporters.models import AccountState, PledgeState

HOSTILE = '"><script>alert(1)</script>'


def count_dots(svg: str, *, tone: str) -> int:
    """Count the dots of a tone: a circle has its pathLength of them, an arc half a one more."""
    total = 0.0
    for shape in ET.fromstring(svg).iter():
        if shape.get("class") == tone:
            length = float(shape.get("pathLength", 0))
            total += length if shape.tag == "circle" else length + 0.5
    return round(total)


def read_label(svg: str) -> str:
    """Give what a reader who sees no picture is told."""
    return ET.fromstring(svg).get("aria-label", "")


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("lent", "goal"),
    [
        *((0, 200), (1, 1), (31, 200), (199, 200), (200, 200), (263, 200), (40, 1), (999, 1000)),
        *((1284, 1000), (3000, 3000), (2, 3), (7, 5), (36, 37), (2999, 12)),
    ],
)
def test_every_supporter_has_a_dot_and_every_missing_one_a_small_dot(lent: int, goal: int) -> None:
    svg = draw_crowd(lent, goal=goal)
    assert count_dots(svg, tone="crowd__on") == lent
    assert count_dots(svg, tone="crowd__off") == max(0, goal - lent)


@pytest.mark.parametrize("lent", [0, 1, 2, 3, 6, 17, 340, 999, 3000])
def test_without_a_goal_there_are_only_the_voices_and_no_line(lent: int) -> None:
    for goal in (None, 0):
        svg = draw_crowd(lent, goal=goal)
        assert count_dots(svg, tone="crowd__on") == lent
        assert count_dots(svg, tone="crowd__off") == 0
        assert "crowd__goal" not in svg


@pytest.mark.parametrize("goal", [1, 2, 5, 36, 200, 1000, 2900])
def test_the_goal_line_goes_round_exactly_the_goal(goal: int) -> None:
    svg = draw_crowd(goal + 60, goal=goal)
    line = next(
        float(shape.get("r", 0))
        for shape in ET.fromstring(svg).iter("circle")
        if shape.get("class") == "crowd__goal"
    )
    rings = lay_rings(inner=goal, total=goal + 60, channel=True)
    assert sum(ring.dots for ring in rings if ring.radius < line) == goal
    assert all(abs(ring.radius - line) > 10 for ring in rings), "the line touches no dot"


@pytest.mark.parametrize("lent", [3001, 12_345, 54_321, 1_000_000])
def test_a_large_crowd_says_how_many_one_dot_stands_for(lent: int) -> None:
    svg = draw_crowd(lent, goal=None)
    scale = choose_scale(lent)
    assert scale > 1
    assert count_dots(svg, tone="crowd__on") == lent // scale <= 3000
    assert f"One dot stands for {scale:,} supporters." in read_label(svg)
    assert svg.count("One dot stands for") == 2, "and it is written under the crowd"


def test_a_crowd_that_fits_says_nothing_of_scale() -> None:
    assert "stands for" not in draw_crowd(3000, goal=2000)


@pytest.mark.parametrize(
    ("lent", "goal"),
    [
        *((0, 50_000), (1, 50_000), (49_999, 50_000), (50_000, 50_000), (50_001, 50_000)),
        *((54_321, 50_000), (54_321, 1), (1, 54_321), (3001, 3000), (3000, 3001)),
    ],
)
def test_a_coarse_scale_never_hides_a_voice_nor_moves_one_over_the_goal(
    lent: int, goal: int
) -> None:
    dots, goal_dots, _ = scale_crowd(lent, goal=goal)
    assert (dots > 0) == (lent > 0)
    assert (dots > goal_dots) == (lent > goal)
    assert (dots < goal_dots) == (lent < goal)
    svg = draw_crowd(lent, goal=goal)
    assert count_dots(svg, tone="crowd__on") == dots
    assert count_dots(svg, tone="crowd__off") == max(0, goal_dots - dots)


@pytest.mark.parametrize(
    ("lent", "goal", "sentence"),
    [
        (0, None, "0 supporters."),
        (1, None, "1 supporter."),
        (31, 200, "31 of the 200 supporters needed."),
        (0, 1, "0 of the one supporter needed."),
        (1, 1, "1 supporter. The goal of 1 is reached."),
        (1000, 1000, "1,000 supporters. The goal of 1,000 is reached."),
        (1284, 1000, "1,284 supporters. The goal of 1,000 is passed by 284."),
        (-3, 10, "0 of the 10 supporters needed."),
    ],
)
def test_the_label_tells_where_the_crowd_stands(lent: int, goal: int | None, sentence: str) -> None:
    assert read_label(draw_crowd(lent, goal=goal)) == sentence


def test_numbers_follow_the_readers_language() -> None:
    with translation.override("fr"):
        assert "1\xa0284" in read_label(draw_crowd(1284, goal=1000)).replace("\u202f", "\xa0")


@pytest.mark.parametrize(
    "counts",
    [
        {"sent": 871, "planned": 300, "claimed": 40, "waiting": 58, "failed": 9, "unknown": 6},
        {"planned": 5},
        {"failed": 300},
        {"unconfirmed": 3, "not_sent": 4},
        {"sent": 1},
        {},
    ],
)
def test_a_launch_shows_every_delivery_once(counts: dict[str, int]) -> None:
    svg = draw_launch(counts, crest=90)
    shapes = count_by_shape(counts)
    done = shapes["sent"] + shapes["failed"] + shapes["unknown"]
    full = count_dots(svg, tone="crowd__on") + count_dots(svg, tone="crowd__crest")
    assert full == done, "a cross or a hollow ring covers one of the full dots"
    assert svg.count("crowd__hole") == shapes["failed"] + shapes["unknown"]
    assert svg.count('class="crowd__failed"') == shapes["failed"]
    assert svg.count('class="crowd__unknown"') == shapes["unknown"]
    assert count_dots(svg, tone="crowd__off") == shapes["waiting"]
    assert count_dots(svg, tone="crowd__crest") == min(90, done)


def test_crosses_and_rings_never_share_a_place() -> None:
    svg = draw_launch({"failed": 20, "unknown": 20, "sent": 5})
    holes = [
        (shape.get("cx"), shape.get("cy"))
        for shape in ET.fromstring(svg).iter("circle")
        if shape.get("class") == "crowd__hole"
    ]
    assert len(set(holes)) == 40


def test_a_single_failure_is_seen_among_a_hundred_thousand() -> None:
    svg = draw_launch({"sent": 100_000, "failed": 1, "unconfirmed": 1})
    assert svg.count('class="crowd__failed"') == svg.count('class="crowd__unknown"') == 1


def test_withdrawn_deliveries_have_no_dot_but_stay_in_the_tally() -> None:
    counts = {"sent": 3, "withdrawn": 2}
    assert count_dots(draw_launch(counts), tone="crowd__off") == 0
    assert ("withdrawn", 2) in tally_states(counts)


def test_a_tally_sums_to_its_counts_and_always_tells_the_four_outcomes() -> None:
    states = "planned claimed waiting sent failed unknown unconfirmed withdrawn not_sent"
    counts = dict.fromkeys(states.split(), 3)
    assert sum(number for _, number in tally_states(counts)) == sum(counts.values())
    assert tally_states({}) == [("sent", 0), ("waiting", 0), ("failed", 0), ("unconfirmed", 0)]


def test_the_marks_of_a_live_launch_keep_their_order_while_it_grows() -> None:
    earlier = [place for place in spread(500) if place < 400]
    assert earlier == spread(400)


def test_no_dot_lies_beyond_the_last_ring() -> None:
    with pytest.raises(IndexError):
        locate_dot(lay_rings(inner=10, total=10), 10)


def test_a_page_with_a_full_crowd_stays_light() -> None:
    assert len(draw_crowd(54_321, goal=50_000)) < 16_000


@pytest.mark.parametrize(
    ("lent", "goal", "on", "passed", "label"),
    [
        (0, 100, 0, False, "0 per cent of the goal"),
        (41, 100, 2, False, "41 per cent of the goal"),
        (9_999, 10_000, 3, False, "99 per cent of the goal"),
        (100, 100, 3, False, "100 per cent of the goal"),
        (128, 100, 3, True, "128 per cent of the goal"),
        (5, None, 0, False, "No minimum: it goes out whatever the number"),
        (5, 0, 0, False, "No minimum: it goes out whatever the number"),
    ],
)
def test_the_ring_tells_progress(
    lent: int, goal: int | None, on: int, passed: bool, label: str
) -> None:
    svg = draw_ring(lent, goal=goal)
    assert svg.count("ring__on") == on
    assert ("ring__past" in svg) == passed
    assert read_label(svg) == label


def test_labels_and_words_of_a_caller_are_escaped() -> None:
    drawings = [
        draw_crowd(3, goal=5, label=HOSTILE),
        draw_crowd(54_321, goal=None, label=HOSTILE),
        draw_launch({"sent": 1}, label=HOSTILE),
        draw_ring(1, goal=2, label=HOSTILE),
        draw_standin(HOSTILE, theme=HOSTILE, look=HOSTILE),
        draw_bars([1, 2], label=HOSTILE),
        draw_lines([[1, 2]], label=HOSTILE),
        draw_split(1, 2, 3, label=HOSTILE),
        draw_pill("sent", word=HOSTILE),
    ]
    for drawing in drawings:
        assert "<script" not in drawing
        ET.fromstring(drawing)
    assert read_label(drawings[0]) == HOSTILE


@pytest.mark.parametrize("state", LABELS)
def test_every_state_has_a_shape_and_a_word(state: str) -> None:
    pill = ET.fromstring(draw_pill(state))
    assert "".join(pill.itertext()).strip()
    shape = re.search(r"glyph--(\w+)", draw_glyph(state))
    assert shape
    assert shape[1] in ("waiting", "sent", "failed", "unknown")


@pytest.mark.parametrize(
    ("state", "shape"),
    [("planned", "waiting"), ("sent", "sent"), ("not_sent", "failed"), ("unconfirmed", "unknown")],
)
def test_states_that_differ_have_shapes_that_differ(state: str, shape: str) -> None:
    assert f"pill--{shape}" in draw_pill(state)


@pytest.mark.parametrize(
    "states",
    [CampaignState, RevisionState, PledgeState, AccountState, LaunchState, DeliveryState],
)
def test_no_state_of_the_product_is_forgotten(states) -> None:
    assert set(states.values) <= set(LABELS)


def test_an_unknown_state_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(KeyError):
        draw_pill("lost")


@pytest.mark.parametrize(
    ("used", "limit", "words", "over"),
    [
        (0, 300, "0 of 300 characters", False),
        (300, 300, "300 of 300 characters", False),
        (301, 300, "301 of 300: 1 too many", True),
        (1176, 63_206, "1,176 of 63,206 characters", False),
        (1, 0, "1 of 0: 1 too many", True),
    ],
)
def test_the_meter_says_how_full_and_how_much_too_long(
    used: int, limit: int, words: str, over: bool
) -> None:
    meter = draw_meter(used, limit=limit)
    assert "".join(ET.fromstring(meter).itertext()) == words
    assert ("length--over" in meter) == over


def test_charts_of_nothing_are_drawn_too() -> None:
    for chart in (
        draw_bars([], label="none"),
        draw_bars([0, 0], label="none"),
        draw_lines([], label="none"),
        draw_lines([[]], label="none"),
        draw_lines([[5]], label="one"),
        draw_split(0, 0, 0),
    ):
        ET.fromstring(chart)
        assert "plot__bar" not in chart


@pytest.mark.parametrize(
    ("sent", "failed", "unknown", "waiting", "parts"),
    [
        (0, 0, 0, 40, {"open": (0, 100), "done": (0, 0), "fail": (0, 0)}),
        (10, 10, 10, 10, {"open": (50, 25), "done": (0, 25), "fail": (25, 25)}),
        (40, 0, 0, 0, {"open": (100, 0), "done": (0, 100), "fail": (100, 0)}),
    ],
)
def test_every_part_of_a_split_has_its_length(sent, failed, unknown, waiting, parts) -> None:
    svg = draw_split(sent, failed, unknown, waiting=waiting)
    drawn = {
        str(part.get("class")).removeprefix("split__"): tuple(
            float(part.get(name, "0").rstrip("%")) for name in ("x", "width")
        )
        for part in ET.fromstring(svg).iter("rect")
    }
    assert drawn.items() >= parts.items()
    assert (f"{waiting} waiting" in read_label(svg)) == bool(waiting)


def test_bars_stay_inside_their_frame() -> None:
    chart = ET.fromstring(draw_bars([10, 400], label="past the top", top=300, voice=[1]))
    heights = [float(bar.get("height", 0)) for bar in chart.iter("rect")]
    assert heights == [3.33, 100]


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 4), (4, 4), (5, 8), (21_993, 24_000), (24_001, 32_000), (99, 120)]
)
def test_marks_of_a_chart_are_round_and_hold_the_highest(highest: float, top: int) -> None:
    marks = list_ticks(highest)
    assert marks == [top, top * 3 // 4, top // 2, top // 4, 0]


def test_a_stand_in_is_always_the_same_and_differs_by_name() -> None:
    assert draw_standin("Keep the 22:14") == draw_standin("Keep the 22:14")
    assert draw_standin("Keep the 22:14") != draw_standin("Keep the 22:15 train")
    for name in ("", "42", "Ünïcødé", "夜行列車", "a" * 200):
        assert len(list(ET.fromstring(draw_standin(name, width=1200, height=630)).iter())) == 30


def test_decorations_are_hidden_from_readers_who_see_no_picture() -> None:
    for drawing in (MARK, draw_hero(), draw_quiet(), *(draw_story(stage) for stage in (1, 2, 3))):
        assert ET.fromstring(drawing).get("aria-hidden") == "true"


def test_a_template_draws_and_is_safe_from_its_values() -> None:
    template = Template(
        "{% load drawing %}"
        "{% crowd lent=3 goal=goal label=label %}{% pill state %}{% ring 3 goal %}"
    )
    page = template.render(Context({"goal": None, "label": HOSTILE, "state": "failed"}))
    assert "<svg" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("people", "goal", "said"),
    [
        (0, 1, "supporters of the one needed"),
        (1, 1, "supporter of the one needed"),
        (1, 2, "supporter of the 2 needed"),
        (412, 1284, "supporters of the 1,284 needed"),
    ],
)
def test_number_beside_is_a_part_of_the_goal(people, goal, said):
    assert count_toward(people, goal=goal) == said
