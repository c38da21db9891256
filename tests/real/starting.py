"""Starting servers that the tests did not write, each as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_SECONDS = 60
STOP_SECONDS = 15


@contextmanager
def run_server(command: Sequence[str], *, name: str, folder: Path) -> Iterator[dict[str, Any]]:
    """Run a command that serves until stopped; gives what its first line of JSON says.

    ``folder`` takes what it stores, as its directory for temporary files, and its log,
    ``<name>.log``. Raises RuntimeError, with the log's end, where no line comes within a minute.
    """
    log = folder / f"{name}.log"
    # Holding its standard input open is what keeps it alive: a test run that is killed closes it.
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "TMPDIR": str(folder)},
        ) as process,
    ):
        try:
            line = _read_first_line(process, within_seconds=START_SECONDS)
            if not line:
                tail = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"The real {name} did not start. Its log ends:\n{tail}")
            yield json.loads(line)
        finally:
            _stop(process)


def _read_first_line(process: subprocess.Popen[bytes], *, within_seconds: float) -> bytes:
    """Return the first line of its output, or nothing where it ends or lets us wait too long."""
    output = process.stdout
    assert output is not None
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.append(output.readline()), daemon=True)
    reader.start()
    reader.join(within_seconds)
    if reader.is_alive():
        process.kill()
        reader.join()
    return lines[0] if lines else b""


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
