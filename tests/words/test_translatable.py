"""No page has a text outside of the catalogues: what a reader follows, from link to link."""

import re
from urllib.parse import urlsplit

import pytest

from campaigns.clock import database_now
from networks.registry import all_composers, all_networks
from tests.browser.showing import fill_site, leave_unproved, open_account, take_back
from tests.making import make_pledge, make_promise
from tests.words.brackets import Reader, find_untranslated, know_words, speaking_in_brackets
from tests.words.counting import find_bare_numbers, marking_numbers, take_marks_off

pytestmark = pytest.mark.django_db

# What leads out of the site, changes something, or is no page.
NOT_FOLLOWED = re.compile(
    r"language=|/admin/(axes|mfa|post_office|account|auth)/|/(static|media|pictures|go|link|export|jsi18n|autocomplete)/|/logout|"
    r"\.(csv|json|ics|xml)$"
)
MOST_OF_A_KIND = 3  # pages of one address, which differ by campaign, number or query alone


# In the admin alone: what Django itself and packages leave in English.
NAMELESS = {"Axes", "Authenticators", "Search", "True", "False"}


def name_kind(link):
    """What a link leads to, whatever the campaign, the number and the query."""
    path = re.sub(r"[0-9a-f-]{36}|\d+", "#", urlsplit(link).path)
    return re.sub(r"^/campaigns/(?!new/|#/)[^/]+", "/campaigns/*", path)


def list_links(html, *, address):
    """The links of a page that stay on the site."""
    for found in re.findall(r'href="([^"#]+)', html):
        link = found.replace("&amp;", "&")
        if link.startswith("?"):
            link = urlsplit(address).path + link
        if link.startswith("/") and not NOT_FOLLOWED.search(link):
            yield link


def crawl(client, *starts):
    """Every page that is reached from these addresses, as (address, html); few of each kind."""
    waiting, seen, kinds = list(starts), set(starts), {}
    while waiting:
        address = waiting.pop(0)
        answer = client.get(address)
        links = []
        if answer.status_code == 302:
            links = list_links(f'href="{answer["Location"]}"', address=address)
        elif answer["Content-Type"].startswith("text/html"):
            html = answer.content.decode()
            yield address, html
            html = take_marks_off(html)
            links = list_links(html, address=address)
        for link in links:
            kind = name_kind(link)
            if link not in seen and kinds.get(kind, 0) < MOST_OF_A_KIND:
                seen.add(link)
                kinds[kind] = kinds.get(kind, 0) + 1
                waiting.append(link)


@pytest.fixture
def shown(olive, rae):
    """Campaigns in every state."""
    return fill_site(olive, rae)


# What can never be a thousand: steps, seconds of a minute, a setting of a few.
ALWAYS_SMALL = re.compile(
    r"Step ⟪\d⟫ of ⟪\d⟫|Wording ⟪\d⟫|⟪\d⟫ a week|at least ⟪\d\d⟫ characters|⟪\d\d?⟫ – ⟪\d\d?⟫|"
    r"^⟪\d\d?⟫ s$|⟪\d+⟫ to ⟪\d+⟫ s|⟪\d\d?⟫ (day|hour|minute)s?"
)


def find_numbers(html):
    """What a page tells with a number that is not in digits of the reader's language."""
    reader = Reader()
    reader.feed(html)
    texts = find_bare_numbers([*reader.flow, *reader.spoken])
    return [text for text in texts if find_bare_numbers([ALWAYS_SMALL.sub("", text)])]


@pytest.fixture
def find_bare(client, monkeypatch):
    """Read every page from there on; gives what is in no catalogue, each text once."""

    def do(*starts):
        names = [each.label for each in (*all_networks().values(), *all_composers().values())]
        names += ["CrowdSpeak", "English", "Français", "bluesky", "mastodon"]
        known, bare, pages = know_words(*names), {}, 0
        with speaking_in_brackets(monkeypatch), marking_numbers(monkeypatch):
            for address, html in crawl(client, *starts):
                pages += 1
                for text in find_untranslated(take_marks_off(html), known):
                    bare.setdefault(text, address)
                if not address.startswith("/admin/"):
                    for text in find_numbers(html):
                        bare.setdefault(f"ungrouped: {text}", address)
        assert pages > 5, "the links were not found"
        return [f"{address}: {text}" for text, address in bare.items()]

    return do


def test_what_anybody_sees_is_translatable(find_bare, shown):
    asked = ("/nowhere/", "/campaigns/?state=past", "/campaigns/?words=zeppelin")
    bare = find_bare("/", *asked, *(each.get_absolute_url() for each in shown.values()))
    assert not bare, "\n".join(bare)


def test_what_an_organiser_sees_is_translatable(client, find_bare, shown, olive):
    client.force_login(olive)
    take_back(shown["finished"].launches.get())
    bare = find_bare("/desk/", *(each.get_absolute_url() for each in shown.values()))
    assert not bare, "\n".join(bare)


def test_what_the_staff_sees_is_translatable(client, find_bare, shown, rae, settings):
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    bare = [each for each in find_bare("/admin/") if each.rpartition(": ")[2] not in NAMELESS]
    assert not bare, "\n".join(bare)


def test_what_a_supporter_sees_is_translatable(client, find_bare, shown, sam):
    account = open_account(sam, "Sam Ferrand")
    make_pledge(shown["scheduled"], account, is_shown=True)
    make_pledge(shown["finished"], account, state="called")
    make_promise(shown["passed"], sam)
    make_promise(shown["firing"], sam, state="called", offered_at=database_now())
    unproved = shown["firing"].launches.get().deliveries.filter(state="sent").last()
    leave_unproved(unproved, make_pledge(shown["firing"], account))
    take_back(shown["finished"].launches.get())
    client.force_login(sam)
    river = shown["scheduled"].get_absolute_url()
    bare = find_bare(
        "/me/pledges/",
        "/me/receipts/",
        f"{river}support/by-hand/?network=x&network=whatsapp",
        f"{river}support/mail/",
        f"{river}remind/",
        f"{shown['passed'].get_absolute_url()}support/agree/?account={account.pk}",
    )
    assert not bare, "\n".join(bare)
