"""Kombu's file broker, with messages that are there whole or not at all.

Kombu writes a message into the file that readers already see, and takes it by moving it into the
system's folder for temporary files. A reader that comes between the opening and the writing gets
nothing, which ends the worker; a move across file systems is a copy. Here a message is written
aside and renamed into place, and taken by a rename within the same folder. The same goes for what
says which queues an exchange leads to: one file for each binding in the place of one for all, which
whoever read it while it was written found empty.
"""

import contextlib
import hashlib
import os
import threading
import uuid
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

_binding = threading.Lock()


class Channel(filesystem.Channel):
    """Puts and takes whole messages, the oldest first."""

    def get_table(self, exchange: str) -> list[filesystem.exchange_queue_t]:
        folder = Path(self.control_folder)
        bound = sorted(folder.glob(f"{_digest(exchange)}.*.bound"))
        return [_read_binding(path) for path in bound]

    def queue_bind(self, *args: Any, **kwargs: Any) -> None:
        """One thread at a time.

        Kombu first remembers a binding for all threads and writes it down after; who came between
        the two put messages where no queue was bound yet, and they were lost.
        """
        with _binding:
            super().queue_bind(*args, **kwargs)  # type: ignore[no-untyped-call]

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        folder = Path(self.control_folder)
        folder.mkdir(parents=True, exist_ok=True)
        binding = dumps([routing_key or "", pattern or "", queue or ""])  # type: ignore[no-untyped-call]
        _write_once(folder / f"{_digest(exchange)}.{_digest(binding)}.bound", binding)

    def _put(self, queue: str, message: Any, **_kwargs: Any) -> None:  # type: ignore[override]
        name = f"{time_ns()}_{uuid.uuid4()}.{queue}.msg"
        _write_whole(Path(self.data_folder_out) / name, dumps(message))  # type: ignore[no-untyped-call]

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


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that whoever sees it sees all of it."""
    aside = path.with_name(f"{uuid.uuid4()}.writing")
    aside.write_text(text)
    aside.replace(path)


def _write_once(path: Path, text: str) -> None:
    """The same for what never changes: a file that is there is not touched.

    Were it replaced, whoever lists the folder in that moment could miss it, and with the binding
    the message that was to go there.
    """
    aside = path.with_name(f"{uuid.uuid4()}.writing")
    aside.write_text(text)
    with contextlib.suppress(FileExistsError):
        os.link(aside, path)
    aside.unlink()


def _read_binding(path: Path) -> filesystem.exchange_queue_t:
    return filesystem.exchange_queue_t(*loads(path.read_text()))  # type: ignore[no-untyped-call]


def _digest(name: str) -> str:
    """A name of any letters as a part of a file's name."""
    return hashlib.sha256(name.encode()).hexdigest()[:20]


class Transport(filesystem.Transport):
    """What ``filesystem://`` means in this project (``crowdspeak/celery.py``)."""

    Channel = Channel
