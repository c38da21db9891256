"""How long a post took, in words."""

import pytest

from launches.templatetags.lags import lag


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
