"""A server that takes posts as fast as it can: ``python -m bench.sink LATENCY_MS``.

It answers Mastodon's publish endpoint after the latency and prints its port. ``GET /seen`` tells
how many posts it got and when the first and the last one came (Unix time), and begins anew. A
process of its own, with no framework: what is measured is who sends.
"""

import asyncio
import itertools
import json
import sys
import time

import uvloop

LATENCY = float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0
numbers = itertools.count(1)


class Seen:
    """Posts since the last question."""

    posts = 0
    first = last = 0.0

    def note(self):
        self.last = time.time()
        self.first = self.first or self.last
        self.posts += 1

    def tell(self):
        told = json.dumps({"posts": self.posts, "first": self.first, "last": self.last})
        self.posts, self.first, self.last = 0, 0.0, 0.0
        return told


seen = Seen()


class Sink(asyncio.Protocol):
    """HTTP/1.1, keep-alive, one request at a time on each connection."""

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = b""

    def data_received(self, data):
        self.buffer += data
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            length = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            if head.startswith(b"GET"):
                self.send(seen.tell())
                continue
            seen.note()
            if LATENCY:
                asyncio.get_running_loop().call_later(LATENCY, self.answer)
            else:
                self.answer()

    def answer(self):
        number = next(numbers)
        url = f"http://127.0.0.1/@a/{number}"
        self.send(f'{{"id":"{number}","uri":"{url}","url":"{url}","content":""}}')

    def send(self, text):
        body = text.encode()
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        if not self.transport.is_closing():
            self.transport.write(head.encode() + body)


async def main():
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
