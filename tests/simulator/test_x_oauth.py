"""The simulated X asks for consent, and gives tokens, as the real one does."""

import re

import pytest

from tests.simulator.conftest import REDIRECT
from tests.simulator.x_box import VERIFIER, XBox, read_query, sam, x

__all__ = ["sam", "x"]


def test_owner_allows_an_app_and_the_token_knows_the_account(box, x):
    redirect = box.consent(x.address(), "sam")
    assert redirect.startswith(REDIRECT)
    assert read_query(redirect)["state"] == "abc"
    token = x.trade(read_query(redirect)["code"]).json
    assert (token["token_type"], token["expires_in"]) == ("bearer", 7200)
    me = x.call(token, "/2/users/me?user.fields=public_metrics,created_at").json["data"]
    assert (me["username"], me["name"]) == ("sam", "Sam")
    assert me["public_metrics"]["followers_count"] > 0
    assert me["created_at"].endswith("T00:00:00.000Z")
    assert set(x.call(token, "/2/users/me").json["data"]) == {"id", "name", "username"}


def test_authorize_page_works_as_a_plain_form(box, x):
    page = box.call("GET", x.address())
    assert page.status == 200
    action = re.search(r'action="([^"]+)"', page.text).group(1)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    form = fields | {"account": "Sam", "decision": "allow"}
    answer = box.call("POST", x.url + action, data=form)
    assert answer.status == 302
    assert x.trade(read_query(answer.headers["Location"])["code"]).status == 200
    form["account"] = "no such name!"
    assert box.call("POST", x.address(), data=form).status == 422


def test_denied_consent_comes_back_as_access_denied(box, x):
    query = read_query(box.consent(x.address(), "sam", "deny"))
    assert (query["error"], query["state"]) == ("access_denied", "abc")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"response_type": "token"},
        {"redirect_uri": ""},
        {"state": ""},
        {"state": "s" * 501},
        {"code_challenge": ""},
        {"code_challenge_method": "S512"},
        {"scope": "everything"},
        {"scope": ""},
    ],
)
def test_request_that_is_none_is_shown_to_the_person(box, x, changes):
    answer = box.call("GET", x.address(**changes))
    assert answer.status == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code_verifier": "wrong"}, "authorization code was invalid"),
        ({"code_verifier": ""}, "Missing required parameter [code_verifier]"),
        ({"redirect_uri": "http://127.0.0.1:9/other"}, "authorization code was invalid"),
        ({"grant_type": "password"}, "grant type was invalid"),
    ],
)
def test_code_is_bound_to_verifier_and_redirect(x, changes, words):
    answer = x.trade(x.agree(), **changes)
    assert answer.status == 400
    assert words in answer.json["error_description"]


def test_code_is_good_once_and_for_thirty_seconds_at_most(box, x):
    code = x.agree()
    assert x.trade(code).status == 200
    assert x.trade(code).json["error"] == "invalid_request"
    box.call("PUT", "/_simulator/settings", json={"code_seconds": -1})
    assert x.trade(x.agree()).json["error"] == "invalid_request"
    assert x.trade("made-up").json["error"] == "invalid_request"


def test_app_is_known_by_its_secret_or_as_public_by_its_name(box, x):
    public = XBox(box, "simulated-x-public", "")
    assert public.trade(public.agree()).status == 200
    assert x.trade(public.agree()).status == 400
    for stranger in (XBox(box, "simulated-x", "wrong"), XBox(box, "simulated-x", "")):
        answer = stranger.trade(x.agree())
        assert (answer.status, answer.json["error"]) == (401, "unauthorized_client")


def test_plain_challenge_is_taken_too(x):
    code = x.agree(code_challenge=VERIFIER, code_challenge_method="plain")
    assert x.trade(code).status == 200


def test_refresh_token_is_good_once(x):
    old = x.trade(x.agree()).json
    new = x.refresh(old["refresh_token"]).json
    assert x.call(new, "/2/users/me").status == 200
    assert x.call(old, "/2/users/me").status == 401
    answer = x.refresh(old["refresh_token"])
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert x.refresh(new["refresh_token"]).status == 200


def test_refresh_token_is_good_for_its_own_app(box, x):
    token = x.trade(x.agree()).json["refresh_token"]
    assert XBox(box, "simulated-x-public", "").refresh(token).status == 400
    assert x.refresh(token).status == 200


def test_without_offline_access_there_is_nothing_to_refresh(x):
    assert "refresh_token" not in x.trade(x.agree(scope="tweet.read users.read")).json


def test_token_runs_out(box, x):
    late = box.seed("x", account="sam", expires_in=-1)
    answer = x.call(late, "/2/users/me")
    assert (answer.status, answer.json["title"]) == (401, "Unauthorized")
    assert x.refresh(late["refresh_token"]).status == 200


def test_each_token_is_revoked_by_itself(x, sam):
    assert x.send("/2/oauth2/revoke", token=sam["access_token"]).json == {"revoked": True}
    assert x.call(sam, "/2/users/me").status == 401
    assert x.send("/2/oauth2/revoke", token=sam["access_token"]).status == 400
    assert x.send("/2/oauth2/revoke", token=sam["refresh_token"]).status == 200
    assert x.refresh(sam["refresh_token"]).status == 400


def test_owner_revokes_everything(box, x, sam):
    order = {"network": "x", "account": "sam"}
    assert box.call("POST", "/_simulator/revoke", json=order).json["revoked"] == 1
    assert x.call(sam, "/2/users/me").status == 401
    assert x.refresh(sam["refresh_token"]).status == 400
