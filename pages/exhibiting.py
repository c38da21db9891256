"""What the style guide shows: made-up people, words and campaigns, none of them in the database.

The guide is for developers: its own words are in English alone, and no reader is led to it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator

from accounts.models import User
from campaigns.models import Campaign, CampaignState, Revision, Theme
from campaigns.previewing import preview_posts
from launches.models import DeliveryState
from networks.registry import all_composers
from pages.drawing import MOST_DOTS
from pages.labelling import LABELS
from pages.listing import Outcome, Row
from pages.staging import Stage
from pages.varying import Variety

NUMBERS = (0, 1, 999, 54_321)  # of supporters: nobody, one, and what needs a thousands separator
GOAL = 500
LONGEST = "Wasserstraßenbauverwaltungsvorschriftenvereinheitlichungsamt"  # 60 letters, no space
NAMES = ("Marta Eriksen", "حملة النهر النظيف", "川をきれいにする会", LONGEST)
ZONE = "Europe/Paris"
MESSAGE = "I would rather wake up at the sea than at an airport. Keep the night train."
LINK = "https://night-train.example/now"
# By shape: a full crowd, a few crosses, a few hollow rings.
COUNTS = {
    DeliveryState.SENT: 1_284,
    DeliveryState.PLANNED: 213,
    DeliveryState.FAILED: 6,
    DeliveryState.UNCONFIRMED: 4,
    DeliveryState.NOT_SENT: 2,
    DeliveryState.WITHDRAWN: 3,
}
EARLIER = (0, 2, 5, 9, 14, 14, 21, 30)
SECONDS = (0, 214, 388, 412, 190, 61, 12, 4, 1, 0, 0, 2)


class SpecimenForm(forms.Form):
    """One field of every kind that ``forms/_field.html`` lays out."""

    server = forms.CharField(
        label="Your Mastodon server",
        help_text="The part after the second @, such as mastodon.example.",
    )
    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    story = forms.CharField(label="Story", widget=forms.Textarea(attrs={"rows": 3}))
    theme = forms.ChoiceField(label="Theme", choices=[("", "Choose one"), ("sea", "Rivers")])
    picture = forms.FileField(label="Picture", help_text="JPEG or PNG, 4 MB at most.")
    minimum = forms.ChoiceField(
        label="Does it need a minimum?",
        widget=forms.RadioSelect,
        choices=[("yes", "Yes, all or nothing"), ("no", "No, whatever the number")],
    )
    networks = forms.MultipleChoiceField(
        label="Where you post",
        widget=forms.CheckboxSelectMultiple,
        choices=[("m", "Mastodon"), ("b", "Bluesky")],
    )
    is_shown = forms.BooleanField(label="Show my name among the supporters.")
    key = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        hints = {"yes": "It goes out only if enough people lend their accounts."}
        self.fields["minimum"].choice_hints = hints  # type: ignore[attr-defined]


def make_forms() -> dict[str, SpecimenForm]:
    """The form as it is first shown, filled in, with something wrong in every field, and closed."""
    filled = {
        "server": "mastodon.example",
        "day": "2026-12-03",
        "story": "The river runs through eleven towns.",
        "theme": "sea",
        "minimum": "yes",
        "networks": ["m"],
        "is_shown": True,
    }
    closed = SpecimenForm(auto_id="closed_%s", initial=filled)
    for field in closed.fields.values():
        field.disabled = True
    wrong = {"server": "", "day": "31 February", "theme": "moon", "minimum": "maybe", "key": "x"}
    return {
        "empty": SpecimenForm(auto_id="empty_%s"),
        "filled": SpecimenForm(auto_id="filled_%s", initial=filled),
        "wrong": SpecimenForm(wrong, auto_id="wrong_%s"),
        "closed": closed,
    }


def make_campaign(title: str, *, launch_at: datetime, threshold: int | None = GOAL) -> Campaign:
    """A campaign that was never saved, approved and scheduled."""
    revision = Revision(
        title=title,
        summary="Two more years for the 22:10, until somebody has counted its sleepers.",
        message=MESSAGE,
        link=LINK,
        hashtag="#NightTrain",
        language="en",
        zone=ZONE,
        theme=Theme(slug="public-services", name_en="Public services", name_fr="Services publics"),
        launch_at=launch_at,
    )
    return Campaign(
        organiser=User(name="Friends of the 22:10"),
        slug="night-train",
        approved=revision,
        state=CampaignState.SCHEDULED,
        launch_at=launch_at,
        threshold=threshold,
    )


def make_rows(now: datetime) -> list[Row]:
    """A line of the departures board in every stage that readers see, with a hard name each."""
    stages = [stage for stage in Stage if not stage.is_private]
    rows = []
    for index, stage in enumerate(stages):
        moment = now + timedelta(days=-3 if stage.is_over else 9)
        campaign = make_campaign(NAMES[index % len(NAMES)], launch_at=moment)
        total = NUMBERS[-1 - index % 2]
        outcome = Outcome(
            total=total,
            sent=total * 2 // 3,
            unsent=3,
            unclear=1,
            first_lag_ms=180,
            last_lag_ms=2_400,
        )
        rows.append(
            Row(
                campaign=campaign,
                stage=stage,
                people=NUMBERS[index % len(NUMBERS)],
                threshold=None if index % 3 == 2 else GOAL,
                outcome=None if stage in (Stage.OPEN, Stage.LEAVING) else outcome,
            )
        )
    return rows


def make_steps() -> list[dict[str, object]]:
    """The wizard's way: two steps behind, one at hand, one open, one that is not yet."""
    names = ("theme", "story", "message", "moment", "check")
    return [
        {"name": name, "label": name.capitalize(), "is_done": index < 2, "is_open": index < 4}
        for index, name in enumerate(names)
    ]


def make_messages() -> list[Message]:
    """What a page says on top, after something was done."""
    return [
        Message(constants.SUCCESS, "Your account is linked."),
        Message(constants.WARNING, "The organiser changed one word; yours stay as they are."),
        Message(constants.ERROR, "Mastodon did not let us in. Nothing was saved; try again."),
    ]


def exhibit(now: datetime) -> dict[str, Any]:
    """Everything that the templates of the guide name, as of ``now``."""
    launch_at = (now + timedelta(days=9)).astimezone(ZoneInfo(ZONE))
    campaign = make_campaign("Keep the night train to the coast", launch_at=launch_at)
    return {
        "campaign": campaign,
        "slug": campaign.slug,
        "revision": campaign.approved,
        "launch_at": launch_at,
        "passed_at": now - timedelta(hours=2),
        "zone": ZONE,
        "names": NAMES,
        "people": [{"name": NAMES[0], "words": "I sleep in it twice a month."}]
        + [{"name": name} for name in NAMES[1:]],
        "numbers": NUMBERS,
        "goal": GOAL,
        "far_goal": MOST_DOTS * 10,
        "rings": (0, 60, 205, 365, GOAL, GOAL * 2),
        "states": list(LABELS),
        "counts": COUNTS,
        "nothing": {},
        "forms": make_forms(),
        "specimens": list(SpecimenForm.base_fields),
        "posts": preview_posts(MESSAGE + f"\n\n{LINK} #NightTrain"),
        "long_posts": preview_posts(MESSAGE * 6)[:1],
        "composers": all_composers().values(),
        "rows": make_rows(now),
        "page": Paginator(range(60), 20).get_page(2),
        "steps": make_steps(),
        "notices": make_messages(),
        "seen": {"busiest": max(SECONDS), "seconds": SECONDS},
        "series": (EARLIER, EARLIER[::-1], [9] * 8, [3, 4] * 4),
        "looks": ("", "standin--ink", "standin--water"),
        "variety": Variety(pledges=1_284, wordings=7, own=96),
    }
