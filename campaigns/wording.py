"""From a message, a link and a hashtag to the exact words of a post."""

import hashlib
import re
import unicodedata

# A letter must be in it: networks take "#2214" for a number.
HASHTAG = re.compile(r"^#?(?=\w*[^\W\d_])\w+$")


def tidy_text(text: str, *, lines: bool = False) -> str:
    """What a person meant to type: composed (NFC), without control characters, trimmed.

    With ``lines``, line ends become ``\\n`` and stay; without, every run of spaces becomes one.
    """
    text = unicodedata.normalize("NFC", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
    return text.strip() if lines else " ".join(text.split())


def write_hashtag(word: str) -> str:
    """The hashtag with one ``#`` in front; empty stays empty."""
    word = word.strip().lstrip("#＃").strip()
    return f"#{word}" if word else ""


def digest_words(text: str) -> str:
    """What two wordings share that nobody could tell apart by ear (64 hex digits)."""
    return hashlib.sha256(" ".join(text.casefold().split()).encode()).hexdigest()


def compose(message: str, *, link: str = "", hashtag: str = "") -> str:
    """The message, then what it does not contain yet of link and hashtag, on a line of its own."""
    text = message.strip()
    tag = write_hashtag(hashtag)
    words = {word.lower() for word in re.findall(r"#\w+", text)}
    tail = [part for part in (link if link not in text else "", tag) if part]
    if tag.lower() in words:
        tail = [part for part in tail if part != tag]
    return "\n\n".join(part for part in (text, " ".join(tail)) if part)
