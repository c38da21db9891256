"""What an organiser answers in the wizard, and a browser that sends it."""

import html
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from campaigns.clock import database_now

STORY = {
    "title": "Keep the 22:14",
    "summary": "The last night train must stay.",
    "story": "It runs through **eleven** towns.",
    "picture_alt": "",
}
MESSAGE = {
    "message": "The 22:14 leaves for good.\r\nWe say no.",
    "link": "https://night.example/2214",
    "hashtag": "KeepThe2214",
    "language": "en",
}


def moment(days=10, **facts):
    """The moment step, so many days from now at half past six in Paris."""
    day = (database_now() + timedelta(days=days)).astimezone(ZoneInfo("Europe/Paris")).date()
    return {
        "day": day.isoformat(),
        "time": "18:30",
        "zone": "Europe/Paris",
        "threshold": "",
        "latest_minutes": "45",
        "visibility": "public",
        **facts,
    }


def address(campaign, step):
    """Where a step is."""
    return reverse("wizard", args=[campaign.uid, step])


def read(answer):
    """What a page says, entities resolved."""
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def save(desk, campaign, step, **contents):
    """Post a step; what came of it, and the revision as it is then."""
    answer = desk.post(address(campaign, step), contents)
    return answer, campaign.working_revision
