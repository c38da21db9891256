"""The launch room's page: what it asks for by itself, and what is its reader's own."""

import pytest

from launches.models import Launch
from tests.launches.watchers import pass_a_second
from tests.making import make_campaign, make_promise


@pytest.mark.django_db
def test_room_of_a_launch_under_way_asks_and_of_one_that_is_over_does_not(client, under_way):
    launch = under_way()
    page = client.get("/campaigns/river/launch/").content.decode()
    assert 'data-live="/campaigns/river/launch/live/en/"' in page
    assert 'data-mine="' not in page
    assert 'role="status"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "js/live.js" in page
    Launch.objects.filter(pk=launch.pk).update(state="finished")
    pass_a_second()
    page = client.get("/campaigns/river/launch/").content.decode()
    assert "data-live=" not in page
    assert "http-equiv" not in page
    assert "Read the results" in page


@pytest.mark.django_db
def test_room_of_a_suspended_campaign_is_its_organiser_s_and_asks_nobody(client, olive, sam):
    make_campaign(olive, state="suspended")
    room = "/campaigns/river/launch/"
    client.force_login(sam)
    assert client.get(room).status_code == 404
    client.force_login(olive)
    page = client.get(room).content.decode()
    assert "data-live=" not in page
    assert '<meta http-equiv="refresh" content="10">' in page


@pytest.mark.django_db
def test_own_part_of_the_room_is_for_who_is_signed_in(client, under_way, olive, sam):
    under_way()
    mine = "/campaigns/river/launch/mine/"
    assert "/account/login" in client.get(mine)["Location"]
    client.force_login(sam)
    page = client.get(mine)
    assert "Organiser’s controls" not in page.content.decode()
    assert 'data-wait="0"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    client.force_login(olive)
    page = client.get(mine).content.decode()
    assert "Hold the 2 that wait" in page
    assert 'data-wait="2000"' in page
    type(Launch.objects.get().campaign).objects.update(state="suspended")
    client.force_login(sam)
    assert client.get(mine).status_code == 404


@pytest.mark.django_db
def test_who_posts_by_hand_is_not_asked_for_before_there_is_anything_new(client, olive, sam):
    campaign = make_campaign(olive)
    make_promise(campaign, sam)
    client.force_login(sam)
    page = client.get("/campaigns/river/launch/mine/").content.decode()
    assert 'data-wait="0"' in page
