"""docker-compose.yml says the same as the Procfile, and names no setting that does not exist.

What it starts is started by ``test_containers``.
"""

import re
import shlex
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from crowdspeak import tasks  # noqa: F401 -- so that they are known
from crowdspeak.celery import app as celery
from launches.tasks import RUNS_AT_ONCE
from tests.composefile import Refused, interpolate, read_dockerfile, read_env

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = [name for name, facts in SERVICES.items() if "build" in facts]
LASTING = [name for name, facts in SERVICES.items() if facts["restart"] != "no"]
IMAGE = read_dockerfile()
PROJECT = (ROOT / "pyproject.toml").read_text()


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


def test_every_container_may_do_no_more_than_it_needs():
    assert {"web", "worker", "beat", "simulator", "keys", "prepare"} == set(OURS)
    for name, facts in SERVICES.items():
        assert "no-new-privileges:true" in facts["security_opt"], name
        assert facts["logging"]["options"]["max-size"], f"the log of {name} fills the disk"
        assert not facts.get("privileged"), name
    for name in OURS:
        assert SERVICES[name]["cap_drop"] == ["ALL"], name
        assert SERVICES[name]["read_only"] is True, name
        assert SERVICES[name]["tmpfs"] == ["/tmp"], name


def test_what_ends_comes_back_and_says_whether_it_is_well():
    assert set(SERVICES) - set(LASTING) == {"keys", "prepare"}
    for name in LASTING:
        assert SERVICES[name]["restart"] == "unless-stopped", name
        assert SERVICES[name]["healthcheck"]["test"], name


def test_only_web_and_workers_reach_the_world():
    assert COMPOSE["networks"]["inner"] == {"internal": True}
    reaching = {name for name, facts in SERVICES.items() if "outer" in facts.get("networks", [])}
    assert reaching == {"web", "worker"}
    for name, facts in SERVICES.items():
        assert "networks" in facts or facts.get("network_mode") == "none", name


def test_the_simulator_knows_no_secret_and_is_reached_from_inside_alone():
    simulator = SERVICES["simulator"]
    assert not {"env_file", "environment", "volumes", "ports"} & set(simulator)
    assert simulator["networks"] == ["inner"]
    words = shlex.split(simulator["command"])
    address = urlsplit(SERVICES["worker"]["environment"]["REHEARSAL_URL"])
    assert words[words.index("--public-host") + 1] == address.hostname
    assert words[words.index("--port") + 1] == str(address.port)


def test_the_broker_throws_no_message_away():
    words = shlex.split(SERVICES["valkey"]["command"])
    assert words[words.index("--maxmemory-policy") + 1] == "noeviction"
    assert words[words.index("--appendonly") + 1] == "yes"


def test_the_number_of_workers_is_the_operators():
    given = SERVICES["worker"]["deploy"]["replicas"]
    assert interpolate(given, {"WORKERS": "5"}) == "5"
    assert interpolate(given, {}) == read_env((ROOT / ".env.example").read_text())["WORKERS"] == "2"


@pytest.mark.parametrize("text", ["${NAME?say it}", "${NAME:?say it}", "$NAME", "${ NAME}"])
def test_what_is_not_set_is_said_and_not_left_empty(text):
    with pytest.raises(Refused):
        interpolate(text, {})
    assert interpolate("$$5 ${NAME} ${OTHER-else}", {"NAME": "x"}) == "$5 x else"


def test_the_image_runs_what_the_web_container_runs_and_not_as_root():
    assert IMAGE.command == shlex.split(SERVICES["web"]["command"])
    assert IMAGE.user not in ("root", "0")
    assert (
        f"--uid 10001 --home-dir /app --shell /usr/sbin/nologin {IMAGE.user}"
        in (ROOT / "Dockerfile").read_text()
    )


def test_the_image_has_a_python_that_is_supported():
    (version,) = re.findall(r"^python:3\.(\d+)-slim$", IMAGE.base)
    (least, below) = re.findall(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', PROJECT)[0]
    assert int(least) <= int(version) < int(below)


def test_what_is_copied_into_the_image_is_there_and_secrets_are_not():
    assert IMAGE.copied
    assert all((ROOT / each).exists() for each in IMAGE.copied)
    left_out = (ROOT / ".dockerignore").read_text().split()
    for name in (".env", ".env.production", ".git", "var", ".venv", "tests"):
        assert any(fnmatch(name, pattern) for pattern in left_out), name
    for name in ("manage.py", "static", "templates", "crowdspeak", "requirements"):
        assert not any(fnmatch(name, pattern) for pattern in left_out), name
