"""A campaign whose supporters have linked accounts, made in the database of a deployment.

``python -m tests.crowdspeak.seeding SIMULATOR_URL NUMBER SECONDS``, with the deployment's own
environment: its database, its keys.
"""

import os
import sys

from tests.simulated import Simulator


def main():
    """Make it; it launches in so many seconds."""
    url, number, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crowdspeak.settings")
    import django

    django.setup()
    from accounts.models import User
    from tests.making import link_mastodon, make_campaign, make_pledge

    simulator = Simulator(url=url, instances=[])
    simulator.instances = simulator._ask("GET", "/_simulator/instances")
    organiser = User.objects.create_user("olive@example.org", name="Olive")
    kinds = ("mastodon", "mastodon-4.2", "gotosocial")
    accounts = [
        link_mastodon(
            simulator,
            User.objects.create_user(name=f"Voice {index}"),
            f"voice{index}",
            kind=kinds[index % len(kinds)],
        )
        for index in range(number)
    ]
    campaign = make_campaign(organiser, launch_in=seconds)
    for account in accounts:
        make_pledge(campaign, account)


if __name__ == "__main__":
    main()
