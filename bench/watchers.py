"""Watchers of a launch room, as a process: ``python -m bench.watchers PORT SLUG WATCHERS``.

Each has a connection of its own, kept open, and asks once a second for what changed, with the ETag
of what it has. Asked to end (SIGTERM), it prints as JSON how many answers of each kind came, how
many bytes, and the slowest hundredth's time in ms.
"""

import asyncio
import json
import random
import signal
import sys
import time
from collections import Counter

import uvloop

EVERY_SECONDS = 1.0


class Watcher(asyncio.Protocol):
    """One of them; ``told`` is shared by all."""

    def __init__(self, request, told):
        self.request = request
        self.told = told
        self.etag = b""
        self.buffer = b""
        self.asked_at = 0.0

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, error):
        self.told["lost"] += 1

    def ask(self):
        if self.asked_at:
            self.told["slow"] += 1  # the last answer is still missing
            return
        self.asked_at = time.perf_counter()
        tag = b"If-None-Match: " + self.etag + b"\r\n" if self.etag else b""
        self.transport.write(self.request + tag + b"\r\n")

    def data_received(self, data):
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif name.lower() == b"etag":
                self.etag = value.strip()
        status = head[9:12].decode()
        if status == "304":
            length = 0
        if len(rest) < length:
            return
        self.told[status] += 1
        self.told["bytes"] += len(head) + 4 + length
        self.told["times"].append(time.perf_counter() - self.asked_at)
        self.buffer, self.asked_at = b"", 0.0


async def watch(port, slug, number):
    """Until the process is asked to end; gives what was told."""
    told = Counter()
    told["times"] = []
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    request = (
        f"GET /campaigns/{slug}/launch/live/en/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Accept-Encoding: gzip\r\n"
    ).encode()
    watchers = []
    for _ in range(number):
        _, watcher = await loop.create_connection(lambda: Watcher(request, told), "127.0.0.1", port)
        watchers.append(watcher)
    print("watching", flush=True)

    def ask_again(watcher):
        if not ended.is_set():
            loop.call_later(EVERY_SECONDS, ask_again, watcher)
            watcher.ask()

    for watcher in watchers:
        loop.call_later(random.random() * EVERY_SECONDS, ask_again, watcher)
    began = time.perf_counter()
    await ended.wait()
    told["seconds"] = time.perf_counter() - began
    return told


def main():
    """Watch, print."""
    told = dict(uvloop.run(watch(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
    times = sorted(told.pop("times"))
    told["slowest_hundredth_ms"] = 1000 * times[len(times) * 99 // 100] if times else None
    print(json.dumps(told))


if __name__ == "__main__":
    main()
