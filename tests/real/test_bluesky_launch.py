"""From a draft to a thunderclap on a real Bluesky server, all of it by the browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest

from accounts.models import User
from campaigns.models import Campaign
from launches.models import AttemptOutcome, Delivery, DeliveryState
from networks.base import Credentials
from networks.errors import NeedsRelink
from networks.http import Http
from supporters import vault
from supporters.models import AccountState, LinkedAccount, Pledge
from tests.browsing import NewPage
from tests.making import make_campaign
from tests.processes import kill, wait_until
from tests.real.bluesky_serving import BlueskyAccount, BlueskyServer, run_bluesky_server
from tests.real.consenting import sign_in_and_answer
from tests.real.playing import (
    StartProduct,
    bring_near,
    go_out,
    lend_bluesky,
    make_adapter,
    read_facets,
    wait_for_end,
    walk_to_approval,
)
from tests.walking import (
    Draft,
    ask_to_lend,
    ask_to_link,
    unlink,
)

pytestmark = pytest.mark.django_db(transaction=True)

MakeAccount = Callable[[str], BlueskyAccount]

LAUNCH_IN_SECONDS = 5
ANSWER_LATE_MS = 3000
KILLED_VOICES = 3


def read_credentials(account: LinkedAccount) -> Credentials:
    return vault.unseal_credentials(account.sealed_credentials, fingerprint=account.fingerprint)


def test_campaign_is_said_by_everybody_once_on_a_real_server(
    start_product: StartProduct,
    bluesky_server: BlueskyServer,
    bluesky_account: MakeAccount,
    new_page: NewPage,
    olive: User,
    rae: User,
) -> None:
    product = start_product(hosts=bluesky_server.hosts, environment=bluesky_server.environment)
    product.start("worker")
    product.start("beat")
    draft = Draft(message="Three barriers would stop the plastic before the sea 🌊.", threshold=3)
    organiser, campaign = walk_to_approval(new_page, draft, product=product, olive=olive, rae=rae)
    names = ["anna", "bela", "carlo"]
    accounts = [bluesky_account(name) for name in names]
    pages = [new_page(site_url=product.url) for _ in names]
    agreed = [
        lend_bluesky(page, account, slug=campaign.slug, own_words=own, is_shown=True)
        for page, account, own in zip(
            pages, accounts, ["", "Für unsere Enkel 👩‍👩‍👧:", ""], strict=True
        )
    ]
    said = f"{draft.message}\n\n{draft.link} #{draft.hashtag}"
    assert agreed[0] == agreed[2] == said
    assert agreed[1].startswith("Für unsere Enkel 👩‍👩‍👧:")
    assert agreed[1].endswith(said)
    for account, linked in zip(accounts, LinkedAccount.objects.order_by("pk"), strict=True):
        assert (linked.account_id, linked.handle) == (account.did, account.handle)
        assert linked.followers is None, "without an AppView nobody knows, and nobody says 0"
        assert linked.opened_at is not None

    product.wait_ready()
    bring_near(campaign, launch_in=LAUNCH_IN_SECONDS)
    wait_for_end(campaign, product=product)

    check_posts(bluesky_server, campaign, accounts=accounts, words=agreed, draft=draft)
    results = product.read_results(campaign.slug)
    assert (results["state"], results["pledges"], results["threshold"]) == ("finished", 3, 3)
    assert {state: number for state, number in results["tally"].items() if number} == {"sent": 3}
    assert sum(results["tally"].values()) == results["pledges"]
    assert 0 < results["first_lag_ms"] <= results["last_lag_ms"] < 10_000
    print(f"answers after {results['first_lag_ms']} to {results['last_lag_ms']} ms")

    for page, account, words in zip(pages, accounts, agreed, strict=True):
        page.goto("/me/receipts/")
        receipt = page.get_by_role("article").filter(has_text=account.handle)
        assert receipt.locator(".post__text").text_content() == words
        receipt.get_by_text("Sent", exact=True).wait_for()
        permalink = receipt.get_by_role("link", name="See the post").get_attribute("href")
        [record] = bluesky_server.list_posts(account.did)
        assert permalink == (
            f"https://bsky.app/profile/{account.did}/post/{record['uri'].rpartition('/')[2]}"
        )
    organiser.goto(f"/campaigns/{campaign.slug}/results/")
    organiser.get_by_role("heading", name=re.compile(r"3 voices\.")).wait_for()
    assert organiser.get_by_role("link", name="see the post").count() == 3

    secrets = [read_credentials(linked) for linked in LinkedAccount.objects.all()]
    logs = product.read_logs()
    for each in secrets:
        assert each.access_token not in logs
        assert each.refresh_token not in logs


def check_posts(
    server: BlueskyServer,
    campaign: Campaign,
    *,
    accounts: list[BlueskyAccount],
    words: list[str],
    draft: Draft,
) -> None:
    """One record for each account: its exact words, link and hashtag as facets, our key."""
    for account, text in zip(accounts, words, strict=True):
        [found] = server.list_posts(account.did)
        record = found["value"]
        assert record["text"] == text
        assert read_facets(record) == [
            (draft.link, draft.link),
            (f"#{draft.hashtag}", f"#{draft.hashtag}"),
        ]
        assert record["langs"] == ["en"]
        said_at = datetime.fromisoformat(record["createdAt"])
        assert abs((said_at - campaign.launch_at).total_seconds()) < 0.001
        delivery = Delivery.objects.get(
            launch__campaign=campaign, pledge__account__account_id=account.did
        )
        assert delivery.state == DeliveryState.SENT
        assert delivery.remote_id == found["uri"]
        assert delivery.permalink.endswith(f"/post/{found['uri'].rpartition('/')[2]}")
        assert not delivery.other_remote_id


def test_worker_killed_before_it_heard_the_answers_posts_nothing_twice(
    start_product: StartProduct,
    tmp_path_factory: pytest.TempPathFactory,
    new_page: NewPage,
    olive: User,
) -> None:
    folder = tmp_path_factory.mktemp("late")
    with run_bluesky_server(folder=folder, answer_late_ms=ANSWER_LATE_MS) as server:
        product = start_product(
            hosts=server.hosts, environment={**server.environment, "LEASE_SECONDS": "15"}
        )
        campaign = make_campaign(olive)
        accounts = [server.create_account(f"voice{number}") for number in range(KILLED_VOICES)]
        for account in accounts:
            lend_bluesky(new_page(site_url=product.url), account, slug=campaign.slug)
        worker = product.start("worker")
        product.start("beat")
        product.wait_ready()
        bring_near(campaign, launch_in=LAUNCH_IN_SECONDS)

        def list_there() -> dict[str, str]:
            posts = [post for account in accounts for post in server.list_posts(account.did)]
            return {post["uri"]: post["cid"] for post in posts}

        written = wait_until(list_there, what="the first record", every=0.02)
        kill(worker)
        kept = Delivery.objects.filter(state=DeliveryState.SENT).count()
        assert kept == 0, "the worker was killed too late to prove anything"
        product.start("worker")
        wait_for_end(campaign, product=product)

        deliveries = Delivery.objects.filter(launch__campaign=campaign)
        assert {delivery.state for delivery in deliveries} == {DeliveryState.SENT}
        assert sorted(list_there()) == sorted(delivery.remote_id for delivery in deliveries)
        assert all(len(server.list_posts(account.did)) == 1 for account in accounts)
        assert list_there().items() >= written.items(), "a record that was there was written anew"
        for delivery in deliveries.filter(remote_id__in=written):
            outcomes = delivery.attempts.order_by("number").values_list("outcome", flat=True)
            assert list(outcomes) == [AttemptOutcome.EXPIRED, AttemptOutcome.FOUND]


def test_unlinking_ends_the_authorisation_at_the_real_server(
    start_product: StartProduct,
    bluesky_server: BlueskyServer,
    bluesky_account: MakeAccount,
    new_page: NewPage,
) -> None:
    product = start_product(hosts=bluesky_server.hosts, environment=bluesky_server.environment)
    account = bluesky_account("dora")
    page = new_page(site_url=product.url)
    page.goto("/me/pledges/")
    ask_to_link(page, network="Bluesky", address=account.handle)
    sign_in_and_answer(page, handle=account.handle, password=account.password)
    page.get_by_text(f"{account.handle} is linked").wait_for()
    linked = LinkedAccount.objects.get()
    network = make_adapter(bluesky_server, site_url=product.url)
    credentials, server = read_credentials(linked), linked.known_server.server
    profile = go_out(bluesky_server, lambda http: network.read_profile(http, server, credentials))
    assert profile.handle == account.handle, "the key works as long as it is lent"

    unlink(page, account.handle)
    page.get_by_text(f"{server.host} revoked it").wait_for()
    linked.refresh_from_db()
    assert (linked.state, linked.sealed_credentials) == (AccountState.UNLINKED, "")
    with pytest.raises(NeedsRelink):
        go_out(bluesky_server, lambda http: network.read_profile(http, server, credentials))

    async def refresh(http: Http) -> Credentials:
        registration = await network.register(
            http, server, redirect_uri=f"{product.url}/link/bluesky/return/"
        )
        return await network.refresh(http, server, registration, credentials)

    with pytest.raises(NeedsRelink):
        go_out(bluesky_server, refresh)


def test_refused_consent_brings_the_supporter_back_with_a_sentence(
    start_product: StartProduct,
    bluesky_server: BlueskyServer,
    bluesky_account: MakeAccount,
    new_page: NewPage,
    olive: User,
) -> None:
    product = start_product(hosts=bluesky_server.hosts, environment=bluesky_server.environment)
    campaign = make_campaign(olive)
    account = bluesky_account("emil")
    page = new_page(site_url=product.url)
    ask_to_lend(page, campaign.slug, network="Bluesky", address=account.handle)
    sign_in_and_answer(page, handle=account.handle, password=account.password, allow=False)
    page.get_by_text("did not allow").wait_for()
    assert page.url == f"{product.url}/campaigns/{campaign.slug}/support/"
    assert not LinkedAccount.objects.exists()
    assert not Pledge.objects.exists()
