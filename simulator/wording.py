"""What servers make of a text: how long it is, where its link is, how it looks in HTML."""

import html
import re

import regex

from simulator.links import find_mastodon_links

URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?()\[\]]")
MENTION = re.compile(r"(?<![\w/])@(\w+)(?:@[\w.-]+\w)?")
HASHTAG = re.compile(r"(?<![\w/&])#(\w*[^\W\d_]\w*)")
GRAPHEME = regex.compile(r"\X")

# Mastodon shows 30 characters of an address and hides its scheme and the rest.
SHOWN_CHARACTERS = 30


def find_link(text: str) -> str:
    """Give the first URL of a text, by which a campaign is known; empty when there is none."""
    match = URL.search(text)
    return match.group() if match else ""


def split_links(text: str) -> list[tuple[str, bool]]:
    """Cut a text into (piece, whether it is a URL), for pages."""
    pieces, position = [], 0
    for match in URL.finditer(text):
        pieces.append((text[position : match.start()], False))
        pieces.append((match.group(), True))
        position = match.end()
    return [*pieces, (text[position:], False)]


def count_graphemes(text: str, *, most: int) -> int:
    """Count the characters a reader sees; a text that cannot pass `most` is not looked into."""
    return len(text) if len(text) <= most else len(GRAPHEME.findall(text))


def count_status(text: str, *, per_url: int | None) -> int:
    """Count a status as its server does.

    For Mastodon (StatusLengthValidator) every link counts as `per_url` and a mention as its local
    part. None: as GoToSocial does, code points and nothing else (validateStatusContent).
    """
    if per_url is None:
        return len(text)
    pieces: list[str] = []
    done = 0
    for start, end in find_mastodon_links(text):
        pieces += (MENTION.sub(r"@\1", text[done:start]), "x" * per_url)
        done = end
    pieces.append(MENTION.sub(r"@\1", text[done:]))
    return len(GRAPHEME.findall("".join(pieces)))


def render_status(text: str, *, base_url: str, software: str) -> str:
    """Write a status as HTML the way its server does: paragraphs, links, hashtags.

    GoToSocial's differs in its link attributes and shows addresses in full.
    """
    paragraphs = re.split(r"\n{2,}", text.strip())
    return "".join(
        f"<p>{_render_line(part, base_url=base_url, software=software)}</p>" for part in paragraphs
    )


def _render_line(text: str, *, base_url: str, software: str) -> str:
    pieces: list[str] = []
    position = 0
    for match in URL.finditer(text):
        pieces.append(_render_words(text[position : match.start()], base_url, software))
        pieces.append(_render_link(match.group(), software=software))
        position = match.end()
    pieces.append(_render_words(text[position:], base_url, software))
    return "".join(pieces).replace("\n", "<br>" if software == "gotosocial" else "<br />")


def _render_words(text: str, base_url: str, software: str) -> str:
    escaped = html.escape(text).replace("&#x27;", "&#39;")
    rel = "tag nofollow noreferrer noopener" if software == "gotosocial" else "tag"
    target = ' target="_blank"' if software == "gotosocial" else ""

    def link(match: re.Match[str]) -> str:
        tag = match.group(1)
        address = f"{base_url}/tags/{tag.lower()}"
        return (
            f'<a href="{address}" class="mention hashtag" rel="{rel}"{target}>#'
            f"<span>{tag}</span></a>"
        )

    return HASHTAG.sub(link, escaped)


def _render_link(url: str, *, software: str) -> str:
    address = html.escape(url)
    if software == "gotosocial":
        rel = "nofollow noreferrer noopener"
        return f'<a href="{address}" rel="{rel}" target="_blank">{address}</a>'
    scheme = re.match(r"https?://(?:www\.)?", url)
    cut = scheme.end() if scheme else 0
    shown, rest = url[cut : cut + SHOWN_CHARACTERS], url[cut + SHOWN_CHARACTERS :]
    style = "ellipsis" if rest else ""
    return (
        f'<a href="{address}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{html.escape(url[:cut])}</span>'
        f'<span class="{style}">{html.escape(shown)}</span>'
        f'<span class="invisible">{html.escape(rest)}</span></a>'
    )
