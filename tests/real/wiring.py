"""A wire between the product and a server, which loses answers when a test wants it to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER_SECONDS = 30
# Those of one stretch of the way alone (RFC 9110, 7.6.1), and what is counted anew here.
OWN_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Wire:
    """What passes between: ``host`` is its ``host:port``, ``lost`` counts the answers it lost.

    While ``loses`` names a request (``POST /path``), the server is asked, and does what it is asked
    for, but whoever asked sees the connection close without an answer.
    """

    def __init__(self, *, host: str, loses: str = "") -> None:
        self.host = host
        self.loses = loses
        self.lost = 0


@contextmanager
def stretch_wire(server_host: str) -> Iterator[Wire]:
    """Pass requests on to a server at ``host:port``, from a free port of 127.0.0.1."""

    class Ends(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            connection = HTTPConnection(server_host, timeout=ANSWER_SECONDS)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            if f"{self.command} {self.path}" == wire.loses:
                wire.lost += 1
                return
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in OWN_HEADERS:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = pass_on  # noqa: N815 (the names are http.server's)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: what passes here has tokens in it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Ends) as ends:
        wire = Wire(host=f"127.0.0.1:{ends.server_port}")
        thread = threading.Thread(target=ends.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            ends.shutdown()
            thread.join()
