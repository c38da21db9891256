"""The pages of a recall: what its organiser reads before, everybody during, each owner after."""

import csv
import html
import re

import pytest
from django.test import Client

from launches.deleting import delete_posts
from launches.keeping import keep_post
from launches.models import Delivery
from launches.recalling import recall
from launches.recalls import Deletion, Recall
from supporters.models import Pledge
from tests.launches.recalled import count_states, recall_now
from tests.launches.test_recalling import networks, say, tend  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db(transaction=True)

RECALL = "/campaigns/river/launch/recall/"
ROOM = "/campaigns/river/launch/"
RESULTS = "/campaigns/river/results/"


def read(page):
    """The words of a page, without its tags."""
    text = re.sub(r"<[^>]+>", " ", page.content.decode())
    return " ".join(html.unescape(text).split())


def test_page_says_what_would_happen_and_changes_nothing(say, client, olive):  # noqa: F811
    launch = say("mastodon", "mastodon", "gotosocial")
    kept, untold, _ = launch.deliveries.order_by("pk")
    keep_post(kept, person=kept.pledge.person)
    Pledge.objects.filter(pk=untold.pledge_id).update(told_of_recall=False)
    client.force_login(olive)
    assert RECALL in client.get(ROOM).content.decode()
    page = client.get(RECALL)
    assert page.status_code == 200
    said = read(page)
    assert "1 post is deleted" in said
    assert "1: its owner keeps it." in said
    assert "did not say yet that a post can be deleted again" in said
    assert "cannot be undone" in said
    assert not Recall.objects.exists()


def test_post_with_a_tick_recalls_and_leads_to_the_room(say, client, olive):  # noqa: F811
    launch = say("mastodon", "mastodon")
    client.force_login(olive)
    refused = client.post(RECALL, {"why": "A wrong link."})
    assert refused.status_code == 422
    assert "Tick this to go on" in read(refused)
    assert not Recall.objects.exists()
    done = client.post(RECALL, {"why": "A wrong link.", "sure": "on"})
    assert done["Location"] == ROOM
    made = Recall.objects.get()
    assert (made.launch, made.asked_by, made.why) == (launch, olive, "A wrong link.")
    room = client.get(ROOM)
    assert "0 so far, 2 still to go" in read(room)
    assert "data-live=" in room.content.decode()
    delete_posts()
    tend(launch)
    room = client.get(ROOM)
    assert "Of 2 posts 2 were deleted again." in read(room)
    assert "data-live=" not in room.content.decode()
    assert f'href="{RECALL}"' not in room.content.decode()
    again = client.post(RECALL, {"sure": "on"}, follow=True)
    assert "nothing to recall" in read(again)
    assert Recall.objects.count() == 1


def test_only_organiser_and_admins_come_to_the_page(say, client, sam, rae, settings):  # noqa: F811
    say("mastodon")
    for method in (client.get, client.post):
        assert "/account/login" in method(RECALL, {"sure": "on"})["Location"]
    for person in (sam, rae):  # her second factor is missing
        client.force_login(person)
        assert client.get(RECALL).status_code == 403
        assert client.post(RECALL, {"sure": "on"}).status_code == 403
        assert RECALL not in client.get(ROOM).content.decode()
    assert not Recall.objects.exists()
    settings.STAFF_NEEDS_MFA = False
    assert client.post(RECALL, {"sure": "on"})["Location"] == ROOM
    assert Recall.objects.get().asked_by == rae


def test_what_would_happen_is_there_for_a_spreadsheet(say, client, olive, sam, rae):  # noqa: F811
    launch = say("mastodon", "mastodon", "gotosocial")
    kept, untold, _ = launch.deliveries.order_by("pk")
    keep_post(kept, person=kept.pledge.person)
    Pledge.objects.filter(pk=untold.pledge_id).update(told_of_recall=False)
    file = f"{RECALL}foreseen.csv"
    assert "/account/login" in client.get(file)["Location"]
    for person in (sam, rae):  # her second factor is missing
        client.force_login(person)
        assert client.get(file).status_code == 403
    client.force_login(olive)
    assert f'href="{file}"' in client.get(RECALL).content.decode()
    answer = client.get(file)
    rows = list(csv.reader(b"".join(answer.streaming_content).decode().splitlines()))
    assert rows[0] == ["network", "posts", "deleted", "stay", "reason"]
    assert rows[1] == ["Mastodon", "3", "1", "2", ""]
    assert rows[2][:4] == ["Mastodon", "", "", "1"]
    assert "did not say yet" in rows[2][4]
    recall(launch, by=olive, why="A wrong link.")
    assert client.get(file).status_code == 404
    assert f'href="{RESULTS}recalled.csv"' in client.get(ROOM).content.decode()


def test_a_form_of_another_site_recalls_nothing(say, olive):  # noqa: F811
    say("mastodon")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(olive)
    assert strict.post(RECALL, {"sure": "on"}).status_code == 403
    assert not Recall.objects.exists()


def test_everybody_reads_on_the_results_what_became_of_the_posts(say, client, olive):  # noqa: F811
    launch = say("mastodon", "mastodon", "mastodon")
    Pledge.objects.update(is_shown=True)
    kept = launch.deliveries.earliest("pk")
    keep_post(kept, person=kept.pledge.person)
    assert client.get("/campaigns/river/results.json").json()["recall"] is None
    assert client.get(RESULTS).content.decode().count(">see the post</a>") == 3
    recall(launch, by=olive, why="A wrong link.")
    delete_posts()
    tend(launch)
    page = client.get(RESULTS)
    assert "Of 3 posts 2 were deleted again." in read(page)
    assert "3 voices." in read(page)  # that they were posted stays true
    assert "Of 3 posts 2 were deleted again." in read(client.get("/campaigns/river/"))
    assert page.content.decode().count(">see the post</a>") == 1
    told = client.get("/campaigns/river/results.json").json()
    assert told["tally"]["sent"] == 3
    assert (told["recall"]["tally"]["deleted"], told["recall"]["tally"]["kept"]) == (2, 1)
    assert sum(told["recall"]["tally"].values()) == 3
    assert told["recall"]["finished_at"] is not None
    for address in (RESULTS, ROOM):
        assert "A wrong link." not in client.get(address).content.decode()


def test_owner_reads_what_became_of_their_post_and_why(say, client, olive):  # noqa: F811
    launch = say("mastodon")
    delivery = launch.deliveries.get()
    recall(launch, by=olive, why="A wrong link.")
    delete_posts()
    client.force_login(delivery.pledge.person)
    post = read(client.get(f"/me/posts/{delivery.pk}/"))
    assert "the posts of this campaign were recalled" in post
    assert "A wrong link." in post
    assert "Deleted again" in post
    assert "Keep my post" not in post
    assert "See the post" not in post
    assert "Deleted again" in read(client.get("/me/receipts/"))
    assert "Deleted again" in read(client.get("/me/pledges/"))


def test_owner_keeps_their_post_by_a_button_and_nobody_elses(say, client, sam, olive):  # noqa: F811
    launch = say("mastodon")
    delivery = launch.deliveries.get()
    keep, stop = (f"/me/posts/{delivery.pk}/{name}/" for name in ("keep", "stop-keeping"))
    assert "/account/login" in client.post(keep)["Location"]
    for stranger in (sam, olive):
        client.force_login(stranger)
        assert client.post(keep).status_code == 404
        assert client.post(stop).status_code == 404
    client.force_login(delivery.pledge.person)
    assert client.get(keep).status_code == 405
    assert "Keep my post" in read(client.get(f"/me/posts/{delivery.pk}/"))
    assert "Your post stays." in read(client.post(keep, follow=True))
    assert "Keep my post" in read(client.post(stop, follow=True))
    client.post(keep)
    recall_now(launch, by=olive)
    assert count_states() == {"kept": 1}
    page = read(client.post(stop, follow=True))
    assert "You keep it" in page
    assert "Delete it there by hand" in page
    assert Delivery.objects.get().kept_at is not None


def test_owner_is_told_where_to_delete_what_this_site_cannot(say, client, olive):  # noqa: F811
    launch = say("mastodon")
    delivery = launch.deliveries.get()
    Pledge.objects.update(told_of_recall=False)
    recall_now(launch, by=olive)
    client.force_login(delivery.pledge.person)
    page = client.get(f"/me/posts/{delivery.pk}/")
    assert "Only you can delete it" in read(page)
    assert "delete it there by hand" in read(page)
    assert delivery.permalink in page.content.decode()


def test_admin_reads_recalls_and_their_lines_and_changes_none(say, client, olive, rae, settings):  # noqa: F811
    launch = say("mastodon")
    recall_now(launch, by=olive)
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    line = Deletion.objects.get()
    assert client.get("/admin/launches/recall/").status_code == 200
    assert "Deleted again" in read(client.get("/admin/launches/deletion/"))
    assert client.get(f"/admin/launches/deletion/{line.pk}/change/").status_code == 200
    assert client.get("/admin/launches/recall/add/").status_code == 403
    assert client.post(f"/admin/launches/deletion/{line.pk}/delete/").status_code == 403


def test_organiser_reads_of_each_post_what_became_of_it_and_why(say, client, sam, olive):  # noqa: F811
    launch = say("mastodon", "gotosocial")
    address = f"{RECALL}posts"
    client.force_login(olive)
    assert client.get(f"{address}/").status_code == 404
    Pledge.objects.filter(network="mastodon", account__handle__startswith="@river0").update(
        told_of_recall=False
    )
    recall_now(launch, by=olive)
    assert f"{address}/" in client.get(ROOM).content.decode()
    said = read(client.get(f"{address}/"))
    assert "Deleted again" in said
    assert "did not say yet that a post can be deleted again" in said
    table = client.get(f"{address}.csv")
    assert table["Content-Disposition"] == 'attachment; filename="recall-river.csv"'
    rows = list(csv.DictReader(b"".join(table.streaming_content).decode().splitlines()))
    assert [row["state"] for row in rows] == ["by_hand", "deleted"]
    assert rows[0]["account"].startswith("'@river0")  # no formula
    assert rows[0]["address"] == launch.deliveries.earliest("pk").permalink
    client.force_login(sam)
    for ending in ("/", ".csv"):
        assert client.get(f"{address}{ending}").status_code == 403
    assert f"{address}/" not in client.get(ROOM).content.decode()
