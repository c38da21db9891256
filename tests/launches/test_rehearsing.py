"""A rehearsal from its beginning to its end, on a simulator of its own over real HTTP."""

from datetime import timedelta

import pytest
from django.db import connection

from campaigns.clock import database_now
from campaigns.models import Campaign
from launches import rehearsal_claims, rehearsing
from launches.models import Delivery, Launch
from launches.pauses import HostPause, NetworkPause
from launches.rehearsal_planning import _read_pledges
from launches.rehearsal_runs import rehearse
from launches.rehearsals import Rehearsal, RehearsedPost
from launches.rehearsing import ask
from launches.results import summarise
from launches.simulating import Stage
from supporters.models import AccountState, LinkedAccount, Pledge
from tests.making import make_campaign, make_pledge
from tests.platforms import PLATFORMS, link_by_consent, switch_on

pytest_plugins = ["tests.launches.rehearsal_stage"]
pytestmark = pytest.mark.django_db(transaction=True)

UNTOUCHED = (
    "supporters_pledge",
    "supporters_linkedaccount",
    "supporters_knownserver",
    "campaigns_campaign",
    "launches_launch",
    "launches_delivery",
    "launches_attempt",
    "launches_hostpause",
    "launches_networkpause",
    "post_office_email",
)


def dump(*tables):
    """Every row of these tables, with every column."""
    rows = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
            rows[table] = cursor.fetchall()
    return rows


def say(rehearsal):
    return RehearsedPost.objects.filter(rehearsal=rehearsal).tally()


def test_every_pledge_is_posted_at_the_simulator_in_its_exact_words(crowd, rehearse_now, stage):
    campaign, pledges = crowd(4)
    Pledge.objects.filter(pk=pledges[1].pk).update(text="In my own words. #cleanriver")
    rehearsal = rehearse_now(campaign)
    assert rehearsal.state == "finished"
    assert say(rehearsal)["sent"] == 4
    texts = sorted(post["text"] for post in stage.list_posts())
    assert texts == sorted(Pledge.objects.values_list("text", flat=True))


def test_nothing_of_it_reaches_the_networks(crowd, rehearse_now, networks):
    campaign, _ = crowd(3)
    before = networks.list_requests()
    rehearse_now(campaign)
    assert networks.list_requests() == before
    assert networks.list_posts() == []


def test_no_row_of_the_real_world_is_touched(crowd, rehearse_now):
    campaign, _ = crowd(3)
    before = dump(*UNTOUCHED)
    rehearse_now(campaign)
    assert dump(*UNTOUCHED) == before


def test_the_vault_is_never_asked(crowd, rehearse_now, settings, monkeypatch):
    campaign, _ = crowd(3)
    settings.TOKEN_KEYS = ["no key at all"]

    def refuse(*_, **__):
        raise AssertionError("the vault was asked")

    for name in ("seal", "unseal"):
        monkeypatch.setattr(f"supporters.vault.{name}", refuse)
    read = _read_pledges(campaign.pk, 0)
    assert all("sealed_credentials" in each.account.get_deferred_fields() for each in read)
    assert say(rehearse_now(campaign))["sent"] == 3


def test_it_counts_nowhere_and_the_real_launch_is_as_if_it_had_never_been(
    crowd, rehearse_now, launch_now, networks
):
    campaign, pledges = crowd(3)
    rehearse_now(campaign)
    assert not Launch.objects.exists()
    assert not Delivery.objects.exists()
    assert summarise(campaign).sent == 0
    Campaign.objects.filter(pk=campaign.pk).update(
        launch_at=database_now() + timedelta(seconds=0.3), first_launch_at=database_now()
    )
    launch = launch_now(campaign)
    assert launch.state == "finished"
    assert summarise(campaign).sent == 3
    assert len(networks.list_posts()) == 3


def test_every_network_can_be_rehearsed(settings, simulator, olive, sam, rehearse_now, stage):
    switch_on(settings, simulator)
    campaign = make_campaign(olive)
    for kind in ("mastodon", "gotosocial", "bluesky", *PLATFORMS):
        make_pledge(campaign, link_by_consent(simulator, sam, f"sam{kind}", kind=kind))
    rehearsal = rehearse_now(campaign)
    posts = RehearsedPost.objects.filter(rehearsal=rehearsal)
    assert [(post.network, post.reason) for post in posts if post.state != "sent"] == []
    assert len(stage.list_posts()) == 7
    assert simulator.list_posts() == []


def test_what_the_network_refuses_is_told_with_its_reason(crowd, rehearse_now, stage):
    campaign, pledges = crowd(3)
    LinkedAccount.objects.filter(pk=pledges[0].account_id).update(state=AccountState.NEEDS_RELINK)
    Pledge.objects.filter(pk=pledges[1].pk).update(text="x" * 501)
    rehearsal = rehearse_now(campaign)
    posts = {each.pledge_id: each for each in RehearsedPost.objects.filter(rehearsal=rehearsal)}
    assert posts[pledges[0].pk].state == posts[pledges[1].pk].state == "failed"
    assert "no longer valid" in posts[pledges[0].pk].sentence
    assert "501" in posts[pledges[1].pk].sentence
    assert posts[pledges[2].pk].state == "sent"
    assert len(stage.list_posts()) == 1


def test_a_refusal_by_the_simulator_marks_no_account(crowd, rehearse_now, stage, monkeypatch):
    campaign, _ = crowd(2)
    stage.set_faults({"network": "mastodon", "revoked": 1})
    monkeypatch.setattr("launches.rehearsal_planning.clear_stage", _nothing)
    asked = []
    monkeypatch.setattr("supporters.tokens.refresh_if_needed", lambda *_, **__: asked.append(1))
    rehearsal = rehearse_now(campaign)
    assert say(rehearsal)["failed"] == 2
    assert not asked
    assert set(LinkedAccount.objects.values_list("state", flat=True)) == {"linked"}


async def _nothing(control):
    """The faults that a test has set are to stay."""


def test_a_simulated_server_that_does_not_answer_pauses_no_real_one(
    crowd, rehearse_now, stage, monkeypatch
):
    monkeypatch.setattr("launches.breaking.FAILURES", 2)
    campaign, _ = crowd(10)
    stage.set_faults({"500_before": 1})
    monkeypatch.setattr("launches.rehearsal_planning.clear_stage", _nothing)
    monkeypatch.setattr("launches.rehearsing.LASTS", timedelta(seconds=1))
    rehearsal = rehearse_now(campaign)
    assert sum(say(rehearsal).values()) == 10
    assert not HostPause.objects.exists()
    assert not NetworkPause.objects.exists()


def test_made_up_credentials_are_forgotten_when_it_is_over(crowd, rehearse_now):
    campaign, _ = crowd(2)
    rehearse_now(campaign)
    assert set(map(str, RehearsedPost.objects.values_list("credentials", flat=True))) == {"{}"}


def test_the_pace_of_a_real_host_is_not_used_up(crowd, rehearse_now, settings):
    from launches import pace
    from networks import registry

    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": "automatic", "pace": "50/3600"}}
    campaign, pledges = crowd(3)
    host = pledges[0].host
    allowances = registry.get("mastodon").allowances(pledges[0].account.known_server.server)
    before = pace.look(host, allowances)
    assert say(rehearse_now(campaign))["sent"] == 3
    assert pace.look(host, allowances) == before


def test_it_keeps_to_the_pace_of_the_accounts_own_server(crowd, settings, stage):
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": "automatic", "pace": "2/3600"}}
    campaign, _ = crowd(3, prefix="paced")
    for _ in range(2):  # the second one as if there had been no first
        rehearsal = ask(campaign, person=campaign.organiser)
        assert rehearse()
        tally = say(rehearsal)
        assert (tally["sent"], tally["planned"]) == (2, 1)
        rehearsing.stop(rehearsal, why=rehearsing.BY_HAND)


def test_rehearsed_posts_and_deliveries_are_claimed_by_their_own_code_alone(crowd, stage, step):
    from launches import claiming, planning
    from launches.delivering import deliver

    campaign, _ = crowd(2)
    rehearsal = ask(campaign, person=campaign.organiser)
    deliver_nothing = [rehearsal.pk, rehearsal.pk + 1]
    for launch_id in deliver_nothing:
        with pytest.raises(Launch.DoesNotExist):
            deliver(launch_id)
        with pytest.raises(Launch.DoesNotExist):
            claiming.claim(launch_id, most=10)
    Campaign.objects.filter(pk=campaign.pk).update(launch_at=database_now())
    planning.create_launches(database_now())
    launch = Launch.objects.get()
    planning.arm_launches(database_now() - timedelta(seconds=5))
    with pytest.raises(Rehearsal.DoesNotExist):
        rehearsal_claims.claim(launch.pk + rehearsal.pk, Stage([]), most=10)
    assert set(Pledge.objects.values_list("state", flat=True)) == {"live"}


def test_the_way_out_of_a_rehearsal_leads_to_the_simulator_alone(stage):
    import asyncio

    from launches.simulating import find_stage, open_control
    from networks.errors import Rejected

    async def look():
        async with open_control() as control:
            found = await find_stage(control)
        refused = []
        async with found.open_http() as http:
            await http.request("GET", f"{found.places[0]['url']}/api/v2/instance")
            for url in ("https://mastodon.social/", "https://1.1.1.1/", stage.url):
                try:
                    await http.request("POST", url)
                except Rejected:
                    refused.append(url)
        return refused

    assert len(asyncio.run(look())) == 3


def test_the_networks_own_simulator_is_refused(crowd, stage, settings, networks):
    campaign, _ = crowd(2)
    settings.REHEARSAL_URL = networks.url
    rehearsal = ask(campaign, person=campaign.organiser)
    rehearse()
    rehearsal.refresh_from_db()
    assert rehearsal.state == "stopped"
    assert "not its own" in rehearsal.sentence
    assert networks.list_requests() == []


def test_a_simulator_that_is_away_is_told(crowd, stage, settings):
    campaign, _ = crowd(1)
    settings.REHEARSAL_URL = "http://127.0.0.1:9"
    rehearsal = ask(campaign, person=campaign.organiser)
    rehearse()
    rehearsal.refresh_from_db()
    assert "does not answer" in rehearsal.sentence
    assert rehearsal.on_stage is None
