"""Coming in to the page that erases."""

from django.urls import reverse

ERASE = "/account/data/erase/"


def come_in(client, person):
    """Sign in, and give the password once more."""
    client.force_login(person)
    client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})
