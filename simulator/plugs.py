"""Every network that is simulated, by its name."""

from collections.abc import Mapping

from simulator import (
    bluesky_oauth,
    bluesky_records,
    facebook,
    facebook_oauth,
    linkedin,
    linkedin_oauth,
    mastodon_oauth,
    mastodon_statuses,
    threads_oauth,
    threads_posts,
    x_oauth,
    x_posts,
)
from simulator.bluesky_dialect import BlueskyDialect
from simulator.bluesky_dialect import list_routes as list_bluesky_routes
from simulator.bluesky_tokens import BlueskyServer
from simulator.facebook_dialect import FacebookDialect
from simulator.facebook_dialect import list_routes as list_facebook_routes
from simulator.facebook_tokens import FacebookServer
from simulator.layout import BLUESKY, FACEBOOK, LINKEDIN, MASTODON, THREADS, X
from simulator.linkedin_dialect import LinkedInDialect
from simulator.linkedin_dialect import list_routes as list_linkedin_routes
from simulator.linkedin_tokens import LinkedInServer
from simulator.mastodon_dialect import MastodonDialect
from simulator.mastodon_dialect import list_routes as list_mastodon_routes
from simulator.mastodon_tokens import MastodonServer
from simulator.plugging import Composer, Plug
from simulator.threads_dialect import ThreadsDialect
from simulator.threads_dialect import list_routes as list_threads_routes
from simulator.threads_tokens import ThreadsServer
from simulator.x_dialect import XDialect
from simulator.x_dialect import list_routes as list_x_routes
from simulator.x_tokens import XServer

PLUGS: Mapping[str, Plug] = {
    MASTODON: Plug(
        build=lambda instance, world: MastodonServer(instance, world=world),
        key=mastodon_oauth.SERVER,
        dialect=MastodonDialect,
        list_routes=list_mastodon_routes,
        decide=mastodon_oauth.decide,
        composer=Composer(paths=("/share",), write=mastodon_statuses.write_by_hand),
    ),
    BLUESKY: Plug(
        build=lambda instance, world: BlueskyServer(instance, world=world),
        key=bluesky_oauth.SERVER,
        dialect=BlueskyDialect,
        list_routes=lambda _: list_bluesky_routes(),
        decide=bluesky_oauth.decide,
        composer=Composer(paths=("/intent/compose",), write=bluesky_records.write_by_hand),
    ),
    LINKEDIN: Plug(
        build=lambda instance, world: LinkedInServer(instance, world=world),
        key=linkedin_oauth.SERVER,
        dialect=LinkedInDialect,
        list_routes=lambda _: list_linkedin_routes(),
        decide=linkedin_oauth.decide,
        composer=Composer(
            paths=("/sharing/share-offsite/", "/feed/"),
            write=linkedin.write_by_hand,
            takes_words=False,
        ),
    ),
    X: Plug(
        build=lambda instance, world: XServer(instance, world=world),
        key=x_oauth.SERVER,
        dialect=XDialect,
        list_routes=lambda _: list_x_routes(),
        decide=x_oauth.decide,
        composer=Composer(paths=("/intent/tweet",), write=x_posts.write_by_hand),
    ),
    FACEBOOK: Plug(
        build=lambda instance, world: FacebookServer(instance, world=world),
        key=facebook_oauth.SERVER,
        dialect=FacebookDialect,
        list_routes=lambda _: list_facebook_routes(),
        decide=facebook_oauth.decide,
        composer=Composer(
            paths=("/sharer/sharer.php", "/"), write=facebook.write_by_hand, takes_words=False
        ),
    ),
    THREADS: Plug(
        build=lambda instance, world: ThreadsServer(instance, world=world),
        key=threads_oauth.SERVER,
        dialect=ThreadsDialect,
        list_routes=lambda _: list_threads_routes(),
        decide=threads_oauth.decide,
        composer=Composer(paths=("/intent/post",), write=threads_posts.write_by_hand),
    ),
}
