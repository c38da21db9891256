"""Campaigns in every stage for the reading pages: supporters and launches as rows, nothing sent."""

from datetime import timedelta

from accounts.models import User
from campaigns.models import Campaign, ReviewDecision, Revision
from launches.models import Delivery, Launch
from supporters.models import KnownServer, LinkedAccount
from tests.making import make_pledge


def lend(campaign, *, person=None, name="", followers=10, state="linked", **facts):
    """Somebody, or a new person, lends one more account; gives the pledge."""
    number = LinkedAccount.objects.count() + 1
    known, _ = KnownServer.objects.get_or_create(
        network="mastodon", host="m.example", defaults={"url": "https://m.example"}
    )
    account = LinkedAccount.objects.create(
        person=person or User.objects.create_user(name=f"Supporter {number}"),
        network="mastodon",
        known_server=known,
        account_id=str(number),
        fingerprint=f"{number:064d}",
        handle=f"@voice{number}@m.example",
        display_name=name,
        followers=followers,
        state=state,
    )
    return make_pledge(campaign, account, **facts)


def decide(campaign, state, *, pledges=(), outcomes=(), lag_ms=250, held_why=""):
    """The campaign's launch, decided; ``outcomes`` are the deliveries' states, one a pledge."""
    Campaign.objects.filter(pk=campaign.pk).update(state="launched")
    launch = Launch.objects.create(
        campaign=campaign,
        state=state,
        launch_at=campaign.launch_at,
        latest_at=campaign.latest_at,
        threshold=campaign.threshold,
        people=len({pledge.person_id for pledge in pledges}),
        pledges=len(pledges),
        decided_at=campaign.launch_at,
        held_why=held_why,
    )
    answered_at = campaign.launch_at + timedelta(milliseconds=lag_ms)
    for pledge, outcome in zip(pledges, outcomes, strict=True):
        is_sent = outcome == "sent"
        Delivery.objects.create(
            launch=launch,
            pledge=pledge,
            account_fingerprint=pledge.fingerprint,
            network=pledge.network,
            host=pledge.host,
            state=outcome,
            remote_id="1" if is_sent else "",
            answered_at=answered_at if is_sent else None,
        )
    return launch


def write(organiser, *, state="draft", slug="draft", **facts):
    """A campaign that was never in public, with its one revision in the state of its own."""
    campaign = Campaign.objects.create(organiser=organiser, slug=slug, state=state)
    Revision.objects.create(campaign=campaign, state=state, **facts)
    return campaign


def say(campaign, reviewer, *, verdict, reason):
    """A reviewer's decision of the campaign's latest revision."""
    return ReviewDecision.objects.create(
        revision=campaign.working_revision, reviewer=reviewer, verdict=verdict, reason=reason
    )
