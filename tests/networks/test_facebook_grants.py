"""What becomes of a Page that was linked: read anew, and its authorisation taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from networks.adapters.facebook import Facebook
from networks.base import Mode, Server
from networks.errors import NeedsRelink, NetworkError, Rejected, TryLater
from networks.facebook_graph import make_proof
from networks.http import Http
from tests.networks.boxes import Box, Page, fail_of
from tests.networks.casting import REDIRECT_URI, Run
from tests.networks.facebook_boxes import (
    APP_SECRET,
    CREDENTIALS,
    NO_PAGE,
    REGISTRATION,
    describe_page,
    refuse,
    say,
    with_graph,
)
from tests.simulated import Simulator


def read_again(page: Page) -> Any:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        return await adapter.read_profile(http, server, CREDENTIALS)

    return with_graph({"/v25.0/42": page}, work)[0]


def test_profile_is_the_pages() -> None:
    assert read_again(describe_page()).followers == 1200


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (describe_page("43"), NeedsRelink),
        (refuse(190, error_subcode=460), NeedsRelink),
        (refuse(100, error_subcode=33), NeedsRelink),
        (refuse(2, status=500), TryLater),
        ({"id": "42"}, TryLater),
        (say(b"<html>", kind="text/html"), TryLater),
    ],
)
def test_page_that_cannot_be_read_says_who_has_to_do_what(
    page: Page, expected: type[NetworkError]
) -> None:
    assert type(fail_of(lambda: read_again(page))) is expected


def test_page_tokens_are_not_refreshed() -> None:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        with pytest.raises(NeedsRelink):
            await adapter.refresh(http, server, REGISTRATION, CREDENTIALS)

    assert with_graph({}, work)[1].asked == []


def revoke(page: Page) -> Box:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        return await adapter.revoke(http, server, REGISTRATION, CREDENTIALS)

    return with_graph({"/v25.0/9/permissions": page}, work)[1]


@pytest.mark.parametrize(
    "page", [{"success": True}, say(b"true"), refuse(100, error_subcode=33), refuse(803)]
)
def test_authorisation_is_taken_back_in_the_apps_own_name(page: Page) -> None:
    [request] = revoke(page).asked
    app_token = f"77|{APP_SECRET}"
    assert request.method == "DELETE"
    assert {**request.query} == {
        "access_token": app_token,
        "appsecret_proof": make_proof(app_token, secret=APP_SECRET),
    }


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(190), Rejected),
        (refuse(100), Rejected),
        (refuse(10), Rejected),
        (refuse(190, message="Error validating application."), TryLater),
        (refuse(2, status=500), TryLater),
        ({"success": False}, TryLater),
        (say(b"<html>", kind="text/html"), TryLater),
        (say(b"", status=302), TryLater),
    ],
)
def test_authorisation_that_could_not_be_taken_back_is_told(
    page: Page, expected: type[NetworkError]
) -> None:
    assert type(fail_of(lambda: revoke(page))) is expected


def test_person_stays_within_their_path() -> None:
    asked: list[str] = []

    def note(request: web.Request) -> dict[str, Any]:
        asked.append(request.raw_path.partition("?")[0])
        return {"success": True}

    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        credentials = replace(CREDENTIALS, extra={"person": "../42"})
        return await adapter.revoke(http, server, REGISTRATION, credentials)

    with_graph({"/v25.0/../42/permissions": note}, work)
    assert asked == ["/v25.0/..%2F42/permissions"]


def link(simulator: Simulator, run: Run, account: str) -> Any:
    """Link what ``account`` stands for at the simulator; gives adapter, server and what came."""
    instance = simulator.get_instance("facebook")
    adapter = Facebook(
        mode=Mode.AUTOMATIC,
        client_id="simulated-facebook",
        client_secret="simulated-facebook-secret",
        api_url=instance["url"],
        consent_url=instance["url"],
    )

    async def work(http: Http) -> Any:
        server, _ = await adapter.find_server(http, "")
        registration = await adapter.register(http, server, redirect_uri=REDIRECT_URI)
        consent = await adapter.ask_consent(
            http, server, registration, redirect_uri=REDIRECT_URI, state="s"
        )
        _, answer = simulator.give_consent(consent.url, account=account)
        granted = await adapter.accept_consent(
            http,
            server,
            registration,
            redirect_uri=REDIRECT_URI,
            memo=consent.memo,
            answer=answer,
        )
        return adapter, server, registration, granted

    return run(work)


def test_simulated_person_links_the_pages_they_run_and_no_others(
    simulator: Simulator, run: Run
) -> None:
    *_, granted = link(simulator, run, "river, garden, -archive")
    assert sorted(profile.handle for _, profile in granted) == ["Garden", "River"]
    assert len({credentials.grant for credentials, _ in granted}) == 1


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ("nobody", NO_PAGE),
        ("-archive", NO_PAGE),
        ("river, !pages_manage_posts", "Not every permission"),
    ],
)
def test_simulated_person_without_a_page_or_a_permission_links_nothing(
    simulator: Simulator, run: Run, account: str, expected: str
) -> None:
    error = fail_of(lambda: link(simulator, run, account))
    assert isinstance(error, Rejected)
    assert expected in str(error)


def test_simulated_revocation_for_one_page_ends_it_for_all(simulator: Simulator, run: Run) -> None:
    adapter, server, registration, granted = link(simulator, run, "river, garden")
    (one, _), (other, _) = granted

    async def work(http: Http) -> None:
        await adapter.revoke(http, server, registration, one)
        await adapter.revoke(http, server, registration, one)
        await adapter.read_profile(http, server, other)

    assert isinstance(fail_of(lambda: run(work)), NeedsRelink)
