"""The launch room, results and receipts, as their readers get them."""

import json

import pytest

from launches.models import Delivery
from tests.making import make_campaign

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def finished(crowd, launch_now, networks):
    """A finished launch: two sent, one failed; the first supporter is shown."""
    campaign, pledges = crowd(3, launch_in=0.1)
    type(pledges[0]).objects.filter(pk__in=[pledges[0].pk, pledges[2].pk]).update(is_shown=True)
    networks.revoke(network="mastodon", account="voice2")
    launch_now(campaign)
    return campaign, pledges


def read(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def test_results_for_machines_are_one_line_that_adds_up(client, finished):
    text = read(client, "/campaigns/river/results.json")
    assert "\n" not in text
    results = json.loads(text)
    assert set(results) == {
        "state",
        "launch_at",
        "pledges",
        "threshold",
        "tally",
        "first_lag_ms",
        "last_lag_ms",
        "assisted",
        "numbers",
        "clicks",
        "recall",
    }
    assert results["state"] == "finished"
    assert sum(results["tally"].values()) == results["pledges"] == 3
    assert results["tally"]["sent"] == 2
    assert 0 <= results["first_lag_ms"] <= results["last_lag_ms"]


def test_results_before_the_launch_count_the_pledges(client, crowd):
    crowd(2, launch_in=3600)
    results = json.loads(read(client, "/campaigns/river/results.json"))
    assert (results["state"], results["pledges"]) == ("scheduled", 2)
    assert sum(results["tally"].values()) == 2
    assert results["first_lag_ms"] is None


def test_anybody_reads_the_results_but_not_the_reasons(client, finished):
    page = read(client, "/campaigns/river/results/")
    assert "2 voices" in page
    assert "What did not go out, and why" not in page
    assert Delivery.objects.get(state="failed").sentence not in page


def test_the_organiser_reads_every_reason(client, finished, olive):
    client.force_login(olive)
    page = read(client, "/campaigns/river/results/")
    assert "What did not go out, and why" in page
    assert "@voice2@" in page


def test_only_who_agreed_is_shown(client, finished):
    page = read(client, "/campaigns/river/results/")
    assert "@voice0@" in page
    assert "@voice1@" not in page


def test_results_before_the_decision_lead_to_the_room(client, olive):
    make_campaign(olive, launch_in=3600)
    answer = client.get("/campaigns/river/results/")
    assert answer["Location"] == "/campaigns/river/launch/"


@pytest.mark.parametrize("page", ["launch/", "results/", "results.json"])
def test_a_campaign_that_is_not_public_has_no_room(client, olive, sam, page):
    make_campaign(olive, state="suspended")
    client.force_login(sam)
    read(client, f"/campaigns/river/{page}", status=404)


def test_receipts_are_their_owner_s_alone(client, finished, sam):
    _, pledges = finished
    assert "/account/login" in client.get("/me/receipts/")["Location"]
    client.force_login(sam)
    assert "No receipts yet" in read(client, "/me/receipts/")
    client.force_login(pledges[0].person)
    page = read(client, "/me/receipts/")
    assert "@voice0@" in page
    assert Delivery.objects.get(pledge=pledges[0]).permalink in page
    assert "@voice1@" not in page


def test_a_token_is_on_no_page_and_in_no_row(client, finished, olive):
    from django.apps import apps

    from supporters import tokens
    from supporters.models import LinkedAccount

    secrets = [
        tokens.read_credentials(each).access_token
        for each in LinkedAccount.objects.filter(state="linked")
    ]
    client.force_login(olive)
    pages = [read(client, f"/campaigns/river/{page}") for page in ("launch/", "results/")]
    rows = [str(list(model.objects.values())) for model in apps.get_models()]
    for secret in secrets:
        assert not [text for text in (*pages, *rows) if secret in text]
