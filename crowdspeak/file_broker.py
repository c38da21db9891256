"""Kombu's file broker, with messages that are there whole or not at all.

Kombu writes a message into the file that readers already see, and takes it by moving it into the
system's folder for temporary files. A reader that comes between the opening and the writing gets
nothing, which ends the worker; a move across file systems is a copy. Here a message is written
aside and renamed into place, and taken by a rename within the same folder.
"""

import uuid
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """Puts and takes whole messages, the oldest first."""

    def _put(self, queue: str, message: Any, **_kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{time_ns()}_{uuid.uuid4()}"
        aside = folder / f"{name}.writing"
        aside.write_text(dumps(message))  # type: ignore[no-untyped-call]
        aside.replace(folder / f"{name}.{queue}.msg")

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        ending = f".{queue}.msg"
        for name in sorted(path.name for path in folder.iterdir() if path.name.endswith(ending)):
            taken = folder / f"{name}.{uuid.uuid4()}.taken"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue  # another worker was faster
            text = taken.read_text()
            taken.unlink()
            return loads(text)  # type: ignore[no-untyped-call]
        raise Empty


class Transport(filesystem.Transport):
    """What ``filesystem://`` means in this project (``crowdspeak/celery.py``)."""

    Channel = Channel
