# SPDX-License-Identifier: Apache-2.0
"""Codes: the anonymous identities on labels. Kind letter + 7 random + check character.

The check character is ISO 7064 MOD 37-2, redrawn until it lies in the alphabet. The payload of a
label is the code and two characters more: the label instance.
"""

import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.words import N_

ALPHABET = "34679CDFGHJKMNPQRTVWXY"
"""No vowels, nothing that looks like another, no month, no E notation."""

RANDOM_LENGTH = 7
CODE_LENGTH = 1 + RANDOM_LENGTH + 1
PAYLOAD_LENGTH = CODE_LENGTH + 2

_ISO_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_BIDI_AND_SPACE = re.compile("[\\s\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\ufeff-]+")
_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


class Kind(StrEnum):
    """What a code stands for: its first letter."""

    BONE = "B"
    REFERENCE = "R"
    ALIQUOT = "A"
    EXTRACT = "X"
    PLATE = "P"
    CONTAINER = "C"
    LOT = "L"
    BADGE = "K"
    STATION = "T"
    COMMAND = "M"
    BATCH = "G"


class MistypedCode(Refusal):
    """What was read is not a code: wrong length, a foreign character or a wrong check character."""

    says = N_("“%(read)s” is not a code of this laboratory: its check character does not fit.")
    do = N_("Scan the label again. If you typed it, compare every character.")
    status = 422


@dataclass(frozen=True)
class Payload:
    """What a label carries: the code, and the two characters of the label instance or ''."""

    code: str
    instance: str

    @property
    def kind(self) -> Kind:
        """What the code stands for."""
        return Kind(self.code[0])

    def __str__(self) -> str:
        return self.code + self.instance


def check_character(body: str) -> str:
    """Return the ISO 7064 MOD 37-2 check character of `body` (letters and digits); may be `*`."""
    total = 0
    for character in body:
        total = (total + _ISO_ALPHABET.index(character)) * 2 % 37
    return _ISO_ALPHABET[(1 - total) % 37]


def draw_code(kind: Kind) -> str:
    """Draw a new random code of `kind`. Uniqueness is the database's to enforce."""
    while True:
        body = kind + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
        check = check_character(body)
        if check in ALPHABET:
            return body + check


def draw_instance() -> str:
    """Draw the two characters of a label instance."""
    return secrets.choice(ALPHABET) + secrets.choice(ALPHABET)


def is_code(text: str) -> bool:
    """Return whether `text` is exactly a code as stored: 9 characters, kind and check right."""
    return (
        len(text) == CODE_LENGTH
        and text[0] in set(Kind)
        and all(character in ALPHABET for character in text[1:])
        and check_character(text[:-1]) == text[-1]
    )


def read_payload(read: str) -> Payload:
    """Return the payload in what a scanner or a person gave; raises MistypedCode.

    Blanks, hyphens and direction marks are ignored, lower case and Arabic-Indic digits are taken.
    Nothing is guessed: one wrong character is a refusal.
    """
    text = _BIDI_AND_SPACE.sub("", read).translate(_ARABIC_DIGITS).upper()
    code, instance = text[:CODE_LENGTH], text[CODE_LENGTH:]
    instance_fits = instance == "" or (
        len(instance) == PAYLOAD_LENGTH - CODE_LENGTH and all(c in ALPHABET for c in instance)
    )
    if not is_code(code) or not instance_fits:
        raise MistypedCode(read=read[:40])
    return Payload(code, instance)


def threes(code: str) -> str:
    """Return a code as it is shown to people: in threes."""
    return " ".join(code[start : start + 3] for start in range(0, len(code), 3))
