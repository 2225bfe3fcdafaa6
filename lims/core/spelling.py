# SPDX-License-Identifier: Apache-2.0
"""One spelling for what people write in many: Arabic and Latin names, numbers of cases."""

import re
import unicodedata

_BLANK = re.compile(r"\s+")
_BETWEEN_SIGNS = re.compile(r"[\s\u2010-\u2015\u2212-]")
# Direction marks, joiners and the like: they are seen by nobody and copied by everybody.
_UNSEEN = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u0640]")
# What one hand writes with a hamza, two dots or a tail, the next one leaves out.
_LETTERS = str.maketrans({"ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك"})
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_ARTICLE_APART = re.compile(r"\b(al|el) ")
_BETWEEN = frozenset({"بن", "ابن", "بنت", "bin", "ben", "ibn", "bint"})
_ARTICLES = ("ال", "al-", "el-")
_SOUNDS = (("kh", "k"), ("gh", "g"), ("dh", "d"), ("th", "t"), ("sh", "s"), ("ch", "s"))


def normalised(text: str) -> str:
    """Return `text` as it is compared: compatibility forms, marks, case and hands made one.

    Tashkeel, tatweel and the accents of Latin letters go; the alefs, ya and alef maqsura, ta
    marbuta and ha become one letter each; digits become Latin; blanks one blank.
    """
    text = unicodedata.normalize("NFKD", _UNSEEN.sub("", text))
    text = "".join(c for c in text if unicodedata.category(c) != "Mn")
    text = unicodedata.normalize("NFKC", text).casefold()
    return _BLANK.sub(" ", text.translate(_LETTERS).translate(_DIGITS)).strip()


def number_key(text: str) -> str:
    """Return a number as it is compared: `normalised`, without blanks and dashes.

    GL02-018 BP, gl02 018bp and ٠١٨ for 018 are one; what parts figures otherwise (12/3) stays.
    """
    return _BETWEEN_SIGNS.sub("", normalised(text))


def name_parts(text: str) -> tuple[str, ...]:
    """Return the parts of a name by which it is found, each once, in their order.

    Words between generations (بن, bint) and articles go; عبد is read with what follows it.
    """
    words = _ARTICLE_APART.sub(r"\1-", normalised(text)).split(" ")
    parts: list[str] = []
    servant = False
    for word in words:
        if word in _BETWEEN or not word:
            continue
        bare = _without_article(word)
        if bare == "عبد" and not servant:
            servant = True
            continue
        if servant or (bare.startswith("عبدال") and len(bare) > len("عبدال")):
            bare = "عبد" + _without_article(bare.removeprefix("عبد"))
        servant = False
        if bare not in parts:
            parts.append(bare)
    if servant:
        parts.append("عبد")
    return tuple(parts)


def consonants(part: str) -> str:
    """Return the consonants of a Latin name, doubled ones once: Mohammed and Muhamad are mhmd.

    Empty for a part in another script, or of a single consonant, which would find everybody.
    """
    if not part.isascii():
        return ""
    for written, sound in _SOUNDS:
        part = part.replace(written, sound)
    bones = re.sub(r"[^b-df-hj-np-tvxz]", "", part.replace("q", "k").replace("c", "k"))
    bones = re.sub(r"(.)\1+", r"\1", bones)
    return bones if len(bones) > 1 else ""


def _without_article(word: str) -> str:
    for article in _ARTICLES:
        if word.startswith(article) and len(word) > len(article) + 2:
            return word.removeprefix(article)
    return word
