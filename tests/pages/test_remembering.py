"""The page that strangers share: who gets it, what never reaches anybody else, and for how long."""

import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.test import RequestFactory

from campaigns.models import Campaign
from pages import remembering
from pages.remembering import MOST_SECONDS, PASS_SECONDS, RememberedPages
from tests.making import make_campaign
from tests.pages.showcasing import decide, lend, write

pytestmark = pytest.mark.django_db

PAGE = "/campaigns/river/"
KEPT = 1.0


@pytest.fixture(autouse=True)
def clock(settings, monkeypatch):
    """Pages are kept as in production, by a clock that stands still until a test moves it."""
    settings.PAGES_KEPT_SECONDS = KEPT
    told = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(remembering, "time", SimpleNamespace(monotonic=lambda: told.now))
    remembering.forget()
    yield told
    remembering.forget()


@pytest.fixture
def campaign(olive):
    return make_campaign(olive)


def see(client, path=PAGE, **headers):
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def still(html):
    """A page without what its clocks say."""
    return re.sub(r'data-now="[^"]*"|data-left="\d+"|<b data-unit[^<]*</b>', "", html)


def was_remembered(answer):
    return answer.headers.get("Server-Timing", "").startswith("kept")


def test_second_stranger_costs_no_query(client, campaign, django_assert_num_queries):
    lend(campaign, name="Ada", is_shown=True)
    first = see(client)
    with django_assert_num_queries(0):
        assert see(client) == first
    assert "Ada" in first


def test_remembered_page_is_the_one_that_is_drawn_anew(client, campaign, settings):
    lend(campaign, name="Ada", is_shown=True)
    decide(campaign, "held", held_why="Too many failed.")
    see(client, **{"Accept-Language": "fr"})  # what was read by a French reader
    kept = {each: see(client, **{"Accept-Language": each}) for each in ("en", "fr")}
    again = {each: see(client, **{"Accept-Language": each}) for each in ("en", "fr")}
    settings.PAGES_KEPT_SECONDS = 0
    remembering.forget()
    for language, page in kept.items():
        assert still(page) == still(again[language])
        assert still(page) == still(see(client, **{"Accept-Language": language}))


def test_reading_is_shared_by_languages_and_doors(client, campaign, django_assert_max_num_queries):
    see(client)
    with django_assert_max_num_queries(1):  # the database's clock
        page = see(client, f"{PAGE}?from=poster", **{"Accept-Language": "fr"})
    assert "from=poster" in page


def test_head_keeps_the_headers_of_safety(client, campaign):
    drawn = client.get(f"{PAGE}?other=1")
    see(client)
    answer = client.get(PAGE)
    assert was_remembered(answer)
    assert not was_remembered(drawn)
    own = {"Content-Length", "X-Request-ID", "Vary", "Content-Security-Policy"}
    for name in drawn.headers.keys() - own:
        assert answer[name] == drawn[name], name
    assert sorted(answer["Content-Security-Policy"].split("; ")) == sorted(
        drawn["Content-Security-Policy"].split("; ")
    )
    assert {"Cookie", "Accept-Language", "Accept-Encoding"} <= set(answer["Vary"].split(", "))
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["X-Request-ID"] != client.get(PAGE)["X-Request-ID"]


def test_unlisted_page_stays_out_of_search_engines(client, olive):
    make_campaign(olive, visibility="unlisted")
    see(client)
    answer = client.get(PAGE)
    assert was_remembered(answer)
    assert answer["X-Robots-Tag"] == "noindex"


def test_page_is_packed_for_who_takes_it(client, campaign):
    plain = see(client)
    answer = client.get(PAGE, headers={"Accept-Encoding": "gzip, br"})
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content).decode() == plain
    assert int(answer["Content-Length"]) == len(answer.content)


def test_who_has_this_very_page_is_told_so(client, campaign, clock):
    tag = client.get(PAGE)["ETag"]
    answer = client.get(PAGE, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    clock.now += KEPT
    lend(campaign)
    assert client.get(PAGE, headers={"If-None-Match": tag}).status_code == 200


# ── What one person may see never reaches another ─────────────────────────────────────────────


def test_supporters_own_page_reaches_nobody_else(client, campaign, sam):
    lend(campaign, person=sam)
    client.force_login(sam)
    assert "You are in," in see(client)
    client.logout()
    assert "You are in," not in see(client)


def test_strangers_page_does_not_reach_who_is_signed_in(client, campaign, sam, olive):
    lend(campaign, person=sam)
    see(client)
    client.force_login(sam)
    answer = client.get(PAGE)
    assert "You are in," in answer.content.decode()
    assert not was_remembered(answer)
    client.force_login(olive)
    assert "This is your campaign." in see(client)


def test_page_of_who_signs_in_on_the_way_is_not_kept(sam, campaign):
    """Whoever the view found to be signed in, whatever their cookies say."""
    request = RequestFactory().get(PAGE)
    answered = RememberedPages(lambda _: _answer(request, user=sam))(request)
    assert answered.content == b"words"
    assert not remembering._pages


def test_draft_that_its_organiser_read_is_not_found_by_a_stranger(client, olive):
    write(olive, title="Unripe", message="Say it.")
    client.force_login(olive)
    see(client, "/campaigns/draft/")
    client.logout()
    assert client.get("/campaigns/draft/").status_code == 404


def test_token_against_forged_forms_is_not_kept(campaign):
    def respond(request):
        answer = _answer(request)
        answer.write(get_token(request))
        return answer

    request = RequestFactory().get(PAGE)
    request.COOKIES["csrftoken"] = "x" * 32  # then no cookie is set, and the token is in the page
    RememberedPages(respond)(request)
    assert not remembering._pages


def test_answer_that_sets_a_cookie_is_not_kept(campaign):
    def respond(request):
        answer = _answer(request)
        answer.set_cookie("messages", "hello")
        return answer

    RememberedPages(respond)(RequestFactory().get(PAGE))
    assert not remembering._pages


def test_answer_that_no_view_gave_free_is_not_kept(campaign):
    RememberedPages(lambda request: _answer(request, until=None))(RequestFactory().get(PAGE))
    assert not remembering._pages


def test_answer_that_leads_elsewhere_is_not_kept(campaign):
    def respond(request):
        answer = _answer(request)
        answer.status_code = 302
        return answer

    RememberedPages(respond)(RequestFactory().get(PAGE))
    assert not remembering._pages


def test_answer_in_another_language_than_it_was_asked_for_is_not_kept(campaign):
    RememberedPages(lambda request: _answer(request, language="fr"))(RequestFactory().get(PAGE))
    assert not remembering._pages


def test_what_free_answers_have_in_common_is_kept(campaign):
    """The one that the refusals above are compared with."""
    RememberedPages(_answer)(RequestFactory().get(PAGE))
    assert len(remembering._pages) == 1


def _answer(request, *, user=None, until=2000.0, language="en"):
    request.user = user or SimpleNamespace(is_authenticated=False)
    answer = HttpResponse("words", headers={"Content-Language": language})
    return answer if until is None else remembering.may_be_kept(answer, until=until)


@pytest.mark.parametrize("cookie", ["sessionid", "messages", "anything"])
def test_who_brings_another_cookie_gets_a_page_of_their_own(client, campaign, cookie):
    see(client)
    client.cookies[cookie] = "x"
    answer = client.get(PAGE)
    assert not was_remembered(answer)
    del client.cookies[cookie]
    assert was_remembered(client.get(PAGE))


def test_message_after_signing_out_is_read_once_and_by_its_owner(client, campaign, sam):
    see(client)
    client.force_login(sam)
    client.post("/account/logout/")
    assert "You have signed out." in see(client)
    assert "You have signed out." not in see(client)


def test_each_reader_has_their_language(client, campaign):
    english = see(client)
    french = see(client, **{"Accept-Language": "fr-FR,fr;q=0.9"})
    assert '<html lang="en">' in english
    assert '<html lang="fr">' in french
    assert see(client, **{"Accept-Language": "fr"}) == french
    assert see(client, **{"Accept-Language": "en-GB"}) == english
    client.cookies["django_language"] = "fr"
    assert see(client) == french
    assert see(client, **{"Accept-Language": "en"}) == french


def test_language_that_the_address_asks_for_is_set_and_not_kept(client, campaign):
    see(client)
    answer = client.get(f"{PAGE}?language=fr")
    assert '<html lang="fr">' in answer.content.decode()
    assert answer.cookies["django_language"].value == "fr"
    client.cookies.clear()
    assert '<html lang="en">' in see(client)


def test_nobody_comes_by_another_ones_door(client, campaign):
    link = "/campaigns/river/support/"
    assert f'{link}?from=poster"' in see(client, f"{PAGE}?from=poster")
    assert f'{link}"' in see(client)
    assert f'{link}?from=mail"' in see(client, f"{PAGE}?from=mail")
    assert f'{link}?from=poster"' in see(client, f"{PAGE}?from=poster")


@pytest.mark.parametrize(
    "query", ["from=Poster", "from=a&from=b", "from=a%0d", "fbclid=1", "from=" + "a" * 60, "from="]
)
def test_query_that_is_no_plain_door_is_answered_anew(client, campaign, query):
    see(client)
    for _ in range(2):
        answer = client.get(f"{PAGE}?{query}")
        assert not was_remembered(answer)
    assert len(remembering._pages) == 1


def test_hosts_and_schemes_have_pages_of_their_own(client, campaign, settings):
    see(client)
    for facts in ({"headers": {"host": "other.example"}}, {"secure": True}):
        before = len(remembering._pages)
        client.get(PAGE, **facts)
        assert len(remembering._pages) == before + 1
    settings.ALLOWED_HOSTS = ["testserver"]
    remembering.forget()
    see(client)
    assert client.get(PAGE, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("method", ["head", "post", "options"])
def test_other_methods_are_answered_by_the_view(client, campaign, method):
    see(client)
    assert not was_remembered(getattr(client, method)(PAGE))


@pytest.mark.parametrize("path", ["/", "/campaigns/", "/campaigns/river/supporters/", "/desk/"])
def test_no_other_page_is_remembered(client, campaign, path):
    for _ in range(2):
        assert not was_remembered(client.get(path))


# ── For how long ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("later", [KEPT, KEPT + PASS_SECONDS, 3600.0])
def test_who_withdraws_is_gone_from_the_page_when_it_ends(client, campaign, clock, later):
    pledge = lend(campaign, name="Ada", is_shown=True)
    assert "Ada" in see(client)
    type(pledge).objects.update(state="withdrawn")
    clock.now += later
    assert "Ada" not in see(client)
    assert "Ada" not in see(client, **{"Accept-Language": "fr"})


def test_suspended_campaign_is_not_found_when_the_page_ends(client, campaign, clock):
    see(client)
    see(client, **{"Accept-Language": "fr"})
    Campaign.objects.update(state="suspended")
    clock.now += KEPT
    assert client.get(PAGE).status_code == 404
    assert client.get(PAGE).status_code == 404  # nor is it passed while somebody draws
    clock.now += PASS_SECONDS
    assert client.get(PAGE, headers={"Accept-Language": "fr"}).status_code == 404
    assert client.get(PAGE).status_code == 404


def test_held_launch_is_told_when_the_page_ends(client, campaign, clock):
    see(client)
    decide(campaign, "held", held_why="Too many failed.")
    clock.now += KEPT
    assert "Too many failed." in see(client)


def test_old_page_is_shown_for_a_moment_while_somebody_draws_the_next(client, campaign, clock):
    old = see(client)
    lend(campaign)
    clock.now += KEPT
    asked = []

    def respond(request):
        asked.append(request)
        if len(asked) == 1:  # whose turn it is draws; meanwhile others come
            assert RememberedPages(respond)(_ask()).content.decode() == old
            clock.now += PASS_SECONDS
            RememberedPages(respond)(_ask())
        return HttpResponse("new")

    RememberedPages(respond)(_ask())
    assert len(asked) == 2  # the second moment later the old one is shown to nobody


def _ask():
    return RequestFactory().get(PAGE)


@pytest.mark.parametrize(("took", "kept"), [(0.01, KEPT), (0.2, 2.0), (3.0, MOST_SECONDS)])
def test_campaign_that_takes_long_to_read_is_read_less_often(
    campaign, clock, monkeypatch, took, kept
):
    def read(found, *, really=remembering.gather):
        clock.now += took
        return really(found)

    monkeypatch.setattr(remembering, "gather", read)
    began = clock.now
    _, ends_at = remembering.gather_for_strangers("river")
    assert ends_at - began == pytest.approx(kept)


def test_many_who_come_at_once_wait_for_one_reading(monkeypatch):
    begun, may_end, readings = Event(), Event(), []

    def read(found):
        readings.append(found)
        begun.set()
        assert may_end.wait(timeout=10)
        return "gathered"

    monkeypatch.setattr(remembering, "find_public", lambda slug: slug)
    monkeypatch.setattr(remembering, "gather", read)
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(remembering.gather_for_strangers, "river") for _ in range(8)]
        assert begun.wait(timeout=10)
        may_end.set()
        assert {each.result() for each in asked} == {("gathered", 1000.0 + KEPT)}
    assert readings == ["river"]


def test_page_that_is_drawn_again_and_again_outlives_others(client, campaign, clock, monkeypatch):
    monkeypatch.setattr(remembering, "PAGES_AT_MOST", 3)
    see(client)
    see(client, f"{PAGE}?from=first")
    clock.now += KEPT
    for path in (PAGE, f"{PAGE}?from=second", f"{PAGE}?from=third"):
        see(client, path)
    assert [key[3] for key in remembering._pages] == ["", "from=second", "from=third"]


def test_memory_is_bounded(client, campaign, monkeypatch):
    monkeypatch.setattr(remembering, "PAGES_AT_MOST", 3)
    for number in range(10):
        see(client, f"{PAGE}?from=door{number}")
    assert len(remembering._pages) == 3
    for number in range(300):
        client.get(f"/campaigns/nowhere-{number}/")
    assert len(remembering._reading) <= remembering.CAMPAIGNS_AT_MOST
    assert len(remembering._read) == 1


def test_page_tells_how_long_its_clocks_stood_still(client, campaign, clock):
    see(client)
    clock.now += 0.75
    assert client.get(PAGE)["Server-Timing"] == "kept;dur=750"


def test_nothing_is_remembered_where_that_is_switched_off(client, campaign, settings):
    settings.PAGES_KEPT_SECONDS = 0
    see(client)
    lend(campaign, name="Ada", is_shown=True)
    assert "Ada" in see(client)
    assert not remembering._pages
