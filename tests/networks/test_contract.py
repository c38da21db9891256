"""What every adapter must do, each against its own simulated server over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from networks.base import Consent, Credentials, Post, Profile, Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.casting import (
    KEYED,
    REDIRECT_URI,
    TEXT,
    TRACED,
    UNREVOKED,
    Cast,
    Linked,
    check_sentence,
    fail_of,
    where_nobody_can_look,
    where_posts_are_shown,
    where_servers_are_many,
    write_post,
)


def test_consent_gives_credentials_and_the_profile_of_who_agreed(cast: Cast) -> None:
    linked = cast.run(cast.link)
    assert linked.credentials.network == cast.network.name
    assert linked.credentials.account_id == cast.facts["id"] == linked.profile.account_id
    opened_at = datetime(2020, 5, 1, tzinfo=UTC)
    assert linked.profile.followers == (4242 if "followers" in cast.tells else None)
    assert linked.profile.created_at == (opened_at if "created_at" in cast.tells else None)
    assert linked.server.network == cast.network.name
    assert linked.server.host == cast.instances[0]["instance"]
    assert linked.server.url == cast.instances[0]["url"]


def test_values_show_no_secret(cast: Cast) -> None:
    async def work(http: Http) -> tuple[Linked, Consent]:
        return await cast.link(http), (await cast.begin(http))[2]

    linked, consent = cast.run(work)
    assert linked.secrets
    shown = repr((linked.server, linked.registration, linked.credentials, linked.profile))
    assert not [secret for secret in linked.secrets if secret in shown]
    assert consent.memo.get("verifier", "no verifier") not in repr(consent)


def test_denied_consent_is_a_sentence_and_nothing_more(cast: Cast) -> None:
    async def work(http: Http) -> None:
        server, registration, consent = await cast.begin(http)
        answer = cast.agree(consent, decision="deny")
        await cast.network.accept_consent(
            http,
            server,
            registration,
            redirect_uri=REDIRECT_URI,
            memo=consent.memo,
            answer=answer,
        )

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, Rejected)
    assert "did not allow" in str(error)


def drop_state(answer: dict[str, str], _other: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in answer.items() if key != "state"}


def change_state(answer: dict[str, str], _other: dict[str, str]) -> dict[str, str]:
    return answer | {"state": "another"}


def drop_code(answer: dict[str, str], _other: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in answer.items() if key != "code"}


def change_code(answer: dict[str, str], _other: dict[str, str]) -> dict[str, str]:
    return answer | {"code": "made-up"}


def take_other_server_code(answer: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    return answer | {"code": other["code"]}


def take_other_server_answer(answer: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    return other | {"state": answer["state"]}


def claim_other_issuer(answer: dict[str, str], _other: dict[str, str]) -> dict[str, str]:
    return answer | {"iss": "https://evil.example"}


def refuse_tampered(
    cast: Cast, tamper: Callable[[dict[str, str], dict[str, str]], dict[str, str]]
) -> None:
    elsewhere = cast.simulator.open_accounts(
        instance=[*cast.instances, *cast.instances][1]["instance"],
        names=["mallory"],
    )[0]

    async def work(http: Http) -> None:
        server, registration, consent = await cast.begin(http)
        answer = cast.agree(consent)
        _, _, other_consent = await cast.begin(http, account=elsewhere, state="state-2")
        _, other = cast.simulator.give_consent(other_consent.url, account="mallory")
        await cast.network.accept_consent(
            http,
            server,
            registration,
            redirect_uri=REDIRECT_URI,
            memo=consent.memo,
            answer=tamper(answer, other),
        )

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, Rejected)
    check_sentence(error)


@pytest.mark.parametrize(
    "tamper", [drop_state, change_state, drop_code, change_code, claim_other_issuer]
)
def test_answer_that_does_not_belong_to_the_question_is_refused(
    cast: Cast, tamper: Callable[[dict[str, str], dict[str, str]], dict[str, str]]
) -> None:
    refuse_tampered(cast, tamper)


@where_servers_are_many
@pytest.mark.parametrize("tamper", [take_other_server_code, take_other_server_answer])
def test_answer_of_another_server_is_refused(
    cast: Cast, tamper: Callable[[dict[str, str], dict[str, str]], dict[str, str]]
) -> None:
    refuse_tampered(cast, tamper)


@where_servers_are_many
def test_memo_of_one_server_is_refused_with_another(cast: Cast) -> None:
    elsewhere = cast.simulator.open_accounts(
        instance=cast.instances[1]["instance"],
        names=["mallory"],
    )[0]

    async def work(http: Http) -> None:
        _, _, consent = await cast.begin(http)
        server, registration, _ = await cast.begin(http, account=elsewhere)
        await cast.network.accept_consent(
            http,
            server,
            registration,
            redirect_uri=REDIRECT_URI,
            memo=consent.memo,
            answer=cast.agree(consent),
        )

    assert isinstance(fail_of(lambda: cast.run(work)), Rejected)


def test_code_is_good_once(cast: Cast) -> None:
    async def work(http: Http) -> None:
        server, registration, consent = await cast.begin(http)
        answer = cast.agree(consent)
        for _ in range(2):
            await cast.network.accept_consent(
                http,
                server,
                registration,
                redirect_uri=REDIRECT_URI,
                memo=consent.memo,
                answer=answer,
            )

    assert isinstance(fail_of(lambda: cast.run(work)), Rejected)


def test_profile_is_read_anew(cast: Cast) -> None:
    async def work(http: Http) -> Profile:
        linked = await cast.link(http)
        cast.simulator.open_accounts(
            instance=cast.instances[0]["instance"], names=["sam"], followers=5000
        )
        return await cast.network.read_profile(http, linked.server, linked.credentials)

    assert cast.run(work).followers == (5000 if "followers" in cast.tells else None)


def test_post_arrives_as_written_and_its_receipt_leads_to_it(cast: Cast) -> None:
    async def work(http: Http) -> Any:
        linked = await cast.link(http)
        return await cast.network.publish(http, linked.server, linked.credentials, write_post())

    receipt = cast.run(work)
    [post] = cast.simulator.list_posts()
    assert post["text"] == TEXT
    assert post["account"] == cast.facts["handle"]
    assert post["id"] in receipt.remote_id
    assert receipt.url.startswith(("https://", "http://"))


def test_same_post_twice_is_one_post_where_keys_are_honoured(cast: Cast) -> None:
    async def work(http: Http) -> tuple[bool, bool, list[str]]:
        linked = await cast.link(http)
        post = write_post()
        receipts = [await cast.network.publish(http, linked.server, linked.credentials, post)]
        with suppress(Rejected, OutcomeUnknown):  # some take the same words only once
            receipts += [await cast.network.publish(http, linked.server, linked.credentials, post)]
        honours = cast.network.honours_keys(linked.server)
        proves = cast.network.absence_proves(linked.server, seconds_since_first_attempt=60)
        return honours, proves, [receipt.remote_id for receipt in receipts]

    honours_keys, absence_proves, remote_ids = cast.run(work)
    assert honours_keys == absence_proves == (cast.kind in KEYED)
    is_one = honours_keys or cast.kind in TRACED
    assert cast.is_there() == len({*remote_ids}) == (1 if is_one else len(remote_ids))


@where_posts_are_shown
def test_find_gives_exactly_the_post_that_was_sent(cast: Cast) -> None:
    async def work(http: Http) -> tuple[Any, Any]:
        linked = await cast.link(http)
        for number in range(3):
            other = write_post(f"{TEXT} {number}", key=f"{number}" * 32)
            await cast.network.publish(http, linked.server, linked.credentials, other)
        post = write_post()
        receipt = await cast.network.publish(http, linked.server, linked.credentials, post)
        found = await cast.network.find(http, linked.server, linked.credentials, post)
        return receipt, found

    receipt, found = cast.run(work)
    assert [each.remote_id for each in found] == [receipt.remote_id]
    assert [each.url for each in found] == [receipt.url]


@where_posts_are_shown
def test_find_gives_nothing_where_nothing_is(cast: Cast) -> None:
    async def work(http: Http) -> Any:
        linked = await cast.link(http)
        other = write_post("Something else", key="f" * 32)
        await cast.network.publish(http, linked.server, linked.credentials, other)
        return await cast.network.find(http, linked.server, linked.credentials, write_post())

    assert list(cast.run(work)) == []


@where_nobody_can_look
def test_network_that_shows_no_posts_proves_nothing(cast: Cast) -> None:
    async def work(http: Http) -> tuple[Linked, NetworkError]:
        linked = await cast.link(http)
        with pytest.raises(NetworkError) as caught:
            await cast.network.find(http, linked.server, linked.credentials, write_post())
        return linked, caught.value

    assert not cast.network.can_look_up
    linked, error = cast.run(work)
    assert isinstance(error, Rejected)
    check_sentence(error, *linked.secrets)
    assert not cast.network.absence_proves(linked.server, seconds_since_first_attempt=0)


def test_text_at_the_limit_is_taken_and_one_more_is_refused(cast: Cast) -> None:
    async def work(http: Http) -> tuple[Any, NetworkError]:
        linked = await cast.link(http)
        limit = cast.network.measure(linked.server, "").limit
        longest = "é" * limit
        length = cast.network.measure(linked.server, longest)
        over = cast.network.measure(linked.server, longest + "é")
        assert (length.used, length.over) == (limit, 0)
        assert (over.used, over.over) == (limit + 1, 1)
        await cast.network.publish(
            http, linked.server, linked.credentials, write_post(longest, key="a" * 32)
        )
        with pytest.raises(NetworkError) as caught:
            await cast.network.publish(
                http, linked.server, linked.credentials, write_post(longest + "é", key="b" * 32)
            )
        return linked, caught.value

    linked, error = cast.run(work)
    assert isinstance(error, Rejected)
    check_sentence(error, *linked.secrets)
    assert cast.is_there() == 1


async def publish_with_refresh(cast: Cast, http: Http, linked: Linked, post: Post) -> None:
    """Publish as the product does: refresh once where the network says that it takes that."""
    with suppress(TryLater):
        await cast.network.publish(http, linked.server, linked.credentials, post)
        return
    fresh = await cast.network.refresh(http, linked.server, linked.registration, linked.credentials)
    await cast.network.publish(http, linked.server, fresh, post)


def test_authorisation_taken_back_at_the_network_needs_its_owner(cast: Cast) -> None:
    async def work(http: Http) -> None:
        linked = await cast.link(http)
        cast.simulator.revoke(network=cast.network.name, account=cast.facts["handle"])
        await publish_with_refresh(cast, http, linked, write_post())

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, NeedsRelink)
    assert cast.is_there() == 0


def test_account_that_was_closed_to_its_owner_posts_nothing(cast: Cast) -> None:
    async def work(http: Http) -> Linked:
        linked = await cast.link(http)
        cast.simulator.open_accounts(
            instance=cast.instances[0]["instance"], names=["sam"], state="deactivated"
        )
        with pytest.raises((NeedsRelink, Rejected)):
            await cast.network.publish(http, linked.server, linked.credentials, write_post())
        return linked

    cast.run(work)
    assert cast.is_there() == 0


def test_revoked_authorisation_posts_no_more(cast: Cast) -> None:
    async def work(http: Http) -> None:
        linked = await cast.link(http)
        await cast.network.revoke(http, linked.server, linked.registration, linked.credentials)
        await publish_with_refresh(cast, http, linked, write_post())

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, Rejected if cast.kind in UNREVOKED else NeedsRelink)
    check_sentence(error)
    assert cast.is_there() == 0


def test_server_that_is_not_there_is_tried_later(cast: Cast) -> None:
    async def work(http: Http) -> Linked:
        return await cast.link(http)

    linked = cast.run(work)

    def move_away(value: Any) -> Any:
        gone = linked.server.url.rpartition(":")[0] + ":9"
        return value.replace(linked.server.url, gone) if isinstance(value, str) else value

    facts = {key: move_away(value) for key, value in linked.server.facts.items()}
    gone = Server(
        network=linked.server.network,
        host="127.0.0.1:9",
        url=move_away(linked.server.url),
        version=linked.server.version,
        facts=facts,
    )
    extra = {key: move_away(value) for key, value in linked.credentials.extra.items()}
    credentials = Credentials(
        network=linked.credentials.network,
        account_id=linked.credentials.account_id,
        access_token=linked.credentials.access_token,
        refresh_token=linked.credentials.refresh_token,
        expires_at=linked.credentials.expires_at,
        extra=extra,
    )

    async def publish() -> None:
        hosts = cast.simulator.hosts | {"127.0.0.1:9"}
        async with Http(user_agent="tests", allowed_hosts=hosts) as http:
            await cast.network.publish(http, gone, credentials, write_post())

    error = fail_of(lambda: asyncio.run(publish()))
    assert isinstance(error, TryLater)
    assert error.scope == "host"
    check_sentence(error, *linked.secrets)


def test_facts_are_fit_for_a_page(cast: Cast) -> None:
    network = cast.network
    assert network.name.islower()
    assert 1 <= len(network.code) <= 2
    assert network.label
    assert bool(network.address_label) == bool(network.address_example) == (len(cast.instances) > 1)
    assert network.deadline_seconds > 0
    assert network.measure(None, TEXT).over == 0


def test_pace_is_bounded_per_host(cast: Cast) -> None:
    linked = cast.run(cast.link)
    allowances = cast.network.allowances(linked.server)
    assert allowances
    assert all(each.count > 0 and each.seconds > 0 for each in allowances)


@where_posts_are_shown
def test_old_moment_is_searched_back_to(cast: Cast) -> None:
    async def work(http: Http) -> Any:
        linked = await cast.link(http)
        post = Post(
            text=TEXT,
            language="fr",
            planned_at=datetime.now(UTC) - timedelta(hours=3),
            key="c" * 32,
        )
        await cast.network.publish(http, linked.server, linked.credentials, post)
        for number in range(60):
            other = write_post(f"Autre {number}", key=f"{number:032x}")
            await cast.network.publish(http, linked.server, linked.credentials, other)
        return await cast.network.find(http, linked.server, linked.credentials, post)

    assert len(cast.run(work)) == 1
