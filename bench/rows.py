"""A campaign with so many pledges, written in bulk."""

from datetime import timedelta

from accounts.models import User
from campaigns.clock import database_now
from networks.base import Credentials
from supporters import vault
from supporters.models import KnownServer, LinkedAccount, Pledge
from tests.making import make_campaign

AT_ONCE = 2000


def make_rows(port, *, posts):
    """People, each with an account on the sink that is lent to one campaign; gives it."""
    organiser = User.objects.create_user("olive@example.org", name="Olive")
    known = KnownServer.objects.create(
        network="mastodon",
        host=f"127.0.0.1:{port}",
        url=f"http://127.0.0.1:{port}",
        version="4.5.3",
    )
    campaign = make_campaign(organiser, launch_in=36_000, slug="bench")
    for first in range(0, posts, AT_ONCE):
        _make_some(campaign, known, range(first, min(first + AT_ONCE, posts)))
    return campaign


def _make_some(campaign, known, numbers):
    people = User.objects.bulk_create(
        [User(name=f"Voice {number}", password="!") for number in numbers]
    )
    accounts = LinkedAccount.objects.bulk_create(
        [_link(person, known, number) for person, number in zip(people, numbers, strict=True)]
    )
    Pledge.objects.bulk_create(
        [
            Pledge(
                campaign=campaign,
                person=account.person,
                account=account,
                fingerprint=account.fingerprint,
                network="mastodon",
                host=known.host,
                revision=campaign.approved,
                text=campaign.approved.text,
                language="en",
                agreed_launch_at=campaign.launch_at,
                agreed_latest_at=campaign.latest_at,
            )
            for account in accounts
        ]
    )


def _link(person, known, number):
    mark = vault.fingerprint(network="mastodon", host=known.host, account_id=str(number))
    credentials = Credentials(
        network="mastodon", account_id=str(number), access_token=f"token-{number:040}"
    )
    return LinkedAccount(
        person=person,
        network="mastodon",
        known_server=known,
        account_id=str(number),
        fingerprint=mark,
        handle=f"@voice{number}",
        sealed_credentials=vault.seal_credentials(credentials, fingerprint=mark),
    )


def set_moment(campaign, *, seconds):
    """Have it launch in so many seconds; gives the moment."""
    launch_at = database_now() + timedelta(seconds=seconds)
    type(campaign).objects.filter(pk=campaign.pk).update(
        launch_at=launch_at,
        latest_at=launch_at + timedelta(minutes=45),
        first_launch_at=launch_at,
    )
    campaign.refresh_from_db()
    return launch_at
