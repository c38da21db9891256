"""Many pledges at once, on hosts that need not be the simulator's: written in bulk."""

from accounts.models import User
from networks.base import Credentials
from supporters import vault
from supporters.models import KnownServer, LinkedAccount, Pledge


def lend_many(campaign, host, number, *, version="4.5.3"):
    """So many new accounts on a Mastodon server at ``host``, lent to a campaign."""
    known, _ = KnownServer.objects.get_or_create(
        network="mastodon", host=host, defaults={"url": f"http://{host}", "version": version}
    )
    people = User.objects.bulk_create(
        [User(name=f"Voice {index} of {host}", password="!") for index in range(number)]
    )
    accounts = [
        _describe(known, person, f"{campaign.pk}-{index}") for index, person in enumerate(people)
    ]
    accounts = LinkedAccount.objects.bulk_create(accounts, batch_size=2000)
    return Pledge.objects.bulk_create(
        [
            Pledge(
                campaign=campaign,
                person=account.person,
                account=account,
                fingerprint=account.fingerprint,
                network="mastodon",
                host=host,
                revision=campaign.approved,
                text=campaign.approved.text,
                language="en",
                agreed_launch_at=campaign.launch_at,
                agreed_latest_at=campaign.latest_at,
            )
            for account in accounts
        ],
        batch_size=2000,
    )


def _describe(known, person, account_id):
    mark = vault.fingerprint(network="mastodon", host=known.host, account_id=account_id)
    credentials = Credentials(network="mastodon", account_id=account_id, access_token="token")
    return LinkedAccount(
        person=person,
        network="mastodon",
        known_server=known,
        account_id=account_id,
        fingerprint=mark,
        handle=f"@voice{account_id}@{known.host}",
        sealed_credentials=vault.seal_credentials(credentials, fingerprint=mark),
    )
