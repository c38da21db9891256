"""Durations as an operator writes them."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from crowdspeak.durations import read_durations


def test_durations_have_units():
    assert read_durations("20s, 1m,24h,7d", name="WHEN") == (
        timedelta(seconds=20),
        timedelta(minutes=1),
        timedelta(hours=24),
        timedelta(days=7),
    )


def test_none_is_a_choice_too():
    assert read_durations(" ", name="WHEN") == ()


@pytest.mark.parametrize("text", ["1", "h", "0h", "-1h", "1.5h", "1w", "24h,1h", "1h,60m", "400d"])
def test_what_cannot_be_meant_is_told_with_an_example(text):
    with pytest.raises(ImproperlyConfigured, match=r"WHEN is .*like 1h,24h,7d"):
        read_durations(text, name="WHEN")
