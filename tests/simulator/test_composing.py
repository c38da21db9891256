"""The networks' own pages for a new post: filled in by a link, and what is posted there."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest

LINK = "https://petition.example/river"
WORDS = f"The river is ours & “theirs”\n\n{LINK} #river"
# Where a link leads at each network, by the kind of its server; with words in it or a link alone.
FILLED = {
    "x": "/intent/tweet?" + urlencode({"text": WORDS}),
    "bluesky": "/intent/compose?" + urlencode({"text": WORDS}),
    "threads": "/intent/post?" + urlencode({"text": WORDS}),
    "mastodon": "/share?" + urlencode({"text": WORDS}),
}
BY_LINK = {
    "facebook": "/sharer/sharer.php?" + urlencode({"u": LINK}),
    "linkedin": "/sharing/share-offsite/?" + urlencode({"url": LINK}),
}


def find_home(box, kind):
    """Where a network's app is: Bluesky's is one for all servers."""
    instance = box.find(kind)
    return instance.get("appview_url", instance["url"])


def read_field(page, name):
    """What a field of the page holds."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) or re.search(
        rf'name="{name}"[^>]*>([^<]*)<', page
    )
    return unescape(found[1])


def post(box, address, **form):
    """Fill in the page of that address and press its button; gives the answer."""
    page = box.call("GET", address).text
    origin = re.match(r"https?://[^/]+", address)[0]
    action = re.search(r'<form method="post" action="([^"]+)"', page)[1]
    fields = {"words": read_field(page, "words"), "account": read_field(page, "account")}
    if 'name="link"' in page:
        fields["link"] = read_field(page, "link")
    return box.call("POST", origin + action, data=fields | form)


def list_by_hand(box):
    return box.call("GET", "/_simulator/posts?by_hand=1").json


@pytest.mark.parametrize(("kind", "path"), FILLED.items())
def test_words_are_filled_in_and_posted_as_they_are(box, kind, path):
    page = box.call("GET", find_home(box, kind) + path)
    assert page.status == 200
    assert read_field(page.text, "words") == WORDS
    answer = post(box, find_home(box, kind) + path, account="sam")
    assert answer.status == 303
    (made,) = list_by_hand(box)
    assert (made["text"], made["url"]) == (WORDS, answer.headers["Location"])
    assert made["account"].startswith("sam")
    there = box.call("GET", made["url"])
    assert there.status == 200
    assert "by hand" in there.text
    assert "The river is ours" in there.text


@pytest.mark.parametrize(("kind", "path"), BY_LINK.items())
def test_where_words_are_pasted_the_link_comes_along(box, kind, path):
    address = find_home(box, kind) + path
    page = box.call("GET", address).text
    assert read_field(page, "words") == ""
    assert "paste your words" in page
    post(box, address, account="sam", words="Mine.")
    post(box, address, account="rae", words=f"With it: {LINK}")
    assert [one["text"] for one in list_by_hand(box)] == [f"Mine.\n\n{LINK}", f"With it: {LINK}"]


def test_messengers_have_a_page_on_the_first_port(box):
    post(box, f"{box.control}/whatsapp/?" + urlencode({"text": WORDS}), account="sam")
    telegram = urlencode({"url": LINK, "text": "Ours."})
    post(box, f"{box.control}/telegram/share/url?{telegram}", account="sam")
    assert [(one["network"], one["text"]) for one in list_by_hand(box)] == [
        ("whatsapp", WORDS),
        ("telegram", f"Ours.\n\n{LINK}"),
    ]
    assert len(box.instances) == len(box.call("GET", "/_simulator/instances").json)


def test_what_is_posted_by_hand_is_in_no_total_and_on_the_wall(box):
    sam = box.seed(account="sam", instance=box.find("mastodon")["instance"])
    address = box.find("mastodon")["url"] + FILLED["mastodon"]
    for _ in range(2):
        post(box, address, account="sam")
    assert box.summary() == {"posts": 0, "accounts": 0, "duplicates": 0}
    box.toot(sam, WORDS)
    assert box.summary() == {"posts": 1, "accounts": 1, "duplicates": 0}
    assert [one["text"] for one in box.call("GET", "/_simulator/posts").json] == [WORDS]
    wall = box.call("GET", "/").text
    assert wall.count("mastodon, by hand") == 2
    assert re.search(r"more, by hand</dt><dd>2<", wall)


def test_what_is_posted_by_hand_is_read_taken_down_and_forgotten_like_any_other(box):
    sam = box.seed(account="sam", instance=box.find("mastodon")["instance"])
    post(box, sam["url"] + FILLED["mastodon"], account="sam")
    headers = {"Authorization": f"Bearer {sam['access_token']}"}
    statuses = f"{sam['url']}/api/v1/accounts/{sam['id']}/statuses"
    (status,) = box.call("GET", statuses, headers=headers).json
    box.call("DELETE", f"{sam['url']}/api/v1/statuses/{status['id']}", headers=headers)
    assert list_by_hand(box) == []
    assert box.summary() == {"posts": 0, "accounts": 0, "duplicates": 0}
    post(box, sam["url"] + FILLED["mastodon"], account="sam")
    box.call("POST", "/_simulator/reset")
    assert box.call("GET", statuses, headers=headers).json == []


def test_x_refuses_words_that_its_owner_posted_by_hand(box):
    x = box.find("x")
    sam = box.seed(network="x", account="sam")
    post(box, x["url"] + FILLED["x"], account="sam")
    answer = box.call(
        "POST",
        f"{x['url']}/2/tweets",
        headers={"Authorization": f"Bearer {sam['access_token']}"},
        json={"text": WORDS},
    )
    assert answer.status == 403
    assert "duplicate content" in answer.text


@pytest.mark.parametrize("kind", [*FILLED, *BY_LINK])
@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"words": "y" * 70_000}, "not taken here"),
        ({"account": "no such name!"}, "A name here has up to"),
    ],
)
def test_what_cannot_be_posted_is_said_and_what_was_typed_stays(box, kind, form, sentence):
    address = find_home(box, kind) + (FILLED | BY_LINK)[kind].partition("?")[0]
    answer = post(box, address, **{"words": "Mine.", "account": "sam", **form})
    assert answer.status == 422
    assert sentence in answer.text
    assert read_field(answer.text, "words") == form.get("words", "Mine.")
    assert list_by_hand(box) == []


@pytest.mark.parametrize("kind", [*FILLED, *BY_LINK])
def test_without_words_there_is_nothing_to_post(box, kind):
    address = find_home(box, kind) + (FILLED | BY_LINK)[kind].partition("?")[0]
    assert post(box, address, account="sam", words=" ").status == 422


def test_account_that_is_suspended_cannot_post_by_hand_either(box):
    order = {"network": "x", "names": ["sam"], "state": "takendown"}
    box.call("POST", "/_simulator/accounts", json=order)
    assert post(box, box.find("x")["url"] + FILLED["x"], account="sam").status == 422


def test_author_on_any_bluesky_server_is_found(box):
    (made,) = box.call(
        "POST", "/_simulator/accounts", json={"network": "bluesky", "names": ["rae"]}
    ).json
    post(box, find_home(box, "bluesky") + FILLED["bluesky"], account="@rae.simulator.test")
    assert list_by_hand(box)[0]["instance"] == made["instance"]


def test_words_from_a_link_are_inert(box):
    address = box.find("x")["url"] + "/intent/tweet?" + urlencode({"text": "</textarea><script>"})
    page = box.call("GET", address).text
    assert "<script>" not in page
    assert read_field(page, "words") == "</textarea><script>"
