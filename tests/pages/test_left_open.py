"""A campaign's page that is left open notices that its launch begins."""

import pytest

from tests.launches.watchers import pass_a_second, read_part, watch
from tests.making import make_campaign
from tests.pages.showcasing import decide, lend

pytestmark = pytest.mark.django_db


def read(client):
    answer = client.get("/campaigns/river/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_open_campaign_asks_what_the_watchers_of_its_launch_ask(client, olive):
    make_campaign(olive, launch_in=600)
    page = read(client)
    assert 'data-live="/campaigns/river/launch/live/en/"' in page
    assert 'data-lead="300"' in page  # nothing before the last five minutes
    assert 'data-part="now"' in page
    assert "js/live.js" in page


@pytest.mark.parametrize("state", ["cancelled", "suspended", "draft"])
def test_campaign_that_will_not_launch_asks_nothing(client, olive, state):
    make_campaign(olive, state=state)
    client.force_login(olive)
    page = read(client)
    assert "data-live=" not in page
    assert "js/live.js" not in page


def test_it_is_led_to_the_launch_and_then_to_the_results(client, olive):
    campaign = make_campaign(olive, launch_in=-5)
    launch = decide(campaign, "firing", pledges=[lend(campaign)], outcomes=["planned"])
    answer = watch(client).content.decode()
    assert 'data-begun="true"' in answer
    assert "Watch the launch" in read_part(answer, "now")
    type(launch).objects.update(state="finished")
    pass_a_second()
    assert "Read the results" in read_part(watch(client).content.decode(), "now")


def test_before_the_moment_it_is_told_nothing(client, olive):
    make_campaign(olive, launch_in=30)
    assert not read_part(watch(client).content.decode(), "now")
