"""Lost workers, late launches, silence of the scheduler, copies of the database."""

from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from campaigns.clock import database_now
from campaigns.models import Campaign
from launches import holding, installation
from launches.claiming import claim, give_back
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import Attempt, Delivery, DeliveryState, Launch, LaunchState
from launches.planning import create_launches
from launches.recording import Result, record
from launches.results import summarise
from launches.sweeping import LOOK_SECONDS, close_late, expire_leases, finish_launches

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firing(crowd):
    """A launch that fires, with so many deliveries."""

    def make(number, **facts):
        crowd(number, launch_in=-0.01, **facts)
        create_launches(database_now())
        return ignite(Launch.objects.get().pk)

    return make


def sent(held, remote_id="7"):
    """The result of a claim whose post is proved."""
    return Result(
        delivery_id=held.delivery_id,
        attempt=held.attempt,
        state=DeliveryState.SENT,
        outcome="sent",
        started_at=database_now(),
        ended_at=database_now(),
        remote_id=remote_id,
        permalink="https://example.org/7",
    )


def test_a_lost_worker_s_claim_becomes_unknown_only_after_lease_and_deadline(firing, settings):
    launch = firing(1)
    claim(launch.pk, most=1)
    over = Delivery.objects.get().lease_until + timedelta(seconds=settings.DEADLINE_SECONDS)
    assert expire_leases(over - timedelta(seconds=0.1)) == 0
    assert expire_leases(over + timedelta(seconds=0.1)) == 1
    assert Delivery.objects.get().state == DeliveryState.UNKNOWN
    assert Attempt.objects.get().outcome == "expired"


def test_a_lost_worker_s_post_is_found_and_not_sent_again(firing, networks, launch_now):
    """Accepted by the network, never recorded: what kill -9 leaves behind."""
    import asyncio

    from networks import registry
    from supporters import tokens
    from supporters.models import LinkedAccount

    launch = firing(1)
    held = claim(launch.pk, most=1).claims[0]
    credentials = tokens.read_credentials(LinkedAccount.objects.get())

    async def post():
        async with registry.open_http() as http:
            await registry.get("mastodon").publish(http, held.server, credentials, held.post)

    asyncio.run(post())
    past = database_now() - timedelta(seconds=5)
    Delivery.objects.update(lease_until=past)
    launch_now(launch.campaign)
    assert Delivery.objects.get().state == DeliveryState.SENT
    assert networks.summarise() == {"posts": 1, "accounts": 1, "duplicates": 0}
    assert list(Attempt.objects.order_by("number").values_list("outcome", flat=True)) == [
        "expired",
        "found",
    ]


def test_a_late_result_of_a_lost_claim_is_turned_away(firing):
    launch = firing(1)
    held = claim(launch.pk, most=1).claims[0]
    Delivery.objects.update(attempt=held.attempt + 1)
    late = Result(
        delivery_id=held.delivery_id,
        attempt=held.attempt,
        state=DeliveryState.FAILED,
        outcome="failed",
        started_at=None,
        ended_at=database_now(),
    )
    assert record([late]) == 0
    assert Delivery.objects.get().state == DeliveryState.CLAIMED


def test_late_proof_is_believed_in_any_state(firing):
    launch = firing(1)
    held = claim(launch.pk, most=1).claims[0]
    for state in ["unknown", "unconfirmed", "waiting", "not_sent"]:
        Delivery.objects.update(state=state, attempt=held.attempt + 3, remote_id="")
        assert record([sent(held)]) == 1
        assert Delivery.objects.get().state == DeliveryState.SENT


def test_two_posts_for_one_delivery_are_both_kept_and_alarmed(firing, caplog):
    launch = firing(1)
    held = claim(launch.pk, most=1).claims[0]
    record([sent(held, "first")])
    record([sent(held, "second")])
    delivery = Delivery.objects.get()
    assert (delivery.remote_id, delivery.other_remote_id) == ("first", "second")
    assert any(entry.levelname == "CRITICAL" for entry in caplog.records)


def test_a_server_s_odd_words_hold_nobody_up(firing):
    launch = firing(2)
    first, second = claim(launch.pk, most=2).claims
    odd = sent(first, "a\0b" + "x" * 1000)
    assert record([odd, sent(second)]) == 2
    assert Delivery.objects.filter(state="sent").count() == 2


def test_what_cannot_leave_by_the_latest_time_is_not_sent(firing):
    launch = firing(2)
    late = launch.latest_at + timedelta(seconds=1)
    assert close_late(late) == 2
    assert finish_launches(late) == 1
    assert "latest time" in Delivery.objects.first().sentence


def test_after_the_latest_time_an_unknown_is_looked_up_for_a_while_then_unconfirmed(firing):
    launch = firing(1)
    Delivery.objects.update(state=DeliveryState.UNKNOWN)
    assert close_late(launch.latest_at + timedelta(seconds=1)) == 0
    assert close_late(launch.latest_at + timedelta(seconds=LOOK_SECONDS + 1)) == 1
    assert Delivery.objects.get().state == DeliveryState.UNCONFIRMED


def test_after_the_latest_time_nothing_is_claimed_to_be_sent(firing):
    launch = firing(1)
    past = database_now() - timedelta(seconds=1)
    Launch.objects.update(latest_at=past, launch_at=past - timedelta(minutes=45))
    assert not claim(launch.pk, most=1).claims


def test_after_a_silence_every_post_is_looked_up_before_it_is_sent(
    crowd, launch_now, networks, fall_silent
):
    """A backup from before the launch: the posts are there, the database does not know."""
    campaign, _ = crowd(3, launch_in=0.1)
    launch_now(campaign)
    assert networks.summarise()["posts"] == 3
    forget_launch(campaign)
    fall_silent(minutes=10)
    launch = launch_now(campaign)
    assert launch.look_first
    assert networks.summarise() == {"posts": 3, "accounts": 3, "duplicates": 0}
    assert len(networks.list_requests()) == 3
    assert summarise(campaign).tally["sent"] == 3


def forget_launch(campaign):
    """The database as it was before the launch."""
    from supporters.models import Pledge

    Attempt.objects.all().delete()
    Delivery.objects.all().delete()
    Launch.objects.all().delete()
    Pledge.objects.update(state="live")
    Campaign.objects.filter(pk=campaign.pk).update(state="scheduled")


def test_without_a_silence_nothing_is_looked_up_first(crowd, launch_now, step):
    campaign, _ = crowd(1, launch_in=0.3)
    step()
    assert not launch_now(campaign).look_first


def test_a_copied_database_sends_nothing_until_it_is_adopted(
    crowd, launch_now, step, settings, networks
):
    campaign, _ = crowd(2, launch_in=0.2)
    step()
    settings.INSTANCE_ID = "another"
    assert step() == []
    assert networks.summarise()["posts"] == 0
    with pytest.raises(CommandError, match="switched off"):
        call_command("adopt", stdout=StringIO())
    call_command("adopt", "--yes", stdout=StringIO())
    launch = launch_now(campaign)
    assert launch.look_first
    assert networks.summarise() == {"posts": 2, "accounts": 2, "duplicates": 0}


def test_a_copied_database_holds_what_fires(firing, step, settings):
    launch = firing(1)
    step()
    settings.SITE_URL = "http://127.0.0.1:9999"
    step()
    launch.refresh_from_db()
    assert (launch.state, launch.held_why) == (LaunchState.HELD, installation.FOREIGN)


def test_a_changed_fingerprint_key_is_not_adopted(firing, step, settings):
    firing(1)
    step()
    settings.FINGERPRINT_KEY = "1" * 64
    with pytest.raises(CommandError, match="FINGERPRINT_KEY"):
        call_command("adopt", "--yes", stdout=StringIO())


def test_adopting_one_s_own_database_does_nothing(step):
    step()
    out = StringIO()
    call_command("adopt", stdout=out)
    assert "nothing to do" in out.getvalue()


def test_a_worker_that_comes_after_the_end_finds_nothing_to_do(crowd, launch_now, networks):
    campaign, _ = crowd(1, launch_in=0.1)
    launch = launch_now(campaign)
    deliver(launch.pk)
    assert len(networks.list_requests()) == 1


def test_a_copy_s_worker_neither_ignites_nor_sends(crowd, settings, networks, step):
    """A message that reaches it by a shared broker, say."""
    crowd(2, launch_in=-0.01)
    step()
    launch = Launch.objects.get()
    settings.INSTANCE_ID = "another"
    assert ignite(launch.pk).state == LaunchState.SCHEDULED
    settings.INSTANCE_ID = "00000000-0000-0000-0000-000000000001"
    ignite(launch.pk)
    settings.INSTANCE_ID = "another"
    assert not claim(launch.pk, most=5).claims
    step()
    launch.refresh_from_db()
    assert launch.state == LaunchState.HELD
    assert not holding.resume(launch)
    assert networks.summarise()["posts"] == 0


def test_a_server_s_broken_text_holds_nobody_up(firing):
    launch = firing(2)
    first, second = claim(launch.pk, most=2).claims
    odd = replace(sent(first), permalink="https://x.example/\ud800")
    assert record([odd, sent(second)]) == 2
    assert [delivery.permalink for delivery in Delivery.objects.order_by("pk")]


def test_what_was_uncertain_once_is_never_sent_again_without_a_look(firing, networks):
    """Absent at first, then held for so long that the server forgot the key."""
    launch = firing(1)
    held = claim(launch.pk, most=1).claims[0]
    unclear = replace(sent(held), state=DeliveryState.UNKNOWN, outcome="unknown", remote_id="")
    record([unclear])
    Delivery.objects.update(state=DeliveryState.WAITING, due_at=None)
    again = claim(launch.pk, most=1).claims[0]
    assert (again.sends, again.looks, again.is_uncertain) == (True, True, True)
    give_back([again])
    long_ago = database_now() - timedelta(hours=2)
    Delivery.objects.update(first_tried_at=long_ago, tries=2)
    deliver(launch.pk)
    assert Delivery.objects.get().state == DeliveryState.UNCONFIRMED
    assert networks.summarise()["posts"] == 0


def test_cancelling_ends_what_was_claimed_and_given_back(firing, step):
    launch = firing(2)
    claims = claim(launch.pk, most=1).claims
    holding.cancel(launch)
    give_back(claims)
    step()
    assert Delivery.objects.tally()["not_sent"] == 2


def test_an_unknown_post_of_an_erased_pledge_ends_unconfirmed(firing, step):
    launch = firing(1)
    Delivery.objects.update(state=DeliveryState.UNKNOWN, pledge=None)
    deliver(launch.pk)
    step()
    assert Delivery.objects.get().state == DeliveryState.UNCONFIRMED
