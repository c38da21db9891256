"""Receipts of recalled posts: nobody is sent to what is gone, each is told what became of it."""

import pytest
from post_office.models import Email

from campaigns.clock import database_now
from launches.models import Delivery, Launch
from launches.readings import Reading
from launches.recalling import recall
from launches.recalls import Deletion, Recall
from launches.receipts import queue_receipts, tell_organisers
from tests.launches.test_recall_pages import read
from tests.launches.test_recalling import networks, say, tend  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db(transaction=True)

SEE = "See the post"
STATES = ("waiting", "claimed", "deleted", "gone", "kept", "by_hand", "refused", "given_up")
IS_GONE = {"deleted", "gone"}
IS_TO_GO = {"waiting", "claimed"}


@pytest.fixture
def recalled(say, olive):  # noqa: F811
    """A post whose launch was recalled, and how its line of the ledger stands; its owner's."""

    def do(state):
        launch = say("mastodon", receipt_email="river0@example.org")
        assert recall(launch, by=olive)
        now = database_now()
        Deletion.objects.update(
            state=state,
            ended_at=None if state in IS_TO_GO else now,
            lease_until=now if state == "claimed" else None,
            tries=1,
            reason="So it is." if state in ("by_hand", "refused", "given_up") else "",
        )
        return Delivery.objects.select_related("pledge__person", "launch").get()

    return do


def receive(delivery):
    """The receipt that is only written now, as after a hold."""
    Email.objects.all().delete()
    Delivery.objects.filter(pk=delivery.pk).update(receipt_queued_at=None)
    assert queue_receipts(limit=9) == 1
    return Email.objects.get()


@pytest.mark.parametrize("state", STATES)
def test_pages_lead_to_what_is_there_and_say_what_became_of_the_rest(recalled, client, state):
    delivery = recalled(state)
    client.force_login(delivery.pledge.person)
    for url in ("/me/receipts/", f"/me/posts/{delivery.pk}/"):
        page = client.get(url)
        assert (delivery.permalink in page.content.decode()) is (state not in IS_GONE), url
        assert (SEE in read(page)) is (state not in IS_GONE), url
        assert Deletion.objects.get().owners_word in read(page)


@pytest.mark.parametrize("state", STATES)
def test_a_receipt_that_is_written_later_says_what_became_of_the_post(recalled, state):
    delivery = recalled(state)
    mail = receive(delivery)
    for text in (mail.message, mail.html_message):
        assert "were recalled" in text
        assert f"/me/posts/{delivery.pk}/" in text
        assert (delivery.permalink in text) is (state not in IS_GONE | IS_TO_GO)
        assert ("is not there any more" in text) is (state in IS_GONE)
        assert ("is to be deleted again" in text) is (state in IS_TO_GO)
        assert ("You keep yours" in text) is (state == "kept")
        assert ("So it is." in text) is (state in ("by_hand", "refused", "given_up"))
    assert mail.subject.startswith(
        "Posted, and not there any more: " if state in IS_GONE else "Posted: "
    )


def test_a_receipt_of_what_nobody_could_prove_offers_no_second_sending(say, olive):  # noqa: F811
    launch = say("mastodon", receipt_email="river0@example.org")
    Delivery.objects.update(state="unconfirmed", remote_id="", permalink="", reason="Lost.")
    assert recall(launch, by=olive)
    mail = receive(Delivery.objects.get())
    for text in (mail.message, mail.html_message):
        assert "Please look on your profile" in text
        assert "have it sent" not in text


def test_a_receipt_without_a_recall_leads_to_the_post(say):  # noqa: F811
    say("mastodon", receipt_email="river0@example.org")
    delivery = Delivery.objects.get()
    mail = receive(delivery)
    for text in (mail.message, mail.html_message):
        assert delivery.permalink in text
        assert "recalled" not in text


def test_of_two_posts_the_one_that_is_led_to_counts(recalled, client):
    delivery = recalled("refused")
    Deletion.objects.create(
        recall=Recall.objects.get(),
        delivery=delivery,
        remote_id="another",
        state="deleted",
        tries=1,
        ended_at=database_now(),
    )
    client.force_login(delivery.pledge.person)
    assert SEE in read(client.get("/me/receipts/"))
    Deletion.objects.filter(remote_id=delivery.remote_id).update(state="deleted", reason="")
    assert SEE not in read(client.get("/me/receipts/"))


def test_nobody_is_led_to_a_post_that_was_found_gone_when_it_was_read(say, client):  # noqa: F811
    say("mastodon")
    delivery = Delivery.objects.get()
    client.force_login(delivery.pledge.person)
    assert SEE in read(client.get("/me/receipts/"))
    Reading.objects.create(
        delivery=delivery,
        launch=delivery.launch,
        after_seconds=3600,
        read_at=database_now(),
        is_gone=True,
    )
    assert SEE not in read(client.get("/me/receipts/"))


def test_the_organiser_reads_of_the_recall_in_the_mail_about_the_launch(say, olive):  # noqa: F811
    launch = say("mastodon")
    assert recall(launch, by=olive)
    for is_recalled in (True, False):
        Email.objects.all().delete()
        Launch.objects.update(told_at=None)
        assert tell_organisers(limit=9) == 1
        mail = Email.objects.get()
        for text in (mail.message, mail.html_message):
            assert ("The launch was recalled" in text) is is_recalled
        Deletion.objects.all().delete()
        Recall.objects.all().delete()
