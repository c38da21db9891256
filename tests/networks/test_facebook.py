"""What Facebook's adapter sends, and what it makes of the Graph API's answers to a post."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from networks.adapters.facebook import Facebook
from networks.base import Mode, Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.facebook_graph import make_proof
from networks.http import Http
from tests.networks.boxes import SECRET, Box, Page, fail_of, write_post
from tests.networks.facebook_boxes import (
    CREDENTIALS,
    FEED,
    REGISTRATION,
    WEBSITE,
    read_form,
    refuse,
    say,
    with_graph,
)
from tests.networks.servers import serve_raw

TEXT = "Trois barrages.\n\nhttps://voix.example.org/p?a=1 #fleuve ✊🏽"


def publish(page: Page, **options: Any) -> tuple[Any, Box]:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        return await adapter.publish(http, server, CREDENTIALS, write_post(text=TEXT))

    return with_graph({FEED: page}, work, **options)


def test_words_are_sent_exactly_and_nothing_with_them() -> None:
    receipt, box = publish({"id": "42_7"})
    assert (receipt.remote_id, receipt.url) == ("42_7", f"{WEBSITE}/42_7")
    assert [request.method for request in box.asked] == ["POST"]
    assert read_form(box.bodies[0]) == {
        "message": TEXT,
        "access_token": SECRET,
        "appsecret_proof": make_proof(SECRET, secret=REGISTRATION.client_secret),
    }
    assert SECRET not in str(box.asked[0].url)


def test_proof_is_the_one_that_facebook_computes() -> None:
    # openssl dgst -sha256 -hmac secret <<< token, without the end of line
    assert make_proof("token", secret="secret") == (
        "e941110e3d2bfe82621f0e3e1434730d7305d106c5f68c87165d0b27a4611a4a"
    )


def test_version_is_the_operators() -> None:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        return await adapter.publish(http, server, CREDENTIALS, write_post())

    receipt, _ = with_graph({"/v31.0/42/feed": {"id": "42_7"}}, work, version="v31.0")
    assert receipt.remote_id == "42_7"


AGAIN = "Please link the Page again."
CHECKPOINTED = (
    "Facebook wants to ask you something first: sign in at facebook.com, then link the Page again."
)
PASSWORD = "Your password on Facebook was changed, which ended the authorisation."
UNCONFIRMED = (
    "Your Facebook account is not confirmed: sign in at facebook.com, then link the Page again."
)
NO_ROLE = "You have no role on this Page any more. Ask whoever runs it for one, then link it again."
TROUBLE = "Facebook gave no clear answer, so it is not known whether the post is out."
NO_RIGHT = (
    "Facebook does not let this site post on the Page: “Words”. Please link it again, with every "
    "permission that is asked for."
)
SHUT_OUT = "Facebook does not let this site in: “Words”. Whoever runs the site has to see to it."
REST_SITE = "Facebook wants a rest from this site. It will be asked again later."
REST_PAGE = "Facebook wants a rest for this Page. It will be asked again later."
GONE = f"Facebook no longer accepts the authorisation. {AGAIN}"
NO_PAGE = "Facebook does not show this Page any more. If it is still there, please link it again."
REFUSED = "Facebook refused: “Words”."
BAD_LINK = "Facebook does not take the link in this post: “Words”."
BLOCKED = (
    "Facebook keeps this Page from posting for now, because of its rules: “Words”. Look at the "
    "Page's messages on Facebook."
)
REPEATED = "Facebook says that the Page has just posted the same words, so it is looked up."

# Every error of https://developers.facebook.com/docs/graph-api/guides/error-handling, of
# …/graph-api/overview/rate-limiting and …/graph-api/reference/page/feed: code, subcode, what it is
# for us, and what the Page's owner reads.
ERRORS = [
    (None, 0, NeedsRelink, GONE),
    (102, 0, NeedsRelink, GONE),
    (190, 0, NeedsRelink, GONE),
    (190, 458, NeedsRelink, f"This site was removed from your apps on Facebook. {AGAIN}"),
    (190, 459, NeedsRelink, CHECKPOINTED),
    (190, 460, NeedsRelink, f"{PASSWORD} {AGAIN}"),
    (190, 463, NeedsRelink, f"The authorisation at Facebook has run out. {AGAIN}"),
    (190, 464, NeedsRelink, UNCONFIRMED),
    (190, 467, NeedsRelink, f"The authorisation at Facebook is no longer valid. {AGAIN}"),
    (190, 492, NeedsRelink, NO_ROLE),
    (190, 999, NeedsRelink, GONE),
    (10, 0, NeedsRelink, NO_RIGHT),
    (200, 0, NeedsRelink, NO_RIGHT),
    (210, 0, NeedsRelink, NO_RIGHT),
    (283, 0, NeedsRelink, NO_RIGHT),
    (299, 0, NeedsRelink, NO_RIGHT),
    (100, 33, NeedsRelink, NO_PAGE),
    (803, 0, NeedsRelink, NO_PAGE),
    (1, 0, OutcomeUnknown, TROUBLE),
    (2, 0, OutcomeUnknown, TROUBLE),
    (506, 1455006, OutcomeUnknown, REPEATED),
    (3, 0, TryLater, SHUT_OUT),
    (101, 0, TryLater, SHUT_OUT),
    (104, 0, TryLater, SHUT_OUT),
    (4, 0, TryLater, REST_SITE),
    (341, 0, TryLater, REST_SITE),
    (17, 0, TryLater, REST_PAGE),
    (32, 0, TryLater, REST_PAGE),
    (613, 0, TryLater, REST_PAGE),
    (80001, 0, TryLater, REST_PAGE),
    (80014, 0, TryLater, REST_PAGE),
    (368, 0, Rejected, BLOCKED),
    (1609005, 0, Rejected, BAD_LINK),
    (1500, 0, Rejected, BAD_LINK),
    (100, 0, Rejected, REFUSED),
    (197, 0, Rejected, REFUSED),
    (300, 0, Rejected, REFUSED),
    (12, 0, Rejected, REFUSED),
    (2500, 0, Rejected, REFUSED),
]  # fmt: skip


@pytest.mark.parametrize(("code", "subcode", "expected", "sentence"), ERRORS)
def test_documented_error_means_one_thing_and_says_it(
    code: int | None, subcode: int, expected: type[NetworkError], sentence: str
) -> None:
    error = fail_of(lambda: publish(refuse(code, error_subcode=subcode)))
    assert type(error) is expected
    assert str(error) == sentence


@pytest.mark.parametrize(
    ("code", "scope"),
    [(3, "network"), (101, "network"), (104, "network"), (4, "host"), (341, "host"),
     (17, "account"), (32, "account"), (613, "account"), (80001, "account")],
)  # fmt: skip
def test_only_those_wait_whom_it_concerns(code: int, scope: str) -> None:
    error = fail_of(lambda: publish(refuse(code)))
    assert isinstance(error, TryLater)
    assert error.scope == scope


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (200, "API access blocked."),
        (100, "Invalid appsecret_proof provided in the API argument"),
        (100, "API calls from the server require an appsecret_proof argument"),
        (1, "Error validating client secret."),
        (190, "Error validating application. Application has been deleted."),
    ],
)
def test_app_that_facebook_does_not_let_in_is_nobodys_own_failure(code: int, words: str) -> None:
    error = fail_of(lambda: publish(refuse(code, message=words)))
    assert isinstance(error, TryLater)
    assert error.scope == "network"
    assert words in str(error)


def test_block_for_having_said_it_before_is_looked_up() -> None:
    words = "You've already posted this. Posting the same content repeatedly isn't allowed."
    error = fail_of(lambda: publish(refuse(368, message=words)))
    assert isinstance(error, OutcomeUnknown)


@pytest.mark.parametrize("code", [1, 2, 4, 100, 190, 200, 506, 9999])
def test_error_of_the_server_leaves_it_open_whatever_its_code(code: int) -> None:
    # Seen: a 500 with code 2, and the post was there (koala's issue 699).
    error = fail_of(lambda: publish(refuse(code, status=500)))
    assert type(error) is OutcomeUnknown
    assert str(error) == TROUBLE


def test_unknown_code_that_is_said_to_pass_leaves_it_open() -> None:
    assert type(fail_of(lambda: publish(refuse(9999, is_transient=True)))) is OutcomeUnknown
    assert type(fail_of(lambda: publish(refuse(9999)))) is Rejected


def test_words_for_the_person_come_before_those_for_programmers() -> None:
    error = fail_of(lambda: publish(refuse(100, error_user_msg="Too\nlong\u202e")))
    assert str(error) == "Facebook refused: “Too long”."


@pytest.mark.parametrize("secret", [SECRET, REGISTRATION.client_secret])
def test_refusal_that_repeats_a_secret_is_not_repeated(secret: str) -> None:
    error = fail_of(lambda: publish(refuse(100, message=f"bad {secret} here")))
    assert str(error) == "Facebook refused: “HTTP 400”."


# What facebook-sdk trips over: none of it says whether the post is out.
SURPRISES = [
    say(b"<html>Bad Gateway</html>", status=502, kind="text/html"),
    say(b"<html>Sorry</html>", status=200, kind="text/html"),
    say(b"<html>Sorry</html>", status=403, kind="text/html"),
    say(b"access_token=1&expires=5", kind="text/plain"),
    say(b"\x89PNG", kind="image/png"),
    say(b"", status=200),
    say(b"", status=204),
    say(b'{"id": "42_'),
    say(b"[" * 100_000),
    say(b"\xff\xfe{"),
    say(b"[]"),
    say(b"true"),
    say(b"null"),
    say(b'"42_7"'),
    say(b"{}"),
    say(b'{"id": ""}'),
    say(b'{"id": null}'),
    say(b'{"id": {"a": 1}}'),
    say(b'{"id": "42_7"}', status=500),
    say(b'{"id": "42_7"}', status=404),
    say(b'{"error": "words"}'),
    say(b'{"error": {"code": "190"}}'),
    say(b'{"error": {"code": true, "type": "OAuthException"}}'),
    say(b'{"error": {"message": "no code"}}', status=400),
    say(b'{"error_msg": "as in 2009", "error_code": 190}', status=400),
]


@pytest.mark.parametrize("page", SURPRISES)
def test_answer_that_makes_no_sense_leaves_it_open(page: Page) -> None:
    error = fail_of(lambda: publish(page))
    assert type(error) is OutcomeUnknown
    assert str(error) == TROUBLE


def test_answer_without_a_content_type_leaves_it_open() -> None:
    body = json.dumps({"id": "42_7"}).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()

    async def work() -> Any:
        async with (
            serve_raw(answer) as host,
            Http(user_agent="tests", allowed_hosts=frozenset({host})) as http,
        ):
            adapter = make_adapter(f"http://{host}")
            server, _ = await adapter.find_server(http, "")
            return await adapter.publish(http, server, CREDENTIALS, write_post())

    assert type(fail_of(lambda: asyncio.run(work()))) is OutcomeUnknown


def test_somebody_else_who_answers_is_not_followed() -> None:
    error = fail_of(lambda: publish(say(b"", status=302)))
    assert isinstance(error, TryLater)
    assert error.scope == "host"


def make_adapter(url: str = "https://graph.facebook.example") -> Facebook:
    return Facebook(
        mode=Mode.AUTOMATIC,
        client_id=REGISTRATION.client_id,
        client_secret=REGISTRATION.client_secret,
        api_url=url,
        consent_url=WEBSITE,
    )


USAGE = "X-Business-Use-Case-Usage"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({USAGE: json.dumps({"42": [{"estimated_time_to_regain_access": 3}]})}, 180),
        ({USAGE: json.dumps({"42": [{"estimated_time_to_regain_access": 0}]})}, None),
        ({USAGE: json.dumps({"42": [{"estimated_time_to_regain_access": 10**400}]})}, 900),
        ({USAGE: json.dumps({"42": [{"call_count": 100}]})}, None),
        ({USAGE: '{"42": [{"estimated_time_to_regain_access": Infinity}]}'}, 900),
        ({USAGE: '{"42": [{"estimated_time_to_regain_access": NaN}]}'}, None),
        ({USAGE: '{"42": [{"estimated_time_to_regain_access": "3"}]}'}, None),
        ({USAGE: '{"42": 1}'}, None),
        ({USAGE: "[]"}, None),
        ({USAGE: "soon"}, None),
        ({"Retry-After": "7", USAGE: "soon"}, 7),
        ({}, None),
    ],
)
def test_rest_that_facebook_asks_for_is_kept_within_reason(
    headers: dict[str, str], seconds: float | None
) -> None:
    error = fail_of(lambda: publish(refuse(32, status=403, headers=headers)))
    assert isinstance(error, TryLater)
    assert error.after_seconds == seconds


def test_busy_front_without_words_is_tried_later() -> None:
    error = fail_of(lambda: publish(say(b"<html>", status=429, kind="text/html")))
    assert isinstance(error, TryLater)
    assert error.scope == "host"


def test_length_is_counted_in_characters() -> None:
    adapter = make_adapter()
    assert adapter.measure(None, "é" * 63_207).over == 1
    assert adapter.measure(None, TEXT).used == len(TEXT)


def test_own_hand_shares_the_link_alone() -> None:
    composition = make_adapter().compose(TEXT, link="https://voix.example.org/p?a=1&b=é")
    shared = "https%3A%2F%2Fvoix.example.org%2Fp%3Fa%3D1%26b%3D%C3%A9"
    assert composition.url == f"{WEBSITE}/sharer/sharer.php?u={shared}"
    assert not composition.is_whole


def test_own_hand_without_a_link_begins_on_facebook() -> None:
    composition = make_adapter().compose(TEXT, link="")
    assert (composition.url, composition.is_whole) == (WEBSITE, False)


def test_no_key_and_no_absence_prove_anything() -> None:
    adapter = make_adapter()
    server = Server(network="facebook", host="graph.facebook.example", url="https://x.example")
    assert not adapter.honours_keys(server)
    assert not adapter.absence_proves(server, post=write_post(), seconds_since_first_attempt=0)
