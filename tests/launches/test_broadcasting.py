"""A launch before any number of watchers: what they get, and what it costs."""

import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crowdspeak.wsgi import application
from launches import broadcasting
from launches.models import Delivery
from launches.surveying import survey_public
from supporters.models import Pledge
from tests.launches.watchers import pass_a_second, read_part, watch
from tests.making import make_campaign
from tests.pages.showcasing import lend


@pytest.fixture
def clock(monkeypatch):
    """The machine's counter, which a test moves."""

    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    found = Clock()
    monkeypatch.setattr(broadcasting, "time", found)
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["firing", "held", "finished", "missed"])
def test_all_watchers_together_cost_two_queries_a_second(client, under_way, state):
    under_way(state)
    for _second in range(3):
        pass_a_second()
        with CaptureQueriesContext(
            connection,
        ) as asked:
            for _ in range(50):
                for language in ("en", "fr"):
                    assert watch(client, language=language).status_code == 200
        assert len(asked) <= 2


@pytest.mark.django_db
def test_watchers_before_the_moment_cost_two_queries_as_well(client, olive):
    campaign = make_campaign(olive, launch_in=30, threshold=50)
    lend(campaign)
    with CaptureQueriesContext(connection) as asked:
        pages = [watch(client) for _ in range(50)]
    assert len(asked) <= 2
    assert "1 of the 50 supporters needed." in pages[-1].content.decode()


@pytest.mark.django_db
def test_watcher_is_not_asked_who_they_are(client, under_way, olive):
    under_way()
    client.force_login(olive)
    watch(client)
    with CaptureQueriesContext(connection) as asked:
        answer = watch(client)
    assert not len(asked)
    assert not answer.cookies
    page = answer.content.decode()
    assert "csrf" not in page
    assert "Organiser’s controls" not in page
    assert page == watch(Client()).content.decode()


@pytest.mark.django_db
def test_another_process_asks_the_cache_and_not_the_database(client, under_way):
    under_way()
    first = watch(client).content
    broadcasting.forget()
    with CaptureQueriesContext(connection) as asked:
        assert watch(client).content == first
    assert not len(asked)


@pytest.mark.django_db
def test_without_the_cache_a_process_surveys_once_a_second_by_itself(
    client, under_way, settings, clock
):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    under_way()
    for _second in range(2):
        clock.now += 1.01
        with CaptureQueriesContext(connection) as asked:
            for _ in range(20):
                assert watch(client).status_code == 200
        assert len(asked) == 2


@pytest.mark.django_db
def test_what_has_not_changed_is_not_sent_again(client, under_way):
    under_way()
    first = watch(client)
    tag = first["ETag"]
    pass_a_second()
    again = watch(client, if_none_match=tag)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    Delivery.objects.filter(state="planned").update(state="failed")
    pass_a_second()
    changed = watch(client, if_none_match=tag)
    assert changed.status_code == 200
    assert changed["ETag"] != tag
    assert read_part(changed.content.decode(), "data").startswith("2 Sent") or "Failed 2" in (
        read_part(changed.content.decode(), "data")
    )


@pytest.mark.django_db
def test_coming_launch_is_the_same_answer_until_somebody_pledges(client, olive):
    campaign = make_campaign(olive, launch_in=40)
    tag = watch(client)["ETag"]
    pass_a_second()
    assert watch(client, if_none_match=tag).status_code == 304
    lend(campaign)
    pass_a_second()
    assert watch(client, if_none_match=tag).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["draft", "in_review", "suspended", "rejected"])
def test_campaign_that_is_not_public_has_no_watchers(client, olive, state):
    make_campaign(olive, state=state)
    client.force_login(olive)
    assert watch(client).status_code == 404
    with CaptureQueriesContext(connection) as asked:
        assert watch(client).status_code == 404
    assert len(asked) <= 2  # as any address that leads nowhere: it is not remembered
    assert list(broadcasting._channels) == []


@pytest.mark.django_db
def test_suspended_while_it_is_watched_shows_nothing_more(client, under_way):
    launch = under_way()
    assert watch(client).status_code == 200
    type(launch.campaign).objects.update(state="suspended")
    pass_a_second()
    assert watch(client).status_code == 404


@pytest.mark.django_db
def test_unlisted_campaign_is_watched_by_who_has_its_address(client, olive):
    make_campaign(olive, visibility="unlisted")
    answer = watch(client)
    assert answer.status_code == 200
    assert answer["X-Robots-Tag"] == "noindex"


@pytest.mark.django_db
def test_unknown_campaigns_and_languages_are_not_found(client, under_way):
    under_way()
    assert watch(client, slug="nobody").status_code == 404
    assert watch(client, language="xx").status_code == 404
    assert client.post("/campaigns/river/launch/live/en/").status_code == 405


@pytest.mark.django_db
def test_process_remembers_a_bounded_number_of_launches(client, olive, monkeypatch):
    monkeypatch.setattr(broadcasting, "LAUNCHES_AT_MOST", 3)
    for number in range(6):
        make_campaign(olive, slug=f"c{number}")
        watch(client, slug=f"c{number}")
    assert list(broadcasting._channels) == ["c3", "c4", "c5"]


@pytest.mark.django_db
def test_addresses_that_strangers_make_up_take_no_place_anywhere(client, under_way, monkeypatch):
    monkeypatch.setattr(broadcasting, "LAUNCHES_AT_MOST", 3)
    under_way()
    assert watch(client).status_code == 200
    for number in range(6):
        assert watch(client, slug=f"made-up-{number}").status_code == 404
        assert cache.get(f"launch-room:made-up-{number}:turn") is None
        assert cache.get(f"launch-room:made-up-{number}") is None
    assert list(broadcasting._channels) == ["river"]


@pytest.mark.django_db
def test_database_away_shows_the_last_numbers_for_a_while_then_none(
    client, under_way, clock, monkeypatch, caplog
):
    under_way()
    clock.now += 1
    assert watch(client).status_code == 200

    def fail(slug):
        raise OSError(slug)

    monkeypatch.setattr(broadcasting, "survey_public", fail)
    from django.core.cache import cache

    for passed, status in ((1.1, 200), (10, 200), (10, 503)):
        cache.clear()
        clock.now += passed
        answer = watch(client)
        assert answer.status_code == status
    assert answer["Retry-After"]
    assert "could not be surveyed" in caplog.text
    caplog.clear()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "facts", "wait"),
    [
        ("firing", {}, 1000),
        ("held", {}, 3000),
        ("finished", {}, 0),
        ("cancelled", {}, 0),
        ("missed", {"threshold": 50}, 0),
    ],
)
def test_watchers_are_told_how_soon_to_ask_again(client, under_way, state, facts, wait):
    under_way(state, **facts)
    assert f'data-wait="{wait}"' in watch(client).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("launch_in", "wait"), [(30, 1000), (300, 5000), (7200, 30000)])
def test_watchers_ask_less_often_while_it_is_far(client, olive, launch_in, wait):
    make_campaign(olive, launch_in=launch_in)
    page = watch(client).content.decode()
    assert f'data-wait="{wait}"' in page
    assert "data-begun" not in page
    assert 'data-part="clock"' not in page  # the page's own countdown goes on


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["firing", "held", "finished", "cancelled"])
def test_survey_says_what_the_results_say(under_way, state):
    from launches.results import split_by_network, summarise

    every = ["planned", "planned", "waiting", "sent", "failed", "unknown", "unconfirmed"]
    launch = under_way(state, [*every, "withdrawn", "not_sent", "sent", "sent", "sent"])
    taken = Delivery.objects.filter(state="planned").latest("pk")
    Delivery.objects.filter(pk=taken.pk).update(state="claimed", lease_until=taken.launch.latest_at)
    moments = (0.1, 1.9, 2.0, 59.999)
    for delivery, after in zip(Delivery.objects.filter(state="sent"), moments, strict=True):
        answered_at = launch.launch_at + timedelta(seconds=after)
        Delivery.objects.filter(pk=delivery.pk).update(answered_at=answered_at)
    seen = survey_public("river")
    assert seen.summary == summarise(launch.campaign)
    assert list(seen.networks) == split_by_network(launch)
    assert list(seen.seconds) == [1, 1, 1, *[0] * 56, 1]


@pytest.mark.django_db
def test_survey_before_the_decision_says_what_the_results_say(olive, sam):
    from launches.results import summarise
    from tests.making import make_promise

    campaign = make_campaign(olive, launch_in=40, threshold=5)
    lend(campaign)
    lend(campaign, person=sam)
    lend(campaign, person=sam)
    make_promise(campaign, sam)
    make_promise(campaign, olive)
    type(campaign).objects.update(counts_assisted=True)
    campaign.refresh_from_db()
    seen = survey_public("river")
    assert seen.summary == summarise(campaign)
    assert (seen.summary.people, seen.summary.pledges, seen.summary.by_hand) == (3, 3, 2)


@pytest.mark.django_db
def test_only_who_agreed_is_shown_and_the_newest_first(client, under_way):
    under_way(outcomes=["sent"] * 3)
    hidden, older, newer = Delivery.objects.order_by("pk")
    Pledge.objects.filter(pk=hidden.pledge_id).update(is_shown=False)
    later = newer.answered_at + timedelta(seconds=1)
    Delivery.objects.filter(pk=newer.pk).update(answered_at=later)
    words = read_part(watch(client).content.decode(), "below")
    assert "Voice 0" not in words
    assert 0 < words.index("Voice 2") < words.index("Voice 1")


@pytest.mark.django_db(transaction=True)
def test_a_crowd_that_asks_at_once_is_answered_by_one_survey(under_way, monkeypatch):
    under_way()
    surveyed = []

    def count(slug):
        surveyed.append(slug)
        return survey_public(slug)

    monkeypatch.setattr(broadcasting, "survey_public", count)
    together, answers = threading.Barrier(8), []

    def ask():
        together.wait()
        answers.append(watch(Client()).status_code)
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert len(surveyed) == 1


@pytest.mark.django_db
def test_server_answers_from_memory_before_anything_else_is_done(client, under_way, clock):
    under_way()
    asked = {"PATH_INFO": "/campaigns/river/launch/live/en/", "REQUEST_METHOD": "GET"}
    passed, told = [], []

    def beyond(environ, start_response):
        passed.append(environ)
        return [b"beyond"]

    from launches.views_live import LiveFirst

    server = LiveFirst(beyond)

    def ask(**more):
        told.clear()
        return b"".join(server(asked | more, lambda *answer: told.extend(answer)))

    assert ask() == b"beyond"  # not known yet
    page = watch(client)
    assert ask() == page.content
    assert told[0] == "200 OK"
    assert dict(told[1])["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    tag = dict(told[1])["ETag"]
    assert tag == page["ETag"]
    assert ask(HTTP_IF_NONE_MATCH=tag) == b""
    assert told[0] == "304 Not Modified"
    packed = ask(HTTP_ACCEPT_ENCODING="gzip, br")
    assert dict(told[1])["Content-Encoding"] == "gzip"
    assert 0 < len(packed) < len(page.content) / 2
    clock.now += 1
    assert ask() == b"beyond"  # one looks again, and the others need not wait for them
    assert ask() == page.content
    clock.now += 16
    assert ask() == b"beyond"
    watch(client)
    for other in (
        {"REQUEST_METHOD": "POST"},
        {"PATH_INFO": "/campaigns/river/launch/"},
        {"PATH_INFO": "/campaigns/river/launch/live/fr/"},
        {"PATH_INFO": "/campaigns/brook/launch/live/en/"},
    ):
        assert ask(**other) == b"beyond"
    assert isinstance(application, LiveFirst)
