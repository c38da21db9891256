"""From a message, a link and a hashtag to the exact words of a post."""

import hashlib
import re
import unicodedata
from urllib.parse import urlsplit

# A letter must be in it: networks take "#2214" for a number.
HASHTAG = re.compile(r"^#?(?=\w*[^\W\d_])\w+$")
# A link stands by itself where no address goes on before it or after it; signs that end a sentence
# or a bracket do not go on with one unless more of it follows them.
_NOT_BEFORE_LINK = r"(?<![\w/@&=?#%+~$.-])"
_NOT_AFTER_LINK = r"(?![.,;:!?'()\[\]|*-]*[\w/@&=#%+~$])"
_OTHER_LINK = r"https?://\S+"


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


def compose(message: str, *, link: str = "", hashtag: str = "", short: str = "") -> str:
    """The message, then what it does not contain yet of link and hashtag, on a line of its own.

    ``short`` is the address that stands in posts for the link, where there is one.
    """
    text = replace_link(message.strip(), link=link, by=short)
    carried = short or link
    tag = write_hashtag(hashtag)
    words = {word.lower() for word in re.findall(r"#\w+", text)}
    tail = [part for part in (carried if carried not in text else "", tag) if part]
    if tag.lower() in words:
        tail = [part for part in tail if part != tag]
    return "\n\n".join(part for part in (text, " ".join(tail)) if part)


def replace_link(text: str, *, link: str, by: str) -> str:
    """Put ``by`` wherever the whole link stands in a text. With either of them empty: as it is.

    A longer address that only holds the link is another one, and stays. Of a link that is a name
    alone, a ``/`` is a part.
    """
    if not link or not by:
        return text
    parts = urlsplit(link)
    is_name = parts.path in ("", "/") and not parts.query and not parts.fragment
    whole = re.escape(link.removesuffix("/")) + "/?" if is_name else re.escape(link)
    pattern = f"{_NOT_BEFORE_LINK}({whole}){_NOT_AFTER_LINK}|{_OTHER_LINK}"
    return re.sub(pattern, lambda found: by if found[1] else found[0], text)
