"""The secrets of an installation."""

import os
import stat
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet

from crowdspeak.keys import make_keys

NAMES = {"secret_key", "token_keys", "fingerprint_key", "instance_id"}


def test_set_up_makes_every_secret_once(tmp_path):
    made = make_keys(tmp_path / "keys")
    assert {path.name for path in made} == NAMES
    assert make_keys(tmp_path / "keys") == []
    Fernet((tmp_path / "keys" / "token_keys").read_text())


def test_only_its_owner_reads_a_secret(tmp_path):
    for path in make_keys(tmp_path / "keys"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_exists_is_never_replaced(tmp_path):
    make_keys(tmp_path)
    before = (tmp_path / "fingerprint_key").read_text()
    (tmp_path / "token_keys").unlink()
    assert [path.name for path in make_keys(tmp_path)] == ["token_keys"]
    assert (tmp_path / "fingerprint_key").read_text() == before


def start(tmp_path, **environment):
    """``manage.py check`` with this environment alone; gives what it said."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr + done.stdout


@pytest.mark.parametrize("missing", sorted(NAMES))
def test_nothing_starts_without_a_secret(tmp_path, missing):
    keys = {f"{path.name.upper()}_FILE": str(path) for path in make_keys(tmp_path / "safe")}
    del keys[f"{missing.upper()}_FILE"]
    code, said = start(tmp_path, **keys)
    assert code != 0
    assert missing.upper() in said
    assert "python -m crowdspeak.keys" in said


def test_a_sample_secret_is_refused(tmp_path):
    keys = {f"{path.name.upper()}_FILE": str(path) for path in make_keys(tmp_path / "safe")}
    del keys["SECRET_KEY_FILE"]
    code, said = start(tmp_path, SECRET_KEY="change-me", **keys)
    assert code != 0
    assert "sample" in said


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"PROFILE": "demo", "SITE_URL": "https://speak.example.org"}, "this machine alone"),
        ({"PROFILE": "trial"}, "production, development, demo"),
        ({"SITE_URL": "speak.example.org"}, "whole address"),
        ({"TOKEN_KEYS_FILE": "", "TOKEN_KEYS": "not-a-key"}, "not a Fernet key"),
        ({"LEASE_SECONDS": "5"}, "LEASE_SECONDS"),
        (
            {"PROFILE": "production", "DATABASE_URL": "postgres://us:change-me@127.0.0.1:1/x"},
            "POSTGRES_PASSWORD",
        ),
        (
            {"SITE_URL": "https://speak.example.org", "NETWORK_EXCEPTIONS": "127.0.0.1:8101"},
            "NETWORK_EXCEPTIONS",
        ),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence(tmp_path, environment, word):
    keys = {f"{path.name.upper()}_FILE": str(path) for path in make_keys(tmp_path / "safe")}
    settings = {name: value for name, value in (keys | environment).items() if value}
    code, said = start(tmp_path, **settings)
    assert code != 0
    assert word in said


def test_secrets_are_found_where_set_up_puts_them(tmp_path):
    make_keys(tmp_path / "keys")
    assert start(tmp_path)[0] == 0


def test_everything_right_starts(tmp_path):
    keys = {f"{path.name.upper()}_FILE": str(path) for path in make_keys(tmp_path / "safe")}
    assert start(tmp_path, **keys)[0] == 0
