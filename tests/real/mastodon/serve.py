"""A third party's Mastodon server (PyPI's mastodon-mock), on 127.0.0.1.

    python serve.py

It takes a free port. Once it can be connected to, one line of JSON tells where:
``{"url": "http://127.0.0.1:…"}``. SIGTERM stops it and deletes what it stored; so does the end of
standard input: a starter that holds the other end of a pipe and is killed leaves nothing running.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading

import uvicorn
from mastodon_mock.app import create_app
from mastodon_mock.config import MastodonMockConfig

BACKLOG = 2048


def stop_with_stdin() -> None:
    """End this process in good order once nobody holds the other end of standard input."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Serve until stopped. The address is part of what the server says of itself."""
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        app = create_app(MastodonMockConfig(domain=host, url_scheme="http"))
        print(json.dumps({"url": f"http://{host}"}), flush=True)
        stop_with_stdin()
        server = uvicorn.Server(uvicorn.Config(app, server_header=False, log_level="warning"))
        server.run(sockets=[listener])


if __name__ == "__main__":
    main()
