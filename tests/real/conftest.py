"""The tests against a real Bluesky server, in a real browser (README.md beside this file)."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import global_settings
from pytest_django import Settings

from tests.browsing import chromium, new_page, page, pytest_runtest_makereport, site_url
from tests.real.serving import BlueskyAccount, BlueskyServer, run_bluesky_server

__all__ = ["chromium", "new_page", "page", "pytest_runtest_makereport", "site_url"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that `-m "not real"` leaves them all out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.real)


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


@pytest.fixture(scope="session")
def bluesky_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlueskyServer]:
    """A real Bluesky server, the same for all tests; empty when it starts."""
    with run_bluesky_server(folder=tmp_path_factory.mktemp("bluesky")) as server:
        yield server


@pytest.fixture(scope="session")
def bluesky_account(bluesky_server: BlueskyServer) -> Callable[[str], BlueskyAccount]:
    """Make accounts: `bluesky_account("olive")` is olive.test, the next one olive2.test…"""
    made: dict[str, int] = {}

    def make(name: str) -> BlueskyAccount:
        made[name] = made.get(name, 0) + 1
        return bluesky_server.create_account(name if made[name] == 1 else f"{name}{made[name]}")

    return make
