"""Pages that machines ask for: health checks of containers and proxies, and Prometheus.

They know an address of this process and not the site's name, which is the only one that other pages
answer to. So these are answered before anything looks at the Host header: they make no links of it,
and know nobody.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from crowdspeak.health import livez, readyz
from crowdspeak.metrics import show_metrics

Respond = Callable[[HttpRequest], HttpResponse]

PROBES: dict[str, Respond] = {"/livez": livez, "/readyz": readyz, "/metrics": show_metrics}
READS = ("GET", "HEAD")


class ProbesMiddleware:
    """Answers them itself, whatever the request says about its host."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info) if request.method in READS else None
        return self.respond(request) if probe is None else probe(request)
