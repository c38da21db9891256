"""A second simulator, for rehearsals alone: what stands for the networks is never asked by them."""

import pytest

from launches.rehearsal_runs import rehearse
from launches.rehearsals import Rehearsal
from launches.rehearsing import ask
from tests.simulated import start_simulator, stop_simulator


@pytest.fixture(scope="session")
def stage_process():
    """The running second simulator."""
    process, client = start_simulator()
    try:
        yield client
    finally:
        stop_simulator(process)


@pytest.fixture
def stage(stage_process, settings, monkeypatch):
    """The site rehearses there; the moment comes at once."""
    from datetime import timedelta

    stage_process.reset()
    settings.REHEARSAL_URL = stage_process.url
    monkeypatch.setattr("launches.rehearsal_planning.LEAD", timedelta(seconds=0.05))
    return stage_process


@pytest.fixture
def rehearse_now(stage):
    """Ask for a rehearsal and carry it out as a worker would; gives it as it then is."""

    def do(campaign, *, person=None):
        rehearsal = ask(campaign, person=person or campaign.organiser)
        assert rehearse()
        return Rehearsal.objects.get(pk=rehearsal.pk)

    return do
