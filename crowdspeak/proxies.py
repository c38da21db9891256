"""Whom a request comes from, when a reverse proxy stands in between.

``TRUSTED_PROXIES`` lists the proxies' addresses or networks. Only what they say is believed: the
right-most address of X-Forwarded-For that is not a proxy's, and X-Forwarded-Proto. From anybody
else the two headers mean nothing, so that nobody chooses the address they are counted by.
"""

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Respond = Callable[[HttpRequest], HttpResponse]


class ProxyMiddleware:
    """Puts the visitor's own address and scheme where the rest of the product reads them."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.trusted = [ip_network(each, strict=False) for each in settings.TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.trusts(request.META.get("REMOTE_ADDR", "")):
            chain = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
            hops = [hop.strip() for hop in chain if hop.strip()]
            visitor = next((hop for hop in reversed(hops) if not self.trusts(hop)), "")
            if is_address(visitor):
                request.META["REMOTE_ADDR"] = visitor
            if request.META.get("HTTP_X_FORWARDED_PROTO") == "https":
                request.META["wsgi.url_scheme"] = "https"
        return self.respond(request)

    def trusts(self, address: str) -> bool:
        """Whether this is one of our proxies."""
        return is_address(address) and any(ip_address(address) in each for each in self.trusted)


def is_address(text: str) -> bool:
    """Whether this is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
