"""The operator pauses all launches at once and lets them go on; who may, and who is told."""

import builtins
from datetime import timedelta
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import CommandError
from post_office.models import Email

from campaigns.clock import database_now
from launches import holding, preparing, stopping
from launches.claiming import claim
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import Delivery, Launch, LaunchState
from launches.pauses import Standstill
from launches.planning import arm_launches, create_launches
from launches.ticking import find_work
from supporters.confirming import remind
from tests.launches.watchers import pass_a_second
from tests.making import make_campaign, make_promise
from tests.processes import wait_until
from tests.racing import Actor

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "A network has asked us to wait."
ADD = "/admin/launches/standstill/add/"
END = "/admin/launches/standstill/1/delete/"


@pytest.fixture
def firing(crowd):
    """A launch that fires, with so many deliveries, none claimed yet."""

    def make(number, **facts):
        crowd(number, launch_in=-0.01, **facts)
        create_launches(database_now())
        return ignite(Launch.objects.latest("pk").pk)

    return make


def run(name, *arguments):
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def test_while_all_launches_are_paused_nothing_is_claimed_and_no_worker_is_woken(firing):
    launch = firing(3)
    assert find_work(database_now()) == [launch.pk]
    assert stopping.pause(reason=REASON)
    assert not claim(launch.pk, most=10).claims
    assert find_work(database_now()) == []
    assert stopping.resume()
    assert find_work(database_now()) == [launch.pk]
    assert len(claim(launch.pk, most=10).claims) == 3


def test_nothing_starts_half_a_second_after_all_launches_are_paused(
    firing, networks, settings, monkeypatch
):
    """Eight posts and few places: the others wait for theirs when the pause comes."""
    monkeypatch.setattr("launches.delivering.IN_HAND", 4)
    settings.LEASE_SECONDS = 60  # what is given back is so for the pause, not for its lease
    settings.DEADLINE_SECONDS = 10
    host = urlsplit(networks.get_instance("mastodon")["url"]).netloc
    networks.set_faults({"instance": host, "latency_ms": 1500})
    launch = firing(8)
    worker = Actor(lambda: deliver(launch.pk))
    wait_until(networks.list_requests, what="the first request", seconds=10, every=0.02)
    stopping.pause(reason=REASON)
    assert worker.finish() is None
    latest = (Standstill.objects.get().paused_at + timedelta(seconds=0.5)).isoformat()
    begun = [request["at"] for request in networks.list_requests()]
    assert 0 < len(begun) < 8
    assert max(begun)[:23] < latest[:23]
    tally = Delivery.objects.tally()
    assert (tally["sent"], tally["planned"]) == (len(begun), 8 - len(begun))

    networks.clear_faults()
    stopping.resume()
    deliver(launch.pk)
    assert networks.summarise() == {"posts": 8, "accounts": 8, "duplicates": 0}


def test_a_launch_is_decided_at_its_moment_and_ends_at_its_latest_time_all_the_same(
    crowd, step, networks
):
    stopping.pause(reason=REASON)
    campaign, _ = crowd(2, launch_in=-0.01)
    step()
    launch = ignite(Launch.objects.get().pk)
    assert (launch.state, launch.people) == (LaunchState.FIRING, 2)
    deliver(launch.pk)
    Launch.objects.update(latest_at=database_now())
    step()
    assert stopping.resume()
    step()
    assert Launch.objects.get().state == LaunchState.FINISHED
    assert Delivery.objects.tally()["not_sent"] == 2
    assert networks.summarise()["posts"] == 0


def test_what_is_uncertain_is_looked_up_while_all_launches_are_paused(firing, networks):
    launch = firing(1)
    networks.set_faults({"500_after": 1.0, "times": 1})
    deliver(launch.pk)
    assert Delivery.objects.tally()["unknown"] == 1
    stopping.pause(reason=REASON)
    Delivery.objects.update(due_at=None, lease_until=None)
    deliver(launch.pk)
    assert Delivery.objects.tally()["sent"] == 1
    assert len(networks.list_requests()) == 1


def test_nobody_is_asked_to_post_by_hand_while_all_launches_are_paused(olive, sam, step):
    campaign = make_campaign(olive, launch_in=0.3)
    make_promise(campaign, sam)
    remind(campaign, email="ada@example.org")
    stopping.pause(reason=REASON)
    step()
    launch = Launch.objects.get()
    wait_until(lambda: ignite(launch.pk).state == LaunchState.FIRING, what="the moment", every=0.05)
    step()
    assert not Email.objects.filter(to__in=[["sam@example.org"], ["ada@example.org"]]).exists()
    assert Launch.objects.get().state == LaunchState.FIRING
    stopping.resume()
    step()
    asked = {mail.to[0] for mail in Email.objects.exclude(to=["olive@example.org"])}
    assert asked == {"sam@example.org", "ada@example.org"}


def test_nothing_is_made_ready_while_all_launches_are_paused(crowd, monkeypatch):
    campaign, _ = crowd(1, launch_in=20)
    create_launches(database_now())
    arm_launches(database_now())
    monkeypatch.setattr("networks.adapters.mastodon.Mastodon.prepares", True)
    launch = Launch.objects.get()
    stopping.pause(reason=REASON)
    assert preparing._take(launch.pk) == []
    stopping.resume()
    assert len(preparing._take(launch.pk)) == 1


def test_organisers_of_launches_that_wait_are_told_once_for_each_pause(firing, crowd, step):
    launch = firing(1)
    holding.hold(launch)
    for round_ in (1, 2):
        stopping.pause(reason=REASON)
        for _ in range(3):
            step()
        mails = Email.objects.filter(subject__startswith="Paused with all launches")
        assert [mail.to for mail in mails] == [["olive@example.org"]] * round_
        assert REASON in mails[0].message
        assert REASON in mails[0].html_message
        stopping.resume()
    stopping.pause(reason=REASON)
    crowd(1, launch_in=9999, slug="far", prefix="far")
    crowd(1, launch_in=20, slug="near", prefix="near")
    step()
    titles = Email.objects.filter(subject__startswith="Paused with all launches").count()
    assert titles == 4  # the held one again, and the one whose moment comes; not the far one


def test_the_launch_room_says_it_in_plain_words_and_the_reason_to_the_organiser(
    firing, client, olive, sam
):
    launch = firing(1)
    url = f"/campaigns/{launch.campaign.slug}/launch/"
    assert "All launches" not in client.get(url).content.decode()
    stopping.pause(reason=REASON)
    pass_a_second()
    for person, is_told in ((None, False), (sam, False), (olive, True)):
        if person:
            client.force_login(person)
        page = client.get(url).content.decode()
        assert "All launches on this site are paused" in page
        assert "It is being said now" not in page
        assert (REASON in page) is is_told


def test_the_commands_say_what_they_did_and_do_nothing_twice(firing):
    firing(1)
    said = run("pause_launches", "--reason", REASON, "--yes")
    assert "All launches are paused; 1" in said
    since = Standstill.objects.get().paused_at
    again = run("pause_launches", "--reason", "Another", "--yes")
    assert REASON in again
    assert "already" in again
    assert Standstill.objects.get().paused_at == since
    assert "Launches go on" in run("resume_launches", "--yes")
    assert "nothing to do" in run("resume_launches", "--yes")
    assert not stopping.is_paused()


@pytest.mark.parametrize(("answer", "goes"), [("y", True), ("n", False), ("", False)])
def test_the_commands_ask_before_they_act(db, monkeypatch, answer, goes):
    asked = []
    monkeypatch.setattr(builtins, "input", lambda question: asked.append(question) or answer)
    if goes:
        run("pause_launches", "--reason", REASON)
    else:
        with pytest.raises(CommandError, match="Nothing was done"):
            run("pause_launches", "--reason", REASON)
    assert stopping.is_paused() is goes
    assert len(asked) == 1


def test_without_anybody_to_ask_the_commands_do_nothing(db, monkeypatch):
    def nobody(question):
        raise EOFError

    monkeypatch.setattr(builtins, "input", nobody)
    with pytest.raises(CommandError, match="--yes"):
        run("pause_launches", "--reason", REASON)
    stopping.pause(reason=REASON)
    with pytest.raises(CommandError, match="--yes"):
        run("resume_launches")
    assert stopping.is_paused()


def test_an_operator_pauses_and_resumes_in_the_admin(client, rae, settings):
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    assert client.get(ADD).status_code == 200
    page = client.post(ADD, {"reason": REASON}, follow=True)
    assert "Nothing is posted from now on" in page.content.decode()
    assert Standstill.objects.get().reason == REASON
    assert client.get(ADD).status_code == 403  # it stands already
    assert client.get(END).status_code == 200
    client.post(END, {"post": "yes"})
    assert not stopping.is_paused()
    assert LogEntry.objects.filter(user=rae, content_type__model="standstill").count() == 2


@pytest.mark.parametrize("lacks", ["second factor", "right", "staff"])
def test_nobody_else_pauses_or_resumes(client, rae, settings, lacks):
    settings.STAFF_NEEDS_MFA = lacks == "second factor"
    if lacks != "second factor":
        type(rae).objects.filter(pk=rae.pk).update(is_superuser=False, is_staff=lacks == "right")
        for each in Permission.objects.filter(content_type__model="standstill"):
            rae.user_permissions.add(each)
    client.force_login(rae)
    assert client.post(ADD, {"reason": REASON}).status_code in (302, 403)
    assert not stopping.is_paused()
    stopping.pause(reason=REASON)
    assert client.post(END, {"post": "yes"}).status_code in (302, 403)
    assert stopping.is_paused()
