"""Every network that is simulated, by its name."""

from collections.abc import Mapping

from simulator import bluesky_oauth, mastodon_oauth
from simulator.bluesky_dialect import BlueskyDialect
from simulator.bluesky_dialect import list_routes as list_bluesky_routes
from simulator.bluesky_tokens import BlueskyServer
from simulator.layout import BLUESKY, MASTODON
from simulator.mastodon_dialect import MastodonDialect
from simulator.mastodon_dialect import list_routes as list_mastodon_routes
from simulator.mastodon_tokens import MastodonServer
from simulator.plugging import Plug

PLUGS: Mapping[str, Plug] = {
    MASTODON: Plug(
        build=lambda instance, world: MastodonServer(instance, world=world),
        key=mastodon_oauth.SERVER,
        dialect=MastodonDialect,
        list_routes=list_mastodon_routes,
        decide=mastodon_oauth.decide,
    ),
    BLUESKY: Plug(
        build=lambda instance, world: BlueskyServer(instance, world=world),
        key=bluesky_oauth.SERVER,
        dialect=BlueskyDialect,
        list_routes=lambda _: list_bluesky_routes(),
        decide=bluesky_oauth.decide,
    ),
}
