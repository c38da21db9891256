"""What anybody may read and keep for a while: answers with a tag of their content."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language

from campaigns.models import Campaign


def find_public(slug: str) -> Campaign:
    """A campaign that a stranger may see, listed or not. Raises Http404."""
    seen = Campaign.objects.seen_by(AnonymousUser()).with_pages()
    found: Campaign = get_object_or_404(seen, slug=slug)
    return found


def speak_for(campaign: Campaign, *, asked: str = "") -> str:
    """The language asked for, else the campaign's own, else the reader's: one this site speaks."""
    spoken = dict(settings.LANGUAGES)
    own = campaign.revision.language
    reader = get_language() or settings.LANGUAGE_CODE
    return next((each for each in (asked, own, reader) if each in spoken), settings.LANGUAGE_CODE)


def follows_reader(campaign: Campaign, *, asked: str = "") -> bool:
    """Whether ``speak_for`` gives the reader's language, for want of another one."""
    return not {asked, campaign.revision.language} & set(dict(settings.LANGUAGES))


def serve(
    request: HttpRequest,
    body: bytes,
    *,
    content_type: str,
    max_age: int,
    language: str = "",
    is_listed: bool = True,
    varies: bool = True,
) -> HttpResponse:
    """An answer that may be kept for ``max_age`` seconds, or 304 to who has it already.

    What is not ``is_listed`` is for no search engine. ``varies``: with the reader's language, and
    not with the address alone.
    """
    answer = HttpResponse(body, content_type=content_type)
    answer["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    answer["Cache-Control"] = f"public, max-age={max_age}"
    if language:
        answer["Content-Language"] = language
    if varies:
        patch_vary_headers(answer, ["Accept-Language", "Cookie"])
    if not is_listed:
        answer["X-Robots-Tag"] = "noindex"
    found = get_conditional_response(request, etag=answer["ETag"], response=answer)
    return found if isinstance(found, HttpResponse) else answer
