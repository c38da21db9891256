"""At the moment: who promised to post by hand is told once that it is time, or why it is not."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from post_office.models import Email

from accounts.models import User
from campaigns import drafting
from campaigns.clock import database_now
from campaigns.models import Campaign
from launches import holding, offering, ticking
from launches.igniting import ignite
from launches.models import Launch, LaunchState
from launches.planning import create_launches
from launches.results import summarise
from supporters import telling
from supporters.assisting import report, withdraw
from supporters.confirming import remind
from supporters.models import AssistedPledge, PledgeState, Reminder
from tests.conftest import make_person
from tests.making import link_mastodon, make_campaign, make_pledge, make_promise

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hands(networks, olive):
    """Makes a campaign to which so many people promised: ``hands(3, launch_in=0.1)``."""

    def make(number, *, places=("x",), **facts):
        counts = facts.pop("counts_assisted", False)
        campaign = make_campaign(olive, **facts)
        Campaign.objects.filter(pk=campaign.pk).update(counts_assisted=counts)
        people = [
            make_person(f"hand{index}@example.org", f"Hand {index}") for index in range(number)
        ]
        for person in people:
            for place in places:
                make_promise(campaign, person, network=place)
        return campaign, people

    return make


def mails_about(word):
    """Whom the mails went whose subject begins so, in order."""
    found = Email.objects.filter(subject__startswith=word)
    return sorted(mail.to[0] for mail in found)


def test_at_the_moment_everybody_is_told_once_and_the_promise_is_called(hands, launch_now, step):
    campaign, _ = hands(3, launch_in=0.1, places=("x", "telegram"))
    assert launch_now(campaign).state == LaunchState.FINISHED
    for _ in range(3):
        step()
    assert mails_about("Post it now") == [f"hand{index}@example.org" for index in range(3)]
    assert set(AssistedPledge.objects.values_list("state", flat=True)) == {PledgeState.CALLED}
    mail = Email.objects.filter(subject__startswith="Post it now").first()
    assert "Post it on X\nhttps://x.com/intent/tweet?text=Three" in mail.message
    assert "Post it on Telegram\nhttps://t.me/share/url?url=" in mail.message
    assert "/promise/" in mail.message
    assert mail.expires_at == campaign.latest_at


def test_nothing_is_offered_before_the_moment(hands, step):
    hands(1, launch_in=20)
    step()
    assert not Email.objects.exists()
    assert AssistedPledge.objects.get().state == PledgeState.LIVE


def test_a_tick_reads_nobody_who_waits_for_a_launch_far_away(olive, sam):
    campaign = make_campaign(olive, launch_in=9999)
    make_promise(campaign, sam)
    remind(campaign, email="ada@example.org")
    for look in (offering.offer_posts, offering.send_reminders):
        with CaptureQueriesContext(connection) as queries:
            assert look(database_now(), limit=200) == 0
        assert not [each["sql"] for each in queries if '"email"' in each["sql"]]


def test_who_withdrew_is_not_told(hands, launch_now):
    campaign, people = hands(2, launch_in=0.1)
    withdraw(AssistedPledge.objects.get(person=people[0]), person=people[0])
    launch_now(campaign)
    assert mails_about("Post it now") == ["hand1@example.org"]


def test_many_are_told_in_batches_and_the_launch_is_not_over_before(hands, step, monkeypatch):
    monkeypatch.setattr("launches.ticking.MAIL_BATCH", 2)
    campaign, _ = hands(5, launch_in=-1)
    step()
    ignite(Launch.objects.get().pk)
    told = []
    for _ in range(4):
        told.append((len(mails_about("Post it now")), Launch.objects.get().state))
        step()
    assert told == [(number, "firing") for number in (0, 2, 4, 5)]
    for _ in range(4):
        step()
    assert len(mails_about("Post it now")) == 5
    assert Launch.objects.get().state == LaunchState.FINISHED


def test_many_are_told_in_short_transactions_and_a_tick_that_dies_has_told_the_first(
    hands, step, monkeypatch
):
    """On SQLite, whoever claims or records waits for the end of each."""

    class Died(BaseException):
        pass

    queue, queued = telling.queue_offer, []

    def queue_or_die(promises):
        queued.append(promises)
        if len(queued) > ticking.PORTION:
            raise Died
        queue(promises)

    hands(ticking.PORTION + 2, launch_in=-1)
    create_launches(database_now())
    ignite(Launch.objects.get().pk)
    monkeypatch.setattr(telling, "queue_offer", queue_or_die)
    with pytest.raises(Died):
        step()
    told = len(mails_about("Post it now"))
    assert told == AssistedPledge.objects.filter(state=PledgeState.CALLED).count()
    assert told == ticking.PORTION - 1  # of the last one more may be left, so it came after


def test_under_the_threshold_nothing_is_offered_and_everybody_is_told(hands, launch_now, step):
    campaign, _ = hands(2, launch_in=0.1, threshold=3, counts_assisted=True)
    assert launch_now(campaign).state == LaunchState.MISSED
    step()
    assert len(mails_about("Nothing to post")) == 2
    assert not mails_about("Post it now")
    for each in AssistedPledge.objects.all():
        assert (each.state, each.ended_why) == (PledgeState.LIVE, "missed")
    assert summarise(campaign).assisted == offering.Assisted()


@pytest.mark.parametrize("launch_in", [20, 9999])
def test_cancelled_before_the_moment_everybody_is_told_once(hands, step, olive, launch_in):
    campaign, _ = hands(1, launch_in=launch_in)
    step()
    drafting.cancel(campaign, by=olive)
    for _ in range(3):
        step()
    assert mails_about("Nothing to post") == ["hand0@example.org"]
    assert "called off" in Email.objects.get(to=["hand0@example.org"]).message


def test_held_launch_offers_nothing_until_it_is_resumed(hands, step):
    campaign, _ = hands(1, launch_in=20)
    fire(campaign, step)
    launch = Launch.objects.get()
    assert holding.hold(launch)
    for _ in range(3):
        step()
    launch.refresh_from_db()
    assert launch.state == LaunchState.HELD  # although nothing is left to be sent
    assert not Email.objects.exists()
    assert holding.resume(launch)
    step()
    step()
    assert mails_about("Post it now") == ["hand0@example.org"]
    launch.refresh_from_db()
    assert launch.state == LaunchState.FINISHED


def test_cancelled_during_the_launch_the_rest_is_told_that_it_is_over(hands, step):
    campaign, _ = hands(1, launch_in=20)
    fire(campaign, step)
    launch = Launch.objects.get()
    holding.hold(launch)
    holding.cancel(launch)
    step()
    assert mails_about("Nothing to post") == ["hand0@example.org"]


@pytest.mark.parametrize("state", [LaunchState.FIRING, LaunchState.HELD])
def test_past_the_latest_time_nothing_is_offered(hands, step, state):
    campaign, _ = hands(1, launch_in=20)
    fire(campaign, step)
    past = database_now() - timedelta(minutes=1)
    times = {"launch_at": past - timedelta(minutes=45), "latest_at": past}
    Campaign.objects.update(**times)
    Launch.objects.update(state=state, **times)
    step()
    step()
    assert mails_about("Nothing to post") == ["hand0@example.org"]
    assert AssistedPledge.objects.get().ended_why == "late"
    assert Launch.objects.get().state == LaunchState.FINISHED


def test_organiser_who_prolongs_the_latest_time_does_so_for_later_promises_only(hands, step):
    campaign, people = hands(2, launch_in=20)
    AssistedPledge.objects.filter(person=people[0]).update(
        agreed_latest_at=campaign.launch_at + timedelta(seconds=1)
    )
    fire(campaign, step)
    earlier = campaign.launch_at - timedelta(seconds=25)
    Campaign.objects.update(launch_at=earlier)
    Launch.objects.update(launch_at=earlier)
    step()
    assert mails_about("Post it now") == ["hand1@example.org"]
    assert mails_about("Nothing to post") == ["hand0@example.org"]


def test_who_is_shut_out_is_asked_nothing_and_keeps_no_launch_open(hands, launch_now, step):
    campaign, people = hands(1, launch_in=0.1)
    User.objects.filter(pk=people[0].pk).update(is_active=False)
    assert launch_now(campaign).state == LaunchState.FINISHED
    step()
    assert not Email.objects.filter(to=["hand0@example.org"]).exists()
    assert AssistedPledge.objects.get().state == PledgeState.LIVE


def test_who_has_no_address_is_called_without_a_mail(networks, olive, launch_now):
    campaign = make_campaign(olive, launch_in=0.1)
    person = User.objects.create_user(name="Sam")
    link_mastodon(networks, person, "sam")
    make_promise(campaign, person)
    launch_now(campaign)
    assert AssistedPledge.objects.get().state == PledgeState.CALLED
    assert mails_about("Post it now") == []


def test_mail_that_cannot_be_written_keeps_no_other_waiting(hands, launch_now, monkeypatch, caplog):
    campaign, _ = hands(2, launch_in=0.1)
    write = telling.queue_mail

    def fail_once(to, **facts):
        if to == "hand0@example.org":
            raise ValueError("no such template")
        return write(to, **facts)

    monkeypatch.setattr(telling, "queue_mail", fail_once)
    launch_now(campaign)
    caplog.clear()
    assert mails_about("Post it now") == ["hand1@example.org"]


@pytest.mark.parametrize(("counts", "state"), [(True, "finished"), (False, "missed")])
def test_promises_reach_the_threshold_only_where_the_organiser_chose_so(
    hands, networks, launch_now, sam, counts, state
):
    campaign, _ = hands(1, launch_in=0.3, threshold=2, counts_assisted=counts)
    make_pledge(campaign, link_mastodon(networks, sam, "sam"))
    launch = launch_now(campaign)
    assert launch.state == state
    assert (launch.people, launch.pledges) == (2 if counts else 1, 1)


def test_who_lent_an_account_and_posts_by_hand_is_one(networks, olive, launch_now, sam):
    campaign = make_campaign(olive, launch_in=0.1, threshold=2)
    Campaign.objects.update(counts_assisted=True)
    make_pledge(campaign, link_mastodon(networks, sam, "sam"))
    make_promise(campaign, sam)
    make_promise(campaign, sam, network="telegram")
    assert launch_now(campaign).people == 1


def test_results_tell_offered_and_reported_apart_and_prove_nothing(
    hands, networks, launch_now, sam, client
):
    campaign, people = hands(3, launch_in=0.2)
    make_pledge(campaign, link_mastodon(networks, sam, "sam"))
    launch_now(campaign)
    report(AssistedPledge.objects.get(person=people[0]), person=people[0])
    results = client.get("/campaigns/river/results.json").json()
    assert results["assisted"] == {"offered": 3, "reported": 1}
    assert (results["pledges"], results["tally"]["sent"]) == (1, 1)
    page = client.get("/campaigns/river/results/").content.decode()
    assert "3 posts were asked of supporters at the moment; made as they say: 1." in page
    assert "1 voice." in page
    room = client.get("/campaigns/river/launch/").content.decode()
    assert "Posts asked of people’s own hands" in room
    mail = Email.objects.get(to=["olive@example.org"])
    assert "Posts asked of supporters, by their own hand: 3." in mail.message


def test_launch_room_opens_the_composer_of_who_promised_in_one_press(
    hands, launch_now, client, olive
):
    campaign, people = hands(2, launch_in=0.1, places=("x", "facebook"))
    room = "/campaigns/river/launch/"

    def read():
        return client.get(room).content.decode()

    client.force_login(people[0])
    page = read()
    assert "the button comes here at the moment" in page
    assert "intent/tweet" not in page
    launch_now(campaign)
    page = read()
    assert 'href="https://x.com/intent/tweet?text=Three%20barriers' in page
    assert "Post yours on Facebook" in page  # whose words are copied on the page of the promise
    assert "sharer.php" not in page
    report(AssistedPledge.objects.get(person=people[0], network="x"), person=people[0])
    assert "intent/tweet" not in read()
    past = database_now() - timedelta(days=8)
    Campaign.objects.update(launch_at=past - timedelta(minutes=1), latest_at=past)
    assert "Post yours on" not in read()
    for reader in (people[1], olive, None):
        client.logout()
        if reader:
            client.force_login(reader)
        Campaign.objects.update(latest_at=database_now())
        assert ("Post yours on X" in read()) is (reader == people[1])


def test_mail_at_the_moment_opens_each_composer_directly(hands, launch_now):
    campaign, _ = hands(1, launch_in=0.1, places=("x", "facebook"))
    AssistedPledge.objects.filter(network="x").update(text="Mine & ours.")
    launch_now(campaign)
    mail = Email.objects.get(to=["hand0@example.org"])
    for body in (mail.message, unescape(mail.html_message)):
        assert "https://x.com/intent/tweet?text=Mine%20%26%20ours." in body
        assert "Copy the words, and post them on Facebook" in body
        assert "sharer.php" not in body
        assert "/promise/" in body


@pytest.mark.parametrize(
    ("threshold", "subject"), [(None, "It is being said now"), (1, "Not said")]
)
def test_reminder_is_sent_once_at_the_moment(olive, launch_now, step, threshold, subject):
    campaign = make_campaign(olive, launch_in=0.2, threshold=threshold)
    remind(campaign, email="ada@example.org")
    step()
    assert not Email.objects.exists()
    launch_now(campaign)
    for _ in range(3):
        step()
    mail = Email.objects.get(to=["ada@example.org"])
    assert mail.subject.startswith(subject)
    assert Reminder.objects.get().sent_at


def test_reminder_of_a_cancelled_campaign_says_so(olive, step):
    campaign = make_campaign(olive, launch_in=9999)
    remind(campaign, email="ada@example.org")
    drafting.cancel(campaign, by=olive)
    step()
    assert Email.objects.get(to=["ada@example.org"]).subject.startswith("Not said")


def test_reminder_that_comes_after_the_latest_time_says_that_it_is_late(olive, step, launch_now):
    campaign = make_campaign(olive, launch_in=-3600, latest_minutes=45)
    Reminder.objects.create(campaign=campaign, email="ada@example.org")
    launch_now(campaign)
    step()
    assert Email.objects.get(to=["ada@example.org"]).subject.startswith("It has been said")


def fire(campaign, step):
    """Let the launch fire now, without a tick after it."""
    step()
    now = database_now() - timedelta(milliseconds=1)
    times = {"launch_at": now, "latest_at": now + timedelta(minutes=45)}
    Campaign.objects.filter(pk=campaign.pk).update(**times)
    Launch.objects.filter(campaign=campaign).update(**times)
    assert ignite(Launch.objects.get(campaign=campaign).pk).state == LaunchState.FIRING
