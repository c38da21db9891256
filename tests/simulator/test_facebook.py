"""The simulated Facebook behaves as the real one does."""

import hashlib
import hmac
import json
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from simulator.clock import tell_time
from simulator.facebook import PAGE_LIMIT
from simulator.facebook_tokens import LONG_SECONDS, FacebookServer
from simulator.layout import PLATFORMS, Instance
from simulator.world import World

REDIRECT = "http://127.0.0.1:9/callback"
APP, SECRET = "simulated-facebook", "simulated-facebook-secret"
SCOPES = "pages_show_list,pages_read_engagement,pages_manage_posts"


def read_query(url):
    return dict(parse_qsl(urlsplit(url).query))


class Graph:
    """One app's way to the Graph API."""

    def __init__(self, box):
        self.box, self.url = box, box.find("facebook")["url"]

    def address(self, **changes):
        query = {
            "client_id": APP,
            "redirect_uri": REDIRECT,
            "scope": SCOPES,
            "state": "abc",
            "response_type": "code",
        }
        return f"{self.url}/v25.0/dialog/oauth?{urlencode(query | changes)}"

    def trade(self, **query):
        app = {"client_id": APP, "client_secret": SECRET}
        parts = {name: value for name, value in (app | query).items() if value is not None}
        return self.box.call("GET", f"{self.url}/v25.0/oauth/access_token?{urlencode(parts)}")

    def agree(self, account="sam", **changes):
        """A short token of the person's."""
        code = read_query(self.box.consent(self.address(**changes), account))["code"]
        return self.trade(code=code, redirect_uri=REDIRECT).json["access_token"]

    def extend(self, token):
        answer = self.trade(grant_type="fb_exchange_token", fb_exchange_token=token)
        return answer.json["access_token"]

    def call(self, method, path, token, **parts):
        proof = hmac.new(SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
        query = {"access_token": token, "appsecret_proof": proof} | parts
        query = {name: value for name, value in query.items() if value is not None}
        if method == "POST":
            return self.box.call(method, f"{self.url}/v25.0{path}", data=query)
        return self.box.call(method, f"{self.url}/v25.0{path}?{urlencode(query)}")

    def list_pages(self, token, **parts):
        return self.call("GET", "/me/accounts", token, **parts).json["data"]

    def post(self, page, text, **parts):
        path = f"/{page['id']}/feed"
        return self.call("POST", path, page["access_token"], message=text, **parts)


@pytest.fixture
def graph(box):
    """The way to the emptied simulator."""
    return Graph(box)


@pytest.fixture
def page(graph):
    """Sam's Page, with its token."""
    return graph.list_pages(graph.extend(graph.agree()))[0]


def read_error(answer):
    error = answer.json["error"]
    return answer.status, error["code"], error.get("error_subcode", 0)


def test_person_agrees_and_the_list_has_a_token_for_each_page(graph):
    token = graph.extend(graph.agree("sam, garden, -archive"))
    listed = graph.list_pages(token, fields="id,name,link,followers_count,access_token,tasks")
    assert [each["name"] for each in listed] == ["Archive", "Garden", "Sam"]
    assert len({each["access_token"] for each in listed}) == 3
    tasks = {each["name"]: "CREATE_CONTENT" in each["tasks"] for each in listed}
    assert tasks == {"Sam": True, "Garden": True, "Archive": False}
    assert all(each["followers_count"] > 0 for each in listed)


def test_person_without_a_page_has_an_empty_list(graph):
    assert graph.list_pages(graph.agree("nobody")) == []


def test_unticked_permission_is_declined_and_refuses(graph):
    token = graph.agree("sam, !pages_show_list")
    me = graph.call("GET", "/me", token, fields="id,permissions.limit(100)").json
    status = {each["permission"]: each["status"] for each in me["permissions"]["data"]}
    assert status["pages_show_list"] == "declined"
    assert status["pages_manage_posts"] == "granted"
    assert read_error(graph.call("GET", "/me/accounts", token)) == (403, 200, 0)


def test_dialog_works_as_a_plain_form(box, graph):
    page = box.call("GET", graph.address())
    assert page.status == 200
    assert "pages_manage_posts" in page.text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    form = fields | {"account": "Sam", "decision": "allow"}
    answer = box.call("POST", graph.url + "/oauth/authorize", data=form)
    assert answer.status == 302
    code = read_query(answer.headers["Location"])["code"]
    assert graph.trade(code=code, redirect_uri=REDIRECT).status == 200


def test_dialog_says_why_a_name_is_refused(box, graph):
    form = read_query(graph.address()) | {"account": "no such name!", "decision": "allow"}
    answer = box.call("POST", graph.url + "/v25.0/dialog/oauth", data=form)
    assert answer.status == 422
    assert "letters a to z" in answer.text


def test_denied_dialog_comes_back_as_access_denied(box, graph):
    query = read_query(box.consent(graph.address(), "sam", "deny"))
    assert query["error"] == "access_denied"
    assert query["error_reason"] == "user_denied"
    assert query["state"] == "abc"
    assert "code" not in query


@pytest.mark.parametrize(
    "changes", [{"client_id": "other"}, {"redirect_uri": "callback"}, {"scope": "publish_actions"}]
)
def test_dialog_of_a_wrong_request_leads_nowhere(box, graph, changes):
    answer = box.call("GET", graph.address(**changes))
    assert answer.status == 400
    assert "Location" not in answer.headers


def test_code_is_good_once_and_for_its_redirect(box, graph):
    code = read_query(box.consent(graph.address(), "sam"))["code"]
    assert read_error(graph.trade(code=code, redirect_uri="http://x/")) == (400, 100, 36008)
    assert graph.trade(code=code, redirect_uri=REDIRECT).status == 200
    assert read_error(graph.trade(code=code, redirect_uri=REDIRECT)) == (400, 100, 36009)
    assert read_error(graph.trade(code="made up", redirect_uri=REDIRECT)) == (400, 100, 0)


def test_code_expires(box, graph):
    box.call("PUT", "/_simulator/settings", json={"code_seconds": -1})
    code = read_query(box.consent(graph.address(), "sam"))["code"]
    assert read_error(graph.trade(code=code, redirect_uri=REDIRECT)) == (400, 100, 36007)


@pytest.mark.parametrize(
    ("changes", "code"), [({"client_id": "other"}, 101), ({"client_secret": "wrong"}, 1)]
)
def test_wrong_app_gets_no_token(graph, changes, code):
    assert read_error(graph.trade(code="x", **changes)) == (400, code, 0)


def test_app_can_speak_for_itself(graph):
    answer = graph.trade(grant_type="client_credentials")
    assert answer.json["access_token"] == f"{APP}|{SECRET}"


def test_short_token_ends_and_cannot_be_made_longer_then(box, graph):
    box.call("PUT", "/_simulator/settings", json={"access_token_seconds": -1})
    token = graph.agree()
    assert read_error(graph.call("GET", "/me", token)) == (401, 190, 463)
    assert read_error(graph.trade(grant_type="fb_exchange_token", fb_exchange_token=token)) == (
        400, 190, 0,
    )  # fmt: skip


def test_page_token_of_a_long_one_does_not_end_and_stays_the_same(graph):
    short = graph.agree()
    long = graph.extend(short)
    [first], [again] = graph.list_pages(long), graph.list_pages(graph.extend(short))
    [ending] = graph.list_pages(short)
    assert first["access_token"] == again["access_token"] != ending["access_token"]


@pytest.mark.parametrize("proof", [None, "0" * 64])
def test_every_call_has_to_be_proved(graph, page, proof):
    answer = graph.call("GET", f"/{page['id']}", page["access_token"], appsecret_proof=proof)
    assert read_error(answer) == (400, 100, 0)
    assert "appsecret_proof" in answer.text


def test_post_is_read_back_as_it_was_written(graph, page):
    text = "Salut <b> & co.\n\nhttps://voix.example.org/p?a=1 ✊🏽"
    answer = graph.post(page, text)
    identity = answer.json["id"]
    assert identity.startswith(f"{page['id']}_")
    fields = "id,message,created_time,from,permalink_url"
    feed = graph.call("GET", f"/{page['id']}/feed", page["access_token"], fields=fields).json
    [entry] = feed["data"]
    assert (entry["id"], entry["message"]) == (identity, text)
    assert entry["from"]["id"] == page["id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", entry["created_time"])
    assert "next" not in feed["paging"]


def test_permalink_and_page_can_be_opened(box, graph, page):
    identity = graph.post(page, "Un mot").json["id"]
    for path in (identity, "sam"):
        answer = box.call("GET", f"{graph.url}/{path}")
        assert answer.status == 200
        assert "Un mot" in answer.text
    assert box.call("GET", f"{graph.url}/1_2").status == 404


def test_feed_comes_in_pages_newest_first(box, graph, page):
    for number in range(5):
        graph.post(page, f"Post {number}")
    path = f"/{page['id']}/feed"
    first = graph.call("GET", path, page["access_token"], fields="message", limit="2").json
    assert [each["message"] for each in first["data"]] == ["Post 4", "Post 3"]
    second = box.call("GET", first["paging"]["next"]).json
    assert [each["message"] for each in second["data"]] == ["Post 2", "Post 1"]
    last = box.call("GET", second["paging"]["next"]).json
    assert [each["message"] for each in last["data"]] == ["Post 0"]
    assert "next" not in last["paging"]


def test_same_words_twice_in_a_row_are_refused(graph, page):
    assert graph.post(page, "Un").status == 200
    assert read_error(graph.post(page, "Un")) == (400, 506, 1455006)
    assert graph.post(page, "Deux").status == 200
    assert graph.post(page, "Un").status == 200


@pytest.mark.parametrize("text", ["", "  \n", "é" * 63_207])
def test_text_that_cannot_be_a_post_is_refused(graph, page, text):
    assert read_error(graph.post(page, text)) == (400, 100, 0)


def test_page_is_posted_to_only_with_its_own_token_and_the_right(graph):
    token = graph.extend(graph.agree("sam, -archive"))
    archive, sam = graph.list_pages(token)
    assert read_error(graph.post(archive, "Un")) == (403, 200, 0)
    assert read_error(graph.post(sam | {"access_token": token}, "Un")) == (403, 210, 0)
    assert read_error(graph.post(sam | {"id": archive["id"]}, "Un")) == (400, 100, 33)
    assert read_error(graph.post(sam | {"id": "1"}, "Un")) == (400, 100, 33)


def test_several_posts_are_read_at_once_unless_one_is_gone(graph, page):
    ids = [graph.post(page, f"Post {number}").json["id"] for number in range(2)]
    fields = "id,shares,reactions.limit(0).summary(total_count),comments.limit(0).summary(true)"

    def read(*asked):
        return graph.call("GET", "/", page["access_token"], ids=",".join(asked), fields=fields)

    assert set(read(*ids).json) == set(ids)
    assert read(ids[0]).json[ids[0]]["reactions"]["summary"]["total_count"] >= 0
    assert graph.call("DELETE", f"/{ids[1]}", page["access_token"]).json == {"success": True}
    assert read_error(read(*ids)) == (400, 100, 33)
    assert read_error(read(*["1"] * 51)) == (400, 100, 0)


def test_nobody_deletes_the_post_of_another_page(graph, page):
    identity = graph.post(page, "Un").json["id"]
    other = graph.list_pages(graph.extend(graph.agree("rae")))[0]
    answer = graph.call("DELETE", f"/{identity}", other["access_token"])
    assert read_error(answer) == (400, 100, 33)


def test_field_that_does_not_exist_is_refused(graph, page):
    answer = graph.call("GET", f"/{page['id']}", page["access_token"], fields="id,nonsense")
    assert read_error(answer) == (400, 100, 0)


@pytest.mark.parametrize("by", ["app", "person"])
def test_permissions_that_are_taken_back_end_every_token(graph, page, by):
    person = graph.agree()
    identity = graph.call("GET", "/me", person).json["id"]
    token = person if by == "person" else f"{APP}|{SECRET}"
    answer = graph.call("DELETE", f"/{identity}/permissions", token)
    assert answer.json == {"success": True}
    for each in (page["access_token"], person):
        assert read_error(graph.call("GET", "/me", each)) == (401, 190, 458)


def test_permissions_of_others_are_not_for_a_person_to_take_back(graph, page):
    sam, rae = graph.agree(), graph.agree("rae")
    identity = graph.call("GET", "/me", sam).json["id"]
    assert read_error(graph.call("DELETE", f"/{identity}/permissions", rae)) == (400, 100, 33)
    assert graph.call("GET", "/me", page["access_token"]).status == 200


@pytest.mark.parametrize(
    ("state", "error"), [("deactivated", (401, 190, 459)), ("takendown", (400, 368, 0))]
)
def test_page_in_trouble_posts_nothing(box, graph, page, state, error):
    order = {"network": "facebook", "names": ["sam"], "state": state}
    box.call("POST", "/_simulator/accounts", json=order)
    assert read_error(graph.post(page, "Un")) == error


@pytest.mark.parametrize(("token", "error"), [("", (400, 2500, 0)), ("made up", (401, 190, 0))])
def test_token_that_is_none_is_refused(graph, token, error):
    assert read_error(graph.call("GET", "/me", token)) == error


def test_seeded_credentials_post(box, graph):
    seeded = box.seed("facebook", account="river", person="rae")
    page = {"id": seeded["id"], "access_token": seeded["access_token"]}
    assert (seeded["client_id"], seeded["client_secret"]) == (APP, SECRET)
    assert graph.post(page, "Un").status == 200
    assert graph.call("GET", "/me", seeded["user_token"]).json["id"] == seeded["person"]
    order = {"network": "facebook", "account": "river"}
    assert box.call("POST", "/_simulator/revoke", json=order).json["revoked"] == 2
    assert read_error(graph.post(page, "Deux")) == (401, 190, 458)


def test_answers_tell_their_version_and_how_much_is_used_up(graph, page):
    answer = graph.call("GET", f"/{page['id']}", page["access_token"])
    assert answer.headers["facebook-api-version"] == "v25.0"
    [use] = json.loads(answer.headers["X-Business-Use-Case-Usage"])[page["id"]]
    assert (use["type"], use["estimated_time_to_regain_access"]) == ("pages", 0)
    person = graph.call("GET", "/me", graph.agree())
    assert json.loads(person.headers["X-App-Usage"])["call_count"] >= 0


def test_app_that_asks_too_much_is_refused(graph):
    token = graph.agree()
    statuses = {graph.call("GET", "/me", token).status for _ in range(200)}
    assert statuses == {200}
    answer = graph.call("GET", "/me", token)
    assert read_error(answer) == (403, 4, 0)
    assert json.loads(answer.headers["X-App-Usage"])["call_count"] >= 100


def test_faults_speak_the_dialect(box, graph, page):
    box.set_faults({"429": 1, "retry_after": 90})
    answer = graph.post(page, "Un")
    assert read_error(answer) == (403, 32, 0)
    [use] = json.loads(answer.headers["X-Business-Use-Case-Usage"])["0"]
    assert use["estimated_time_to_regain_access"] == 2
    box.set_faults({"500_before": 1})
    assert read_error(graph.post(page, "Un")) == (500, 2, 0)
    box.set_faults({"revoked": 1})
    assert read_error(graph.post(page, "Un")) == (401, 190, 458)
    box.set_faults({"revoked": 1, "account": "garden"})
    assert graph.post(page, "Un").status == 200
    box.set_faults({"revoked": 1, "endpoints": "token"})
    code = read_query(box.consent(graph.address(), "sam"))["code"]
    assert read_error(graph.trade(code=code, redirect_uri=REDIRECT)) == (400, 100, 36009)


def test_requests_to_publish_are_logged_with_what_came_of_them(box, graph, page):
    graph.post(page, "Un")
    graph.post(page, "Un")
    log = box.call("GET", "/_simulator/requests").json
    assert [entry["outcome"] for entry in log] == ["accepted", "refused 400"]
    assert {entry["account"].partition("@")[0] for entry in log} == {"sam"}


def make_server():
    instance = Instance(kind=PLATFORMS["facebook"], authority="x", url="http://x")
    return FacebookServer(instance, world=World([instance]))


def test_page_token_of_a_short_one_ends_with_it():
    server = make_server()
    person = server.meet("sam", scopes=frozenset())
    [sam] = person.tasks
    short, long = (server.issue_token(person, seconds=seconds) for seconds in (3600, LONG_SECONDS))
    assert server.give_page_token(sam, holder=short).expires_at == short.expires_at
    assert server.give_page_token(sam, holder=long).expires_at is None


def test_day_of_a_page_is_over_after_so_many_calls():
    server = make_server()
    page = server.world.ensure_account(server.instance, name="sam")
    standing = server.windows.count(page, limit=PAGE_LIMIT, points=PAGE_LIMIT.points)
    assert not standing.exceeded
    assert server.windows.count(page, limit=PAGE_LIMIT).exceeded
    assert standing.resets_at - tell_time() <= 86_400
    server.reset(accounts=False)
    assert not server.windows.count(page, limit=PAGE_LIMIT).exceeded
