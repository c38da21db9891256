"""Every mail in every language, with realistic and with nasty rows: what a reader can rely on.

Each is left in ``var/mails`` to be looked at.
"""

import re
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings as site
from django.test.signals import template_rendered
from post_office.models import Email

from tests.mailing import SIGN_IN_MAILS, WRITERS, Cast, render_sign_in
from tests.words.counting import find_bare_numbers, marking_numbers

pytestmark = pytest.mark.django_db
FOLDER = Path(site.BASE_DIR) / "templates" / "mails"
LEFT_IN = Path(site.BASE_DIR) / "var" / "mails"
LANGUAGES = [code for code, _name in site.LANGUAGES]
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunter"  # 60 without a space
CASTS = {
    "plain": {},
    "many": {"number": 3, "facts": {"wordings": ["Say it otherwise."], "counts_clicks": True}},
    "long": {"title": LONG + "beamtengesellschaftvonganz", "name": LONG, "reason": LONG},
    "arabic": {"title": "دعوا النهر يجري نظيفًا", "name": "ليلى", "reason": "اكتبوا اسم النهر."},
    "hostile": {
        "title": "{{ 7|add:1 }} {% now 'Y' %} <u>&amp; \"so\"",
        "name": "<i>x</i>",
        "reason": "{% load x %}\n</style><img src=x>",
    },
}


def keep(language, name, *, text, html):
    """Write it where somebody can open it."""
    folder = LEFT_IN / language
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_text(text)
    (folder / f"{name}.html").write_text(html)


def find_template(name):
    """What a mail of the gallery is written by: ``reviewed`` for ``reviewed-rejected``."""
    return name.partition("-")[0]


@pytest.fixture
def rendered():
    """The names of all templates that the test rendered."""
    seen = set()

    def note(template, **_facts):
        seen.add(template.name)

    template_rendered.connect(note)
    yield seen
    template_rendered.disconnect(note)


def find_links(html):
    return {unescape(each) for each in re.findall(r'href="([^"]*)"', html)}


def check_parts(text, html):
    """What holds for every mail, whatever is in it."""
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "prefers-color-scheme: dark" in html
    asks = re.findall(
        r"<(?:img|link|script|iframe|object|video|audio|source)\b|@import|url\(", html
    )
    assert not asks, "nothing is fetched by opening a mail"
    assert not re.search(r'\s(?:src|srcset|background|on\w+)="', html)
    links = find_links(html)
    assert links
    assert all(re.match(r"https?://|mailto:", each) for each in links)
    assert not {each for each in links if each not in text}, "the text has every link"
    own = unescape(re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))
    for part in (text, own):
        assert "None" not in part
        assert "&amp;amp;" not in part


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    ("language", "kind"),
    [(language, kind) for language in LANGUAGES for kind in ("plain", "many")]
    + [(LANGUAGES[-1], kind) for kind in ("long", "arabic", "hostile")],
)
def test_every_mail_is_whole_in_both_parts(olive, sam, rae, rendered, language, name, kind):
    cast = Cast(olive=olive, sam=sam, rae=rae, language=language, **CASTS[kind])
    WRITERS[name](cast)
    mails = list(Email.objects.all())
    assert mails, "it was written"
    assert {f"mails/{find_template(name)}.{part}" for part in ("txt", "html")} <= rendered
    for mail in mails:
        assert 0 < len(mail.subject) <= 80
        assert "\n" not in mail.subject
        assert f'<html lang="{language}">' in mail.html_message
        check_parts(mail.message, mail.html_message)
        if kind == "hostile":
            assert "<u>" not in mail.html_message
            assert "<i>" not in mail.html_message
        else:
            for sign in ("{{", "}}", "{%", "%}"):
                assert (
                    sign not in mail.subject + mail.message + mail.html_message.split("</head>")[1]
                )
    keep(
        language, f"{name}-{kind}", text=f"{mail.subject}\n\n{mail.message}", html=mail.html_message
    )


@pytest.mark.parametrize("name", WRITERS)
def test_every_number_in_a_mail_is_in_digits_of_its_language(olive, sam, rae, monkeypatch, name):
    cast = Cast(olive=olive, sam=sam, rae=rae, language=LANGUAGES[-1], number=2)
    with marking_numbers(monkeypatch):
        WRITERS[name](cast)
    mails = list(Email.objects.all())
    assert mails
    lines = [
        line
        for mail in mails
        for part in (mail.subject, mail.message, re.sub(r'"[^"]*"', '""', mail.html_message))
        for line in part.splitlines()
    ]
    assert find_bare_numbers(lines) == []


def test_no_mail_is_missing_here():
    names = {each.stem for each in FOLDER.iterdir() if not each.name.startswith("_")}
    assert names == {find_template(name) for name in WRITERS}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SIGN_IN_MAILS)
def test_mails_of_signing_in_are_whole_too(language, name):
    subject, text, html = render_sign_in(name, language=language)
    assert 0 < len(subject) <= 80
    check_parts(text, html)
    keep(language, name, text=f"{subject}\n\n{text}", html=html)
