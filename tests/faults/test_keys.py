"""Keys that are rotated in the middle of a launch, and one that is missing."""

import subprocess

import pytest
from cryptography.fernet import Fernet

from launches.models import Delivery
from supporters.models import LinkedAccount
from tests.faults.conftest import wait_for_end
from tests.faults.keeping import assert_kept, read_secrets
from tests.processes import end, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
NUMBER = 60


def test_keys_that_are_rotated_in_the_middle_open_everything(product, simulator, gather, settings):
    """One worker after the other is started again, as the operator does; the old key stays."""
    campaign = gather(NUMBER, launch_in=7)
    secrets = read_secrets()
    product.environment["MASTODON_PACE"] = "5/1"
    workers = [product.start("worker"), product.start("worker")]
    product.start("beat")
    wait_until(lambda: simulator.summarise()["posts"] >= 10, what="posts", every=0.05)
    settings.TOKEN_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_KEYS]
    product.environment["TOKEN_KEYS"] = ",".join(settings.TOKEN_KEYS)
    for worker in workers:
        end(worker)
        worker.wait(timeout=30)
        product.start("worker")
    assert simulator.summarise()["posts"] < NUMBER, "it was rotated too late to prove anything"
    wait_for_end(campaign, product=product)
    assert assert_kept(product, simulator, number=NUMBER, secrets=secrets).sent == NUMBER


def test_a_key_that_is_missing_fails_in_plain_words_and_its_return_needs_nobody(
    product, simulator, gather, settings
):
    campaign = gather(8, launch_in=6)
    secrets = read_secrets()
    kept = settings.TOKEN_KEYS
    product.start("worker", TOKEN_KEYS=Fernet.generate_key().decode())
    product.start("beat")
    wait_for_end(campaign, product=product)
    settings.TOKEN_KEYS = kept
    ledger = assert_kept(product, simulator, number=8, secrets=secrets, states=("failed",))
    assert ledger.failed == 8
    assert simulator.list_requests() == []
    assert all("key" in delivery.sentence for delivery in Delivery.objects.all())
    assert "is missing from TOKEN_KEYS" in product.read_logs()
    assert not LinkedAccount.objects.exclude(state="linked").exists()  # nobody is asked to renew


@pytest.mark.parametrize("name", ["TOKEN_KEYS", "FINGERPRINT_KEY"])
def test_without_a_key_nothing_starts_and_the_sentence_names_it(product, name):
    worker = product.start("worker", **{name: ""})
    assert worker.wait(timeout=30) != 0
    assert f"{name} is missing" in product.read_logs()
    told = product.manage("adopt", check=False, capture_output=True, text=True)
    assert isinstance(told, subprocess.CompletedProcess)
