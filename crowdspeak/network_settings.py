"""What ``settings`` reads of the environment for each network: mode, pace, client, addresses."""

from typing import Any

import environ


def read_networks(env: environ.Env) -> dict[str, dict[str, Any]]:
    """``settings.NETWORKS``: the facts of each network by its name (``networks.registry``)."""
    return {
        "mastodon": {
            "mode": env.str("MASTODON_MODE", default="automatic"),
            "pace": env.str("MASTODON_PACE", default=""),
            "share_url": env.str("MASTODON_SHARE_URL", default=""),
        },
        "bluesky": {
            "mode": env.str("BLUESKY_MODE", default="automatic"),
            "pace": env.str("BLUESKY_PACE", default=""),
            "plc_url": env.str("BLUESKY_PLC_URL", default="https://plc.directory"),
            "resolver_url": env.str("BLUESKY_RESOLVER_URL", default="https://public.api.bsky.app"),
            "appview_url": env.str("BLUESKY_APPVIEW_URL", default="https://public.api.bsky.app"),
            "web_url": env.str("BLUESKY_WEB_URL", default="https://bsky.app"),
            "client_key": env.str("BLUESKY_CLIENT_KEY", default=""),
        },
        # X forbids the same words from many accounts, and LinkedIn forbids to automate posting:
        # automatic is for who has their leave.
        "x": read_platform(
            env, "X", api_url="https://api.x.com", consent_url="https://x.com", usual="assisted"
        ),
        "facebook": read_platform(
            env,
            "FACEBOOK",
            api_url="https://graph.facebook.com",
            consent_url="https://www.facebook.com",
        )
        | {"version": env.str("FACEBOOK_VERSION", default="v25.0")},
        "linkedin": read_platform(
            env,
            "LINKEDIN",
            api_url="https://api.linkedin.com",
            consent_url="https://www.linkedin.com",
            usual="assisted",
        )
        | {"version": env.str("LINKEDIN_VERSION", default="202609")},
        "threads": read_platform(
            env,
            "THREADS",
            api_url="https://graph.threads.net",
            consent_url="https://www.threads.com",
        )
        | {"deletes": env.bool("THREADS_DELETES", default=False)},
    }


def read_platform(
    env: environ.Env, name: str, *, api_url: str, consent_url: str, usual: str = ""
) -> dict[str, Any]:
    """A network of one owner, at which the operator registers this site by hand.

    ``usual`` is its mode where none is set: otherwise automatic once there is a client id.
    """
    client_id = env.str(f"{name}_CLIENT_ID", default="")
    return {
        "mode": env.str(f"{name}_MODE", default="")
        or usual
        or ("automatic" if client_id else "assisted"),
        "pace": env.str(f"{name}_PACE", default=""),
        "client_id": client_id,
        "client_secret": env.str(f"{name}_CLIENT_SECRET", default=""),
        "api_url": env.str(f"{name}_API_URL", default=api_url).rstrip("/"),
        "consent_url": env.str(f"{name}_CONSENT_URL", default=consent_url).rstrip("/"),
    }


def read_messengers(env: environ.Env) -> dict[str, str]:
    """Where people share by their own hand what nobody else can post for them.

    By name; an empty address: not offered.
    """
    return {
        "whatsapp": env.str("WHATSAPP_URL", default="https://wa.me/"),
        "telegram": env.str("TELEGRAM_URL", default="https://t.me/share/url"),
    }
