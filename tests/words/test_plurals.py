"""What counts something says one of it as one: no text with a number and a noun has one form alone.

The sources are read, and not the catalogue, so that a text is found as soon as it is written.
"""

import ast
import re

import pytest

from tests.catalogues import ROOT

APPS = ("accounts", "campaigns", "crowdspeak", "launches", "networks", "pages", "supporters")
WITH_TWO_FORMS = {"ngettext", "ngettext_lazy", "npgettext", "npgettext_lazy"}
BLOCK = re.compile(r"\{% blocktranslate([^%]*)%\}(.*?)\{% endblocktranslate %\}", re.DOTALL)
NOUNS = (
    "people|persons|supporters|voices|posts|accounts|pledges|promises|networks|servers|campaigns|"
    "clicks|wordings|words|codes|others|characters|seconds|minutes|hours|days|weeks|pixels|times"
)
PLACE = r"(?:%\((?!time)\w+\)[sd]|\{\{ (?!time)[\w.|:\"]+ \}\})"
# A number (logs give it no name) before a noun, perhaps with a word or two between them.
COUNTED = re.compile(rf"{PLACE}(?: (?:of|the|more|other|own|new)){{0,2}} (?:{NOUNS})\b")
ALWAYS_SEVERAL = {
    "One dot stands for %(scale)s supporters.",  # said from two on
    "%(lent)s supporters. The goal of %(goal)s is passed by %(past)s.",  # a goal is one at least
    "{{ number }} others",  # a single one is told by its name (supporters.arriving)
    "%(number)s others",
    # limits of networks, and numbers of ours
    "%(used)s of %(limit)s characters",
    "That is too long for any network: at most %(most)s characters.",
    "That is %(over)s too many for %(handle)s, whose server takes %(limit)s characters.",
    "That is %(over)s too many for %(network)s, which takes %(limit)s characters.",
    "These words are too long for %(host)s: %(used)s characters by its rules, %(limit)s at most.",
    "No connection to %(host)s could be made within %(seconds)d seconds.",
    "%(host)s did not answer within %(seconds)d seconds.",
    "This picture is too narrow: one side is more than %(most)d times the other.",
}


def find_in_templates():
    for path in (ROOT / "templates").rglob("*.*"):
        for options, text in BLOCK.findall(path.read_text()):
            if "count " not in options:
                yield path.name, " ".join(text.split())


def find_in_code():
    """Every text there is that no call with two forms takes."""
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            tree, judged = ast.parse(path.read_text()), set()
            for node in ast.walk(tree):
                name = getattr(getattr(node, "func", None), "id", "")
                if name in WITH_TWO_FORMS:
                    judged |= {id(each) for each in node.args}
                is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
                if is_text and id(node) not in judged:  # a call comes before what it takes
                    yield path.name, node.value


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("%(number)s people", True),
        ("{{ shown }} more posts", True),
        ("of the %(goal)s supporters", True),
        ("Posts: %(number)s of %(total)s", False),
        ("%(handle)s: posts", False),
    ],
)
def test_number_with_what_it_counts_is_found(text, is_found):
    assert bool(COUNTED.search(text)) == is_found


def test_every_number_before_a_noun_knows_one_and_several():
    found = [*find_in_templates(), *find_in_code()]
    assert len(found) > 300
    alone = {text: name for name, text in found if COUNTED.search(text)}
    slips = [f"{name}: {text}" for text, name in alone.items() if text not in ALWAYS_SEVERAL]
    assert not slips, "\n".join(slips)
    assert ALWAYS_SEVERAL - set(alone) == set()
