"""Names, identities and records of the AT protocol, against small servers of its kind."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar

import pytest
from aiohttp import web

from networks.atproto import (
    Directory,
    NoSuchAccount,
    find_issuer,
    is_did,
    is_handle,
    read_moment,
    read_name,
)
from networks.atproto_records import build_record, make_rkey
from networks.base import Post
from networks.errors import Rejected, TryLater
from networks.http import Http
from tests.networks.servers import serve

T = TypeVar("T")
SAM = "did:plc:samsamsamsamsamsamsamsam"
RAE = "did:plc:raeraeraeraeraeraeraerae"
HOST = "127.0.0.1:40123"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("sam.bsky.social", "sam.bsky.social"),
        ("@Sam.Bsky.Social ", "sam.bsky.social"),
        ("\u202a@sam.bsky.social\u202c", "sam.bsky.social"),
        ("at://sam.bsky.social", "sam.bsky.social"),
        ("https://bsky.app/profile/sam.bsky.social", "sam.bsky.social"),
        ("https://bsky.app/profile/sam.bsky.social/post/3k2a", "sam.bsky.social"),
        (f"https://bsky.app/profile/{SAM}", SAM),
        (SAM, SAM),
        ("did:web:sam.example", "did:web:sam.example"),
        ("élan.fr", "xn--lan-9la.fr"),
        ("https://pds.example.org/", "https://pds.example.org"),
        (HOST, f"http://{HOST}"),
        (f"http://{HOST}", f"http://{HOST}"),
    ],
)
def test_name_is_understood_however_it_is_written(typed: str, name: str) -> None:
    assert read_name(typed, allowed_hosts=frozenset({HOST})) == name


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "sam",
        "@",
        "sam@bsky.social",
        "sam bsky social",
        "did:plc:short",
        "did:key:z6Mk",
        "sam..social",
        "-sam.social",
        "1.2.3.4",
        "127.0.0.1:8000",
        "http://pds.example.org",
        "https://pds.example.org/path",
        "https://localhost",
        "https://user@pds.example.org",
        "javascript:alert(1)",
        "x" * 5000,
        "sam.social\x00",
    ],
)
def test_what_is_no_name_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(Rejected) as caught:
        read_name(typed, allowed_hosts=frozenset({HOST}))
    assert 10 < len(str(caught.value)) < 300


def test_forms_of_dids_and_handles() -> None:
    assert is_did(SAM)
    assert not is_did(SAM + "/../x")
    assert not is_did("did:plc:" + "A" * 24)
    assert is_handle("a.co")
    assert not is_handle("a." + "b" * 64)
    assert not is_handle(("a" * 60 + ".") * 5 + "org")


@dataclass
class World:
    """One small server that plays resolver, directory and PDS at once."""

    handles: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    status: int = 0
    resource: dict[str, Any] = field(default_factory=dict)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        origin = f"http://{request.host}"
        content: Any = self.documents.get(request.path.removeprefix("/"))
        if request.path == "/xrpc/com.atproto.identity.resolveHandle":
            did = self.handles.get(request.query["handle"])
            content = did and {"did": did}
        elif request.path == "/.well-known/oauth-protected-resource":
            content = {"resource": origin, "authorization_servers": [origin]} | self.resource
        elif request.path.endswith("/log/audit"):
            content = [{"createdAt": "2024-05-01T10:00:00.123Z"}, {}]
        status = self.status or (404 if content is None else 200)
        return web.json_response(content, status=status, content_type="application/did+ld+json")


def describe(did: str, *names: str, pds_url: str = "https://pds.example", **service: str) -> Any:
    pds = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": pds_url}
    return {"id": did, "alsoKnownAs": [*names], "service": [pds | service]}


def look(world: World, ask: Callable[[Http, Directory], Awaitable[T]]) -> T:
    async def run() -> T:
        async with serve(world.answer) as host:
            hosts = frozenset({host})
            directory = Directory(
                plc_url=f"http://{host}", resolver_url=f"http://{host}", allowed_hosts=hosts
            )
            async with Http(user_agent="test", allowed_hosts=hosts) as http:
                return await ask(http, directory)

    return asyncio.run(run())


def test_handle_leads_to_its_account_and_server() -> None:
    world = World({"sam.test": SAM}, {SAM: describe(SAM, "https://sam.example", "at://Sam.test")})
    identity = look(world, lambda http, directory: directory.find_identity(http, "sam.test"))
    assert (identity.did, identity.handle) == (SAM, "sam.test")
    assert identity.pds_url == "https://pds.example"


def test_service_may_be_named_in_full() -> None:
    world = World({}, {SAM: describe(SAM, id=f"{SAM}#atproto_pds")})
    identity = look(world, lambda http, directory: directory.find_identity(http, SAM))
    assert identity.pds_url == "https://pds.example"


@pytest.mark.parametrize("names", [(), ("at://rae.test",), ("at://rae.test", "at://sam.test")])
def test_handle_that_the_account_does_not_bear_is_refused(names: tuple[str, ...]) -> None:
    world = World({"sam.test": SAM}, {SAM: describe(SAM, *names)})
    with pytest.raises(Rejected, match="does not bear"):
        look(world, lambda http, directory: directory.find_identity(http, "sam.test"))


def test_did_whose_handle_points_elsewhere_has_none() -> None:
    world = World({"rae.test": RAE}, {SAM: describe(SAM, "at://rae.test")})
    identity = look(world, lambda http, directory: directory.read_identity(http, SAM))
    assert (identity.did, identity.handle) == (SAM, "")


def test_document_of_somebody_else_is_refused() -> None:
    world = World({}, {SAM: describe(RAE)})
    with pytest.raises(Rejected):
        look(world, lambda http, directory: directory.read_identity(http, SAM))


@pytest.mark.parametrize(
    "service",
    [
        {"id": "#other"},
        {"id": f"{RAE}#atproto_pds"},
        {"type": "Other"},
        {"serviceEndpoint": "http://pds.example"},
        {"serviceEndpoint": "https://127.0.0.1"},
        {"serviceEndpoint": "https://[::1]"},
        {"serviceEndpoint": "https://169.254.169.254"},
        {"serviceEndpoint": "https://pds.example/path"},
        {"serviceEndpoint": "https://pds.example?x"},
        {"serviceEndpoint": "https://user@pds.example"},
        {"serviceEndpoint": "https://pds.example:22"},
        {"serviceEndpoint": ""},
    ],
)
def test_server_that_must_not_be_used_is_refused(service: dict[str, str]) -> None:
    world = World({}, {SAM: describe(SAM, **service)})
    with pytest.raises(Rejected):
        look(world, lambda http, directory: directory.read_identity(http, SAM))


def test_unknown_handle_is_told_from_a_resolver_in_trouble() -> None:
    for status, kind in ((0, NoSuchAccount), (503, TryLater), (429, TryLater)):
        with pytest.raises(kind):
            look(World(status=status), lambda http, names: names.resolve_handle(http, "sam.test"))


def test_resolver_that_answers_nonsense_is_not_believed() -> None:
    world = World({"sam.test": "did:plc:../../x"})
    with pytest.raises(NoSuchAccount):
        look(world, lambda http, directory: directory.resolve_handle(http, "sam.test"))


def test_account_that_is_gone_is_refused() -> None:
    with pytest.raises(Rejected, match="not registered"):
        look(World(), lambda http, directory: directory.read_identity(http, SAM))


def test_age_is_that_of_the_first_entry_of_the_log() -> None:
    made_at = look(World(), lambda http, directory: directory.read_age(http, SAM))
    assert made_at == datetime(2024, 5, 1, 10, 0, 0, 123000, tzinfo=UTC)
    assert look(World(status=500), lambda http, names: names.read_age(http, SAM)) is None
    assert look(World(), lambda http, names: names.read_age(http, "did:web:a.example")) is None


def test_issuer_is_the_one_that_the_server_names() -> None:
    origin = look(World(), lambda http, directory: find_issuer(http, directory.plc_url))
    assert origin.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    "resource",
    [
        {"resource": "https://other.example"},
        {"authorization_servers": []},
        {"authorization_servers": ["https://a.example", "https://b.example"]},
        {"authorization_servers": "https://a.example"},
        {"authorization_servers": ["https://a.example/path"]},
        {"authorization_servers": ["https://A.example"]},
        {"authorization_servers": ["https://10.0.0.1"]},
    ],
)
def test_server_that_names_nobody_or_several_is_refused(resource: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        look(World(resource=resource), lambda http, names: find_issuer(http, names.plc_url))


def test_moments_need_a_zone() -> None:
    assert read_moment("2024-05-01T10:00:00Z") == datetime(2024, 5, 1, 10, tzinfo=UTC)
    for text in ("2024-05-01T10:00:00", "yesterday", "", None, 5):
        assert read_moment(text) is None


PLANNED = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
POST = Post(text="Hear #us", language="en", planned_at=PLANNED, key="0" * 31 + "1")
LETTERS = "234567abcdefghijklmnopqrstuvwxyz"


def read_tid(tid: str) -> tuple[datetime, int]:
    """Take a TID apart: its moment, and its clock's number."""
    number = 0
    for letter in tid:
        number = number * 32 + LETTERS.index(letter)
    assert number < 1 << 63
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number >> 10), number & 1023


def test_record_key_is_a_tid_of_the_planned_second() -> None:
    tid = make_rkey(POST)
    assert re.fullmatch(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}", tid)
    moment, clock = read_tid(tid)
    assert moment.replace(microsecond=0) == PLANNED
    assert clock == 1


def test_record_key_depends_on_nothing_but_moment_and_key() -> None:
    paris = PLANNED.astimezone(timezone(timedelta(hours=1)))
    assert make_rkey(POST) == make_rkey(replace(POST, text="other", language="fr"))
    assert make_rkey(POST) == make_rkey(replace(POST, planned_at=paris))
    assert make_rkey(POST) != make_rkey(replace(POST, key="0" * 31 + "2"))
    assert make_rkey(POST) < make_rkey(replace(POST, planned_at=PLANNED + timedelta(seconds=1)))


def test_record_keys_of_one_second_do_not_meet() -> None:
    keys = {
        make_rkey(replace(POST, key=f"{number * 0x9E3779B97F4A7C15:032x}"))
        for number in range(9999)
    }
    assert len(keys) == 9999


def test_record_is_the_same_whenever_it_is_built() -> None:
    record = build_record(POST)
    assert record == build_record(replace(POST, planned_at=PLANNED.astimezone(timezone.max)))
    assert record["createdAt"] == "2026-11-22T18:00:00.000Z"
    assert record["langs"] == ["en"]
    assert record["facets"][0]["features"][0]["tag"] == "us"


def test_record_leaves_out_what_there_is_not() -> None:
    assert set(build_record(replace(POST, text="x", language=""))) == {"$type", "text", "createdAt"}


def test_a_launch_that_was_moved_keeps_its_key_and_bears_the_new_date() -> None:
    moved = replace(POST, moved_to=POST.planned_at + timedelta(days=14))
    assert make_rkey(moved) == make_rkey(POST)
    assert build_record(moved)["createdAt"] == "2026-12-06T18:00:00.000Z"
    assert moved.sought_from == POST.planned_at
