"""docker-compose.yml says the same as the Procfile, and names no setting that does not exist."""

import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from crowdspeak import tasks  # noqa: F401 -- so that they are known
from crowdspeak.celery import app as celery
from launches.tasks import RUNS_AT_ONCE

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]


def read_procfile():
    lines = (ROOT / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line)


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_containers_run_what_the_procfile_runs(name):
    assert shlex.split(SERVICES[name]["command"]) == shlex.split(read_procfile()[name])


def test_a_worker_has_a_thread_for_each_task_beside_as_many_launches_as_it_takes_part_in():
    """Else a launch's work, which lasts, could keep the tick waiting: that is a silence."""
    words = shlex.split(read_procfile()["worker"])
    (threads,) = (int(word.partition("=")[2]) for word in words if "--concurrency" in word)
    ours = [name for name in celery.tasks if name.startswith(("launches.", "crowdspeak."))]
    assert len(ours) > 5, "tasks are found where they are declared"
    assert threads >= RUNS_AT_ONCE + len(ours) - 1  # all of them but taking part in a launch


def test_the_web_container_serves_the_same_application():
    for command in (SERVICES["web"]["command"], read_procfile()["web"]):
        assert shlex.split(command)[0] == "granian"
        assert shlex.split(command)[-1] == "crowdspeak.wsgi:application"


@pytest.mark.parametrize("name", ["web", "worker", "beat", "prepare"])
def test_every_setting_of_a_container_is_one_that_is_documented(name):
    documented = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    given = {each.removesuffix("_FILE") for each in SERVICES[name]["environment"]}
    assert given <= documented


def test_the_health_check_is_answered_by_a_site_that_answers_to_its_own_name_alone(
    client, settings
):
    settings.ALLOWED_HOSTS = ["speak.example.org"]
    (address,) = re.findall(r"'(http://\S+)'", SERVICES["web"]["healthcheck"]["test"][-1])
    asked = urlsplit(address)
    assert client.get(asked.path, headers={"Host": asked.netloc}).status_code == 200
    assert f"--port {asked.port} " in SERVICES["web"]["command"]


def test_only_this_machine_reaches_the_site_without_a_proxy():
    assert SERVICES["web"]["ports"] == ["127.0.0.1:8000:8000"]
    assert not [name for name in SERVICES if name != "web" and "ports" in SERVICES[name]]


def test_every_setting_that_is_read_is_documented():
    readers = ("crowdspeak/settings.py", "crowdspeak/network_settings.py")
    source = "".join((ROOT / each).read_text() for each in readers)
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    read |= set(re.findall(r'require\("([A-Z_]+)"', source))
    assert {"SITE_URL", "MASTODON_MODE", "SECRET_KEY"} <= read
    documented = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read <= documented
