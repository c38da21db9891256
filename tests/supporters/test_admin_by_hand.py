"""What an operator reads of people who post by their own hand: no address in any list."""

import pytest
from django.urls import reverse

from campaigns.clock import database_now
from supporters.models import AssistedPledge, Reminder
from tests.making import make_promise

pytestmark = pytest.mark.django_db

ADDRESS = "ada.hands@example.net"


@pytest.fixture
def rows(campaign, sam):
    """One of each, by the name of its pages."""
    now = database_now()
    return {
        "assistedpledge": make_promise(
            campaign, sam, email=ADDRESS, state="called", offered_at=now, reported_at=now
        ),
        "reminder": Reminder.objects.create(campaign=campaign, email=ADDRESS),
    }


@pytest.fixture
def admin(client, rae, settings):
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    return client


def address(name, kind, *args):
    return reverse(f"admin:supporters_{name}_{kind}", args=args)


@pytest.mark.parametrize("name", ["assistedpledge", "reminder"])
def test_list_has_no_address_and_finds_a_whole_one(admin, rows, name):
    listed = admin.get(address(name, "changelist")).content.decode()
    assert rows[name].campaign.title in listed
    assert ADDRESS not in listed
    found = admin.get(address(name, "changelist"), {"q": ADDRESS})
    assert found.context["cl"].result_count == 1
    for part in ("ada.hands", "example.net", "nobody@example.net"):
        guessed = admin.get(address(name, "changelist"), {"q": part})
        assert guessed.context["cl"].result_count == 0


@pytest.mark.parametrize("name", ["assistedpledge", "reminder"])
def test_one_row_is_read_with_its_address_and_never_changed(admin, rows, name):
    row = rows[name]
    where = address(name, "change", row.pk)
    page = admin.get(where).content.decode()
    assert ADDRESS in page
    assert 'name="_save"' not in page
    assert admin.post(where, {"email": "other@example.org"}).status_code == 403
    assert admin.get(address(name, "add")).status_code == 403
    assert admin.post(address(name, "delete", row.pk), {"post": "yes"}).status_code == 403
    row.refresh_from_db()
    assert row.email == ADDRESS


@pytest.mark.parametrize("name", ["assistedpledge", "reminder"])
def test_nobody_but_staff_with_a_second_factor_reads_them(client, rows, sam, rae, name, settings):
    settings.STAFF_NEEDS_MFA = True
    for reader in (None, sam, rae):  # Rae has no second factor
        client.logout()
        if reader:
            client.force_login(reader)
        for where in (address(name, "changelist"), address(name, "change", rows[name].pk)):
            answer = client.get(where)
            assert answer.status_code in (302, 403)
            assert ADDRESS not in answer.content.decode()


def test_promises_are_told_apart_by_where_they_stand(admin, rows, campaign, rae):
    make_promise(campaign, rae, network="telegram")
    listed = admin.get(address("assistedpledge", "changelist"), {"state__exact": "called"})
    assert [each.network for each in listed.context["cl"].result_list] == ["x"]
    assert AssistedPledge.objects.count() == 2
