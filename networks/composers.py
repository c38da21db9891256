"""Where people post by their own hand: each network's own page for a new post, filled in for them.

Two messengers are among them that nobody else posts to: they have no adapter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote, urlencode

from networks.base import Composition, Length, Mode, Network
from networks.errors import gettext_noop

MOST_TELEGRAM = 4096  # "message_length_max", https://core.telegram.org/api/config
WHATSAPP_URL = "https://wa.me/"
TELEGRAM_URL = "https://t.me/share/url"
# Longer addresses are cut or refused on their way through browsers, apps and servers.
MOST_ADDRESS = 2_000


@dataclass(frozen=True, kw_only=True)
class Composer:
    """One place where somebody posts by their own hand.

    ``is_lendable``: an account can be lent there instead, and is posted from by itself. ``note``
    (to be translated) says what its reader would not expect of the place; empty mostly.
    """

    name: str
    label: str
    code: str
    is_lendable: bool = False
    note: str = ""
    _compose: Callable[[str, str], Composition] = field(repr=False)
    _measure: Callable[[str], Length | None] = field(repr=False)

    def compose(self, text: str, *, link: str) -> Composition:
        """Where the text, whose link is ``link`` ("" for none), is posted."""
        return self._compose(text, link)

    def measure(self, text: str) -> Length | None:
        """How long the text is there; None where no limit is told."""
        return self._measure(text)


def compose_at(network: Network) -> Composer:
    """The composer of a network that has an adapter, by its usual rules, on no certain server.

    Where it is called otherwise it is another place (a Facebook profile, not a Page), and what can
    be lent is no substitute for it.
    """
    is_same = network.composer_label == network.label
    return Composer(
        name=network.name,
        label=network.composer_label,
        code=network.code,
        is_lendable=is_same and network.mode is Mode.AUTOMATIC,
        _compose=lambda text, link: network.compose(text, link=link),
        _measure=lambda text: network.measure(None, text),
    )


def list_messengers(
    *, whatsapp_url: str = WHATSAPP_URL, telegram_url: str = TELEGRAM_URL
) -> tuple[Composer, Composer]:
    """Give WhatsApp and Telegram, whose sharing pages are at these addresses."""
    whatsapp = Composer(
        name="whatsapp",
        label="WhatsApp",
        code="W",
        note=gettext_noop("You choose the chats or groups that read it, or your status."),
        _compose=partial(_compose_whatsapp, page=whatsapp_url),
        _measure=lambda _text: None,
    )
    telegram = Composer(
        name="telegram",
        label="Telegram",
        code="Tg",
        note=gettext_noop("You choose the chats, groups or channels that read it."),
        _compose=partial(_compose_telegram, page=telegram_url),
        _measure=_measure_telegram,
    )
    return whatsapp, telegram


def _compose_whatsapp(text: str, link: str, *, page: str) -> Composition:
    """Give "click to chat" with words and nobody to send them to: the app asks whom.

    By https://faq.whatsapp.com/5913398998672934. Words that make too long an address are left
    to be pasted.
    """
    whole = f"{page}?text={quote(text, safe='')}"
    if len(whole) <= MOST_ADDRESS:
        return Composition(url=whole, is_whole=True)
    return Composition(url=f"{page}?text={quote(link, safe='')}", is_whole=False)


def _compose_telegram(text: str, link: str, *, page: str) -> Composition:
    """Give Telegram's sharing page (https://core.telegram.org/widgets/share).

    It always wants a link, puts it first and the words after it: so the words go without it.
    Without a link, only Telegram itself can be opened.
    """
    if not link:
        return Composition(url="https://web.telegram.org/", is_whole=False)
    rest = "\n".join(line.strip() for line in text.replace(link, "", 1).splitlines()).strip()
    whole = _share_on_telegram(page, url=link, text=rest)
    if len(whole) <= MOST_ADDRESS:
        return Composition(url=whole, is_whole=True)
    return Composition(url=_share_on_telegram(page, url=link), is_whole=False)


def _share_on_telegram(page: str, **query: str) -> str:
    return f"{page}?{urlencode(query, quote_via=quote, safe='')}"


def _measure_telegram(text: str) -> Length:
    """Count as Telegram's apps do, in UTF-16; what is longer becomes several messages."""
    used = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return Length(used=used, limit=MOST_TELEGRAM, over=max(0, used - MOST_TELEGRAM))
