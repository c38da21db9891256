"""The product's settings for a process whose queries are counted: one byte each in QUERIES_FILE."""

import os

from django.db.backends.signals import connection_created

from crowdspeak.settings import *  # noqa: F403

_file = os.open(os.environ["QUERIES_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def _count(execute, sql, params, many, context):
    os.write(_file, b".")
    return execute(sql, params, many, context)


def _listen(connection, **_):
    connection.execute_wrappers.append(_count)


connection_created.connect(_listen)
