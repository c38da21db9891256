"""Which fault strikes which request.

A rule is a JSON object; every part of it is optional:

- whom: `instance` (host:port), `network`, `account` (name, handle or id);
- where: `endpoints`, one or a list of `publish` (the default), `token`, `find`, `delete`, `all`;
- how often: one rate between 0 and 1 per fault, named below; in one rule at most one of them
  strikes a request, so their sum is at most 1;
- for how long: `times`, only the first N matching requests;
- details: `retry_after` for `429` (seconds, any text however absurd, or null for no headers at
  all), `latency_ms` for every answer, `slow_ms` for `slow`, `jitter_ms` added at random to both,
  `drip_ms` between two bytes of `slow_loris`, `redirect_to` for `redirect`, `seed` for a rule
  whose dice must fall the same each time.

Faults that strike before the server does its work: `429`, `500_before`, `cut_before` (the
connection is cut), `revoked` (401, as for a revoked token), `html` (a 200 with a web page),
`broken_json_before`, `endless` (a 200 whose body never ends), `gzip_bomb` (a small body that
unpacks to 256 MB), `redirect`; `slow_before` waits first and then works.

Faults that strike after the work is done, so that a post is there although the answer does not
say so: `500_after`, `cut`, `html_after`, `broken_json` (the true answer, cut in half),
`endless_after`, `gzip_bomb_after`, `slow_loris` (the true answer, a byte at a time); `slow` waits
and then gives the true answer. A request that is refused anyway gets its refusal instead.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from simulator.world import Account

BEFORE = (
    "429",
    "500_before",
    "cut_before",
    "revoked",
    "html",
    "broken_json_before",
    "endless",
    "gzip_bomb",
    "redirect",
    "slow_before",
)
AFTER = (
    "500_after",
    "cut",
    "html_after",
    "broken_json",
    "endless_after",
    "gzip_bomb_after",
    "slow_loris",
    "slow",
)
RATES = BEFORE + AFTER
ENDPOINTS = ("publish", "token", "find", "delete", "all")
NUMBERS = ("latency_ms", "jitter_ms", "slow_ms", "drip_ms")
WORDS = ("instance", "network", "account", "redirect_to")
KEYS = {*RATES, *NUMBERS, *WORDS, "endpoints", "retry_after", "times", "seed"}


class RuleRefused(ValueError):
    """A fault rule that makes no sense; the message says what to change."""


@dataclass(slots=True)
class Rule:
    """One fault rule in force, with how often it matched and struck."""

    given: dict[str, Any]
    rates: dict[str, float]
    endpoints: frozenset[str]
    dice: random.Random
    matched: int = 0
    struck: Counter[str] = field(default_factory=Counter)

    def matches(self, *, kind: str, instance: str, network: str, account: Account | None) -> bool:
        """Tell whether this rule concerns a request, its `times` aside."""
        given = self.given
        if "all" not in self.endpoints and kind not in self.endpoints:
            return False
        if given.get("instance") not in (None, instance):
            return False
        if given.get("network") not in (None, network):
            return False
        wanted = given.get("account")
        return wanted is None or (account is not None and wanted in account.labels)

    def roll(self) -> str | None:
        """Throw the dice once: the name of the fault that strikes, or None."""
        if not self.rates:
            return None
        left = self.dice.random()
        for name, rate in self.rates.items():
            if left < rate:
                self.struck[name] += 1
                return name
            left -= rate
        return None

    def measure(self, name: str, *, default: float = 0) -> float:
        """Give one of the rule's durations in seconds."""
        return float(self.given.get(name, default)) / 1000

    def describe(self) -> dict[str, Any]:
        """Give the rule as it was set, with its counts."""
        return self.given | {"matched": self.matched, "struck": dict(self.struck)}


@dataclass(frozen=True, slots=True)
class Hit:
    """What happens to one request: a delay in seconds, then a fault or none."""

    name: str | None = None
    delay_seconds: float = 0
    rule: Rule | None = None


UNHARMED = Hit()


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def set_rules(self, given: object) -> None:
        """Put these rules (an object or a list of them) in the place of all others.

        Raises RuleRefused, and then changes nothing.
        """
        entries = given if isinstance(given, list) else [given]
        self.rules = [read_rule(entry) for entry in entries]

    def clear(self) -> None:
        """Put every fault out of force."""
        self.rules = []

    def describe(self) -> list[dict[str, Any]]:
        """Give the rules in force, with their counts."""
        return [rule.describe() for rule in self.rules]

    def draw(self, *, kind: str, instance: str, network: str, account: Account | None) -> Hit:
        """Decide what happens to a request: delays add up, the first fault wins."""
        name, delay, struck = None, 0.0, None
        for rule in self.rules:
            if not rule.matches(kind=kind, instance=instance, network=network, account=account):
                continue
            if rule.matched >= rule.given.get("times", float("inf")):
                continue
            rule.matched += 1
            latency = rule.measure("latency_ms")
            if latency:
                delay += latency + rule.dice.random() * rule.measure("jitter_ms")
            if name is None:
                name = rule.roll()
                struck = rule if name else None
        return Hit(name=name, delay_seconds=delay, rule=struck) if name or delay else UNHARMED


def read_rule(given: object) -> Rule:
    """Check one rule. Raises RuleRefused with a sentence that says what is wrong."""
    if not isinstance(given, dict):
        raise RuleRefused("A fault rule is a JSON object; give one or a list of them.")
    unknown = sorted(set(given) - KEYS)
    if unknown:
        raise RuleRefused(f"Unknown: {', '.join(unknown)}. Known: {', '.join(sorted(KEYS))}.")
    for name in NUMBERS:
        _check_number(given, name=name, most=float("inf"))
    for name in WORDS:
        if not isinstance(given.get(name), str | None):
            raise RuleRefused(f"{name} is a text.")
    for name in RATES:
        _check_number(given, name=name, most=1)
    rates = {name: float(given[name]) for name in RATES if given.get(name)}
    if sum(rates.values()) > 1 + 1e-9:
        raise RuleRefused("The rates of one rule add up to more than 1.")
    if "redirect" in rates and not given.get("redirect_to"):
        raise RuleRefused("redirect needs redirect_to, the URL to send to.")
    times = given.get("times", 0)
    if not isinstance(times, int) or times < 0:
        raise RuleRefused("times is a whole number, 0 or more.")
    return Rule(
        given=given,
        rates=rates,
        endpoints=frozenset(_read_endpoints(given.get("endpoints", "publish"))),
        dice=random.Random(given.get("seed")),
    )


def _read_endpoints(given: object) -> list[str]:
    names: list[Any] = given if isinstance(given, list) else [given]
    if not names or any(name not in ENDPOINTS for name in names):
        raise RuleRefused(f"endpoints is one or a list of {', '.join(ENDPOINTS)}.")
    return names


def _check_number(given: dict[str, Any], *, name: str, most: float) -> None:
    value = given.get(name, 0)
    if not isinstance(value, int | float) or not 0 <= value <= most:
        raise RuleRefused(f"{name} is a number from 0 to {most}." if most == 1 else f"{name}: ≥ 0.")
