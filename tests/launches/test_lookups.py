"""Rows found by their keys, many at once."""

import pytest
from django.db import connection, transaction

from launches.lookups import go_by_keys
from supporters.models import Pledge

pytestmark = pytest.mark.django_db(transaction=True)


def show(name):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


def test_rows_of_many_keys_are_found_by_one_value(crowd):
    _, pledges = crowd(4)
    keys = [pledge.pk for pledge in pledges]
    found = Pledge.objects.filter(pk__among={keys[0], keys[2]}).order_by("pk")
    assert list(found.values_list("pk", flat=True)) == [keys[0], keys[2]]
    assert not Pledge.objects.filter(pk__among=[]).exists()
    assert Pledge.objects.exclude(pk__among=keys[1:]).get() == pledges[0]


@pytest.mark.postgres
def test_the_database_goes_by_keys_until_its_transaction_ends():
    with transaction.atomic():
        go_by_keys()
        assert show("enable_seqscan") == show("enable_hashjoin") == "off"
    assert show("enable_seqscan") == show("enable_hashjoin") == "on"
