"""Erasures that were cut short are gone on with, each for itself."""

import pytest

from accounts.models import User
from crowdspeak import privacy
from tests.conftest import make_person

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_that_fails_again_keeps_nobody_else_from_being_erased(networks, sam, monkeypatch):
    other = make_person("ada@example.org", "Ada")
    for person in (sam, other):
        privacy.begin_erasing(person)
    monkeypatch.setattr("crowdspeak.privacy.GONE_ON_WITH_AFTER", -privacy.GONE_ON_WITH_AFTER)
    erase = privacy.launches.privacy.erase

    def fail_for_sam(person):
        if person == sam:
            raise RuntimeError("a row that nobody thought of")
        erase(person)

    with monkeypatch.context() as broken:
        broken.setattr("launches.privacy.erase", fail_for_sam)
        assert privacy.erase_begun() == 1
    assert list(User.objects.all()) == [sam]
    assert privacy.erase_begun() == 1
    assert not User.objects.exists()
