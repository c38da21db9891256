"""Whose turn a rehearsal is: who may ask, when it begins, gives way, is lost, and is forgotten."""

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from launches import rehearsal_claims, rehearsing
from launches.models import Launch
from launches.rehearsal_runs import rehearse
from launches.rehearsals import Rehearsal, RehearsedPost
from launches.rehearsing import RehearsalRefused, ask
from launches.simulating import Stage
from supporters.models import Pledge
from tests.making import make_campaign, make_pledge

pytest_plugins = ["tests.launches.rehearsal_stage"]
pytestmark = pytest.mark.django_db(transaction=True)


def say(rehearsal):
    return RehearsedPost.objects.filter(rehearsal=rehearsal).tally()


def test_a_rehearsal_gives_way_to_a_launch_that_comes_near(crowd, stage, olive):
    campaign, _ = crowd(3)
    rehearsal = ask(campaign, person=campaign.organiser)
    make_campaign(olive, slug="sea", launch_in=100)
    assert not rehearse()
    rehearsal.refresh_from_db()
    assert (rehearsal.state, rehearsal.why) == ("stopped", rehearsing.GAVE_WAY)
    assert stage.list_posts() == []


def test_a_rehearsal_under_way_stops_when_a_launch_comes_near(crowd, stage, olive, monkeypatch):
    campaign, _ = crowd(3)
    rehearsal = ask(campaign, person=campaign.organiser)
    real = rehearsal_claims.claim

    def claim(*args, **kwargs):
        make_campaign(olive, slug="sea", launch_in=100)
        monkeypatch.setattr(rehearsal_claims, "claim", real)
        return real(*args, **kwargs)

    monkeypatch.setattr(rehearsal_claims, "claim", claim)
    assert rehearse()
    rehearsal.refresh_from_db()
    assert rehearsal.why == rehearsing.GAVE_WAY
    assert say(rehearsal)["not_sent"] == 3
    assert stage.list_posts() == []


@pytest.mark.parametrize("state", ["firing", "armed"])
def test_no_rehearsal_begins_while_a_launch_is_under_way(crowd, stage, olive, state):
    campaign, _ = crowd(1)
    sea = make_campaign(olive, slug="sea", launch_in=300)
    now = database_now()
    if state == "firing":
        Campaign.objects.filter(pk=sea.pk).update(state=CampaignState.LAUNCHED)
        Launch.objects.create(
            campaign=sea,
            state="firing",
            launch_at=now,
            latest_at=now,
            decided_at=now,
            people=1,
            pledges=1,
        )
    with pytest.raises(RehearsalRefused, match="near or under way"):
        ask(campaign, person=olive)


def test_on_a_copy_of_the_database_nothing_is_tried(crowd, stage, olive, settings):
    from launches import installation

    campaign, _ = crowd(1)
    assert not installation.list_differences()
    settings.INSTANCE_ID = "another machine"
    with pytest.raises(RehearsalRefused, match="copied"):
        ask(campaign, person=olive)


def test_only_who_steers_the_campaign_may_ask(crowd, stage, sam, rae):
    campaign, _ = crowd(1)
    with pytest.raises(PermissionError):
        ask(campaign, person=sam)
    assert not Rehearsal.objects.exists()


def test_what_is_switched_off_over_or_empty_is_refused(crowd, stage, olive, settings):
    campaign, pledges = crowd(1)
    Pledge.objects.update(state="withdrawn")
    with pytest.raises(RehearsalRefused, match="Nobody has lent"):
        ask(campaign, person=olive)
    Pledge.objects.update(state="live")
    for state in ("suspended", "cancelled", "launched", "in_review", "draft"):
        Campaign.objects.filter(pk=campaign.pk).update(state=state)
        campaign.refresh_from_db()
        with pytest.raises(RehearsalRefused, match="validated"):
            ask(campaign, person=olive)
    settings.REHEARSAL_URL = ""
    with pytest.raises(RehearsalRefused, match="switched off"):
        ask(campaign, person=olive)


def test_one_at_a_time_and_a_few_in_an_hour(crowd, stage, olive):
    campaign, _ = crowd(1)
    for _ in range(rehearsing.HOURLY_MOST):
        rehearsal = ask(campaign, person=olive)
        with pytest.raises(RehearsalRefused, match="under way already"):
            ask(campaign, person=olive)
        assert rehearsing.stop(rehearsal, why=rehearsing.BY_HAND)
        assert not rehearsing.stop(rehearsal, why=rehearsing.BY_HAND)
    with pytest.raises(RehearsalRefused, match="several times"):
        ask(campaign, person=olive)


def test_one_rehearsal_of_the_whole_site_is_on_the_stage(crowd, stage, olive):
    campaign, _ = crowd(1)
    other = make_campaign(olive, slug="sea", launch_in=9000)
    make_pledge(other, Pledge.objects.get().account)
    first, second = ask(campaign, person=olive), ask(other, person=olive)
    until = database_now() + timedelta(minutes=2)
    assert rehearsing.take_stage(first, until=until)
    assert not rehearsing.take_stage(second, until=until)
    assert not rehearsing.take_stage(first, until=until)
    assert rehearsing.stop(first, why=rehearsing.BY_HAND)
    assert rehearsing.take_stage(second, until=until)


def test_a_worker_that_is_lost_leaves_the_stage_to_others(crowd, stage, olive):
    campaign, _ = crowd(1)
    rehearsal = ask(campaign, person=olive)
    assert rehearsing.take_stage(rehearsal, until=database_now() - timedelta(seconds=1))
    rehearsing.tidy(database_now())
    rehearsal.refresh_from_db()
    assert (rehearsal.state, rehearsal.why) == ("stopped", rehearsing.WORKER_LOST)


def test_what_a_lost_worker_had_claimed_is_looked_up(crowd, stage, olive, settings):
    campaign, _ = crowd(2)
    rehearsal = ask(campaign, person=olive)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("launches.rehearsal_runs._take_part", lambda *_, **__: None)
        assert rehearse()
    rehearsal.refresh_from_db()
    found = Stage(**rehearsal.places)
    claims = rehearsal_claims.claim(rehearsal.pk, found, most=10).claims
    assert len(claims) == 2
    past = database_now() - timedelta(minutes=5)
    RehearsedPost.objects.filter(state="claimed").update(lease_until=past)
    rehearsing.tidy(database_now())
    assert say(rehearsal)["unknown"] == 2
    assert rehearse()
    assert say(rehearsal)["sent"] == 2
    assert len(stage.list_posts()) == 2


def test_late_results_are_turned_away_by_the_attempt_number(crowd, stage, olive):
    from launches.sending import note_stray

    campaign, _ = crowd(1)
    rehearsal = ask(campaign, person=olive)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("launches.rehearsal_runs._take_part", lambda *_, **__: None)
        assert rehearse()
    rehearsal.refresh_from_db()
    found = Stage(**rehearsal.places)
    [first] = rehearsal_claims.claim(rehearsal.pk, found, most=1).claims
    rehearsal_claims.give_back([first])
    [second] = rehearsal_claims.claim(rehearsal.pk, found, most=1).claims
    now = database_now()
    rehearsal_claims.record([note_stray(now, first, now)])
    assert RehearsedPost.objects.get().state == "claimed"
    rehearsal_claims.record([note_stray(now, second, now)])
    assert RehearsedPost.objects.get().state == "unknown"


def test_old_rehearsals_are_forgotten_with_their_posts(crowd, rehearse_now):
    campaign, _ = crowd(1)
    made = [rehearse_now(campaign) for _ in range(rehearsing.KEPT + 1)]
    assert rehearsing.forget_old() == 1
    assert not RehearsedPost.objects.filter(rehearsal=made[0].pk).exists()
    left = Rehearsal.objects.order_by("pk")
    assert [each.pk for each in left] == [each.pk for each in made[1:]]
    Rehearsal.objects.filter(pk=made[-1].pk).update(
        asked_at=database_now() - rehearsing.KEPT_FOR - timedelta(days=1)
    )
    assert rehearsing.forget_old() == 1
    assert not Rehearsal.objects.filter(pk=made[-1].pk).exists()


def test_who_is_erased_is_erased_from_rehearsals_too(crowd, rehearse_now):
    from launches.erasing import erase_pledges

    campaign, pledges = crowd(2)
    rehearsal = rehearse_now(campaign)
    erase_pledges(person=pledges[0].person)
    assert [each.pledge_id for each in RehearsedPost.objects.all()] == [pledges[1].pk]
    assert say(rehearsal)["sent"] == 1


def test_a_tick_wakes_workers_while_there_is_something_to_rehearse(crowd, stage, olive):
    from launches.ticking import tick

    campaign, _ = crowd(1)
    woken = []
    tick(lambda _: None, rehearse=lambda: woken.append(1))
    assert not woken
    ask(campaign, person=olive)
    tick(lambda _: None, rehearse=lambda: woken.append(1))
    assert woken
    assert rehearse()
    woken.clear()
    tick(lambda _: None, rehearse=lambda: woken.append(1))
    assert not woken
