"""The simulated LinkedIn behaves as the real one is documented to."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from yarl import URL

REDIRECT = "http://127.0.0.1:9/callback"
LINK = "https://petition.example/river"
CLIENT = {"client_id": "simulated-linkedin", "client_secret": "simulated-linkedin-secret"}
PARTNER = {"client_id": "simulated-partner", "client_secret": "simulated-partner-secret"}
HEADERS = {"LinkedIn-Version": "202609", "X-Restli-Protocol-Version": "2.0.0"}


def read_query(url):
    return dict(parse_qsl(urlsplit(url).query))


class Site:
    """One app's way through LinkedIn."""

    def __init__(self, box, app=CLIENT):
        self.box, self.app, self.url = box, app, box.find("linkedin")["url"]

    def address(self, **changes):
        query = {
            "response_type": "code",
            "client_id": self.app["client_id"],
            "redirect_uri": REDIRECT,
            "scope": "openid profile w_member_social",
            "state": "abc",
        }
        return f"{self.url}/oauth/v2/authorization?{urlencode(query | changes)}"

    def ask(self, endpoint, **form):
        kept = {key: value for key, value in (self.app | form).items() if value is not None}
        return self.box.call("POST", f"{self.url}/oauth/v2/{endpoint}", data=kept)

    def trade(self, code, **changes):
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        return self.ask("accessToken", **form | changes)

    def sign_in(self, account="sam", **changes):
        code = read_query(self.box.consent(self.address(**changes), account))["code"]
        return self.trade(code).json

    def read_member(self, token):
        headers = {"Authorization": f"Bearer {token}"}
        return self.box.call("GET", self.url + "/v2/userinfo", headers=headers)

    def post(self, credentials, text=f"Salut {LINK}", *, headers=HEADERS, **changes):
        body = {
            "author": f"urn:li:person:{credentials['id']}",
            "commentary": text,
            "visibility": "PUBLIC",
            "distribution": {"feedDistribution": "MAIN_FEED"},
            "lifecycleState": "PUBLISHED",
        } | changes
        return self.box.call(
            "POST",
            self.url + "/rest/posts",
            headers={"Authorization": f"Bearer {credentials['access_token']}"} | headers,
            json={key: value for key, value in body.items() if value is not None},
        )


@pytest.fixture
def site(box):
    return Site(box)


@pytest.fixture
def sam(box):
    return box.seed("linkedin", account="sam")


def test_member_allows_an_app_and_the_token_knows_who_it_is(box, site):
    redirect = box.consent(site.address(), "sam")
    assert redirect.startswith(f"{REDIRECT}?")
    assert read_query(redirect)["state"] == "abc"
    token = site.trade(read_query(redirect)["code"]).json
    assert token["scope"] == "openid,profile,w_member_social"
    assert 5_183_990 < token["expires_in"] <= 5_184_000
    assert "refresh_token" not in token
    claims = site.read_member(token["access_token"]).json
    assert claims["sub"] == box.seed("linkedin", account="sam")["id"]
    assert (claims["name"], claims["locale"]["language"]) == ("Sam", "en")
    assert not {"followers", "created_at"} & set(claims)


def test_member_who_refuses_is_sent_back_with_linkedins_own_error(box, site):
    answer = read_query(box.consent(site.address(), "sam", decision="deny"))
    assert (answer["error"], answer["state"]) == ("user_cancelled_authorize", "abc")


def test_scope_that_the_app_may_not_ask_for_goes_back_as_an_error(box, site):
    answer = read_query(box.consent(site.address(scope="openid r_member_social"), "sam"))
    assert answer["error"] == "unauthorized_scope_error"


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "nobody"}, {"redirect_uri": "/back"}, {"redirect_uri": REDIRECT + "#x"}],
)
def test_request_that_nobody_may_be_sent_back_from_stays_on_the_page(box, site, changes):
    page = box.call("GET", site.address(**changes))
    assert page.status == 401
    assert "match" in page.text


def test_page_works_as_a_form(box, site):
    page = box.call("GET", site.address())
    assert page.status == 200
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    action = re.search(r'action="([^"]+)"', page.text)[1]
    form = hidden | {"account": "sam", "decision": "allow"}
    answer = box.call("POST", site.url + action, data=form)
    assert answer.status == 302
    assert read_query(answer.headers["Location"])["code"]


def test_name_that_nobody_can_bear_is_asked_for_again(box, site):
    form = {"account": "§", "decision": "allow"}
    answer = box.call("POST", site.address(), data=form)
    assert answer.status == 422
    assert "A name here" in answer.text


def test_code_is_good_once_and_only_for_its_address(box, site):
    code = read_query(box.consent(site.address(), "sam"))["code"]
    elsewhere = site.trade(code, redirect_uri="http://127.0.0.1:9/other")
    assert (elsewhere.status, elsewhere.json["error"]) == (400, "invalid_redirect_uri")
    assert site.trade(code).status == 200
    again = site.trade(code)
    assert (again.status, again.json["error"]) == (401, "invalid_request")
    assert "authorization code not found" in again.json["error_description"]


def test_code_runs_out(box, site):
    box.call("PUT", "/_simulator/settings", json={"code_seconds": -1})
    code = read_query(box.consent(site.address(), "sam"))["code"]
    assert site.trade(code).json["error"] == "invalid_redirect_uri"


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 400, "invalid_client_id"),
        ({"client_secret": None}, 400, "invalid_request"),
        ({"redirect_uri": None}, 400, "invalid_request"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        (PARTNER, 400, "invalid_redirect_uri"),
    ],
)
def test_token_endpoint_refuses_in_linkedins_words(box, site, changes, status, error):
    code = read_query(box.consent(site.address(), "sam"))["code"]
    answer = site.trade(code, **changes)
    assert (answer.status, answer.json["error"]) == (status, error)


def test_only_a_partner_renews_and_its_refresh_token_keeps_its_own_end(box):
    partner = Site(box, PARTNER)
    first = partner.sign_in()
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    renewed = partner.ask("accessToken", **form).json
    assert renewed["refresh_token"] == first["refresh_token"]
    assert renewed["refresh_token_expires_in"] <= first["refresh_token_expires_in"]
    for token in (first, renewed):
        assert partner.read_member(token["access_token"]).status == 200
    refused = Site(box).ask("accessToken", **form)
    assert refused.status == 400
    assert "invalid, expired or revoked" in refused.json["error_description"]


def test_other_scopes_end_all_older_tokens(box, site):
    old = site.sign_in()
    same = site.sign_in()
    assert site.read_member(old["access_token"]).status == 200
    site.sign_in(scope="openid profile")
    for token in (old, same):
        assert site.read_member(token["access_token"]).json["code"] == "REVOKED_ACCESS_TOKEN"


def test_introspection_tells_the_state_of_the_apps_own_tokens(box, site, sam):
    token = sam["access_token"]
    told = site.ask("introspectToken", token=token).json
    assert (told["active"], told["status"], told["auth_type"]) == (True, "active", "3L")
    assert Site(box, PARTNER).ask("introspectToken", token=token).json == {"active": False}
    assert site.ask("introspectToken", token="unknown").status == 400
    assert site.ask("introspectToken", token=token, client_secret="wrong").status == 401
    assert site.ask("revoke", token=token).status == 200
    told = site.ask("introspectToken", token=token).json
    assert (told["active"], told["status"]) == (False, "revoked")


def test_post_stands_under_its_permalink(box, site, sam):
    answer = site.post(
        sam, rf"Ça \(va\)? @[Rae](urn:li:person:r1) #été {{hashtag|\#|climat}} {LINK}"
    )
    assert (answer.status, answer.text) == (201, "")
    urn = answer.headers["x-restli-id"]
    assert re.fullmatch(r"urn:li:share:\d+", urn)
    [post] = box.call("GET", "/_simulator/posts").json
    assert post["text"] == f"Ça (va)? Rae #été #climat {LINK}"
    assert post["id"] == urn.rpartition(":")[2]
    page = box.call("GET", post["url"])
    assert page.status == 200
    assert "Ça (va)?" in page.text
    assert box.call("GET", f"{site.url}/feed/update/urn:li:share:1").status == 404


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("Avant (après)", "Avant "),
        (r"Avant \(après\)", "Avant (après)"),
        ("a_b", "a"),
        (r"a\\b", "a\\b"),
        (r"{hashtag|\#|a\_b} c", "#a_b c"),
        ("{hashtag|x}", ""),
        ("✊🏽\nligne", "✊🏽\nligne"),
    ],
)
def test_reserved_sign_without_a_backslash_cuts_the_text_off(box, site, sam, sent, read):
    site.post(sam, f"-{sent}")
    [post] = box.call("GET", "/_simulator/posts").json
    assert post["text"] == f"-{read}"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"author": None}, 400, "MISSING_FIELD"),
        ({"text": None}, 400, "MISSING_FIELD"),
        ({"author": "urn:li:organization:1"}, 400, "INVALID_URN_TYPE"),
        ({"visibility": "SECRET"}, 400, "INVALID_VALUE_FOR_FIELD"),
        ({"lifecycleState": "DRAFT"}, 400, "INVALID_VALUE_FOR_FIELD"),
        ({"text": " \n"}, 400, "INVALID_VALUE_BLANK_FIELD"),
        ({"author": "urn:li:person:another"}, 403, None),
        ({"headers": {}}, 400, "VERSION_MISSING"),
        ({"headers": {"LinkedIn-Version": "202504"}}, 426, "NONEXISTENT_VERSION"),
        ({"headers": {"LinkedIn-Version": "latest"}}, 426, "NONEXISTENT_VERSION"),
    ],
)
def test_post_is_refused_in_linkedins_words(box, site, sam, changes, status, code):
    answer = site.post(sam, **changes)
    assert answer.status == answer.json["status"] == status
    assert answer.json.get("code") == code
    assert box.summary()["posts"] == 0


def test_version_that_is_gone_is_named_with_its_day(site, sam):
    answer = site.post(sam, headers={"LinkedIn-Version": "202504"})
    assert answer.json["message"] == "Requested version 20250401 is not active"


def test_three_thousand_characters_fit_whatever_their_backslashes(site, sam):
    assert site.post(sam, r"\(" * 3000).status == 201
    answer = site.post(sam, "é" * 3001)
    assert answer.status == 400
    [error] = answer.json["errorDetails"]["inputErrors"]
    assert error["code"] == "FIELD_ARRAY_SIZE_TOO_HIGH"
    assert "(3001 characters)" in answer.json["message"]


def test_same_words_of_the_same_member_are_a_duplicate(box, site, sam):
    urn = site.post(sam).headers["x-restli-id"]
    answer = site.post(sam)
    assert answer.status == 422
    assert answer.json["message"].endswith(f"Content is a duplicate of {urn}")
    [error] = answer.json["errorDetails"]["inputErrors"]
    assert error["code"] == "DUPLICATE_POST"
    assert site.post(box.seed("linkedin", account="rae")).status == 201
    assert box.summary()["posts"] == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda sam: sam | {"access_token": "made-up"}, "INVALID_ACCESS_TOKEN"),
        (lambda sam: sam | {"access_token": ""}, "INVALID_ACCESS_TOKEN"),
    ],
)
def test_token_that_is_none_posts_nothing(box, site, sam, change, code):
    answer = site.post(change(sam))
    assert (answer.status, answer.json["code"]) == (401, code)
    assert box.summary()["posts"] == 0


def test_request_without_a_token_is_told_so(box, site):
    answer = box.call("POST", site.url + "/rest/posts", headers=HEADERS, json={})
    assert (answer.status, answer.json["code"]) == (401, "EMPTY_ACCESS_TOKEN")


def test_dead_tokens_say_how_they_died(box, site, sam):
    expired = box.seed("linkedin", account="sam", expires_in=0)
    assert site.post(expired).json["code"] == "EXPIRED_ACCESS_TOKEN"
    box.call("POST", "/_simulator/revoke", json={"network": "linkedin", "account": "sam"})
    assert site.post(sam).json["code"] == "REVOKED_ACCESS_TOKEN"


def test_token_without_leave_to_post_is_denied(box, site):
    reader = box.seed("linkedin", account="sam", scope="openid profile")
    answer = site.post(reader)
    assert (answer.status, answer.json["code"]) == (403, "ACCESS_DENIED")
    assert answer.json["message"] == "Not enough permissions to access: posts.CREATE.20260901"


def test_nothing_can_be_read_back(box, site, sam):
    urn = site.post(sam).headers["x-restli-id"]
    headers = HEADERS | {"Authorization": f"Bearer {sam['access_token']}"}
    for path in ("/rest/posts?q=author", f"/rest/posts/{urn}"):
        answer = box.call("GET", site.url + path, headers=headers)
        assert (answer.status, answer.json["code"]) == (403, "ACCESS_DENIED")


def test_member_may_post_so_often_in_a_day(box, site, sam):
    for number in range(150):
        assert site.post(sam, f"Salut {number}").status == 201
    answer = site.post(sam, "Salut encore")
    assert (answer.status, answer.json["code"]) == (429, "TOO_MANY_REQUESTS")
    assert "MEMBER DAY" in answer.json["message"]
    assert "Retry-After" not in answer.headers
    assert site.post(box.seed("linkedin", account="rae")).status == 201


def test_faults_strike_posts_in_linkedins_own_words(box, site, sam):
    box.set_faults({"network": "linkedin", "429": 1, "retry_after": 7, "times": 1})
    answer = site.post(sam)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    box.set_faults({"network": "linkedin", "500_after": 1, "times": 1})
    assert site.post(sam).json["code"] == "INTERNAL_SERVER_ERROR"
    assert box.summary()["posts"] == 1
    box.set_faults({"network": "linkedin", "revoked": 1, "endpoints": "token"})
    answer = site.trade("code")
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


def test_fault_of_one_account_spares_the_others(box, site, sam):
    box.set_faults({"account": "sam", "500_before": 1, "endpoints": ["publish", "token"]})
    assert site.post(sam).status == 500
    assert site.post(box.seed("linkedin", account="rae")).status == 201
    code = read_query(box.consent(site.address(), "sam"))["code"]
    assert site.trade(code).status == 500


def test_partner_is_seeded_with_a_refresh_token(box):
    made = box.seed("linkedin", account="sam", client_id="simulated-partner")
    assert made["refresh_token"]
    assert (made["client_secret"], made["url"]) == (
        PARTNER["client_secret"],
        box.find("linkedin")["url"],
    )
    answer = box.call(
        "POST", "/_simulator/tokens", json={"network": "linkedin", "client_id": "nobody"}
    )
    assert answer.status == 400


def delete(site, credentials, urn, **headers):
    return site.box.call(
        "DELETE",
        URL(f"{site.url}/rest/posts/{urn}", encoded=True),
        headers={"Authorization": f"Bearer {credentials['access_token']}", **HEADERS, **headers},
    )


def test_deleted_post_is_gone_and_deleting_it_again_is_as_good(box, site, sam):
    urn = site.post(sam).headers["x-restli-id"].replace(":", "%3A")
    assert [delete(site, sam, urn).status for _ in range(2)] == [204, 204]
    assert box.summary()["posts"] == 0
    assert box.call("GET", f"{site.url}/feed/update/{urn}").status == 404


def test_nobody_deletes_the_post_of_another_member(box, site, sam):
    urn = site.post(sam).headers["x-restli-id"].replace(":", "%3A")
    rae = box.seed("linkedin", account="rae")
    answer = delete(site, rae, urn)
    assert (answer.status, answer.json["code"]) == (403, "ACCESS_DENIED")
    assert box.summary()["posts"] == 1


@pytest.mark.parametrize("urn", ["urn:li:share:1", "urn%3Ali%3Aperson%3A1", "1"])
def test_what_names_no_post_in_its_encoded_form_is_refused(site, sam, urn):
    assert delete(site, sam, urn).status == 400
