"""What is taken out of a log line by its name or shape, and what is left to be read."""

import time

import pytest

from crowdspeak.loglines import make_formatter
from crowdspeak.redacting import GONE, TEXT_MOST, Redactor, list_own_secrets

KEY = "gAAAAABm3k9c-Zx8q2V0p7Yt4LrW5uNbQeJ6hD1sKfTzA"


def redact(text, known=()):
    return Redactor(known).redact(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: Bearer abc", f"Authorization: {GONE}"),
        ("{'Authorization': 'DPoP abc.def'}", f"{{'Authorization': '{GONE}'}}"),
        ("sent with bearer abcdefgh.ijk", f"sent with bearer {GONE}"),
        ("redis://:pass@valkey:6379/0", f"redis://{GONE}@valkey:6379/0"),
        ("of https://a.example/b?code=1&state=2 now", f"of https://a.example/b?{GONE} now"),
        ("/link/x/back?oauth_verifier=1", f"/link/x/back?{GONE}"),
        ('{"access_token": "abc", "a": 1}', f'{{"access_token": "{GONE}", "a": 1}}'),
        ("client_secret=abc&x=1", f"client_secret={GONE}&x=1"),
        ("Key (email)=(sam@example.org) already exists.", f"Key (email)=({GONE}) already exists."),
        ("@sam@mastodon.example has left", f"{GONE} has left"),
        (f"a key {KEY}, alone", f"a key {GONE}, alone"),
        (f"of {'0123456789abcdef' * 4}", f"of {GONE}"),
    ],
)  # fmt: skip
def test_keys_addresses_and_codes_are_taken_out(text, left):
    assert redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "delivery 12 could not be recorded",
        "What is it? Nobody knows.",
        'File "/app/launches/delivering.py", line 188, in _deliver',
        "in test_nothing_that_names_a_supporter_is_left_anywhere",
        "the token of account 5 was renewed",
        "mastodon.example gave no clear answer about its posts.",
        "https://mastodon.example/@sam/1176",
    ],
)
def test_what_is_no_secret_is_left(text):
    assert redact(text) == text


def test_this_sites_own_secrets_are_known_word_by_word(settings):
    settings.EMAIL_HOST_PASSWORD = "my mail word"
    settings.METRICS_TOKEN = "my metrics word"
    lines = "-----BEGIN PRIVATE KEY-----\na+b/c+d/e+f\n"
    settings.NETWORKS = {"x": {"client_secret": "short one"}, "bluesky": {"client_key": lines}}
    known = list(list_own_secrets())
    assert {settings.SECRET_KEY, settings.FINGERPRINT_KEY, *settings.TOKEN_KEYS} <= set(known)
    text = "a my mail word b short one c a+b/c+d/e+f d my metrics word"
    assert redact(text, known) == f"a {GONE} b {GONE} c {GONE} d {GONE}"


def test_a_fact_with_a_secrets_name_is_no_matter_what_it_is():
    line = Redactor([])(None, "", {"access_token": 5, "cookie": "x", "launch_id": 5, "of": {KEY}})
    assert line == {"access_token": GONE, "cookie": GONE, "launch_id": 5, "of": f"{{'{GONE}'}}"}


@pytest.mark.parametrize(
    "hostile", ["a", "a-", "/", "?", "@", "a@", "token=", "://", "Bearer ", "a."]
)
def test_hostile_text_takes_no_time_and_has_an_end(hostile):
    begun = time.process_time()
    assert len(redact(hostile * 1_000_000)) <= 2 * TEXT_MOST
    assert time.process_time() - begun < 1


def test_a_long_text_keeps_its_two_ends_and_half_of_no_key():
    middle = f"{KEY[:20]} " * TEXT_MOST
    for spaces in range(len(KEY)):
        left = redact(f"Traceback: {' ' * spaces}{middle}ValueError: no")
        assert left.startswith("Traceback:")
        assert left.endswith(" no")
        assert set(left.split()) <= {"Traceback:", KEY[:20], GONE, "ValueError:", "no"}
        assert len(left) <= TEXT_MOST + len(GONE)


@pytest.mark.parametrize("kind", ["json", "console"])
def test_a_line_of_either_kind_is_cleaned(kind):
    import logging

    record = logging.LogRecord(
        "a.b", logging.WARNING, "a.py", 1, "by %s", ("sam@example.org",), None
    )
    written = make_formatter(kind=kind).format(record)
    assert "sam@" not in written
    assert f"by {GONE}" in written
    assert "\n" not in written


def test_the_format_is_json_in_production_and_words_elsewhere():
    import os
    import subprocess
    import sys

    from django.conf import settings

    ask = "import tests.settings as s; print(s.LOG_FORMAT, s.LOGGING['root']['level'])"
    for profile, given, told in (
        ("production", {}, "json INFO"),
        ("development", {"LOG_LEVEL": "ERROR"}, "console ERROR"),
        ("production", {"LOG_FORMAT": "console"}, "console INFO"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", ask],
            env={**os.environ, "LOG_LEVEL": "INFO", "PROFILE": profile, **given},
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == told
