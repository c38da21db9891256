"""What every adapter must say about itself and its servers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.networks.casting import (
    TEXT,
    Cast,
)

LINK = "https://voix.example.org/p?a=1&b=%C3%A9"


def test_facts_are_fit_for_a_page(cast: Cast) -> None:
    network = cast.network
    assert network.name.islower()
    assert 1 <= len(network.code) <= 2
    assert network.label
    assert bool(network.address_label) == bool(network.address_example) == cast.kind.has_servers
    assert network.deadline_seconds > 0
    assert network.measure(None, TEXT).over == 0


def test_facts_say_what_leave_is_asked_for_and_how_much_is_read_at_once(cast: Cast) -> None:
    assert cast.network.scopes
    assert all(scope.split() == [scope] for scope in cast.network.scopes)
    assert cast.network.numbers_at_once > 0
    assert cast.network.tells_numbers == cast.kind.counts
    assert cast.network.numbers_are_public == cast.kind.counts_for_anybody


def test_pace_is_bounded_per_host(cast: Cast) -> None:
    linked = cast.run(cast.link)
    allowances = cast.network.allowances(linked.server)
    assert allowances
    assert all(each.count > 0 and each.seconds > 0 for each in allowances)


@pytest.mark.parametrize("text", [TEXT, "50 % & +1 #climat", "https://voix.example.org/"])
def test_composer_holds_the_text_or_at_least_its_link(cast: Cast, text: str) -> None:
    linked: Any = cast.run(cast.link)
    link = LINK if LINK in text else ""
    for server in (linked.server, None):
        composition = cast.network.compose(text, link=link, server=server)
        assert composition.url.startswith(("https://", "http://"))
        assert composition.url.isascii()
        assert not {" ", '"', "'", "<", ">"} & set(composition.url)
        held = text if composition.is_whole else link
        assert quote(held, safe="") in composition.url.replace("+", "%20")
