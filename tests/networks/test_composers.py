"""Where people post by their own hand: which places there are, and where their buttons lead."""

from urllib.parse import parse_qs, urlsplit

import pytest

from networks.composers import list_messengers
from networks.registry import all_composers, get_composer

LINK = "https://example.org/river"
TEXT = f"Three barriers & more – “now”!\n\n{LINK} #river"
WHATSAPP, TELEGRAM = list_messengers()


@pytest.fixture
def mixed(settings):
    """X and Facebook by hand, Mastodon and Bluesky automatic, Threads off."""
    settings.NETWORKS = {
        "mastodon": {"mode": "automatic"},
        "bluesky": {"mode": "automatic", **urls(settings, "bluesky")},
        "x": {**settings.NETWORKS["x"], "mode": "assisted"},
        "facebook": {**settings.NETWORKS["facebook"], "mode": "assisted"},
        "threads": {**settings.NETWORKS["threads"], "mode": "off"},
    }


def urls(settings, name):
    return {key: value for key, value in settings.NETWORKS[name].items() if key.endswith("_url")}


def read(url):
    """Host with path, and the query."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return f"{parts.netloc}{parts.path}", query


def test_what_cannot_be_lent_comes_first_then_messengers_then_what_can(mixed):
    assert list(all_composers()) == [
        *("facebook", "x", "whatsapp", "telegram"),
        *("mastodon", "bluesky"),
    ]
    assert [each.name for each in all_composers().values() if each.is_lendable] == [
        "mastodon",
        "bluesky",
    ]


def test_facebook_is_a_profile_by_hand_and_pages_by_api(mixed):
    assert all_composers()["facebook"].label == "Facebook"
    assert all_composers()["x"].label == "X"


def test_network_that_was_switched_off_is_not_offered_but_what_was_promised_can_be_posted(mixed):
    assert "threads" not in all_composers()
    assert "/intent/post?" in get_composer("threads").compose(TEXT, link=LINK).url
    with pytest.raises(KeyError):
        get_composer("myspace")


@pytest.mark.parametrize("name", ["x", "mastodon", "bluesky", "threads", "whatsapp", "telegram"])
def test_words_are_filled_in_whole_where_the_place_takes_them(name):
    composition = get_composer(name).compose(TEXT, link=LINK)
    assert composition.is_whole
    assert "barriers" in composition.url
    assert " " not in composition.url
    assert "\n" not in composition.url


@pytest.mark.parametrize("name", ["facebook", "linkedin"])
def test_where_a_link_alone_is_taken_the_words_are_left_to_be_pasted(name):
    composition = get_composer(name).compose(TEXT, link=LINK)
    assert not composition.is_whole
    assert "barriers" not in composition.url
    assert LINK in read(composition.url)[1].values()


def test_whatsapp_gets_the_exact_words_and_nobody_to_send_them_to():
    where, query = read(WHATSAPP.compose(TEXT, link=LINK).url)
    assert where == "wa.me/"
    assert query == {"text": TEXT}


def test_telegram_gets_the_link_apart_and_never_twice():
    where, query = read(TELEGRAM.compose(TEXT, link=LINK).url)
    assert where == "t.me/share/url"
    assert query["url"] == LINK
    assert query["text"] == "Three barriers & more – “now”!\n\n#river"


def test_telegram_without_a_link_leaves_the_words_to_be_pasted():
    composition = TELEGRAM.compose("No link at all.", link="")
    assert not composition.is_whole
    assert urlsplit(composition.url).scheme == "https"


@pytest.mark.parametrize("composer", [WHATSAPP, TELEGRAM])
def test_words_that_make_too_long_an_address_are_left_to_be_pasted(composer):
    composition = composer.compose("ж" * 3000, link=LINK)
    assert not composition.is_whole
    assert len(composition.url) < 2_000
    assert LINK in read(composition.url)[1].values()


def test_length_is_told_where_a_limit_is_known():
    assert WHATSAPP.measure("x" * 100_000) is None
    assert TELEGRAM.measure("x" * 4096).over == 0
    assert TELEGRAM.measure("x" * 4097).over == 1
    assert get_composer("x").measure("x" * 281).over == 1


def test_profile_on_facebook_is_never_lent_also_where_pages_are(settings):
    facebook = {**settings.NETWORKS["facebook"], "mode": "automatic", "client_id": "1"}
    settings.NETWORKS = {"facebook": facebook}
    assert not all_composers()["facebook"].is_lendable


def test_messengers_are_where_the_operator_says_and_off_without_an_address(mixed, settings):
    settings.MESSENGERS = {"whatsapp": "http://127.0.0.1:1/whatsapp/", "telegram": ""}
    assert "telegram" not in all_composers()
    assert read(all_composers()["whatsapp"].compose(TEXT, link=LINK).url)[0] == (
        "127.0.0.1:1/whatsapp/"
    )
    # Who promised it before can still post it.
    assert read(get_composer("telegram").compose(TEXT, link=LINK).url)[0] == "t.me/share/url"


def test_pages_of_open_networks_are_where_the_operator_says(mixed, settings):
    def address(name):
        return get_composer(name).compose(TEXT, link=LINK).url

    assert address("mastodon").startswith("https://share.joinmastodon.org/#text=Three")
    assert address("bluesky").startswith("https://bsky.app/intent/compose?text=Three")
    settings.NETWORKS = {
        "mastodon": {"mode": "automatic", "share_url": "http://127.0.0.1:2/share?"},
        "bluesky": {**settings.NETWORKS["bluesky"], "web_url": "http://127.0.0.1:3"},
    }
    assert address("mastodon").startswith("http://127.0.0.1:2/share?text=Three")
    assert address("bluesky").startswith("http://127.0.0.1:3/intent/compose?text=Three")
