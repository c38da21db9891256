"""The demo has a campaign to rehearse, once its first one has launched."""

import pytest

from crowdspeak.management.commands.seed_demo import ADMIN, ORGANISER, seed_next, seed_person
from launches.rehearsals import RehearsedPost

pytest_plugins = ["tests.launches.rehearsal_stage"]
pytestmark = pytest.mark.django_db(transaction=True)


def test_the_next_campaign_can_be_rehearsed(settings, simulator, stage, rehearse_now):
    from accounts.models import User
    from campaigns.models import Theme
    from tests.making import link_mastodon

    settings.NETWORK_EXCEPTIONS = simulator.hosts
    settings.REVIEW_LEAD_SECONDS = 0
    settings.STAFF_NEEDS_MFA = False
    Theme.objects.get_or_create(
        slug="culture", defaults={"name_en": "Culture", "name_fr": "Culture"}
    )
    seed_person(ORGANISER, name="Olive Hartnell")
    seed_person(ADMIN, name="Rae Okafor", is_staff=True, is_superuser=True)
    for index in range(4):
        link_mastodon(simulator, User.objects.create_user(name=f"v{index}"), f"voice{index}")
    campaign = seed_next("demo", number=4)
    assert campaign.slug == "demo-next"
    rehearsal = rehearse_now(campaign)
    assert rehearsal.state == "finished"
    assert RehearsedPost.objects.filter(rehearsal=rehearsal).tally()["sent"] == 4
