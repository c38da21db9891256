"""What a cut cable keeps back does not arrive once the cable is back.

What it does to a launch is shown by ``tests/faults/test_hosts.py``.
"""

import asyncio
import socket

import pytest
from aiohttp import web

from networks import connecting as outside
from tests.networks.asking import open_http
from tests.networks.servers import serve


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux has it")
def test_the_machine_gives_up_what_it_could_not_deliver_in_time(monkeypatch):
    opened = []
    make = socket.socket

    def remember(*args, **options):
        opened.append(make(*args, **options))
        return opened[-1]

    async def answer(request):
        return web.Response()

    async def run():
        async with serve(answer) as host, open_http(host) as http:
            monkeypatch.setattr(outside.socket, "socket", remember)
            await http.request("POST", f"http://{host}/")
            return [each.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) for each in opened]

    # Among those of the server, which runs in this process too.
    assert 1000 * outside.UNSENT_MOST_SECONDS in asyncio.run(run())
