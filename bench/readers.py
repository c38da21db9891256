"""Readers of one page, as a process: ``python -m bench.readers PORT PATH SECONDS CONNECTIONS``.

Each has a connection of its own, kept open, and asks again as soon as it has its answer. Prints as
JSON how many answers came, in how many seconds, the bytes of the last one, and the times of half of
them and of all but the slowest hundredth, in ms. Any answer but 200 ends it.
"""

import asyncio
import json
import sys
import time

import uvloop


class Reader(asyncio.Protocol):
    """One of them; ``times`` is shared by all."""

    def __init__(self, request, times, failed):
        self.request = request
        self.times = times
        self.failed = failed
        self.buffer = b""
        self.wanted = 0
        self.size = 0
        self.asked_at = 0.0

    def connection_made(self, transport):
        self.transport = transport
        self.ask()

    def connection_lost(self, error):
        if not self.failed.done():
            self.failed.set_exception(ConnectionError("the server hung up"))

    def ask(self):
        self.buffer, self.wanted = b"", 0
        self.asked_at = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data):
        self.buffer += data
        if not self.wanted:
            head, found, _ = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if head[9:12] != b"200":
                if not self.failed.done():
                    self.failed.set_exception(AssertionError(head.decode()))
                return
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            self.wanted = len(head) + 4 + int(length)
        if len(self.buffer) >= self.wanted:
            self.size = self.wanted
            self.times.append(time.perf_counter() - self.asked_at)
            self.ask()


async def read(port, path, seconds, connections):
    """Read for so long; gives the facts above."""
    loop = asyncio.get_running_loop()
    times, failed = [], loop.create_future()
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\n"
        "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9\r\n\r\n"
    ).encode()
    began = time.perf_counter()
    readers = [
        (await loop.create_connection(lambda: Reader(request, times, failed), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.wait([failed], timeout=seconds)
    took = time.perf_counter() - began
    if failed.done():
        failed.result()
    if not times:
        raise TimeoutError(f"no answer within {seconds} s")
    ordered = sorted(times)
    return {
        "answers": len(ordered),
        "seconds": took,
        "bytes": max(reader.size for reader in readers),
        "half_ms": 1000 * ordered[len(ordered) // 2],
        "slowest_hundredth_ms": 1000 * ordered[len(ordered) * 99 // 100],
    }


def main():
    """Read, print."""
    port, path, seconds, connections = sys.argv[1:5]
    print(json.dumps(uvloop.run(read(int(port), path, float(seconds), int(connections)))))


if __name__ == "__main__":
    main()
