"""From what is typed to the exact words of a post."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.wording import HASHTAG, compose, replace_link, tidy_text

SHORT = "https://speak.example/go/Bcd12345"
LINKS = (
    "https://a.example",
    "https://a.example/",
    "https://a.example/b?c=1&d=é",
    "https://a.example/wiki/Rhine_(river)",
    "http://127.0.0.1:8000/campaigns/demo/",
)


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


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(
    "around",
    ["{}", "See {}.", "({})", "“{}”", "Why? {}!", "{}\n\nNow", "Link:{}", "{}, {} and {}?"],
)
def test_short_link_stands_wherever_the_link_did(link, around):
    said = around.replace("{}", link)
    text = compose(said, link=link, short=SHORT)
    assert text == around.replace("{}", SHORT)


def test_short_link_follows_where_there_was_none():
    text = compose("We say no.", link="https://a.example", hashtag="no", short=SHORT)
    assert text == f"We say no.\n\n{SHORT} #no"


@pytest.mark.parametrize(
    "longer",
    [
        "https://a.example/b",
        "https://a.example?b",
        "https://a.example:8000",
        "https://a.example.org",
        "https://a.example#b",
        "https://a.example@b.example",
        "https://a.example-b.example",
        "https://a.example,b",
        "https://web.example/2024*/https://a.example",
        "https://web.example/?to=https://a.example",
        "https://web.example/x,https://a.example",
        "web.example/https://a.example",
        "xhttps://a.example",
    ],
)
def test_longer_address_is_another_one(longer):
    assert replace_link(f"See {longer} now", link="https://a.example", by=SHORT) == (
        f"See {longer} now"
    )
    text = compose(f"See {longer}", link="https://a.example", short=SHORT)
    assert text == f"See {longer}\n\n{SHORT}"


def test_name_alone_is_the_same_with_a_stroke():
    for link in ("https://a.example", "https://a.example/"):
        for said in ("https://a.example", "https://a.example/"):
            assert replace_link(f"At {said}, now", link=link, by=SHORT) == f"At {SHORT}, now"
    assert replace_link("https://a.example/b/", link="https://a.example/b", by=SHORT) == (
        "https://a.example/b/"
    )


word = st.text(string.ascii_letters + "éß日🚆'’-#\\", max_size=8)
continued = st.sampled_from(["b", "/b", "?b=1", ".b", "-b", ":1", "#b", ",b", "%20", ")b", "é"])
ended = st.sampled_from(["", ".", ",", "!", "?", ")", "…", "”", "»", "):", "?!", "*"])
begun = st.sampled_from(["", "(", "“", "«", "'", "*", "["])


@given(
    link=st.sampled_from(LINKS[2:]),
    pieces=st.lists(
        st.one_of(
            word.map(lambda said: (said, False)),
            st.tuples(begun, ended).map(lambda around: (around, True)),
            continued.map(lambda after: (("", after), False)),
            st.just((("https://web.example/?to=", ""), False)),
        ),
        max_size=8,
    ),
    gap=st.sampled_from([" ", "\n", "\n\n", " \u00a0"]),
)
def test_every_whole_link_is_replaced_and_nothing_else(link, pieces, gap):
    def write(stands_for_it):
        said = []
        for around, is_whole in pieces:
            if isinstance(around, str):
                said.append(around)
            else:
                said.append(around[0] + (stands_for_it if is_whole else link) + around[1])
        return gap.join(said)

    once = replace_link(write(link), link=link, by=SHORT)
    assert once == write(SHORT)
    assert replace_link(once, link=link, by=SHORT) == once, "twice is once"
    composed = compose(write(link), link=link, short=SHORT)
    assert SHORT in composed
    assert compose(composed, link=link, short=SHORT) == composed


def test_long_texts_take_no_longer_than_their_length():
    for part in ("https://a.example/b", "https://a.example" + "." * 50, "https://", "https:// "):
        said = part * (200_000 // len(part))
        assert replace_link(said, link="https://a.example", by=SHORT)
