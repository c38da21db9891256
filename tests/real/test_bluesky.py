"""What the adapter promises beyond the contract suite, against a real Bluesky server."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from networks.base import Receipt
from networks.errors import NeedsRelink, OutcomeUnknown, Rejected
from networks.http import Http
from tests.networks.casting import TEXT, write_post
from tests.real.casting import BlueskyCast
from tests.real.playing import read_facets

LINK = "https://voix.example.org/p?a=1&b=%C3%A9"
OTHER_KEY = "f" * 32


def test_same_post_sent_many_times_at_once_is_one_record(bluesky: BlueskyCast) -> None:
    post = write_post()

    async def work(http: Http) -> tuple[list[Receipt], list[Receipt]]:
        linked = await bluesky.link(http)
        at = (http, linked.server, linked.credentials)
        sent = [await bluesky.network.publish(*at, post)]
        sent += await asyncio.gather(*(bluesky.network.publish(*at, post) for _ in range(5)))
        return sent, list(await bluesky.network.find(*at, post))

    sent, found = bluesky.run(work)
    [record] = bluesky.server.list_posts(bluesky.account.did)
    assert {receipt.remote_id for receipt in [*sent, *found]} == {record["uri"]}
    assert found == sent[:1]
    assert record["value"]["text"] == TEXT
    assert read_facets(record["value"]) == [(LINK, LINK), ("#climat", "#climat")]


def test_what_stands_under_a_key_is_never_overwritten(bluesky: BlueskyCast) -> None:
    post = write_post()
    altered = replace(post, text="Other words under the same key")

    async def work(http: Http) -> tuple[Receipt, Receipt, list[Receipt]]:
        linked = await bluesky.link(http)
        at = (http, linked.server, linked.credentials)
        first = await bluesky.network.publish(*at, post)
        second = await bluesky.network.publish(*at, altered)
        elsewhere = await bluesky.network.find(*at, replace(post, key=OTHER_KEY))
        return first, second, list(elsewhere)

    first, second, elsewhere = bluesky.run(work)
    [post_there] = bluesky.list_posts()
    assert post_there.text == TEXT
    assert first == second
    assert elsewhere == []


def test_text_is_counted_as_the_server_counts_it(bluesky: BlueskyCast) -> None:
    fits = "👩‍👩‍👧" * 150 + "é" * 150
    a_grapheme_more = "e" * 301
    a_byte_more = fits[:-1] + "€"
    assert len(fits.encode()) == 3000

    async def work(http: Http) -> None:
        linked = await bluesky.link(http)
        at = (http, linked.server, linked.credentials)
        texts = (fits, a_grapheme_more, a_byte_more)
        measures = [bluesky.network.measure(linked.server, text) for text in texts]
        assert [each.over for each in measures] == [0, 1, 1]
        assert measures[0].used == 300
        await bluesky.network.publish(*at, write_post(fits))
        for too_long in (a_grapheme_more, a_byte_more):
            with pytest.raises(Rejected):
                await bluesky.network.publish(*at, write_post(too_long, key=OTHER_KEY))

    bluesky.run(work)
    assert bluesky.is_there() == 1


def test_spent_tokens_are_dead_and_end_the_session(bluesky: BlueskyCast) -> None:
    async def work(http: Http) -> None:
        linked = await bluesky.link(http)
        old = linked.credentials
        fresh = await bluesky.network.refresh(http, linked.server, linked.registration, old)
        await bluesky.network.publish(http, linked.server, fresh, write_post())
        with pytest.raises(NeedsRelink):
            await bluesky.network.publish(http, linked.server, old, write_post(key=OTHER_KEY))
        with pytest.raises(NeedsRelink):
            await bluesky.network.refresh(http, linked.server, linked.registration, old)
        with pytest.raises(NeedsRelink):
            await bluesky.network.publish(http, linked.server, fresh, write_post(key=OTHER_KEY))

    bluesky.run(work)
    assert bluesky.is_there() == 1


def test_closed_account_is_told_as_what_it_is_and_proves_nothing(bluesky: BlueskyCast) -> None:
    async def work(http: Http) -> None:
        linked = await bluesky.link(http)
        bluesky.close_account()
        at = (http, linked.server, linked.credentials)
        with pytest.raises(Rejected, match="deactivated"):
            await bluesky.network.publish(*at, write_post())
        with pytest.raises(OutcomeUnknown):
            await bluesky.network.find(*at, write_post())

    bluesky.run(work)
