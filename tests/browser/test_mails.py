"""Every mail as a phone shows it, in light and in dark: it fits, it can be read, it is kept.

Mail programs differ from a browser; this is what one that heeds a mail's style sheet shows.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from playwright.sync_api import Page
from post_office.models import Email

from tests.browser.looking import MAILS, OPTIONS, PHONE, SCHEMES, measure, run_axe
from tests.conftest import make_person
from tests.mailing import SIGN_IN_MAILS, WRITERS, Cast, render_sign_in

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunter"  # 60 without a space
LANGUAGES = ("en", "fr")
# A mail is read within a program's own page, which has the landmarks.
NOT_A_PAGE = {each: {"enabled": False} for each in ("landmark-one-main", "region")}


def write_mails(language: str, **facts: object) -> Iterator[tuple[str, str]]:
    """Every mail there is as (name, HTML), and nothing of it left in the database."""
    for name, write in WRITERS.items():
        with transaction.atomic():
            people = {
                "olive": make_person("olive@example.org", "Olive"),
                "sam": make_person("sam@example.org", "Sam"),
                "rae": make_person("rae@example.org", "Rae", is_staff=True, is_superuser=True),
            }
            write(Cast(**people, language=language, **facts))
            html = Email.objects.latest("pk").html_message
            transaction.set_rollback(True)
        yield name, html
    for name in SIGN_IN_MAILS:
        yield name, render_sign_in(name, language=language)[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_can_be_read_on_a_phone_in_light_and_in_dark(page: Page, language: str) -> None:
    MAILS.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size(PHONE)
    troubles: list[str] = []
    for name, html in write_mails(language):
        page.set_content(html)
        troubles += [f"{name}: {each}" for each in measure(page)]
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found = run_axe(page, within=None, options=OPTIONS | {"rules": NOT_A_PAGE})
            troubles += [f"{name}, {scheme}: {each}" for each in found]
            ending = "-dark" if scheme == "dark" else ""
            page.screenshot(path=MAILS / f"{name}-{language}{ending}.png", full_page=True)
    assert not troubles, "\n".join(troubles)


def test_mail_about_long_words_does_not_grow_wider_than_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    troubles: list[str] = []
    for name, html in write_mails("fr", title=LONG, name=LONG, reason=LONG, number=3):
        page.set_content(html)
        troubles += [f"{name}: {each}" for each in measure(page)]
    assert not troubles, "\n".join(troubles)
