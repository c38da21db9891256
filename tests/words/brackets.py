"""A made-up language: every translated text in ⟦brackets⟧, so that what is not shows.

What a reader sees outside of brackets was written in English into a template or into the code, or
is somebody's own words: those are known by what the database holds.
"""

import re
from contextlib import contextmanager
from html.parser import HTMLParser

from django.apps import apps
from django.db import models
from django.utils.translation.trans_real import CONTEXT_SEPARATOR, DjangoTranslation

from campaigns.models import ReviewDecision

OPEN, CLOSE = "⟦", "⟧"
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
SILENT = {"script", "style", "code", "kbd", "samp", "template"}
SPOKEN = (
    "aria-label",
    "alt",
    "title",
    "placeholder",
    "data-copied",
    "data-local",
    "aria-description",
)
OURS = ("accounts", "campaigns", "supporters", "launches", "account")
ADDRESS = re.compile(r"https?://\S+|\S+@\S+\.\w+")
SENTENCES = ("state", "outcome", "kind", "network", "reason", "held_why")  # ours, not a person's
WORD = re.compile(r"[^\W\d_]{3,}")  # two letters are a face without a picture


def put_in_brackets(message):
    words = message.rpartition(CONTEXT_SEPARATOR)[2]
    return f"{OPEN}{words}{CLOSE}" if words else words


@contextmanager
def speaking_in_brackets(monkeypatch):
    """Every text that is looked up in a catalogue comes back in brackets."""

    def one(self, message):
        return put_in_brackets(message)

    def several(self, singular, plural, number):
        return put_in_brackets(singular if number == 1 else plural)

    with monkeypatch.context() as patched:
        patched.setattr(DjangoTranslation, "gettext", one)
        patched.setattr(DjangoTranslation, "ngettext", several)
        yield


class Reader(HTMLParser):
    """What a reader is told by a page: its texts in order, and those of its attributes."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.flow = []
        self.spoken = []
        self.within = []

    @property
    def is_mute(self):
        return any(mute for _tag, mute in self.within)

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        # The words of somebody in a language of their own are marked as such; names stay names.
        is_own = tag != "html" and ("lang" in facts or facts.get("dir") == "auto")
        is_own = is_own or facts.get("translate") == "no"
        is_long = tag == "select" and facts.get("name") in ("zone", "user_permissions")
        mute = tag in SILENT or is_own or is_long
        if not (self.is_mute or mute):
            self.spoken += [facts[name] for name in SPOKEN if facts.get(name)]
            is_button = tag == "input" and facts.get("type") in ("submit", "button")
            if is_button or (tag == "meta" and facts.get("name") == "description"):
                self.spoken.append(facts.get("value") or facts.get("content") or "")
        if tag not in VOID:
            self.within.append((tag, mute))

    def handle_endtag(self, tag):
        while self.within:
            if self.within.pop()[0] == tag:
                return

    def handle_data(self, data):
        if not self.is_mute:
            self.flow.append(data)


def find_bare(texts, known):
    """The texts outside of brackets that have a word in them and are nobody's own."""
    depth, bare, seen = 0, [], set()
    for text in texts:
        outside = ""
        for sign in text:
            depth += (sign == OPEN) - (sign == CLOSE)
            outside += sign if depth == 0 and sign != CLOSE else " "
        outside = " ".join(ADDRESS.sub(" ", outside).split())
        if outside not in seen and WORD.search(outside) and WORD.search(take_out(outside, known)):
            bare.append(outside)
        seen.add(outside)
    return bare


def take_out(text, known):
    """A text without what people wrote, the longest first."""
    if text in known:
        return ""
    for line in known:
        if line in text:
            text = re.sub(rf"(?<!\w){re.escape(line)}(?!\w)", " ", text)
    return text


def find_untranslated(html, known):
    """What a page tells its reader outside of any catalogue."""
    reader = Reader()
    reader.feed(html)
    return [*find_bare(reader.flow, known), *find_bare(reader.spoken, known)]


def know_words(*more):
    """What people wrote, the longest first: every free text in the database, and what is given."""
    texts = set(more)
    for label in OURS:
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.get_fields():
                is_free = isinstance(field, models.CharField | models.TextField)
                is_ours = field.name in SENTENCES and model is not ReviewDecision
                if is_free and not field.choices and not is_ours:
                    texts |= set(model.objects.values_list(field.name, flat=True))
    lines = {" ".join(line.split()) for text in texts if text for line in str(text).splitlines()}
    return dict.fromkeys(sorted((line for line in lines if len(line) > 1), key=len, reverse=True))
