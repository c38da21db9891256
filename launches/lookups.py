"""The rows of many keys at once, found by their keys.

``pk__among=ids`` gives the ids as one value. ``pk__in`` makes a parameter of each of them, and for
a claim of five hundred that takes longer than the database needs to find the rows.
"""

import json
from collections.abc import Collection
from typing import Any

from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

BY_KEYS = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true)
"""


def go_by_keys() -> None:
    """Until its transaction ends, have the database find rows by keys alone.

    Its notion of how large a table is comes from before the launch, and of what a key costs from
    the days of spinning disks: for a few hundred rows it reads all of ten thousand.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(BY_KEYS)


def write_among(ids: Collection[int], *, vendor: str) -> tuple[str, Any]:
    """The condition in the database's own words, to be put behind a column, and its one value."""
    if vendor == "postgresql":
        return "= ANY(%s)", list(ids)
    return "IN (SELECT value FROM json_each(%s))", json.dumps(list(ids))


@models.BigAutoField.register_lookup
class Among(models.Lookup[Any]):
    """Whether a key is one of a collection of whole numbers."""

    lookup_name = "among"
    prepare_rhs = False
    rhs: Collection[int]

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        key, params = self.process_lhs(compiler, connection)
        condition, value = write_among(self.rhs, vendor=connection.vendor)
        return f"{key} {condition}", (*params, value)
