"""What ``docker compose up`` starts, started: outside of containers, once for all tests here.

They stand in the order in which they are to run: the last one ends everything.
"""

import json
import os
import re
import secrets
import stat
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.composefile import ROOT, Refused, read_env, read_services
from tests.containers import Deployment
from tests.processes import freeze, thaw, wait_until
from tests.simulated import Simulator

# On the side of PostgreSQL, so that it is run once; the servers are its own.
pytestmark = pytest.mark.postgres

SECRETS = ("SECRET_KEY", "TOKEN_KEYS", "FINGERPRINT_KEY", "INSTANCE_ID")
SUPPORTERS = 30
LONG_RUNNING = ("web", "worker", "beat", "simulator", "postgres", "valkey")


def write_env(folder, *without, **facts):
    """The .env of an operator: the example filled in, as README.md says, without the secrets."""
    example = (ROOT / ".env.example").read_text()
    assert set(facts) <= set(read_env(example)), "only what the example has is filled in"
    lines = []
    for line in example.splitlines():
        name = line.partition("=")[0]
        if name not in (*SECRETS, *without):
            lines.append(f"{name}={facts[name]}" if name in facts else line)
    path = Path(folder) / ".env"
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def deployment():
    """Everything, up and healthy."""
    with tempfile.TemporaryDirectory(prefix="crowdspeak-compose-") as folder:
        password = secrets.token_hex(24)
        write_env(folder, POSTGRES_PASSWORD=password)
        made = Deployment(folder)
        hosts = ",".join(f"simulator:{port}" for port in range(8101, 8112))
        facts = {"SITE_URL": made.url, "EMAIL_URL": "dummymail://", "NETWORK_EXCEPTIONS": hosts}
        write_env(folder, POSTGRES_PASSWORD=password, WORKERS="2", **facts)
        made.services = read_services(folder)
        try:
            made.up()
            yield made
        finally:
            made.down()


def get(deployment, path):
    """A page: status, headers and text."""
    try:
        with urllib.request.urlopen(f"{deployment.url}{path}", timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


def test_everything_starts_in_its_order_and_is_healthy(deployment):
    deployment.wait_healthy()
    started = deployment.started
    assert sorted(started) == sorted(deployment.services)
    assert started.index("keys") < started.index("prepare") < started.index("web")
    assert max(map(started.index, ("postgres", "valkey"))) < started.index("worker")
    assert len(deployment.list_of("worker")) == 2
    for name in LONG_RUNNING:
        assert all(each.process.poll() is None for each in deployment.list_of(name)), name


def test_the_servers_are_of_the_versions_that_the_file_names(deployment):
    ask = "from django.db import connection as c; c.ensure_connection(); print(c.pg_version)"
    words = ("python", "manage.py", "shell", "--verbosity", "0", "-c", ask)
    told = deployment.exec("web", *words, capture_output=True).stdout
    assert deployment.services["postgres"].image == f"postgres:{int(told) // 10000}"


def test_the_secrets_are_made_once_for_nobody_else_to_read(deployment):
    folder = deployment.folder / "volumes" / "keys"
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(before) == {name.lower() for name in SECRETS}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    deployment.exec(
        "keys",
        *deployment.translate_words(
            deployment.services["keys"].command, deployment.services["keys"], Path("/nowhere")
        ),
    )
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


def test_the_site_answers_and_is_ready_once_the_scheduler_ticks(deployment):
    assert get(deployment, "/livez")[0] == 200
    wait_until(lambda: get(deployment, "/readyz")[0] == 200, what="/readyz green")
    report = json.loads(get(deployment, "/readyz")[2])
    assert report["tick"] is not None
    assert (deployment.folder / "volumes" / "data" / "last_tick").is_file()


def test_people_can_sign_up(deployment):
    status, _, page = get(deployment, "/account/signup/")
    assert status == 200
    assert 'name="email"' in page


def test_static_files_are_served_by_their_digests_and_kept_for_good(deployment):
    page = get(deployment, "/")[2]
    (path,) = set(re.findall(r'href="(/static/css/site\.[0-9a-f]{12}\.css)"', page))
    status, headers, _ = get(deployment, path)
    assert status == 200
    assert "immutable" in headers["Cache-Control"]


def test_a_launch_goes_out_end_to_end(deployment):
    url = f"http://127.0.0.1:{deployment.ports['simulator', 8100]}"
    deployment.exec("web", "python", "-m", "tests.crowdspeak.seeding", url, str(SUPPORTERS), "4")

    def find_results():
        status, _, text = get(deployment, "/campaigns/river/results.json")
        results = json.loads(text) if status == 200 else {}
        return results if results.get("tally", {}).get("sent") == SUPPORTERS else None

    try:
        wait_until(find_results, what="the launch's end")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{deployment.read_logs()}") from None
    summary = Simulator(url=url, instances=[]).summarise()
    assert (summary["posts"], summary["duplicates"]) == (SUPPORTERS, 0)


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_one_that_hangs_is_seen_by_its_health_check(deployment, name):
    container = deployment.list_of(name)[0]
    pulse = container.folder / "tmp" / "pulse"
    freeze(container.process)
    try:
        assert container.check(), "it was well a moment ago"
        os.utime(pulse, (0, pulse.stat().st_mtime - 31))
        assert not container.check()
    finally:
        thaw(container.process)
    wait_until(container.check, what=f"{name} healthy again")


def test_no_log_holds_a_secret(deployment):
    folder = deployment.folder / "volumes" / "keys"
    hidden = {path.read_text() for path in folder.iterdir() if path.name != "instance_id"}
    hidden.add(read_env((deployment.folder / ".env").read_text())["POSTGRES_PASSWORD"])
    said = "".join(path.read_text() for path in deployment.folder.glob("containers/*/log"))
    assert said
    assert not [each for each in hidden if each in said]


def test_everything_ends_by_itself_when_it_is_asked_to(deployment):
    """In the opposite order, as ``docker compose down`` does, none for longer than it may take."""
    for name in reversed([each for each in deployment.started if each in LONG_RUNNING]):
        assert set(deployment.stop(name)) == {0}, f"{name}\n{deployment.read_logs()}"


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "SITE_URL"])
@pytest.mark.parametrize("is_there", [True, False])
def test_without_what_must_be_filled_in_nothing_starts(tmp_path, name, is_there):
    if is_there:
        write_env(tmp_path, **{name: ""})
    else:
        write_env(tmp_path, name)
    with pytest.raises(Refused, match=f"{name} is missing a value: set {name} in .env"):
        read_services(tmp_path)


def test_without_an_env_file_nothing_starts(tmp_path):
    with pytest.raises(Refused, match="not found"):
        read_services(tmp_path)
