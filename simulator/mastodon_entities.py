"""Mastodon's entities in JSON, as https://docs.joinmastodon.org/entities/ describes them."""

from typing import Any

from simulator.clock import format_time
from simulator.layout import Instance
from simulator.mastodon_tokens import App
from simulator.wording import render_status
from simulator.world import Account, Post, World


def describe_account(account: Account) -> dict[str, Any]:
    """Give an Account. Mastodon rounds `created_at` to the day."""
    url = account.instance.url
    portrait = f"{url}/avatars/{account.name}.png"
    newest = next(reversed(account.posts.values()), None)
    return {
        "id": account.id,
        "username": account.name,
        "acct": account.name,
        "display_name": account.name.capitalize(),
        "locked": False,
        "bot": False,
        "discoverable": True,
        "group": False,
        "created_at": account.created_at.strftime("%Y-%m-%dT00:00:00.000Z"),
        "note": "",
        "url": f"{url}/@{account.name}",
        "uri": f"{url}/users/{account.name}",
        "avatar": portrait,
        "avatar_static": portrait,
        "header": f"{url}/headers/original/missing.png",
        "header_static": f"{url}/headers/original/missing.png",
        "followers_count": account.followers,
        "following_count": account.followers // 2,
        "statuses_count": len(account.posts),
        "last_status_at": format_time(newest.at)[:10] if newest else None,
        "emojis": [],
        "fields": [],
    }


def describe_credentials(account: Account) -> dict[str, Any]:
    """Give a CredentialAccount: an Account with the owner's preferences."""
    source = {
        "note": "",
        "fields": [],
        "privacy": "public",
        "sensitive": False,
        "language": None,
        "follow_requests_count": 0,
    }
    return describe_account(account) | {"source": source}


def describe_status(post: Post, *, world: World, app: App | None = None) -> dict[str, Any]:
    """Give a Status; with the app's name where its owner reads it."""
    instance, reactions = post.account.instance, world.count_reactions(post)
    status = {
        "id": post.id,
        "created_at": format_time(post.at),
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": post.record.get("spoiler_text", ""),
        "visibility": post.visibility,
        "language": post.language,
        "uri": post.uri,
        "url": post.url,
        "replies_count": reactions.replies,
        "reblogs_count": reactions.reposts,
        "favourites_count": reactions.likes,
        "edited_at": None,
        "content": render_status(post.text, base_url=instance.url, software=instance.kind.software),
        "reblog": None,
        "application": {"name": app.name, "website": app.website} if app else None,
        "account": describe_account(post.account),
        "media_attachments": [],
        "mentions": [],
        "tags": [],
        "emojis": [],
        "card": None,
        "poll": None,
    }
    return status | ({"quotes_count": reactions.quotes} if _knows_quotes(instance) else {})


def _knows_quotes(instance: Instance) -> bool:
    """Tell whether a server counts quotes: Mastodon does from 4.5 on."""
    version = tuple(int(part) for part in instance.kind.version.split(".")[:2])
    return instance.kind.software == "mastodon" and version >= (4, 5)


def describe_instance(instance: Instance, *, world: World) -> dict[str, Any]:
    """Give an Instance (version 2 of that entity)."""
    kind = instance.kind
    return {
        "domain": instance.authority,
        "title": f"Simulated {kind.software} {kind.version}",
        "version": kind.version,
        "source_url": "",
        "description": "A server of the simulator. Nothing leaves this machine.",
        "usage": {"users": {"active_month": len(world.accounts)}},
        "languages": ["en"],
        "configuration": {
            "urls": {},
            "accounts": {"max_featured_tags": 10},
            "statuses": {
                "max_characters": kind.max_characters,
                "max_media_attachments": 4,
                "characters_reserved_per_url": kind.characters_per_url,
            },
        },
        "registrations": {"enabled": True, "approval_required": False, "message": None},
        "api_versions": {"mastodon": 7} if kind.has_metadata else {},
        "contact": {"email": "", "account": None},
        "rules": [],
    }


def describe_old_instance(instance: Instance, *, world: World) -> dict[str, Any]:
    """Give an Instance as version 1 had it, still served by everybody."""
    kind = instance.kind
    return {
        "uri": instance.authority,
        "title": f"Simulated {kind.software} {kind.version}",
        "short_description": "",
        "description": "A server of the simulator. Nothing leaves this machine.",
        "email": "",
        "version": kind.version,
        "urls": {},
        "stats": {
            "user_count": len(world.accounts),
            "status_count": world.standing[instance],
            "domain_count": len(world.instances),
        },
        "languages": ["en"],
        "registrations": True,
        "approval_required": False,
        "configuration": describe_instance(instance, world=world)["configuration"],
        "contact_account": None,
        "rules": [],
    }
