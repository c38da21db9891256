"""Which language a page is in: what the reader chose, else what their browser asks for."""

import pytest

pytestmark = pytest.mark.django_db

FRENCH_BROWSER = {"HTTP_ACCEPT_LANGUAGE": "fr-CH, fr;q=0.9, en;q=0.5"}
CHOOSE = "/account/language/"


def read_language(answer):
    """The language of a page, said the same in its head and in its header."""
    found = answer.content.decode().partition('<html lang="')[2][:2]
    assert answer["Content-Language"] == found
    return found


def test_the_browser_s_language_is_spoken_until_somebody_chooses(client):
    assert read_language(client.get("/")) == "en"
    answer = client.get("/", **FRENCH_BROWSER)
    assert read_language(answer) == "fr"
    assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))


def test_a_reader_s_choice_beats_the_browser_and_is_remembered(client):
    assert read_language(client.get("/?language=en", **FRENCH_BROWSER)) == "en"
    assert read_language(client.get("/campaigns/", **FRENCH_BROWSER)) == "en"
    client.get("/?language=xx", **FRENCH_BROWSER)
    assert read_language(client.get("/", **FRENCH_BROWSER)) == "en"


def test_a_signed_in_person_s_own_language_beats_both(client, olive):
    client.get("/?language=fr")
    client.force_login(olive)
    assert read_language(client.get("/", **FRENCH_BROWSER)) == "en"
    assert read_language(client.get("/account/settings/", **FRENCH_BROWSER)) == "en"


def test_a_signed_in_person_switches_in_the_footer_and_it_is_kept(client, olive):
    client.force_login(olive)
    assert f'action="{CHOOSE}"' in client.get("/").content.decode()
    answer = client.post(CHOOSE, {"language": "fr", "next": "/campaigns/?page=1"})
    assert answer["Location"] == "/campaigns/?page=1"
    olive.refresh_from_db()
    assert olive.language == "fr"
    assert read_language(client.get("/")) == "fr"


def test_an_address_that_asks_for_a_language_is_read_in_it_this_once(client, olive):
    client.force_login(olive)
    assert read_language(client.get("/?language=fr")) == "fr"
    assert read_language(client.get("/")) == "en"
    olive.refresh_from_db()
    assert olive.language == "en"


def test_an_error_page_speaks_the_signed_in_person_s_language(client, olive):
    olive.language = "fr"
    olive.save()
    client.force_login(olive)
    client.get("/")
    answer = client.get("/nothing-here/")
    assert (answer.status_code, read_language(answer)) == (404, "fr")


def test_nobody_is_led_away_by_the_switch(client, olive):
    client.force_login(olive)
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:0"):
        answer = client.post(CHOOSE, {"language": "fr", "next": elsewhere})
        assert answer["Location"] == "/"


def test_the_switch_takes_a_language_that_there_is_and_a_person_who_is_signed_in(client, olive):
    assert "/account/login" in client.post(CHOOSE, {"language": "fr"})["Location"]
    client.force_login(olive)
    assert client.post(CHOOSE, {"language": "xx"}).status_code == 400
    assert client.get(CHOOSE).status_code == 405


def test_search_engines_find_both_languages_of_a_public_page(client, settings):
    page = client.get("/campaigns/?theme=x").content.decode()
    for code in ("en", "fr"):
        link = f'hreflang="{code}" href="{settings.SITE_URL}/campaigns/?language={code}"'
        assert link in page
    assert 'rel="alternate"' not in client.get("/account/login/").content.decode()


def test_settings_are_confirmed_in_the_language_they_choose(client, olive):
    client.force_login(olive)
    facts = {"name": "Olive", "language": "fr", "zone": "UTC"}
    assert read_language(client.post("/account/settings/", facts, follow=True)) == "fr"


def test_one_request_s_language_does_not_reach_the_next(client, olive):
    olive.language = "fr"
    olive.save()
    client.force_login(olive)
    assert read_language(client.get("/")) == "fr"
    client.logout()
    client.cookies.clear()
    assert read_language(client.get("/")) == "en"


def test_who_tries_too_often_reads_so_in_their_language(client, olive, settings):
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 2
    facts = {"login": "olive@example.org", "password": "wrong"}
    answers = [client.post("/account/login/", facts, **FRENCH_BROWSER) for _ in range(2)]
    assert answers[-1].status_code == 429
    assert "Trop d’essais à la suite" in answers[-1].content.decode()


def test_who_asks_too_often_reads_the_same(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    facts = {"login": "olive@example.org", "password": "wrong"}
    answers = [client.post("/account/login/", facts, **FRENCH_BROWSER) for _ in range(2)]
    assert answers[-1].status_code == 429
    assert "Trop d’essais à la suite" in answers[-1].content.decode()
