"""Whom a request comes from, when a reverse proxy stands in between.

``TRUSTED_PROXIES`` lists the proxies' addresses or networks. Only what they say is believed: the
right-most address of X-Forwarded-For that is not a proxy's, and X-Forwarded-Proto. From anybody
else the two headers mean nothing, so that nobody chooses the address they are counted by.
"""

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Respond = Callable[[HttpRequest], HttpResponse]


class TrustedProxies:
    """Those of the settings, and what is believed of what they say."""

    def __init__(self) -> None:
        self.networks = [ip_network(each, strict=False) for each in settings.TRUSTED_PROXIES]

    def trusts(self, address: str) -> bool:
        """Whether this is one of our proxies."""
        if not self.networks or not is_address(address):
            return False
        return any(ip_address(address) in each for each in self.networks)

    def find_scheme(self, environ: Mapping[str, Any]) -> str:
        """The scheme by which the visitor came (WSGI's environment, the connection's own)."""
        is_https = environ.get("HTTP_X_FORWARDED_PROTO") == "https"
        if is_https and self.trusts(environ.get("REMOTE_ADDR", "")):
            return "https"
        return str(environ.get("wsgi.url_scheme", "http"))


class ProxyMiddleware:
    """Puts the visitor's own address and scheme where the rest of the product reads them."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.proxies = TrustedProxies()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        trusts = self.proxies.trusts
        if trusts(request.META.get("REMOTE_ADDR", "")):
            request.META["wsgi.url_scheme"] = self.proxies.find_scheme(request.META)
            chain = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
            hops = [hop.strip() for hop in chain if hop.strip()]
            visitor = next((hop for hop in reversed(hops) if not trusts(hop)), "")
            if is_address(visitor):
                request.META["REMOTE_ADDR"] = visitor
        return self.respond(request)


def is_address(text: str) -> bool:
    """Whether this is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
