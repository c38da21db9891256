"""Links and hashtags: what becomes one, and at which bytes."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.facets import bluesky_facets, utf8_length


def show(text: str) -> list[tuple[str, str]]:
    """Give each facet as what its bytes cover, and what it leads to."""
    raw = text.encode()
    found = []
    for facet in bluesky_facets(text):
        index, (feature,) = facet["index"], facet["features"]
        covered = raw[index["byteStart"] : index["byteEnd"]].decode()
        found.append((covered, feature.get("uri") or feature["tag"]))
    return found


def test_facet_has_the_shape_of_the_lexicon() -> None:
    assert bluesky_facets("é https://example.org #x") == [
        {
            "index": {"byteStart": 3, "byteEnd": 22},
            "features": [
                {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org"},
            ],
        },
        {
            "index": {"byteStart": 23, "byteEnd": 25},
            "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "x"}],
        },
    ]


@pytest.mark.parametrize(
    "before",
    [
        "",
        "plain ",
        "Éé ",
        "🌊 ",
        "👨‍👩‍👧‍👦 ",
        "🇫🇷🇪🇺 ",
        "e\u0301a\u0308 ",
        "東京へ ",
        "שלום ",
        "\n\t",
        "👍🏽\u00a0",
    ],
)
def test_offsets_count_bytes_whatever_stands_before(before: str) -> None:
    facets = bluesky_facets(f"{before}https://example.org/a #tag")
    start = len(before.encode())
    assert facets[0]["index"] == {"byteStart": start, "byteEnd": start + 21}
    assert facets[1]["index"] == {"byteStart": start + 22, "byteEnd": start + 26}


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("See https://example.org/a.", "https://example.org/a"),
        ("See https://example.org/a, then", "https://example.org/a"),
        ("https://example.org/a?b=1&c=%20#d!", "https://example.org/a?b=1&c=%20#d"),
        ("(https://example.org/a)", "https://example.org/a"),
        ("(https://fr.wikipedia.org/wiki/A_(b))", "https://fr.wikipedia.org/wiki/A_(b)"),
        ("« https://example.org/a »", "https://example.org/a"),
        ("“https://example.org/a”…", "https://example.org/a"),
        ("https://example.org/a…", "https://example.org/a"),
        ("https://example.org/élan/東京", "https://example.org/élan/東京"),
        ("見てhttps://example.org/a。次", "https://example.org/a"),
        ("<https://example.org/a>", "https://example.org/a"),
        ("https://example.org/a/", "https://example.org/a/"),
        ("HTTPS://EXAMPLE.ORG/A", "HTTPS://EXAMPLE.ORG/A"),
        ("https://example.org/@sam", "https://example.org/@sam"),
        ("http://example.org:8080/a", "http://example.org:8080/a"),
        ("https://example.org\u200b", "https://example.org"),
    ],
)
def test_link_ends_where_its_sentence_goes_on(text: str, link: str) -> None:
    assert [covered for covered, _ in show(text)] == [link]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("on example.org today", "example.org"),
        ("(example.fr/agir)", "example.fr/agir"),
        ("www.example.museum!", "www.example.museum"),
        ("EXAMPLE.ORG", "EXAMPLE.ORG"),
        ("a.b.example.org:8080/x", "a.b.example.org:8080/x"),
    ],
)
def test_link_without_scheme_leads_to_https(text: str, link: str) -> None:
    assert show(text) == [(link, f"https://{link}")]


@pytest.mark.parametrize(
    ("link", "uri"),
    [
        ("https://example.org/a?b=%C3%A9&c=d+e#f", "https://example.org/a?b=%C3%A9&c=d+e#f"),
        ("HTTPS://Example.org/A", "https://Example.org/A"),
        ("https://example.org/été", "https://example.org/%C3%A9t%C3%A9"),
        ("https://例え.jp/東", "https://xn--r8jz45g.jp/%E6%9D%B1"),
        ("élan.fr?é=1", "https://xn--lan-9la.fr?%C3%A9=1"),
        ("https://example.org?a=https://b.org", "https://example.org?a=https://b.org"),
        ("example.org/?a=https://b.org/é", "https://example.org/?a=https://b.org/%C3%A9"),
    ],
)
def test_link_leads_to_a_plain_address(link: str, uri: str) -> None:
    assert show(link) == [(link, uri)]


@pytest.mark.parametrize(
    "text",
    [
        "donnez de la voix.et vite",
        "Stop.It was late",
        "at 10.30 or 3.14",
        "sam@example.org",
        "sam.river@example.org",
        "@sam.bsky.social",
        "https://",
        "https://.",
        "README.md e.g. etc.",
        "ftp://example.org",
        "javascript:alert(1)",
    ],
)
def test_what_only_looks_like_a_link_stays_text(text: str) -> None:
    assert show(text) == []


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#river", ["river"]),
        ("#été2026!", ["été2026"]),
        ("(#oui), #non.", ["oui", "non"]),
        ("#東京、次 #日本", ["東京", "日本"]),
        ("#covid-19 #a_b", ["covid-19", "a_b"]),
        ("#café #cafe\u0301", ["café", "cafe\u0301"]),
        ("＃全角", ["全角"]),
        ("#🎉 #🇫🇷 #👨‍👩‍👧", ["🎉", "🇫🇷", "👨‍👩‍👧"]),
        ("#PSG/#OM, #a#b", ["PSG", "OM", "a"]),
        ("#Климат #المناخ", ["Климат", "المناخ"]),
        ("#1 #2026 #... # #️⃣ #⃣", []),
        ("a#b &#39; C#", []),
        ("#" + "a" * 64, ["a" * 64]),
        ("#" + "a" * 65, []),
        ("#" + "👨‍👩‍👧" * 36, []),
    ],
)
def test_hashtags_are_found_in_every_script(text: str, tags: list[str]) -> None:
    assert [tag for _, tag in show(text)] == tags


def test_number_sign_within_a_link_is_no_hashtag() -> None:
    link = "https://example.org/#agir"
    assert show(f"{link} et /#ici") == [(link, link), ("#ici", "ici")]


def test_mention_stays_plain_text() -> None:
    assert bluesky_facets("Thanks @sam.bsky.social and @did:plc:abc") == []


@given(
    st.text(alphabet=st.sampled_from("aé#東👨\u200d👩🇫e\u0301 .,:/()@-_\n0\ufe0fhtps"), max_size=80)
)
def test_facets_are_in_order_apart_and_on_whole_characters(text: str) -> None:
    raw, last = text.encode(), 0
    for facet in bluesky_facets(text):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        assert last <= start < end <= len(raw)
        raw[:start].decode()
        raw[start:end].decode()
        last = end
    assert bluesky_facets(text) == bluesky_facets(text)


@given(
    st.lists(
        st.sampled_from(
            ["https://a.org", "b.fr/é", "#eau", "#東京", "#👩\u200d👧", "e\u0301", *"é🌊().,/#"]
        ),
        max_size=12,
    )
)
def test_bytes_of_a_facet_are_the_words_it_is_about(words: list[str]) -> None:
    for covered, leads_to in show(" ".join(words)):
        assert covered in words
        assert covered == f"#{leads_to}" or leads_to.endswith(quote(covered, safe=":/"))


def test_hashtags_beside_links_are_kept_and_those_within_are_not() -> None:
    text = "y.fr z.fr #a https://a.org/,#b #c d.fr/#e,#f #g"
    assert [covered for covered, _ in show(text)] == [
        "y.fr",
        "z.fr",
        "#a",
        "https://a.org/,#b",
        "#c",
        "d.fr/#e,#f",
        "#g",
    ]


def test_address_longer_than_a_uri_may_be_stays_text() -> None:
    start = "https://a.org/"
    assert show(start + "a" * (8192 - len(start)))
    assert show(start + "a" * (8193 - len(start))) == []
    # It is the encoded address that counts: three bytes for each one that is not ASCII.
    accents = "e" + "\u0301" * 1_362
    assert len(f"{start}{accents}".encode()) < 3_000
    assert show(start + accents)
    assert show(f"{start}{accents}\u0301") == []


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300_000,
        "a." * 150_000,
        "#" * 300_000,
        "https://" * 40_000,
        "(" * 99_999 + "x.org/" * 9,
        "x.org/" + ")" * 300_000,
        "@a." * 100_000,
        "#a," * 100_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    started_at = time.process_time()
    bluesky_facets(text)
    assert time.process_time() - started_at < 3


def test_utf8_length_counts_bytes() -> None:
    assert [utf8_length(text) for text in ("", "a", "é", "東", "🌊")] == [0, 1, 2, 3, 4]
