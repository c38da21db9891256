"""The site as its readers and supporters have it, as a process of its own that prints JSON.

``python -m bench.pages SUPPORTERS PLEDGES``, with TEST_DATABASE_URL and TEST_REDIS_URL in the
environment. One web process, by the Procfile's command. ``page`` and ``bare`` are answers a second
of a campaign's page, to strangers, and of a bare Django view on the same server, in turn
(``bench.bare``); ``pledges_per_s`` are people who open the page with the words and agree to them, a
fifth of them by a double click. Ends with an error where a pledge is lost, double, or in other
words.
"""

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import uvloop

from bench.engine import is_up
from tests.processes import Product, wait_until

ROOT = Path(__file__).resolve().parent.parent
TURNS = 7
SECONDS = 3.0
CONNECTIONS = 16
SUPPORTING = 32  # people at once on the way to a pledge
DOUBLE_CLICK = 5  # every so-manieth of them
FIELD = re.compile(rb'<input type="hidden" name="([a-z]+)" value="([^"]*)"')


def read(product, path, *, seconds=SECONDS):
    """What readers of a page got (``bench.readers``)."""
    command = [sys.executable, "-m", "bench.readers", str(product.port), path]
    done = subprocess.run(
        [*command, str(seconds), str(CONNECTIONS)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def compare(product, path):
    """The page and the bare views in turn, each turn with its ratio."""
    rates = {"page": [], "bare": [], "inside": []}
    addresses = {"page": path, "bare": "/bare/", "inside": "/bare-inside/"}
    for address in addresses.values():
        read(product, address)  # everything is imported and compiled
    for _ in range(TURNS):
        for name, address in addresses.items():
            rates[name].append(read(product, address))
    per_s = {
        name: [each["answers"] / each["seconds"] for each in told] for name, told in rates.items()
    }
    ratios = [page / bare for page, bare in zip(per_s["page"], per_s["bare"], strict=True)]
    inside = [page / bare for page, bare in zip(per_s["page"], per_s["inside"], strict=True)]
    return {
        **{name: statistics.median(each) for name, each in per_s.items()},
        "ratios": ratios,
        "page_vs_bare": statistics.median(ratios),
        "page_vs_inside": statistics.median(inside),
        "page_bytes": rates["page"][0]["bytes"],
        "page_ms": statistics.median(each["half_ms"] for each in rates["page"]),
        "page_slowest_hundredth_ms": max(each["slowest_hundredth_ms"] for each in rates["page"]),
    }


def sign_in(accounts):
    """A session for the owner of each account, as signing in leaves one; gives their keys."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    keys = []
    for account in accounts:
        store = SessionStore()
        store[SESSION_KEY] = str(account.person_id)
        store[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        store[HASH_SESSION_KEY] = account.person.get_session_auth_hash()
        store.create()
        keys.append(store.session_key)
    return keys


async def support(product, *, slug, accounts, sessions):
    """Everybody reads the words and agrees; gives seconds, and the answers by kind."""
    import aiohttp

    address = f"{product.url}/campaigns/{slug}/support/agree/"
    told = Counter()
    waiting = iter(enumerate(zip(accounts, sessions, strict=True)))

    async def agree(client, fields, cookies):
        headers = {"Cookie": cookies, "Referer": address}
        async with client.post(
            address, data=fields, headers=headers, allow_redirects=False
        ) as done:
            await done.read()
            is_thanked = done.status == 302 and done.headers["Location"].endswith("/thanks/")
            told["thanked" if is_thanked else f"answered {done.status}"] += 1

    async def walk(client):
        for number, (account, session) in waiting:
            cookies = f"sessionid={session}"
            query = {"account": str(account.pk)}
            async with client.get(address, params=query, headers={"Cookie": cookies}) as page:
                html = await page.read()
                token = page.cookies["csrftoken"].value
            fields = [(name.decode(), value.decode()) for name, value in FIELD.findall(html)]
            wording = re.search(rb'name="wording" value="(\d+)"[^>]* checked', html)
            fields += [("agree", "1"), ("is_shown", "on")]
            fields += [("wording", wording[1].decode() if wording else "1")]
            clicks = 2 if number % DOUBLE_CLICK == 0 else 1
            cookies += f"; csrftoken={token}"
            await asyncio.gather(*[agree(client, fields, cookies) for _ in range(clicks)])

    connector = aiohttp.TCPConnector(limit=SUPPORTING)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as client:
        began = time.perf_counter()
        await asyncio.gather(*[walk(client) for _ in range(SUPPORTING)])
        return time.perf_counter() - began, dict(told)


def look_after(campaign, accounts, told):
    """Whether each of them is there once, in words that were shown; says what is not."""
    from supporters.models import Pledge

    made = Pledge.objects.filter(account__in=accounts)
    each = Counter(made.values_list("account", flat=True))
    lost = len(accounts) - len(each)
    double = sum(number - 1 for number in each.values())
    texts = set(campaign.approved.texts.values())
    other = made.exclude(text__in=texts).count()
    clicks = len(accounts) + (len(accounts) + DOUBLE_CLICK - 1) // DOUBLE_CLICK
    if lost or double or other or told.get("thanked") != clicks:
        raise SystemExit(f"{lost} pledges lost, {double} double, {other} in other words; {told}")


def measure(*, supporters, pledges):
    """The facts above."""
    from django.db import connection

    from bench.crowded import make_crowded, make_waiting

    campaign = make_crowded(supporters=supporters)
    accounts = make_waiting(campaign, people=pledges)
    sessions = sign_in(accounts)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as it is where people come one after the other
    product = Product(
        tempfile.mkdtemp(prefix="crowdspeak-bench-"),
        LOG_LEVEL="WARNING",
        DJANGO_SETTINGS_MODULE="bench.paged",
    )
    try:
        product.manage("collectstatic", "--no-input", "--verbosity", "0")
        product.start("web")
        wait_until(lambda: is_up(product), what="the site", seconds=60)
        facts = compare(product, campaign.get_absolute_url())
        seconds, told = uvloop.run(
            support(product, slug=campaign.slug, accounts=accounts, sessions=sessions)
        )
    finally:
        product.stop()
    look_after(campaign, accounts, told)
    return facts | {"pledges_per_s": pledges / seconds, "clicks": told["thanked"]}


def main():
    """Make the tables, measure, print."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    facts = measure(supporters=int(sys.argv[1]), pledges=int(sys.argv[2]))
    connections.close_all()
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
