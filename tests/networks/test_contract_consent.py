"""What every adapter must do with the consent of an account's owner."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

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
)


def test_consent_gives_credentials_and_the_profile_of_who_agreed(cast: Cast) -> None:
    linked = cast.run(cast.link)
    assert linked.credentials.network == cast.network.name
    assert linked.credentials.account_id == cast.account_id == linked.profile.account_id
    check_profile(cast, linked.profile)
    assert linked.server.network == cast.network.name
    assert linked.server.host == urlsplit(cast.url).netloc
    assert linked.server.url == cast.url


def check_profile(cast: Cast, profile: Profile) -> None:
    """It tells of Sam what the network tells, and makes nothing up."""
    assert profile.handle
    assert profile.followers == (cast.followers if cast.kind.shows_followers else None)
    assert (profile.created_at is not None) == cast.kind.shows_age
    if profile.created_at is not None:
        assert abs(profile.created_at - cast.opened_at) < timedelta(minutes=1)


def test_profile_is_read_again_by_the_credentials(cast: Cast) -> None:
    async def work(http: Http) -> tuple[Profile, Profile]:
        linked = await cast.link(http)
        again = await cast.network.read_profile(http, linked.server, linked.credentials)
        return linked.profile, again

    profile, again = cast.run(work)
    assert again == profile
    check_profile(cast, again)


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


def drop_state(answer: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in answer.items() if key != "state"}


def change_state(answer: dict[str, str]) -> dict[str, str]:
    return answer | {"state": "another"}


def drop_code(answer: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in answer.items() if key != "code"}


def change_code(answer: dict[str, str]) -> dict[str, str]:
    return answer | {"code": "made-up"}


def claim_other_issuer(answer: dict[str, str]) -> dict[str, str]:
    return answer | {"iss": "https://evil.example"}


@pytest.mark.parametrize(
    "tamper", [drop_state, change_state, drop_code, change_code, claim_other_issuer]
)
def test_answer_that_does_not_belong_to_the_question_is_refused(
    cast: Cast, tamper: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    async def work(http: Http) -> None:
        server, registration, consent = await cast.begin(http)
        await cast.network.accept_consent(
            http,
            server,
            registration,
            redirect_uri=REDIRECT_URI,
            memo=consent.memo,
            answer=tamper(cast.agree(consent)),
        )

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, Rejected)
    check_sentence(error)


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
