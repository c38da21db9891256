"""The organiser's page of a rehearsal."""

import csv
import io

import pytest

from launches.rehearsal_runs import rehearse
from launches.rehearsal_tabling import TABLES
from launches.rehearsals import Rehearsal
from supporters.models import Pledge
from tests.making import make_campaign

pytest_plugins = ["tests.launches.rehearsal_stage"]
pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/campaigns/river/rehearsal/"


def read(client, path=PAGE, status=200, **headers):
    answer = client.get(path, headers=headers or None)
    assert answer.status_code == status
    return answer.content.decode()


def test_the_organiser_rehearses_and_reads_what_came_of_it(client, crowd, stage, olive):
    campaign, pledges = crowd(3)
    Pledge.objects.filter(pk=pledges[0].pk).update(is_shown=True, text="Voice zero's own words")
    client.force_login(olive)
    assert "Rehearse the launch" in read(client)
    assert client.post(PAGE + "begin/").status_code == 302
    page = read(client)
    assert "It begins in a moment." in page
    assert "Stop the rehearsal" in page
    refreshes = '<noscript><meta http-equiv="refresh"'
    assert refreshes in page
    assert rehearse()
    page = read(client)
    assert refreshes not in page
    assert "So it would go." in page
    assert "Posts a second: " in page
    assert "Nothing leaves this machine." in page
    assert "Voice zero&#x27;s own words" in page
    assert "@voice0@" in page
    assert "@voice1@" not in page
    assert page.count("A supporter") == 2
    assert "Rehearse the launch once more" in page


def test_the_page_comes_whole_or_its_inside_alone(client, crowd, stage, olive):
    crowd(1)
    client.force_login(olive)
    client.post(PAGE + "begin/")
    part = read(client, **{"HX-Request": "true"})
    assert part.lstrip().startswith('<div id="rehearsal"')
    assert 'hx-trigger="every 1s"' in part
    assert rehearse()
    answer = client.get(PAGE, headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"


def test_it_can_be_stopped(client, crowd, stage, olive):
    crowd(1)
    client.force_login(olive)
    client.post(PAGE + "begin/")
    page = client.post(PAGE + "stop/", follow=True).content.decode()
    assert "It was stopped by hand." in page
    assert Rehearsal.objects.get().state == "stopped"
    assert not rehearse()


def test_nobody_else_sees_begins_or_stops_it(client, crowd, stage, olive, sam):
    from launches.rehearsing import ask

    campaign, _ = crowd(1)
    rehearsal = ask(campaign, person=olive)
    for path, method in (("", "get"), ("begin/", "post"), ("stop/", "post")):
        client.logout()
        assert getattr(client, method)(PAGE + path).status_code == 302
        client.force_login(sam)
        assert getattr(client, method)(PAGE + path).status_code == 403
    rehearsal.refresh_from_db()
    assert rehearsal.state == "asked"
    assert Rehearsal.objects.count() == 1


def test_without_a_simulator_the_page_says_what_to_do(client, crowd, olive):
    crowd(1)
    client.force_login(olive)
    page = read(client)
    assert "REHEARSAL_URL" in page
    assert "begin/" not in page
    assert "rehearsal/" not in read(client, "/desk/")
    refused = client.post(PAGE + "begin/", follow=True).content.decode()
    assert "switched off" in refused
    assert not Rehearsal.objects.exists()


def test_the_desk_leads_there(client, crowd, stage, olive):
    crowd(1)
    client.force_login(olive)
    assert PAGE in read(client, "/desk/")


def test_the_launch_room_leads_there_for_who_steers_the_launch(
    client, crowd, stage, rae, sam, settings
):
    settings.STAFF_NEEDS_MFA = False
    crowd(1)
    room = "/campaigns/river/launch/"
    assert PAGE not in read(client, room)
    client.force_login(sam)
    assert PAGE not in read(client, room)
    client.force_login(rae)
    assert PAGE in read(client, room)


def test_who_withdrew_since_is_not_shown(client, crowd, rehearse_now, olive):
    campaign, pledges = crowd(2)
    Pledge.objects.filter(pk=pledges[0].pk).update(text="These words are withdrawn")
    rehearse_now(campaign)
    client.force_login(olive)
    assert "These words are withdrawn" in read(client)
    Pledge.objects.filter(pk=pledges[0].pk).update(state="withdrawn")
    assert "These words are withdrawn" not in read(client)


def test_below_the_threshold_the_page_says_what_the_launch_would_do(
    client, crowd, rehearse_now, olive
):
    campaign, _ = crowd(2, threshold=50)
    rehearse_now(campaign)
    client.force_login(olive)
    assert "(2 of 50)" in read(client)


def test_what_fails_is_told_once_for_each_reason(client, crowd, rehearse_now, olive):
    campaign, pledges = crowd(3)
    Pledge.objects.filter(pk__in=[pledges[0].pk, pledges[1].pk]).update(text="x" * 700)
    rehearse_now(campaign)
    client.force_login(olive)
    page = read(client)
    assert "What would not go out, and why" in page
    assert page.count("These words are too long") == 3  # once in the list, once at each text


def test_an_admin_may_rehearse_any_campaign(client, crowd, stage, rae, settings):
    settings.STAFF_NEEDS_MFA = False
    crowd(1)
    client.force_login(rae)
    assert client.post(PAGE + "begin/").status_code == 302
    assert Rehearsal.objects.get().asked_by == rae


def test_a_draft_has_nothing_to_rehearse(client, olive, stage):
    make_campaign(olive, state="draft")
    client.force_login(olive)
    assert "validated" in read(client)


def export(client, table, status=200):
    answer = client.get(f"{PAGE}{table}.csv")
    assert answer.status_code == status
    if status != 200:
        return None
    assert f"river-rehearsal-{table}.csv" in answer["Content-Disposition"]
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_its_tables_are_there_for_a_spreadsheet(client, crowd, rehearse_now, olive):
    campaign, pledges = crowd(2)
    Pledge.objects.filter(pk=pledges[0].pk).update(is_shown=True, text="=HYPERLINK(1)")
    Pledge.objects.filter(pk=pledges[1].pk).update(text="x" * 700)
    client.force_login(olive)
    assert export(client, "networks") == [
        ["network", "sent", "waiting", "not_sent", "not_confirmed"]
    ]
    rehearse_now(campaign)
    rehearse_now(campaign)
    page = read(client)
    for table in TABLES:
        assert f'href="{PAGE}{table}.csv"' in page
    assert export(client, "networks")[1:] == [["mastodon", "1", "0", "1", "0"]]
    assert sum(int(row[1]) for row in export(client, "seconds")[1:]) == 1
    shown, unshown = export(client, "posts")[1:]
    assert shown[0].startswith("'@voice0@")
    assert shown[4] == "'=HYPERLINK(1)"
    assert (unshown[0], unshown[2]) == ("", "failed")
    assert "too long" in unshown[3]
    assert [row[1:4] for row in export(client, "rehearsals")[1:]] == [["finished", "1", "2"]] * 2


def test_rehearsal_nothing_came_of_has_no_pace_rather_than_0(client, crowd, stage, olive):
    campaign, _ = crowd(1)
    client.force_login(olive)
    client.post(PAGE + "begin/")
    assert export(client, "rehearsals")[1][1:] == ["asked", "0", "0", ""]
    assert export(client, "posts") == [["account", "network", "state", "reason", "words"]]


@pytest.mark.parametrize("table", TABLES)
def test_its_tables_are_for_who_sees_the_page(client, crowd, stage, olive, sam, rae, table):
    crowd(1)
    assert "/account/login" in client.get(f"{PAGE}{table}.csv")["Location"]
    for person in (sam, rae):  # her second factor is missing
        client.force_login(person)
        export(client, table, status=403)
    client.force_login(olive)
    export(client, table)
    export(client, "passwords", status=404)
    assert client.post(f"{PAGE}{table}.csv").status_code == 405
