"""From a draft to a thunderclap on somebody else's Mastodon server, all of it by the browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User
from launches.models import AttemptOutcome, Delivery, DeliveryState
from supporters import vault
from supporters.models import LinkedAccount
from tests.browsing import NewPage
from tests.making import make_campaign
from tests.real.mastodon_serving import MastodonAccount, MastodonServer
from tests.real.playing import (
    StartProduct,
    bring_near,
    lend_mastodon,
    wait_for_end,
    walk_to_approval,
)
from tests.real.wiring import stretch_wire
from tests.walking import Draft

pytestmark = pytest.mark.django_db(transaction=True)

MakeAccount = Callable[[str], MastodonAccount]

LAUNCH_IN_SECONDS = 5
OWN_WORDS = "Für unsere Enkel 👩‍👩‍👧:"


def test_campaign_is_said_by_everybody_once(
    start_product: StartProduct,
    mastodon_server: MastodonServer,
    mastodon_account: MakeAccount,
    new_page: NewPage,
    olive: User,
    rae: User,
) -> None:
    product = start_product(hosts=[mastodon_server.host])
    product.start("worker")
    product.start("beat")
    draft = Draft(message="Three barriers would stop the plastic before the sea 🌊.", threshold=2)
    _, campaign = walk_to_approval(new_page, draft, product=product, olive=olive, rae=rae)

    accounts = [mastodon_account("anna"), mastodon_account("bela")]
    mastodon_server.follow(accounts[0], accounts[1])
    pages = [new_page(site_url=product.url) for _ in accounts]
    agreed = [
        lend_mastodon(page, account, host=mastodon_server.host, slug=campaign.slug, own_words=own)
        for page, account, own in zip(
            pages, accounts, ["", "Für unsere Enkel 👩‍👩‍👧:"], strict=True
        )
    ]
    said = f"{draft.message}\n\n{draft.link} #{draft.hashtag}"
    assert agreed == [said, f"Für unsere Enkel 👩‍👩‍👧:\n\n{said}"]
    linked = LinkedAccount.objects.order_by("pk")
    assert [each.account_id for each in linked] == [account.account_id for account in accounts]
    assert [each.followers for each in linked] == [0, 1]

    product.wait_ready()
    bring_near(campaign, launch_in=LAUNCH_IN_SECONDS)
    wait_for_end(campaign, product=product)

    for page, account, words in zip(pages, accounts, agreed, strict=True):
        [post] = mastodon_server.list_posts(account)
        assert (post["text"], post["visibility"], post["language"]) == (words, "public", "en")
        delivery = Delivery.objects.get(pledge__account__account_id=account.account_id)
        assert (delivery.state, delivery.remote_id) == (DeliveryState.SENT, post["id"])
        assert not delivery.other_remote_id
        page.goto("/me/receipts/")
        receipt = page.get_by_role("article").filter(has_text=account.username)
        assert receipt.locator(".post__text").text_content() == words
        receipt.get_by_text("Sent", exact=True).wait_for()
        link = receipt.get_by_role("link", name="See the post")
        assert link.get_attribute("href") == post["url"]
    results = product.read_results(campaign.slug)
    assert (results["state"], results["pledges"]) == ("finished", 2)
    assert {state: number for state, number in results["tally"].items() if number} == {"sent": 2}

    logs = product.read_logs()
    for each in linked:
        credentials = vault.unseal_credentials(
            each.sealed_credentials, fingerprint=each.fingerprint
        )
        assert credentials.access_token not in logs


def test_posts_whose_answers_were_lost_are_found_and_not_sent_again(
    start_product: StartProduct,
    mastodon_server: MastodonServer,
    mastodon_account: MakeAccount,
    new_page: NewPage,
    olive: User,
) -> None:
    with stretch_wire(mastodon_server.host) as wire:
        product = start_product(hosts=[wire.host], environment={"LEASE_SECONDS": "15"})
        campaign = make_campaign(olive)
        accounts = [mastodon_account(name) for name in ("carlo", "dora")]
        for account in accounts:
            page = new_page(site_url=product.url)
            lend_mastodon(page, account, host=wire.host, slug=campaign.slug)
        product.start("worker")
        product.start("beat")
        product.wait_ready()
        wire.loses = "POST /api/v1/statuses"
        bring_near(campaign, launch_in=LAUNCH_IN_SECONDS)
        wait_for_end(campaign, product=product)

        assert wire.lost == len(accounts), "each was sent once, and never again"
        for account in accounts:
            [post] = mastodon_server.list_posts(account)
            delivery = Delivery.objects.get(pledge__account__account_id=account.account_id)
            assert (delivery.state, delivery.remote_id) == (DeliveryState.SENT, post["id"])
            outcomes = delivery.attempts.order_by("number").values_list("outcome", flat=True)
            assert list(outcomes) == [AttemptOutcome.UNKNOWN, AttemptOutcome.FOUND]
