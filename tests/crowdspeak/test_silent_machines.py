"""A machine that falls silent is given up: what is set for that reaches those who keep to it.

What comes of it is shown by ``tests/faults/test_hosts.py``.
"""

import pytest
from django.conf import settings
from django.db import connection


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_database_looks_whether_who_asked_is_still_there():
    with connection.cursor() as cursor:
        cursor.execute("SHOW client_connection_check_interval")
        assert cursor.fetchone() == ("5s",)


@pytest.mark.postgres
@pytest.mark.django_db
def test_both_sides_wait_as_long_and_no_longer_than_half_a_minute():
    facts = settings.DATABASES["default"]["OPTIONS"]
    on_server = dict(pair.split("=") for pair in facts["options"].split("-c ") if pair)
    count = {name: int(value) for name, value in on_server.items()}
    for side in (facts, {name.removeprefix("tcp_"): value for name, value in count.items()}):
        silence = side["keepalives_idle"] + side["keepalives_interval"] * side["keepalives_count"]
        assert silence <= 30
    assert facts["tcp_user_timeout"] == count["tcp_user_timeout"] <= 30_000
