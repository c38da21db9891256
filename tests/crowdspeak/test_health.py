"""/livez and /readyz."""

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from launches.models import Heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker(settings, tmp_path):
    """A broker that answers."""
    from crowdspeak.celery import app

    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    before = app.conf.broker_url, app.conf.broker_transport_options
    app.conf.broker_url, app.conf.broker_transport_options = "filesystem://", folders
    yield app
    app.conf.broker_url, app.conf.broker_transport_options = before


def test_a_process_that_answers_is_alive(client):
    assert client.get("/livez").json() == {"alive": True}


def test_without_a_tick_it_is_not_ready(client, broker):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "database": True, "broker": True, "tick": None}


def test_with_a_fresh_tick_it_is_ready(client, broker):
    Heartbeat.objects.create(name="tick", beat_at=database_now())
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"]


def test_a_scheduler_that_fell_silent_is_not_ready(client, broker):
    Heartbeat.objects.create(name="tick", beat_at=database_now() - timedelta(seconds=30))
    assert client.get("/readyz").status_code == 503


def test_a_broker_that_is_away_is_not_ready(client, broker):
    Heartbeat.objects.create(name="tick", beat_at=database_now())
    broker.conf.broker_url = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["broker"] is False
