"""One look at the deliveries of a launch: how many of each kind, when, and the newest to be shown.

All of it comes in one query, since it is asked every second while a launch posts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Least, NullIf

from launches.models import Delivery, DeliveryState, Launch
from launches.recalls import NOT_THERE, OPEN_DELETIONS, Deletion
from launches.sweeping import TOO_LATE

SECONDS = 60  # of the first minute each is counted apart
FEED = 12
COLUMNS = ("kind", "network", "state", "second", "mark", "number", "first", "last", "name", "url")


@dataclass(frozen=True)
class Post:
    """A post of somebody who agreed to be shown. ``name`` is theirs, ``lag_ms`` how late it was."""

    name: str
    url: str
    lag_ms: int


@dataclass(frozen=True)
class Row:
    """What is common to some rows of a launch, and how many they are.

    ``kind`` is ``posts`` (``mark``: past the latest time; ``second``: after the moment, from
    ``SECONDS`` on all as one), ``recalled`` (``mark``: how many without an id), or ``shown``, which
    is a single post.
    """

    kind: str
    network: str
    state: str
    second: int | None
    mark: int
    number: int
    first: datetime | None
    last: datetime | None
    name: str
    url: str

    def as_post(self, launch: Launch) -> Post:
        """The post that it is."""
        assert self.last is not None, "what is shown was answered"
        lag = self.last - launch.launch_at
        return Post(self.name, self.url, round(lag.total_seconds() * 1000))


def read_rows(launch: Launch) -> list[Row]:
    """What there is to say of a launch's deliveries. One query."""
    arms = (_count_posts(launch), _list_newest(launch), _count_recalled(launch))
    found = arms[0].union(*arms[1:], all=True)
    rows = [Row(*each) for each in found]
    shown = [row for row in rows if row.kind == "shown"]
    shown.sort(key=lambda row: row.last or launch.launch_at, reverse=True)
    return [row for row in rows if row.kind != "shown"] + shown


def list_shown(launch: Launch) -> QuerySet[Delivery]:
    """The posts of supporters who agreed to be shown, without those that a recall takes away."""
    posts: QuerySet[Delivery] = Delivery.objects.filter(
        launch=launch, state=DeliveryState.SENT, pledge__is_shown=True
    )
    return posts.exclude(deletions__state__in=[*NOT_THERE, *OPEN_DELETIONS])


def _count_posts(launch: Launch) -> Any:
    after = _count_seconds("answered_at", since=launch.launch_at)
    posts: Any = Delivery.objects.filter(launch=launch).order_by()
    return (
        posts.annotate(
            kind=_say("posts"),
            second=Case(
                When(state=DeliveryState.SENT, then=Least(after, Value(SECONDS))),
                default=None,
                output_field=IntegerField(),
            ),
            mark=Case(
                When(state=DeliveryState.NOT_SENT, reason=TOO_LATE, then=1),
                default=0,
                output_field=IntegerField(),
            ),
        )
        .values("kind", "network", "state", "second", "mark")
        .annotate(
            number=Count("pk"),
            first=Min("answered_at"),
            last=Max("answered_at"),
            name=_say(""),
            url=_say(""),
        )
        .values_list(*COLUMNS)
    )


def _list_newest(launch: Launch) -> Any:
    newest = list_shown(launch).order_by("-answered_at").values("pk")[:FEED]
    posts: Any = Delivery.objects.filter(pk__in=newest).order_by()
    account = "pledge__account__"
    return posts.annotate(
        kind=_say("shown"),
        second=Cast(Value(None), IntegerField()),
        mark=Cast(Value(0), IntegerField()),
        number=Cast(Value(1), IntegerField()),
        first=F("answered_at"),
        last=F("answered_at"),
        name=Coalesce(
            NullIf(f"{account}display_name", Value("")),
            f"{account}handle",
            output_field=CharField(),
        ),
        url=F("permalink"),
    ).values_list(*COLUMNS)


def _count_recalled(launch: Launch) -> Any:
    lines: Any = Deletion.objects.filter(recall__launch=launch).order_by()
    return (
        lines.annotate(
            kind=_say("recalled"),
            network=F("delivery__network"),
            second=Cast(Value(None), IntegerField()),
        )
        .values("kind", "network", "state", "second")
        .annotate(
            mark=Count("pk", filter=Q(remote_id="")),
            number=Count("pk"),
            first=Cast(Value(None), DateTimeField()),
            last=Cast(Value(None), DateTimeField()),
            name=_say(""),
            url=_say(""),
        )
        .values_list(*COLUMNS)
    )


def _count_seconds(column: str, *, since: datetime) -> Func:
    """The whole seconds from a moment to a column's; below 0 before it."""
    if connection.vendor == "postgresql":
        return Func(
            F(column),
            Value(since, output_field=DateTimeField()),
            template="FLOOR(EXTRACT(EPOCH FROM (%(expressions)s)))::integer",
            arg_joiner=" - ",
            output_field=IntegerField(),
        )
    # Its moments are text, and its own functions read them, to the millisecond.
    part, whole = since.microsecond / 1_000_000, int(since.timestamp())
    read = f"STRFTIME('%%%%s', %(expressions)s, '-{part:.3f} seconds')"
    return Func(
        F(column),
        template=f"(CAST({read} AS INTEGER) - {whole})",
        output_field=IntegerField(),
    )


def _say(word: str) -> Value:
    return Value(word, output_field=CharField())
