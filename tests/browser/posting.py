"""The simulator with its mail catcher: what was posted, and what was written to whom."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

from tests.processes import wait_until
from tests.simulated import ROOT, Simulator, stop_simulator

# Of every kind one, and two Bluesky servers; without a word about mail it takes any free port.
ARGUMENTS = ["--port", "0", "--instances", "6", "--bluesky", "2"]
MAIL_SECONDS = 30


class PostalSimulator(Simulator):
    """A client for a simulator that catches mails on ``smtp_port``."""

    def __init__(self, *, url: str, instances: list[dict[str, Any]], smtp_port: int) -> None:
        super().__init__(url=url, instances=instances)
        self.smtp_port = smtp_port

    def list_mails(self, to: str) -> list[dict[str, Any]]:
        """Give the mails to one address, oldest first."""
        return list(self._ask("GET", f"/_simulator/mail?to={to}"))

    def forget_mails(self) -> None:
        """Empty the mailbox."""
        self._ask("DELETE", "/_simulator/mail")

    def wait_for_mail(self, to: str, *, subject: str) -> dict[str, Any]:
        """Give the first mail to an address whose subject holds these words; wait for it."""

        def find() -> dict[str, Any] | None:
            mails = self.list_mails(to)
            return next((mail for mail in mails if subject in mail["subject"]), None)

        mail: dict[str, Any] = wait_until(
            find, what=f"a mail to {to} about “{subject}”", seconds=MAIL_SECONDS
        )
        return mail


def find_link(mail: dict[str, Any], *, holding: str) -> str:
    """Give the first link of a mail's text part that holds these characters."""
    links = re.findall(r"https?://\S+", mail["text"])
    return next(link for link in links if holding in link)


def start_postal_simulator() -> tuple[subprocess.Popen[str], PostalSimulator]:
    """Start a simulator on free ports; ``tests.simulated.stop_simulator`` stops it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", *ARGUMENTS],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if "SIMULATOR_" not in name},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        stop_simulator(process)
        raise RuntimeError("The simulator did not start; its own words are above.")
    told = json.loads(line)
    client = PostalSimulator(
        url=told["control"], instances=told["instances"], smtp_port=told["smtp"]["port"]
    )
    return process, client
