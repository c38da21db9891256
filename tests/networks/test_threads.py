"""How a post on Threads is made ready, made public, found again and counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from networks.adapters.threads import Threads
from networks.base import Composition, Length, Mode, Numbers, Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, TryLater
from networks.http import Http
from tests.networks.boxes import NOW, SECRET, Box, Page, fail_of, refuse, write_post
from tests.networks.threads_boxes import (
    CONTAINER,
    CREDENTIALS,
    LIST,
    MAKE,
    MEDIA,
    NUMBERS,
    PERMALINK,
    PROFILE,
    PUBLISH,
    SHOW,
    STATE,
    complain,
    good_pages,
    in_turn,
    read_form,
    with_threads,
)

ADAPTER = Threads(mode=Mode.AUTOMATIC, client_id="app", client_secret="app-secret")
NOT_FOUND = complain(24, "The requested resource does not exist", error_subcode=4279009)
TEXT = "Salut #climat"


def prepare(text: str = TEXT, **pages: Page) -> tuple[str, Box]:
    box = Box(good_pages(**pages))

    async def work(http: Http, adapter: Threads, server: Server) -> Any:
        return await adapter.prepare(http, server, CREDENTIALS, write_post(text=text))

    return with_threads(box, work), box


def publish(box: Box, *, prepared: str = "", **options: Any) -> Any:
    async def work(http: Http, adapter: Threads, server: Server) -> Any:
        post = write_post(prepared=prepared)
        return await adapter.publish(http, server, CREDENTIALS, post)

    return with_threads(box, work, **options)


def test_container_holds_the_exact_words_and_nothing_else() -> None:
    text = "Salut & <toi> ✊🏽\n\nhttps://voix.example/p?a=1&b=%C3%A9 #climat"
    container, box = prepare(text)
    assert container == CONTAINER
    assert box.paths() == [MAKE]
    assert read_form(box) == {"media_type": "TEXT", "text": text}
    assert box.asked[0].headers["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in box.asked[0].path_qs


def test_what_is_ready_is_published_and_its_address_read() -> None:
    box = Box(good_pages())
    receipt = publish(box, prepared=CONTAINER)
    assert (receipt.remote_id, receipt.url) == (MEDIA, PERMALINK)
    assert box.paths() == [PUBLISH, SHOW]
    assert read_form(box) == {"creation_id": CONTAINER}


def test_what_is_not_ready_is_made_first() -> None:
    box = Box(good_pages())
    assert publish(box).remote_id == MEDIA
    assert box.paths() == [MAKE, PUBLISH, SHOW]
    assert read_form(box, 0)["text"] == TEXT
    assert read_form(box, 1) == {"creation_id": CONTAINER}


@pytest.mark.parametrize("page", [refuse(500, ""), complain(190), {"id": MEDIA}, {"permalink": 1}])
def test_post_is_out_even_if_its_address_cannot_be_read(page: Page) -> None:
    receipt = publish(Box(good_pages(SHOW=page)), prepared=CONTAINER)
    assert (receipt.remote_id, receipt.url) == (MEDIA, "")


def test_container_that_is_too_new_is_asked_for_again() -> None:
    for prepared, made in (("", [MAKE]), (CONTAINER, [])):
        box = Box(good_pages(PUBLISH=in_turn(NOT_FOUND, NOT_FOUND, {"id": MEDIA})))
        assert publish(box, prepared=prepared).remote_id == MEDIA
        assert box.paths() == [*made, PUBLISH, STATE, PUBLISH, STATE, PUBLISH, SHOW]


def test_container_that_stays_too_new_is_tried_later_within_the_deadline() -> None:
    box = Box(good_pages(PUBLISH=NOT_FOUND))
    error = fail_of(lambda: publish(box, deadline_seconds=0.5, settle_seconds=0.1))
    assert isinstance(error, TryLater)
    assert error.scope == "account"
    assert 2 <= box.paths().count(PUBLISH) <= 3
    assert box.paths().count(MAKE) == 1


@pytest.mark.parametrize(
    "state",
    [
        {"status": "EXPIRED"},
        {"status": "ERROR"},
        {"status": "FINISHED"},
        NOT_FOUND,
        complain(100, error_subcode=33),
    ],
)
def test_container_that_is_gone_is_given_up_once_it_is_known_to_be_unpublished(
    state: Page,
) -> None:
    """Another one is not made here: it has to be written down before it is published."""
    box = Box(good_pages(PUBLISH=NOT_FOUND, STATE=state))
    error = fail_of(lambda: publish(box, prepared=CONTAINER))
    assert isinstance(error, TryLater)
    assert error.prepared_is_gone
    assert error.after_seconds == 0
    assert box.paths() == [PUBLISH, STATE] * 3


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"status": "PUBLISHED"}, OutcomeUnknown),
        (complain(100, "Tried accessing nonexisting field (status)"), OutcomeUnknown),
        (refuse(500, "<html>"), TryLater),
        (complain(190), NeedsRelink),
    ],
)
def test_container_that_may_have_been_published_is_never_made_anew(
    state: Page, expected: type[NetworkError]
) -> None:
    box = Box(good_pages(PUBLISH=in_turn(NOT_FOUND, {"id": MEDIA}), STATE=state))
    assert isinstance(fail_of(lambda: publish(box, prepared=CONTAINER)), expected)
    assert box.paths() == [PUBLISH, STATE]


def test_outcome_is_unknown_only_once_something_may_be_public() -> None:
    def never(_request: web.Request) -> web.Response:
        assert _request.transport is not None
        _request.transport.abort()
        return web.Response()

    assert type(fail_of(lambda: publish(Box(good_pages(MAKE=never))))) is TryLater
    error = fail_of(lambda: publish(Box(good_pages(PUBLISH=never)), prepared=CONTAINER))
    assert type(error) is OutcomeUnknown


def test_refusal_is_not_answered_with_another_try() -> None:
    box = Box(good_pages(PUBLISH=refuse(500, "")))
    fail_of(lambda: publish(box, prepared=CONTAINER))
    assert box.paths() == [PUBLISH]


def write_item(number: int, *, minutes: float = 1, **changes: Any) -> dict[str, Any]:
    at = (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    usual = {"id": str(number), "text": TEXT, "timestamp": at, "media_type": "TEXT_POST"}
    return {**usual, "permalink": f"https://www.threads.com/@sam/post/{number}", **changes}


def look(page: Page, *, state: Page | None = None, **changes: Any) -> tuple[list[str], Box]:
    box = Box({LIST: page} if state is None else {LIST: page, STATE: state})

    async def work(http: Http, adapter: Threads, server: Server) -> list[str]:
        post = write_post(prepared=CONTAINER if state is not None else "", **changes)
        found = await adapter.find(http, server, CREDENTIALS, post)
        return [receipt.remote_id for receipt in found]

    return with_threads(box, work), box


def page_through(items: list[dict[str, Any]]) -> Callable[[web.Request], web.Response]:
    def answer(request: web.Request) -> web.Response:
        start, size = int(request.query.get("after", 0)), int(request.query["limit"])
        page = items[start : start + size]
        cursors = {"before": str(start), "after": str(start + size)}
        return web.json_response(
            {"data": page, "paging": {"cursors": cursors}} if page else {"data": []}
        )

    return answer  # fmt: skip


def test_every_post_with_the_same_words_is_found_and_no_other() -> None:
    found, _ = look(
        page_through(
            [
                write_item(9),
                write_item(8, text="Salut #climat !"),
                write_item(7, text="Salut climat"),
                write_item(6, media_type="REPOST_FACADE"),
                write_item(5, minutes=-0.5),
                write_item(4, text=None),
                write_item(3, minutes=-3),
                write_item(2, minutes=-9),
            ]
        )
    )
    assert found == ["9", "7", "5"]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Ça  va\n\n#été2026", "Ça va\nété2026"),
        ("1 < 2 & <b>x</b> &amp;", "1 < 2 & <b>x</b> &amp;"),
        ("lire https://x.org/é?a=1#haut", "lire https://x.org/%C3%A9?a=1#haut"),
    ],
)
def test_words_are_compared_as_threads_shows_them(sent: str, shown: str) -> None:
    assert look({"data": [write_item(1, text=shown)]}, text=sent)[0] == ["1"]


def test_other_words_are_other_words() -> None:
    for sent, shown in [
        ("1 < 2", "1 > 2"),
        ("x #a", "x #b"),
        ("https://x.org/#a", "https://x.org/a"),
    ]:
        assert look({"data": [write_item(1, text=shown)]}, text=sent)[0] == []  # fmt: skip


def test_pages_are_read_back_to_the_planned_moment() -> None:
    others = [write_item(number, text="Autre") for number in range(350, 101, -1)]
    found, box = look(page_through([*others, write_item(50), write_item(9, minutes=-5)]))
    assert found == ["50"]
    assert len(box.asked) == 3
    assert box.asked[0].query["fields"] == "id,text,permalink,timestamp,media_type"


def test_end_of_the_list_is_the_end_of_the_search() -> None:
    assert look({"data": []})[0] == []
    assert look({"data": [write_item(1, text="Autre")], "paging": {}})[0] == []
    assert look(page_through([write_item(n, text="Autre") for n in range(120, 0, -1)]))[0] == []


def test_account_that_posts_without_end_is_not_said_to_lack_the_post() -> None:
    others = [write_item(number, text="Autre") for number in range(1200, 0, -1)]
    assert isinstance(fail_of(lambda: look(page_through(others))), OutcomeUnknown)
    assert look(page_through([write_item(1201), *others]))[0] == ["1201"]


def test_same_page_again_and_again_is_not_believed() -> None:
    page = {"data": [write_item(1)], "paging": {"cursors": {"after": "x"}}}
    found, box = look(page)
    assert (found, len(box.asked)) == (["1"], 2)
    page["data"] = [write_item(1, text="Autre")]
    assert isinstance(fail_of(lambda: look(page)), OutcomeUnknown)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(429, {}), TryLater),
        (complain(613), TryLater),
        (refuse(500, "<html>"), TryLater),
        (refuse(200, "<html>"), TryLater),
        (refuse(302, "", Location="/"), TryLater),
        (complain(190), OutcomeUnknown),
        (complain(10), OutcomeUnknown),
        (complain(100), OutcomeUnknown),
        ({}, OutcomeUnknown),
        ({"data": {}}, OutcomeUnknown),
        ({"data": ["1"]}, OutcomeUnknown),
    ],
)
def test_nobody_could_look_is_never_said_to_be_absence(
    page: Page, expected: type[NetworkError]
) -> None:
    assert type(fail_of(lambda: look(page))) is expected


def test_published_container_without_its_post_in_the_list_is_not_absence() -> None:
    nothing: Page = {"data": []}
    assert type(fail_of(lambda: look(nothing, state={"status": "PUBLISHED"}))) is OutcomeUnknown
    assert type(fail_of(lambda: look(nothing, state=complain(100)))) is OutcomeUnknown
    assert type(fail_of(lambda: look(nothing, state=complain(2)))) is TryLater
    for state in ({"status": "FINISHED"}, {"status": "EXPIRED"}, NOT_FOUND):
        assert look(nothing, state=state)[0] == []


def test_post_that_is_shown_needs_no_word_of_its_container() -> None:
    found, box = look({"data": [write_item(1)]}, state=refuse(500, ""))
    assert found == ["1"]
    assert box.paths() == [LIST]


def count(page: Page, **pages: Page) -> Any:
    box = Box({NUMBERS: page, PROFILE: {"id": "1"}, **pages})

    async def work(http: Http, adapter: Threads, server: Server) -> Any:
        return await adapter.read_numbers(http, server, CREDENTIALS, [MEDIA])

    return with_threads(box, work)


def test_numbers_are_read_by_their_names() -> None:
    metrics: list[Any] = [
        {"name": "likes", "values": [{"value": 3}]},
        {"name": "views", "values": [{"value": 100}]},
        {"name": "reposts", "total_value": {"value": 0}},
        {"name": "quotes", "values": []},
        {"name": "replies", "values": [{"value": -1}]},
        {"name": "shares", "values": [{"value": 9}]},
        "likes",
    ]
    assert count({"data": metrics}) == {MEDIA: Numbers(likes=3, impressions=100, reposts=0)}
    assert count({"data": None}) == {MEDIA: Numbers()}


@pytest.mark.parametrize("page", [NOT_FOUND, complain(100, error_subcode=33)])
def test_post_that_was_taken_down_is_gone(page: Page) -> None:
    assert count(page) == {MEDIA: None}


@pytest.mark.parametrize("page", [complain(10), complain(10, status=500), complain(100)])
def test_numbers_that_we_may_not_read_are_left_out(page: Page) -> None:
    assert count(page) == {}


def test_numbers_are_refused_where_the_authorisation_is_gone() -> None:
    error = fail_of(lambda: count(complain(190), **{PROFILE: complain(190, error_subcode=458)}))
    assert isinstance(error, NeedsRelink)
    assert isinstance(fail_of(lambda: count(complain(4))), TryLater)


def test_length_is_counted_in_characters_and_bytes_of_emoji() -> None:
    assert ADAPTER.measure(None, "é" * 500) == Length(used=500, limit=500, over=0)
    assert ADAPTER.measure(None, "é" * 497 + "🌊") == Length(used=501, limit=500, over=1)


def test_composer_is_filled_in() -> None:
    text = "Là & ici https://x.org/a"
    page = "https://www.threads.com/intent/post?text=L%C3%A0%20%26%20ici%20https%3A%2F%2Fx.org%2Fa"
    assert ADAPTER.compose(text, link="https://x.org/a") == Composition(url=page, is_whole=True)
    assert ADAPTER.compose("Oui", link="https://x.org/").url.endswith("&url=https%3A%2F%2Fx.org%2F")
    assert ADAPTER.compose("Oui", link="").url.endswith("?text=Oui")


def test_absence_is_no_proof() -> None:
    server = Server(network="threads", host="graph.threads.net", url="https://graph.threads.net")
    assert not ADAPTER.honours_keys(server)
    ready = write_post(prepared=CONTAINER)
    assert not ADAPTER.absence_proves(server, post=ready, seconds_since_first_attempt=0)


def test_absence_proves_something_where_no_container_was_ever_kept() -> None:
    server = Server(network="threads", host="t.example", url="https://t.example")
    assert ADAPTER.absence_proves(server, post=write_post(), seconds_since_first_attempt=3600)
