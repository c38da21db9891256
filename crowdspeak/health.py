"""Whether the site is up (``/livez``) and can do its work (``/readyz``)."""

from celery import current_app
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from kombu.exceptions import OperationalError

from launches.ticking import seconds_since_tick

TICK_MOST_SECONDS = 10.0
BROKER_TIMEOUT_SECONDS = 2


@never_cache
def livez(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"alive": True})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, broker, and the age of the scheduler's last tick; 503 when one of them fails."""
    report: dict[str, bool | float | None] = {"database": False, "broker": False, "tick": None}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        report["database"] = True
        report["tick"] = seconds_since_tick()
    except DatabaseError:
        pass
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_SECONDS)
        report["broker"] = True
    except (OSError, OperationalError):
        pass
    age = report["tick"]
    ready = bool(report["database"] and report["broker"] and age is not None) and (
        float(age or 0) < TICK_MOST_SECONDS
    )
    answer = JsonResponse({"ready": ready, **report}, status=200 if ready else 503)
    # Asked every few seconds: "not yet" is an answer, not an error for the log.
    answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return answer


urlpatterns = [
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
]
