"""Signing up by e-mail, settings, and the admin's door."""

from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User, check_zone

pytestmark = pytest.mark.django_db


def sign_up(client, **facts):
    form = {
        "name": "Olive",
        "email": "olive@example.org",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
    }
    return client.post("/account/signup/", form | facts)


def test_signing_up_needs_a_confirmed_address(client, mailoutbox):
    answer = sign_up(client)
    assert answer.status_code == 302
    assert "_auth_user_id" not in client.session
    assert mailoutbox[0].to == ["olive@example.org"]
    link = next(word for word in mailoutbox[0].body.split() if "/confirm-email/" in word)
    client.post(urlsplit(link).path)
    person = User.objects.get()
    assert person.emailaddress_set.get().verified
    assert (person.name, person.email) == ("Olive", "olive@example.org")


def test_the_language_of_the_sign_up_is_kept(client):
    client.get("/account/signup/?language=fr")
    sign_up(client, name="Odile")
    assert User.objects.get().language == "fr"


def test_a_short_password_is_refused(client):
    answer = sign_up(client, password1="short", password2="short")
    assert answer.status_code == 200
    assert not User.objects.exists()


def test_settings_are_one_s_own(client, olive):
    assert "/account/login" in client.get("/account/settings/")["Location"]
    client.force_login(olive)
    answer = client.post(
        "/account/settings/", {"name": "Olive H.", "language": "fr", "zone": "Indian/Reunion"}
    )
    assert answer.status_code == 302
    olive.refresh_from_db()
    assert (olive.name, olive.language, olive.zone) == ("Olive H.", "fr", "Indian/Reunion")


def test_a_zone_that_does_not_exist_is_refused(client, olive):
    client.force_login(olive)
    answer = client.post(
        "/account/settings/", {"name": "Olive", "language": "en", "zone": "Europe/Nowhere"}
    )
    assert answer.status_code == 200
    with pytest.raises(ValidationError):
        check_zone("Europe/Nowhere")


def test_supporters_without_an_address_are_many(db):
    User.objects.create_user(name="One")
    User.objects.create_user(name="Two")
    assert User.objects.filter(email=None).count() == 2
    assert not User.objects.first().has_usable_password()


def test_everybody_has_a_name(db):
    assert User(email="sam@example.org").get_full_name() == "sam"
    assert str(User.objects.create_user()).startswith("Supporter ")


def test_staff_without_a_second_factor_do_not_get_into_the_admin(client, rae):
    client.force_login(rae)
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/account/2fa/"


def test_staff_with_a_second_factor_get_in(client, rae):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(rae, generate_totp_secret())
    client.force_login(rae)
    assert client.get("/admin/").status_code == 200


def test_others_do_not_get_into_the_admin(client, sam):
    assert "/account/login" in client.get("/admin/", follow=True).redirect_chain[-1][0]
    client.force_login(sam)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/"


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/admin/campaigns/campaign/", "/admin/campaigns/campaign/"),
        ("//evil.example/", "/admin/"),
        ("https://evil.example/", "/admin/"),
        ("/\\evil.example", "/admin/"),
        ("javascript:alert(1)", "/admin/"),
    ],
)
def test_the_admin_s_door_leads_on_to_our_own_pages_alone(client, rae, settings, wanted, leads_to):
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    assert client.get("/admin/login/", {"next": wanted})["Location"] == leads_to


@pytest.mark.parametrize("number", ["99999", "nonsense", "1e9"])
def test_a_campaign_that_is_not_there_leads_back_to_the_admin(client, rae, settings, number):
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    answer = client.get(f"/admin/campaigns/campaign/{number}/change/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
