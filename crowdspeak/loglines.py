"""How a log line is written: as JSON for machines in production, as words for who looks on.

Everything logs through the standard library. What a line is about stands beside it, bound where the
work is done (``structlog.contextvars``): request, task, campaign, launch, delivery, account.
"""

import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

from structlog.contextvars import merge_contextvars
from structlog.processors import StackInfoRenderer, format_exc_info
from structlog.stdlib import ProcessorFormatter

from crowdspeak.redacting import Redactor, list_own_secrets

Line = MutableMapping[str, Any]
HEAD = ("at", "level", "logger", "event")
TRACES = ("exception", "stack")


def set_up_logs(*, kind: str, level: str) -> dict[str, Any]:
    """The logs' set-up, for ``settings.LOGGING``; ``kind`` is ``json`` or ``console``.

    ``level`` is for what is ours. Others say less, and nothing where they would tell too much.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "crowdspeak.loglines.make_formatter", "kind": kind}},
        "handlers": {"console": {"class": "crowdspeak.loglines.Lines", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            # At DEBUG it prints statements with their values.
            "django.db.backends": {"level": "INFO"},
            "post_office": {"handlers": ["console"], "propagate": False, "level": "WARNING"},
            "_granian": {"handlers": [], "propagate": True},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "kombu.connection": {"level": "ERROR"},
            # Its warnings name people and their connections; its notes are in the admin, 30 days.
            "axes": {"level": "ERROR"},
            # At DEBUG these three print tokens.
            "tweepy": {"level": "ERROR"},
            "oauthlib": {"level": "ERROR"},
            "requests_oauthlib": {"level": "ERROR"},
            "urllib3": {"level": "WARNING"},
            "aiohttp.access": {"level": "WARNING"},
        },
    }


def make_formatter(*, kind: str) -> ProcessorFormatter:
    """The formatter of ``settings.LOGGING``; ``kind`` is ``json`` or ``console``."""
    return ProcessorFormatter(
        processors=[
            merge_contextvars,
            describe_record,
            ProcessorFormatter.remove_processors_meta,
            StackInfoRenderer(),
            format_exc_info,
            # After all that could bring words of others in.
            Redactor(list(list_own_secrets())),
            write_json if kind == "json" else write_console,
        ]
    )


def describe_record(logger: Any, name: str, line: Line) -> Line:
    """When, how grave, from where; and the status of an answer, which Django tells beside it."""
    record: logging.LogRecord = line["_record"]
    at = datetime.fromtimestamp(record.created, UTC)
    facts = {
        "at": at.isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": line["event"],
    }
    status = getattr(record, "status_code", None)
    if isinstance(status, int):
        facts["status"] = status
    return {**facts, **{key: value for key, value in line.items() if key not in facts}}


def write_json(logger: Any, name: str, line: Line) -> str:
    """One line of JSON, whatever line ends its texts hold."""
    return json.dumps(dict(line))


def write_console(logger: Any, name: str, line: Line) -> str:
    """A line for a person; traces below it."""
    about = " ".join(f"{key}={line[key]}" for key in line if key not in (*HEAD, *TRACES))
    first = f"{line['at'][:23]} {line['level'].upper()} {line['logger']}: {line['event']}"
    parts = [f"{first} [{about}]" if about else first, *(line.get(key) for key in TRACES)]
    return "\n".join(part for part in parts if part)


class Lines(logging.StreamHandler[Any]):
    """Writes to the standard error stream, and never what could not be cleaned.

    The standard library's handler would print a record that cannot be formatted, arguments and all.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        """Say that a line is missing, and where it was to be written from."""
        kind = sys.exc_info()[0]
        event = f"a line could not be written: {kind.__name__ if kind else 'no reason'}"
        facts = {"level": "error", "logger": record.name, "event": event, "line": record.lineno}
        self.stream.write(json.dumps(facts) + self.terminator)
