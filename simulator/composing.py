"""The networks' own pages for a new post, filled in by a link: how people post by their own hand.

Where they are and what a link may fill in is each network's own; what they look like is ours, and
nobody signs in: a name is enough, and one that does not exist is opened on the spot. Mastodon's is
the page of a server; the one that asks for the server first keeps words where only a script can
read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from simulator.layout import MESSENGERS, Instance
from simulator.pages import render
from simulator.people import NameRefused, clean_name
from simulator.plugging import Composer
from simulator.serving import Refusal
from simulator.wording import find_link
from simulator.world import Account, Post, World

NOT_TAKEN = "These words are not taken here: there are none, or too many of them."
NO_ACCOUNT = "This account cannot post just now."


@dataclass(frozen=True, slots=True)
class Place:
    """One composer and whose accounts post there: of one server, or of all servers of an app."""

    composer: Composer
    world: World
    instances: Sequence[Instance]

    async def show(self, request: web.Request) -> web.Response:
        """GET: the words that the link brought, ready to be posted."""
        words, link = self._read(request)
        return self._render(words=words, link=link, account="")

    async def take(self, request: web.Request) -> web.Response:
        """POST: one post, then the page on which it can be read."""
        form = await request.post()
        words, link, name = (str(form.get(each, "")) for each in ("words", "link", "account"))
        words = words.replace("\r\n", "\n").strip()
        text = f"{words}\n\n{link}".strip() if link and link not in words else words
        try:
            account = self._find_author(name)
            if account.state != "active":
                return self._render(words=words, link=link, account=name, problem=NO_ACCOUNT)
            post = self.composer.write(self.world, account, text=text)
        except NameRefused as refused:
            return self._render(words=words, link=link, account=name, problem=str(refused))
        except Refusal:
            return self._render(words=words, link=link, account=name, wrong_words=NOT_TAKEN)
        return web.Response(status=303, headers={"Location": post.url})

    def _read(self, request: web.Request) -> tuple[str, str]:
        """Give the words, and a link that comes beside them (X and others take it so)."""
        query = request.query
        words = query.get("text", "") if self.composer.takes_words else ""
        link = query.get("url") or query.get("u") or ""
        return words, "" if link in words else link

    def _find_author(self, name: str) -> Account:
        """Give the account of that name on any of the servers, else a new one on the first."""
        for instance in self.instances:
            known = self.world.get_account(instance, name=clean_name(instance, name=name))
            if known is not None:
                return known
        return self.world.ensure_account(self.instances[0], name=name)

    def _render(
        self, *, words: str, link: str, account: str, problem: str = "", wrong_words: str = ""
    ) -> web.Response:
        home = self.instances[0]
        return render(
            "compose.html",
            status=422 if problem or wrong_words else 200,
            instance=home,
            action=self.composer.paths[0],
            takes_words=self.composer.takes_words,
            words=words,
            link=link,
            account=account or self.world.propose_name(home),
            problem=problem,
            wrong_words=wrong_words,
        )


def add_composer(
    app: web.Application, *, composer: Composer, world: World, instances: Sequence[Instance]
) -> None:
    """Add a composer to the application of the address that its links lead to."""
    place = Place(composer=composer, world=world, instances=instances)
    for path in composer.paths:
        app.router.add_get(path, place.show)
    app.router.add_post(composer.paths[0], place.take)


def add_messengers(app: web.Application, *, world: World, url: str) -> None:
    """Add the messengers, which have no servers of their own here: each is a path of this one."""
    for kind, path in MESSENGERS.items():
        home = Instance(kind=kind, authority=urlsplit(url).netloc, url=url)
        composer = Composer(paths=(path,), write=_send)
        add_composer(app, composer=composer, world=world, instances=[home])


def _send(world: World, account: Account, *, text: str) -> Post:
    """Add a message that its author sent. What is said in chats can be read on the wall alone."""
    if not text.strip():
        raise Refusal(400, {"error": "A message needs words"})
    order = world.mint_order()
    wall = f"{account.instance.url}/"
    return world.add_post(
        account,
        id=str(order),
        order=order,
        text=text,
        url=wall,
        uri=wall,
        link=find_link(text),
        by_hand=True,
    )
