"""What every adapter must do with the consent of an account's owner."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from networks.base import Consent, Profile
from networks.errors import Rejected
from networks.http import Http
from tests.networks.casting import (
    REDIRECT_URI,
    Cast,
    Linked,
    check_sentence,
    fail_of,
    where_servers_are_many,
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
