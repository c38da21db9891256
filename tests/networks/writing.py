"""Texts of every kind that a person could want to post, as the product keeps them."""

from __future__ import annotations

from hypothesis import assume
from hypothesis import strategies as st

from supporters.pledging import PledgeRefused, clean_words

SCRAPS = (
    # Links with a scheme and without, in their sentence, in other scripts, and what is none.
    *("https://", "http://a", "https://a.org", "https://a.org/é?b=(c)#d", "HTTPS://A.FR/x_(y)."),
    *("example.org", "www.example.fr/a", "voix.et", "a.zz", "https://a.zz/x", "t.co/a"),
    *("https://t.co/abc/d", "https://пример.рф/путь", "bücher.de", "xn--bcher-kva.com", "例え.jp"),
    *(
        "/",
        "?",
        "#",
        ":80",
        ".",
        ",",
        ")",
        "(",
        "…",
        "。",
        "”",
        "«",
        "&",
        "<b>",
        "\\",
        "_",
        "*",
        *"|~{][",
    ),
    # Names and hashtags.
    *(
        "@sam",
        "@sam@mastodon.social",
        "@sam.bsky.social",
        "#eau",
        "#été2026",
        "＃水の日",
        "#1",
        "@[",
    ),
    # Emoji of one sign and of many, and what holds them together.
    *(
        "🌊",
        "✊🏽",
        "👩\u200d👩\u200d👧\u200d👦",
        "🏳\ufe0f\u200d🌈",
        "🇫🇷",
        "🇫",
        "🇧🇪🇨",
        "☺",
        "☺\ufe0f",
    ),
    *("☺\ufe0e", "7\ufe0f\u20e3", "©", "👍\u200d👍", "\u0600👍🏽", "\u200d", "\ufe0f", "🏽"),
    # Scripts, accents, directions, spaces.
    *(
        "é",
        "e\u0301",
        "e\u0301\u0323",
        "か\u3099",
        "日本語",
        "각",
        "\u1100\u1161",
        "שלום",
        "سلام",
        "नमस्ते",
    ),
    *(
        "\u202e",
        "\u2066",
        "\u200b",
        "\u00a0",
        "\u00ad",
        "\ufeff",
        "\u2028",
        "\n",
        "\n\n",
        "\t",
        " ",
    ),
    *("𝒳", "\U00020000", "\U000e0067", "ﬁ", "ﬂ", "İ", "ß", "a", "Où ça, là-bas ? "),
)
ANYTHING = st.text(st.characters(codec="utf-8"), max_size=40)
MIXED = st.lists(st.sampled_from(SCRAPS) | ANYTHING, min_size=1, max_size=14).map("".join)


@st.composite
def write_words(draw: st.DrawFn) -> str:
    """A text that the product would keep: whatever it refuses before is left out."""
    try:
        words = clean_words(draw(MIXED))
    except PledgeRefused:
        words = ""
    assume(words)
    return words
