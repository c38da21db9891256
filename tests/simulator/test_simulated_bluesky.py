"""The simulated Bluesky server behaves as a real one does."""

import time
from urllib.parse import parse_qsl, urlsplit

import pytest

KEY = "3l6oveex3ii2l"


def read_query(url):
    return dict(parse_qsl(urlsplit(url).query))


def test_handle_leads_to_did_server_and_sign_in(box):
    place = box.find("bluesky")
    url = place["resolver_url"] + "/xrpc/com.atproto.identity.resolveHandle?handle="
    did = box.call("GET", url + "sam.simulator.test").json["did"]
    document = box.call("GET", f"{place['plc_url']}/{did}").json
    assert document["alsoKnownAs"] == ["at://sam.simulator.test"]
    service = document["service"][0]
    assert (service["id"], service["type"]) == ("#atproto_pds", "AtprotoPersonalDataServer")
    pds = service["serviceEndpoint"]
    resource = box.call("GET", pds + "/.well-known/oauth-protected-resource").json
    issuer = resource["authorization_servers"][0]
    metadata = box.call("GET", issuer + "/.well-known/oauth-authorization-server").json
    assert metadata["issuer"] == issuer
    assert metadata["require_pushed_authorization_requests"] is True
    assert metadata["dpop_signing_alg_values_supported"] == ["ES256"]
    assert box.call("GET", url + "nobody.simulator.test").status == 400
    assert box.call("GET", place["plc_url"] + "/did:plc:aaaaaaaaaaaaaaaaaaaaaaaa").status == 404


def test_owner_allows_a_client_and_the_answer_names_its_issuer(box, bluesky_sign_in):
    flow = bluesky_sign_in
    query = read_query(box.consent(flow.address(), "sam"))
    assert query["iss"] == flow.url
    assert query["state"] == "abc"
    tokens = flow.trade(query["code"]).json
    assert tokens["sub"].startswith("did:plc:")
    assert tokens["token_type"] == "DPoP"
    assert tokens["scope"] == "atproto transition:generic"


def test_consent_page_proposes_the_hinted_account(box, bluesky_sign_in):
    address = bluesky_sign_in.address()
    page = box.call("GET", address)
    assert 'value="sam.simulator.test"' in page.text
    form = read_query(address) | {"account": "sam.simulator.test", "decision": "deny"}
    answer = box.call("POST", bluesky_sign_in.url + "/oauth/authorize", data=form)
    assert answer.status == 303
    assert read_query(answer.headers["Location"])["error"] == "access_denied"
    assert box.call("GET", address).status == 400


def test_first_proof_without_a_nonce_is_sent_back_for_one(bluesky_sign_in):
    flow = bluesky_sign_in
    answer = flow.dpop.call_once("POST", flow.url + "/oauth/par", data={"client_id": "x"})
    assert (answer.status, answer.json["error"]) == (400, "use_dpop_nonce")
    assert answer.headers["DPoP-Nonce"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:9/other"}, "invalid_request"),
        ({"scope": "transition:generic"}, "invalid_scope"),
        ({"scope": "atproto transition:email"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"client_id": "https://client.example/metadata.json"}, "invalid_client_metadata"),
    ],
)
def test_pushed_request_is_checked(bluesky_sign_in, changes, error):
    answer = bluesky_sign_in.push(**changes)
    assert (answer.status, answer.json["error"]) == (400, error)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "wrong"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:9/other"}, "invalid_grant"),
        ({"code": "cod-unknown"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_code_is_bound_to_verifier_and_redirect(box, bluesky_sign_in, changes, error):
    flow = bluesky_sign_in
    code = read_query(box.consent(flow.address(), "sam"))["code"]
    answer = flow.trade(**{"code": code} | changes)
    assert (answer.status, answer.json["error"]) == (400, error)


def test_replayed_code_ends_the_session(box, bluesky_sign_in):
    flow = bluesky_sign_in
    code = read_query(box.consent(flow.address(), "sam"))["code"]
    tokens = flow.trade(code).json
    assert flow.trade(code).json["error"] == "invalid_grant"
    assert flow.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_refresh_token_is_single_use_and_its_replay_ends_the_session(bluesky_sign_in):
    first = bluesky_sign_in.sign_in()
    second = bluesky_sign_in.refresh(first["refresh_token"]).json
    assert second["sub"] == first["sub"]
    assert bluesky_sign_in.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    assert bluesky_sign_in.refresh(second["refresh_token"]).json["error"] == "invalid_grant"


def test_refresh_token_is_bound_to_its_key(box, bluesky_sign_in, bluesky):
    tokens = bluesky_sign_in.sign_in()
    _, other_key = bluesky
    own_key, bluesky_sign_in.dpop = bluesky_sign_in.dpop, other_key
    assert bluesky_sign_in.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    bluesky_sign_in.dpop = own_key
    assert bluesky_sign_in.refresh(tokens["refresh_token"]).status == 200


def test_resources_have_a_nonce_of_their_own(box, bluesky):
    credentials, client = bluesky
    url = credentials["pds_url"] + "/xrpc/com.atproto.server.getSession"
    token = credentials["access_token"]
    answer = client.call_once("GET", url, token=token)
    assert answer.status == 401
    assert 'error="use_dpop_nonce"' in answer.headers["WWW-Authenticate"]
    assert client.call_once("GET", url, token=token).json["handle"] == "sam.simulator.test"
    box.call("POST", "/_simulator/nonces")
    assert "use_dpop_nonce" in client.call_once("GET", url, token=token).text


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "POST"},
        {"htu": "http://elsewhere.example/"},
        {"iat": 1_000_000_000},
        {"jti": ""},
        {"ath": "wrong"},
    ],
)
def test_proof_that_does_not_fit_is_refused(bluesky, changes):
    credentials, client = bluesky
    url = credentials["pds_url"] + "/xrpc/com.atproto.server.getSession"
    token = credentials["access_token"]
    client.call_once("GET", url, token=token)
    proof = client.prove("GET", url, token=token, **changes)
    answer = client.call_once("GET", url, token=token, proof=proof)
    assert (answer.status, answer.json["error"]) == (401, "invalid_dpop_proof")


def test_proof_cannot_be_replayed(bluesky):
    credentials, client = bluesky
    url = credentials["pds_url"] + "/xrpc/com.atproto.server.getSession"
    token = credentials["access_token"]
    client.call_once("GET", url, token=token)
    proof = client.prove("GET", url, token=token)
    assert client.call_once("GET", url, token=token, proof=proof).status == 200
    assert client.call_once("GET", url, token=token, proof=proof).json["error"] == (
        "invalid_dpop_proof"
    )


def test_token_of_another_key_is_refused(box, bluesky):
    credentials, client = bluesky
    rae = box.seed("bluesky", account="rae")
    answer = client.put(rae | {"did": credentials["did"]}, "stolen", KEY)
    assert (answer.status, answer.json["error"]) == (401, "invalid_token")


def test_expired_access_token_is_refused(box, client_of):
    sam = box.seed("bluesky", account="sam", expires_in=-1)
    answer = client_of(sam).put(sam, "late", KEY)
    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_identical_record_under_one_key_is_one_post(box, bluesky):
    credentials, client = bluesky
    first, again = client.put(credentials, "once", KEY), client.put(credentials, "once", KEY)
    assert first.status == again.status == 200
    assert first.json["cid"] == again.json["cid"]
    assert box.summary() == {"posts": 1, "accounts": 1, "duplicates": 0}
    changed = client.put(credentials, "otherwise", KEY)
    assert changed.json["cid"] != first.json["cid"]
    assert box.summary() == {"posts": 1, "accounts": 1, "duplicates": 0}
    assert [one["text"] for one in box.call("GET", "/_simulator/posts").json] == ["otherwise"]


def test_record_is_read_back_without_authorization(box, bluesky):
    credentials, client = bluesky
    query = f"?repo={credentials['did']}&collection=app.bsky.feed.post"
    pds = credentials["pds_url"] + "/xrpc/com.atproto.repo."
    absent = box.call("GET", f"{pds}getRecord{query}&rkey={KEY}")
    assert (absent.status, absent.json["error"]) == (400, "RecordNotFound")
    uri = client.put(credentials, "here", KEY).json["uri"]
    assert box.call("GET", f"{pds}getRecord{query}&rkey={KEY}").json["value"]["text"] == "here"
    assert box.call("GET", f"{pds}listRecords{query}").json["records"][0]["uri"] == uri
    appview = box.find("bluesky")["appview_url"] + "/xrpc/app.bsky.feed.getPosts?uris="
    assert box.call("GET", appview + uri).json["posts"][0]["uri"] == uri
    post = box.call("GET", "/_simulator/posts").json[0]
    assert post["key"] == KEY
    assert box.call("GET", post["url"]).status == 200


def test_appview_counts_reactions_that_grow_with_a_post(box, bluesky):
    credentials, client = bluesky
    order = {"network": "bluesky", "names": ["sam"], "followers": 4000}
    box.call("POST", "/_simulator/accounts", json=order)
    uris = [client.put(credentials, "Save the river", KEY).json["uri"], "at://did:plc:x/a/b"]
    url = box.find("bluesky")["appview_url"] + "/xrpc/app.bsky.feed.getPosts?uris="

    def count(age_seconds):
        box.call("PUT", "/_simulator/settings", json={"post_age_seconds": age_seconds})
        [post] = box.call("GET", url + "&uris=".join(uris)).json["posts"]
        return [post[name] for name in ("likeCount", "repostCount", "replyCount", "quoteCount")]

    assert count(0) == [0, 0, 0, 0]
    assert count(1800) == [159, 53, 26, 13]
    assert count(5400) == [239, 79, 39, 19]


def test_deleted_record_is_gone(box, bluesky):
    credentials, client = bluesky
    client.put(credentials, "oh no", KEY)
    body = {"repo": credentials["did"], "collection": "app.bsky.feed.post", "rkey": KEY}
    url = credentials["pds_url"] + "/xrpc/com.atproto.repo.deleteRecord"
    for _ in range(2):
        answer = client.call("POST", url, token=credentials["access_token"], json=body)
        assert answer.status == 200
    assert box.summary()["posts"] == 0


def test_created_record_cannot_be_created_again(bluesky):
    credentials, client = bluesky
    body = {
        "repo": credentials["did"],
        "collection": "app.bsky.feed.post",
        "rkey": KEY,
        "record": {"text": "new", "createdAt": "2026-11-01T12:00:00Z"},
    }
    url = credentials["pds_url"] + "/xrpc/com.atproto.repo.createRecord"
    token = credentials["access_token"]
    assert client.call("POST", url, token=token, json=body).status == 200
    assert client.call("POST", url, token=token, json=body).status == 500


@pytest.mark.parametrize(
    ("text", "record", "reason"),
    [
        ("a" * 301, {}, "300 graphemes"),
        ("👩‍👩‍👧‍👦" * 300, {}, "3000 characters"),
        ("fine", {"createdAt": "yesterday"}, "createdAt"),
        ("fine", {"$type": "app.bsky.feed.like"}, "$type"),
        ("é https://a.example", {"facets": [{"index": {"byteStart": 1, "byteEnd": 5}}]}, "facets"),
    ],
)
def test_invalid_record_is_refused(bluesky, text, record, reason):
    credentials, client = bluesky
    answer = client.put(credentials, text, KEY, **record)
    assert (answer.status, answer.json["error"]) == (400, "InvalidRequest")
    assert reason in answer.json["message"]


def test_facets_are_ranges_of_bytes(box, bluesky):
    credentials, client = bluesky
    text = "é https://a.example"

    def facet(start, end):
        link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://a.example"}
        return [{"index": {"byteStart": start, "byteEnd": end}, "features": [link]}]

    assert client.put(credentials, text, KEY, facets=facet(3, 20)).status == 200
    for start, end in ((1, 20), (3, 21), (5, 5)):
        assert client.put(credentials, text, KEY, facets=facet(start, end)).status == 400


def test_account_that_is_taken_down_says_so(box, bluesky):
    credentials, client = bluesky
    for state, error in (("takendown", "AccountTakedown"), ("deactivated", "AccountDeactivated")):
        order = {"network": "bluesky", "names": ["sam"], "state": state}
        box.call("POST", "/_simulator/accounts", json=order)
        answer = client.put(credentials, "hello", KEY)
        assert (answer.status, answer.json["error"]) == (401, error)


def test_scope_is_enforced(box, client_of):
    sam = box.seed("bluesky", account="sam", scope="atproto repo:app.bsky.feed.post?action=delete")
    answer = client_of(sam).put(sam, "no", KEY)
    assert (answer.status, answer.json["error"]) == (403, "ScopeMissingError")


def test_granular_scope_is_enough(box, client_of):
    scope = "atproto repo:app.bsky.feed.post?action=create&action=update&action=delete"
    sam = box.seed("bluesky", account="sam", scope=scope)
    answer = client_of(sam).put(sam, "yes", KEY)
    assert answer.status == 200
    assert answer.headers["RateLimit-Remaining"] == "4997"
    assert int(answer.headers["RateLimit-Reset"]) > time.time()


def test_profile_has_followers_and_age(box):
    order = {"network": "bluesky", "names": ["sam"], "followers": 77, "created_at": "2020-02-03"}
    box.call("POST", "/_simulator/accounts", json=order)
    url = box.find("bluesky")["appview_url"] + "/xrpc/app.bsky.actor.getProfile?actor="
    profile = box.call("GET", url + "sam.simulator.test").json
    assert profile["followersCount"] == 77
    assert profile["createdAt"] == "2020-02-03T00:00:00.000Z"
