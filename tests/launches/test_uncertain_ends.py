"""What may have arrived once is never called failed, withdrawn or not sent: nobody knows that."""

from datetime import timedelta

import pytest

from accounts.models import User
from campaigns.clock import database_now
from launches.claiming import claim
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import Delivery, DeliveryState, Launch
from launches.planning import create_launches
from launches.sending import ABSENT_TOO_LATE
from launches.sweeping import NO_PROOF
from supporters.models import AccountState, LinkedAccount

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def doubtful(crowd):
    """A launch under way, with one post of which nobody knows whether it is there."""
    crowd(1, launch_in=-0.01)
    create_launches(database_now())
    launch = ignite(Launch.objects.get().pk)
    claim(launch.pk, most=1)
    Delivery.objects.update(
        state=DeliveryState.UNKNOWN, is_uncertain=True, lease_until=None, due_at=None
    )
    return launch


def read_end():
    delivery = Delivery.objects.get()
    return delivery.state, delivery.reason


def test_what_is_not_shown_after_the_latest_time_may_still_be_there(doubtful, networks):
    past = database_now() - timedelta(seconds=1)
    Launch.objects.update(launch_at=past - timedelta(minutes=45), latest_at=past)
    deliver(doubtful.pk)
    assert read_end() == (DeliveryState.UNCONFIRMED, ABSENT_TOO_LATE)
    assert networks.summarise()["posts"] == 0


def test_what_is_not_shown_and_refused_when_it_is_sent_again_may_still_be_there(doubtful, networks):
    networks.set_faults({"revoked": 1})
    deliver(doubtful.pk)
    state, reason = read_end()
    assert state == DeliveryState.UNCONFIRMED
    assert reason, "the network's own refusal"
    assert LinkedAccount.objects.get().state == AccountState.NEEDS_RELINK


@pytest.mark.parametrize(
    ("model", "facts"),
    [
        (LinkedAccount, {"state": AccountState.NEEDS_RELINK}),
        (LinkedAccount, {"state": AccountState.UNLINKED, "sealed_credentials": ""}),
        (User, {"is_active": False}),
    ],
)
def test_what_cannot_be_sent_again_may_still_be_there(doubtful, model, facts):
    Delivery.objects.update(state=DeliveryState.WAITING)
    model.objects.update(**facts)
    assert not claim(doubtful.pk, most=1).claims
    assert read_end() == (DeliveryState.UNCONFIRMED, NO_PROOF)
