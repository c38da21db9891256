"""Which networks are on, and how: the only file of this package that knows Django.

Reads ``settings.NETWORKS`` (a dict per network: its ``mode``, and what its adapter takes besides),
``settings.MESSENGERS`` (by name, the address of its sharing page; empty: not offered),
``settings.SITE_URL`` and ``settings.NETWORK_EXCEPTIONS``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from networks.adapters import bluesky, facebook, linkedin, mastodon, threads, x
from networks.adapters.bluesky import Bluesky
from networks.adapters.facebook import Facebook
from networks.adapters.linkedin import LinkedIn
from networks.adapters.mastodon import Mastodon
from networks.adapters.threads import Threads
from networks.adapters.x import X
from networks.base import Allowance, Mode, Network
from networks.composers import Composer, compose_at, list_messengers
from networks.http import Http

Known = Mapping[str, Mapping[str, Any]]

# What a simulated server says of the addresses around it, as the adapters take them.
_DIRECTORIES = ("plc_url", "resolver_url", "appview_url", "web_url", "share_url")
_SETTINGS = frozenset({"NETWORKS", "MESSENGERS", "SITE_URL", "NETWORK_EXCEPTIONS"})


def all_networks() -> Mapping[str, Network]:
    """Give every network that is on, by its name, in the order in which they are offered.

    Raises ImproperlyConfigured for a mode that does not exist.
    """
    return _list_offered()


def automatic_networks() -> Mapping[str, Network]:
    """Give those that this site posts to: accounts can be lent there, and only there."""
    return _list_automatic()


def get(name: str) -> Network:
    """Give a network's adapter, also when it is off: what was linked before can still be revoked.

    Raises KeyError for a name that no adapter has.
    """
    return _build_adapters()[name]


def all_composers() -> Mapping[str, Composer]:
    """Give every place where people may post by their own hand, by its name.

    First come the networks that cannot be posted to from here, then the messengers, then those on
    which an account can be lent instead. What is off is none of them.
    """
    return _list_composers()


def get_composer(name: str) -> Composer:
    """Give a place to post by hand, also one that is not offered any more: it was promised there.

    Raises KeyError for a name that nothing has.
    """
    return _list_composers().get(name) or _list_messengers().get(name) or compose_at(get(name))


def open_http(*, connections: int = 1000) -> Http:
    """Give the way out, ready to be used as ``async with open_http() as http``.

    ``connections`` is the most at once, all of them to one host if need be.
    """
    return Http(
        user_agent=f"CrowdSpeak (+{settings.SITE_URL})",
        allowed_hosts=frozenset(settings.NETWORK_EXCEPTIONS),
        connections=connections,
    )


@lru_cache(maxsize=1)
def _list_offered() -> Mapping[str, Network]:
    offered = {name: each for name, each in _build_adapters().items() if each.mode is not Mode.OFF}
    return MappingProxyType(offered)


@lru_cache(maxsize=1)
def _list_automatic() -> Mapping[str, Network]:
    offered = _list_offered().items()
    return MappingProxyType({name: each for name, each in offered if each.mode is Mode.AUTOMATIC})


@lru_cache(maxsize=1)
def _list_composers() -> Mapping[str, Composer]:
    networks = [compose_at(each) for each in _list_offered().values()]
    messengers = [each for name, each in _list_messengers().items() if _find_messenger(name)]
    ordered = sorted((*networks, *messengers), key=lambda each: each.is_lendable)
    return MappingProxyType({each.name: each for each in ordered})


@lru_cache(maxsize=1)
def _list_messengers() -> Mapping[str, Composer]:
    pages = {f"{name}_url": _find_messenger(name) for name in ("whatsapp", "telegram")}
    made = list_messengers(**{name: page for name, page in pages.items() if page})
    return MappingProxyType({each.name: each for each in made})


def _find_messenger(name: str) -> str:
    """Give where its sharing page is; empty where it is off."""
    return str(settings.MESSENGERS.get(name, ""))


def open_closed_http(hosts: frozenset[str], *, connections: int = 100) -> Http:
    """Give a way out that leads to these ``host:port`` pairs alone: to a rehearsal's simulator."""
    return Http(
        user_agent=f"CrowdSpeak (+{settings.SITE_URL})",
        allowed_hosts=hosts,
        connections=connections,
        nowhere_else=True,
    )


def build_simulated(places: Sequence[Mapping[str, str]]) -> Mapping[str, Network]:
    """Give adapters for a simulator's servers, beside those in use and with none of their keys.

    ``places`` are its servers as it describes them: each has its ``network`` and ``url``, some have
    more addresses (``…_url``). A network that it does not play is not among the answer.
    """
    networks: dict[str, dict[str, Any]] = {}
    for place in places:
        name, origin = place["network"], place["url"]
        known = networks.setdefault(name, {"mode": Mode.AUTOMATIC})
        if name in ("mastodon", "bluesky"):
            known |= {key: place[key] for key in _DIRECTORIES if key in place}
            continue
        known |= {
            "client_id": f"simulated-{name}",
            "client_secret": f"simulated-{name}-secret",
            "api_url": origin,
            "consent_url": origin,
        }
        if "version" in _read(name):
            known["version"] = _read(name)["version"]
    hosts = frozenset(urlsplit(url).netloc for place in places for url in _list_urls(place))
    built = _build(networks, hosts=hosts)
    return MappingProxyType({name: built[name] for name in networks if name in built})


def _list_urls(place: Mapping[str, str]) -> list[str]:
    return [value for key, value in place.items() if key == "url" or key.endswith("_url")]


@lru_cache(maxsize=1)
def _build_adapters() -> Mapping[str, Network]:
    return _build(settings.NETWORKS, hosts=frozenset(settings.NETWORK_EXCEPTIONS))


def _build(networks: Known, *, hosts: frozenset[str]) -> Mapping[str, Network]:
    """Build every adapter from the facts of its network, by its name."""
    adapters: tuple[Network, ...] = (
        Mastodon(
            mode=_read_mode(networks, "mastodon"),
            website=settings.SITE_URL,
            share_url=_find(networks, "mastodon").get("share_url") or mastodon.SHARE_PAGE,
            pace=_read_pace(networks, "mastodon", usual=mastodon.PACE),
        ),
        _build_bluesky(networks, hosts=hosts),
        LinkedIn(**_read_platform(networks, "linkedin", usual=linkedin.PACE)),
        Facebook(**_read_platform(networks, "facebook", usual=facebook.PACE)),
        X(**_read_platform(networks, "x", usual=x.PACE)),
        Threads(**_read_platform(networks, "threads", usual=threads.PACE)),
    )
    return MappingProxyType({adapter.name: adapter for adapter in adapters})


def _build_bluesky(networks: Known, *, hosts: frozenset[str]) -> Bluesky:
    mode = _read_mode(networks, "bluesky")
    known = _find(networks, "bluesky").items()
    options = {name: value for name, value in known if name not in ("mode", "pace")}
    try:
        return Bluesky(
            mode=mode,
            site_url=settings.SITE_URL,
            allowed_hosts=hosts,
            pace=_read_pace(networks, "bluesky", usual=bluesky.PACE),
            **options,
        )
    except ValueError:
        raise ImproperlyConfigured(
            "BLUESKY_CLIENT_KEY is no private P-256 key: give one as PEM or JWK, or leave it out."
        ) from None


def _read_platform(networks: Known, name: str, *, usual: Allowance) -> dict[str, Any]:
    """What the adapter of a network of one owner is built from: its facts, and its pace."""
    options = {
        **_find(networks, name),
        "mode": _read_mode(networks, name),
        "pace": _read_pace(networks, name, usual=usual),
    }
    if options["mode"] is Mode.AUTOMATIC and not options.get("client_id"):
        prefix = name.upper()
        raise ImproperlyConfigured(
            f"{prefix}_MODE is automatic, but {prefix}_CLIENT_ID is empty: register this site "
            f"there (docs/networks/{name}.md), or set {prefix}_MODE to assisted or off."
        )
    return {"client_id": "", "client_secret": "", **options}


def _read(name: str) -> dict[str, Any]:
    return _find(settings.NETWORKS, name)


def _find(networks: Known, name: str) -> dict[str, Any]:
    return dict(networks.get(name, {}))


def _read_mode(networks: Known, name: str) -> Mode:
    """Give how a network is on; one that is not named is off."""
    given = _find(networks, name).get("mode", Mode.OFF)
    try:
        return Mode(given)
    except ValueError:
        modes = ", ".join(Mode)
        raise ImproperlyConfigured(
            f"The mode of {name} is {given!r}: set {name.upper()}_MODE to one of {modes}."
        ) from None


def _read_pace(networks: Known, name: str, *, usual: Allowance) -> Allowance:
    """Give the operator's own pace, "requests/seconds" per host, or the usual one."""
    given = _find(networks, name).get("pace")
    if not given:
        return usual
    count, _, seconds = str(given).partition("/")
    if not (count.isdecimal() and seconds.isdecimal() and int(count) and int(seconds)):
        raise ImproperlyConfigured(
            f"{name.upper()}_PACE is {given!r}: give requests and seconds, like 1000/10."
        )
    return Allowance(count=int(count), seconds=int(seconds))


def _forget(*, setting: str, **_: object) -> None:
    """Build the adapters anew once a test has changed what they were built from."""
    if setting in _SETTINGS:
        _list_offered.cache_clear()
        _list_automatic.cache_clear()
        _list_composers.cache_clear()
        _list_messengers.cache_clear()
        _build_adapters.cache_clear()


setting_changed.connect(_forget)
