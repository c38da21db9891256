"""The only place that encrypts and decrypts what supporters entrusted us with.

``TOKEN_KEYS`` are Fernet keys, the first encrypts, all decrypt. Each sealed text starts with the id
of its key (the first 8 hex digits of the key's SHA-256), so that a missing key can be named. What
is sealed carries its purpose (which account, which request): a sealed text moved to another row
does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.signals import setting_changed

from networks.base import Credentials, Registration


class VaultError(Exception):
    """A sealed text does not open. The sentence says what the operator can do."""


@lru_cache(maxsize=1)
def _keys() -> dict[str, Fernet]:
    return {
        hashlib.sha256(key.encode()).hexdigest()[:8]: Fernet(key) for key in settings.TOKEN_KEYS
    }


def _forget_keys(*, setting: str, **_: Any) -> None:
    if setting == "TOKEN_KEYS":
        _keys.cache_clear()


setting_changed.connect(_forget_keys)


def seal(facts: Mapping[str, Any], *, purpose: str) -> str:
    """Encrypt facts (JSON) for one purpose, such as ``account:<fingerprint>``."""
    key_id, fernet = next(iter(_keys().items()))
    plain = json.dumps({"purpose": purpose, "facts": dict(facts)}, separators=(",", ":"))
    return f"{key_id}:{fernet.encrypt(plain.encode()).decode()}"


def unseal(sealed: str, *, purpose: str) -> dict[str, Any]:
    """What was sealed for this purpose. Raises VaultError, never showing what is inside."""
    key_id, _, body = sealed.partition(":")
    fernet = _keys().get(key_id)
    if fernet is None:
        raise VaultError(
            f"The token key {key_id!r} is missing from TOKEN_KEYS. Put it back behind the first."
        )
    try:
        content = json.loads(fernet.decrypt(body.encode()))
    except InvalidToken:
        raise VaultError("A sealed text was changed, or sealed by another key.") from None
    if content["purpose"] != purpose:
        raise VaultError("A sealed text was found where it does not belong.")
    facts: dict[str, Any] = content["facts"]
    return facts


def fingerprint(*, network: str, host: str, account_id: str) -> str:
    """The keyed hash by which an account is known once it is unlinked or erased (64 hex digits).

    A DID names one account wherever it lives, so it stands without the host: an account that moves
    to another server, or that came in by its network's front door, must not be posted from twice.
    """
    place = "" if account_id.startswith("did:") else host
    name = f"{network}\x1f{place}\x1f{account_id}"
    return hmac.new(settings.FINGERPRINT_KEY.encode(), name.encode(), hashlib.sha256).hexdigest()


def seal_credentials(credentials: Credentials, *, fingerprint: str) -> str:
    """Credentials, sealed for the account with that fingerprint."""
    facts = asdict(credentials)
    facts["expires_at"] = credentials.expires_at.isoformat() if credentials.expires_at else None
    return seal(facts, purpose=f"account:{fingerprint}")


def unseal_credentials(sealed: str, *, fingerprint: str) -> Credentials:
    """The credentials of the account with that fingerprint."""
    facts = unseal(sealed, purpose=f"account:{fingerprint}")
    if facts["expires_at"]:
        facts["expires_at"] = datetime.fromisoformat(facts["expires_at"])
    return Credentials(**facts)


def seal_registration(registration: Registration, *, network: str, host: str) -> str:
    """Our app's name and password at one server, sealed for it."""
    return seal(asdict(registration), purpose=f"server:{network}:{host}")


def unseal_registration(sealed: str, *, network: str, host: str) -> Registration:
    """Our app's name and password at one server."""
    return Registration(**unseal(sealed, purpose=f"server:{network}:{host}"))
