"""/livez and /readyz."""

from datetime import timedelta

import pytest
from django.urls import resolve, reverse

from campaigns.clock import database_now
from crowdspeak.probing import PROBES
from launches.pauses import Heartbeat

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


@pytest.mark.parametrize("path", PROBES)
def test_machines_ask_by_whatever_address_they_know(client, settings, path):
    settings.ALLOWED_HOSTS = ["speak.example.org"]
    answer = client.get(path, headers={"Host": "10.1.2.3:8000"})
    assert answer.status_code != 400
    assert reverse(resolve(path).url_name) == path, "what is answered is the page of that name"
    assert not answer.cookies


def test_every_other_page_answers_to_the_sites_own_name_alone(client, settings):
    settings.ALLOWED_HOSTS = ["speak.example.org"]
    for path in ("/", "/livez/", "/livezz", "//livez"):
        assert client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 400


def test_a_probe_only_reads(client, settings):
    assert client.head("/livez").status_code == 200
    settings.ALLOWED_HOSTS = ["speak.example.org"]
    assert client.post("/livez", headers={"Host": "10.1.2.3:8000"}).status_code == 400


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
