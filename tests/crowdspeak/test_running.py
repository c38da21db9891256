"""What ``make test`` runs once, and what on both databases."""

from pathlib import Path

from tests.running import WITHOUT_DATABASE

ROOT = Path(__file__).resolve().parent.parent.parent
DATABASES = {"db", "transactional_db", "django_db_serialized_rollback"}


def test_what_is_run_once_asks_for_no_database(request):
    """Of all that this run has collected: those on SQLite have all of it."""
    assert all((ROOT / folder).is_dir() for folder in WITHOUT_DATABASE)
    once = [
        item
        for item in request.session.items
        if item.path.relative_to(ROOT).as_posix().startswith(WITHOUT_DATABASE)
    ]
    asking = [
        item.nodeid
        for item in once
        if item.get_closest_marker("django_db") or DATABASES & set(item.fixturenames)
    ]
    assert asking == []
