"""A process that ends by itself is started again, until it is asked to end."""

import signal
import subprocess
import sys

from tests.processes import wait_until

COUNT = """
import pathlib, signal, sys
path = pathlib.Path(sys.argv[1])
number = int(path.read_text()) + 1 if path.exists() else 1
path.write_text(str(number))
if number < 3:
    sys.exit(1)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
path.with_suffix(".up").touch()
signal.pause()
"""
KEEP = """
import sys
from crowdspeak.restarting import Keeper
sys.exit(Keeper("count", sys.argv[1:]).keep())
"""


def test_a_command_that_died_is_started_again_and_ends_when_asked(tmp_path):
    script, count = tmp_path / "count.py", tmp_path / "count"
    script.write_text(COUNT)
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEP, sys.executable, str(script), str(count)],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(count.with_suffix(".up").exists, what="the third start", seconds=20)
        assert count.read_text() == "3"
        keeper.send_signal(signal.SIGTERM)
        assert keeper.wait(10) == 7
    finally:
        keeper.kill()
        keeper.wait()


def test_only_what_the_procfile_names_can_be_kept():
    done = subprocess.run(
        [sys.executable, "-m", "crowdspeak.restarting", "nothing"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "web|worker|beat" in done.stderr
