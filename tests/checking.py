"""``make check``'s last part: Django's own checks, and that every text is translated."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from crowdspeak.keys import make_keys
from tests.catalogues import check_catalogues

PRODUCTION = {
    "PROFILE": "production",
    "SITE_URL": "https://speak.example.org",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
    "BROKER_URL": "redis://127.0.0.1:1/0",
    "CACHE_URL": "redis://127.0.0.1:1/1",
    "EMAIL_URL": "smtp://127.0.0.1:1",
}


def manage(arguments, settings):
    """Run manage.py; gives its exit code."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, env=os.environ | settings, check=False).returncode


def main():
    """Migrations and translations are complete; production has no warning."""
    with tempfile.TemporaryDirectory() as folder:
        keys = {f"{path.name.upper()}_FILE": str(path) for path in make_keys(Path(folder) / "keys")}
        development = {"PROFILE": "development", "VAR_DIR": folder, **keys}
        codes = [
            manage(["makemigrations", "--check", "--dry-run"], development),
            manage(
                ["check", "--deploy", "--fail-level", "WARNING"],
                {**PRODUCTION, "VAR_DIR": folder, **keys},
            ),
            check_catalogues(os.environ | development),
        ]
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
