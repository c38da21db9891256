"""The simulated Threads behaves as the real one is documented to."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

REDIRECT = "http://127.0.0.1:9/callback"
LINK = "https://petition.example/river"
APP = {"client_id": "990602627938098", "client_secret": "simulator-secret"}
SCOPES = "threads_basic,threads_content_publish,threads_manage_insights"
DAY = 86_400


def read_query(url):
    return dict(parse_qsl(urlsplit(url).query))


class Site:
    """One app's way through Threads."""

    def __init__(self, box):
        self.box, self.url = box, box.find("threads")["url"]

    def address(self, **changes):
        query = {
            "response_type": "code",
            "client_id": APP["client_id"],
            "redirect_uri": REDIRECT,
            "scope": SCOPES,
            "state": "abc",
        }
        return f"{self.url}/oauth/authorize?{urlencode(query | changes)}"

    def agree(self, **changes):
        return read_query(self.box.consent(self.address(**changes), "sam"))["code"]

    def trade(self, code, **changes):
        form = APP | {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
        url = self.url + "/oauth/access_token"
        return self.box.call("POST", url, data=form | {"code": code} | changes)

    def ask(self, path, **params):
        return self.box.call("GET", f"{self.url}/{path}", params=params)

    def lengthen(self, token, **changes):
        query = {
            "grant_type": "th_exchange_token",
            "client_secret": APP["client_secret"],
            "access_token": token,
        }
        return self.ask("access_token", **query | changes)

    def refresh(self, token):
        return self.ask("refresh_access_token", grant_type="th_refresh_token", access_token=token)

    def make(self, sam, text="Salut", *, user="me", **changes):
        form = {"media_type": "TEXT", "text": text, "access_token": sam["access_token"]}
        return self.box.call("POST", f"{self.url}/v1.0/{user}/threads", data=form | changes)

    def publish(self, sam, container, *, user="me"):
        form = {"creation_id": container, "access_token": sam["access_token"]}
        return self.box.call("POST", f"{self.url}/v1.0/{user}/threads_publish", data=form)

    def post(self, sam, text="Salut"):
        return self.publish(sam, self.make(sam, text).json["id"]).json["id"]

    def show(self, sam, path, **params):
        return self.ask(f"v1.0/{path}", access_token=sam["access_token"], **params)


@pytest.fixture
def site(box):
    return Site(box)


@pytest.fixture
def sam(box):
    return box.seed("threads", account="sam")


def test_owner_allows_an_app_and_a_code_becomes_a_token_of_60_days(box, site):
    redirect = box.consent(site.address(), "sam")
    assert redirect.startswith(f"{REDIRECT}?")
    assert redirect.endswith("#_")
    assert read_query(redirect)["state"] == "abc"
    short = site.trade(read_query(redirect)["code"]).json
    assert set(short) == {"access_token", "user_id"}
    long = site.lengthen(short["access_token"]).json
    assert long["token_type"] == "bearer"
    assert 5_183_990 < long["expires_in"] <= 5_184_000
    me = site.show(long, "me", fields="id,username,name,threads_profile_picture_url").json
    assert (me["username"], me["name"]) == ("sam", "Sam")
    assert me["id"] == str(short["user_id"])
    assert me["threads_profile_picture_url"] == f"{site.url}/avatars/sam.png"


def test_authorize_window_works_as_a_plain_form(box, site):
    page = box.call("GET", site.address())
    assert page.status == 200
    assert "threads_content_publish" in page.text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    form = fields | {"account": "Sam", "decision": "allow"}
    answer = box.call("POST", site.url + "/oauth/authorize", data=form)
    assert answer.status == 302
    assert site.trade(read_query(answer.headers["Location"])["code"]).status == 200
    refused = box.call(
        "POST", site.url + "/oauth/authorize", data=form | {"account": "no such name!"}
    )
    assert refused.status == 422
    assert "letters a to z" in refused.text


def test_denied_consent_comes_back_as_user_denied(box, site):
    query = read_query(box.consent(site.address(), "sam", "deny"))
    assert query["error"] == "access_denied"
    assert query["error_reason"] == "user_denied"
    assert query["state"] == "abc"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": ""},
        {"redirect_uri": "nowhere"},
        {"response_type": "token"},
        {"scope": "threads_content_publish"},
        {"scope": "threads_basic,everything"},
    ],
)
def test_window_that_is_asked_for_wrongly_sends_nobody_anywhere(box, site, changes):
    answer = box.call("GET", site.address(**changes))
    assert answer.status == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://127.0.0.1:9/other"},
        {"client_id": "1"},
        {"client_secret": "wrong"},
        {"grant_type": "password"},
        {"code": "made-up"},
    ],
)
def test_code_is_bound_to_redirect_and_app_and_good_once(site, sam, changes):
    code = site.agree()
    answer = site.trade(**({"code": code} | changes))
    assert answer.status == 400
    assert set(answer.json) == {"error_type", "code", "error_message"}
    assert site.trade(code).status == 200
    assert "already used" in site.trade(code).json["error_message"]


def test_code_runs_out(box, site):
    box.call("PUT", "/_simulator/settings", json={"code_seconds": -1})
    assert site.trade(site.agree()).status == 400


def test_only_short_tokens_become_long_and_only_by_their_own_app(site, sam):
    short = site.trade(site.agree()).json["access_token"]
    assert site.lengthen(short, client_secret="wrong").json["error"]["code"] == 101
    assert site.lengthen(sam["access_token"]).json["error"]["code"] == 100
    assert site.lengthen("made-up").json["error"]["code"] == 190


def test_token_is_refreshed_from_its_second_day_to_its_last(box, site, sam):
    assert "24 hours" in site.refresh(sam["access_token"]).json["error"]["message"]
    old = box.seed("threads", account="sam", age_seconds=59 * DAY)
    assert old["expires_in"] <= DAY
    new = site.refresh(old["access_token"]).json
    assert new["expires_in"] > 59 * DAY
    gone = box.seed("threads", account="sam", age_seconds=60 * DAY + 1)
    assert site.refresh(gone["access_token"]).json["error"]["error_subcode"] == 463


def test_container_is_seen_by_nobody_until_it_is_published(box, site, sam):
    container = site.make(sam, f"Salut {LINK} #climat").json["id"]
    assert box.call("GET", "/_simulator/posts").json == []
    assert site.show(sam, container, fields="status").json == {
        "status": "FINISHED",
        "id": container,
    }
    media = site.publish(sam, container).json["id"]
    assert media != container
    assert site.show(sam, container).json["status"] == "PUBLISHED"
    [post] = box.call("GET", "/_simulator/posts").json
    assert (post["id"], post["text"]) == (media, f"Salut {LINK} #climat")
    shown = site.show(sam, media, fields="permalink,text,topic_tag,timestamp").json
    assert shown["topic_tag"] == "climat"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", shown["timestamp"])
    assert "Salut" in box.call("GET", shown["permalink"]).text
    assert box.call("GET", f"{site.url}/@sam").status == 200
    assert box.call("GET", f"{site.url}/@sam/post/none").status == 404


def test_container_is_published_once_and_by_its_owner_alone(box, site, sam):
    container = site.make(sam).json["id"]
    other = box.seed("threads", account="noor")
    for answer in (
        site.publish(other, container),
        site.publish(sam, "17889615691921648"),
        site.publish(sam, container) and site.publish(sam, container),
    ):
        error = answer.json["error"]
        assert (error["code"], error["error_subcode"]) == (24, 4279009)
    assert box.summary()["posts"] == 1


def test_text_can_be_published_in_one_step(box, site, sam):
    media = site.make(sam, auto_publish_text="true").json["id"]
    assert [post["id"] for post in box.call("GET", "/_simulator/posts").json] == [media]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("é" * 500, 200),
        ("é" * 501, 400),
        ("é" * 496 + "🌊", 200),
        ("é" * 497 + "🌊", 400),
        (" ".join(f"https://x{n}.example/" for n in range(5)), 200),
        (" ".join(f"https://x{n}.example/" for n in range(6)), 400),
        ("https://x.example/ " * 6, 200),
        (" ", 400),
    ],
)
def test_limits_of_a_text_are_kept(site, sam, text, status):
    assert site.make(sam, text).status == status


def test_posts_are_listed_newest_first_in_pages(site, sam):
    media = [site.post(sam, f"Voix {number}") for number in range(3)]
    page = site.show(sam, "me/threads", limit="2", fields="id,text").json
    assert [item["id"] for item in page["data"]] == [media[2], media[1]]
    assert set(page["data"][0]) == {"id", "text"}
    after = page["paging"]["cursors"]["after"]
    page = site.show(sam, "me/threads", limit="2", after=after).json
    assert [item["id"] for item in page["data"]] == [media[0]]
    after = page["paging"]["cursors"]["after"]
    assert site.show(sam, "me/threads", after=after).json == {"data": []}


def test_what_is_not_ones_own_is_not_there(box, site, sam):
    other = box.seed("threads", account="noor")
    media = site.post(other)
    for path in (media, f"{media}/insights", f"{other['id']}/threads", other["id"]):
        error = site.show(sam, path).json["error"]
        assert (error["code"], error["error_subcode"]) == (100, 33)
    assert site.make(sam, user=other["id"]).json["error"]["code"] == 100
    assert site.make(sam, user=sam["id"]).status == 200


def test_field_that_does_not_exist_is_refused(site, sam):
    error = site.show(sam, site.post(sam), fields="id,status").json["error"]
    assert error["message"] == "Tried accessing nonexisting field (status)"


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("threads_basic", {"me"}),
        ("threads_basic,threads_content_publish", {"me", "me/threads_publishing_limit"}),
        ("threads_basic,threads_manage_insights", {"me", "me/threads_insights"}),
    ],
)
def test_every_permission_has_its_endpoints(box, site, scope, allowed):
    sam = box.seed("threads", account="sam", scope=scope)
    for path in ("me", "me/threads_publishing_limit", "me/threads_insights"):
        answer = site.show(sam, path, metric="followers_count")
        assert (answer.status == 200) == (path in allowed)
        assert path in allowed or answer.json["error"]["code"] == 10
    assert (site.make(sam).status == 200) == ("publish" in scope)


def test_numbers_are_those_of_the_world(box, site, sam):
    media = site.post(sam)
    box.call("PUT", "/_simulator/settings", json={"post_age_seconds": 1800})
    told = site.show(sam, f"{media}/insights", metric="views,likes").json["data"]
    views, likes = (metric["values"][0]["value"] for metric in told)
    assert views == sam["followers"] // 2
    assert likes <= views
    assert site.show(sam, f"{media}/insights", metric="clicks").json["error"]["code"] == 1
    followers = site.show(sam, "me/threads_insights", metric="followers_count").json["data"]
    assert followers[0]["total_value"]["value"] == sam["followers"]


def test_limit_tells_what_is_spent_of_250(site, sam):
    site.post(sam)
    told = site.show(sam, "me/threads_publishing_limit", fields="quota_usage,config").json
    config = {"quota_total": 250, "quota_duration": DAY}
    assert told == {"data": [{"quota_usage": 1, "config": config}]}


def test_calls_are_counted_and_told_in_a_header(site, sam):
    answer = site.show(sam, "me")
    assert '"call_count":0' in answer.headers["X-App-Usage"]


def test_post_is_taken_down_by_its_owner(box, site, sam):
    media = site.post(sam)
    headers = {"Authorization": f"Bearer {sam['access_token']}"}
    answer = box.call("DELETE", f"{site.url}/v1.0/{media}", headers=headers)
    assert answer.json == {"success": True, "deleted_id": media}
    assert site.show(sam, media).status == 400
    assert box.summary()["posts"] == 0


@pytest.mark.parametrize(("state", "code"), [("deactivated", 190), ("takendown", 10)])
def test_account_that_is_closed_is_kept_out(box, site, sam, state, code):
    order = {"network": "threads", "names": ["sam"], "state": state}
    box.call("POST", "/_simulator/accounts", json=order)
    assert site.show(sam, "me").json["error"]["code"] == code


def test_owner_who_removes_the_app_ends_its_tokens(box, site, sam):
    order = {"network": "threads", "account": "sam"}
    assert box.call("POST", "/_simulator/revoke", json=order).json["revoked"] == 1
    assert site.show(sam, "me").json["error"]["error_subcode"] == 458
    assert site.ask("v1.0/me").json["error"]["code"] == 190


@pytest.mark.parametrize(
    ("rule", "status", "code"),
    [
        ({"429": 1, "retry_after": 7}, 400, 613),
        ({"429": 1, "retry_after": None}, 400, 613),
        ({"500_before": 1}, 500, 2),
        ({"revoked": 1}, 401, 190),
    ],
)
def test_faults_speak_the_graph_apis_language(box, site, sam, rule, status, code):
    container = site.make(sam).json["id"]
    box.set_faults({"network": "threads", "account": "sam", **rule})
    answer = site.publish(sam, container)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert answer.headers.get("Retry-After") == ("7" if rule.get("retry_after") else None)
    assert box.summary()["posts"] == 0


def test_fault_at_the_token_endpoint_finds_whose_code_it_is(box, site, sam):
    code = site.agree()
    box.set_faults({"500_before": 1, "endpoints": "token", "account": "sam"})
    assert site.trade(code).status == 500
    box.set_faults()
    assert site.trade(code).status == 200
