"""/metrics: who may read it, that its numbers are those of the rows, and that they stay few."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from post_office.models import STATUS, Email
from prometheus_client.parser import text_string_to_metric_families

from campaigns.clock import database_now
from campaigns.mailing import queue_mail
from campaigns.models import Campaign
from crowdspeak.checks import check_metrics_token
from launches import breaking, stopping
from launches.deleting import delete_posts
from launches.models import Delivery, Launch
from launches.pauses import Heartbeat, NetworkPause
from launches.recalling import recall
from launches.recalls import Deletion
from supporters.models import AccountState, LinkedAccount, PendingRevocation
from tests.making import link_mastodon, make_campaign, make_pledge

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-token-for-the-metrics-of-a-test"
QUERIES_MOST = 15


@pytest.fixture
def shown(settings):
    settings.METRICS_TOKEN = TOKEN


def ask(client, token=TOKEN, **headers):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}", **headers})


def read(client):
    """Every sample by name and labels: ("crowdspeak_launches", "firing") → 1.0."""
    text = ask(client).content.decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def finished(networks, olive, launch_now, shown):
    """A launch of three posts that is over; gives its deliveries, the first answered first."""
    from accounts.models import User

    campaign = make_campaign(olive, launch_in=0.3)
    for number in range(3):
        account = link_mastodon(networks, User.objects.create_user(name="v"), f"voice{number}")
        make_pledge(campaign, account)
    launch_now(campaign)
    return list(Delivery.objects.order_by("answered_at"))


def test_there_is_no_such_page_unless_the_operator_wants_it(client, settings):
    assert settings.METRICS_TOKEN == ""
    assert ask(client, token="").status_code == 404
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize("token", ["short", "change-me-change-me-change-me"])
def test_a_token_for_metrics_that_can_be_guessed_stops_the_start(settings, token):
    settings.METRICS_TOKEN = token
    assert [each.id for each in check_metrics_token()] == ["crowdspeak.E006"]
    settings.METRICS_TOKEN = ""
    assert check_metrics_token() == []


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
def test_without_the_token_nobody_reads_it(client, shown, rae, header):
    client.force_login(rae)
    answer = client.get("/metrics", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert b"crowdspeak_" not in answer.content


def test_a_site_on_which_nothing_was_has_numbers_and_no_made_up_ages(client, shown):
    found = read(client)
    assert found["crowdspeak_launches", "firing"] == 0
    assert found["crowdspeak_mails_waiting",] == 0
    assert found["crowdspeak_posts_per_second",] == 0
    names = {name for name, *_ in found}
    for none in ("scheduler_age", "oldest_unknown", "oldest_waiting_mail", "launch_overdue"):
        assert f"crowdspeak_{none}_seconds" not in names
    assert "crowdspeak_latest_launch_lag_seconds" not in names


def test_it_speaks_both_of_prometheus_formats(client, shown):
    assert ask(client).headers["Content-Type"].startswith("text/plain; version=")
    openmetrics = ask(client, Accept="application/openmetrics-text; version=1.0.0")
    assert openmetrics.headers["Content-Type"].startswith("application/openmetrics-text")
    assert openmetrics.content.endswith(b"# EOF\n")


def test_it_is_scraped_by_whatever_address_and_guarded_all_the_same(client, shown, settings):
    settings.ALLOWED_HOSTS = ["speak.example.org"]
    assert ask(client, Host="10.1.2.3:8000").status_code == 200
    assert ask(client, token="another", Host="10.1.2.3:8000").status_code == 401


def test_it_knows_nobody_and_is_not_kept(client, shown, rae):
    client.force_login(rae)
    answer = ask(client)
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies


def test_launches_and_deliveries_are_counted_by_state(client, finished):
    found = read(client)
    assert found["crowdspeak_launches", "finished"] == 1
    assert found["crowdspeak_deliveries_last_day", "mastodon", "sent"] == 3
    assert found["crowdspeak_deliveries_last_day", "mastodon", "failed"] == 0
    assert ("crowdspeak_deliveries_under_way", "mastodon", "sent") not in found
    assert found["crowdspeak_posts_per_second",] == pytest.approx(3 / 60)
    Launch.objects.update(state="held")
    assert read(client)["crowdspeak_deliveries_under_way", "mastodon", "sent"] == 3


def test_what_is_over_for_a_day_is_no_longer_counted_but_what_goes_on_is(client, finished):
    Launch.objects.update(launch_at=database_now() - timedelta(hours=25))
    assert ("crowdspeak_deliveries_last_day", "mastodon", "sent") not in read(client)
    Launch.objects.update(state="firing")
    assert read(client)["crowdspeak_deliveries_last_day", "mastodon", "sent"] == 3


def test_the_rate_is_of_the_last_minute(client, finished):
    Delivery.objects.filter(pk=finished[0].pk).update(
        answered_at=database_now() - timedelta(seconds=61)
    )
    assert read(client)["crowdspeak_posts_per_second",] == pytest.approx(2 / 60)


def test_the_lag_is_of_the_latest_launch_first_median_last(client, finished):
    moment = Launch.objects.get().launch_at
    for delivery, seconds in zip(finished, (0.25, 1.5, 7), strict=True):
        Delivery.objects.filter(pk=delivery.pk).update(
            answered_at=moment + timedelta(seconds=seconds)
        )
    found = read(client)
    lags = [
        found["crowdspeak_latest_launch_lag_seconds", post] for post in ("first", "median", "last")
    ]
    assert lags == pytest.approx([0.25, 1.5, 7])


def test_the_lag_of_a_launch_that_is_long_over_alarms_nobody(client, finished):
    Launch.objects.update(launch_at=database_now() - timedelta(hours=25))
    assert not [name for name, *_ in read(client) if name == "crowdspeak_latest_launch_lag_seconds"]


def test_the_oldest_unknown_is_as_old_as_its_first_attempt(client, finished):
    for delivery, minutes in zip(finished, (1, 9), strict=False):
        Delivery.objects.filter(pk=delivery.pk).update(
            state="unknown", first_tried_at=database_now() - timedelta(minutes=minutes)
        )
    assert read(client)["crowdspeak_oldest_unknown_seconds",] == pytest.approx(540, abs=30)


def test_a_scheduler_that_stands_still_grows_old(client, shown):
    Heartbeat.objects.create(name="tick", beat_at=database_now() - timedelta(seconds=90))
    assert read(client)["crowdspeak_scheduler_age_seconds",] == pytest.approx(90, abs=20)


def test_a_launch_that_nobody_begins_is_overdue_even_without_a_scheduler(client, shown, olive):
    make_campaign(olive, launch_in=-40, slug="due")
    make_campaign(olive, launch_in=-400, slug="kept", state="suspended")
    coming = make_campaign(olive, launch_in=900, slug="coming")
    found = read(client)
    assert found["crowdspeak_launch_overdue_seconds",] == pytest.approx(40, abs=20)
    moment = found["crowdspeak_next_launch_timestamp_seconds",]
    assert moment == pytest.approx(coming.launch_at.timestamp(), abs=0.01)


def test_mails_that_wait_are_counted_with_the_age_of_the_oldest(client, shown, olive):
    facts = {"campaign": make_campaign(olive), "revision": None, "pledges": []}
    now = database_now()
    for minutes, status, ends in (
        (3, STATUS.queued, None),
        (7, STATUS.requeued, now + timedelta(days=1)),
        (60, STATUS.sent, None),
        (90, STATUS.queued, now - timedelta(minutes=5)),  # which is not sent any more
    ):
        mail = queue_mail(
            "s@example.org", person=olive, template="changed", language="en", context=facts
        )
        Email.objects.filter(pk=mail.pk).update(
            created=now - timedelta(minutes=minutes), status=status, expires_at=ends
        )
    found = read(client)
    assert found["crowdspeak_mails_waiting",] == 2
    assert found["crowdspeak_oldest_waiting_mail_seconds",] == pytest.approx(420, abs=20)


def test_paused_networks_are_told_from_the_others(client, shown):
    ends = database_now() + timedelta(minutes=5)
    NetworkPause.objects.create(network="bluesky", until=ends, reason="-")
    NetworkPause.objects.create(network="mastodon", until=ends - timedelta(hours=1), reason="-")
    found = read(client)
    assert found["crowdspeak_network_paused", "bluesky"] == 1
    assert found["crowdspeak_network_paused", "mastodon"] == 0


def test_servers_that_do_not_answer_and_a_pause_of_everything_are_seen(client, shown):
    found = read(client)
    assert found["crowdspeak_silent_hosts",] == found["crowdspeak_launches_paused",] == 0
    breaking.give_up("a.example", now=database_now(), probed=False)
    stopping.pause(reason="The cellar is under water.")
    found = read(client)
    assert found["crowdspeak_silent_hosts",] == found["crowdspeak_launches_paused",] == 1


def test_recalled_posts_that_are_still_there_are_counted_and_their_age_is_told(
    client, finished, olive
):
    found = read(client)
    assert found["crowdspeak_deletions_waiting",] == 0
    assert ("crowdspeak_oldest_deletion_seconds",) not in found
    recall(Launch.objects.get(), by=olive)
    Deletion.objects.update(noted_at=database_now() - timedelta(minutes=10))
    found = read(client)
    assert found["crowdspeak_deletions_waiting",] == 3
    assert 600 <= found["crowdspeak_oldest_deletion_seconds",] < 700
    delete_posts()
    assert read(client)["crowdspeak_deletions_waiting",] == 0


def test_revocations_and_accounts_to_renew_are_counted(client, shown, networks, sam, olive):
    account = link_mastodon(networks, sam, "sam")
    near = make_campaign(olive, launch_in=3600)
    make_pledge(near, account)
    make_pledge(make_campaign(olive, launch_in=7200, slug="second"), account)
    assert read(client)["crowdspeak_accounts_to_renew",] == 0
    LinkedAccount.objects.update(state=AccountState.NEEDS_RELINK)
    PendingRevocation.objects.create(
        known_server=account.known_server,
        fingerprint="x",
        sealed_credentials="x",
        due_at=database_now(),
    )
    found = read(client)
    assert found["crowdspeak_accounts_to_renew",] == 1  # lent twice, and one account
    assert found["crowdspeak_pending_revocations",] == 1
    far = database_now() + timedelta(days=9)
    Campaign.objects.update(launch_at=far, latest_at=far + timedelta(minutes=45))
    assert read(client)["crowdspeak_accounts_to_renew",] == 0


def test_a_scrape_takes_few_queries_and_names_no_campaign(
    client, finished, olive, django_assert_max_num_queries
):
    for number in range(30):
        make_campaign(olive, slug=f"many-{number}")
    with django_assert_max_num_queries(QUERIES_MOST):
        answer = ask(client)
    text = answer.content.decode()
    assert "many-" not in text
    assert "river" not in text
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(samples) < 80


def test_a_database_that_is_away_is_no_error_of_each_scrape(client, shown, monkeypatch, caplog):
    from django.db import OperationalError

    def fail():
        raise OperationalError("gone")

    monkeypatch.setattr("crowdspeak.metrics.read_gauges", fail)
    assert ask(client).status_code == 503
    assert not caplog.records


def test_every_name_in_the_sample_alerts_is_one_that_is_scraped(client, shown):
    text = ask(client).content.decode()
    told = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    rules = yaml.safe_load((ROOT / "docs/prometheus/alerts.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert alerts
    for rule in alerts:
        used = set(re.findall(r"crowdspeak_\w+", rule["expr"]))
        assert used <= told
        assert rule["annotations"]["summary"]
    documented = (ROOT / "docs/operating.md").read_text()
    assert [name for name in told if name not in documented] == []
