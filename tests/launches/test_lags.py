"""How long a post took, in words."""

import pytest

from launches.lagging import LagSpan
from launches.templatetags.lags import lag, lag_end


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (None, "–"),
        (0, "0.00 s"),
        (98, "0.10 s"),
        (999, "1.00 s"),
        (1_193, "1.2 s"),
        (9_960, "10.0 s"),
        (59_600, "60 s"),
        (120_000, "2 min"),
        (170_000, "3 min"),
    ],
)
def test_lags_are_rounded_and_not_cut(milliseconds, words):
    assert lag(milliseconds) == words


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (0, 1, "1<br>s"),
        (10, 20, "20<br>s"),
        (20, 60, "1<br>min"),
        (600, 1800, "30<br>min"),
        (1800, None, "&gt; 30<br>min"),
    ],
)
def test_every_bar_says_where_its_span_ends(start, end, words):
    assert lag_end(LagSpan(start, end, number=1, so_far=1)) == words
