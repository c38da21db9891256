"""Erased means erased: nothing that names the person is left, and what stays is said."""

import hashlib
import logging
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt, AccessLog
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.mails import tell_reviewers
from campaigns.models import Campaign, CampaignState, ReviewDecision, Revision
from crowdspeak import privacy
from launches.models import Delivery, DeliveryState, Launch, LaunchState
from launches.planning import arm_launches, create_launches
from launches.results import summarise
from supporters import vault
from supporters.explaining import LinkingRefused
from supporters.mails import queue_pledged
from supporters.models import (
    AssistedPledge,
    ConfirmRequest,
    KnownServer,
    LinkedAccount,
    PendingRevocation,
    Pledge,
    PledgeState,
    Reminder,
)
from supporters.revoking import revoke_due
from supporters.servers import forget_servers
from supporters.unlinking import unlink
from tests.conftest import make_person
from tests.dumping import find_words
from tests.making import make_campaign, make_pledge, make_promise
from tests.platforms import link_by_consent

pytestmark = pytest.mark.django_db(transaction=True)
IP = "203.0.113.77"
ERASE = "/account/data/erase/"


@pytest.fixture
def xavier(networks):
    """Supports, under a name that nothing else here contains."""
    return make_person("xavier.q@example.org", "Xavier Quillfeather")


def write_lines(person, client):
    """All that can be kept of somebody besides what they lent; gives words to search for."""
    Authenticator.objects.create(user=person, type="totp", data={"secret": "totp-canary"})
    come_in(client, person)
    key = client.session.session_key
    AccessLog.objects.create(
        username=None, ip_address=IP, session_hash=hashlib.sha256(key.encode()).hexdigest()
    )
    AccessAttempt.objects.create(
        username=person.email.upper(), ip_address=IP, failures_since_start=1
    )
    LogEntry.objects.create(
        user=User.objects.get(is_superuser=True),
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(person.pk),
        object_repr=person.name,
        action_flag=CHANGE,
    )
    return [IP, "totp-canary", key]


def test_nothing_that_names_a_supporter_is_left_anywhere(
    client, networks, olive, rae, xavier, launch_now, caplog
):
    caplog.set_level(logging.DEBUG)
    account = link_by_consent(networks, xavier, "xavierq", kind="mastodon")
    unlinked = link_by_consent(networks, xavier, "xavierold", kind="bluesky")
    unlink(unlinked, person=xavier)
    mark = account.fingerprint
    key = vault.unseal_credentials(account.sealed_credentials, fingerprint=mark).access_token
    words = "Quokkas row at dawn."
    campaign = make_campaign(olive, launch_in=0.3)
    make_pledge(
        campaign, account, text=words, is_shown=True, receipt_email="xq-receipt@example.org"
    )
    make_promise(campaign, xavier, text=words)
    Reminder.objects.create(campaign=campaign, email="xavier.q@example.org")
    ConfirmRequest.objects.create(
        campaign=campaign, email="xavier.q@example.org", revision=campaign.approved, name="Xavier Q"
    )
    launch_now(campaign)
    delivery = Delivery.objects.get()
    secrets = [
        *("xavier", "quillfeather", "xq-receipt", words, key, account.sealed_credentials),
        *(delivery.permalink, delivery.remote_id, account.account_id, account.handle),
        *write_lines(xavier, client),
    ]
    before = find_words(secrets)
    assert set(before) == set(secrets) - {key}  # which is sealed
    caplog.clear()

    answer = client.post(ERASE, {"word": "Erase"})
    assert answer.status_code == 200
    assert "You are erased" in answer.content.decode()

    assert find_words(secrets) == {}
    assert find_words(secrets, text=caplog.text) == {}
    assert not User.objects.filter(pk=xavier.pk).exists()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.account_fingerprint) == (DeliveryState.SENT, mark)
    assert delivery.lag_ms is not None
    assert networks.revoke(network="mastodon", account="xavierq") == 0  # revoked before
    assert client.get(reverse("my_data"))["Location"].startswith(reverse("account_login"))


def come_in(client, person):
    """Sign in, and give the password once more."""
    client.force_login(person)
    client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})


def test_the_numbers_of_a_launch_stay_as_they_were(networks, olive, xavier, launch_now):
    campaign = make_campaign(olive, launch_in=0.3)
    make_pledge(campaign, link_by_consent(networks, xavier, "xavierq", kind="mastodon"))
    make_promise(campaign, xavier)
    launch_now(campaign)
    AssistedPledge.objects.update(reported_at=database_now())
    before = summarise(campaign).as_json()
    assert before["tally"]["sent"] == 1
    assert before["assisted"] == {"offered": 1, "reported": 1}
    privacy.erase(xavier)
    assert summarise(campaign).as_json() == before


def test_pledges_that_are_to_come_are_withdrawn_and_nothing_is_posted(
    networks, olive, sam, xavier, launch_now
):
    campaign = make_campaign(olive, launch_in=2)
    make_pledge(campaign, link_by_consent(networks, xavier, "xavierq", kind="mastodon"))
    make_pledge(campaign, link_by_consent(networks, sam, "sam", kind="mastodon"))
    make_promise(campaign, xavier)
    privacy.erase(xavier)
    launch_now(campaign)
    (post,) = networks.list_posts()
    assert post["account"].startswith("sam")
    launch = Launch.objects.get()
    assert (launch.people, launch.pledges, Delivery.objects.count()) == (1, 1, 1)
    assert not Email.objects.filter(to__contains="xavier").exists()


def test_somebody_who_comes_again_before_the_moment_is_posted_once(
    networks, olive, xavier, launch_now
):
    campaign = make_campaign(olive, launch_in=3)
    make_pledge(campaign, link_by_consent(networks, xavier, "xavierq", kind="mastodon"))
    create_launches(database_now())
    arm_launches(database_now())
    privacy.erase(xavier)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.pledge) == (DeliveryState.WITHDRAWN, None)
    again = make_person("xavier.q@example.org", "Xavier")
    pledge = make_pledge(campaign, link_by_consent(networks, again, "xavierq", kind="mastodon"))
    launch_now(campaign)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.pledge, delivery.erased_at) == ("sent", pledge, None)
    assert delivery.permalink
    assert networks.summarise() == {"posts": 1, "accounts": 1, "duplicates": 0}


def test_an_account_that_was_posted_from_is_not_posted_from_again(
    networks, olive, xavier, launch_now
):
    campaign = make_campaign(olive, launch_in=0.3)
    make_pledge(campaign, link_by_consent(networks, xavier, "xavierq", kind="mastodon"))
    launch_now(campaign)
    privacy.erase(xavier)
    again = make_person("xavier.q@example.org", "Xavier")
    make_pledge(campaign, link_by_consent(networks, again, "xavierq", kind="mastodon"))
    # As if somebody had set the launch back by hand.
    Launch.objects.update(state=LaunchState.FIRING)
    launch_now(campaign)
    assert networks.summarise()["posts"] == 1


def test_a_network_that_is_away_is_told_later_and_the_page_says_so(client, networks, xavier):
    account = link_by_consent(networks, xavier, "xavierq", kind="mastodon")
    threads = link_by_consent(networks, xavier, "xavierq", kind="threads")
    come_in(client, xavier)
    networks.set_faults({"500_before": 1, "endpoints": "all"})
    page = client.post(ERASE, {"word": "erase"}).content.decode()
    assert "go on trying for a day" in page
    assert "Website permissions" in page
    assert threads.handle in page
    row = PendingRevocation.objects.get()
    assert row.known_server_id == account.known_server_id
    networks.clear_faults()
    PendingRevocation.objects.update(due_at=database_now())
    revoke_due()
    assert networks.revoke(network="mastodon", account="xavierq") == 0
    assert not PendingRevocation.objects.exists()


def test_a_server_where_nobody_lives_any_more_is_forgotten(networks, sam, xavier):
    link_by_consent(networks, xavier, "xavierq", kind="gotosocial")
    link_by_consent(networks, sam, "sam", kind="mastodon")
    KnownServer.objects.update(checked_at=database_now() - privacy.timedelta(hours=2))
    privacy.erase(xavier)
    forget_servers()
    assert KnownServer.objects.count() == 1


def test_mails_to_an_address_of_somebody_else_stay_unless_they_are_about_this_account(
    networks, olive, sam, xavier
):
    account = link_by_consent(networks, xavier, "xavierq", kind="mastodon")
    pledge = make_pledge(make_campaign(olive), account, receipt_email="sam@example.org")
    queue_pledged([pledge])
    other = link_by_consent(networks, sam, "sam", kind="mastodon")
    queue_pledged(
        [make_pledge(pledge.campaign, other, text="Mine.", receipt_email="sam@example.org")]
    )
    privacy.erase(xavier)
    (kept,) = Email.objects.all()
    assert kept.to == ["sam@example.org"]
    assert other.handle in kept.message


# ── Organisers, reviewers, administrators ─────────────────────────────────────────────────────


@pytest.mark.parametrize("state", [CampaignState.SCHEDULED, CampaignState.SUSPENDED])
def test_an_organiser_with_a_campaign_to_come_is_told_to_cancel_it_first(client, olive, state):
    make_campaign(olive, state=state)
    come_in(client, olive)
    for page in (client.get(ERASE), client.post(ERASE, {"word": "erase"})):
        said = page.content.decode()
        assert "cancel it first" in said
        assert 'name="word"' not in said
    with pytest.raises(privacy.ErasureRefused, match="still to come"):
        privacy.erase(olive)
    olive.refresh_from_db()
    assert olive.is_active
    assert client.get(reverse("desk")).status_code == 200


def test_an_organiser_whose_launch_is_under_way_waits(olive):
    campaign = make_campaign(olive, state=CampaignState.LAUNCHED, launch_in=-1)
    Launch.objects.create(
        campaign=campaign,
        launch_at=campaign.launch_at,
        latest_at=campaign.latest_at,
        state=LaunchState.HELD,
        decided_at=database_now(),
        people=1,
        pledges=1,
    )
    with pytest.raises(privacy.ErasureRefused, match="under way"):
        privacy.erase(olive)


def test_what_was_in_public_stays_without_its_organiser_and_drafts_go(
    client, olive, rae, django_capture_on_commit_callbacks, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    olive.name = "Olive Quillfeather"
    olive.save()
    past = make_campaign(olive, launch_in=-9000, state=CampaignState.LAUNCHED, slug="past")
    newer = Revision.objects.create(campaign=past, number=2, title="Never seen", language="en")
    draft = Campaign.objects.create(organiser=olive, slug="draft")
    revision = Revision.objects.create(campaign=draft, title="Secret plans", language="en")
    revision.picture.save("plan.jpg", ContentFile(b"picture"))
    ReviewDecision.objects.create(
        revision=revision, reviewer=rae, verdict="rejected", reason="Too quillfeather."
    )
    tell_reviewers(revision)
    assert Email.objects.get().to == ["rae@example.org"]
    privacy.erase(olive)
    assert list(Campaign.objects.all()) == [past]
    assert not Revision.objects.filter(pk__in=[newer.pk, revision.pk]).exists()
    assert find_words(["quillfeather", "olive", "Secret plans", "Never seen"]) == {}
    assert not list(tmp_path.rglob("plan*"))
    olive.refresh_from_db()
    assert (str(olive), olive.is_active) == ("a person who was erased", False)
    page = client.get(past.get_absolute_url()).content.decode()
    assert "A campaign by a person who was erased" in page


def test_a_cancelled_campaign_still_tells_its_supporters(networks, olive, sam, launch_now):
    campaign = make_campaign(olive, state=CampaignState.CANCELLED)
    account = link_by_consent(networks, sam, "sam", kind="mastodon")
    make_pledge(campaign, account, receipt_email="sam@example.org")
    privacy.erase(olive)
    launch_now(campaign)
    assert Email.objects.get(to="sam@example.org")


def test_decisions_of_a_reviewer_stay_without_the_name(olive, rae, make_admin):
    make_admin("ada@example.org")
    campaign = make_campaign(olive)
    decision = ReviewDecision.objects.create(
        revision=campaign.approved, reviewer=rae, verdict="approved", reason="Good."
    )
    privacy.erase(rae)
    decision.refresh_from_db()
    assert (decision.reason, str(decision.reviewer)) == ("Good.", "a person who was erased")
    assert not decision.reviewer.is_staff
    assert find_words(["rae@"]) == {}


@pytest.fixture
def make_admin(db):
    return lambda email: make_person(email, "Ada", is_staff=True, is_superuser=True)


def test_the_last_administrator_cannot_be_erased(client, rae, make_admin):
    come_in(client, rae)
    assert "only administrator" in client.post(ERASE, {"word": "erase"}).content.decode()
    other = make_admin("ada@example.org")
    other.is_active = False
    other.save()
    with pytest.raises(privacy.ErasureRefused):
        privacy.erase(rae)
    other.is_active = True
    other.save()
    privacy.erase(rae)
    assert list(User.objects.all()) == [other]


# ── The page, the command, and going on ───────────────────────────────────────────────────────


def test_the_page_says_what_goes_and_does_nothing_by_itself(client, networks, olive, xavier):
    account = link_by_consent(networks, xavier, "xavierq", kind="mastodon")
    make_pledge(make_campaign(olive), account)
    come_in(client, xavier)
    page = client.get(ERASE).content.decode()
    assert "Your linked account: its key is deleted here" in page
    assert "One pledge that is still to come" in page
    assert "fingerprint" in page
    for word in ("", "no", "erase me"):
        assert client.post(ERASE, {"word": word}).status_code == 422
    assert Pledge.objects.get().state == PledgeState.LIVE
    assert User.objects.filter(pk=xavier.pk, is_active=True).exists()


def test_erasing_wants_the_password_once_more(client, sam):
    client.force_login(sam)
    for ask in (client.get, client.post):
        answer = ask(ERASE, {"word": "erase"})
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert User.objects.filter(pk=sam.pk).exists()


def test_who_comes_in_by_an_account_alone_can_be_erased(client, networks):
    person = User.objects.create_user(name="Kim")
    link_by_consent(networks, person, "kim", kind="mastodon")
    client.force_login(person)
    assert client.post(ERASE, {"word": "erase"}).status_code == 200
    assert not User.objects.exists()
    assert not Session.objects.exists()


def test_strangers_erase_nobody(client, sam):
    answer = client.post(ERASE, {"word": "erase"})
    assert answer["Location"].startswith(reverse("account_login"))
    assert User.objects.count() == 1


def test_a_forged_request_erases_nobody(sam):
    client = Client(enforce_csrf_checks=True)
    come_in(client, sam)
    assert client.post(ERASE, {"word": "erase"}).status_code == 403
    assert User.objects.count() == 1


def test_what_was_begun_and_cut_short_is_gone_on_with(networks, olive, xavier):
    account = link_by_consent(networks, xavier, "xavierq", kind="mastodon")
    make_pledge(make_campaign(olive), account)
    privacy.begin_erasing(xavier)
    assert privacy.erase_begun() == 0  # whoever began may still be at it
    User.objects.filter(pk=xavier.pk).update(erasing_at=database_now() - privacy.GONE_ON_WITH_AFTER)
    assert privacy.erase_begun() == 1
    assert find_words(["xavier"]) == {}
    assert networks.revoke(network="mastodon", account="xavierq") == 0


def test_nobody_is_let_in_and_nothing_links_once_it_has_begun(client, networks, xavier):
    client.force_login(xavier)
    privacy.begin_erasing(xavier)
    assert client.get(reverse("my_data")).status_code == 302
    with pytest.raises(LinkingRefused, match="not signed in"):
        link_by_consent(networks, xavier, "xavierq", kind="mastodon")
    assert not LinkedAccount.objects.exists()
    assert networks.revoke(network="mastodon", account="xavierq") == 0  # what it gave is taken back


def test_the_operator_erases_by_the_same_code(networks, olive, xavier):
    link_by_consent(networks, xavier, "xavierq", kind="threads")
    Reminder.objects.create(campaign=make_campaign(olive), email="xavier.q@example.org")
    said = StringIO()
    call_command("erase", "Xavier.Q@example.org", "--yes", stdout=said)
    assert "1 linked accounts" in said.getvalue()
    assert "Website permissions" in said.getvalue()
    assert find_words(["xavier"]) == {}


def test_the_operator_is_asked_and_refused_as_the_person_is(monkeypatch, olive, sam):
    make_campaign(olive)
    monkeypatch.setattr("builtins.input", lambda _: "no")
    with pytest.raises(CommandError, match="Nothing"):
        call_command("erase", "sam@example.org", stdout=StringIO())
    with pytest.raises(CommandError, match="cancel it first"):
        call_command("erase", "olive@example.org", "--yes", stdout=StringIO())
    assert User.objects.filter(is_active=True).count() == 2


def test_the_operator_erases_an_address_that_is_nobody_s(olive, db):
    Reminder.objects.create(campaign=make_campaign(olive), email="lou@example.org")
    call_command("erase", "lou@example.org", "--yes", stdout=StringIO())
    assert not Reminder.objects.exists()


def test_an_address_that_somebody_only_claims_erases_nobody(olive, sam):
    EmailAddress.objects.create(user=sam, email="lou@example.org", verified=False)
    call_command("erase", "lou@example.org", "--yes", stdout=StringIO())
    assert User.objects.filter(pk=sam.pk, is_active=True).exists()


def test_the_admin_deletes_nobody(client, rae, sam, settings):
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    address = reverse("admin:accounts_user_delete", args=[sam.pk])
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=sam.pk).exists()
