"""Numbers as they reach a reader: a mark around each that the language has not set in digits.

Nobody sees on a page of a test's three rows that 1284 should read 1,284. So what is a bare number
when it is filled in, in a template or in a looked-up text, gets a mark around it, however small.
"""

import re
from contextlib import contextmanager

from django.template import base, defaulttags
from django.templatetags import i18n
from django.utils.translation.trans_real import DjangoTranslation

OPEN, CLOSE = "\u27ea", "\u27eb"  # ⟪ ⟫
MARKED = re.compile(f"{OPEN}(-?[0-9.]+){CLOSE}")


def is_bare(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def mark(value):
    return f"{OPEN}{value}{CLOSE}" if is_bare(value) else value


class Said(str):
    """A looked-up text that marks the bare numbers it is filled with."""

    __slots__ = ()

    def __mod__(self, facts):
        text = re.sub(r"%(\(\w+\))?d", lambda found: f"%{found[1] or ''}s", self)
        if isinstance(facts, dict):
            return str(text) % {name: mark(value) for name, value in facts.items()}
        facts = facts if isinstance(facts, tuple) else (facts,)
        return str(text) % tuple(mark(value) for value in facts)


@contextmanager
def marking_numbers(monkeypatch):
    """Bare numbers come with a mark, wherever a template or a text is filled with one."""
    render = base.render_value_in_context
    one, several = DjangoTranslation.gettext, DjangoTranslation.ngettext

    def render_marked(value, context):
        return render(mark(value), context)

    with monkeypatch.context() as patched:
        for module in (base, defaulttags, i18n):
            patched.setattr(module, "render_value_in_context", render_marked)
        patched.setattr(DjangoTranslation, "gettext", lambda *args: Said(one(*args)))
        patched.setattr(DjangoTranslation, "ngettext", lambda *args: Said(several(*args)))
        yield


def take_marks_off(text):
    """A text as its reader has it."""
    return MARKED.sub(r"\1", text)


def find_bare_numbers(texts):
    """The texts with a bare number in them, in one line each."""
    return [" ".join(text.split()) for text in texts if MARKED.search(text)]
