"""What is sealed opens with its key and in its place alone, and no secret lies about in plain."""

import io
import json

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import call_command
from django.urls import reverse

from networks.base import Credentials
from supporters import vault
from supporters.models import KnownServer, LinkedAccount, LinkRequest
from supporters.servers import read_registration
from supporters.tokens import read_credentials, usable_credentials

CREDENTIALS = Credentials(
    network="mastodon", account_id="7", access_token="canary-access", refresh_token="canary-more"
)


def test_sealed_text_opens_for_its_purpose_alone():
    sealed = vault.seal({"a": 1}, purpose="account:x")
    assert vault.unseal(sealed, purpose="account:x") == {"a": 1}
    with pytest.raises(vault.VaultError, match="where it does not belong"):
        vault.unseal(sealed, purpose="account:y")


def test_first_key_seals_and_every_key_opens(settings):
    old = vault.seal_credentials(CREDENTIALS, fingerprint="f")
    settings.TOKEN_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_KEYS]
    new = vault.seal_credentials(CREDENTIALS, fingerprint="f")
    assert new[:8] != old[:8]
    for sealed in (old, new):
        assert vault.unseal_credentials(sealed, fingerprint="f") == CREDENTIALS
    settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]
    with pytest.raises(vault.VaultError, match=f"{old[:8]}.*missing from TOKEN_KEYS"):
        vault.unseal_credentials(old, fingerprint="f")


def test_changed_text_does_not_open_and_says_nothing():
    sealed = vault.seal_credentials(CREDENTIALS, fingerprint="f")
    with pytest.raises(vault.VaultError) as error:
        vault.unseal_credentials(sealed[:-8] + "AAAAAAA=", fingerprint="f")
    assert "canary" not in str(error.value)
    assert error.value.__cause__ is None


def test_credentials_do_not_show_in_what_is_logged():
    assert "canary" not in repr(CREDENTIALS)


def dump_tables():
    """Every row of every table, as a database dump has it."""
    dumps = []
    for model in apps.get_models():
        rows = model._default_manager.all().values()
        dumps.append(json.dumps(list(rows), default=str))
    out = io.StringIO()
    call_command("dumpdata", stdout=out)
    return "\n".join([*dumps, out.getvalue()])


@pytest.mark.django_db(transaction=True)
def test_no_secret_is_anywhere_in_the_database_or_on_a_page(
    visitor, networks, campaign, rae, caplog
):
    caplog.set_level("DEBUG")
    networks.change_settings(access_token_seconds=30)
    browser = visitor()
    secrets, pages = set(), []
    for kind, name in [("mastodon", "sam"), ("bluesky", "kim")]:
        network = "bluesky" if kind == "bluesky" else "mastodon"
        address = browser.open_account(kind, name)
        begun = browser.begin(address, network=network, campaign=campaign)
        request = LinkRequest.objects.get()
        memo = vault.unseal(request.sealed_memo, purpose=f"link:{request.state_digest}")
        secrets |= {value for key, value in memo.items() if key in ("verifier", "dpop_key")}
        dump = dump_tables()
        path, query = browser.consent(begun, account=address if kind == "bluesky" else name)
        assert not [secret for secret in {*secrets, query["state"]} if secret in dump]
        answer = browser.come_back(path, query)
        secrets |= {query["code"], query["state"]}
        pages = [browser.read(answer)]
    for account in LinkedAccount.objects.select_related("known_server"):
        for credentials in (read_credentials(account), usable_credentials(account)):
            secrets |= {credentials.access_token, credentials.refresh_token}
            secrets |= {credentials.extra.get("dpop_key", "")}
        secrets.add(read_registration(account.known_server).client_secret)
    secrets.discard("")
    assert len(secrets) >= 10
    browser.client.force_login(rae)
    account = LinkedAccount.objects.first()
    for name, pk in [
        ("linkedaccount", account.pk),
        ("knownserver", KnownServer.objects.first().pk),
    ]:
        for address in (
            reverse(f"admin:supporters_{name}_changelist"),
            reverse(f"admin:supporters_{name}_change", args=[pk]),
        ):
            pages.append(browser.client.get(address).content.decode())
    everything = "\n".join([dump_tables(), caplog.text, *pages])
    assert not [secret[:6] for secret in secrets if secret in everything]
