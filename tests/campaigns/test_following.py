"""What happens to somebody who follows a short link: led on, counted, and not looked at."""

from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, OperationalError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from campaigns import drafting, reviewing
from campaigns.clicking import tally
from campaigns.models import Campaign, ClickCount, ReviewDecision, ShortLink

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
LINK = "https://night.example/2214"


@pytest.fixture
def link(scheduled):
    """The short link of a validated campaign."""
    return ShortLink.objects.get(campaign=scheduled)


@pytest.fixture
def path(link):
    return reverse("follow", args=[link.code])


def follow(client, path, **headers):
    """Open it with a browser."""
    return client.get(path, headers={"User-Agent": FIREFOX, **headers})


def count(link):
    """What is written of it by now."""
    tally.flush()
    return sum(ClickCount.objects.filter(link=link).values_list("clicks", flat=True))


def test_reader_is_led_to_the_one_target(client, path):
    answer = follow(client, f"{path}?to=https://evil.example/&utm_source=x")
    assert (answer.status_code, answer["Location"]) == (302, LINK)
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer.content == b""


def test_nobody_is_looked_at(client, sam, path, django_assert_num_queries):
    client.force_login(sam)
    cookies = dict(client.cookies)
    for where in (path, f"{path}?language=fr"):
        with django_assert_num_queries(1):  # the link itself: no session, no person
            answer = follow(client, where, **{"Accept-Language": "fr"})
        assert not answer.cookies
        assert dict(client.cookies) == cookies
        assert "Cookie" not in answer.get("Vary", "")


def test_everywhere_else_people_still_see_their_own_times(desk, scheduled, olive):
    said_at = ReviewDecision.objects.get().decided_at
    page = reverse("wizard", args=[scheduled.uid, "check"])
    for zone in ("Asia/Kathmandu", "America/St_Johns"):  # both beside the full hour
        olive.zone = zone
        olive.save()
        shown = f"{said_at.astimezone(ZoneInfo(zone)):%Y, %H:%M}"
        assert shown in desk.get(page).content.decode()
        assert timezone.get_current_timezone_name() != zone, "not for whoever asks next"


def test_each_click_counts(client, link, path):
    for _ in range(3):
        follow(client, path)
    assert count(link) == 3


def test_looking_at_the_head_leads_on_and_does_not_count(client, link, path):
    answer = client.head(path, headers={"User-Agent": FIREFOX})
    assert (answer.status_code, answer["Location"]) == (302, LINK)
    assert count(link) == 0


def test_preview_is_led_on_and_does_not_count(client, link, path):
    agent = "Mastodon/4.5.2 (http.rb/5.3.1; +https://social.example/)"
    assert follow(client, path, **{"User-Agent": agent})["Location"] == LINK
    assert count(link) == 0


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_link_is_only_followed(client, path, method):
    assert getattr(client, method)(path).status_code == 405


@pytest.mark.parametrize("code", ["Bcd12345", "x", "a" * 200, "BCD-12345"])
def test_unknown_code_leads_nowhere(client, path, code):
    answer = client.get(f"/go/{code}")
    assert answer.status_code == 404
    assert "Location" not in answer


def test_code_is_read_to_the_letter(client, link):
    assert client.get(f"/go/{link.code.swapcase()}").status_code == 404


def test_suspended_campaign_leads_nobody_on(client, scheduled, link, path, rae):
    reviewing.suspend(scheduled, admin=rae, reason="A look first.")
    answer = follow(client, path)
    assert answer.status_code == 410
    page = answer.content.decode()
    assert "This link is switched off" in page
    assert "night.example" not in page
    assert "Keep the 22:14" not in page
    assert count(link) == 0
    reviewing.resume(scheduled, admin=rae, reason="All is well.")
    assert follow(client, path).status_code == 302


def test_what_was_called_off_or_launched_leads_on(client, scheduled, path, olive):
    drafting.cancel(scheduled, by=olive)
    assert follow(client, path)["Location"] == LINK
    Campaign.objects.filter(pk=scheduled.pk).update(state="launched")
    assert follow(client, path)["Location"] == LINK


def test_admin_switches_a_link_off_and_on(client, link, path, rae, settings):
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    changelist = reverse("admin:campaigns_shortlink_changelist")
    assert link.code in client.get(changelist).content.decode()
    for action, status in (("switch_off", 410), ("switch_on", 302)):
        client.post(changelist, {"action": action, "_selected_action": [link.pk]})
        assert follow(client, path).status_code == status


def test_who_may_not_stop_campaigns_switches_nothing_off(client, link, sam, settings):
    settings.STAFF_NEEDS_MFA = False
    changelist = reverse("admin:campaigns_shortlink_changelist")
    sent = {"action": "switch_off", "_selected_action": [link.pk]}
    client.post(changelist, sent)
    client.force_login(sam)
    client.post(changelist, sent)
    sam.is_staff = True
    sam.save()
    sam.user_permissions.add(Permission.objects.get(codename="view_shortlink"))
    assert client.get(changelist).status_code == 200
    client.post(changelist, sent)
    link.refresh_from_db()
    assert not link.is_off


def test_reader_is_led_on_while_nothing_can_be_written(client, link, path, caplog):
    def refuse(execute, sql, params, many, context):
        if sql.startswith(("INSERT", "UPDATE")):
            raise OperationalError("database is locked")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        assert follow(client, path)["Location"] == LINK
        tally.flush()
        tally.flush()
        assert follow(client, path)["Location"] == LINK
    assert [record.message for record in caplog.records] == [
        "Clicks wait for the database: database is locked"
    ]
    assert count(link) == 2, "nothing was lost meanwhile"


def test_target_is_of_the_web_whatever_is_written(scheduled):
    for target in ("javascript:alert(1)", "//evil.example", "ftp://a.example", ""):
        with pytest.raises(IntegrityError), transaction.atomic():
            ShortLink.objects.create(campaign=scheduled, code="x", target=target)
