"""After a silence, what nobody can look up is not sent before the operator says so."""

import pytest
from django.urls import reverse
from post_office.models import Email

from launches import asking, holding
from launches.claiming import claim
from launches.igniting import ignite
from launches.models import ASKED, Delivery, Launch, LaunchState, Unlookable
from launches.ticking import tick
from networks.adapters.mastodon import Mastodon
from supporters.pledging import withdraw

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(crowd, fall_silent, launch_now, monkeypatch, rae):
    """A launch of two posts that slept through its moment, on a network that shows nothing."""
    monkeypatch.setattr(Mastodon, "can_look_up", False)
    fall_silent(minutes=5)
    campaign, _ = crowd(2, launch_in=-10)
    with pytest.raises(AssertionError, match="did not end"):
        launch_now(campaign, seconds=1.5)
    return Launch.objects.get()


def test_the_launch_holds_and_the_operator_is_asked_once(asked, networks):
    assert (asked.state, asked.held_why) == (LaunchState.HELD, ASKED)
    assert networks.list_requests() == []
    (mail,) = Email.objects.filter(subject__startswith="Your answer is needed")
    assert mail.to == ["rae@example.org"]
    assert "2 are on networks" in mail.message


def test_resuming_is_no_answer(asked):
    assert not holding.resume(asked)
    assert not claim(asked.pk, most=5).claims


def test_sent_all_the_same_each_goes_out_once(asked, networks, launch_now):
    assert asking.answer(asked, sends=True)
    assert launch_now(asked.campaign).state == LaunchState.FINISHED
    assert networks.summarise() == {"posts": 2, "accounts": 2, "duplicates": 0}


def test_what_shows_nothing_is_not_even_asked(asked):
    asking.answer(asked, sends=True)
    assert [each.looks for each in claim(asked.pk, most=5).claims] == [False, False]


def test_left_out_each_ends_without_proof(asked, networks, launch_now):
    assert asking.answer(asked, sends=False)
    launch_now(asked.campaign)
    assert set(Delivery.objects.values_list("state", "reason")) == {("unconfirmed", asking.LEFT)}
    assert networks.list_requests() == []


def test_an_answer_is_good_for_one_silence(asked, fall_silent):
    assert asking.answer(asked, sends=True)
    fall_silent(minutes=5)
    tick(lambda _: None)
    asked.refresh_from_db()
    assert asked.unlookable == Unlookable.ASK
    assert not claim(asked.pk, most=5).claims


def test_nobody_is_asked_where_everything_can_be_looked_up(crowd, fall_silent, launch_now):
    fall_silent(minutes=5)
    campaign, _ = crowd(1, launch_in=-10)
    launch = launch_now(campaign)
    assert (launch.look_first, launch.unlookable) == (True, Unlookable.ASK)
    assert Delivery.objects.get().state == "sent"


def switch_off(settings, _):
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": "assisted"}}


def take_back(_, pledge):
    withdraw(pledge, person=pledge.person)


@pytest.mark.parametrize(
    ("do", "becomes"),
    [(switch_off, "not_sent"), (take_back, "withdrawn")],
    ids=["off", "withdrawn"],
)
def test_nobody_is_asked_about_what_is_not_sent_anyway(
    crowd, fall_silent, launch_now, monkeypatch, settings, do, becomes
):
    monkeypatch.setattr(Mastodon, "can_look_up", False)
    fall_silent(minutes=5)
    campaign, (pledge,) = crowd(1, launch_in=-10)
    tick(lambda _: None)
    ignite(Launch.objects.get().pk)
    do(settings, pledge)
    assert launch_now(campaign, seconds=4).state == LaunchState.FINISHED
    assert Delivery.objects.get().state == becomes


def answer(client, launch, word):
    address = reverse("launch_answer", args=[launch.campaign.slug])
    return client.post(address, {"unlookable": word})


def test_the_operator_answers_in_the_launch_room(asked, client, rae, settings):
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    room = client.get(reverse("launch", args=[asked.campaign.slug])).content.decode()
    assert "Your answer is needed" in room
    assert "Resume the launch" not in room
    answer(client, asked, "leave")
    asked.refresh_from_db()
    assert (asked.state, asked.unlookable) == (LaunchState.FIRING, Unlookable.LEAVE)


@pytest.mark.parametrize("who", ["olive", "sam", "rae"])
def test_the_organiser_a_supporter_and_staff_without_second_factor_are_refused(
    asked, client, request, who
):
    client.force_login(request.getfixturevalue(who))
    assert answer(client, asked, "send").status_code == 403
    assert (
        "Your answer"
        not in client.get(reverse("launch", args=[asked.campaign.slug])).content.decode()
    )
    asked.refresh_from_db()
    assert asked.state == LaunchState.HELD
