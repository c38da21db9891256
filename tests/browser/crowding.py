"""A crowded site: campaigns in every state, with the names that are the hardest to set.

Supporters are copies of one row, made by the database itself: 54,321 real rows within a second.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from PIL import Image

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, Revision, Theme
from campaigns.updating import write_update
from launches.canary import TOO_MANY_FAILED
from launches.models import Delivery, DeliveryState, Launch
from supporters.models import KnownServer, LinkedAccount, Pledge
from tests.browser.showing import DAY, STORY, Topic, announce, launch
from tests.making import make_pledge
from tests.pages.showcasing import say, write

ARABIC = "حملة النهر النظيف (2026)!"
JAPANESE = "川をきれいにする市民の会、八百万の声。"
LONGEST = "Wasserstraßenbauverwaltungsvorschriftenvereinheitlichungsamt"
NAMES = (ARABIC, JAPANESE, LONGEST)
HOST = "social.wasserstrassenbauverwaltungsvorschriftenvereinheitlichung.example"
CROWD = 54_321
PICTURE = f"campaigns/{'0' * 32}.jpg"


def copy_row(row: Model, number: int, **changed: str) -> int:
    """Copy a row so many times; gives the key before the first copy's.

    ``changed`` has, by column, what differs: SQL in which ``n`` counts the copies from 1.
    """
    meta = row._meta
    quote, table = connection.ops.quote_name, connection.ops.quote_name(meta.db_table)
    columns = [field.column for field in meta.concrete_fields if not field.primary_key]
    values = [changed.get(name, f"t.{quote(name)}") for name in columns]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(id) FROM {table}")
        before = int(cursor.fetchone()[0])
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(map(quote, columns))}) "
            f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {number}) "
            f"SELECT {', '.join(values)} FROM s, {table} t WHERE t.id = {row.pk}"
        )
        cursor.execute(f"SELECT max(id), count(*) FROM {table} WHERE id > {before}")
        assert tuple(cursor.fetchone()) == (before + number, number), "others wrote meanwhile"
    return before


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Everybody who may lend an account: the first one, and those copied after it."""

    first: LinkedAccount
    people_before: int
    accounts_before: int

    def lend(self, campaign: Campaign, number: int) -> list[Pledge]:
        """So many of them lend an account each, and agree to be shown; gives the first's pledge."""
        if not number:
            return []
        pledge: Pledge = make_pledge(campaign, self.first, is_shown=True)
        if number > 1:
            copy_row(
                pledge,
                number - 1,
                person_id=f"{self.people_before} + n",
                account_id=f"{self.accounts_before} + n",
                fingerprint="'crowd-' || n",
            )
        return [pledge]


def gather_crowd(number: int) -> Crowd:
    """So many people with a linked account each, one in three of a name, on a long-named server."""
    person = User.objects.create_user(name=JAPANESE)
    server = KnownServer.objects.create(network="mastodon", host=HOST, url=f"https://{HOST}")
    account = LinkedAccount.objects.create(
        person=person,
        network="mastodon",
        known_server=server,
        account_id="0",
        fingerprint="crowd-0",
        handle=f"@voice@{HOST}",
        display_name=JAPANESE,
        followers=12_345,
    )
    named = f"CASE n % 3 WHEN 0 THEN '{JAPANESE}' WHEN 1 THEN '{ARABIC}' ELSE '{LONGEST}' END"
    people = copy_row(person, number - 1, name=named)
    accounts = copy_row(
        account,
        number - 1,
        person_id=f"{people} + n",
        account_id="'' || n",
        fingerprint="'crowd-' || n",
        handle=f"'@voice' || n || '@{HOST}'",
        display_name=named,
    )
    return Crowd(first=account, people_before=people, accounts_before=accounts)


def name_topic(slug: str, title: str) -> Topic:
    """What a campaign of that title says; its other texts are as hard."""
    return Topic(slug, title, f"{ARABIC} – {LONGEST}", f"{JAPANESE} {LONGEST}", LONGEST, "culture")


def send(campaign: Campaign, crowd: Crowd, number: int, *, sent: int, **facts: Any) -> Launch:
    """Its launch with so many deliveries, of which so many are sent, and one in a thousand failed.

    The rest waits, or is not sent, as the state of the launch has it (``showing.launch``).
    """
    pledges = crowd.lend(campaign, number)
    made = launch(campaign, pledges, sent=min(sent, 1), **facts)
    Launch.objects.filter(pk=made.pk).update(people=number, pledges=number)
    delivery = Delivery.objects.get(launch=made)
    if number > 1:
        first = delivery.pk and pledges[0].pk
        rest = DeliveryState.PLANNED if sent else delivery.state
        is_sent = f"n < {sent} AND n % 1000 <> 7"
        copied = Pledge.objects.filter(campaign=campaign, pk__gt=first).order_by("pk").first()
        assert copied is not None
        copy_row(
            delivery,
            number - 1,
            pledge_id=f"{copied.pk - 1} + n",
            account_fingerprint="'crowd-' || n",
            state=f"CASE WHEN {is_sent} THEN '{DeliveryState.SENT}' "
            f"WHEN n < {sent} THEN '{DeliveryState.FAILED}' ELSE '{rest}' END",
            remote_id=f"CASE WHEN {is_sent} THEN '' || n ELSE '' END",
            permalink=f"CASE WHEN {is_sent} THEN t.permalink ELSE '' END",
            answered_at=f"CASE WHEN {is_sent} THEN t.answered_at END",
            reason=f"CASE WHEN n < {sent} AND n % 1000 = 7 THEN 'The permission had ended.' "
            f"ELSE '' END",
        )
    return made


@transaction.atomic
def crowd_site(organiser: User, reviewer: User, *, media: Path) -> dict[str, Campaign]:
    """A campaign in every state, by the name of the state; every other one has a picture."""
    crowd, shown = gather_crowd(CROWD), dict[str, Campaign]()
    titles = itertools.cycle(NAMES)

    def announce_next(name: str, launch_in: float, **facts: Any) -> Campaign:
        shown[name] = announce(
            organiser, name_topic(name, next(titles)), launch_in=launch_in, **facts
        )
        return shown[name]

    for number, goal in ((0, 1_000), (1, None), (999, 1_000), (CROWD, 50_000)):
        crowd.lend(announce_next(f"open-{number}", 9 * DAY, threshold=goal), number)
    crowd.lend(announce_next("last-minute", 3_000, threshold=2), 999)
    state = {"state": "firing", "sent": 700}
    send(announce_next("firing", -2, threshold=500), crowd, 999, **state)
    state = {"state": "held", "sent": 9, "held_at": database_now(), "held_why": TOO_MANY_FAILED}
    send(announce_next("held", -40), crowd, 999, **state)
    over = {"finished_at": database_now()}
    send(
        announce_next("finished", -5 * DAY, threshold=50_000),
        crowd,
        CROWD,
        **{"state": "finished", "sent": CROWD, **over},
    )
    send(
        announce_next("missed", -8 * DAY, threshold=50),
        crowd,
        1,
        **{"state": "missed", "sent": 0, **over},
    )
    announce_next("cancelled", 6 * DAY, state=CampaignState.CANCELLED)
    _write_drafts(organiser, reviewer, shown)
    _hang_pictures(list(shown.values()), media=media)
    return shown


def _write_drafts(organiser: User, reviewer: User, shown: dict[str, Campaign]) -> None:
    """What is still being written, or read, and what is told to those who are in."""
    for name, title in zip(("draft", "in_review", "changes_asked"), NAMES, strict=True):
        topic = name_topic(name, title)
        shown[name] = write(
            organiser,
            state=name,
            slug=name.replace("_", "-"),
            title=title,
            summary=topic.summary,
            story=f"{STORY}\n\n{ARABIC}\n\n{LONGEST}",
            message=topic.message,
            link=f"https://{HOST}/{LONGEST}",
            hashtag=f"#{LONGEST}",
            launch_at=database_now() + timedelta(days=12),
            zone="America/Argentina/ComodRivadavia",
            threshold=CROWD,
            submitted_at=database_now() - timedelta(hours=3) if name == "in_review" else None,
            theme=Theme.objects.get(slug="culture"),
        )
    say(shown["changes_asked"], reviewer, verdict="changes_asked", reason=f"{ARABIC}\n{LONGEST}")
    for title in NAMES:
        write_update(
            shown["open-999"], by=organiser, title=title, text=f"{title} " * 3, wants_mail=False
        )


def _hang_pictures(campaigns: list[Campaign], *, media: Path) -> None:
    """Give every other campaign a picture of its own."""
    file = media / PICTURE
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").resize((1200, 800)).convert("RGB").save(file)
    keys = [campaign.revision.pk for campaign in campaigns[::2]]
    Revision.objects.filter(pk__in=keys).update(picture=PICTURE, picture_alt=LONGEST)
