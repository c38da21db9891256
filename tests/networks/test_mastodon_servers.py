"""How Mastodon's adapter finds out which server an account lives on, and what it can."""

from __future__ import annotations

import json
from typing import Any

import pytest

from networks.adapters.mastodon import Mastodon
from networks.base import Mode, Server
from networks.errors import Rejected, TryLater
from networks.http import Http
from networks.recognising import is_keyed
from tests.networks.boxes import (
    NODEINFO,
    SOFTWARE,
    Box,
    Page,
    Site,
    describe_instance,
    fail_of,
    refuse,
    with_servers,
    write_post,
)


def find_server(pages: Site, address: str = "") -> tuple[Server, str, Box]:
    box = Box(pages)

    async def work(http: Http, adapter: Mastodon) -> tuple[Server, str]:
        return await adapter.find_server(http, address.replace("{host}", box.host) or box.host)

    server, name = with_servers([box], work)
    return server, name, box


def test_server_is_known_by_what_it_says_of_itself() -> None:
    configuration = {"statuses": {"max_characters": 1000, "characters_reserved_per_url": 30}}
    metadata = {
        "issuer": "{url}/",
        "authorization_endpoint": "{url}/authorise",
        "token_endpoint": "{url}/token",
        "scopes_supported": ["profile", "write:statuses"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    server, name, box = find_server(
        {
            "/api/v2/instance": describe_instance(configuration=configuration),
            "/.well-known/nodeinfo": NODEINFO,
            "/nodeinfo/2.0": SOFTWARE,
            "/.well-known/oauth-authorization-server": metadata,
        },
        "@sam@{host}",
    )
    url = f"http://{box.host}"
    assert name == "sam"
    assert server == Server(
        network="mastodon",
        host=box.host,
        url=url,
        version="4.5.3",
        facts={
            "domain": box.host,
            "software": "mastodon",
            "max_characters": 1000,
            "reserved_per_url": 30,
            "issuer": f"{url}/",
            "names_issuer": True,
            "pkce": True,
            "scopes": "read:statuses write:statuses profile",
            "authorize_url": f"{url}/authorise",
            "token_url": f"{url}/token",
            "revoke_url": f"{url}/oauth/revoke",
        },
    )
    json.dumps(dict(server.facts))


def test_old_server_is_asked_in_the_old_way() -> None:
    server, name, _ = find_server(
        {"/api/v1/instance": {"uri": "{url}", "version": "4.2.29"}}, "{host}"
    )
    assert name == ""
    assert server.version == "4.2.29"
    assert server.facts["scopes"] == "read:statuses write:statuses read:accounts"
    assert server.facts["pkce"] is False
    assert server.facts["max_characters"] == 500
    assert server.facts["reserved_per_url"] == 23


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("http://{host}/@sam", "sam"),
        ("{host}/@sam/115", "sam"),
        ("@sam_1@{host}", "sam_1"),
        ("{host}", ""),
        ("http://{host}/about", ""),
    ],
)
def test_account_is_taken_from_what_was_written(written: str, name: str) -> None:
    assert find_server({"/api/v2/instance": describe_instance()}, written)[1] == name


@pytest.mark.parametrize(
    "page",
    [
        None,
        {},
        [],
        {"version": 4},
        refuse(200, "<html>"),
        refuse(403, {}),
        refuse(301, "", Location="https://elsewhere.example/"),
    ],
)
def test_what_is_no_mastodon_server_is_refused(page: Page) -> None:
    pages = {} if page is None else {"/api/v2/instance": page, "/api/v1/instance": page}
    assert isinstance(fail_of(lambda: find_server(pages)), Rejected)


@pytest.mark.parametrize("page", [refuse(500, "<html>"), refuse(503, {}), refuse(429, {})])
def test_server_in_trouble_is_asked_later(page: Page) -> None:
    assert isinstance(fail_of(lambda: find_server({"/api/v2/instance": page})), TryLater)


@pytest.mark.parametrize(
    "configuration",
    [
        {"statuses": {"max_characters": -1, "characters_reserved_per_url": 0}},
        {"statuses": {"max_characters": "many", "characters_reserved_per_url": None}},
        {"statuses": {"max_characters": 10**12, "characters_reserved_per_url": True}},
        {"statuses": []},
        [],
        None,
    ],
)
def test_limits_that_cannot_be_are_the_usual_ones(configuration: Any) -> None:
    server, _, _ = find_server({"/api/v2/instance": describe_instance(configuration=configuration)})
    assert (server.facts["max_characters"], server.facts["reserved_per_url"]) == (500, 23)


def test_metadata_for_another_issuer_is_not_used() -> None:
    metadata = {
        "issuer": "https://evil.example/",
        "authorization_endpoint": "{url}/trap",
        "code_challenge_methods_supported": ["S256"],
    }
    server, _, box = find_server(
        {
            "/api/v2/instance": describe_instance(),
            "/.well-known/oauth-authorization-server": metadata,
        }
    )
    assert server.facts["authorize_url"] == f"http://{box.host}/oauth/authorize"
    assert server.facts["pkce"] is False


def test_endpoints_on_another_host_are_not_used() -> None:
    metadata = {
        "issuer": "{url}/",
        "authorization_endpoint": "https://evil.example/oauth/authorize",
        "token_endpoint": "{url}.evil.example/oauth/token",
        "revocation_endpoint": "javascript:alert(1)",
    }
    server, _, box = find_server(
        {
            "/api/v2/instance": describe_instance(),
            "/.well-known/oauth-authorization-server": metadata,
        }
    )
    url = f"http://{box.host}/oauth"
    names = ("authorize", "token", "revoke")
    assert [server.facts[f"{name}_url"] for name in names] == [f"{url}/{name}" for name in names]


def test_software_is_not_asked_for_on_another_host() -> None:
    other = Box({"/nodeinfo/2.0": SOFTWARE})
    box = Box({"/api/v2/instance": describe_instance()})

    async def work(http: Http, adapter: Mastodon) -> tuple[Server, str]:
        box.pages["/.well-known/nodeinfo"] = {
            "links": [{"href": f"http://{other.host}/nodeinfo/2.0"}]
        }
        return await adapter.find_server(http, box.host)

    server, _ = with_servers([other, box], work)
    assert server.facts["software"] == ""
    assert other.asked == []


def test_server_with_two_names_is_known_by_the_one_its_accounts_carry() -> None:
    home = Box({"/api/v2/instance": describe_instance()})
    alias = Box({})

    async def work(http: Http, adapter: Mastodon) -> tuple[Server, str]:
        alias.pages["/api/v2/instance"] = describe_instance(domain=home.host)
        return await adapter.find_server(http, alias.host)

    assert with_servers([home, alias], work)[0].host == home.host


def test_name_under_which_nobody_answers_is_not_taken_over() -> None:
    box = Box({"/api/v2/instance": describe_instance(domain="127.0.0.1")})
    server, _ = with_servers([box], lambda http, adapter: adapter.find_server(http, box.host))
    assert server.host == box.host


def test_name_that_answers_with_a_third_is_not_taken_over() -> None:
    third = Box({"/api/v2/instance": describe_instance()})
    second = Box({})
    first = Box({})

    async def work(http: Http, adapter: Mastodon) -> tuple[Server, str]:
        first.pages["/api/v2/instance"] = describe_instance(domain=second.host)
        second.pages["/api/v2/instance"] = describe_instance(domain=third.host)
        return await adapter.find_server(http, first.host)

    assert with_servers([third, second, first], work)[0].host == first.host


@pytest.mark.parametrize(
    ("version", "software", "expected"),
    [
        ("4.5.3", "mastodon", True),
        ("4.2.29", "mastodon", True),
        ("4.6.0-nightly.2026-11-20", "mastodon", True),
        ("4.4.0-beta.1", "mastodon", True),
        ("4.4.0-rc.1+glitch", "mastodon", True),
        ("4.5.0+my-own-patches.2", "mastodon", True),
        ("4.2.10+hometown-1.1.1", "hometown", True),
        # From 4.6.0 on a repeated key may be answered with a 500: never with a second post.
        ("4.6.0", "mastodon", True),
        ("4.6.2+glitch.1", "mastodon", True),
        ("4.5.3", "", True),
        ("4.5.3+glitch", "", True),
        ("4.5.0-alpha.2+chuckya", "", True),
        ("4.5.0+chuckya-1.2", "mastodon", True),
        ("4.5.0+chuckya", "chuckya", False),  # nobody told what it is when it says that
        ("4.5.0+chuckyaish", "", False),
        ("4.2.10+hometown-1.1.1", "", True),
        ("4.3.0+fedibird", "fedibird", False),
        ("4.5.3+my-own-patches", "", False),
        ("4.5.3", "fedibird-like", False),
        ("0.20.0+git", "gotosocial", False),
        ("0.20.0+git", "", False),
        ("0.20.3", "mastodon", False),
        ("2.7.2 (compatible; Pleroma 2.9.1)", "pleroma", False),
        ("4.2.1 (compatible; Firefish 1.0.5)", "", False),
        ("4.2.1 (compatible; Firefish 1.0.5)", "mastodon", False),
        ("4.0.0 (not true; really snac/2.75)", "", False),
        ("takahe/0.11.0", "takahe", False),
        ("4.5.3", "takahe", False),
        ("2.7.2 (compatible; Akkoma 3.15.2)", "akkoma", False),
        ("2.7.2 (compatible; Akkoma 3.15.2)", "mastodon", False),
        ("3.5.3 (compatible; Pixelfed 0.12.4)", "pixelfed", False),
        ("4.2.1 (compatible; Sharkey 2025.4.1)", "sharkey", False),
        ("4.2.1 (compatible; Iceshrimp 2023.12.9)", "iceshrimp", False),
        ("2.8.0 (compatible; Friendica 2024.12)", "friendica", False),
        ("4.0.0 (compatible; Mitra 4.2.0)", "mitra", False),
        ("10.0.0", "mastodon", False),  # who knows what that will be
        ("2.9.3", "mastodon", False),
        ("4.5", "mastodon", False),
        ("v4.5.3", "mastodon", False),
        ("4.5.3\n", "mastodon", False),
        ("", "mastodon", False),
        ("", "", False),
    ],
)
def test_keys_are_trusted_only_where_they_are_known_to_be_honoured(
    version: str, software: str, *, expected: bool
) -> None:
    assert is_keyed(version, software=software) is expected


def test_absence_is_proof_only_while_the_key_is_remembered() -> None:
    adapter = Mastodon(mode=Mode.AUTOMATIC, website="https://speak.example")
    server = Server(
        network="mastodon",
        host="m.example",
        url="https://m.example",
        version="4.5.3",
        facts={"software": "mastodon"},
    )
    assert adapter.absence_proves(server, post=write_post(), seconds_since_first_attempt=49 * 60)
    assert not adapter.absence_proves(
        server, post=write_post(), seconds_since_first_attempt=50 * 60
    )
    unknown = Server(network="mastodon", host="m.example", url="https://m.example")
    assert not adapter.absence_proves(unknown, post=write_post(), seconds_since_first_attempt=1)
