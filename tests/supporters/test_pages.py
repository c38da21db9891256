"""The pages of a supporter, walked through as a browser does."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils.html import strip_tags
from post_office.models import Email

from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from networks.base import Credentials
from pages.labelling import draw_meter
from supporters import vault
from supporters.models import AccountState, LinkedAccount, Pledge, PledgeState
from supporters.pledging import read_words
from tests.making import make_pledge
from tests.supporters.test_pledging import approve, make_account

pytestmark = pytest.mark.django_db


def read_field(page, name):
    """The value of a hidden field."""
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def agree(client, campaign, *accounts, **more):
    """Read the words, then press the button; gives the answer."""
    address = reverse("support_agree", args=[campaign.slug])
    ids = [account.pk for account in accounts]
    page = client.get(address, {"account": ids}).content.decode()
    form = {"account": ids, "seen": read_field(page, "seen"), "agree": "1", **more}
    return client.post(address, form)


@pytest.fixture
def account(sam):
    return make_account(sam)


@pytest.fixture
def browser(client, sam):
    client.force_login(sam)
    return client


def test_visitor_goes_from_the_campaign_to_thanks(visitor, campaign):
    someone = visitor()
    page = someone.client.get(reverse("support", args=[campaign.slug])).content.decode()
    assert "Lend my Mastodon account" in page
    assert "Lend my Bluesky account" in page
    page = someone.read(someone.link("mastodon", campaign=campaign))
    account = LinkedAccount.objects.get()
    assert campaign.approved.text in unescape(page)
    assert f"Yes, post this from {account.handle}" in page
    assert 'name="is_shown" checked' not in page
    answer = agree(someone.client, campaign, account)
    assert answer["Location"] == reverse("support_thanks", args=[campaign.slug])
    assert account.handle in someone.read(answer)
    made = Pledge.objects.get()
    assert (made.text, made.is_shown) == (campaign.approved.text, False)
    assert campaign.approved.message in unescape(
        someone.read(someone.client.get(reverse("my_pledges")))
    )


def test_second_account_is_read_together_with_the_first(visitor, campaign):
    someone = visitor()
    someone.link("mastodon", campaign=campaign)
    page = someone.read(someone.link("bluesky", campaign=campaign))
    assert "Yes, post this from my 2 accounts" in page
    agree(someone.client, campaign, *LinkedAccount.objects.all())
    assert Pledge.objects.count() == 2
    assert Pledge.objects.all().count_people() == 1


def test_words_are_shown_before_they_can_be_agreed_to(browser, campaign, account):
    answer = agree(browser, campaign, account, words_1="I row there.")
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "I row there.\n\nhttps://example.org/river" in page
    assert "Read them once more" in page
    assert not Pledge.objects.exists()
    again = {"account": account.pk, "words_1": "I row there.", "seen": read_field(page, "seen")}
    browser.post(reverse("support_agree", args=[campaign.slug]), again)
    assert not Pledge.objects.exists()  # without the button it is no consent
    browser.post(reverse("support_agree", args=[campaign.slug]), {**again, "agree": "1"})
    assert Pledge.objects.get().text.startswith("I row there.")


def test_preview_stores_nothing_and_a_script_gets_the_part(browser, campaign, account):
    address = reverse("support_agree", args=[campaign.slug])
    form = {"account": account.pk, "words_1": "I row there.", "look": "1"}
    page = browser.post(address, form)
    part = browser.post(address, form, headers={"HX-Request": "true"})
    assert page.status_code == part.status_code == 200
    for answer in (page, part):
        assert "I row there." in answer.content.decode()
    assert "<html" not in part.content.decode()
    assert not Pledge.objects.exists()


def test_message_that_changed_meanwhile_is_read_again(browser, campaign, account):
    address = reverse("support_agree", args=[campaign.slug])
    page = browser.get(address, {"account": account.pk}).content.decode()
    newer = approve(campaign, message="Something else altogether.")
    answer = browser.post(
        address, {"account": account.pk, "seen": read_field(page, "seen"), "agree": "1"}
    )
    assert answer.status_code == 422
    assert newer.text in unescape(answer.content.decode())
    assert not Pledge.objects.exists()


def test_what_is_too_long_is_struck_through(browser, campaign, sam):
    tight = make_account(sam, limit=20)
    answer = agree(browser, campaign, tight)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<mark>" in page
    assert "takes 20 characters" in page
    assert not Pledge.objects.exists()


def test_authorisation_that_ends_before_the_launch_is_told_with_the_pledge(
    browser, campaign, account
):
    """Where only its owner can renew it: what renews itself says nothing."""
    address = reverse("support_agree", args=[campaign.slug])

    def read(**facts):
        held = Credentials(network="mastodon", account_id="1", access_token="secret", **facts)
        sealed = vault.seal_credentials(held, fingerprint=account.fingerprint)
        LinkedAccount.objects.update(sealed_credentials=sealed)
        return browser.get(address, {"account": account.pk}).content.decode()

    early, late = (campaign.latest_at + timedelta(minutes=m) for m in (-1, 1))
    told = f"The authorisation of {account.handle} ends on"
    assert told in read(expires_at=early, refresh_token="")
    assert told not in read(expires_at=late, refresh_token="")
    assert told not in read(expires_at=early, refresh_token="again")
    assert told not in read(expires_at=None, refresh_token="")
    assert agree(browser, campaign, account).status_code == 302


def test_receipt_address_is_the_persons_unless_it_is_emptied(browser, campaign, account):
    address = reverse("support_agree", args=[campaign.slug])
    page = browser.get(address, {"account": account.pk}).content.decode()
    assert 'value="sam@example.org"' in page
    agree(browser, campaign, account, receipt_email="sam@example.org")
    assert Email.objects.get().to == ["sam@example.org"]


def test_wrong_address_for_a_receipt_is_told_at_its_field(browser, campaign, account):
    answer = agree(browser, campaign, account, receipt_email="nowhere")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Pledge.objects.exists()


def test_ten_megabytes_of_words_are_refused(browser, campaign, account):
    assert agree(browser, campaign, account, words_1="x" * 20_000).status_code == 422
    assert agree(browser, campaign, account, words_1="x" * 10_000_000).status_code == 400
    assert agree(browser, campaign, account, words_1="a\x00b").status_code == 422
    assert not Pledge.objects.exists()


def test_own_words_are_inert_on_every_page(browser, campaign, account):
    made = make_pledge(campaign, account, text="<script>alert(1)</script>")
    for address in (reverse("my_pledges"), reverse("pledge_edit", args=[made.pk])):
        assert "<script>alert" not in browser.get(address).content.decode()


def test_closed_campaign_says_why_on_the_page(browser, campaign, account):
    Campaign.objects.update(launch_at=database_now() - timedelta(seconds=1))
    page = browser.get(reverse("support", args=[campaign.slug])).content.decode()
    assert "moment has come" in page
    assert "Lend my" not in page
    answer = browser.get(reverse("support_agree", args=[campaign.slug]), {"account": account.pk})
    assert "moment has come" in answer.content.decode()


@pytest.mark.parametrize("state", [CampaignState.DRAFT, CampaignState.SUSPENDED])
@pytest.mark.parametrize("name", ["support", "support_agree", "support_thanks"])
def test_campaign_that_is_not_public_is_not_found(browser, campaign, state, name):
    Campaign.objects.update(state=state)
    assert browser.get(reverse(name, args=[campaign.slug])).status_code == 404


def test_nobody_agrees_for_somebody_elses_account(client, rae, campaign, account):
    client.force_login(rae)
    address = reverse("support_agree", args=[campaign.slug])
    for answer in (
        client.get(address, {"account": account.pk}),
        client.post(address, {"account": account.pk, "seen": "x", "agree": "1"}),
    ):
        assert answer["Location"] == reverse("support", args=[campaign.slug])
    assert not Pledge.objects.exists()


def test_anonymous_visitor_is_sent_to_choose_an_account(client, campaign, account):
    for name in ("support_agree", "support_thanks"):
        answer = client.get(reverse(name, args=[campaign.slug]), {"account": account.pk})
        assert answer["Location"] == reverse("support", args=[campaign.slug])


@pytest.mark.parametrize("pk", ["x", "-1", "9" * 30, "1.5", ""])
def test_made_up_account_number_does_no_harm(browser, campaign, pk):
    address = reverse("support_agree", args=[campaign.slug])
    assert browser.get(address, {"account": pk}).status_code == 302
    assert browser.post(reverse("link_begin"), {"account": pk}).status_code in (302, 404)


def test_anonymous_my_pledges_offers_to_come_in(client, networks):
    page = client.get(reverse("my_pledges")).content.decode()
    assert "Come in by my Mastodon account" in page
    assert reverse("account_login") in page


def test_my_pledges_shows_what_must_be_renewed(browser, campaign, account):
    made = make_pledge(campaign, account)
    assert "Ready" in browser.get(reverse("my_pledges")).content.decode()
    LinkedAccount.objects.update(state=AccountState.NEEDS_RELINK)
    page = browser.get(reverse("my_pledges")).content.decode()
    assert "To renew" in page
    assert f"Authorise {account.handle} again" in page
    Campaign.objects.update(state=CampaignState.CANCELLED)
    page = browser.get(reverse("my_pledges")).content.decode()
    assert reverse("pledge_withdraw", args=[made.pk]) not in page


def test_withdrawing_by_the_button(browser, campaign, account):
    made = make_pledge(campaign, account)
    assert browser.get(reverse("pledge_withdraw", args=[made.pk])).status_code == 405
    browser.post(reverse("pledge_withdraw", args=[made.pk]))
    made.refresh_from_db()
    assert made.state == PledgeState.WITHDRAWN
    assert "Withdrawn" in browser.get(reverse("my_pledges")).content.decode()


def test_withdrawing_too_late_is_told(browser, campaign, account):
    made = make_pledge(campaign, account, state=PledgeState.CALLED)
    answer = browser.post(reverse("pledge_withdraw", args=[made.pk]), follow=True)
    assert "too late" in answer.content.decode()


def test_words_are_changed_by_the_form(browser, campaign, account):
    made = make_pledge(campaign, account)
    address = reverse("pledge_edit", args=[made.pk])
    look = browser.post(address, {"text": "Shorter.", "look": "1"})
    assert "Shorter." in look.content.decode()
    made.refresh_from_db()
    assert made.text == campaign.approved.text
    assert browser.post(address, {"text": "Shorter.", "agree": "1"}).status_code == 302
    made.refresh_from_db()
    assert made.text == "Shorter."
    assert browser.post(address, {"text": "x" * 501, "agree": "1"}).status_code == 422
    assert browser.post(address, {"text": ""}).status_code == 422
    assert browser.post(address, {"text": "a\x00b"}).status_code == 422


def test_changed_words_are_counted_while_they_are_typed(browser, campaign, account):
    made = make_pledge(campaign, account)
    address = reverse("pledge_edit", args=[made.pk])
    page = browser.get(address).content.decode()
    assert f'hx-post="{address}"' in page
    assert 'id="edited"' in page
    for words in ("Short.", "x" * 503, "👩‍👩‍👧‍👦" * 500, "https://example.org/" + "x" * 600):
        answer = browser.post(address, {"text": words}, headers={"HX-Request": "true"})
        part = answer.content.decode()
        reading = read_words(made.account, text=words)
        assert "<html" not in part
        assert draw_meter(reading.length.used, limit=500) in part
        assert ("That is 3 too many for" in part) == (words == "x" * 503)
    made.refresh_from_db()
    assert made.text == campaign.approved.text


def test_words_that_are_too_long_are_refused_whoever_sends_them(browser, campaign, account):
    """What a browser would cut off is told instead, and a form that goes round the page as well."""
    made = make_pledge(campaign, account)
    edit, agreeing = reverse("pledge_edit", args=[made.pk]), "support_agree"
    for address in (edit, f"{reverse(agreeing, args=[campaign.slug])}?account={account.pk}"):
        assert (
            "maxlength"
            not in re.findall(r"<textarea[^>]*>", browser.get(address).content.decode())[0]
        )
    answer = browser.post(edit, {"text": "x" * 501, "agree": "1"})
    assert (answer.status_code, "That is 1 too many" in answer.content.decode()) == (422, True)
    assert browser.post(edit, {"text": "x" * 10_001, "agree": "1"}).status_code == 422
    made.refresh_from_db()
    assert made.text == campaign.approved.text


def test_organisers_new_words_are_offered_and_taken(browser, campaign, account):
    made = make_pledge(campaign, account)
    newer = approve(campaign, message="Newer words.")
    address = reverse("pledge_edit", args=[made.pk])
    assert "organiser changed the message" in browser.get(reverse("my_pledges")).content.decode()
    assert newer.text in strip_tags(unescape(browser.get(address).content.decode()))
    wrong = [{"take": newer.pk - 1, "wording": 1}, {"take": newer.pk, "wording": 2}]
    wrong += [{"take": newer.pk, "wording": "x"}, {"take": newer.pk}, {"keep": newer.pk - 1}]
    for form in wrong:
        assert browser.post(address, form).status_code == 422, form
    assert browser.post(address, {"take": newer.pk, "wording": 1}).status_code == 302
    made.refresh_from_db()
    assert (made.text, made.revision) == (newer.text, newer)


def test_unlinking_by_the_button_tells_what_became_of_it(visitor, campaign):
    someone = visitor()
    someone.link("mastodon")
    account = LinkedAccount.objects.get()
    make_pledge(campaign, account)
    answer = someone.client.post(reverse("account_unlink", args=[account.pk]))
    page = someone.read(answer)
    assert "revoked it" in page
    assert "One pledge is withdrawn" in page


def test_unlinking_a_network_that_is_away_says_what_to_do(visitor, networks):
    someone = visitor()
    someone.link("mastodon")
    networks.set_faults({"500_before": 1, "endpoints": "all"})
    account = LinkedAccount.objects.get()
    page = someone.read(someone.client.post(reverse("account_unlink", args=[account.pk])))
    assert "could not be told" in page


def test_somebody_elses_pledges_and_accounts_are_not_found(client, rae, campaign, account):
    made = make_pledge(campaign, account)
    client.force_login(rae)
    assert client.get(reverse("pledge_edit", args=[made.pk])).status_code == 404
    assert client.post(reverse("pledge_edit", args=[made.pk]), {"text": "x"}).status_code == 404
    assert client.post(reverse("pledge_withdraw", args=[made.pk])).status_code == 404
    assert client.post(reverse("account_unlink", args=[account.pk])).status_code == 404
    assert account.handle not in client.get(reverse("my_pledges")).content.decode()
    made.refresh_from_db()
    assert (made.state, made.text) == (PledgeState.LIVE, campaign.approved.text)


@pytest.mark.parametrize("name", ["pledge_edit", "pledge_withdraw", "account_unlink"])
def test_anonymous_visitor_changes_nothing(client, campaign, account, name):
    make_pledge(campaign, account)
    answer = client.post(reverse(name, args=[account.pk]))
    assert answer["Location"].startswith(reverse("account_login"))


def test_forged_request_is_refused(campaign, account, sam):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(sam)
    made = make_pledge(campaign, account)
    for name, pk in [("pledge_withdraw", made.pk), ("account_unlink", account.pk)]:
        assert client.post(reverse(name, args=[pk])).status_code == 403
    assert client.post(reverse("link_begin"), {"network": "mastodon"}).status_code == 403


def test_admin_reads_and_cannot_change(client, rae, campaign, account, settings):
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    made = make_pledge(campaign, account)
    rows = [("linkedaccount", account), ("pledge", made), ("knownserver", account.known_server)]
    for name, row in rows:
        page = client.get(reverse(f"admin:supporters_{name}_changelist"))
        assert page.status_code == 200
        address = reverse(f"admin:supporters_{name}_change", args=[row.pk])
        assert client.get(address).status_code == 200
        assert client.post(address, {}).status_code == 403
        assert (
            client.post(
                reverse(f"admin:supporters_{name}_delete", args=[row.pk]), {"post": "yes"}
            ).status_code
            == 403
        )


def test_client_metadata_is_served_where_a_network_reads_it(client, settings):
    settings.SITE_URL = "https://speak.example.org"
    document = client.get("/oauth/bluesky/client-metadata.json").json()
    assert document["client_id"] == "https://speak.example.org/oauth/bluesky/client-metadata.json"
    assert document["redirect_uris"] == ["https://speak.example.org/link/bluesky/return/"]
    assert client.get("/oauth/bluesky/jwks.json").json() == {"keys": []}
    assert client.get("/oauth/mastodon/client-metadata.json").status_code == 404
    assert client.get("/oauth/nowhere/jwks.json").status_code == 404


def test_who_agrees_reads_that_the_post_can_be_deleted_again_and_that_is_kept(
    browser, campaign, account
):
    address = reverse("support_agree", args=[campaign.slug])
    page = browser.get(address, {"account": account.pk}).content.decode()
    assert "can have this one post deleted again" in page
    assert read_field(page, "told") == "recall"
    agree(browser, campaign, account, told="recall")
    assert Pledge.objects.get().told_of_recall


def test_who_agrees_on_a_page_of_before_that_was_said_has_not_read_it(browser, campaign, account):
    agree(browser, campaign, account)
    assert not Pledge.objects.get().told_of_recall
