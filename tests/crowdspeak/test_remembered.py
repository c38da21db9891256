"""The remembered page before all of Django: the same answer, to the same readers, and no longer."""

from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from crowdspeak.remembered import PagesFirst
from pages import remembering
from pages.remembering import PASS_SECONDS
from tests.making import make_campaign

pytestmark = pytest.mark.django_db

PAGE = "/campaigns/river/"
KEPT = 1.0
WENT_ON = [b"went on"]


@pytest.fixture
def clock(settings, monkeypatch):
    settings.PAGES_KEPT_SECONDS = KEPT
    told = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(remembering, "time", SimpleNamespace(monotonic=lambda: told.now))
    remembering.forget()
    yield told
    remembering.forget()


@pytest.fixture
def kept(client, olive, clock):
    """What the middleware answers from memory."""
    make_campaign(olive)
    client.get(PAGE)
    return client.get(PAGE)


def ask(path=PAGE, *, method="GET", **environ):
    """Headers and body of an answer; the body is ``WENT_ON`` where Django would have been asked."""
    told = {}
    request = RequestFactory().generic(method, path, **environ)

    def tell(status, headers):
        assert status == "200 OK"
        told.update(headers)

    return told, PagesFirst(lambda *_: WENT_ON)(request.environ, tell)


def test_answer_is_the_one_that_django_gives(kept, django_assert_num_queries):
    with django_assert_num_queries(0):
        headers, (body,) = ask()
    assert body == kept.content
    own = {"X-Request-ID": headers["X-Request-ID"]}
    assert headers == dict(kept.headers) | own
    assert headers["X-Request-ID"] not in (kept["X-Request-ID"], ask()[0]["X-Request-ID"])


def test_answer_is_packed_for_who_takes_it(kept):
    headers, (body,) = ask(HTTP_ACCEPT_ENCODING="gzip")
    assert headers["Content-Encoding"] == "gzip"
    assert int(headers["Content-Length"]) == len(body) < len(kept.content)


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_COOKIE": "sessionid=x"},
        {"HTTP_COOKIE": "django_language=en; sessionid=x"},
        {"HTTP_COOKIE": "messages=x"},
        {"HTTP_COOKIE": "django_language=fr"},
        {"HTTP_ACCEPT_LANGUAGE": "fr"},
        {"HTTP_HOST": "other.example"},
        {"HTTP_IF_NONE_MATCH": 'W/"x"'},
        {"SCRIPT_NAME": "/below"},
        {"method": "POST"},
        {"method": "HEAD"},
        {"wsgi.url_scheme": "https"},
        {"path": "/campaigns/other/"},
        {"path": f"{PAGE}?from=poster"},
        {"path": f"{PAGE}?language=en"},
        {"path": f"{PAGE}launch/"},
    ],
)
def test_who_may_get_another_answer_is_left_to_django(kept, environ):
    assert ask()[1] == [kept.content]
    assert ask(**environ)[1] is WENT_ON


def test_scheme_is_believed_of_trusted_proxies_alone(kept, settings):
    assert ask(HTTP_X_FORWARDED_PROTO="https")[1] == [kept.content]
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    assert ask(HTTP_X_FORWARDED_PROTO="https")[1] is WENT_ON
    assert ask(HTTP_X_FORWARDED_PROTO="https", REMOTE_ADDR="192.0.2.7")[1] == [kept.content]


def test_page_that_has_ended_is_left_to_django(kept, clock):
    clock.now += KEPT
    assert ask()[1] is WENT_ON
    clock.now += PASS_SECONDS
    assert ask()[1] is WENT_ON
