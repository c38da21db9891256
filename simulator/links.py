"""Which parts of a text X and Mastodon take for links, each counted at a fixed price.

Both read a text by the grammar of twitter-text (https://github.com/twitter/twitter-text), Mastodon
with its own paths and queries, and only with a scheme. It is written down here as one expression
that goes back and forth, as theirs does. Left out: that labels and links can be too long. Assumed:
that the endings below are all there are; a name with another one is no link.
"""

from collections.abc import Iterator

import regex

_COUNTRIES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs "
    "bt bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee "
    "eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk "
    "hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la "
    "lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my "
    "mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro "
    "rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk "
    "tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw "
    "рф укр бел"
)
_OTHERS = (
    "com org net edu gov int mil info biz name pro aero coop museum jobs mobi travel cat asia tel "
    "app dev page blog news media press online site website store shop tech cloud live world earth "
    "green global social foundation charity community events team space xyz art music video radio "
    "network support party vote democrat republican ngo ong bzh paris berlin london alsace corsica "
    "quebec みんな"
)
_ENDING = "|".join(sorted(f"{_COUNTRIES} {_OTHERS}".split(), key=len, reverse=True))
_TURNS = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNREAL = r"\ufffe\ufeff\uffff"
_SPACES = r"\t-\r \x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SIGN = rf"[^!'#%&()*+,\-./:;<=>?@\[\]\\^_{{|}}~${_SPACES}{_UNREAL}{_TURNS}]"
_LATIN = (
    r"\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272"
    r"\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_LAST_LABEL = rf"(?:(?:{_ENDING})(?=[^0-9a-zA-Z@+-]|\Z)|xn--[-0-9a-z]+)"
_NAME = (
    rf"(?:(?:{_SIGN}(?:[_-]|{_SIGN})*)?{_SIGN}\.)*"
    rf"(?:(?:{_SIGN}(?:-|{_SIGN})*)?{_SIGN}\.){_LAST_LABEL}"
)
_BEFORE = rf"(?P<before>[^A-Za-z0-9@＠$#＃{_UNREAL}]|\A)"
_LATIN_NAME = regex.compile(rf"(?:[-a-z0-9{_LATIN}]+\.)+{_LAST_LABEL}", regex.IGNORECASE)


def _write_pairs(sign: str) -> str:
    """Write what stands in parentheses, in one pair or in one within another."""
    return rf"\((?:{sign}+|{sign}*\({sign}+\){sign}*)\)"


def _write_path(sign: str, last: str) -> str:
    """Write a path's pieces, each of which ends with ``last`` or with a pair of parentheses."""
    pairs = _write_pairs(sign)
    return rf"(?:{sign}*(?:{pairs}{sign}*)*(?:{last}|{pairs})|@{sign}+/)"


def _write_link(schemes: str, *, path: str, query: str, query_end: str) -> regex.Pattern[str]:
    return regex.compile(
        rf"{_BEFORE}(?P<link>(?P<scheme>(?:{schemes})://)?(?P<name>{_NAME})"
        rf"(?::[0-9]+)?(?P<path>/{path}*)?(?:\?{query}*{query_end})?)",
        regex.IGNORECASE,
    )


_X_SIGN = rf"[a-z\u0400-\u04ff0-9!*';:=+,.$/%#\[\]\u2013_~@|&{_LATIN}-]"
_X_LINK = _write_link(
    "https?",
    path=_write_path(_X_SIGN, rf"[+a-z\u0400-\u04ff0-9=_#/{_LATIN}-]"),
    query=r"[a-z0-9!?*'@();:&=+$/%#\[\]_.,~|-]",
    query_end="[a-z0-9_&=#/-]",
)
_SHORT = regex.compile(
    r"https?://t\.co/(?P<key>[a-z0-9]+)(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]_.,~|-]*[a-z0-9_&=#/-])?",
    regex.IGNORECASE,
)
SHORT_MOST = 40
_WIDE = r"\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\uffef\U00010000-\U0010fffd"
_M_SIGN = r"[^\p{White_Space}<>()?]"
_MASTODON_LINK = _write_link(
    "https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini",
    path=_write_path(_M_SIGN, r"""[^\p{White_Space}()?!*"'「」<>;:=,.$%\[\]~&|@]"""),
    query=rf"[a-z0-9!?*'();:&=+$/%#\[\]_.,~|@^{_WIDE}-]",
    query_end=rf"[a-z0-9_&=#/{_WIDE}-]",
)


def find_x_links(text: str) -> Iterator[tuple[int, int]]:
    """Give start and end of each link in a text (in NFC) as X finds it, with a scheme or without.

    Without one, only a name in Latin letters is a link; each of several in a row is one.
    """
    for match in _X_LINK.finditer(text):
        start, end = match.span("link")
        if match["scheme"]:
            yield from _cut_short(match["link"], start)
        elif match["before"] not in ("-", "_", ".", "/"):
            found = _LATIN_NAME.finditer(match["name"])
            names = [(start + name.start(), start + name.end()) for name in found]
            if names and match["path"]:
                names[-1] = names[-1][0], end
            yield from names


def find_mastodon_links(text: str) -> Iterator[tuple[int, int]]:
    """Give start and end of each link in a text as Mastodon finds it: only those with a scheme."""
    for match in _MASTODON_LINK.finditer(text):
        if match["scheme"]:
            yield from _cut_short(match["link"], match.start("link"))


def _cut_short(link: str, start: int) -> Iterator[tuple[int, int]]:
    """Give where a link stands; one of t.co has a short key and nothing behind it."""
    short = _SHORT.match(link)
    if short is None:
        yield start, start + len(link)
    elif len(short["key"]) <= SHORT_MOST:
        yield start, start + short.end()
