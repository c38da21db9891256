"""What is counted is what is sent: texts that fill a post to its limit, by real requests."""

from __future__ import annotations

from networks.fitting import split_fitting
from networks.http import Http
from supporters.pledging import clean_words
from tests.networks.casting import Cast, Linked, write_post
from tests.networks.writing import SCRAPS

AT_ONCE = 6  # scraps of one text


def fill(cast: Cast, linked: Linked, number: int) -> str:
    """Give a text of some of the scraps, written until one more letter would be too many."""

    def measure(text: str) -> object:
        return cast.network.measure(linked.server, text)

    scraps = [scrap for scrap in SCRAPS if "://" not in scrap or cast.kind != "threads"]
    words = " ".join(scraps[number : number + AT_ONCE])
    text = split_fitting(f"{number}. {words * 30}", measure=measure)[0]  # type: ignore[arg-type]
    return clean_words(text)


def test_full_post_is_taken_and_reads_as_it_was_agreed_to(cast: Cast) -> None:
    texts: list[str] = []

    async def work(http: Http) -> None:
        linked = await cast.link(http)
        for number in range(0, len(SCRAPS), AT_ONCE):
            texts.append(fill(cast, linked, number))
            post = write_post(texts[-1], key=f"{number:032x}")
            receipt = await cast.network.publish(http, linked.server, linked.credentials, post)
            assert receipt.remote_id

    cast.run(work)
    assert len(texts) > 10
    assert [post["text"] for post in cast.simulator.list_posts()] == texts
