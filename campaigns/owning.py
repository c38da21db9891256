"""Whose pages these are: the person who is signed in, and their own campaigns."""

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from campaigns.models import Campaign


def signed_in(request: HttpRequest) -> User:
    """The person, on a page that ``login_required`` guards."""
    assert isinstance(request.user, User), "login_required lets nobody else in"
    return request.user


def find_own(request: HttpRequest, uid: UUID) -> Campaign:
    """The campaign, for its organiser; for others it is not there."""
    mine = Campaign.objects.filter(organiser=signed_in(request))
    found: Campaign = get_object_or_404(mine.with_pages(), uid=uid)
    return found
