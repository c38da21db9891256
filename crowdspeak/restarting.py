"""Keep a process of the Procfile running: ``python -m crowdspeak.restarting worker``.

For one machine without a service manager (the demo, development): a worker that is killed comes
back, as it does in production, and goes on from what the database says. SIGTERM and Ctrl-C end
both.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from honcho.environ import parse_procfile

PAUSE_SECONDS = 1.0
PROCFILE = Path(__file__).resolve().parent.parent / "Procfile"


class Keeper:
    """One command, started again whenever it ends by itself; ``name`` is what people call it."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self.command = list(command)
        self.process: subprocess.Popen[bytes] | None = None
        self.stopping = False

    def stop(self, number: int, _frame: object) -> None:
        """Pass the signal on, and do not start again."""
        self.stopping = True
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def keep(self) -> int:
        """Run until stopped; gives the last exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        while True:
            self.process = subprocess.Popen(self.command)  # noqa: S603
            code = self.process.wait()
            if self.stopping:
                return code
            print(f"{self.name} ended ({code}) and is started again", flush=True)
            time.sleep(PAUSE_SECONDS)


def main() -> int:
    """Command line: the name of a process in the Procfile."""
    lines = parse_procfile(PROCFILE.read_text()).processes
    if len(sys.argv) != 2 or sys.argv[1] not in lines:
        print(f"Usage: python -m crowdspeak.restarting {'|'.join(lines)}", file=sys.stderr)
        return 2
    name = sys.argv[1]
    return Keeper(name, ["/bin/sh", "-c", f"exec {lines[name]}"]).keep()


if __name__ == "__main__":
    raise SystemExit(main())
