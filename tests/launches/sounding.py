"""Launches that are over, as rows: posts that nobody really sent, and readings of them."""

from datetime import timedelta

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import CampaignState
from launches.models import Delivery, Launch
from launches.readings import Reading
from supporters.models import KnownServer, LinkedAccount
from tests.making import make_campaign, make_pledge


def make_launch(organiser, *, ago, slug="river", state="finished", **facts):
    """A launch of so many seconds ago."""
    campaign = make_campaign(
        organiser, slug=slug, launch_in=-ago, state=CampaignState.LAUNCHED, **facts
    )
    return Launch.objects.create(
        campaign=campaign,
        state=state,
        launch_at=campaign.launch_at,
        latest_at=campaign.latest_at,
        decided_at=campaign.launch_at,
        people=0,
        pledges=0,
    )


def send(launch, number, *, host="m.example", network="mastodon", state="sent", **facts):
    """So many posts from a host, each of an account of its own; gives the deliveries."""
    known, _ = KnownServer.objects.get_or_create(
        network=network, host=host, defaults={"url": f"https://{host}"}
    )
    made = []
    for index in range(LinkedAccount.objects.count(), LinkedAccount.objects.count() + number):
        account = LinkedAccount.objects.create(
            person=User.objects.create_user(name=f"Voice {index}"),
            network=network,
            known_server=known,
            account_id=str(index),
            fingerprint=f"{index:064d}",
            handle=f"@voice{index}@{host}",
            **facts,
        )
        pledge = make_pledge(launch.campaign, account, state="called")
        made.append(
            Delivery.objects.create(
                launch=launch,
                pledge=pledge,
                account_fingerprint=account.fingerprint,
                network=network,
                host=host,
                state=state,
                text=pledge.text,
                remote_id=f"post-{index}" if state == "sent" else "",
                permalink=f"https://{host}/{index}" if state == "sent" else "",
                answered_at=launch.launch_at + timedelta(seconds=1) if state == "sent" else None,
            )
        )
    return made


def read_one(delivery, *, after, **facts):
    """A reading of a delivery in the round that begins so many seconds after the launch."""
    facts.setdefault("read_at", database_now())
    return Reading.objects.create(
        delivery=delivery, launch=delivery.launch, after_seconds=after, **facts
    )
