"""(a) What this machine could send: one bare aiohttp client on uvloop, and nothing else."""

import asyncio
import time

import aiohttp
import uvloop


def measure_limit(port, *, posts, in_flight):
    """Seconds for so many posts, so many of them in flight at once."""

    async def send():
        connector = aiohttp.TCPConnector(limit=in_flight)
        async with aiohttp.ClientSession(connector=connector) as session:
            left = iter(range(posts))

            async def lane():
                for number in left:
                    async with session.post(
                        f"http://127.0.0.1:{port}/api/v1/statuses",
                        data={"status": f"Words {number}", "visibility": "public"},
                        headers={"Idempotency-Key": str(number), "Authorization": "Bearer x"},
                    ) as answer:
                        await answer.json()

            await asyncio.gather(*[lane() for _ in range(in_flight)])

    began = time.perf_counter()
    uvloop.run(send())
    return time.perf_counter() - began
