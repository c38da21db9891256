"""A broker that is away is tried again every second, however long it has been away."""

import pytest
from kombu.exceptions import OperationalError

from crowdspeak.celery import app
from tests.processes import free_port


def test_a_broker_that_was_away_for_long_is_found_within_a_second_of_its_return(monkeypatch):
    slept = []
    monkeypatch.setattr("kombu.utils.functional.sleep", slept.append)
    told = []
    connection = app.connection_for_write(url=f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(OperationalError):
        connection.ensure_connection(lambda _error, seconds: told.append(seconds), 40)
    assert set(told) == {1}
    assert sum(slept) == len(told) == 40
