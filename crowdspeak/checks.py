"""Misconfiguration, told at the start in a sentence that says what to do."""

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

LEASE_LEAST_SECONDS = 15
METRICS_TOKEN_LEAST = 20  # characters


@register()
def check_token_keys(**_: Any) -> Sequence[CheckMessage]:
    """Every token key must be a Fernet key."""
    for number, key in enumerate(settings.TOKEN_KEYS, 1):
        try:
            Fernet(key)
        except ValueError:
            return [
                Error(
                    f"Key {number} of TOKEN_KEYS is not a Fernet key.",
                    hint="Make one with 'python -m crowdspeak.keys FOLDER'.",
                    id="crowdspeak.E001",
                )
            ]
    return []


@register()
def check_proxies(**_: Any) -> Sequence[CheckMessage]:
    """Each trusted proxy must be an address or a network."""
    for given in settings.TRUSTED_PROXIES:
        try:
            ip_network(given, strict=False)
        except ValueError:
            return [
                Error(
                    f"TRUSTED_PROXIES has {given!r}, which is no address and no network.",
                    hint="Give addresses like 10.0.0.5 or networks like 10.0.0.0/24.",
                    id="crowdspeak.E005",
                )
            ]
    return []


@register()
def check_rehearsals(**_: Any) -> Sequence[CheckMessage]:
    """Rehearsals go to a simulator of our own, by its exact address."""
    given = settings.REHEARSAL_URL
    parts = urlsplit(given)
    try:
        is_whole = parts.scheme == "http" and bool(parts.hostname and parts.port)
    except ValueError:
        is_whole = False
    if not given or (is_whole and not (parts.path or parts.query or parts.username)):
        return []
    return [
        Error(
            f"REHEARSAL_URL is {given!r}, which is no address of a simulator's control page.",
            hint="Give it like http://simulator:8100, with its port and nothing after it, or leave "
            "it out: then there are no rehearsals.",
            id="crowdspeak.E008",
        )
    ]


@register()
def check_lease(**_: Any) -> Sequence[CheckMessage]:
    """A lease shorter than a request would let two workers hold the same delivery."""
    if settings.LEASE_SECONDS >= LEASE_LEAST_SECONDS:
        return []
    return [
        Error(
            f"LEASE_SECONDS is {settings.LEASE_SECONDS}, and a request may take 10 s.",
            hint=f"Set it to {LEASE_LEAST_SECONDS} or more, or leave it out.",
            id="crowdspeak.E004",
        )
    ]


@register()
def check_metrics_token(**_: Any) -> Sequence[CheckMessage]:
    """Whoever guesses it reads how the site is doing."""
    token = settings.METRICS_TOKEN
    if not token or (len(token) >= METRICS_TOKEN_LEAST and "change-me" not in token):
        return []
    return [
        Error(
            "METRICS_TOKEN is too short, or still a sample.",
            hint=f"Make one of {METRICS_TOKEN_LEAST} characters or more, as .env.example says, or "
            "leave it out: then there is no /metrics.",
            id="crowdspeak.E006",
        )
    ]


@register()
def check_database_password(**_: Any) -> Sequence[CheckMessage]:
    """The sample's password is everybody's."""
    if not settings.PRODUCTION or "change-me" not in settings.DATABASES["default"]["PASSWORD"]:
        return []
    return [
        Error(
            "The database's password is still the sample.",
            hint="Put one of your own into POSTGRES_PASSWORD (or DATABASE_URL), and give the "
            "database's user the same.",
            id="crowdspeak.E007",
        )
    ]


@register(deploy=True)
def check_site_is_https(**_: Any) -> Sequence[CheckMessage]:
    """People lend their accounts: not over plain HTTP, but for this machine alone."""
    if settings.SECURE or settings.LOOPBACK:
        return []
    return [
        Error(
            "SITE_URL is not https.",
            hint="Put a proxy with a certificate in front and set SITE_URL to its address.",
            id="crowdspeak.E002",
        )
    ]


@register()
def check_exceptions_are_for_trials(**_: Any) -> Sequence[CheckMessage]:
    """The address guard has holes only where nothing real is at stake."""
    if settings.NETWORK_EXCEPTIONS and not settings.LOOPBACK:
        return [
            Error(
                "NETWORK_EXCEPTIONS opens this machine's own ports to anybody's input.",
                hint="Remove it, or run the site on a loopback SITE_URL.",
                id="crowdspeak.E003",
            )
        ]
    return []
