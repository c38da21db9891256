"""The simulated Mastodon servers behave as real ones do."""

import re
import time
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from simulator.layout import MASTODON_PROPER, Instance
from simulator.people import EPOCH
from simulator.world import Account, Post, World

LINK = "https://petition.example/river"


def read_query(url):
    return dict(parse_qsl(urlsplit(url).query))


def test_owner_allows_an_app_and_the_token_knows_the_account(box, mastodon_sign_in):
    flow = mastodon_sign_in()
    redirect = box.consent(flow.address(), "sam")
    assert redirect.startswith("http://127.0.0.1:9/callback?")
    assert read_query(redirect)["state"] == "abc"
    token = flow.trade(read_query(redirect)["code"]).json
    assert token["token_type"] == "Bearer"
    me = box.call(
        "GET",
        flow.url + "/api/v1/accounts/verify_credentials",
        headers={"Authorization": f"Bearer {token['access_token']}"},
    ).json
    assert me["acct"] == "sam"
    assert me["followers_count"] > 0
    assert me["created_at"].endswith("T00:00:00.000Z")
    assert me["url"] == flow.url + "/@sam"


def test_authorize_page_works_as_a_plain_form(box, mastodon_sign_in):
    flow = mastodon_sign_in()
    page = box.call("GET", flow.address())
    assert page.status == 200
    assert 'value="sam"' in page.text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    form = fields | {"account": "Sam", "decision": "allow"}
    answer = box.call("POST", flow.url + "/oauth/authorize", data=form)
    assert answer.status == 302
    assert flow.trade(read_query(answer.headers["Location"])["code"]).status == 200


def test_authorize_page_says_why_a_name_is_refused(box, mastodon_sign_in):
    flow = mastodon_sign_in()
    form = read_query(flow.address()) | {"account": "no such name!", "decision": "allow"}
    answer = box.call("POST", flow.url + "/oauth/authorize", data=form)
    assert answer.status == 422
    assert "letters a to z" in answer.text


def test_denied_consent_comes_back_as_access_denied(box, mastodon_sign_in):
    query = read_query(box.consent(mastodon_sign_in().address(), "sam", "deny"))
    assert query["error"] == "access_denied"
    assert query["state"] == "abc"


def test_code_cannot_be_used_twice(box, mastodon_sign_in):
    flow = mastodon_sign_in()
    code = read_query(box.consent(flow.address(), "sam"))["code"]
    assert flow.trade(code).status == 200
    answer = flow.trade(code)
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "wrong"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:9/other"}, "invalid_grant"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_code_is_bound_to_verifier_redirect_and_client(box, mastodon_sign_in, changes, error):
    flow = mastodon_sign_in()
    code = read_query(box.consent(flow.address(), "sam"))["code"]
    assert flow.trade(code, **changes).json["error"] == error


def test_code_of_another_app_is_refused(box, mastodon_sign_in):
    flow, other = mastodon_sign_in(), mastodon_sign_in()
    code = read_query(box.consent(flow.address(), "sam"))["code"]
    assert other.trade(code, code_verifier=flow.verifier).json["error"] == "invalid_grant"


def test_code_expires(box, mastodon_sign_in):
    box.call("PUT", "/_simulator/settings", json={"code_seconds": -1})
    flow = mastodon_sign_in()
    code = read_query(box.consent(flow.address(), "sam"))["code"]
    assert flow.trade(code).json["error"] == "invalid_grant"


def test_unregistered_redirect_is_never_followed(box, mastodon_sign_in):
    answer = box.call("GET", mastodon_sign_in().address(redirect_uri="http://evil.example/"))
    assert answer.status == 400
    assert "Location" not in answer.headers


def test_old_mastodon_has_no_metadata_and_ignores_pkce(box, mastodon_sign_in):
    flow = mastodon_sign_in("mastodon-4.2")
    url = flow.url + "/.well-known/oauth-authorization-server"
    assert box.call("GET", url).status == 404
    code = read_query(box.consent(flow.address(), "sam"))["code"]
    assert flow.trade(code, code_verifier=None).status == 200
    form = {"client_name": "Test", "redirect_uris": "http://a.example/", "scopes": "profile"}
    assert box.call("POST", flow.url + "/api/v1/apps", data=form).status == 422


def test_new_mastodon_announces_its_endpoints(box):
    url = box.find("mastodon")["url"]
    metadata = box.call("GET", url + "/.well-known/oauth-authorization-server").json
    assert metadata["token_endpoint"] == url + "/oauth/token"
    assert metadata["code_challenge_methods_supported"] == ["S256"]


def test_revoked_token_is_invalid(box, mastodon_sign_in):
    flow = mastodon_sign_in()
    token = flow.sign_in()["access_token"]
    form = {key: flow.app[key] for key in ("client_id", "client_secret")} | {"token": token}
    assert box.call("POST", flow.url + "/oauth/revoke", data=form).status == 200
    answer = box.toot({"access_token": token, "url": flow.url}, "too late")
    assert (answer.status, answer.json) == (401, {"error": "The access token is invalid"})


def test_scope_is_enforced(box):
    reader = box.seed(account="sam", scope="read:statuses")
    assert box.toot(reader, "not mine to say").status == 403


@pytest.mark.parametrize("kind", ["mastodon", "mastodon-4.2", "gotosocial"])
def test_software_is_told_by_nodeinfo_and_instance(box, kind):
    instance = box.find(kind)
    link = box.call("GET", instance["url"] + "/.well-known/nodeinfo").json["links"][0]["href"]
    software = box.call("GET", link).json["software"]
    assert software["version"] == instance["version"]
    for path in ("/api/v1/instance", "/api/v2/instance"):
        body = box.call("GET", instance["url"] + path).json
        assert body["version"] == instance["version"]
        assert body["configuration"]["statuses"]["max_characters"] in (500, 5000)


def test_same_key_gives_the_same_status_once(box):
    sam = box.seed(account="sam", instance=box.find("mastodon")["instance"])
    first, again = box.toot(sam, "once", "k1"), box.toot(sam, "once", "k1")
    assert first.json["id"] == again.json["id"]
    assert box.summary() == {"posts": 1, "accounts": 1, "duplicates": 0}
    outcomes = [one["outcome"] for one in box.call("GET", "/_simulator/requests").json]
    assert outcomes == ["accepted", "replayed"]


def test_gotosocial_posts_twice_under_one_key(box):
    sam = box.seed(account="sam", instance=box.find("gotosocial")["instance"])
    assert box.toot(sam, "once", "k1").json["id"] != box.toot(sam, "once", "k1").json["id"]
    assert box.summary() == {"posts": 2, "accounts": 1, "duplicates": 1}


def test_text_length_counts_links_as_23(box):
    sam = box.seed(account="sam", instance=box.find("mastodon")["instance"])
    link = "https://example.org/" + "x" * 200
    assert box.toot(sam, "a" * 476 + " " + link).status == 200
    answer = box.toot(sam, "a" * 477 + " " + link)
    assert answer.status == 422
    assert "character limit of 500" in answer.json["error"]
    assert box.toot(sam, "  ").json["error"] == "Validation failed: Text can't be blank"
    assert box.toot(sam, "👩‍👩‍👧‍👦" * 500).status == 200


def test_timeline_is_newest_first_and_pages(box):
    sam = box.seed(account="sam", instance=box.find("mastodon")["instance"])
    ids = [box.toot(sam, f"number {number}").json["id"] for number in range(5)]
    url = f"{sam['url']}/api/v1/accounts/{sam['id']}/statuses"

    def read(query):
        return [one["id"] for one in box.call("GET", f"{url}?{query}").json]

    assert read("limit=2") == [ids[4], ids[3]]
    assert read(f"max_id={ids[3]}&limit=2") == [ids[2], ids[1]]
    assert read(f"since_id={ids[1]}&limit=2") == [ids[4], ids[3]]
    assert read(f"min_id={ids[1]}&limit=2") == [ids[3], ids[2]]


def test_status_comes_back_as_html_with_its_link(box):
    sam = box.seed(account="sam", instance=box.find("mastodon")["instance"])
    status = box.toot(sam, f"Save <it> #River\n\n{LINK}").json
    assert f'<a href="{LINK}" target="_blank"' in status["content"]
    assert status["content"].startswith("<p>Save &lt;it&gt; ")
    assert (
        box.call("GET", f"{sam['url']}/api/v1/statuses/{status['id']}").json["id"] == status["id"]
    )
    assert box.call("GET", status["url"]).status == 200


def test_deleted_status_is_gone(box):
    sam = box.seed(account="sam", instance=box.find("mastodon")["instance"])
    url = f"{sam['url']}/api/v1/statuses/{box.toot(sam, 'oh no').json['id']}"
    rae = box.seed(account="rae", instance=sam["instance"])
    for owner, status in ((rae, 404), (sam, 200)):
        headers = {"Authorization": f"Bearer {owner['access_token']}"}
        assert box.call("DELETE", url, headers=headers).status == status
    assert box.call("GET", url).status == 404
    assert box.summary()["posts"] == 0


def test_gotosocial_says_whose_status_it_is_that_somebody_else_deletes(box):
    sam = box.seed(account="sam", instance=box.find("gotosocial")["instance"])
    rae = box.seed(account="rae", instance=sam["instance"])
    url = f"{sam['url']}/api/v1/statuses/{box.toot(sam, 'oh no').json['id']}"
    headers = {"Authorization": f"Bearer {rae['access_token']}"}
    assert box.call("DELETE", url, headers=headers).status == 403
    assert box.summary()["posts"] == 1


def test_account_deletes_thirty_statuses_in_half_an_hour(box):
    sam = box.seed(account="sam", instance=box.find("mastodon")["instance"])
    headers = {"Authorization": f"Bearer {sam['access_token']}"}
    url = f"{sam['url']}/api/v1/statuses/1"
    answers = [box.call("DELETE", url, headers=headers).status for _ in range(31)]
    assert answers == [404] * 30 + [429]
    assert box.call("GET", url, headers=headers).status == 404


def test_reactions_grow_with_a_status(box):
    sam = box.seed(account="sam", instance=box.find("mastodon")["instance"])
    order = {"network": "mastodon", "instance": sam["instance"], "names": ["sam"]}
    box.call("POST", "/_simulator/accounts", json=order | {"followers": 4000})
    url = f"{sam['url']}/api/v1/statuses/{box.toot(sam, 'Save the river').json['id']}"

    def count(age_seconds):
        box.call("PUT", "/_simulator/settings", json={"post_age_seconds": age_seconds})
        status = box.call("GET", url).json
        names = ("favourites_count", "reblogs_count", "replies_count", "quotes_count")
        return [status[name] for name in names]

    assert count(0) == [0, 0, 0, 0]
    assert count(1800) == [159, 53, 26, 13]
    assert count(5400) == [239, 79, 39, 19]
    assert count(-1) == [0, 0, 0, 0]


def test_reactions_are_as_old_as_their_post():
    world = World()
    sam = Account(
        instance=Instance(MASTODON_PROPER, authority="m.example", url="https://m.example"),
        name="sam",
        id="1",
        handle="sam@m.example",
        followers=4000,
        created_at=EPOCH,
    )
    details = {"account": sam, "text": "Save the river", "order": 1, "url": "", "uri": ""}
    posts = [Post(id=str(age), at=time.time() - age, **details) for age in (-9, 1801, 5403)]
    assert [world.count_reactions(post).likes for post in posts] == [0, 159, 239]
    assert world.count_reactions(posts[1]).views == 2000


@pytest.mark.parametrize(
    ("kind", "knows"), [("mastodon", True), ("mastodon-4.2", False), ("gotosocial", False)]
)
def test_quotes_are_counted_from_mastodon_4_5_on(box, kind, knows):
    sam = box.seed(account="sam", instance=box.find(kind)["instance"])
    assert ("quotes_count" in box.toot(sam, "hello").json) == knows


def test_several_statuses_are_given_by_their_ids(box):
    sam = box.seed(account="sam", instance=box.find("mastodon")["instance"])
    ids = [box.toot(sam, f"number {number}").json["id"] for number in range(3)]

    def read(*wanted):
        query = "&".join(f"id[]={identity}" for identity in wanted)
        return box.call("GET", f"{sam['url']}/api/v1/statuses?{query}")

    assert [one["id"] for one in read(ids[2], "7", ids[0]).json] == [ids[2], ids[0]]
    assert [one["id"] for one in read(*[ids[0]] * 21).json] == [ids[0]]
    assert read(*range(21)).status == 422
    old = box.find("mastodon-4.2")["url"]
    assert box.call("GET", f"{old}/api/v1/statuses?id[]={ids[0]}").status == 404


def test_gotosocial_hides_statuses_from_strangers(box):
    sam = box.seed(account="sam", instance=box.find("gotosocial")["instance"])
    status = box.toot(sam, "hello").json
    url = f"{sam['url']}/api/v1/statuses/{status['id']}"
    assert box.call("GET", url).status == 401
    headers = {"Authorization": f"Bearer {sam['access_token']}"}
    assert box.call("GET", url, headers=headers).json["id"] == status["id"]


def test_rate_limit_headers_are_iso_8601_and_the_limit_holds(box):
    sam = box.seed(account="sam", instance=box.find("mastodon")["instance"])
    answer = box.toot(sam, "first")
    assert answer.headers["X-RateLimit-Limit"] == "300"
    assert answer.headers["X-RateLimit-Remaining"] == "299"
    assert datetime.fromisoformat(answer.headers["X-RateLimit-Reset"]).tzinfo
    assert "Date" in answer.headers


def test_suspended_account_cannot_post(box):
    sam = box.seed(account="sam", instance=box.find("mastodon")["instance"])
    order = {"network": "mastodon", "instance": sam["instance"], "names": ["sam"]}
    box.call("POST", "/_simulator/accounts", json=order | {"state": "takendown"})
    assert box.toot(sam, "let me").status == 403
