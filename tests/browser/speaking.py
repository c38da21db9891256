"""What our pages say, in the language of whoever reads them: looked up in the catalogues.

A test names a text as the code has it, in English. Which language a page is read in is its
browser's; a text that is not in that catalogue fails the test that looks for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from django.utils.translation import gettext, override

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from tests.browsing import NewPage

LOCALES = {"en": "en-GB", "fr": "fr-FR"}
# The simulated networks, which speak English, and words that are the same in both languages.
SAME = {"Allow", "Deny", "Your account here", "Hashtag", "Message"}
PLACE = re.compile(r"%\(\w+\)s")
TAG = re.compile(r"<[^>]+>")

_languages: WeakKeyDictionary[BrowserContext, str] = WeakKeyDictionary()


def open_page(new_page: NewPage, language: str, **options: object) -> Page:
    """The browser of somebody who reads this language."""
    page = new_page(locale=LOCALES[language], **options)
    _languages[page.context] = language
    return page


def find_language(page: Page) -> str:
    """The language that is read on this page."""
    return _languages.get(page.context, "en")


def say(page: Page, text: str, **facts: object) -> str:
    """A text as the page has it, with its facts."""
    return say_in(find_language(page), text, **facts)


def say_in(language: str, text: str, **facts: object) -> str:
    """The same in a language."""
    with override(language):
        said = gettext(text)
    assert language == "en" or said != text or text in SAME, f"not in {language}: {text!r}"
    return said % facts if facts else said


def match(page: Page, text: str) -> re.Pattern[str]:
    """The same whatever its facts are, and whatever space there is between two words."""
    parts = PLACE.split(TAG.sub("", say(page, text)))
    pattern = ".+".join(re.escape(part) for part in parts)
    return re.compile(re.sub(r"(\\?\s)+", r"\\s+", pattern))
