"""A campaign's story: Markdown in, harmless HTML out."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {
    *("p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "hr", "br"),
    *("a", "strong", "em", "code"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
LINK_REL = "nofollow ugc noopener"
HEADING_SHIFT = 2  # the page has its own first and second level

_markdown = MarkdownIt("commonmark", {"html": False})


def render_story(markdown: str, *, shift: int = HEADING_SHIFT) -> SafeString:
    """Turn CommonMark into HTML with links, lists, headings and emphasis only.

    Raw HTML is shown as it was typed. Pictures are left out: one from another host would tell that
    host who reads the page. ``shift`` is how many levels of headings the page has above it.
    """
    tokens = _markdown.parse(markdown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + shift, 6)}"
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    safe = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=LINK_REL)
    return mark_safe(safe)  # noqa: S308  (nh3 has just cleaned it)
