"""What the Graph API tells about Pages, their posts, and the person who runs them.

Fields by https://developers.facebook.com/docs/graph-api/reference/page and …/page/feed. Names and
words come from strangers, and are passed on only in a form that may be shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from networks.base import Numbers, Profile, Receipt
from networks.comparing import is_same_text
from networks.interpreting import read_id, read_moment, read_web_address
from networks.oauth import shorten
from networks.reading import read_text
from networks.tallies import read_tally

PROFILE_FIELDS = "id,name,link,followers_count,picture{url}"
LISTED_FIELDS = f"{PROFILE_FIELDS},access_token,tasks"
POST_FIELDS = "id,from,message,created_time,permalink_url"
# limit(0): the sums alone, without who it was.
NUMBER_FIELDS = (
    "id,shares,reactions.limit(0).summary(total_count),comments.limit(0).summary(total_count)"
)
_MAY_POST = "CREATE_CONTENT"
# What says where a next page begins; the rest of its address stays ours to say.
_PAGING = frozenset({"after", "until", "since", "offset", "__paging_token"})


def read_list(content: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Give the objects of one page of a list, None when it is no list."""
    listed = content.get("data")
    is_list = isinstance(listed, list) and all(isinstance(each, dict) for each in listed)
    return listed if is_list else None


def read_next(content: Mapping[str, Any]) -> dict[str, str]:
    """Give the parameters of a list's next page; empty when this one is the last."""
    paging = content.get("paging")
    address = read_text(paging, "next") if isinstance(paging, dict) else ""
    try:
        given = parse_qsl(urlsplit(address).query, max_num_fields=30)
    except ValueError:
        return {}
    return {name: value for name, value in given if name in _PAGING}


def read_profile(page: Mapping[str, Any]) -> Profile | None:
    """Give the profile of a Page, None for what is none. Its age is not told."""
    account_id, name = read_id(page), shorten(read_text(page, "name"))
    if not account_id or not name:
        return None
    picture = page.get("picture")
    shown = picture.get("data") if isinstance(picture, dict) else None
    return Profile(
        account_id=account_id,
        handle=name,
        display_name=name,
        url=read_web_address(page, "link"),
        avatar_url=read_web_address(shown, "url") if isinstance(shown, dict) else "",
        followers=read_tally(page, "followers_count"),
    )


def read_token(content: Mapping[str, Any]) -> str:
    """Give a token, empty when there is none that could be sent."""
    token = read_text(content, "access_token")
    return token if token.isascii() and token.isprintable() else ""


def may_post(page: Mapping[str, Any]) -> bool:
    """Whether the person of the list may post on this Page of it."""
    tasks = page.get("tasks")
    return isinstance(tasks, list) and _MAY_POST in tasks


def read_granted(person: Mapping[str, Any]) -> set[str]:
    """Give the permissions that a person left ticked."""
    permissions = person.get("permissions")
    listed = read_list(permissions) if isinstance(permissions, dict) else None
    return {
        read_text(each, "permission")
        for each in listed or ()
        if read_text(each, "status") == "granted"
    }


def read_moment_of(post: Mapping[str, Any]) -> datetime | None:
    """Give the moment at which a post was made."""
    return read_moment(post.get("created_time"))


def match(post: Mapping[str, Any], *, page_id: str, text: str, website: str) -> Receipt | None:
    """Give a post's receipt if the Page itself made it, in these words.

    The feed of a Page also has what visitors write there.
    """
    author = post.get("from")
    if not isinstance(author, dict) or read_id(author) != page_id:
        return None
    # It is plain text, and the comparison reads HTML.
    if not is_same_text(escape(read_text(post, "message")), text):
        return None
    remote_id = read_id(post)
    url = read_web_address(post, "permalink_url") or f"{website}/{remote_id}"
    return Receipt(remote_id=remote_id, url=url) if remote_id else None


def read_numbers(post: Mapping[str, Any]) -> Numbers:
    """Give a post's numbers; a count that is left out is unknown."""
    shares = post.get("shares")
    return Numbers(
        likes=_read_sum(post, "reactions"),
        reposts=read_tally(shares, "count") if isinstance(shares, dict) else None,
        replies=_read_sum(post, "comments"),
    )


def _read_sum(post: Mapping[str, Any], name: str) -> int | None:
    listed = post.get(name)
    summary = listed.get("summary") if isinstance(listed, dict) else None
    return read_tally(summary, "total_count") if isinstance(summary, dict) else None
