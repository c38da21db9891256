"""Played networks: each keeps every post it took, whether it answered or not.

The adapters are the product's own, with their rules of proof; only what would go over the wire is
played. Whatever reaches a network waits here until a test says what becomes of it.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from crowdspeak.settings import NETWORKS
from networks import registry
from networks.base import Receipt, Server
from networks.errors import NeedsRelink, OutcomeUnknown, Rejected, TryLater
from tests.platforms import PLATFORMS

KEY_LASTS = timedelta(hours=1)
# How long a post that was taken is not to be found, by what became of the answer. Nothing promises
# that a new post is shown at once, so where absence is proof it must be so for another reason.
HIDDEN_FOR = {
    "strange": timedelta(),
    "answer lost": timedelta(),
    "shown late": timedelta(minutes=2),
    "hidden": timedelta(hours=3),
}
ADAPTERS = ("Mastodon", "Bluesky", "LinkedIn", "Facebook", "X", "Threads")

# What can become of something that waits, a good end more often than others.
ANSWERS = (
    *["fine"] * 6,
    *("answer lost", "shown late", "hidden", "hidden"),
    *("late", "late", "lost", "busy", "host busy", "network down"),
    *("refused", "unlinked", "strange"),
)


@dataclass
class Waiting:
    """Something that waits for a test's word: a claim to begin, or a request at a network."""

    kind: str  # begin, make, post, look
    account: str
    answer: asyncio.Future
    server: Server | None = None
    post: object = None
    began_at: datetime = field(default_factory=timezone.now)
    number: int = 0

    @property
    def dies_at(self):
        """The network carries nothing of it out any more: its deadline, and one for the way."""
        return self.began_at + 2 * timedelta(seconds=settings.DEADLINE_SECONDS)


@dataclass(frozen=True)
class Posted:
    """A post that a network took."""

    account: str
    text: str
    key: str
    prepared: str
    remote_id: str
    number: int
    taken_at: datetime
    shown_at: datetime

    def is_called_published(self, post):
        """Whether what was made ready of a post is told to be public; not of what is hidden."""
        is_hidden = self.shown_at - self.taken_at >= HIDDEN_FOR["hidden"]
        return bool(post.prepared) and self.prepared == post.prepared and not is_hidden


class PlayedNetworks:
    """All networks: ``posts`` they took, ``waiting`` requests, and ``belated`` ones.

    A belated request is one whose sender is gone or was told nothing; it may still be carried out.
    ``refused`` are accounts that were told no, ``begun`` the requests to post, for a test to check,
    ``containers`` the words of what was made ready.
    """

    def __init__(self):
        self.posts, self.waiting, self.belated, self.begun = [], [], [], []
        self.refused, self.containers, self.count = set(), {}, 0

    async def wait(self, kind, account, *, server=None, post=None):
        """Wait for a test's word; gives what it says, raises what it raises."""
        asked = Waiting(kind, account, asyncio.get_running_loop().create_future(), server, post)
        asked.number = self._number()
        self.waiting.append(asked)
        if kind == "post":
            self.begun.append(asked)
        return await asked.answer

    def forget_lost(self):
        """Drop what nobody waits for any more; a request to post may still be carried out."""
        lost = [each for each in self.waiting if each.answer.done()]
        self.belated += [each for each in lost if each.kind == "post" and each.answer.cancelled()]
        self.waiting = [each for each in self.waiting if not each.answer.done()]

    def begin_next(self):
        """Let the first claim begin that waits for it. False: there is none."""
        kinds = [each.kind for each in self.waiting]
        if "begin" in kinds:
            self.go_on(kinds.index("begin"), "fine")
        return "begin" in kinds

    def carry_out_late(self, index):
        """A request whose sender heard nothing is carried out after all, if it is not too late."""
        asked = self.belated.pop(index)
        if timezone.now() <= asked.dies_at:
            self._take(asked)

    def go_on(self, index, how, *, after_seconds=None):
        """Let what waits there go on, in that way."""
        asked = self.waiting.pop(index)
        try:
            given = self._answer(asked, how, after_seconds)
        except Exception as error:  # noqa: BLE001  (it is the network's answer)
            asked.answer.set_exception(error)
        else:
            asked.answer.set_result(given)

    def _answer(self, asked, how, after_seconds):
        if asked.kind == "begin":
            return None
        alive = timezone.now() <= asked.dies_at
        if asked.kind == "post" and how in HIDDEN_FOR and alive:
            self._take(asked, hidden_for=HIDDEN_FOR[how])
            raise RuntimeError("strange") if how == "strange" else OutcomeUnknown("lost")
        match how:
            case "late" if asked.kind == "post":
                self.belated.append(asked)
                raise OutcomeUnknown("late")
            case "fine" if alive and asked.kind == "post":
                taken = self._take(asked)
                return Receipt(remote_id=taken.remote_id, url="https://example.org/post")
            case "fine" if alive and asked.kind == "make":
                name = f"container-{self._number()}"
                self.containers[name] = asked.post.text
                return name
            case "fine" if alive and asked.kind == "look":
                return self._find(asked)
            case "busy" | "host busy" | "network down":
                scopes = {"host busy": "host", "network down": "network"}
                scope = scopes.get(how, "account")
                raise TryLater("busy", after_seconds=after_seconds, scope=scope)
            case "refused":
                self.refused.add(asked.account)
                raise Rejected("refused")
            case "unlinked":
                self.refused.add(asked.account)
                raise NeedsRelink("unlinked")
        raise OutcomeUnknown("lost")

    def read_words(self, post):
        """What a post says: where something was made ready of it, the words of that."""
        return self.containers.get(post.prepared, post.text)

    def _take(self, asked, *, hidden_for=timedelta()):
        """Carry out a request to post: a new one, unless the network knows its key."""
        post, now, network = asked.post, timezone.now(), asked.server.network
        for known in self.posts:
            if known.account != asked.account or known.key != post.key:
                continue
            # Two requests at once may both post: the key is kept when the first one is through.
            is_kept = known.number < asked.number and now < known.taken_at + KEY_LASTS
            if network == "bluesky" or (self._honours_keys(asked.server) and is_kept):
                return known
        taken = Posted(
            account=asked.account,
            text=self.read_words(post),
            key=post.key,
            prepared=post.prepared,
            remote_id=f"post-{self._number()}",
            number=self._number(),
            taken_at=now,
            shown_at=now + hidden_for,
        )
        self.posts.append(taken)
        return taken

    def _find(self, asked):
        post, network = asked.post, asked.server.network
        if network == "linkedin":
            raise Rejected("LinkedIn shows nothing")
        mine = [each for each in self.posts if each.account == asked.account]
        now = timezone.now()
        found = [each for each in mine if each.text == post.text and each.shown_at <= now]
        if not found and any(each.is_called_published(post) for each in mine):
            raise OutcomeUnknown("published, and not shown yet")
        return [Receipt(remote_id=each.remote_id, url="https://example.org/") for each in found]

    def _honours_keys(self, server):
        return registry.get(server.network).honours_keys(server)

    def _number(self):
        self.count += 1
        return self.count


class _Played:
    """An adapter whose requests wait at the played networks, behind the gate as real ones do."""

    networks = PlayedNetworks()

    async def prepare(self, http, server, credentials, post):
        if not self.prepares:
            return ""
        await _pass(http)
        return await self._wait("make", server, credentials, post)

    async def publish(self, http, server, credentials, post):
        await _pass(http)
        return await self._wait("post", server, credentials, post)

    async def find(self, http, server, credentials, post):
        return await self._wait("look", server, credentials, post)

    async def revoke(self, http, server, registration, credentials):
        """Every network forgets at once."""

    async def _wait(self, kind, server, credentials, post):
        account = f"{self.name}:{credentials.account_id}"
        return await self.networks.wait(kind, account, server=server, post=post)


async def _pass(http):
    if http.gate is not None and not await http.gate():
        raise TryLater("nothing is sent now", after_seconds=0)


def play_networks(monkeypatch, settings):
    """Have the registry build played adapters, all automatic; gives a way to begin anew."""
    for name in ADAPTERS:
        played = type(f"Played{name}", (_Played, getattr(registry, name)), {})
        monkeypatch.setattr(registry, name, played)
    networks = {name: {**facts, "pace": "1000000/1"} for name, facts in NETWORKS.items()}
    for name in PLATFORMS:
        networks[name] |= {"mode": "automatic", "client_id": "played", "client_secret": "played"}
    settings.NETWORKS = networks

    def begin():
        _Played.networks = PlayedNetworks()
        return _Played.networks

    return begin
