"""What every adapter of a network with many servers must do when one answers for another.

The simulator alone plays this: it takes two servers that hand out codes.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from networks.errors import Rejected
from networks.http import Http
from tests.networks.casting import REDIRECT_URI, check_sentence, fail_of
from tests.networks.simulating import SimulatedCast, where_servers_are_many

pytestmark = where_servers_are_many


def take_other_code(answer: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    return answer | {"code": other["code"]}


def take_other_answer(answer: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    return other | {"state": answer["state"]}


@pytest.mark.parametrize("mix", [take_other_code, take_other_answer])
def test_answer_of_another_server_is_refused(
    cast: SimulatedCast, mix: Callable[[dict[str, str], dict[str, str]], dict[str, str]]
) -> None:
    elsewhere = cast.open_elsewhere("mallory")

    async def work(http: Http) -> None:
        server, registration, consent = await cast.begin(http)
        answer = cast.agree(consent)
        _, _, other_consent = await cast.begin(http, address=elsewhere, state="state-2")
        await cast.network.accept_consent(
            http,
            server,
            registration,
            redirect_uri=REDIRECT_URI,
            memo=consent.memo,
            answer=mix(answer, cast.agree_as("mallory", other_consent)),
        )

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, Rejected)
    check_sentence(error)


def test_memo_of_one_server_is_refused_with_another(cast: SimulatedCast) -> None:
    elsewhere = cast.open_elsewhere("mallory")

    async def work(http: Http) -> None:
        _, _, consent = await cast.begin(http)
        server, registration, _ = await cast.begin(http, address=elsewhere)
        await cast.network.accept_consent(
            http,
            server,
            registration,
            redirect_uri=REDIRECT_URI,
            memo=consent.memo,
            answer=cast.agree(consent),
        )

    assert isinstance(fail_of(lambda: cast.run(work)), Rejected)
