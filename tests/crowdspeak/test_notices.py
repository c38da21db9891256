"""Networks that tell by themselves: an account was removed there, or is to be erased."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from launches.models import Delivery
from supporters.confirming import confirm
from supporters.linking import begin_linking, finish_linking
from supporters.models import (
    AccountState,
    AssistedPledge,
    ErasureRequest,
    LinkedAccount,
    PendingRevocation,
    Pledge,
    PledgeState,
)
from supporters.unlinking import unlink
from tests.dumping import find_words
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent
from tests.supporters.test_confirming import ask

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "simulated-threads-secret"


def encode(raw):
    return urlsafe_b64encode(raw).decode().rstrip("=")


def sign(user_id, *, secret=SECRET, at=None, **more):
    """A notice as Meta signs it."""
    issued_at = int((at or database_now()).timestamp())
    content = {"user_id": user_id, "algorithm": "HMAC-SHA256", "issued_at": issued_at, **more}
    payload = encode(json.dumps(content).encode())
    digest = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    return f"{encode(digest)}.{payload}"


def tell(what, signed, *, network="threads"):
    """What Meta does, which has neither cookie nor token."""
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/link/{network}/{what}/", {"signed_request": signed})


@pytest.fixture
def pledge(networks, olive, sam):
    account = link_by_consent(networks, sam, "sam", kind="threads")
    return make_pledge(make_campaign(olive), account, receipt_email="sam@example.org")


def link_pages(networks, person, names):
    """Facebook Pages of one consent."""
    url = begin_linking("facebook", address="", session_key="s", person=person)
    _back, answer = networks.give_consent(url, account=names)
    return finish_linking("facebook", answer=answer, session_key="s", person=person).accounts


# ── Removed there ─────────────────────────────────────────────────────────────────────────────


def test_a_removed_account_loses_its_key_and_its_pledges_and_its_owner_is_told(pledge):
    assert tell("removed", sign(pledge.account.account_id)).status_code == 200
    account = LinkedAccount.objects.get()
    assert (account.state, account.sealed_credentials) == (AccountState.NEEDS_RELINK, "")
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.WITHDRAWN
    (mail,) = Email.objects.all()
    assert mail.to == ["sam@example.org"]
    assert "removed this site there" in mail.message
    assert pledge.campaign.title in mail.message
    assert not PendingRevocation.objects.exists()


def test_a_notice_that_comes_twice_does_nothing_more(pledge):
    signed = sign(pledge.account.account_id)
    for _ in range(3):
        assert tell("removed", signed).status_code == 200
    assert Email.objects.count() == 1


def test_an_old_notice_that_comes_again_does_not_touch_what_was_linked_since(pledge):
    before = sign(pledge.account.account_id, at=database_now() - timedelta(minutes=1))
    assert tell("removed", before).status_code == 200
    assert tell("erasure", before).status_code == 200
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.LIVE
    assert LinkedAccount.objects.get().is_linked


def test_a_notice_without_a_time_or_with_one_to_come_is_of_now(pledge):
    signed = sign(pledge.account.account_id, issued_at="soon")
    assert tell("removed", signed).status_code == 200
    assert not LinkedAccount.objects.get().is_linked


def test_all_pages_of_a_person_are_removed_together(networks, olive, sam, rae):
    pages = link_pages(networks, sam, "river,lake")
    (theirs,) = link_pages(networks, rae, "meadow")
    for page in [*pages, theirs]:
        make_pledge(make_campaign(olive, slug=f"about-{page.pk}"), page)
    (signed,) = networks.remove_app(network="facebook", account="river")["notices"]
    assert tell("removed", signed, network="facebook").status_code == 200
    live = Pledge.objects.filter(state=PledgeState.LIVE)
    assert [each.account for each in live] == [theirs]
    states = LinkedAccount.objects.filter(person=sam).values_list("state", flat=True)
    assert set(states) == {AccountState.NEEDS_RELINK}


def test_the_simulated_network_tells_us_over_real_http(live_server, networks, sam):
    link_by_consent(networks, sam, "amanita", kind="threads")  # whom no other test knows
    said = networks.remove_app(
        network="threads", account="amanita", callback=f"{live_server.url}/link/threads/removed/"
    )
    assert [each["status"] for each in said["answers"]] == [200]
    assert not LinkedAccount.objects.get().is_linked


# ── To be erased ──────────────────────────────────────────────────────────────────────────────


def test_an_account_is_erased_with_its_posts_and_the_answer_leads_to_a_page(
    client, networks, olive, sam, launch_now
):
    sam.name = "Sam"
    account = link_by_consent(networks, sam, "quillfeather", kind="threads")
    other = link_by_consent(networks, sam, "sam", kind="mastodon")
    campaign = make_campaign(olive, launch_in=0.3)
    make_pledge(campaign, account, text="Quokkas row.", receipt_email="sam@example.org")
    kept = make_pledge(campaign, other)
    launch_now(campaign)
    answer = tell("erasure", sign(account.account_id)).json()
    assert set(answer) == {"url", "confirmation_code"}
    assert answer["confirmation_code"].isalnum()
    words = ["quillfeather", "Quokkas", account.account_id]
    assert find_words(words) == {}
    assert list(Pledge.objects.all()) == [kept]
    assert Delivery.objects.filter(state="sent").count() == 2
    assert User.objects.filter(pk=sam.pk, is_active=True).exists()
    page = client.get(urlsplit(answer["url"]).path).content.decode()
    assert "It is erased" in page
    assert answer["confirmation_code"] in page


def test_the_same_request_again_is_the_same_answer(pledge):
    signed = sign(pledge.account.account_id)
    first, second = tell("erasure", signed).json(), tell("erasure", signed).json()
    assert first == second
    assert ErasureRequest.objects.count() == 1


def test_who_is_known_by_that_account_alone_is_erased_altogether(networks):
    person = User.objects.create_user(name="Quillfeather")
    account = link_by_consent(networks, person, "quillfeather", kind="threads")
    assert tell("erasure", sign(account.account_id)).status_code == 200
    assert not User.objects.exists()
    assert find_words(["quillfeather"]) == {}


def test_who_confirmed_an_address_keeps_what_stands_by_it(networks, olive):
    User.objects.create_user("ada@example.org", "somebody else claimed it, and proved nothing")
    person = confirm(ask(make_campaign(olive), email="ada@example.org")).person
    assert person.email is None
    account = link_by_consent(networks, person, "quillfeather", kind="threads")
    tell("erasure", sign(account.account_id))
    assert find_words([account.account_id]) == {}
    assert AssistedPledge.objects.get().person == person
    assert User.objects.get(pk=person.pk).is_active


def test_who_comes_in_by_a_passkey_is_not_erased_with_an_account(networks):
    person = User.objects.create_user(name="Quillfeather")
    Authenticator.objects.create(user=person, type="webauthn", data={})
    account = link_by_consent(networks, person, "quillfeather", kind="threads")
    tell("erasure", sign(account.account_id))
    assert User.objects.get().is_active


def test_whoever_organises_what_is_to_come_loses_the_account_alone(networks, sam):
    person = User.objects.create_user(name="Quillfeather")
    campaign = make_campaign(person)
    pledge = make_pledge(campaign, link_by_consent(networks, sam, "sam", kind="mastodon"))
    account = link_by_consent(networks, person, "quill", kind="threads")
    signed = sign(account.account_id)
    assert tell("erasure", signed).status_code == 200
    assert find_words([account.account_id]) == {}
    assert User.objects.get(pk=person.pk).name == "Quillfeather"
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.LIVE
    assert ErasureRequest.objects.get().done_at
    assert tell("erasure", signed).status_code == 200


def test_an_unlinked_account_is_erased_as_well(networks, sam):
    account = link_by_consent(networks, sam, "quillfeather", kind="threads")
    unlink(account, person=sam)
    assert find_words(["quillfeather"])
    tell("erasure", sign(account.account_id))
    assert find_words(["quillfeather"]) == {}


def test_whoever_is_not_known_gets_the_same_polite_answer(client, networks):
    assert tell("removed", sign("12345")).status_code == 200
    answer = tell("erasure", sign("12345"))
    assert answer.status_code == 200
    assert "erased" in client.get(urlsplit(answer.json()["url"]).path).content.decode()


def test_whom_it_was_about_is_not_kept_with_the_request(pledge):
    tell("erasure", sign("998877665544"))
    assert find_words(["998877665544"]) == {}


# ── Refused ───────────────────────────────────────────────────────────────────────────────────


def spoil(signed):
    signature, payload = signed.split(".")
    other = encode(b'{"user_id": "1", "algorithm": "HMAC-SHA256"}')
    return [
        "",
        ".",
        "no dot",
        f".{payload}",
        f"{signature}.",
        f"{signature}.{other}",
        f"{signature[:-4]}AAAA.{payload}",
        f"{signature}.{payload}" + "x" * 5_000,
        "\x00é.\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    ]


@pytest.mark.parametrize("what", ["removed", "erasure"])
def test_what_is_not_signed_by_the_network_is_refused(pledge, what):
    account_id = pledge.account.account_id
    wrong = [
        *spoil(sign(account_id)),
        sign(account_id, secret="another"),
        sign(account_id, secret=""),
        sign(account_id, algorithm="none"),
        sign(""),
    ]
    for signed in wrong:
        assert tell(what, signed).status_code == 403, signed
    assert LinkedAccount.objects.get().is_linked
    assert not ErasureRequest.objects.exists()


def test_where_no_secret_is_set_nobody_is_believed(settings, pledge):
    settings.NETWORKS = settings.NETWORKS | {
        "threads": {**settings.NETWORKS["threads"], "client_secret": ""}
    }
    assert tell("removed", sign(pledge.account.account_id, secret="")).status_code == 403
    assert LinkedAccount.objects.get().is_linked


def test_what_is_too_large_is_not_read(client, networks):
    answer = client.post("/link/threads/removed/", {"signed_request": "x" * 20_000})
    assert answer.status_code == 400


@pytest.mark.parametrize("network", ["mastodon", "x", "nowhere"])
def test_networks_that_tell_nothing_have_no_such_address(networks, db, network):
    for what in ("removed", "erasure"):
        assert tell(what, sign("1"), network=network).status_code == 404


def test_looking_is_not_telling_and_made_up_codes_lead_nowhere(client, networks, db):
    assert client.get("/link/threads/removed/").status_code == 405
    assert client.get("/link/threads/erasure/").status_code == 405
    assert client.get("/erasure/0123456789abcdef/").status_code == 404
