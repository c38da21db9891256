"""``manage.py seed_demo``: people, linked accounts and a campaign, made along the ordinary path.

Accounts are linked through the networks' own authorisation, the campaign is drafted, submitted and
validated, and every supporter pledges, by the same functions that the pages call.
"""

import os
import random
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.urls import reverse
from django.utils.http import urlsafe_base64_encode

from accounts.models import User
from campaigns import drafting, reviewing
from campaigns.clock import database_now
from campaigns.models import Campaign, Theme, Visibility
from crowdspeak.simulated import ask_simulator, give_consent
from launches.results import summarise
from networks.registry import all_composers
from supporters.assisting import find_composers, promise, report
from supporters.choosing import deal_wording
from supporters.linking import begin_linking, finish_linking
from supporters.models import (
    AccountState,
    AssistedPledge,
    KnownServer,
    LinkedAccount,
    PledgeState,
)
from supporters.pledging import join_words, pledge, sign_words
from supporters.reading import read_by_hand

ORGANISER, ADMIN = "olive@demo.example", "rae@demo.example"
LINKING_THREADS = 4
# Once it has launched, another campaign is a week away, so that there is one to rehearse.
NEXT_AFTER = timedelta(days=7)
NEXT_SUPPORTERS = 120
PLEDGES_PER_COMMIT = 50
WORDINGS = (
    "I would rather wake up at the sea than at an airport. Keep the night train to the coast.",
    "61,000 people slept in it last year. Give the night train two more years, and count us first.",
    "Nurses, students, families: who travels at night has no other way. Keep the 22:10 running.",
)
# Every so many supporters, one says it in words of their own.
OWN_EVERY = 9
OWN_WORDS = (
    "My grandmother takes it every month.",
    "It brought me home from every night shift this winter.",
    "We have no car, and the sea is six hours away.",
    "I met my husband in carriage 14.",
)
# To so many accounts, one person links none and posts by hand; of these, some say that they did.
BY_HAND_EVERY = 10
REPORTED_EVERY = 3
REPORT_SECONDS = 1.0
FIRST_NAMES = ("Ada", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana", "Ines", "Jo")
STORY = """The night train to the coast leaves at 22:10 and arrives with the fishing boats. Last
year **61,000 people** slept in it. In spring it is to be replaced by nothing at all.

We ask the council for one thing: *a contract for two more years*, the time it takes to count
properly who travels at night, and why.

- Nurses who change shifts, students, people without a car
- Families who cannot pay for a hotel on the way
- Everybody who would rather sleep than fly
"""


class Command(BaseCommand):
    """Refuses to run anywhere but in the demo profile."""

    help = "Fill the demonstration with people, accounts and a campaign."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["accounts", "campaign"])

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("seed_demo makes people up: it runs with PROFILE=demo only.")
        if options["what"] == "accounts":
            self.seed_accounts(read_number("DEMO_SUPPORTERS", 300))
        else:
            self.seed_campaign(
                supporters=read_number("DEMO_SUPPORTERS", 300),
                launch_in=read_number("DEMO_LAUNCH_IN", 45),
            )

    def seed_accounts(self, number: int) -> None:
        """Link so many accounts, spread over every server that the simulator has."""
        wait_for(lambda: bool(ask_simulator("instances")), what="the simulator")
        seed_person(ORGANISER, name="Olive Hartnell")
        seed_person(ADMIN, name="Rae Okafor", is_staff=True, is_superuser=True)
        began = time.monotonic()
        # The simulator forgets when it stops: all that was linked or registered would be refused.
        LinkedAccount.objects.exclude(state=AccountState.UNLINKED).update(
            state=AccountState.NEEDS_RELINK
        )
        KnownServer.objects.update(sealed_registration="")
        instances = ask_simulator("instances")
        with ThreadPoolExecutor(LINKING_THREADS) as threads:
            linked = sum(
                threads.map(
                    lambda index: link_supporter(index, instances[index % len(instances)]),
                    range(number),
                )
            )
        self.stdout.write(f"{linked} accounts linked in {time.monotonic() - began:.0f} s")

    def seed_campaign(self, *, supporters: int, launch_in: int) -> None:
        """Once the site is ready: a validated campaign, everybody's pledge, then the outcome."""
        wait_for(is_ready, what="the site")
        slug = free_slug()
        launch_at = database_now() + timedelta(seconds=launch_in)
        self.stdout.write(
            f"\n  The site        {settings.SITE_URL}/\n"
            f"  The campaign    {settings.SITE_URL}/campaigns/{slug}/\n"
            f"  Watch it live   {settings.SITE_URL}/campaigns/{slug}/launch/\n"
            f"  The networks    {os.environ['SIMULATOR_URL']}/  (mail: /mail)\n"
            f"  The admin, once {settings.SITE_URL}{sign_in_link(ADMIN)}\n"
            f"  The organiser   {settings.SITE_URL}{sign_in_link(ORGANISER)}\n"
        )
        campaign = make_campaign(slug=slug, launch_at=launch_at, threshold=max(1, supporters // 2))
        pledged = pledge_everybody(campaign, number=supporters)
        promised = promise_some(campaign, number=supporters // BY_HAND_EVERY)
        self.stdout.write(
            f"{pledged} accounts pledged, {promised} people post by hand; "
            f"launching in {launch_in} s from ready"
        )
        wait_for(
            lambda: summarise(campaign).state in ("finished", "missed", "cancelled"),
            what="the launch",
            seconds=launch_in + 3600,
        )
        summary = summarise(campaign)
        self.stdout.write(
            f"Launch {summary.state}: {summary.sent} of {summary.pledges} posts sent, "
            f"first after {summary.first_lag_ms} ms, last after {summary.last_lag_ms} ms"
        )
        coming = seed_next(slug, number=min(supporters, NEXT_SUPPORTERS))
        self.stdout.write(
            f"  Rehearse        {settings.SITE_URL}{reverse('rehearsal', args=[coming.slug])}\n"
        )
        report_some(campaign)
        connection.close()
        while True:  # the demo goes on until it is stopped; this process must not end before
            time.sleep(3600)


def read_number(name: str, default: int) -> int:
    """A whole number from the environment; ``crowdspeak.demo`` has checked the ports' alike."""
    text = os.environ.get(name) or str(default)
    if not text.isdecimal():
        raise CommandError(f"{name} is {text!r}: give a whole number.")
    return int(text)


def wait_for(is_there: Any, *, what: str, seconds: float = 120) -> None:
    """Ask again and again; CommandError when it takes too long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if is_there():
                return
        except (OSError, RuntimeError):
            pass
        time.sleep(0.2)
    raise CommandError(f"{what} did not come up within {seconds:.0f} s")


def is_ready() -> bool:
    """Whether /readyz is green."""
    try:
        with urllib.request.urlopen(f"{settings.SITE_URL}/readyz", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


def seed_person(email: str, **facts: Any) -> User:
    """A person with a confirmed address and no password: the printed link lets them in."""
    person = User.objects.filter(email=email).first()
    if person is None:
        person = User.objects.create_user(email, **facts)
        EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    return person


def sign_in_link(email: str) -> str:
    """A path that signs this person in, once."""
    person = User.objects.get(email=email)
    marks = [
        urlsafe_base64_encode(str(person.pk).encode()),
        default_token_generator.make_token(person),
    ]
    return reverse("demo_sign_in", args=marks)


def link_supporter(index: int, instance: dict[str, Any]) -> bool:
    """Open an account at the simulator and link it by its own authorisation page."""
    luck = random.Random(index)  # noqa: S311  (the same crowd every time)
    order = {
        "network": instance["network"],
        "instance": instance["instance"],
        "names": [f"voice{index}"],
        "followers": int(luck.paretovariate(1.1) * 40),
        "created_at": (database_now() - timedelta(days=luck.randint(20, 3000))).isoformat(),
    }
    account = ask_simulator("accounts", order)[0]
    address = account["handle"] if instance["network"] == "bluesky" else instance["instance"]
    session = f"demo-{index}"
    try:
        url = begin_linking(
            instance["network"], address=address, session_key=session, person=None, campaign=None
        )
        answer = give_consent(url, account=account["handle"])
        finish_linking(instance["network"], answer=answer, session_key=session, person=None)
    finally:
        connection.close()
    return True


def free_slug() -> str:
    """``demo``, then ``demo-2`` and so on: a second start keeps what the first one did."""
    taken = set(Campaign.objects.filter(slug__startswith="demo").values_list("slug", flat=True))
    number = 1
    while (slug := "demo" if number == 1 else f"demo-{number}") in taken:
        number += 1
    return slug


def seed_next(slug: str, *, number: int) -> Campaign:
    """Another campaign, which launches in a week, with so many of the same accounts lent to it."""
    campaign = make_campaign(
        slug=f"{slug}-next",
        launch_at=database_now() + NEXT_AFTER,
        threshold=max(1, number // 2),
        title="One more night train, to the mountains",
    )
    pledge_everybody(campaign, number=number)
    return campaign


def make_campaign(
    *,
    slug: str,
    launch_at: Any,
    threshold: int,
    title: str = "Keep the night train to the coast",
) -> Campaign:
    """Draft it, submit it, have it validated."""
    organiser, reviewer = (User.objects.get(email=email) for email in (ORGANISER, ADMIN))
    with transaction.atomic():
        campaign = drafting.create_campaign(organiser)
        drafting.save_step(
            campaign,
            by=organiser,
            values={
                "theme": Theme.objects.order_by("position").first(),
                "title": title,
                "summary": "Two more years for the 22:10, until somebody has counted its sleepers.",
                "story": STORY,
                "message": WORDINGS[0],
                "wordings": WORDINGS[1:],
                "link": f"{settings.SITE_URL}/campaigns/{slug}/",
                "hashtag": "NightTrain",
                "counts_clicks": True,
                "language": "en",
                "launch_at": launch_at,
                "zone": settings.TIME_ZONE,
                "threshold": threshold,
                "counts_assisted": True,
                "latest_minutes": 45,
                "visibility": Visibility.PUBLIC,
            },
            pending={},
            fields=(*drafting.CONTENT, "wordings"),
        )
        campaign.refresh_from_db()
        Campaign.objects.amend(campaign, slug=slug)
        revision = drafting.submit(campaign.working_revision, by=organiser)
        return reviewing.approve(revision, reviewer=reviewer)


def write_own_words(number: int, *, message: str) -> str:
    """What this supporter makes of the message; empty for the many who leave it as it is."""
    turn, rest = divmod(number, OWN_EVERY)
    return "" if rest else f"{OWN_WORDS[turn % len(OWN_WORDS)]} {message}"


def pledge_everybody(campaign: Campaign, *, number: int) -> int:
    """Every linked account, its owner having read the exact words: those dealt, or their own."""
    revision = campaign.revision
    texts = revision.texts
    accounts = list(
        LinkedAccount.objects.filter(state=AccountState.LINKED)
        .select_related("person", "known_server")
        .order_by("pk")[:number]
    )
    for start in range(0, len(accounts), PLEDGES_PER_COMMIT):
        with transaction.atomic():
            for account in accounts[start : start + PLEDGES_PER_COMMIT]:
                wording = deal_wording(
                    texts, campaign=campaign, person=account.person, accounts=[account]
                )
                words = write_own_words(account.pk, message=revision.offered_messages[wording])
                text = join_words(revision, wording=wording, words=words)
                pledge(
                    campaign,
                    person=account.person,
                    account_ids=[account.pk],
                    seen=sign_words(revision, text=text),
                    wording=wording,
                    words=words,
                    is_shown=account.pk % 3 != 0,
                    receipt_email=f"voice{account.pk}@demo.example" if account.pk % 10 == 0 else "",
                )
    return len(accounts)


def promise_some(campaign: Campaign, *, number: int) -> int:
    """So many people with a confirmed address promise to post by hand, all over the networks."""
    revision = campaign.revision
    text = revision.text
    fitting = [
        composer.name
        for composer in find_composers(list(all_composers()))
        if read_by_hand(composer, text=text).fits
    ]
    with transaction.atomic():
        for index in range(number):
            name = f"{FIRST_NAMES[index % len(FIRST_NAMES)]} {index + 1}"
            promise(
                campaign,
                person=seed_person(f"hand{index}@demo.example", name=name),
                networks=[fitting[index % len(fitting)]],
                seen=sign_words(revision, text=text),
                is_shown=index % 2 == 0,
            )
    return number


def report_some(campaign: Campaign) -> None:
    """One after the other, as people do, some say that they have posted it."""
    offered = AssistedPledge.objects.filter(campaign=campaign, state=PledgeState.CALLED)
    for promised in list(offered.select_related("campaign", "person").order_by("pk"))[
        ::REPORTED_EVERY
    ]:
        report(promised, person=promised.person)
        time.sleep(REPORT_SECONDS)
