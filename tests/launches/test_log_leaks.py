"""Whatever breaks, with whatever in its words: the log holds no key, no address and no code.

Row 32 of the faults: every account has a canary for a token, and exceptions that say it out loud
are thrown out of everything. What is searched is what the site's own set-up writes at DEBUG.
"""

import asyncio
import json
import logging
import logging.config
from datetime import timedelta
from io import StringIO

import pytest
from django.db import IntegrityError, transaction
from post_office.mail import send_queued_mail_until_done

from accounts.models import User
from campaigns.mailing import queue_mail
from crowdspeak import tasks as tidying
from crowdspeak.celery import app
from crowdspeak.loglines import Lines, set_up_logs
from launches.deleting import delete_posts
from launches.delivering import deliver
from launches.measuring import read_numbers
from launches.models import Delivery, Launch
from launches.preflight import check_accounts
from launches.recalling import recall
from supporters import vault
from supporters.models import LinkedAccount, Pledge
from supporters.unlinking import unlink
from tests.launches.elapsing import let_pass

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "canary.sam@example.org"
CODE = "canary-code-9"
WORD = "canary-word-9"


@pytest.fixture(autouse=True)
def quiet():
    """Here everything breaks."""


@pytest.fixture
def log(settings):
    """What the site's own set-up writes, all of it, beside what pytest listens to."""
    root = logging.getLogger()
    level = root.level
    logging.config.dictConfig(set_up_logs(kind="json", level="DEBUG"))
    (ours,) = root.handlers
    stream = StringIO()
    ours.setStream(stream)
    yield stream
    others = [each for each in root.handlers if each is not ours]
    logging.config.dictConfig(settings.LOGGING)
    root.handlers += others
    root.setLevel(level)


@pytest.fixture
def lent(crowd):
    """A launch of two that begins now; gives the canaries of its accounts."""
    crowd(2, launch_in=-0.5)
    return [
        vault.unseal_credentials(each.sealed_credentials, fingerprint=each.fingerprint).access_token
        for each in LinkedAccount.objects.all()
    ]


def shout(tokens):
    """A function that breaks, and says all it knows."""

    def fail(*_, **__):
        token = tokens[0]
        raise RuntimeError(
            f"{token} refused; Authorization: Bearer {tokens[-1]}; {{'access_token': '{WORD}', "
            f"'refresh_token': '{WORD}', 'password': '{WORD}'}} client_secret={WORD} of "
            f"{ADDRESS} at https://u:{WORD}@a.example/back?code={CODE}&state={WORD} "
            f"and /go?iss=x&code={CODE}"
        )

    return fail


def read_lines(log):
    """Every line, which must be JSON; none of the canaries in any."""
    return [json.loads(line) for line in log.getvalue().splitlines()]


def find_canaries(log, tokens):
    """Which are there, as they stand or as JSON writes them."""
    return [each for each in (*tokens, ADDRESS, CODE, WORD) if each in log.getvalue()]


def launch(step):
    for launch_id in step():
        deliver(launch_id)
    step()


def look_up(step):
    launch(step)
    Delivery.objects.update(state="unknown", due_at=None, lease_until=None, is_uncertain=True)
    launch(step)


def check(step):
    let_pass(days=-1)
    LinkedAccount.objects.update(checked_at=LinkedAccount.objects.first().checked_at - timedelta(9))
    check_accounts()


def measure(step):
    launch(step)
    let_pass(hours=2)
    read_numbers()


def take_back(step):
    launch(step)
    recall(Launch.objects.get(), by=None)
    delete_posts()
    step()


def take_back_told(step):
    Pledge.objects.update(receipt_email=ADDRESS)
    take_back(step)


def tidy(step):
    tidying.tidy()


def unlink_one(step):
    account = LinkedAccount.objects.first()
    unlink(account, person=account.person)


MASTODON = "networks.adapters.mastodon.Mastodon"


@pytest.mark.parametrize(
    ("target", "drive"),
    [
        (f"{MASTODON}.publish", launch),
        (f"{MASTODON}.find", look_up),
        (f"{MASTODON}.read_profile", check),
        (f"{MASTODON}.read_numbers", measure),
        (f"{MASTODON}.revoke", unlink_one),
        (f"{MASTODON}.delete", take_back),
        ("launches.deleting.record", take_back),
        ("launches.telling_owners.queue_mail", take_back_told),
        ("launches.claims.tokens.open_if_good", launch),
        ("launches.delivering.claiming.claim", launch),
        ("launches.recording.record", launch),
        ("launches.igniting.count_turnout", launch),
        ("launches.receipts.queue_mail", launch),
        ("launches.igniting.insert_deliveries", launch),
        ("launches.sweeping.expire_leases", launch),
        ("crowdspeak.purging._list_old", tidy),
    ],
)
def test_whatever_breaks_says_no_canary(target, drive, lent, step, log, monkeypatch):
    monkeypatch.setattr(target, shout(lent))
    try:
        drive(step)
    except RuntimeError:  # as Celery would write it
        logging.getLogger("celery.app.trace").exception("Task raised unexpected")
    lines = read_lines(log)
    assert [line for line in lines if "RuntimeError" in line.get("exception", "")]
    assert find_canaries(log, lent) == []


def test_a_delivery_that_breaks_is_named_by_its_ids(lent, step, log, monkeypatch):
    monkeypatch.setattr(f"{MASTODON}.publish", shout(lent))
    launch(step)
    broken = [line for line in read_lines(log) if line["event"].startswith("sending delivery")]
    rows = Delivery.objects.values_list("pk", "pledge__account", "launch", "launch__campaign")
    keys = ("delivery_id", "account_id", "launch_id", "campaign_id")
    assert sorted(tuple(line[key] for key in keys) for line in broken) == sorted(rows)
    assert {(line["level"], line["network"]) for line in broken} == {("error", "mastodon")}


def test_what_is_written_on_a_database_thread_is_named_too(lent, step, log, monkeypatch):
    def say(*_, **__):
        logging.getLogger("launches.recording").warning("here")
        return 0

    monkeypatch.setattr("launches.recording.record", say)
    launch(step)
    said = [line for line in read_lines(log) if line["event"] == "here"]
    assert said
    assert all({"launch_id", "campaign_id"} <= set(line) for line in said)


def test_a_part_of_a_tick_is_named_and_forgotten_after(lent, step, log, monkeypatch):
    monkeypatch.setattr("launches.sweeping.expire_leases", shout(lent))
    step()
    logging.getLogger("launches").warning("after")
    lines = read_lines(log)
    (failed,) = [line for line in lines if "a part of this tick failed" in line["event"]]
    assert failed["step"] == "fail"
    assert "step" not in lines[-1]


def test_a_task_that_breaks_is_named_and_says_no_canary(lent, log, monkeypatch):
    monkeypatch.setattr("launches.tasks.do_tick", shout(lent))
    app.tasks["launches.tasks.tick"].apply()
    (line,) = [line for line in read_lines(log) if line["logger"] == "celery.app.trace"]
    assert line["task"] == "launches.tasks.tick"
    assert line["task_id"]
    assert find_canaries(log, lent) == []
    logging.getLogger("launches").warning("after")
    assert "task" not in read_lines(log)[-1]


def test_a_page_that_breaks_is_named_and_says_no_canary(lent, log, client, monkeypatch, settings):
    monkeypatch.setattr("launches.views.summarise", shout(lent))
    client.raise_request_exception = False
    client.cookies["crumb"] = WORD
    answer = client.get(
        f"/campaigns/river/results.json?code={CODE}&email={ADDRESS}",
        headers={"Authorization": f"Bearer {lent[0]}"},
    )
    assert answer.status_code == 500
    (line,) = [line for line in read_lines(log) if line["logger"] == "django.request"]
    assert (line["view"], line["status"]) == ("results_json", 500)
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert find_canaries(log, lent) == []


def test_a_page_that_is_not_there_says_no_key_of_its_address(log, client, db):
    key = "c9abcd-0123456789abcdef0123456789abcdef"
    answer = client.get(f"/account/password/reset/nothing/{key}/?token={WORD}")
    assert answer.status_code == 404
    (line,) = [line for line in read_lines(log) if line["logger"] == "django.request"]
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert key not in log.getvalue()
    assert find_canaries(log, []) == []


def test_each_request_has_an_id_of_its_own(client, db):
    ids = {client.get("/livez").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


def test_what_a_database_refuses_names_nobody(log, db):
    User.objects.create_user(ADDRESS, name="One")
    try:
        with transaction.atomic():
            User.objects.create_user(ADDRESS, name="Two")
    except IntegrityError:
        logging.getLogger("accounts").exception("not written")
    assert "IntegrityError" in log.getvalue()
    assert find_canaries(log, []) == []


def test_a_mail_that_cannot_be_sent_names_nobody(log, crowd, settings, monkeypatch):
    campaign, _ = crowd(1)
    settings.POST_OFFICE = settings.POST_OFFICE | {
        "BACKENDS": {"default": "django.core.mail.backends.locmem.EmailBackend"}
    }
    monkeypatch.setattr(
        "django.core.mail.backends.locmem.EmailBackend.send_messages", shout(["x" * 30 + "1"])
    )
    facts = {"campaign": campaign, "revision": None, "pledges": []}
    queue_mail(ADDRESS, person=None, template="changed", language="en", context=facts)
    send_queued_mail_until_done(processes=1)
    assert find_canaries(log, []) == []


def test_what_nobody_awaited_is_written_clean(log, db):
    async def forget():
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"Task exception was never retrieved: token={WORD}", "exception": None}
        )

    asyncio.run(forget())
    assert "never retrieved" in log.getvalue()
    assert find_canaries(log, []) == []


def test_a_line_that_cannot_be_formatted_is_told_and_not_printed(log, capsys, db):
    record = logging.LogRecord("launches", logging.ERROR, "a.py", 1, "%d of them", (WORD,), None)
    (ours,) = [each for each in logging.getLogger().handlers if isinstance(each, Lines)]
    ours.handle(record)
    (line,) = read_lines(log)
    assert line["event"] == "a line could not be written: TypeError"
    assert WORD not in log.getvalue() + capsys.readouterr().err


def test_libraries_that_would_print_tokens_stay_silent_at_debug(log, db):
    for name in ("tweepy.client", "oauthlib.oauth2", "requests_oauthlib.oauth1_auth"):
        logging.getLogger(name).debug("headers: %s", WORD)
        logging.getLogger(name).warning("headers: %s", WORD)
    logging.getLogger("axes.handlers.database").warning("New login failure by %s", WORD)
    logging.getLogger("aiohttp.access").info(WORD)
    logging.getLogger("django.db.backends").debug("UPDATE … SET %s", WORD)
    assert log.getvalue() == ""
