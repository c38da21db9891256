"""What is one emoji: as readers see it, and as X counts it.

Networks that count emoji apart mean the whole of one: a family or a flag is one, however many code
points hold it together (Unicode's UTS 51).
"""

from __future__ import annotations

import regex

_TONE = r"[\U0001F3FB-\U0001F3FF]"
_KEYCAP = r"[#*0-9]\ufe0f?\u20e3"
# Shown as text unless U+FE0F follows, like the digits; all others are text only before U+FE0E.
_SIGNS = "©®™"
_ONE = (
    rf"(?:(?![#*0-9{_SIGNS}\p{{RI}}])\p{{Emoji}}(?!\ufe0e)|[{_SIGNS}](?=\ufe0f))"
    rf"\ufe0f?{_TONE}?\u20e3?[\U000E0020-\U000E007F]*+"
)
# Two regional letters make a flag, be there such a country or not. Whatever a joiner holds together
# is taken for one.
EMOJI = regex.compile(rf"\p{{RI}}{{1,2}}|{_KEYCAP}|{_ONE}(?:\u200d{_ONE})*+")

# X counts a sequence as one emoji only if twemoji-parser knows it: those that Unicode recommends
# for general interchange, written with every U+FE0F that belongs to them. (A single code point
# weighs there what an emoji weighs, so that only sequences matter.)
_FLAGS = (
    "A[CDEFGILMOQRSTUWXZ]|B[ABDEFGHIJLMNOQRSTVWYZ]|C[ACDFGHIKLMNOPQRUVWXYZ]|D[EGJKMOZ]|E[ACEGHRSTU]|"
    "F[IJKMOR]|G[ABDEFGHILMNPQRSTUWY]|H[KMNRTU]|I[CDELMNOQRST]|J[EMOP]|K[EGHIMNPRWYZ]|"
    "L[ABCIKRSTUVY]|M[ACDEFGHKLMNOPQRSTUVWXYZ]|N[ACEFGILOPRUZ]|OM|P[AEFGHKLMNRSTWY]|QA|R[EOSUW]|"
    "S[ABCDEGHIJKLMNORSTVXYZ]|T[ACDFGHJKLMNORTVWZ]|U[AGMNSYZ]|V[ACEGINU]|W[FS]|XK|Y[ET]|Z[AMW]"
).translate({letter: 0x1F1E6 + letter - ord("A") for letter in range(ord("A"), ord("Z") + 1)})
_TAGS = {letter: 0xE0000 + letter for letter in range(ord("a"), ord("z") + 1)}
_REGIONS = "gbeng|gbsct|gbwls".translate(_TAGS)
_ROLE = "(?:[⚕⚖✈]\ufe0f|[🌾🍳🍼🎄🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦰-🦳🩰]|[🦯🦼🦽](?:\u200d➡\ufe0f)?)"
_GENDER = "\u200d[♀♂]\ufe0f"
_EITHER_GENDER = "🏃🏄🏊👮👰👱👳👷💁💂💆💇🙅-🙇🙋🙍🙎🚣🚴-🚶🤦🤵🤷-🤹🤽🤾🦸🦹🧍-🧏🧔🧖-🧝"
_CHILDREN = "(?:👦\u200d👦|👧\u200d[👦👧]|[👦👧])"
_SEQUENCES = (
    rf"[👨👩🧑]{_TONE}?\u200d❤\ufe0f\u200d(?:💋\u200d)?[👨👩🧑]{_TONE}?",
    rf"[👨👩🧑]{_TONE}\u200d🤝\u200d[👨👩🧑]{_TONE}|🧑\u200d🤝\u200d🧑|🫱{_TONE}\u200d🫲{_TONE}",
    rf"[👨👩🧑]{_TONE}?\u200d{_ROLE}",
    rf"(?:👨(?:\u200d[👨👩])?|👩(?:\u200d👩)?)\u200d{_CHILDREN}|🧑(?:\u200d🧑)?(?:\u200d🧒){{1,2}}",
    rf"[🏋🏌🕴🕵⛹](?:\ufe0f|{_TONE}){_GENDER}|[👯🤼]{_TONE}?{_GENDER}|[🧞🧟]{_GENDER}",
    rf"[🏃🚶🧎]{_TONE}?(?:{_GENDER})?\u200d➡\ufe0f|[{_EITHER_GENDER}]{_TONE}?{_GENDER}",
    "🏳\ufe0f\u200d(?:🌈|⚧\ufe0f)|🏴\u200d☠\ufe0f|😶\u200d🌫\ufe0f|❤\ufe0f\u200d[🔥🩹]|👁\u200d🗨",
    "🐕\u200d🦺|🐻\u200d❄\ufe0f|🐈\u200d⬛|🐦\u200d[⬛🔥]|😮\u200d💨|😵\u200d💫|⛓\ufe0f\u200d💥",
    "🙂\u200d[↔↕]\ufe0f|🍋\u200d🟩|🍄\u200d🟫",
    rf"🏴(?:{_REGIONS})\U000E007F|{_FLAGS}|{_KEYCAP}",
    rf"\p{{Emoji_Modifier_Base}}(?:(?<!\p{{Emoji_Presentation}})\ufe0f)?{_TONE}",
    # Those that can be text as well, shown as emoji by U+FE0F.
    r"(?![#*0-9♾])(?!\p{Emoji_Presentation})\p{Emoji}\ufe0f",
    "[⌚⌛◽◾☔☕♈-♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛔⛪⛲⛳⛵⛺⛽❗⬛⬜⭐⭕🀄🈚🈯]\ufe0f",
)
LONG_EMOJI_ON_X = regex.compile("|".join(f"(?:{sequence})" for sequence in _SEQUENCES))
