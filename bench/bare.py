"""The least that Django can answer, served beside the product: what its pages are compared with.

``/bare/`` comes before every other middleware, ``/bare-inside/`` behind all of them.
"""

from django.http import HttpResponse
from django.urls import include, path

BARE = "/bare/"


def bare(request):
    """Two letters."""
    return HttpResponse("ok", headers={"Content-Length": "2"})


class BareFirst:
    """Answers ``/bare/`` as a project without any middleware would."""

    def __init__(self, respond):
        self.respond = respond

    def __call__(self, request):
        return bare(request) if request.path_info == BARE else self.respond(request)


urlpatterns = [path("bare-inside/", bare), path("", include("crowdspeak.urls"))]
