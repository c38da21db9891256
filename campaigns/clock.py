"""The one clock that decides: the database's, the same for every machine that shares it."""

from datetime import UTC, datetime

from django.db import connection
from django.db.models import DateTimeField, Func, Value


def database_now() -> datetime:
    """The database's time, aware, UTC. It moves on inside a transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            now: datetime = cursor.fetchone()[0]
            return now.astimezone(UTC)
    return datetime.now(UTC)  # SQLite lives on this machine and has no other clock


def tell_now() -> Func | Value:
    """The same within somebody else's query, which saves one of its own."""
    if connection.vendor == "postgresql":
        return Func(function="CLOCK_TIMESTAMP", output_field=DateTimeField())
    return Value(database_now(), output_field=DateTimeField())
