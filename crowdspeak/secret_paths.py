"""Texts without the secrets that stand in addresses.

Some pages are opened by nothing but their address: who has it can act for somebody. Django logs
the path of every request that it refuses, so every line is gone over (``redacting``).
"""

import re

# What comes before the secret, wherever such a path stands in a line.
BEFORE_SECRETS = (
    "/confirm/",
    "/promise/",
    "/reminder/",
    "/unsubscribe/",
    "/erasure/",
    "/account/confirm-email/",
    "/account/password/reset/key/",
    "/demo/sign-in/",
)
_SECRET = re.compile(rf"({'|'.join(map(re.escape, BEFORE_SECRETS))})[^\s\"'?#]+")


def hide_secrets(line: str) -> str:
    """The line, with nothing left of such an address after what tells which page it was."""
    return _SECRET.sub(r"\1…", line)
