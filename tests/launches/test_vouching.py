"""What the owner of an account says of a post that nobody can prove: it is there, or send it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F

from campaigns.clock import database_now
from campaigns.models import Campaign
from launches import erasing, holding, installation, vouching
from launches.claiming import claim, give_back
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import (
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryState,
    Launch,
    LaunchState,
    Unlookable,
)
from launches.pauses import Heartbeat, NetworkPause
from launches.planning import create_launches
from launches.recording import Result, record
from launches.results import summarise
from launches.sending import note_error
from launches.sweeping import close_late, finish_launches
from launches.vouching import VouchRefused
from networks.adapters.mastodon import Mastodon
from networks.errors import OutcomeUnknown, Rejected, TryLater
from supporters.models import LinkedAccount, PledgeState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def unproved(crowd):
    """A post whose answer was lost, on a server that proves nothing; its launch is finished."""
    crowd(1, launch_in=-0.01, kind="gotosocial")
    create_launches(database_now())
    launch = ignite(Launch.objects.get().pk)
    lose(claim(launch.pk, most=1).claims[0])
    finish_launches(database_now())
    delivery = Delivery.objects.select_related("pledge__person", "launch").get()
    assert delivery.launch.state == LaunchState.FINISHED
    return delivery


def lose(held):
    """The answer of this claim was lost, and looking proved nothing."""
    now = database_now()
    facts = {"delivery_id": held.delivery_id, "started_at": now, "ended_at": now}
    record(
        [
            Result(
                attempt=held.attempt,
                state=DeliveryState.UNKNOWN,
                outcome=AttemptOutcome.UNKNOWN,
                reason="The connection was cut.",
                **facts,
            )
        ]
    )
    Delivery.objects.update(state=DeliveryState.UNCONFIRMED)


def send(delivery, *, seen=None, person=None):
    """Its owner presses "send it", having seen this attempt number (else the one of now)."""
    seen = Delivery.objects.get(pk=delivery.pk).attempt if seen is None else seen
    vouching.send_anyway(delivery, person=person or delivery.pledge.person, seen_attempt=seen)


def work(launch):
    """As a worker does, then as a tick does."""
    deliver(launch.pk)
    finish_launches(database_now())
    launch.refresh_from_db()
    return Delivery.objects.get()


def test_what_its_owner_lets_go_is_sent_once_and_the_launch_is_finished_again(unproved, networks):
    send(unproved)
    unproved.launch.refresh_from_db()
    assert unproved.launch.state == LaunchState.FIRING
    sent = work(unproved.launch)
    assert (sent.state, sent.is_uncertain) == (DeliveryState.SENT, True)
    assert networks.summarise() == {"posts": 1, "accounts": 1, "duplicates": 0}
    assert unproved.launch.state == LaunchState.FINISHED
    assert list(Attempt.objects.order_by("number").values_list("outcome", flat=True)) == [
        "unknown",
        "released",
        "sent",
    ]


def test_it_is_looked_up_first_and_what_is_found_is_not_sent(unproved, networks):
    send(unproved)
    (held,) = claim(unproved.launch_id, most=1).claims
    assert (held.looks, held.sends, held.is_released) == (True, True, True)
    give_back([held])
    post_by_hand(networks, unproved)
    found = work(unproved.launch)
    assert found.state == DeliveryState.SENT
    assert Attempt.objects.latest("number").outcome == AttemptOutcome.FOUND
    assert networks.summarise()["posts"] == 1


def post_by_hand(networks, delivery):
    """The first request had arrived after all."""
    import asyncio

    from networks import registry
    from supporters import tokens

    (held,) = claim(delivery.launch_id, most=1).claims
    credentials = tokens.read_credentials(LinkedAccount.objects.get())

    async def publish():
        async with registry.open_http() as http:
            await registry.get("mastodon").publish(http, held.server, credentials, held.post)

    asyncio.run(publish())
    give_back([held])


def test_a_network_that_shows_nothing_is_not_asked_first(unproved, networks, monkeypatch):
    monkeypatch.setattr(Mastodon, "can_look_up", False)
    send(unproved)
    (held,) = claim(unproved.launch_id, most=1).claims
    assert (held.looks, held.is_released) == (False, True)
    give_back([held])
    assert work(unproved.launch).state == DeliveryState.SENT


def test_what_the_operator_left_out_can_be_sent_by_its_owner(unproved, monkeypatch):
    monkeypatch.setattr(Mastodon, "can_look_up", False)
    Launch.objects.update(look_first=True, unlookable=Unlookable.LEAVE)
    send(unproved)
    assert claim(unproved.launch_id, most=1).claims


def test_a_second_press_and_a_page_of_before_do_nothing(unproved):
    seen = unproved.attempt
    send(unproved, seen=seen)
    with pytest.raises(VouchRefused, match="changed meanwhile"):
        send(unproved, seen=seen)
    (held,) = claim(unproved.launch_id, most=1).claims
    lose(held)
    with pytest.raises(VouchRefused, match="changed meanwhile"):
        send(unproved, seen=seen)
    assert not claim(unproved.launch_id, most=1).claims


def test_another_uncertain_end_uses_the_leave_up_and_asks_anew(unproved):
    send(unproved)
    (held,) = claim(unproved.launch_id, most=1).claims
    lose(held)
    Delivery.objects.update(state=DeliveryState.WAITING)
    (again,) = claim(unproved.launch_id, most=1).claims
    assert not again.is_released
    give_back([again])
    Delivery.objects.update(state=DeliveryState.UNCONFIRMED)
    send(unproved)
    assert claim(unproved.launch_id, most=1).claims[0].is_released
    assert Attempt.objects.filter(outcome=AttemptOutcome.RELEASED).count() == 2


@pytest.mark.parametrize("how", ["given back", "to be tried later"])
def test_where_nothing_was_posted_for_certain_the_next_claim_has_the_same_leave(unproved, how):
    send(unproved)
    (held,) = claim(unproved.launch_id, most=1).claims
    if how == "given back":
        give_back([held])
    else:
        now = database_now()
        record([replace(note_error(now, held, now, TryLater("Busy.")), due_at=None)])
    assert Delivery.objects.get().state == DeliveryState.WAITING
    assert claim(unproved.launch_id, most=1).claims[0].is_released


def test_a_refusal_of_the_second_says_nothing_of_the_first(unproved):
    send(unproved)
    (held,) = claim(unproved.launch_id, most=1).claims
    now = database_now()
    record([note_error(now, held, now, Rejected("The same words are there already."))])
    kept = Delivery.objects.get()
    assert (kept.state, kept.sentence) == ("unconfirmed", "The same words are there already.")
    assert vouching.find_obstacle(kept, now=now) == ""


def test_an_unclear_answer_to_the_second_is_looked_up_like_any_other(unproved):
    send(unproved)
    (held,) = claim(unproved.launch_id, most=1).claims
    now = database_now()
    record([note_error(now, held, now, OutcomeUnknown("Cut."))])
    assert Delivery.objects.get().state == DeliveryState.UNKNOWN


def test_late_proof_still_wins(unproved):
    send(unproved)
    record(
        [
            Result(
                delivery_id=unproved.pk,
                attempt=1,
                state=DeliveryState.SENT,
                outcome=AttemptOutcome.FOUND,
                started_at=None,
                ended_at=database_now(),
                remote_id="7",
            )
        ]
    )
    assert not claim(unproved.launch_id, most=1).claims
    assert Delivery.objects.get().state == DeliveryState.SENT


def test_a_silence_of_the_scheduler_ends_the_leave(unproved, fall_silent, step):
    send(unproved)
    fall_silent(minutes=5)
    step()
    assert Delivery.objects.get().released_attempt is None
    assert not claim(unproved.launch_id, most=1).claims[0].is_released


def test_what_was_let_go_and_not_sent_in_time_is_unconfirmed_again(unproved):
    send(unproved)
    close_late(unproved.launch.latest_at)
    assert Delivery.objects.get().state == DeliveryState.UNCONFIRMED


def test_unlinked_after_it_was_let_go_it_ends_without_proof(unproved):
    send(unproved)
    LinkedAccount.objects.update(state="unlinked", sealed_credentials="")
    assert not claim(unproved.launch_id, most=1).claims
    assert Delivery.objects.get().state == DeliveryState.UNCONFIRMED


def be_late(_):
    past = database_now() - timedelta(seconds=1)
    Launch.objects.update(launch_at=past - timedelta(minutes=45), latest_at=past)


def be_late_for_this_supporter(delivery):
    """The organiser prolonged it after this one had agreed to a second."""
    delivery.pledge.agreed_latest_at = delivery.pledge.agreed_launch_at
    delivery.pledge.save(update_fields=["agreed_latest_at"])


def hold(delivery):
    Launch.objects.update(state=LaunchState.FIRING, finished_at=None)
    holding.hold(delivery.launch)


def call_off(_):
    Launch.objects.update(state=LaunchState.CANCELLED)


def suspend(_):
    Campaign.objects.update(state="suspended")


def unlink(_):
    LinkedAccount.objects.update(state="unlinked", sealed_credentials="")


def end_authorisation(_):
    LinkedAccount.objects.update(state="needs_relink")


def pause(_):
    until = database_now() + timedelta(hours=1)
    NetworkPause.objects.create(network="mastodon", until=until, reason="No credits.")


def say_there(delivery):
    vouching.say_there(delivery, person=delivery.pledge.person)


@pytest.mark.parametrize(
    ("do", "says"),
    [
        (be_late, "latest time"),
        (be_late_for_this_supporter, "latest time"),
        (hold, "held"),
        (call_off, "cancelled"),
        (suspend, "just now"),
        (unlink, "not linked"),
        (end_authorisation, "Renew it"),
        (pause, "just now"),
        (say_there, "You said that it is there"),
    ],
)
def test_it_is_not_sent_where_that_may_not_be(unproved, do, says):
    do(unproved)
    with pytest.raises(VouchRefused, match=says):
        send(unproved)
    assert Delivery.objects.get().state == DeliveryState.UNCONFIRMED
    assert not Attempt.objects.filter(outcome=AttemptOutcome.RELEASED).exists()


def test_a_copy_of_the_database_lets_nothing_go(unproved, step, settings):
    step()
    settings.INSTANCE_ID = "another"
    with pytest.raises(VouchRefused):
        send(unproved)


def test_nobody_else_can_say_anything_of_it(unproved, sam, olive):
    for person in (sam, olive):
        with pytest.raises(Delivery.DoesNotExist):
            send(unproved, person=person)
        with pytest.raises(VouchRefused):
            vouching.say_there(unproved, person=person)
    kept = Delivery.objects.get()
    assert (kept.state, kept.owner_said_at) == (DeliveryState.UNCONFIRMED, None)


def test_its_owner_s_word_is_kept_and_proves_nothing(unproved):
    person = unproved.pledge.person
    vouching.say_there(unproved, person=person, url="https://g.example/@voice0/statuses/7")
    kept = Delivery.objects.get()
    assert kept.owner_said_at is not None
    assert kept.state == DeliveryState.UNCONFIRMED
    tally = summarise(kept.launch.campaign).tally
    assert (tally["unconfirmed"], tally["sent"]) == (1, 0)
    with pytest.raises(VouchRefused):
        vouching.say_there(unproved, person=person)
    vouching.take_back(unproved, person=person)
    kept.refresh_from_db()
    assert (kept.owner_said_at, kept.owner_said_url) == (None, "")


def test_nothing_is_said_of_what_was_proved(unproved):
    Delivery.objects.update(state=DeliveryState.SENT, remote_id="7")
    with pytest.raises(VouchRefused):
        vouching.say_there(unproved, person=unproved.pledge.person)


def test_the_address_that_its_owner_gave_is_erased_with_them(unproved):
    person = unproved.pledge.person
    vouching.say_there(unproved, person=person, url="https://g.example/@voice0/statuses/7")
    erasing.erase_pledges(person=person)
    kept = Delivery.objects.get()
    assert (kept.owner_said_url, kept.state) == ("", DeliveryState.UNCONFIRMED)


def test_a_first_claim_that_is_given_back_cannot_be_withdrawn_once_it_was_let_go(unproved):
    Delivery.objects.update(tries=0)
    send(unproved)
    give_back(claim(unproved.launch_id, most=1).claims)
    kept = Delivery.objects.select_related("pledge").get()
    assert (kept.state, kept.pledge.state) == (DeliveryState.WAITING, PledgeState.CALLED)


@pytest.fixture
def restored(unproved, step):
    """It was let go and sent after a backup that is restored now, and is adopted: gives the row."""
    step()
    keep = {model: list(model.objects.values()) for model in (Launch, Delivery)}
    send(unproved)
    assert work(unproved.launch).state == DeliveryState.SENT
    Attempt.objects.filter(outcome__in=["released", "sent"]).delete()
    for model, (row,) in keep.items():
        model.objects.filter(pk=row["id"]).update(**row)
    Heartbeat.objects.update(beat_at=F("beat_at") - timedelta(seconds=5))
    assert installation.list_differences() == [installation.WENT_BACK]
    assert step() == []
    return Delivery.objects.get()


def test_a_restored_backup_finds_what_was_let_go_after_it(restored, step, networks):
    assert restored.state == DeliveryState.UNCONFIRMED
    assert installation.adopt() == 1
    assert step() == [restored.launch_id]
    found = work(restored.launch)
    assert (found.state, found.attempt) == (DeliveryState.SENT, restored.attempt + 1)
    assert networks.summarise() == {"posts": 1, "accounts": 1, "duplicates": 0}
    assert restored.launch.state == LaunchState.FINISHED
    with pytest.raises(VouchRefused, match="changed meanwhile"):
        send(restored)


def test_what_was_never_let_go_is_asked_about_once_more(unproved, step, networks):
    Delivery.objects.update(is_uncertain=False)
    installation.adopt()
    assert Delivery.objects.get().is_uncertain  # so nothing is sent again without proof
    step()
    assert work(unproved.launch).state == DeliveryState.UNCONFIRMED
    assert unproved.launch.state == LaunchState.FINISHED
    assert networks.summarise()["posts"] == 0
    send(unproved)
    assert work(unproved.launch).state == DeliveryState.SENT


@pytest.mark.parametrize("why", ["cannot", "said", "late", "cancelled"])
def test_nothing_is_looked_up_again_that_cannot_be_or_is_settled(unproved, monkeypatch, why):
    if why == "cannot":
        monkeypatch.setattr(Mastodon, "can_look_up", False)
    elif why == "said":
        vouching.say_there(unproved, person=unproved.pledge.person)
    elif why == "late":
        Launch.objects.update(latest_at=database_now())
    else:
        Launch.objects.update(state=LaunchState.CANCELLED)
    state = Launch.objects.get().state
    assert installation.adopt() == 0
    assert Delivery.objects.get().state == DeliveryState.UNCONFIRMED
    assert Launch.objects.get().state == state
