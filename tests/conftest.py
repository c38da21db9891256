"""The cast: Olive organises, Sam supports, Rae reviews."""

import pytest
from django.utils import translation

from accounts.models import User

pytest_plugins = ["tests.simulated"]


def make_person(email, name, **facts):
    """A person with a confirmed address and the password "correct horse battery"."""
    from allauth.account.models import EmailAddress

    person = User.objects.create_user(email, "correct horse battery", name=name, **facts)
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    return person


@pytest.fixture(autouse=True)
def own_last_tick(settings, tmp_path):
    """Each test has a database of its own, so what is noted outside of it is its own as well."""
    settings.LAST_TICK_FILE = tmp_path / "last_tick"


@pytest.fixture(autouse=True)
def own_clicks(settings):
    """Clicks are written when a test says so, and none outlives it."""
    from campaigns.clicking import tally

    settings.CLICK_FLUSH_SECONDS = 600
    yield
    tally.forget()


@pytest.fixture(autouse=True)
def own_broadcasts():
    """No test sees launch or picture of another one's campaign: they have the same names."""
    from django.core.cache import cache

    from launches import broadcasting
    from pages import carding

    broadcasting.forget()
    carding.forget()
    cache.clear()


@pytest.fixture(autouse=True)
def own_language():
    """A request leaves its language in its thread, where the next one chooses its own."""
    yield
    translation.deactivate()


@pytest.fixture
def olive(db):
    """Organises."""
    return make_person("olive@example.org", "Olive")


@pytest.fixture
def sam(db):
    """Supports."""
    return make_person("sam@example.org", "Sam")


@pytest.fixture
def rae(db):
    """Reviews."""
    return make_person("rae@example.org", "Rae", is_staff=True, is_superuser=True)


@pytest.fixture(autouse=True)
def own_cache():
    """Rows of one test have the keys of another's, so nothing is taken from its cache."""
    from django.core.cache import cache

    yield
    cache.clear()
