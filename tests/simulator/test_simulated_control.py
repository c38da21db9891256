"""The control API, the wall, the mail catcher and the process itself."""

import json
import signal
import smtplib
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from simulator.layout import PLATFORMS

ROOT = Path(__file__).resolve().parents[2]
LINK = "https://petition.example/river"


@pytest.fixture
def sam(box):
    """Sam's credentials on a Mastodon proper."""
    return box.seed(account="sam", instance=box.find("mastodon")["instance"])


def test_same_link_or_same_text_twice_is_a_duplicate(box, sam):
    rae = box.seed(account="rae", instance=sam["instance"])
    box.toot(sam, f"The river is ours {LINK} #river")
    box.toot(rae, f"The river is ours {LINK} #river")
    assert box.summary() == {"posts": 2, "accounts": 2, "duplicates": 0}
    box.toot(sam, f"In other words: {LINK}")
    assert box.summary()["duplicates"] == 1
    box.toot(rae, f"The river is ours {LINK} #river")
    assert box.summary()["duplicates"] == 2
    box.toot(rae, "No link here")
    box.toot(rae, "No link here")
    assert box.summary() == {"posts": 6, "accounts": 2, "duplicates": 3}


def test_same_name_on_two_servers_is_two_accounts(box, sam):
    other = box.seed(account="sam", instance=box.find("gotosocial")["instance"])
    box.toot(sam, "hello")
    box.toot(other, "hello")
    assert box.summary() == {"posts": 2, "accounts": 2, "duplicates": 0}


def test_summary_is_one_line(box):
    answer = box.call("GET", "/_simulator/summary")
    assert answer.text == '{"posts":0,"accounts":0,"duplicates":0}'


def test_posts_are_listed_with_their_moment(box, sam):
    box.toot(sam, "first", "k1")
    box.toot(sam, "second")
    posts = box.call("GET", "/_simulator/posts").json
    assert [one["text"] for one in posts] == ["first", "second"]
    first = posts[0]
    assert first["network"] == "mastodon"
    assert first["account"] == sam["handle"]
    assert first["instance"] == sam["instance"]
    assert first["key"] == "k1"
    moment = datetime.fromisoformat(first["at"])
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
    query = {"since": posts[1]["at"]}
    assert box.call("GET", "/_simulator/posts", params=query).json == []
    for label in ("sam", sam["handle"], sam["id"]):
        assert len(box.call("GET", "/_simulator/posts", params={"account": label}).json) == 2
    assert box.call("GET", "/_simulator/posts?account=rae").json == []
    assert box.call("GET", "/_simulator/posts?since=yesterday").status == 400


def test_reset_keeps_accounts_unless_told(box, sam):
    box.toot(sam, "hello", "k1")
    box.call("POST", "/_simulator/reset")
    assert box.summary() == {"posts": 0, "accounts": 0, "duplicates": 0}
    assert box.call("GET", "/_simulator/requests").json == []
    assert box.toot(sam, "hello", "k1").status == 200
    assert box.summary()["posts"] == 1
    box.call("POST", "/_simulator/reset", json={"accounts": True})
    assert box.toot(sam, "hello").status == 401


def test_accounts_are_made_in_bulk_and_spread(box):
    made = box.call("POST", "/_simulator/accounts", json={"network": "mastodon", "count": 8}).json
    assert len({one["acct"] for one in made}) == 8
    assert len({one["instance"] for one in made}) == 4
    made = box.call(
        "POST",
        "/_simulator/accounts",
        json={"network": "bluesky", "names": ["rae"], "followers": 9, "created_at": "2026-11-01"},
    ).json
    assert made[0]["did"].startswith("did:plc:")
    assert made[0]["handle"] == "rae.simulator.test"
    assert (made[0]["followers"], made[0]["created_at"]) == (9, "2026-11-01T00:00:00.000Z")


def test_tokens_are_made_in_bulk(box):
    orders = [{"network": "mastodon", "account": f"voice{number}"} for number in range(100)]
    orders += [{"network": "bluesky", "account": f"voice{number}"} for number in range(50)]
    made = box.call("POST", "/_simulator/tokens", json=orders).json
    assert len({one["access_token"] for one in made}) == 150
    assert box.toot(made[0], "hello").status == 200
    assert {"dpop_jwk", "refresh_token", "expires_in", "issuer", "pds_url"} <= set(made[-1])
    clients = {one["client_id"] for one in made[:100]}
    assert len(clients) == 4  # one app per server


def test_revoked_account_is_refused_everywhere(box, sam, bluesky, client_of):
    answer = box.call("POST", "/_simulator/revoke", json={"network": "mastodon", "account": "sam"})
    assert answer.json == {"revoked": 1}
    assert box.toot(sam, "hello").status == 401
    credentials, client = bluesky
    assert client.put(credentials, "still here", "3l6oveex3ii2l").status == 200
    box.call("POST", "/_simulator/revoke", json={"account": credentials["did"]})
    assert client.put(credentials, "gone", "3l6oveex3ii2m").status == 401


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("accounts", {"network": "friendster"}),
        ("accounts", {"network": "mastodon", "names": ["no spaces please"]}),
        ("tokens", {"instance": "127.0.0.1:1"}),
        ("tokens", {"network": "mastodon", "client_id": "unknown"}),
        ("revoke", {"network": "mastodon", "account": "nobody"}),
        ("consents", {"authorize_url": "http://example.org/", "account": "sam"}),
        ("accounts", ["text"]),
    ],
)
def test_order_that_makes_no_sense_is_refused_with_a_sentence(box, path, order):
    answer = box.call("POST", f"/_simulator/{path}", json=order)
    assert answer.status == 400
    assert answer.json["error"].endswith(".")


def test_wall_shows_posts_without_letting_them_in(box, sam):
    box.toot(sam, "<script>alert(1)</script> hello wall")
    page = box.call("GET", "/")
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert box.call("GET", "/_simulator/static/simulator.css").status == 200


def test_mail_is_caught_and_shown(box):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "us@crowd.example", "sam@a.example", "Merci, é"
    mail.set_content("Hello Sam\nhttps://crowd.example/confirm\n")
    mail.add_alternative("<p>Hello <b>Sam</b></p>", subtype="html")
    mail.add_attachment("BEGIN:VCALENDAR", subtype="calendar", filename="launch.ics")
    with smtplib.SMTP(box.ready["smtp"]["host"], box.ready["smtp"]["port"], timeout=10) as smtp:
        smtp.send_message(mail)
    caught = box.call("GET", "/_simulator/mail", params={"to": "sam@a.example"}).json
    assert len(caught) == 1
    assert caught[0]["from"] == "us@crowd.example"
    assert caught[0]["to"] == ["sam@a.example"]
    assert caught[0]["subject"] == "Merci, é"
    assert "Hello Sam" in caught[0]["text"]
    assert "<b>Sam</b>" in caught[0]["html"]
    assert caught[0]["attachments"] == [{"name": "launch.ics", "content_type": "text/calendar"}]
    assert "Merci" in box.call("GET", "/mail").text
    page = box.call("GET", f"/mail/{caught[0]['id']}").text
    assert "sandbox=" in page
    assert 'href="https://crowd.example/confirm"' in page
    part = box.call("GET", f"/mail/{caught[0]['id']}/html")
    assert "sandbox" in part.headers["Content-Security-Policy"]
    assert box.call("DELETE", "/_simulator/mail").status == 204
    assert box.call("GET", "/_simulator/mail").json == []


@contextmanager
def start(*arguments):
    with subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_ends_within_a_second(number):
    with start("--port", "0", "--instances", "3", "--bluesky", "2", "--smtp-port", "0") as process:
        ready = json.loads(process.stdout.readline())
        networks = [one["network"] for one in ready["instances"]]
        assert networks == ["mastodon", "bluesky", "bluesky", *PLATFORMS]
        assert ready["smtp"] is None
        began = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - began < 1
        assert process.stderr.read() == ""


def test_taken_port_is_told_in_one_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start("--port", str(port), "--smtp-port", "0") as process:
            output, error = process.communicate(timeout=10)
        assert process.returncode == 1
        assert output == ""
        assert error.startswith(f"Port {port} on 127.0.0.1 cannot be used")
        assert error.count("\n") == 1
