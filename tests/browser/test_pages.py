"""Every page of the site, at the width of a phone and of a desk, in light and in dark, in French.

Each is measured, given to axe, and kept as a picture in `var/screenshots`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from playwright.sync_api import Page
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from campaigns.updating import write_update
from supporters.addressing import address_promise, address_reminder, address_unsubscribe
from supporters.confirming import ask_promise, ask_reminder, remind
from supporters.models import Pledge
from supporters.pledging import sign_words
from tests.browser.acting import answer_second_step, come_in, sign_in
from tests.browser.conftest import make_user
from tests.browser.keyboard import find_keyboard_troubles
from tests.browser.looking import (
    DESKTOP,
    find_french_troubles,
    find_troubles,
    shoot,
    shoot_phone,
)
from tests.browser.showing import fill_site, leave_unproved, open_account, take_back
from tests.browsing import NewPage
from tests.making import make_pledge, make_promise
from tests.processes import Product
from tests.supporters.test_pledging import approve

ADA = "ada@example.org"
DARK = {
    "by-hand",
    "promise-now",
    "promise-new-words",
    "support",
    "home",
    "campaign-scheduled",
    "launch-firing",
    "post-recalled",
    "post-unconfirmed",
    "launch-recall",
    "results-finished",
    "agree",
    "wizard-message",
}
# A poster speaks the campaign's own language; Django's lists take no query that they do not know.
ONE_LANGUAGE = {"poster", "admin-campaigns"}
STAGES = ("scheduled", "passed", "firing", "held", "finished", "missed", "cancelled")
STEPS = ("theme", "story", "message", "moment", "check")


@pytest.fixture
def shown(web: Product, olive: User, rae: User) -> dict[str, Campaign]:
    """Campaigns in every state."""
    return fill_site(olive, rae)


def walk(page: Page, pages: Iterable[tuple[str, str]], *, within: str | None = None) -> list[str]:
    """Go to each page (its name, its address), keep its picture, and give what is wrong."""
    troubles = []
    for name, address in pages:
        page.goto(address)
        troubles += [f"{name}: {each}" for each in find_troubles(page, within=within)]
        shoot(page, name, dark=name in DARK)
        if within is None:  # Django's own admin has its own order
            troubles += [f"{name} by keyboard: {each}" for each in find_keyboard_troubles(page)]
        if name in ONE_LANGUAGE:
            continue
        page.goto(f"{address}{'&' if '?' in address else '?'}language=fr")
        found = find_french_troubles(page, within=within)
        troubles += [f"{name} in French: {each}" for each in found]
        shoot_phone(page, f"{name}-fr")
        page.context.clear_cookies(name=settings.LANGUAGE_COOKIE_NAME)
    return troubles


def test_what_anybody_sees(new_page: NewPage, shown: dict[str, Campaign]) -> None:
    page = new_page(viewport=DESKTOP)
    pages = [
        ("home", "/"),
        ("explore", "/campaigns/"),
        ("explore-past", "/campaigns/?state=past"),
        ("explore-nothing", "/campaigns/?words=zeppelin"),
        ("what-we-keep", "/what-we-keep/"),
        ("not-found", "/nowhere/"),
        ("sign-in", "/account/login/"),
        ("sign-up", "/account/signup/"),
        ("password-forgotten", "/account/password/reset/"),
        ("pledges-anonymous", "/me/pledges/"),
        ("support", f"{shown['scheduled'].get_absolute_url()}support/"),
        ("support-closed", f"{shown['finished'].get_absolute_url()}support/"),
        *(
            (name, f"{shown['scheduled'].get_absolute_url()}{part}/")
            for name, part in (
                ("supporters", "supporters"),
                ("poster", "poster"),
                ("embed", "embed"),
                ("report", "report"),
            )
        ),
        *((f"campaign-{stage}", shown[stage].get_absolute_url()) for stage in STAGES),
        *(
            (f"launch-{stage}", f"{shown[stage].get_absolute_url()}launch/")
            for stage in ("scheduled", "firing", "held", "finished", "missed")
        ),
        *(
            (f"results-{stage}", f"{shown[stage].get_absolute_url()}results/")
            for stage in ("firing", "finished", "missed")
        ),
    ]
    troubles = walk(page, pages)
    assert not troubles, "\n".join(troubles)


def test_what_a_supporter_sees(new_page: NewPage, shown: dict[str, Campaign]) -> None:
    sam = make_user("sam@example.org", "Sam")
    account = open_account(sam, "Sam Ferrand")
    other = open_account(sam, "Choir of the quay", network="bluesky")
    page = new_page(viewport=DESKTOP)
    come_in(page, sam)
    asked = f"account={account.pk}&account={other.pk}"
    river = shown["scheduled"].get_absolute_url()
    troubles = walk(
        page,
        [
            ("support-linked", f"{river}support/"),
            ("agree", f"{river}support/agree/?{asked}"),
            ("pledges-none", "/me/pledges/"),
            ("receipts-none", "/me/receipts/"),
        ],
    )
    pledge = make_pledge(shown["scheduled"], account, is_shown=True)
    make_pledge(shown["passed"], other)
    past = make_pledge(shown["finished"], account)
    Pledge.objects.filter(pk=past.pk).update(state="called")
    delivery = shown["finished"].launches.get().deliveries.filter(state="sent").first()
    assert delivery is not None
    delivery.pledge = past
    delivery.save()
    troubles += walk(
        page,
        [
            ("thanks", f"{river}support/thanks/"),
            ("campaign-mine", river),
            ("pledges", "/me/pledges/"),
            ("pledge-words", f"/me/pledges/{pledge.pk}/edit/"),
            ("receipts", "/me/receipts/"),
            ("unsubscribe", address_unsubscribe(shown["scheduled"], person_id=sam.pk)),
        ],
    )
    troubles += walk(page, [("post-sent", f"/me/posts/{delivery.pk}/")])
    take_back(shown["finished"].launches.get())
    troubles += walk(page, [("post-recalled", f"/me/posts/{delivery.pk}/")])
    unproved = shown["firing"].launches.get().deliveries.filter(state="sent").last()
    assert unproved is not None
    leave_unproved(unproved, make_pledge(shown["firing"], account))
    troubles += walk(
        page,
        [
            ("pledges-unconfirmed", "/me/pledges/"),
            ("receipts-unconfirmed", "/me/receipts/"),
            ("post-unconfirmed", f"/me/posts/{unproved.pk}/"),
        ],
    )
    assert not troubles, "\n".join(troubles)


def test_what_somebody_sees_who_posts_by_hand(
    new_page: NewPage, shown: dict[str, Campaign], rae: User
) -> None:
    """Without an account, by the links in mails."""
    coming, said = shown["scheduled"], shown["firing"]
    page = new_page(viewport=DESKTOP)
    river = coming.get_absolute_url()
    reminding = f"reminder/{address_reminder(coming, email=ADA).split('/')[2]}/"
    troubles = walk(
        page,
        [
            ("by-hand", f"{river}support/by-hand/?network=x&network=facebook&network=whatsapp"),
            ("by-hand-mail-sent", f"{river}support/mail/"),
            ("by-hand-confirm", ask_by_mail(coming, networks=["x", "whatsapp"])),
            ("by-hand-confirm-gone", "/confirm/nothing/"),
            ("remind", f"{river}remind/"),
            ("remind-confirm", ask_by_mail(coming)),
            ("remind-none", f"/{reminding}"),
        ],
    )
    remind(coming, email=ADA)
    ada = make_user(ADA, "Ada")
    mine = make_promise(coming, ada)
    make_promise(coming, ada, network="whatsapp")
    link = address_promise(coming, person_id=ada.pk)
    now = database_now()
    called = {"state": "called", "offered_at": now}
    make_promise(said, ada, **called)
    make_promise(said, ada, network="linkedin", **called)
    done = make_promise(shown["finished"], ada, **called, reported_at=now)
    make_promise(shown["missed"], ada, ended_at=now, ended_why="missed")
    make_promise(shown["cancelled"], ada, ended_at=now, ended_why="cancelled")
    make_promise(shown["held"], ada)
    troubles += walk(
        page,
        [
            ("remind-coming", f"/{reminding}"),
            ("promise-coming", link),
            ("promise-words", f"{link}{mine.pk}/words/"),
            ("promise-now", address_promise(said, person_id=ada.pk)),
            ("promise-posted", address_promise(done.campaign, person_id=ada.pk)),
            ("promise-cancelled", address_promise(shown["cancelled"], person_id=ada.pk)),
            ("promise-over", address_promise(shown["missed"], person_id=ada.pk)),
        ],
    )
    approve(coming, message="Give the night train two more years, and count its sleepers first.")
    come_in(page, ada)
    troubles += walk(
        page,
        [
            ("promise-new-words", link),
            ("thanks-by-hand", f"{river}support/thanks/"),
            ("support-promised", f"{river}support/"),
            ("campaign-by-hand", river),
            ("pledges-by-hand", "/me/pledges/"),
            ("launch-by-hand", f"{said.get_absolute_url()}launch/"),
            ("launch-by-hand-coming", f"{shown['held'].get_absolute_url()}launch/"),
            ("results-by-hand", f"{shown['finished'].get_absolute_url()}results/"),
        ],
    )
    assert not troubles, "\n".join(troubles)


def ask_by_mail(campaign: Campaign, *, networks: Sequence[str] = ()) -> str:
    """Ask for a promise, or to be reminded; gives where the mail's link leads."""
    if networks:
        seen = sign_words(campaign.revision, text=campaign.revision.text)
        ask_promise(campaign, email=ADA, name="Ada", is_shown=True, networks=networks, seen=seen)
    else:
        ask_reminder(campaign, email=ADA)
    mail = Email.objects.order_by("-pk").first()
    assert mail is not None
    return f"/confirm/{mail.message.partition('/confirm/')[2].split('/')[0]}/"


def test_what_an_organiser_sees(new_page: NewPage, olive: User, shown: dict[str, Campaign]) -> None:
    page = new_page(viewport=DESKTOP)
    come_in(page, olive)
    uid, complete = shown["changes_asked"].uid, shown["in_review"].uid
    coming = shown["scheduled"]
    news = write_update(
        coming,
        by=olive,
        title="Two thousand sleepers in one week",
        text="The railway **counted them** for us. [Read its table](https://example.org/table).",
        wants_mail=True,
    )
    firing = shown["firing"].get_absolute_url()
    unproved = shown["firing"].launches.get().deliveries.filter(state="sent").last()
    assert unproved is not None
    assert unproved.pledge is not None
    leave_unproved(unproved, unproved.pledge)
    pages = [
        ("desk", "/desk/"),
        ("wizard-new", "/campaigns/new/"),
        *((f"wizard-{step}", f"/campaigns/{uid}/edit/{step}/") for step in STEPS),
        ("wizard-in-review", f"/campaigns/{complete}/edit/check/"),
        ("campaign-draft", shown["draft"].get_absolute_url()),
        ("doors", f"/desk/{coming.uid}/doors/"),
        ("news", f"/campaigns/{coming.uid}/news/"),
        ("news-correct", f"/campaigns/{coming.uid}/news/{news.pk}/"),
        ("campaign-with-news", coming.get_absolute_url()),
        ("campaign-suspended", shown["suspended"].get_absolute_url()),
        ("launch-firing-organiser", f"{firing}launch/"),
        ("launch-unconfirmed", f"{firing}launch/unconfirmed/"),
        ("results-finished-organiser", f"{shown['finished'].get_absolute_url()}results/"),
        ("account-settings", "/account/settings/"),
        ("account-email", "/account/email/"),
        ("account-password", "/account/password/change/"),
        ("account-second-step", "/account/2fa/"),
    ]
    troubles = walk(page, pages)
    said = shown["finished"].get_absolute_url()
    troubles += walk(page, [("launch-recall", f"{said}launch/recall/")])
    take_back(shown["finished"].launches.get())
    recalled = [
        ("launch-recalled", f"{said}launch/"),
        ("launch-recall-posts", f"{said}launch/recall/posts/"),
        ("results-recalled", f"{said}results/"),
    ]
    troubles += walk(page, recalled)
    newcomer = new_page(viewport=DESKTOP)
    come_in(newcomer, make_user("max@example.org", "Max"))
    troubles += walk(newcomer, [("desk-empty", "/desk/")])
    assert not troubles, "\n".join(troubles)


def test_what_a_reviewer_sees(new_page: NewPage, rae: User, shown: dict[str, Campaign]) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(rae, secret)
    page = new_page(viewport=DESKTOP)
    page.goto("/account/login/?next=/admin/")
    assert rae.email is not None
    sign_in(page, email=rae.email)
    shoot(page, "second-step")
    answer_second_step(page, secret=secret)
    page.wait_for_url("**/admin/")
    waiting, public = shown["in_review"], shown["scheduled"]
    revision = waiting.working_revision
    pages = [
        ("admin", "/admin/"),
        ("admin-queue", "/admin/campaigns/revision/"),
        ("admin-review", f"/admin/campaigns/campaign/{waiting.pk}/review/{revision.pk}/"),
        ("admin-campaigns", "/admin/campaigns/campaign/"),
        ("admin-campaign", f"/admin/campaigns/campaign/{public.pk}/change/"),
    ]
    # What stands around it is Django's own, with links that only their colour tells.
    troubles = walk(page, pages, within="#content")
    assert not troubles, "\n".join(troubles)
