"""The evidence of a post that nobody can prove, and who may read it, and who may answer."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from launches.models import Attempt, Delivery, DeliveryState, Launch, LaunchState
from launches.receipts import queue_receipts
from launches.sending import NO_PROOF
from supporters.models import Pledge, PledgeState
from tests.making import make_campaign, make_pledge
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db

SERVER = "https://mastodon500.example"
THERE = f"{SERVER}/@sam/113000000000000007"
OWN_WORDS = "My own words stand in this one."


@pytest.fixture
def unproved(olive, sam):
    """Sam's post, three minutes after the moment: sent once, no answer, looked up in vain."""
    campaign = make_campaign(olive, launch_in=-180, state=CampaignState.LAUNCHED)
    account = make_account(sam, url=f"{SERVER}/@sam")
    pledge = make_pledge(
        campaign, account, text=OWN_WORDS, state=PledgeState.CALLED, receipt_email=sam.email
    )
    launch = Launch.objects.create(
        campaign=campaign,
        state=LaunchState.FINISHED,
        launch_at=campaign.launch_at,
        latest_at=campaign.latest_at,
        people=1,
        pledges=1,
        decided_at=campaign.launch_at,
        finished_at=database_now(),
    )
    delivery = Delivery.objects.create(
        launch=launch,
        pledge=pledge,
        account_fingerprint=account.fingerprint,
        network="mastodon",
        host="mastodon500.example",
        state=DeliveryState.UNCONFIRMED,
        text=OWN_WORDS,
        language="en",
        revision=campaign.approved,
        attempt=2,
        tries=1,
        is_uncertain=True,
        reason=NO_PROOF,
    )
    began = campaign.launch_at.replace(microsecond=0)
    for number, outcome, reason in [(1, "unknown", "The connection was cut."), (2, "absent", "")]:
        Attempt.objects.create(
            delivery=delivery,
            number=number,
            outcome=outcome,
            started_at=began + timedelta(seconds=number),
            ended_at=began + timedelta(seconds=10 * number),
            reason=reason,
        )
    return delivery


def read(client, delivery):
    answer = client.get(reverse("my_post", args=[delivery.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def press(client, delivery, button, **form):
    return client.post(reverse(f"my_post_{button}", args=[delivery.pk]), form)


def test_its_owner_reads_what_happened_to_the_second(client, sam, unproved):
    client.force_login(sam)
    page = read(client, unproved)
    assert "It was sent, and no clear answer came" in page
    assert "The connection was cut." in page
    assert "We looked, and did not find the post." in page
    assert unproved.attempts.get(number=1).started_at.strftime(":%M:%S") in page
    assert OWN_WORDS in page
    assert f'href="{SERVER}/@sam"' in page
    assert "it will stand there twice" in page
    assert f'name="attempt" value="{unproved.attempt}"' in page


def test_send_it_lets_the_engine_have_it_and_a_second_press_does_nothing(client, sam, unproved):
    client.force_login(sam)
    assert press(client, unproved, "send", attempt="2").status_code == 302
    kept = Delivery.objects.get()
    assert (kept.state, kept.attempt, kept.released_attempt) == (DeliveryState.WAITING, 3, 4)
    assert Launch.objects.get().state == LaunchState.FIRING
    page = read(client, unproved)
    assert "Its owner had it sent once more." in page
    assert "Send it</button>" not in page
    press(client, unproved, "send", attempt="2")
    assert Attempt.objects.filter(outcome="released").count() == 1


@pytest.mark.parametrize("attempt", ["", "x", "1", "99999999999999999999", "²"])
def test_a_number_that_the_page_did_not_show_sends_nothing(client, sam, unproved, attempt):
    client.force_login(sam)
    press(client, unproved, "send", attempt=attempt)
    assert Delivery.objects.get().state == DeliveryState.UNCONFIRMED


def test_it_is_there_is_kept_as_a_word_and_can_be_taken_back(client, sam, unproved):
    client.force_login(sam)
    press(client, unproved, "there", url=THERE)
    kept = Delivery.objects.get()
    assert (kept.state, kept.owner_said_url) == (DeliveryState.UNCONFIRMED, THERE)
    page = read(client, unproved)
    assert "You said that it is there" in page
    assert f'href="{THERE}"' in page
    assert "Send it</button>" not in page
    results = client.get(reverse("results_json", args=["river"])).json()
    assert (results["tally"]["unconfirmed"], results["tally"]["sent"]) == (1, 0)
    press(client, unproved, "take_back")
    assert Delivery.objects.get().owner_said_at is None


def test_an_address_is_not_needed(client, sam, unproved):
    client.force_login(sam)
    press(client, unproved, "there", url="")
    assert Delivery.objects.get().owner_said_at is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/@sam/113000000000000007",
        f"{SERVER}@evil.example/@sam/113000000000000007",
        f"{SERVER}/@sam",
        f"{SERVER}/",
        "javascript:alert(1)",
    ],
)
def test_an_address_elsewhere_is_refused_with_a_sentence(client, sam, unproved, url):
    client.force_login(sam)
    answer = press(client, unproved, "there", url=url)
    assert answer.status_code == 422
    assert Delivery.objects.get().owner_said_at is None


def test_after_the_latest_time_the_page_says_so_and_has_no_button(client, sam, unproved):
    Launch.objects.update(latest_at=database_now())
    client.force_login(sam)
    page = read(client, unproved)
    assert "The latest time that you agreed to has passed" in page
    assert "Send it</button>" not in page
    assert "It is there</button>" in page


BUTTONS = ("there", "take_back", "send")


@pytest.mark.parametrize("who", ["olive", "rae", "another"])
def test_nobody_but_its_owner_sees_the_page_or_presses_a_button(
    client, request, unproved, who, settings
):
    settings.STAFF_NEEDS_MFA = False
    person = (
        User.objects.create_user(name="Ada") if who == "another" else request.getfixturevalue(who)
    )
    client.force_login(person)
    assert client.get(reverse("my_post", args=[unproved.pk])).status_code == 404
    for button in BUTTONS:
        assert press(client, unproved, button, attempt="2").status_code == 404
    kept = Delivery.objects.get()
    assert (kept.state, kept.owner_said_at) == (DeliveryState.UNCONFIRMED, None)


def test_who_is_not_signed_in_is_asked_to(client, unproved):
    for name in ("my_post", *(f"my_post_{button}" for button in BUTTONS)):
        answer = client.post(reverse(name, args=[unproved.pk]), {"attempt": "2"})
        assert "/account/login" in answer["Location"]
    assert "/account/login" in client.get(unconfirmed_page())["Location"]
    assert Delivery.objects.get().state == DeliveryState.UNCONFIRMED


def test_the_buttons_take_no_link(client, sam, unproved):
    client.force_login(sam)
    for button in BUTTONS:
        assert client.get(reverse(f"my_post_{button}", args=[unproved.pk])).status_code == 405


def unconfirmed_page():
    return reverse("launch_unconfirmed", args=["river"])


@pytest.mark.parametrize("who", ["olive", "rae"])
def test_organiser_and_operator_read_the_evidence_alone(client, request, unproved, who, settings):
    settings.STAFF_NEEDS_MFA = False
    unproved.owner_said_at, unproved.owner_said_url = database_now(), THERE
    unproved.save()
    client.force_login(request.getfixturevalue(who))
    room = client.get(reverse("launch", args=["river"])).content.decode()
    assert unconfirmed_page() in room
    page = client.get(unconfirmed_page()).content.decode()
    assert "It was sent, and no clear answer came" in page
    assert "Its owner says that it is there." in page
    for private in ("my_post", *(f"my_post_{button}" for button in BUTTONS)):
        assert reverse(private, args=[unproved.pk]) not in page + room
    for private in (OWN_WORDS, THERE, "sam@example.org"):
        assert private not in page


@pytest.mark.parametrize("who", ["sam", "rae"])
def test_a_supporter_and_staff_without_second_factor_do_not_see_the_list(
    client, request, unproved, who
):
    client.force_login(request.getfixturevalue(who))
    assert client.get(unconfirmed_page()).status_code == 403
    room = client.get(reverse("launch", args=["river"])).content.decode()
    assert unconfirmed_page() not in room


def export(client):
    answer = client.get(reverse("launch_unconfirmed_csv", args=["river"]))
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_evidence_is_there_for_a_spreadsheet_without_what_is_the_owners(client, olive, unproved):
    Attempt.objects.filter(number=1).update(reason="=HYPERLINK(1)")
    unproved.owner_said_at, unproved.owner_said_url = database_now(), THERE
    unproved.save()
    client.force_login(olive)
    file = reverse("launch_unconfirmed_csv", args=["river"])
    assert f'href="{file}"' in client.get(unconfirmed_page()).content.decode()
    head, first, second = export(client)
    told = dict(zip(head, first, strict=True))
    assert (told["attempt"], told["outcome"]) == ("1", "unknown")
    assert told["reason"] == "'=HYPERLINK(1)"
    assert told["owner_said_at"] == unproved.owner_said_at.isoformat()
    assert second[5] == "absent"
    for private in (OWN_WORDS, THERE, "sam@example.org"):
        assert private not in str([head, first, second])


def test_post_without_an_attempt_is_a_row_of_what_is_unknown(client, olive, unproved):
    Attempt.objects.all().delete()
    client.force_login(olive)
    assert export(client)[1][1:] == ["mastodon", "", "", "", "", "", ""]


def test_a_supporter_and_staff_without_second_factor_get_no_file(client, sam, rae, unproved):
    file = reverse("launch_unconfirmed_csv", args=["river"])
    assert "/account/login" in client.get(file)["Location"]
    for person in (sam, rae):
        client.force_login(person)
        assert client.get(file).status_code == 403


def test_its_owner_finds_it_from_the_launch_room_the_pledges_and_the_receipts(
    client, sam, unproved
):
    page = reverse("my_post", args=[unproved.pk])
    client.force_login(sam)
    places = [reverse("launch", args=["river"]), reverse("my_pledges"), reverse("receipts")]
    for place in places:
        assert page in client.get(place).content.decode()
    unproved.owner_said_at = database_now()
    unproved.save()
    assert page not in client.get(places[0]).content.decode()
    pledges = client.get(places[1]).content.decode()
    assert "nobody can prove" not in pledges
    assert "You said that it is there." in pledges


def test_nobody_else_is_pointed_to_it(client, olive, unproved):
    page = reverse("my_post", args=[unproved.pk])
    assert page not in client.get(reverse("launch", args=["river"])).content.decode()
    client.force_login(olive)
    for name in ("my_pledges", "receipts"):
        assert page not in client.get(reverse(name)).content.decode()


def test_the_receipt_leads_there_in_both_parts(sam, unproved, settings):
    queue_receipts(limit=5)
    (mail,) = Email.objects.filter(to=sam.email)
    address = f"{settings.SITE_URL}{reverse('my_post', args=[unproved.pk])}"
    assert address in mail.message
    assert address in mail.html_message
    assert "You alone can settle it" in mail.message


def test_once_it_is_sent_again_its_owner_gets_another_receipt(client, sam, unproved):
    queue_receipts(limit=5)
    client.force_login(sam)
    press(client, unproved, "send", attempt="2")
    assert queue_receipts(limit=5) == 0
    Delivery.objects.update(state=DeliveryState.SENT, remote_id="7", answered_at=database_now())
    assert queue_receipts(limit=5) == 1


def test_the_operator_reads_the_attempts_in_the_admin_and_changes_nothing(
    client, rae, unproved, settings
):
    address = reverse("admin:launches_delivery_change", args=[unproved.pk])
    client.force_login(rae)
    assert client.get(address).status_code != 200  # no second factor
    settings.STAFF_NEEDS_MFA = False
    page = client.get(address).content.decode()
    assert "The connection was cut." in page
    assert 'name="_save"' not in page
    assert client.post(address, {"state": "sent"}).status_code == 403
    listed = client.get(reverse("admin:launches_delivery_changelist"), {"state": "unconfirmed"})
    assert listed.status_code == 200


def test_a_rehearsal_has_nothing_to_answer(client, sam, unproved):
    Launch.objects.update(kind="rehearsal")
    client.force_login(sam)
    assert client.get(reverse("my_post", args=[unproved.pk])).status_code == 404
    assert Campaign.objects.count() == Pledge.objects.count() == 1
