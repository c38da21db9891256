"""Launches whose posts stand on the simulator, and what came of recalling them."""

from collections import Counter

from accounts.models import User
from launches.deleting import delete_posts
from launches.recalling import recall
from launches.recalls import Deletion, Recall
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent

WEEK = 7 * 86_400


def lend(networks, campaign, *kinds, prefix="river", **facts):
    """Accounts of these kinds, each with an owner and their address, lent to the campaign."""
    networks.change_settings(access_token_seconds=20 * WEEK)
    pledges = []
    for index, kind in enumerate(kinds):
        name = f"{prefix}{index}"
        person = User.objects.create_user(f"{name}@example.org", name=name.title())
        account = link_by_consent(networks, person, name, kind=kind)
        pledges.append(make_pledge(campaign, account, **facts))
    return pledges


def launch_with(networks, organiser, launch_now, *kinds, slug="river", **facts):
    """A launch that is over, with a post from an account of each of these kinds."""
    campaign = make_campaign(organiser, launch_in=1.0 + len(kinds) / 10, slug=slug)
    lend(networks, campaign, *kinds, prefix=slug, **facts)
    launch = launch_now(campaign)
    assert set(launch.deliveries.values_list("state", flat=True)) == {"sent"}
    return launch


def recall_now(launch, *, by):
    """Ask for it, and delete what is due now; gives the recall."""
    assert recall(launch, by=by)
    delete_posts()
    return Recall.objects.get(launch=launch)


def count_states(**which):
    """How many lines of the ledger are in each state, the empty ones left out."""
    return dict(Counter(Deletion.objects.filter(**which).values_list("state", flat=True)))


def list_standing(networks, slug="river"):
    """The names of the accounts whose posts of this campaign still stand."""
    link = f"https://example.org/{slug}"
    posts = [post for post in networks.list_posts() if link in post["text"]]
    return sorted(post["account"].partition("@")[0] for post in posts)
