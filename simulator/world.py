"""What exists on all simulated networks: accounts, posts, and the requests that made them.

Everything is in memory and kept in dictionaries, so that a post costs the same whether there
are ten accounts or ten thousand.
"""

import time
import zlib
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.clock import format_time, tell_time
from simulator.ids import derive_did, encode_order
from simulator.layout import BLUESKY, Instance
from simulator.people import (
    HANDLE_DOMAIN,
    NameRefused,
    clean_name,
    date_account,
    measure_followers,
    propose_names,
)

ACCOUNT_STATES = ("active", "deactivated", "takendown")
REQUESTS_KEPT = 500_000
# When half of what a post will ever get has come in.
HALF_SECONDS = 1800


@dataclass(slots=True, eq=False)
class Account:
    """One account. `id` is the network's own: a number as text, a ULID, or a DID."""

    instance: Instance
    name: str
    id: str
    handle: str
    followers: int
    created_at: datetime
    state: str = "active"
    posts: dict[str, "Post"] = field(default_factory=dict)
    texts: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)

    @property
    def network(self) -> str:
        """The network's name."""
        return self.instance.network

    @property
    def labels(self) -> tuple[str, str, str]:
        """Every word that names this account in faults, filters and revocations."""
        return (self.name, self.handle, self.id)

    def describe(self) -> dict[str, Any]:
        """Give the account as the control API shows it."""
        entry = {
            "network": self.network,
            "instance": self.instance.authority,
            "account": self.name,
            "handle": self.handle,
            "id": self.id,
            "followers": self.followers,
            "created_at": format_time(self.created_at.timestamp()),
            "state": self.state,
        }
        return entry | ({"did": self.id} if self.network == BLUESKY else {"acct": self.name})


@dataclass(slots=True, eq=False)
class Post:
    """One post. `at` is in seconds since 1970; `link` is the campaign link it is known by.

    `by_hand`: somebody wrote it on the network's own page. It is read like any other, and is in no
    total: those are about what came through the networks' APIs.
    """

    account: Account
    id: str
    order: int
    text: str
    at: float
    url: str
    uri: str
    link: str = ""
    key: str | None = None
    visibility: str = "public"
    language: str | None = None
    record: dict[str, Any] = field(default_factory=dict)
    cid: str = ""
    by_hand: bool = False
    deleted: bool = False

    def describe(self) -> dict[str, Any]:
        """Give the post as the control API shows it."""
        return {
            "network": self.account.network,
            "instance": self.account.instance.authority,
            "account": self.account.handle,
            "account_id": self.account.id,
            "text": self.text,
            "at": format_time(self.at),
            "id": self.id,
            "url": self.url,
            "key": self.key,
            "deleted": self.deleted,
        }


@dataclass(frozen=True, slots=True)
class Reactions:
    """What people did with a post so far."""

    likes: int
    reposts: int
    replies: int
    quotes: int
    views: int


@dataclass(slots=True)
class Settings:
    """What tests may turn: lifetimes in seconds, and whether a resolver makes accounts up.

    `post_age_seconds` is how old every post is taken to be for its reactions; below 0 each is as
    old as it is.
    """

    access_token_seconds: int = 3600
    session_seconds: int = 14 * 24 * 3600
    code_seconds: int = 300
    request_seconds: int = 300
    creates_on_resolve: bool = True
    post_age_seconds: int = -1


class World:
    """All accounts and posts, the totals, and the log of requests to publish."""

    def __init__(self, instances: Iterable[Instance] = ()) -> None:
        self.instances = list(instances)
        self.settings = Settings()
        self.accounts: list[Account] = []
        self.posts: list[Post] = []
        self.posts_by_id: dict[str, Post] = {}
        self.requests: deque[dict[str, Any]] = deque(maxlen=REQUESTS_KEPT)
        self.duplicates = 0
        self.standing: Counter[Instance] = Counter()
        self._posters: Counter[Account] = Counter()
        self._by_name: dict[tuple[Instance, str], Account] = {}
        self._by_label: dict[str, list[Account]] = {}
        self._last_order = 0
        self._names = propose_names()

    def get_account(self, instance: Instance, *, name: str) -> Account | None:
        """Give the account of that name on that server, or None."""
        return self._by_name.get((instance, name))

    def find_accounts(
        self, label: str, *, network: str | None = None, instance: Instance | None = None
    ) -> list[Account]:
        """Give every account that a name, handle or id stands for, within what is given."""
        return [
            account
            for account in self._by_label.get(label, ())
            if network in (None, account.network) and instance in (None, account.instance)
        ]

    def ensure_account(self, instance: Instance, *, name: str) -> Account:
        """Give the account of that name on that server, opened on the spot if need be.

        Takes what people type (`@Sam`, `sam@server`, `sam.simulator.test`). Raises NameRefused.
        """
        name = clean_name(instance, name=name)
        account = self._by_name.get((instance, name))
        return account or self._open_account(instance, name=name)

    def propose_name(self, instance: Instance) -> str:
        """Give a name that is still free on that server, without taking it."""
        return next(name for name in propose_names() if (instance, name) not in self._by_name)

    def name_newcomer(self) -> str:
        """Give a name that nobody bears yet on any server."""
        return next(name for name in self._names if name not in self._by_label)

    def add_post(
        self,
        account: Account,
        *,
        id: str,  # noqa: A002 - the networks' own word
        order: int,
        text: str,
        url: str,
        uri: str,
        link: str = "",
        **details: Any,
    ) -> Post:
        """Keep a new post and count it; `details` are further fields of Post."""
        post = Post(
            account=account,
            id=id,
            order=order,
            text=text,
            at=tell_time(),
            url=url,
            uri=uri,
            link=link,
            **details,
        )
        account.posts[id] = post
        self.posts.append(post)
        self.posts_by_id[id] = post
        if not post.by_hand:
            self.standing[account.instance] += 1
            self._posters[account] += 1
        self._count_words(post)
        return post

    def replace_record(
        self, post: Post, *, text: str, link: str, record: dict[str, Any], cid: str
    ) -> None:
        """Give a post new words in place: a new version, not a second post."""
        self._forget_words(post)
        post.text, post.link, post.record, post.cid = text, link, record, cid
        self._count_words(post)

    def delete_post(self, post: Post) -> None:
        """Take a post down. It stays in the list of posts, marked as deleted."""
        post.deleted = True
        del post.account.posts[post.id]
        del self.posts_by_id[post.id]
        if post.by_hand:
            return
        self.standing[post.account.instance] -= 1
        self._posters[post.account] -= 1
        if not self._posters[post.account]:
            del self._posters[post.account]
        self._forget_words(post)

    def count_reactions(self, post: Post) -> Reactions:
        """Give a post's reactions, the same for the same age.

        They grow ever more slowly, up to a share of the account's followers that depends on the
        words.
        """
        age = self.settings.post_age_seconds
        age_seconds = age if age >= 0 else max(tell_time() - post.at, 0)
        reached = post.account.followers * age_seconds / (age_seconds + HALF_SECONDS)
        appeal = 0.02 + 0.08 * zlib.crc32(post.text.encode()) / 0xFFFFFFFF
        likes = int(reached * appeal)
        return Reactions(
            likes=likes,
            reposts=likes // 3,
            replies=likes // 6,
            quotes=likes // 12,
            views=int(reached),
        )

    def summarise(self) -> dict[str, int]:
        """Give posts that stand, accounts with such a post, and duplicates ever posted.

        All of them through an API: what was posted by hand is told by `count_by_hand`.
        """
        return {
            "posts": sum(self.standing.values()),
            "accounts": len(self._posters),
            "duplicates": self.duplicates,
        }

    def count_by_hand(self) -> int:
        """Give how many posts stand that people wrote on the networks' own pages."""
        return sum(post.by_hand and not post.deleted for post in self.posts)

    def forget_posts(self) -> None:
        """Empty the networks of posts and requests; accounts stay."""
        for account in {post.account for post in self.posts}:
            account.posts.clear()
            account.texts.clear()
            account.links.clear()
        self.posts.clear()
        self.posts_by_id.clear()
        self.requests.clear()
        self.standing.clear()
        self._posters.clear()
        self.duplicates = 0

    def forget_accounts(self) -> None:
        """Close every account."""
        self.forget_posts()
        self.accounts.clear()
        self._by_name.clear()
        self._by_label.clear()
        self._names = propose_names()

    def mint_order(self) -> int:
        """Give a number that only grows: milliseconds since 1970, then 16 bits of sequence.

        This is the shape of Mastodon's ids (its `Mastodon::Snowflake`).
        """
        self._last_order = max(self._last_order + 1, int(time.time() * 1000) << 16)
        return self._last_order

    def _open_account(self, instance: Instance, *, name: str) -> Account:
        if instance.network == BLUESKY:
            handle = f"{name}.{HANDLE_DOMAIN}"
            identity = derive_did(handle)
            if self.find_accounts(handle):
                raise NameRefused(f"{handle} lives on another server.")
        else:
            handle = f"{name}@{instance.authority}"
            identity = encode_order(self.mint_order(), ids=instance.kind.ids)
        account = Account(
            instance=instance,
            name=name,
            id=identity,
            handle=handle,
            followers=measure_followers(name),
            created_at=date_account(name),
        )
        self.accounts.append(account)
        self._by_name[instance, name] = account
        for label in set(account.labels):
            self._by_label.setdefault(label, []).append(account)
        return account

    def _count_words(self, post: Post) -> None:
        if post.by_hand:
            return
        account = post.account
        known_link = bool(post.link) and account.links[post.link] > 0
        if known_link or account.texts[post.text] > 0:
            self.duplicates += 1
        account.texts[post.text] += 1
        if post.link:
            account.links[post.link] += 1

    def _forget_words(self, post: Post) -> None:
        if post.by_hand:
            return
        post.account.texts[post.text] -= 1
        if post.link:
            post.account.links[post.link] -= 1
