"""What networks tell by themselves, without anybody's browser: signed, or not listened to."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from networks.base import Notice
from networks.errors import Rejected
from supporters import notices

MOST_BYTES = 10_000


@csrf_exempt  # the network's signature stands for it
@require_POST
def be_removed(request: HttpRequest, network: str) -> JsonResponse:
    """Somebody removed us at their network. Answers alike whether we know them or not."""
    notices.note_removed(read_notice(request, network=network))
    return JsonResponse({})


def read_notice(request: HttpRequest, *, network: str) -> Notice:
    """What a request says, if its network signed it.

    Raises Http404 for a network that tells nothing, SuspiciousOperation (400) for what is too
    large, PermissionDenied for what is not signed as it should be.
    """
    try:
        is_heard = notices.takes_notices(network)
    except LookupError:
        is_heard = False
    if not is_heard:
        raise Http404
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        raise SuspiciousOperation("a notice is small")
    try:
        return notices.read_notice(network, form=request.POST.dict())
    except Rejected as error:
        raise PermissionDenied(str(error)) from None
