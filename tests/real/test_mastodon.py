"""What the adapter promises beyond the contract suite, against somebody else's Mastodon server."""

from __future__ import annotations

from collections.abc import Callable

from networks.base import Numbers
from networks.http import Http
from tests.networks.casting import TEXT, Told
from tests.real.casting import MASTODON, MastodonCast
from tests.real.mastodon_serving import MastodonAccount


def test_numbers_are_what_people_did(
    mastodon: MastodonCast, mastodon_account: Callable[[str], MastodonAccount]
) -> None:
    anna, bela = mastodon_account("anna"), mastodon_account("bela")

    async def work(http: Http) -> tuple[list[str], Told]:
        linked = await mastodon.link(http)
        remote_ids = await mastodon.publish(http, linked, TEXT, f"{TEXT} bis")
        mastodon.server.react(anna, remote_ids[0], "favourite", "reblog")
        mastodon.server.react(bela, remote_ids[0], "favourite")
        mastodon.server.reply(bela, remote_ids[0], "Moi aussi")
        return remote_ids, await mastodon.count(http, linked, remote_ids)

    (first, second), told = mastodon.run(work)
    assert told[first] == Numbers(likes=2, reposts=1, replies=1)
    assert told[second] == Numbers(likes=0, reposts=0, replies=0)


def test_what_the_server_is_lax_about_is_still_in_the_suite() -> None:
    import tests.real.test_contract as suite

    assert MASTODON.lax_about
    assert all(hasattr(suite, name) and reason for name, reason in MASTODON.lax_about.items())
