"""From what is typed to the exact words of a post."""

import pytest

from campaigns.wording import HASHTAG, compose, tidy_text


def test_link_and_hashtag_follow_the_message():
    text = compose("We say no.", link="https://a.example", hashtag="No")
    assert text == "We say no.\n\nhttps://a.example #No"


def test_nothing_is_said_twice():
    text = compose("#no at https://a.example", link="https://a.example", hashtag="#No")
    assert text == "#no at https://a.example"


def test_line_ends_are_one_character_each():
    assert tidy_text("one\r\ntwo\rthree", lines=True) == "one\ntwo\nthree"


def test_one_line_stays_one_line():
    assert tidy_text("  Keep\r\nBcc: all@x.example\t the train ") == (
        "Keep Bcc: all@x.example the train"
    )


def test_control_characters_go_and_accents_are_composed():
    assert tidy_text("e\u0301te\u0301\x00\x07") == "été"


@pytest.mark.parametrize("word", ["#KeepThe2214", "été", "42days", "_x1"])
def test_hashtags_that_networks_take(word):
    assert HASHTAG.match(word)


@pytest.mark.parametrize("word", ["2214", "two words", "a-b", "#", "##a", "#a#b", "a!", "___"])
def test_hashtags_that_they_do_not(word):
    assert not HASHTAG.match(word)
