"""A network that an operator takes out of automatic delivery: nothing of it is sent any more."""

import pytest

from campaigns.clock import database_now
from launches.dealing import list_open_networks
from launches.models import Delivery, DeliveryState, LaunchState
from tests.making import make_promise

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("mode", ["assisted", "off"])
def test_accounts_lent_before_are_not_posted_from(crowd, networks, launch_now, settings, sam, mode):
    campaign, _ = crowd(2, launch_in=0.2)
    by_hand = make_promise(campaign, sam, network="mastodon")
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": mode}}
    assert "mastodon" not in list_open_networks(database_now())
    assert launch_now(campaign).state == LaunchState.FINISHED
    assert networks.list_requests() == []
    found = Delivery.objects.all()
    assert {each.state for each in found} == {DeliveryState.NOT_SENT}
    assert {each.sentence for each in found} == {
        "This site does not post to this network any more."
    }
    by_hand.refresh_from_db()
    assert by_hand.offered_at  # what was promised by hand is still offered
