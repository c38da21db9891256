"""Log lines without the secrets that stand in addresses.

Some pages are opened by nothing but their address: who has it can act for somebody. Django logs
the path of every request that it refuses, so each line is gone over as it is written.
"""

import logging
import re

# What comes before the secret, wherever such a path stands in a line.
BEFORE_SECRETS = (
    "/confirm/",
    "/promise/",
    "/reminder/",
    "/erasure/",
    "/account/confirm-email/",
    "/account/password/reset/key/",
    "/demo/sign-in/",
)
_SECRET = re.compile(rf"({'|'.join(map(re.escape, BEFORE_SECRETS))})[^\s\"'?#]+")


def hide_secrets(line: str) -> str:
    """The line, with nothing left of such an address after what tells which page it was."""
    return _SECRET.sub(r"\1…", line)


class Formatter(logging.Formatter):
    """Writes a line, and what was raised below it, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return hide_secrets(super().format(record))
