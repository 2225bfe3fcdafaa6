# SPDX-License-Identifier: Apache-2.0
"""What a password must be: long and not guessable; nothing is said of its characters.

After OWASP ASVS 5.0, 6.2 and NIST SP 800-63B: no composition rules, no forced change.
"""

import unicodedata
from itertools import pairwise

from lims.core.errors import Refusal
from lims.core.words import N_, Say

SHORTEST = 12
LONGEST = 256
FEWEST_DIFFERENT = 5


class WeakPassword(Refusal):
    """The password is too short, too long or easily guessed."""

    says = N_("This password cannot be used: %(problem)s.")
    do = N_("Choose another. Four or five words that do not belong together are good and easy.")
    status = 422


def normal_password(password: str) -> str:
    """Return the one spelling that is hashed, so that every keyboard gives the same (NFC)."""
    return unicodedata.normalize("NFC", password)


def check_password(password: str, *, login: str, name: str, laboratory: str) -> str:
    """Return the password as it is hashed; raises WeakPassword."""
    normal = normal_password(password)
    if len(normal) < SHORTEST:
        raise WeakPassword(
            problem=Say(N_("it has fewer than %(shortest)s characters"), {"shortest": SHORTEST})
        )
    if len(normal) > LONGEST:
        raise WeakPassword(
            problem=Say(N_("it has more than %(longest)s characters"), {"longest": LONGEST})
        )
    plain = _letters_and_digits(normal)
    if len(set(normal)) < FEWEST_DIFFERENT or _is_sequence(plain):
        raise WeakPassword(problem=Say(N_("it repeats a few characters or counts through them")))
    if plain in COMMON or plain.rstrip("0123456789") in COMMON:
        raise WeakPassword(problem=Say(N_("it is one of the passwords that are tried first")))
    for own in (login, name, laboratory):
        word = _letters_and_digits(own)
        # What is left beside the own name must still be a secret.
        if len(word) >= 3 and word in plain and len(plain.replace(word, "")) < SHORTEST:
            raise WeakPassword(
                problem=Say(N_("it is made of your name, your sign-in name or the laboratory's"))
            )
    return normal


def _letters_and_digits(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _is_sequence(plain: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in pairwise(plain)}
    rows = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertyuiopasdfghjklzxcvbnm", "1234567890")
    doubled = [way * 3 for row in rows for way in (row, row[::-1])]
    return steps <= {1} or steps <= {-1} or any(plain and plain in row for row in doubled)


COMMON = frozenset(
    """
    123456789012 1234567890123 12345678901234 123456123456 123123123123 111222333444 112233445566
    abcdefghijkl abc123abc123 abcd1234abcd abcd12345678 a1b2c3d4e5f6 aa123456789 1q2w3e4r5t6y
    1q2w3e4r5t6y7u8i qazwsxedcrfv zaq12wsxcde3 qwertyuiop qwertyuiop12 qwertyuiop123 qwerty123456
    qwerty12345678 qwertyqwerty qwerty1234567 asdfghjkl asdfghjkl123 asdfghjklzxcvbnm
    password password1234 passwordpassword passw0rdpassw0rd password12345 password123456
    mypassword mypassword123 newpassword newpassword1 newpassword123 thisismypassword
    yourpassword changeme changeme1234 changemeplease changemenow letmein letmeinplease
    letmeinletmein letmein12345 welcome welcome12345 welcomewelcome welcomehome welcomeback
    administrator administrator1 adminadmin adminadminadmin admin1234567 adminpassword
    rootrootroot toortoortoor superuser superadmin superpassword secretsecret secretpassword
    topsecret trustno1 trustno1trustno1 iloveyou iloveyouforever iloveyou1234 iloveyousomuch
    iloveyoubaby princess1234 sunshine1234 football1234 baseball1234 superman1234 batman123456
    dragondragon monkeymonkey mastermaster masterpassword shadowshadow michaeljackson
    manchesterunited liverpoolfc realmadrid barcelona1899 cristianoronaldo lionelmessi
    startrek1234 starwars1234 harrypotter harrypotter123 lordoftherings pokemonpokemon
    correcthorsebatterystaple correcthorse donotenter opensesame nothingtosee idontknow
    idontremember iforgotmypassword whatisthepassword computercomputer internetinternet
    laboratory laboratory123 laboratorylaboratory dnalaboratory missingpersons geneticanalyzer
    osteonosteon osteonlims osteonlaboratory technician technician123 forensicscience
    qualityofficer coordinator coordinator1 labmanager bismillah bismillah123 allahuakbar
    alhamdulillah mohammed1234 muhammad1234 ahmed1234567 habibihabibi libyalibya tripoli12345
    benghazi1234 misrata12345
    """.split()  # noqa: SIM905  # one word a quote would be three pages
)
"""Long passwords that are tried first: the frequent ones of published lists, and our field's."""
