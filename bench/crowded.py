"""A campaign as a page has to show it: thousands of supporters, their names, promises and news."""

from datetime import timedelta

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat, Mod

from accounts.models import User
from bench.rows import AT_ONCE, make_rows
from campaigns.clock import database_now
from campaigns.models import CampaignUpdate, Revision, Theme
from supporters.models import AssistedPledge, LinkedAccount, Pledge
from tests.making import add_wordings

BY_HAND = 20  # one in so many also promises to post by their own hand
NEWS = 5
STORY = "The river runs through **eleven** towns, and what they lose it carries to the sea.\n\n" * 8
WORDINGS = (
    "Eleven towns, one river, three barriers: let it run clean.",
    "What we drop in the street today is in the sea by Friday. Three barriers would stop it.",
)


def make_crowded(*, supporters):
    """People with names, followers and accounts, of whom two in three are shown; gives it."""
    campaign = make_rows(9, posts=supporters)
    revision = campaign.approved
    theme = Theme.objects.first()
    Revision.objects.filter(pk=revision.pk).update(story=STORY, theme=theme)
    add_wordings(revision, WORDINGS)
    number = Cast("pk", CharField())
    LinkedAccount.objects.update(
        display_name=Concat(Value("Voice "), number), followers=Mod(F("pk") * 37, 2000)
    )
    Pledge.objects.annotate(third=Mod("pk", 3)).filter(third__gt=0).update(is_shown=True)
    _promise(campaign)
    now = database_now()
    CampaignUpdate.objects.bulk_create(
        [
            CampaignUpdate(
                campaign=campaign,
                title=f"The {each}th barrier",
                text=STORY,
                written_at=now - timedelta(days=each),
            )
            for each in range(1, NEWS + 1)
        ]
    )
    campaign.refresh_from_db()
    return campaign


def make_waiting(campaign, *, people):
    """People who have linked an account each and lent none yet; gives the accounts."""
    known = LinkedAccount.objects.first().known_server
    first = LinkedAccount.objects.count()
    newcomers = User.objects.bulk_create(
        [User(name=f"Newcomer {each}", password="!") for each in range(people)]
    )
    return LinkedAccount.objects.bulk_create(
        [
            LinkedAccount(
                person=person,
                network="mastodon",
                known_server=known,
                account_id=str(first + each),
                fingerprint=f"{first + each:064d}",
                handle=f"@newcomer{each}",
                followers=10,
            )
            for each, person in enumerate(newcomers)
        ]
    )


def _promise(campaign):
    people = User.objects.filter(pledges__campaign=campaign).annotate(rest=Mod("pk", BY_HAND))
    AssistedPledge.objects.bulk_create(
        [
            AssistedPledge(
                campaign=campaign,
                person=person,
                network="x",
                revision=campaign.approved,
                text=campaign.approved.text,
                language="en",
                is_shown=True,
                email=f"voice{person.pk}@example.org",
                agreed_launch_at=campaign.launch_at,
                agreed_latest_at=campaign.latest_at,
            )
            for person in people.filter(rest=0)
        ],
        batch_size=AT_ONCE,
    )
