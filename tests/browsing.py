"""A real browser for the tests: Debian's Chromium, driven by Playwright.

`tests/browser/conftest.py` and `tests/real/conftest.py` take their fixtures from here:

- `chromium`: the running browser, one for all tests of a folder;
- `new_page`: opens a page for one person (own cookies, own storage), with the site's address;
- `page`: one such page, for a test that needs only one person;
- `site_url`: None here; whoever starts the site overrides it with its address;
- `themes`: the themes that a campaign is about, in the database again.

Whatever a page does that no page of ours may do fails the test that opened it: an uncaught error
in a script, something stopped by the page's own security policy, a request to another machine, and
on pages of the site itself any error in the console and anything missing that a page loads.

Playwright is imported only where a test asks for a browser: the rest of the suite runs without it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Page,
        Request,
        Response,
        WebError,
    )

__all__ = ["chromium", "new_page", "page", "pytest_runtest_makereport", "site_url", "themes"]

# No sandbox, since CI runs as root; the others keep Chromium from calling its maker. No name but
# the machine's own resolves: a test that reaches further fails, with or without a network.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
]
LOCAL_HOSTS = {"localhost", "127.0.0.1"}
TIMEOUT_MS = 15_000
SECURITY_POLICY = "Content Security Policy"
# What Chromium writes into the console for every answer from 400 on, the page's own included:
# a page that says "not found" is in order, a missing part of one is noted where it is answered.
FAILED_LOAD = "Failed to load resource: the server responded with a status of"

_failed = pytest.StashKey[bool]()


class NewPage(Protocol):
    """Opens a page in a browser context of its own: another person at another machine."""

    def __call__(
        self,
        *,
        site_url: str | None = None,
        locale: str = "en-GB",
        may_fail: bool = False,
        **options: Any,
    ) -> Page:
        """Return a blank page.

        `site_url` is what relative addresses start from (`page.goto("/explore/")`), by default
        the fixture of that name; `locale` is the reader's language; with `may_fail`, what the
        page loads may fail, since the test cuts it off; `options` are those of
        Playwright's `Browser.new_context` (`viewport`, `color_scheme`, `java_script_enabled`…).
        """


def find_chromium() -> str:
    """Return the path of the machine's Chromium; raise RuntimeError where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise RuntimeError("No Chromium here. On Debian: apt-get install chromium")
    return path


@contextmanager
def run_chromium() -> Iterator[Browser]:
    """Run Chromium without a window; yield Playwright's browser, and stop it afterwards."""
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop of its own in this thread, which Django takes for ours: it
    # would refuse the database to any test that also looks at its rows.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS
            )
            try:
                yield browser
            finally:
                browser.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


def note_troubles(context: BrowserContext, troubles: list[str]) -> None:
    """Write what no page of `context` may do into `troubles`, a sentence each, as it happens."""

    def note_error(error: WebError) -> None:
        troubles.append(f"uncaught error in a script: {error.error}")

    def note_console(message: ConsoleMessage) -> None:
        if message.type == "error" and SECURITY_POLICY in message.text:
            troubles.append(f"stopped by the page's security policy: {message.text}")

    def note_request(request: Request) -> None:
        # A link that the test follows may lead anywhere; what a page loads may not.
        parts = urlsplit(request.url)
        away = parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in LOCAL_HOSTS
        if away and not request.is_navigation_request():
            troubles.append(f"request to another machine: {request.url}")

    context.on("weberror", note_error)
    context.on("console", note_console)
    context.on("request", note_request)


def note_own_troubles(context: BrowserContext, troubles: list[str], *, site_url: str) -> None:
    """The same for what the site's own pages may not do, while those of others may."""

    def note_console(message: ConsoleMessage) -> None:
        where = message.page.url if message.page else ""
        known = message.text.startswith(FAILED_LOAD) or SECURITY_POLICY in message.text
        if message.type == "error" and where.startswith(site_url) and not known:
            troubles.append(f"error in the console of {where}: {message.text}")

    def note_response(response: Response) -> None:
        is_part = not response.request.is_navigation_request()
        if is_part and response.status >= 400 and response.url.startswith(site_url):
            troubles.append(f"{response.status} for what a page loads: {response.url}")

    context.on("console", note_console)
    context.on("response", note_response)


def keep_screenshots(contexts: list[BrowserContext], *, name: str, folder: Path) -> list[Path]:
    """Save a picture of every open page into `folder`; return the files, named after `name`."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w-]+", "-", name).strip("-")
    files: list[Path] = []
    for open_page in [each for context in contexts for each in context.pages]:
        file = folder / f"{stem}-{len(files) + 1}.png"
        open_page.screenshot(path=file, full_page=True)
        files.append(file)
    return files


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Remember whether the test itself failed, for the fixtures that are torn down after it."""
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report


@pytest.fixture
def site_url() -> str | None:
    """The address that relative ones start from; none, until a conftest overrides this."""
    return None


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The running browser. It stops with the folder's last test, and its event loop with it."""
    with run_chromium() as browser:
        yield browser


@pytest.fixture
def new_page(
    chromium: Browser, site_url: str | None, request: pytest.FixtureRequest
) -> Iterator[NewPage]:
    """Open pages, each for another person; afterwards fail for what they must not do.

    Where the test failed, its open pages are kept as pictures under `var/screenshots`.
    """
    default_url = site_url
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_page(
        *,
        site_url: str | None = None,
        locale: str = "en-GB",
        may_fail: bool = False,
        **options: Any,
    ) -> Page:
        base_url = site_url or default_url
        context = chromium.new_context(base_url=base_url, locale=locale, **options)
        context.set_default_timeout(TIMEOUT_MS)
        note_troubles(context, troubles)
        if base_url and not may_fail:
            note_own_troubles(context, troubles, site_url=base_url)
        contexts.append(context)
        return context.new_page()

    yield open_page
    if request.node.stash.get(_failed, False):
        folder = request.config.rootpath / "var" / "screenshots"
        for file in keep_screenshots(contexts, name=request.node.name, folder=folder):
            print(f"As it looked when the test failed: {file}")
    for context in contexts:
        context.close()
    if troubles:
        pytest.fail("The pages did what they must not do:\n" + "\n".join(troubles))


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """One person's page."""
    return new_page()


@pytest.fixture
def themes(transactional_db: None) -> None:
    """What a migration put there, and the end of an earlier test took away with everything."""
    from django.apps import apps

    import_module("campaigns.migrations.0002_themes").add_themes(apps, None)
