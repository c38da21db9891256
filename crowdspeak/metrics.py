"""``/metrics``: the site's numbers for whoever shows ``METRICS_TOKEN``; without one, for nobody."""

from collections.abc import Iterable

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from accounts.middleware import knows_nobody
from crowdspeak.gauges import read_gauges


class _Gauges(Collector):
    """Read once a scrape; a registry of its own keeps this process's numbers out."""

    def collect(self) -> Iterable[Metric]:
        return list(read_gauges())

    def describe(self) -> Iterable[Metric]:
        """Nothing: being registered would read them otherwise."""
        return []


@knows_nobody
@never_cache
@require_safe
def show_metrics(request: HttpRequest) -> HttpResponse:
    """All numbers, in the format that was asked for.

    404 while metrics are off, 401 without the token, 503 without a database.
    """
    if not settings.METRICS_TOKEN:
        raise Http404
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = token.strip() if scheme.lower() == "bearer" else ""
    if not constant_time_compare(given, settings.METRICS_TOKEN):
        return HttpResponse(
            "Show METRICS_TOKEN as a bearer token.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": "Bearer"},
        )
    registry = CollectorRegistry()
    registry.register(_Gauges())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        return HttpResponse(encode(registry), content_type=content_type)
    except DatabaseError:
        answer = HttpResponse("The database does not answer.\n", status=503)
        # Asked every few seconds, as /readyz is: no error for the log each time.
        answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
        return answer
