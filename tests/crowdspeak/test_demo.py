"""The demo's start: what it checks, and what it starts."""

import re
import socket
from datetime import timedelta

import pytest

from crowdspeak.demo import (
    ROOT,
    SERVERS,
    CannotStart,
    Outlet,
    check_machine,
    describe_environment,
    list_processes,
    read_number,
)
from crowdspeak.durations import read_durations


def test_a_port_that_is_taken_is_named_with_what_to_do(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} is taken: stop"):
            check_machine([port], tmp_path)


def test_a_full_disk_is_told_before_anything_is_written(tmp_path, monkeypatch):
    import shutil

    usage = shutil._ntuple_diskusage(100, 99, 1)
    monkeypatch.setattr("crowdspeak.demo.shutil.disk_usage", lambda _: usage)
    with pytest.raises(CannotStart, match="make room"):
        check_machine([], tmp_path)


def test_another_python_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("crowdspeak.demo.PYTHONS", ((4, 0), (5, 0)))
    with pytest.raises(CannotStart, match="Python 3"):
        check_machine([], tmp_path)


def test_a_machine_that_will_do_is_let_through(tmp_path):
    check_machine([], tmp_path / "new")
    assert (tmp_path / "new").is_dir()


def test_a_number_that_is_none_is_told(monkeypatch):
    monkeypatch.setenv("PORT", "many")
    with pytest.raises(CannotStart, match="PORT is 'many'"):
        read_number("PORT", 8000)


def test_only_this_machine_is_reached(tmp_path):
    facts = describe_environment(tmp_path, port=1, simulator=2, empty=False)
    urls = [value for name, value in facts.items() if name.endswith("_URL") and "//" in value]
    assert urls
    assert all("127.0.0.1" in url or url.startswith(("sqlite", "filesystem")) for url in urls)
    assert facts["PROFILE"] == "demo"


def test_no_page_of_a_real_network_is_left_to_be_opened(tmp_path):
    facts = describe_environment(tmp_path, port=1, simulator=2, empty=False)
    text = (ROOT / "crowdspeak" / "network_settings.py").read_text()
    real = set(re.findall(r'env\.str\("(\w+)", default="https://', text))
    assert {"BLUESKY_WEB_URL", "WHATSAPP_URL"} < real
    assert real | {"MASTODON_SHARE_URL"} <= facts.keys()


def test_numbers_come_while_somebody_still_watches(tmp_path):
    facts = describe_environment(tmp_path, port=1, simulator=2, empty=False)
    assert read_durations(facts["NUMBERS_AFTER"], name="NUMBERS_AFTER")[-1] < timedelta(minutes=5)


def test_development_shows_errors_and_has_nobody_in_it(tmp_path):
    assert describe_environment(tmp_path, port=1, simulator=2, empty=True)["DEBUG"] == "1"
    assert "demo" not in list_processes(8100, empty=True)


def test_the_demo_runs_what_the_procfile_runs():
    commands = list_processes(8100, empty=False)
    assert set(commands) == {"web", "worker", "beat", "simulator", "stage", "demo"}
    assert commands["worker"] == "exec python -m crowdspeak.restarting worker"
    assert commands["beat"].endswith("accounts && exec python -m crowdspeak.restarting beat")


def test_rehearsals_go_to_a_simulator_that_stands_for_no_network(tmp_path):
    facts = describe_environment(tmp_path, port=8000, simulator=8100, empty=False)
    url = facts["REHEARSAL_URL"]
    commands = list_processes(8100, empty=False)
    assert f"--port {url.rpartition(':')[2]} " in commands["stage"]
    assert "--smtp-port 0" in commands["stage"]
    taken = {int(host.rpartition(":")[2]) for host in facts["NETWORK_EXCEPTIONS"].split(",")}
    taken |= {8000, 8100, int(facts["EMAIL_URL"].rpartition(":")[2])}
    first = int(url.rpartition(":")[2])
    assert taken.isdisjoint(range(first, first + SERVERS))


def test_a_signal_in_the_middle_of_a_line_can_print_too(capfd):
    """As honcho's handler does; a buffered stream raises RuntimeError then."""
    import signal

    outlet = Outlet()
    number = 400

    def shout(*_):
        print("stopping", file=outlet, flush=True)

    before = signal.signal(signal.SIGALRM, shout)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for index in range(number):
            print(f"line {index} " + "x" * 2000, file=outlet, flush=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert "stopping" in capfd.readouterr().out
