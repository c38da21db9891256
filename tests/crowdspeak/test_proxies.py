"""Whose address counts, behind a proxy and without one."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from crowdspeak.proxies import ProxyMiddleware


@pytest.fixture
def visit(settings):
    """What the product sees of a request: address and whether it is secure."""

    def do(remote, *, trusted=(), **headers):
        settings.TRUSTED_PROXIES = list(trusted)
        seen = []

        def respond(request):
            seen.append((request.META["REMOTE_ADDR"], request.is_secure()))
            return HttpResponse()

        request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)
        ProxyMiddleware(respond)(request)
        return seen[0]

    return do


def test_without_proxies_what_a_visitor_claims_means_nothing(visit):
    claimed = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https"}
    assert visit("203.0.113.9", **claimed) == ("203.0.113.9", False)


def test_a_trusted_proxy_says_who_it_is_and_how_they_came(visit):
    told = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    assert visit("10.0.0.5", trusted=["10.0.0.0/24"], **told) == ("203.0.113.9", True)


def test_what_a_visitor_put_in_front_is_not_believed(visit):
    told = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.0.0.7"}
    assert visit("10.0.0.5", trusted=["10.0.0.0/24"], **told)[0] == "203.0.113.9"


@pytest.mark.parametrize("words", ["", "nonsense", "10.0.0.6", "<script>"])
def test_a_header_without_a_visitor_leaves_the_proxy_s_address(visit, words):
    told = {"X-Forwarded-For": words}
    assert visit("10.0.0.5", trusted=["10.0.0.0/24"], **told)[0] == "10.0.0.5"
