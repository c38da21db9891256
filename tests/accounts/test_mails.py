"""The mails of signing up and signing in: ours in look and words, in text and HTML."""

import re

import pytest
from allauth.account import app_settings
from django.conf import settings as installed
from django.core import mail as post
from django.core.cache import cache

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
STRANGER = "Win <b>money</b> at https://evil.example"


@pytest.fixture(autouse=True)
def rested():
    """Nobody has had a mail in the last minutes: allauth sends no two at once to one address."""
    cache.clear()


def sign_up(client, *, name="Nora", email="nora@example.org"):
    client.post(
        "/account/signup/",
        {"name": name, "email": email, "password1": PASSWORD, "password2": PASSWORD},
    )


def ask_for_password(client, *, email):
    client.post("/account/password/reset/", {"email": email})


def add_address(client, *, email):
    client.post("/account/email/", {"action_add": "", "email": email})


def take_mail():
    """The one mail that was sent: its subject, its text and its HTML."""
    (mail,) = post.outbox
    ((html, kind),) = mail.alternatives
    assert kind == "text/html"
    return mail.subject, mail.body, html


@pytest.fixture
def write(client, olive, sam):
    """Makes allauth write each mail that it can send here; gives subject, text and HTML."""

    def do(kind):
        if kind == "signed up":
            sign_up(client)
        elif kind == "address added":
            client.force_login(sam)
            add_address(client, email="samuel@example.org")
        elif kind == "signed up again":
            sign_up(client, email="olive@example.org")
        elif kind == "password forgotten":
            ask_for_password(client, email="olive@example.org")
        else:
            ask_for_password(client, email="nobody@example.org")
        return take_mail()

    return do


MAILS = {
    "signed up": ("Confirm your e-mail address", "/account/confirm-email/"),
    "address added": ("Confirm your e-mail address", "/account/confirm-email/"),
    "signed up again": ("You have an account already", "/account/password/reset/"),
    "password forgotten": ("Choose a new password", "/account/password/reset/key/"),
    "address unknown": ("No account has this address", "/account/signup/"),
}


@pytest.mark.parametrize("kind", MAILS)
def test_mail_is_ours_and_leads_to_the_same_page_in_text_and_html(write, kind):
    subject, text, html = write(kind)
    assert subject == MAILS[kind][0]
    address = re.search(rf"http://testserver{MAILS[kind][1]}\S*", text)
    assert address
    assert f'href="{address[0]}"' in html
    assert text.startswith("Somebody, you we hope,")
    assert text.endswith(installed.SITE_URL)
    assert '<p class="brand">CrowdSpeak</p>' in html
    assert f"<title>{subject}" in html
    assert 'lang="en"' in html


@pytest.mark.parametrize("kind", MAILS)
def test_mail_says_what_to_do_for_who_did_not_ask_for_it(write, kind):
    _, text, html = write(kind)
    assert "If it was not you, do nothing" in text
    assert "If it was not you, do nothing" in html
    assert "example.com" not in text


def test_stranger_s_words_do_not_reach_the_address_they_gave(client):
    sign_up(client, name=STRANGER)
    for part in take_mail():
        assert "evil.example" not in part


def test_mail_is_in_the_reader_s_language(client, olive):
    client.get("/?language=fr")
    ask_for_password(client, email="olive@example.org")
    assert 'lang="fr"' in take_mail()[2]


def test_days_that_the_mails_tell_are_those_of_the_settings():
    assert app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS == 3
    assert installed.PASSWORD_RESET_TIMEOUT == 3 * 24 * 3600


def test_no_other_mail_can_be_sent():
    """Those that could be, once one of these is switched on, need templates of ours."""
    assert not app_settings.EMAIL_NOTIFICATIONS
    assert not app_settings.LOGIN_BY_CODE_ENABLED
    assert not app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED
    assert not app_settings.PASSWORD_RESET_BY_CODE_ENABLED
