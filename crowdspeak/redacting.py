"""What no log line may say: keys of any kind, addresses, and what stands after a ``?``.

The second line of defence. The first is that nobody writes such things into a log; this one is for
words that are not ours: an exception of a database or a library, a server's answer in a traceback.
It rather takes out too much. Every pattern is linear in the text, and the text has a limit.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from crowdspeak.secret_paths import hide_secrets

GONE = "***"
TEXT_MOST = 20_000  # characters of one part of a line; what was raised stands at a trace's end
KNOWN_LEAST = 8  # shorter settings would take words out of sentences

_NAMES = (
    r"[\w-]{0,40}(?:token|secret|passw(?:or)?d|passphrase|credentials|verifier|assertion|signature"
    r"|cookie|session(?:id|_key)|csrf\w{0,20}|api_?key)"
)
_SECRET_NAME = re.compile(rf"(?:{_NAMES}|(?:proxy-)?authorization|dpop)", re.IGNORECASE)

# In this order: what is taken out by the first is no matter for the others.
_PATTERNS = (
    # A header, with its scheme and what follows it.
    (
        re.compile(
            r"(?i)(authorization[\"']?\s{0,3}[:=]\s{0,3}[\"'(]{0,2})(?:\w{1,20}\s)?[^\s\"',]+"
        ),
        rf"\1{GONE}",
    ),
    (re.compile(r"(?i)\b(bearer|dpop|basic)\s{1,3}[\w.~+/=-]{8,}"), rf"\1 {GONE}"),
    # Who signs in, within an address: redis://:password@host
    (re.compile(r"://[^\s/?#@\"'<>]{1,400}@"), f"://{GONE}@"),
    # What stands after an address: codes, states, signed requests.
    (re.compile(r"\?(?=[^\s\"'<>?]*=)[^\s\"'<>?]*"), f"?{GONE}"),
    # {"access_token": "…"}, client_secret=…
    (
        re.compile(
            rf"(?i)(?<![\w-])((?:{_NAMES})[\"']?\s{{0,3}}[:=]\s{{0,3}}b?[\"']?)[^\s\"',;&)}}\]]+"
        ),
        rf"\1{GONE}",
    ),
    (re.compile(r"(?i)(?<![\w-])(code[\"']?\s?[:=]\s?[\"']?)[\w~.-]{8,}"), rf"\1{GONE}"),
    # E-mail addresses, and accounts that look like them: @sam@example.social
    (re.compile(r"(?<![\w.+%-])@?[\w.+%-]{1,120}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), GONE),
)
# Long runs that no word is: keys, tokens, digests, UUIDs. Not: words_joined_by_lines.
_RUN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{28,}")
_WORDS = re.compile(r"[A-Za-z]{1,24}(?:[_-]+[A-Za-z]{1,24})+[_-]*")


class Redactor:
    """A part of the log's set-up (a structlog processor): takes secrets out of every value.

    ``known`` are this site's own secrets, which are taken out wherever they stand.
    """

    def __init__(self, known: Collection[str]) -> None:
        longest_first = sorted({each for each in known if len(each) >= KNOWN_LEAST}, key=len)[::-1]
        self._known = (
            re.compile("|".join(re.escape(each) for each in longest_first))
            if longest_first
            else None
        )

    def __call__(self, logger: Any, name: str, line: Mapping[str, Any]) -> dict[str, Any]:
        """Give the line's facts as they may be written: numbers, and clean text."""
        return {key: self._clean(key, value) for key, value in line.items()}

    def _clean(self, key: str, value: Any) -> Any:
        if _SECRET_NAME.fullmatch(key):
            return GONE
        if value is None or isinstance(value, int | float):
            return value
        return self.redact(value if isinstance(value, str) else repr(value))

    def redact(self, text: str) -> str:
        """Take out of a text what no log may say."""
        if len(text) > TEXT_MOST:
            text = _shorten(text)
        text = hide_secrets(text)
        if self._known is not None:
            text = self._known.sub(GONE, text)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return _RUN.sub(_redact_run, text)


def _shorten(text: str) -> str:
    """Its two ends, each up to a whole word: half a key would not be known as one."""
    half = TEXT_MOST // 2
    head, tail = text[:half], text[-half:]
    begins = [at for at in (tail.find(" "), tail.find("\n")) if at >= 0]
    last = max(head.rfind(" "), head.rfind("\n"))
    return f"{head[: last + 1]}{GONE}{tail[min(begins) :] if begins else ''}"


def _redact_run(found: re.Match[str]) -> str:
    return found[0] if _WORDS.fullmatch(found[0]) else GONE


def list_own_secrets() -> Iterator[str]:
    """Every secret that this site's settings hold."""
    yield from (settings.SECRET_KEY, settings.FINGERPRINT_KEY, *settings.TOKEN_KEYS)
    yield from (settings.EMAIL_HOST_PASSWORD, settings.METRICS_TOKEN)
    yield from (str(each.get("PASSWORD") or "") for each in settings.DATABASES.values())
    for each in settings.NETWORKS.values():
        yield each.get("client_secret", "")
        # A private key has lines, which a text may hold one by one.
        yield from each.get("client_key", "").splitlines()
    for address in (settings.BROKER_URL, settings.CACHE_URL):
        yield urlsplit(address).password or ""
