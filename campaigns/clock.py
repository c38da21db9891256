"""The one clock that decides: the database's, the same for every machine that shares it."""

from datetime import UTC, datetime

from django.db import connection


def database_now() -> datetime:
    """The database's time, aware, UTC. It moves on inside a transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            now: datetime = cursor.fetchone()[0]
            return now.astimezone(UTC)
    return datetime.now(UTC)  # SQLite lives on this machine and has no other clock
