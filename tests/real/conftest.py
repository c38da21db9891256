"""The tests against real servers, in a real browser (README.md beside this file)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from django.conf import global_settings
from pytest_django import Settings

from networks.adapters.mastodon import Mastodon
from networks.base import Mode
from tests.browsing import chromium, new_page, page, pytest_runtest_makereport, site_url, themes
from tests.networks.casting import SITE_URL, Cast, give_parts
from tests.processes import Product, wait_until
from tests.real.bluesky_serving import BlueskyAccount, BlueskyServer, run_bluesky_server
from tests.real.casting import BLUESKY, MASTODON, REAL, BlueskyCast, MastodonCast
from tests.real.mastodon_serving import MastodonAccount, MastodonServer, run_mastodon_server
from tests.real.playing import StartProduct, make_adapter

if TYPE_CHECKING:
    from playwright.sync_api import Page

Account = TypeVar("Account")

__all__ = ["chromium", "new_page", "page", "pytest_runtest_makereport", "site_url", "themes"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that `-m "not real"` leaves them all out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.real)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The contract suite here is played by real servers."""
    give_parts(metafunc, REAL)


@pytest.fixture(autouse=True)
def slow_hashes(settings: Settings) -> None:
    """Passwords hashed as the product's own processes read them, not as the quick tests do."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS


@pytest.fixture(scope="session")
def static_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site's styles and scripts, gathered once for every start of the site."""
    folder = tmp_path_factory.mktemp("static-files")
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
        cwd=Path(__file__).resolve().parents[2],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "crowdspeak.settings",
            "VAR_DIR": str(folder),
        },
        check=True,
    )
    return folder / "static"


@pytest.fixture
def start_product(static_files: Path, themes: None, tmp_path: Path) -> Iterator[StartProduct]:
    """Starts the product's web server; stops everything afterwards."""
    started: list[Product] = []

    def start(*, hosts: Iterable[str], environment: Mapping[str, str] | None = None) -> Product:
        (tmp_path / "static").symlink_to(static_files)
        product = Product(tmp_path, hosts=hosts, REVIEW_LEAD_SECONDS="0", **(environment or {}))
        started.append(product)
        product.start("web")
        wait_until(lambda: answers(product), what="the site's start")
        return product

    yield start
    for product in started:
        product.stop()


def answers(product: Product) -> bool:
    try:
        return bool(product.get("/livez")[0] == 200)
    except OSError:
        return False


@pytest.fixture(scope="session")
def bluesky_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlueskyServer]:
    """A real Bluesky server, the same for all tests; empty when it starts."""
    with run_bluesky_server(folder=tmp_path_factory.mktemp("bluesky")) as server:
        yield server


@pytest.fixture(scope="session")
def bluesky_account(bluesky_server: BlueskyServer) -> Callable[[str], BlueskyAccount]:
    """Make accounts: `bluesky_account("olive")` is olive.test, the next one olive2.test…"""
    return name_anew(bluesky_server.create_account)


def name_anew(create: Callable[[str], Account]) -> Callable[[str], Account]:
    """Let the same name be asked for several times: sam, sam2, sam3…"""
    made: dict[str, int] = {}

    def make(name: str) -> Account:
        made[name] = made.get(name, 0) + 1
        return create(name if made[name] == 1 else f"{name}{made[name]}")

    return make


@pytest.fixture(scope="session")
def mastodon_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MastodonServer]:
    """Somebody else's Mastodon server, the same for all tests."""
    with run_mastodon_server(folder=tmp_path_factory.mktemp("mastodon")) as server:
        yield server


@pytest.fixture(scope="session")
def mastodon_account(mastodon_server: MastodonServer) -> Callable[[str], MastodonAccount]:
    """Make accounts: `mastodon_account("olive")` is @olive, the next one @olive2…"""
    return name_anew(mastodon_server.create_account)


@pytest.fixture
def bluesky(
    bluesky_server: BlueskyServer, bluesky_account: Callable[[str], BlueskyAccount], page: Page
) -> BlueskyCast:
    """Sam with a new account at the real Bluesky server."""
    account = bluesky_account("sam")
    return BlueskyCast(
        network=make_adapter(bluesky_server, site_url=SITE_URL),
        kind=BLUESKY,
        url=bluesky_server.pds_url,
        hosts=frozenset(bluesky_server.hosts),
        account_id=account.did,
        address=account.handle,
        followers=0,
        opened_at=datetime.now(UTC),
        server=bluesky_server,
        account=account,
        page=page,
    )


@pytest.fixture
def mastodon(
    mastodon_server: MastodonServer, mastodon_account: Callable[[str], MastodonAccount]
) -> MastodonCast:
    """Sam with a new account at somebody else's Mastodon server, followed by two people."""
    account = mastodon_account("sam")
    fans = [mastodon_account("fan") for _ in range(2)]
    for fan in fans:
        mastodon_server.follow(fan, account)
    return MastodonCast(
        network=Mastodon(mode=Mode.AUTOMATIC, website=SITE_URL),
        kind=MASTODON,
        url=mastodon_server.url,
        hosts=frozenset({mastodon_server.host}),
        account_id=account.account_id,
        address=f"@{account.username}@{mastodon_server.host}",
        followers=len(fans),
        opened_at=mastodon_server.read_opening(account),
        server=mastodon_server,
        account=account,
    )


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> Cast:
    """Sam at the server whose turn it is."""
    played: Cast = request.getfixturevalue(request.param.name)
    return played
