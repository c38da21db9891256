"""Threads' adapter against the simulated network: what is ready, what is uncertain, what ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from networks.adapters.threads import Threads
from networks.base import Credentials, Mode, Post, Receipt, Registration, Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.casting import TEXT, Run, write_post
from tests.simulated import Simulator

REGISTRATION = Registration(client_id="app", client_secret="app-secret")
DAYS = 86_400


class Stage:
    """The adapter, and Sam's token of some age."""

    def __init__(self, simulator: Simulator, run: Run, **order: Any) -> None:
        self.simulator, self.run = simulator, run
        url = simulator.get_instance("threads")["url"]
        self.adapter = Threads(
            mode=Mode.AUTOMATIC,
            client_id=REGISTRATION.client_id,
            client_secret=REGISTRATION.client_secret,
            api_url=url,
            consent_url=url,
            settle_seconds=0.01,
        )
        self.server = Server(network="threads", host=url.partition("//")[2], url=url)
        token = simulator.issue_tokens(network="threads", account="sam", **order)
        born = datetime.now(UTC) - timedelta(seconds=order.get("age_seconds", 0))
        self.credentials = Credentials(
            network="threads",
            account_id=token["id"],
            access_token=token["access_token"],
            refresh_token=token["access_token"],
            expires_at=born + timedelta(days=60),
            extra={"issued_at": born.isoformat()},
        )

    def call(self, name: str, post: Post) -> Any:
        async def work(http: Http) -> Any:
            return await getattr(self.adapter, name)(http, self.server, self.credentials, post)

        return self.run(work)

    def refresh(self) -> Credentials:
        async def work(http: Http) -> Credentials:
            return await self.adapter.refresh(http, self.server, REGISTRATION, self.credentials)

        renewed: Credentials = self.run(work)
        return renewed

    def fail(self, name: str, post: Post) -> NetworkError:
        with pytest.raises(NetworkError) as caught:
            self.call(name, post)
        return caught.value

    def ready_post(self, text: str = TEXT) -> Post:
        post = write_post(text)
        return replace(post, prepared=self.call("prepare", post))

    def texts(self) -> list[str]:
        return [post["text"] for post in self.simulator.list_posts()]


@pytest.fixture(name="stage")
def make_stage(simulator: Simulator, run: Run) -> Stage:
    return Stage(simulator, run)


def test_what_was_made_ready_is_what_is_posted(stage: Stage) -> None:
    post = stage.ready_post()
    assert stage.texts() == []
    receipt = stage.call("publish", post)
    assert stage.texts() == [TEXT]
    [request] = stage.simulator.list_requests()
    assert (request["outcome"], request["key"]) == ("accepted", post.prepared)
    assert stage.call("find", post) == [receipt]


@pytest.mark.parametrize("fault", ["cut", "500_after", "html_after"])
def test_answer_that_was_lost_after_the_post_was_made_ends_as_one_post(
    stage: Stage, fault: str
) -> None:
    post = stage.ready_post()
    stage.simulator.set_faults({fault: 1, "times": 1})
    assert isinstance(stage.fail("publish", post), OutcomeUnknown)
    found: list[Receipt] = stage.call("find", post)
    assert [each.remote_id for each in found] == [stage.simulator.list_posts()[0]["id"]]
    # Even if it were sent again, the container is good once.
    assert isinstance(stage.fail("publish", post), OutcomeUnknown)
    assert stage.texts() == [TEXT]


def test_answer_that_was_lost_before_anything_was_made_is_found_to_be_nothing(
    stage: Stage,
) -> None:
    post = stage.ready_post()
    stage.simulator.set_faults({"cut_before": 1, "times": 1})
    assert isinstance(stage.fail("publish", post), OutcomeUnknown)
    assert stage.call("find", post) == []
    assert not stage.adapter.absence_proves(stage.server, post=post, seconds_since_first_attempt=60)


def test_container_that_threads_has_forgotten_has_to_be_made_anew(stage: Stage) -> None:
    post = stage.ready_post()
    stage.simulator.reset(accounts=False)
    error = stage.fail("publish", post)
    assert isinstance(error, TryLater)
    assert error.prepared_is_gone
    stage.call("publish", stage.ready_post())
    assert stage.texts() == [TEXT]


def test_sixth_link_is_refused_before_the_moment(stage: Stage) -> None:
    links = " ".join(f"https://x{number}.example/" for number in range(6))
    error = stage.fail("prepare", write_post(links))
    assert isinstance(error, Rejected)
    assert "five links" in str(error)
    stage.call("prepare", write_post(links.rpartition(" ")[0]))


def test_post_beyond_the_250th_of_a_day_waits(stage: Stage) -> None:
    async def fill(http: Http) -> None:
        for number in range(250):
            post = write_post(f"Voix {number}")
            await stage.adapter.publish(http, stage.server, stage.credentials, post)

    stage.run(fill)
    error = stage.fail("publish", write_post())
    assert isinstance(error, TryLater)
    assert "24 hours" in str(error)
    assert len(stage.texts()) == 250


def test_account_whose_owner_removed_us_is_told_so(stage: Stage) -> None:
    stage.simulator.revoke(network="threads", account="sam")
    error = stage.fail("publish", write_post())
    assert isinstance(error, NeedsRelink)
    assert "was removed" in str(error)


@pytest.mark.parametrize("name", ["prepare", "publish"])
def test_permission_that_was_not_given_needs_its_owner(
    simulator: Simulator, run: Run, name: str
) -> None:
    error = Stage(simulator, run, scope="threads_basic").fail(name, write_post())
    assert isinstance(error, NeedsRelink)
    assert "every permission" in str(error)


def test_token_is_renewed_from_its_second_day_to_its_last(simulator: Simulator, run: Run) -> None:
    today = Stage(simulator, run, age_seconds=DAYS - 600)
    assert today.refresh() == today.credentials
    old = Stage(simulator, run, age_seconds=59 * DAYS)
    renewed = old.refresh()
    assert renewed.access_token != old.credentials.access_token
    assert renewed.expires_at is not None
    assert renewed.expires_at > datetime.now(UTC) + timedelta(days=59)
    old.credentials = renewed
    old.call("publish", write_post())
    gone = Stage(simulator, run, age_seconds=60 * DAYS + 1)
    with pytest.raises(NeedsRelink):
        gone.refresh()
