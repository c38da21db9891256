"""The tests in a real browser: the whole product as processes, on simulated networks with mail.

What they share with `tests/real` is in `tests/browsing.py`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password

from accounts.models import User
from tests.browser.posting import PostalSimulator, start_postal_simulator
from tests.browsing import chromium, new_page, page, pytest_runtest_makereport, themes
from tests.conftest import make_person
from tests.processes import Product, wait_until
from tests.simulated import stop_simulator

__all__ = ["chromium", "new_page", "page", "pytest_runtest_makereport", "themes"]

PASSWORD = "three otters on a raft"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that `-m "not browser"` leaves them all out.

    They look at rows that other processes write, so each commits for real.
    """
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[PostalSimulator]:
    """The running simulator of this folder: with its mail catcher."""
    process, client = start_postal_simulator()
    try:
        yield client
    finally:
        stop_simulator(process)


@pytest.fixture
def simulator(simulator_process: PostalSimulator) -> PostalSimulator:
    """The running simulator, without accounts, posts, faults and mails."""
    simulator_process.reset()
    simulator_process.forget_mails()
    return simulator_process


@pytest.fixture(scope="session")
def static_folder(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Path:
    """Static files as production serves them, gathered once for every start of the site."""
    folder = tmp_path_factory.mktemp("static")
    Product(folder).manage("collectstatic", "--no-input", "--verbosity", "0")
    return folder / "static"


@pytest.fixture
def switches() -> dict[str, str]:
    """What this test's site is set to besides; a module may say otherwise."""
    return {}


@pytest.fixture
def product(
    simulator: PostalSimulator,
    static_folder: Path,
    themes: None,
    tmp_path: Path,
    switches: dict[str, str],
) -> Iterator[Product]:
    """The product on this test's database, not started yet; every process of it is stopped."""
    directory = simulator.get_instance("bluesky")["plc_url"]
    made = Product(
        tmp_path,
        hosts=simulator.hosts,
        **{
            "BLUESKY_PLC_URL": directory,
            "BLUESKY_RESOLVER_URL": directory,
            "BLUESKY_APPVIEW_URL": directory,
            "EMAIL_URL": f"smtp://127.0.0.1:{simulator.smtp_port}",
            "REVIEW_LEAD_SECONDS": "0",
        }
        | describe_composers(simulator)
        | switches,
    )
    (tmp_path / "static").symlink_to(static_folder)
    yield made
    ended = [process.args[-1] for process in made.processes if process.poll() is not None]
    made.stop()
    if ended:
        pytest.fail(f"ended by themselves, before the test did: {ended}\n{made.read_logs()}")


def describe_composers(simulator: PostalSimulator) -> dict[str, str]:
    """Where people post by their own hand: everywhere, the simulator's own pages."""
    platforms = {
        f"{name.upper()}_CONSENT_URL": simulator.get_instance(name)["url"]
        for name in ("x", "facebook", "linkedin", "threads")
    }
    return {
        **platforms,
        "BLUESKY_WEB_URL": simulator.get_instance("bluesky")["appview_url"],
        "MASTODON_SHARE_URL": f"{simulator.get_instance('mastodon')['url']}/share?",
        "WHATSAPP_URL": f"{simulator.url}/whatsapp/",
        "TELEGRAM_URL": f"{simulator.url}/telegram/share/url",
    }


@pytest.fixture
def site(product: Product) -> Product:
    """The product with web, worker and beat running, and ready."""
    for name in ("web", "worker", "beat"):
        product.start(name)
    wait_for(product, "/readyz")
    return product


@pytest.fixture
def web(product: Product) -> Product:
    """The product's pages alone: nothing is launched, sent or mailed while a test looks."""
    product.start("web")
    wait_for(product, "/livez")
    return product


def wait_for(product: Product, path: str) -> None:
    """Until this page answers that all is well; else fail with what the processes said."""
    answers: list[object] = []

    def is_well() -> bool:
        try:
            answers[:] = product.get(path)
        except OSError as error:
            answers[:] = [error]
        return answers[0] == 200

    try:
        wait_until(is_well, what=path)
    except AssertionError:
        ends = [process.poll() for process in product.processes]
        pytest.fail(f"{path}: {answers}; ended with: {ends}\n{product.read_logs()}")


@pytest.fixture
def site_url(product: Product) -> str:
    """What relative addresses start from."""
    return product.url


@pytest.fixture
def rae(transactional_db: None) -> User:
    """Reviews: on the staff, with a password that the site's own hashing knows."""
    return make_user("rae@example.org", "Rae", is_staff=True, is_superuser=True)


@pytest.fixture
def olive(transactional_db: None) -> User:
    """Organises."""
    return make_user("olive@example.org", "Olive Hartnell")


def make_user(email: str, name: str, **facts: Any) -> User:
    """A person with a confirmed address who can sign in on the running site."""
    person: User = make_person(email, name, **facts)
    # The tests' settings hash in a quick way, which the site's own settings refuse.
    person.password = make_password(PASSWORD, hasher=PBKDF2PasswordHasher())
    person.save(update_fields=["password"])
    return person
