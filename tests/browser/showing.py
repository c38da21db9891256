"""A site to be looked at: campaigns in every state of their lives, with crowds that have names.

Rows made directly; nothing is sent, so a launch stays in the second in which it is shown.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, Revision, Theme
from launches.canary import TOO_MANY_FAILED
from launches.hindering import UNTOLD
from launches.models import Attempt, Delivery, DeliveryState, Launch, LaunchState
from launches.recalling import note_posts
from launches.recalls import Deletion, DeletionState, Recall
from launches.sending import NO_PROOF
from supporters.models import KnownServer, LinkedAccount, Pledge
from tests.making import make_campaign, make_pledge
from tests.pages.showcasing import say, write

DAY = 86_400.0
FIRST = [
    "Amina",
    "Bruno",
    "Chloé",
    "Dario",
    "Esther",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kofi",
    "Lena",
    "Marta",
    "Noor",
    "Otis",
]
LAST = [
    "Ashdown",
    "Beaufort",
    "Cissé",
    "Dumas",
    "Eriksen",
    "Fontaine",
    "Garcia",
    "Hollis",
    "Iversen",
]
STORY = """The night train to the coast leaves at 22:10 and arrives with the fishing boats. Last
year **61,000 people** slept in it. In spring it is to be replaced by nothing at all.

We ask the council for one thing: *a contract for two more years*, the time it takes to count
properly who travels at night, and why.

- Nurses who change shifts, students, people without a car
- Families who cannot pay for a hotel on the way
- Everybody who would rather sleep than fly
"""
HOSTS = {"mastodon": "m.example", "bluesky": "sky.example"}


@dataclass(frozen=True)
class Topic:
    """What a campaign says."""

    slug: str
    title: str
    summary: str
    message: str
    hashtag: str
    theme: str


TRAIN = Topic(
    "night-train",
    "Keep the night train to the coast",
    "Two more years for the 22:10, until somebody has counted its sleepers.",
    "I would rather wake up at the sea than at an airport. Keep the night train to the coast.",
    "NightTrain",
    "public-services",
)
RIVER = Topic(
    "river",
    "Let the river run clean",
    "Three barriers would stop the plastic before the sea.",
    "Three barriers would stop the plastic before the sea. Build them this year.",
    "CleanRiver",
    "environment",
)
LIBRARY = Topic(
    "library",
    "A library that is open on Sundays",
    "Sunday is when people have time to read.",
    "Sunday is when I have time to read. Open the library.",
    "OpenOnSundays",
    "culture",
)
SCHOOL = Topic(
    "school-streets",
    "No cars in front of schools at half past eight",
    "Half an hour, twice a day, on nine streets.",
    "Half an hour without cars, twice a day, on nine streets. Our children can walk.",
    "SchoolStreets",
    "young-people",
)
BEES = Topic(
    "verges",
    "Let the verges grow until July",
    "Mow later, and the bees have a road of their own.",
    "Mow the verges in July. Bees need roads too.",
    "LetItGrow",
    "animals",
)
RENT = Topic(
    "rents",
    "Publish the rents",
    "Who knows what others pay can say no.",
    "Publish the rents, street by street. Who knows what others pay can say no.",
    "PublishTheRents",
    "housing",
)


def announce(organiser: User, topic: Topic, *, launch_in: float, **facts: Any) -> Campaign:
    """A campaign in public with that topic; days away it is in the evening."""
    if abs(launch_in) > DAY:
        moment = database_now() + timedelta(seconds=launch_in)
        evening = moment.replace(hour=17, minute=30, second=0, microsecond=0)
        launch_in += (evening - moment).total_seconds()
    campaign: Campaign = make_campaign(
        organiser, slug=topic.slug, title=topic.title, launch_in=launch_in, **facts
    )
    Revision.objects.filter(pk=campaign.approved_id).update(
        summary=topic.summary,
        story=STORY,
        message=topic.message,
        link=f"https://{topic.slug}.example/now",
        hashtag=f"#{topic.hashtag}",
        theme=Theme.objects.get(slug=topic.theme),
    )
    campaign.refresh_from_db()
    return campaign


def open_account(person: User, name: str, *, network: str = "mastodon") -> LinkedAccount:
    """A linked account with a face that can be shown; no token, for nothing is sent from it."""
    number = LinkedAccount.objects.count()
    host = HOSTS[network]
    server, _ = KnownServer.objects.get_or_create(
        network=network, host=host, defaults={"url": f"https://{host}"}
    )
    short = name.partition(" ")[0].lower()
    return LinkedAccount.objects.create(
        person=person,
        network=network,
        known_server=server,
        account_id=str(number),
        fingerprint=f"{number:064d}",
        handle=f"@{short}@{host}" if network == "mastodon" else f"@{short}.{host}",
        display_name=name,
        followers=40 + number * 7 % 300,
    )


def gather(campaign: Campaign, number: int) -> list[Pledge]:
    """So many people lend an account each; two thirds of them agree to be shown."""
    start = LinkedAccount.objects.count()
    names = itertools.islice(itertools.cycle(itertools.product(LAST, FIRST)), start, start + number)
    pledges = []
    for index, (last, first) in enumerate(names, start=start):
        person = User.objects.create_user(name=f"{first} {last}")
        network = "mastodon" if index % 3 else "bluesky"
        account = open_account(person, person.name, network=network)
        pledges.append(make_pledge(campaign, account, is_shown=index % 3 != 0))
    return pledges


def launch(
    campaign: Campaign,
    pledges: list[Pledge],
    *,
    state: str,
    sent: int,
    failed: int = 0,
    **facts: Any,
) -> Launch:
    """Its launch, decided at its moment; what is neither sent nor failed waits or is not sent."""
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.LAUNCHED)
    made: Launch = Launch.objects.create(
        campaign=campaign,
        state=state,
        launch_at=campaign.launch_at,
        latest_at=campaign.latest_at,
        threshold=campaign.threshold,
        people=len(pledges),
        pledges=len(pledges),
        decided_at=campaign.launch_at,
        **facts,
    )
    is_over = state in (LaunchState.MISSED, LaunchState.CANCELLED)
    rest = DeliveryState.NOT_SENT if is_over else DeliveryState.PLANNED
    states = itertools.chain(
        itertools.repeat(DeliveryState.SENT, sent),
        itertools.repeat(DeliveryState.FAILED, failed),
        itertools.repeat(rest),
    )
    Delivery.objects.bulk_create(
        _deliver(made, pledge, state=each, index=index)
        for index, (pledge, each) in enumerate(zip(pledges, states, strict=False))
    )
    return made


def _deliver(launch: Launch, pledge: Pledge, *, state: str, index: int) -> Delivery:
    is_sent = state == DeliveryState.SENT
    reason = {
        DeliveryState.FAILED: "The permission had ended.",
        DeliveryState.NOT_SENT: "The campaign did not reach its minimum of supporters, "
        "so nothing was posted.",
    }.get(DeliveryState(state), "")
    lag = timedelta(milliseconds=180 + index * index // 3)
    return Delivery(
        launch=launch,
        pledge=pledge,
        account_fingerprint=pledge.fingerprint,
        network=pledge.network,
        host=pledge.host,
        state=state,
        text=pledge.text,
        remote_id=str(index + 1) if is_sent else "",
        permalink=f"https://{pledge.host}/@voice/{index + 1}" if is_sent else "",
        answered_at=launch.launch_at + lag if is_sent else None,
        reason=reason,
    )


def leave_unproved(delivery: Delivery, pledge: Pledge) -> None:
    """Have nobody know whether this post is there: no answer came, and looking showed nothing."""
    moment = delivery.launch.launch_at
    Pledge.objects.filter(pk=pledge.pk).update(state="called")
    Attempt.objects.bulk_create(
        Attempt(
            delivery=delivery,
            number=number,
            outcome=outcome,
            reason=reason,
            started_at=moment + timedelta(seconds=begun),
            ended_at=moment + timedelta(seconds=ended),
        )
        for number, outcome, reason, begun, ended in (
            (1, "unknown", f"{pledge.host} did not answer within 10 seconds.", 0.4, 10.4),
            (2, "absent", "", 51, 51.6),
        )
    )
    Delivery.objects.filter(pk=delivery.pk).update(
        pledge=pledge,
        account_fingerprint=pledge.fingerprint,
        network=pledge.network,
        host=pledge.host,
        text=pledge.text,
        state=DeliveryState.UNCONFIRMED,
        is_uncertain=True,
        attempt=2,
        remote_id="",
        permalink="",
        answered_at=None,
        reason=NO_PROOF,
    )


def take_back(launch: Launch) -> Recall:
    """Have its posts recalled: most are gone, some wait, one is kept, others stay for a reason."""
    made: Recall = Recall.objects.create(
        launch=launch, why="The link led to the wrong page. I am sorry."
    )
    now = database_now()
    note_posts(made, now=now)
    lines = list(made.deletions.order_by("pk").values_list("pk", flat=True))
    gone, waiting = lines[: len(lines) * 2 // 3], lines[len(lines) * 2 // 3 :]
    ended = Deletion.objects.filter(pk__in=gone)
    ended.update(state=DeletionState.DELETED, tries=1, due_at=None, ended_at=now)
    for pk, state, reason in zip(
        waiting,
        (DeletionState.KEPT, DeletionState.BY_HAND, DeletionState.REFUSED),
        ("", UNTOLD, "m.example refused to delete the post."),
        strict=False,
    ):
        line = Deletion.objects.filter(pk=pk)
        line.update(state=state, reason=reason, due_at=None, ended_at=now)
    return made


@transaction.atomic
def fill_site(organiser: User, reviewer: User) -> dict[str, Campaign]:
    """A campaign in every state, by the name of the state."""
    shown: dict[str, Campaign] = {}

    shown["scheduled"] = announce(organiser, TRAIN, launch_in=9 * DAY, threshold=150)
    gather(shown["scheduled"], 112)
    shown["passed"] = announce(organiser, SCHOOL, launch_in=3 * DAY, threshold=20)
    gather(shown["passed"], 26)

    shown["firing"] = announce(organiser, RIVER, launch_in=-2, threshold=40)
    launch(shown["firing"], gather(shown["firing"], 60), state="firing", sent=37, failed=2)
    shown["held"] = announce(organiser, BEES, launch_in=-40)
    launch(
        shown["held"],
        gather(shown["held"], 24),
        state="held",
        sent=9,
        held_at=database_now(),
        held_why=TOO_MANY_FAILED,
    )
    shown["finished"] = announce(organiser, LIBRARY, launch_in=-5 * DAY, threshold=80)
    launch(
        shown["finished"],
        gather(shown["finished"], 96),
        state="finished",
        sent=93,
        failed=3,
        finished_at=database_now(),
    )
    shown["missed"] = announce(organiser, RENT, launch_in=-8 * DAY, threshold=50)
    launch(
        shown["missed"],
        gather(shown["missed"], 31),
        state="missed",
        sent=0,
        finished_at=database_now(),
    )
    for state in (CampaignState.CANCELLED, CampaignState.SUSPENDED):
        topic = Topic(f"{state}-bus", "A bus on Saturday nights", *_of(TRAIN))
        shown[state.value] = announce(organiser, topic, launch_in=6 * DAY, state=state)
        gather(shown[state.value], 7)
    return shown | _fill_desk(organiser, reviewer)


def _fill_desk(organiser: User, reviewer: User) -> dict[str, Campaign]:
    """What is still being written, or read."""
    begun = write(organiser, slug="begun", title="Plant the market square")
    waiting = write(
        organiser,
        state="in_review",
        slug="waiting",
        title=TRAIN.title,
        summary=TRAIN.summary,
        story=STORY,
        message=TRAIN.message,
        link="https://night.example/2210",
        hashtag="#NightTrain",
        launch_at=database_now() + timedelta(days=12),
        zone="Europe/Paris",
        threshold=150,
        submitted_at=database_now() - timedelta(hours=3),
        theme=Theme.objects.get(slug="public-services"),
    )
    returned = write(
        organiser,
        state="changes_asked",
        slug="returned",
        title="Open the old mill",
        summary="It has stood empty for nine years. It could hold a stage and a workshop.",
        story="The mill belongs to the town.\n\nWe ask for **one summer** to show what it can be.",
        message="The old mill has stood empty for nine years. Give it to us for one summer.",
        hashtag="#OpenTheMill",
        link="https://mill.example/summer",
        launch_at=(database_now() + timedelta(days=20)).replace(
            hour=17, minute=30, second=0, microsecond=0
        ),
        zone="Europe/Paris",
        threshold=60,
        theme=Theme.objects.get(slug="culture"),
    )
    say(
        returned,
        reviewer,
        verdict="changes_asked",
        reason="Say who owns the mill, and what has been tried before.",
    )
    return {"draft": begun, "in_review": waiting, "changes_asked": returned}


def _of(topic: Topic) -> tuple[str, str, str, str]:
    return topic.summary, topic.message, topic.hashtag, topic.theme
