# SPDX-License-Identifier: Apache-2.0
"""Send random frames to the scanners' readers: is a wrong code ever taken, is any lost unsaid?

Codes are framed as scanners frame them (with and without AIM identifier, STX and ETX, CR, LF, CRLF,
SSI packets), then cut, merged, flipped, doubled, swapped, overlaid with noise, misread before they
were framed, spliced from two codes, or made up; they arrive in pieces and with pauses. What comes
out is asked for its check character as the server does. Run on purpose; CI runs a small share.

    python tests/simulation/frames.py [--frames 1000000] [--seed 1]

Held to: no error of one character, of two neighbours or of two next but one that changed places is
taken, ever; of all other texts that look like a code, no more are taken than the check character's
stated rate; nothing disappears without a fault or a refusal; every damaged SSI packet is asked for
again, and taken when it comes again. The last line is one JSON object; the exit status is 1 unless
it says "ok".
"""

import argparse
import json
import math
import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from instruments.scanners import (
    IDLE,
    FaultKind,
    LineFrames,
    Scan,
    ScanFault,
    SsiFrames,
    SsiOpcode,
    ssi_packet,
)
from lims.core.codes import ALPHABET, CODE_LENGTH, Kind, MistypedCode, check_character, read_payload

BOUND = 0.03
"""Share of random errors that ISO 7064 MOD 37-2 does not see: 3.0 % of insertions, 2.9 % of two
wrong characters, 1 in 37 of texts drawn blindly. Single errors and exchanges: none."""
CHANCE = 1e-6
"""A check that is as good as stated fails this simulation with at most this probability."""

_KINDS = "".join(Kind)
_AIM = (b"]d1", b"]C0", b"]Q1")
_ENDS = (b"\r", b"\n", b"\r\n")
_SSI_TYPES = (b"\x03", b"\x1b", b"\x1c")
_NAK = ssi_packet(SsiOpcode.NAK, b"\x01")
_BROKEN = (FaultKind.INCOMPLETE, FaultKind.BAD_CHECKSUM)
# What the server leaves out of a text, and what a text must be like to be asked for its check.
_BLANKS = re.compile(r"[\s-]+")
_LOOKS = re.compile(rf"[{_KINDS}][{ALPHABET}]{{8}}([{ALPHABET}]{{2}})?")


@dataclass
class Counts:
    """What became of the frames."""

    frames: int = 0
    accepted: int = 0
    refused: int = 0
    faults: int = 0
    tried: int = 0
    """Texts of which only the check character could say that they are no code of those sent."""
    wrong: int = 0
    certain: int = 0
    """Texts with one wrong character, or two exchanged: the check character sees all of them."""
    certain_wrong: int = 0
    other_instance: int = 0
    unsaid: int = 0
    """Trials of which bytes arrived, a code did not, and nobody was told."""
    not_asked_again: int = 0
    whole_refused: int = 0
    """Undamaged frames that were not taken."""
    of_kind: Counter[str] = field(default_factory=Counter)
    wrong_of_kind: Counter[str] = field(default_factory=Counter)


def draw(rng: random.Random) -> str:
    """Draw a payload: a code of any kind with a label instance."""
    while True:
        body = rng.choice(_KINDS) + "".join(rng.choices(ALPHABET, k=CODE_LENGTH - 2))
        check = check_character(body)
        if check in ALPHABET:
            return body + check + "".join(rng.choices(ALPHABET, k=2))


Framing = Callable[[random.Random, str], bytes]


def aim_line(rng: random.Random, text: str) -> bytes:
    """Frame as recommended: AIM identifier, text, terminator."""
    return rng.choice(_AIM) + text.encode() + rng.choice(_ENDS)


def bare_line(rng: random.Random, text: str) -> bytes:
    """Frame as scanners come from the factory: text and terminator."""
    return text.encode() + rng.choice(_ENDS)


def stx_line(rng: random.Random, text: str) -> bytes:
    """Frame between STX and ETX."""
    return b"\x02" + rng.choice((b"", *_AIM)) + text.encode() + b"\x03"


def ssi(rng: random.Random, text: str) -> bytes:
    """Frame as an SSI packet."""
    return ssi_packet(SsiOpcode.DECODE, rng.choice(_SSI_TYPES) + text.encode(), source=0)


def _misread(rng: random.Random, text: str) -> str:
    """Change one to three characters of a text into others of the alphabet."""
    letters = list(text)
    for place in rng.sample(range(1, len(text)), rng.randint(1, 3)):
        letters[place] = rng.choice(ALPHABET)
    return "".join(letters)


def _exchanged(rng: random.Random, text: str) -> str:
    letters = list(text)
    first = rng.randrange(len(text) - 2)
    second = first + rng.randint(1, 2)
    letters[first], letters[second] = letters[second], letters[first]
    return "".join(letters)


def _slipped(rng: random.Random, text: str) -> str:
    """Lose a character and gain another elsewhere: the length stays."""
    out = rng.randrange(len(text))
    rest = text[:out] + text[out + 1 :]
    place = rng.randrange(len(text))
    return rest[:place] + rng.choice(ALPHABET) + rest[place:]


def _spliced(rng: random.Random, text: str, other: str) -> str:
    place = rng.randrange(1, len(text))
    return text[:place] + other[place:]


def _made_up(rng: random.Random) -> str:
    return rng.choice(_KINDS) + "".join(rng.choices(ALPHABET, k=CODE_LENGTH + 1))


def _flipped(rng: random.Random, frame: bytes) -> bytes:
    changed = bytearray(frame)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut(rng: random.Random, frame: bytes) -> bytes:
    begin, end = sorted(rng.sample(range(len(frame) + 1), 2))
    return rng.choice((frame[:begin], frame[end:], frame[:begin] + frame[end:], frame[begin:end]))


def _noisy(rng: random.Random, frame: bytes) -> bytes:
    place = rng.choice((0, len(frame), rng.randrange(len(frame))))
    return frame[:place] + rng.randbytes(rng.choice((1, 1, 2, 5, 40))) + frame[place:]


def _doubled(rng: random.Random, frame: bytes) -> bytes:
    begin, end = sorted(rng.sample(range(len(frame) + 1), 2))
    return frame[:end] + frame[begin:]


def _swapped(rng: random.Random, frame: bytes) -> bytes:
    changed = bytearray(frame)
    first, second = rng.sample(range(len(frame)), 2)
    changed[first], changed[second] = changed[second], changed[first]
    return bytes(changed)


_OF_TEXT = {"misread": _misread, "exchanged": _exchanged, "slipped": _slipped}
_OF_FRAME = {
    "flipped": _flipped, "cut": _cut, "noisy": _noisy, "doubled": _doubled, "swapped": _swapped,
}  # fmt: skip
DAMAGES = (*_OF_TEXT, *_OF_FRAME, "spliced", "made-up", "merged", "two-in-one-read", "whole")
_FRAMINGS: tuple[Framing, ...] = (aim_line, bare_line, stx_line, ssi)


@dataclass(frozen=True)
class Trial:
    """What was read, what of it reached the line, and what the line is like."""

    damage: str
    sent: tuple[str, ...]
    stream: bytes
    packets: bool
    whole: bool
    """Whether one undamaged frame after the other arrives."""
    frames: int = 1
    parts: tuple[bytes, ...] = ()
    """What is left of each frame, where there are two."""

    @property
    def arrived(self) -> int:
        """Of how many frames anything arrived; a terminator alone is nothing."""
        return sum(bool(part.strip(b"\r\n\x03")) for part in self.parts or (self.stream,))


def trial(rng: random.Random) -> Trial:
    """Make the bytes of one or two frames, damaged in one of the ways."""
    damage, framing = rng.choice(DAMAGES), rng.choice(_FRAMINGS)
    packets = framing is ssi
    first = draw(rng)
    if damage == "whole":
        return Trial(damage, (first,), framing(rng, first), packets, whole=True)
    if damage == "made-up":
        return Trial(damage, (), framing(rng, _made_up(rng)), packets, whole=False)
    if damage in _OF_TEXT:
        text = _OF_TEXT[damage](rng, first)
        return Trial(damage, (first,), framing(rng, text), packets, whole=text == first)
    if damage in _OF_FRAME:
        frame = framing(rng, first)
        changed = _OF_FRAME[damage](rng, frame)
        return Trial(damage, (first,), changed, packets, whole=changed == frame)
    second = draw(rng)
    if damage == "spliced":
        text = _spliced(rng, first, second)
        return Trial(
            damage, (first, second), framing(rng, text), packets, whole=text in (first, second)
        )
    one, two = framing(rng, first), framing(rng, second)
    if damage == "merged":
        # The end of the first and perhaps the beginning of the second are lost. All packets begin
        # alike: what is left of one and lacks of the next could make up a whole one.
        one = one[: rng.randrange(1, len(one))] if packets else one.rstrip(b"\r\n\x03")
        one, two = one[: len(one) - rng.choice((0, 0, 3))], two[rng.choice((0, 0, 1, 3)) :]
        two = framing(rng, second) if packets else two
        return Trial(damage, (first, second), one + two, packets, False, 2, (one, two))
    return Trial(damage, (first, second), one + two, packets, True, 2, (one, two))


def pieces(rng: random.Random, stream: bytes) -> list[tuple[bytes, float]]:
    """Cut a stream as it arrives: each piece, and the seconds of silence before it."""
    if not stream or rng.random() < 0.5:
        return [(stream, 0.0)]
    ends = sorted({rng.randrange(1, len(stream) + 1) for _ in range(rng.randint(1, 3))})
    ends = ends if ends[-1] == len(stream) else [*ends, len(stream)]
    begins = [0, *ends[:-1]]
    return [
        (stream[begin:end], rng.choice((0.001, 0.02, 0.09, 0.09, 0.15)))
        for begin, end in zip(begins, ends, strict=True)
    ]


class Bench:
    """A serial line and a line of packets, each with its reader, and a clock."""

    def __init__(self) -> None:
        self.lines, self.packets, self.at = LineFrames(), SsiFrames(), 1.0

    def read(self, rng: random.Random, one: Trial, counts: Counts) -> list[Scan | ScanFault]:
        """Give a trial to the reader of its line as an agent does."""
        frames = self.packets if one.packets else self.lines
        found, paused = list[Scan | ScanFault](), False
        for piece, silence in pieces(rng, one.stream):
            self.at += silence
            paused = paused or silence >= IDLE
            found += frames.idle(at=self.at)
            found += frames.feed(piece, at=self.at)
        self.at += 1.5
        found += frames.idle(at=self.at)
        if isinstance(frames, SsiFrames):
            self._ask_again(frames, one, found, counts)
        self.at += 1.5
        if one.whole and not paused and any(isinstance(each, ScanFault) for each in found):
            counts.whole_refused += 1
        return found

    def _ask_again(
        self, frames: SsiFrames, one: Trial, found: list[Scan | ScanFault], counts: Counts
    ) -> None:
        """Send what is asked for once more: it must have been asked for, and must be taken now."""
        asked = _NAK in frames.replies()
        broken = any(
            isinstance(each, ScanFault) and len(each.raw) >= 4 and each.kind in _BROKEN
            for each in found
        )
        counts.not_asked_again += broken and not asked
        if not asked or not one.sent:
            return
        taken = any(isinstance(each, Scan) and each.text == one.sent[-1] for each in found)
        content = b"\x1b" + one.sent[-1].encode()
        again = frames.feed(ssi_packet(SsiOpcode.DECODE, content, source=0, status=1), at=self.at)
        frames.replies()
        counts.not_asked_again += not taken and not again
        found += again


def judge(one: Trial, found: list[Scan | ScanFault], counts: Counts) -> None:
    """Ask of each text what the server would ask, and count."""
    codes = {text[:CODE_LENGTH] for text in one.sent}
    intact, told = set[str](), 0
    for each in found:
        if isinstance(each, ScanFault):
            counts.faults += 1
            told += 1
            continue
        text = _BLANKS.sub("", each.text).upper()
        looks = _LOOKS.fullmatch(text) is not None and text[:CODE_LENGTH] not in codes
        certain = looks and any(_seen_for_certain(text, code) for code in codes)
        counts.certain += certain
        counts.tried += looks and not certain
        try:
            payload = read_payload(each.text)
        except MistypedCode:
            counts.refused += 1
            told += 1
            continue
        if payload.code in codes:
            counts.accepted += 1
            counts.other_instance += str(payload) not in one.sent
            intact.add(payload.code)
            # A code without its label is refused at the bench, and so told.
            told += not payload.instance
        elif certain:
            counts.certain_wrong += 1
        else:
            counts.wrong += 1
            counts.wrong_of_kind[one.damage] += 1
    counts.unsaid += not told and len(found) < one.arrived
    counts.frames += one.frames
    counts.of_kind[one.damage] += one.frames


def _seen_for_certain(text: str, code: str) -> bool:
    """Return whether a text is a code but for one character, or for two that changed places."""
    wrong = [place for place in range(CODE_LENGTH) if text[place] != code[place]]
    if len(wrong) == 1:
        return True
    if len(wrong) != 2 or wrong[1] - wrong[0] > 2:
        return False
    first, second = wrong
    return text[first] == code[second] and text[second] == code[first]


def p_value(wrong: int, tried: int, bound: float) -> float:
    """Return an upper bound of the chance of so many wrong ones at a true rate of `bound`.

    Chernoff's bound for a sum of independent trials: it holds for every count, however small.
    """
    if not tried or wrong / tried <= bound:
        return 1.0
    rate = wrong / tried
    divergence = rate * math.log(rate / bound)
    if rate < 1.0:
        divergence += (1 - rate) * math.log((1 - rate) / (1 - bound))
    return math.exp(-tried * divergence)


def upper_limit(wrong: int, tried: int) -> float:
    """Return the rate that so few wrong ones exclude but for the chance `CHANCE`; by halving."""
    low, high = (wrong / tried, 1.0) if tried else (1.0, 1.0)
    for _ in range(60):
        middle = (low + high) / 2
        rate = wrong / max(tried, 1)
        divergence = (rate * math.log(rate / middle) if rate else 0.0) + (1 - rate) * (
            math.log((1 - rate) / (1 - middle)) if 0 < middle < 1 and rate < 1 else 0.0
        )
        low, high = (middle, high) if tried * divergence < -math.log(CHANCE) else (low, middle)
    return high


def simulate(*, frames: int, seed: int, tell: Callable[[str], None] = lambda _: None) -> Counts:
    """Send so many frames; `tell` hears how far it is."""
    rng = random.Random(seed)  # noqa: S311  # repeatable
    counts, bench = Counts(), Bench()
    step = max(1, frames // 10)
    next_word = step
    while counts.frames < frames:
        one = trial(rng)
        judge(one, bench.read(rng, one, counts), counts)
        if counts.frames >= next_word:
            tell(f"{counts.frames} frames, {counts.wrong} wrong of {counts.tried} tried")
            next_word += step
    return counts


def passed(counts: Counts) -> bool:
    """Return whether nothing was taken wrongly beyond the stated rate, and nothing was lost."""
    return (
        counts.certain_wrong == 0
        and counts.unsaid == 0
        and counts.not_asked_again == 0
        and counts.whole_refused == 0
        and min(counts.accepted, counts.tried, counts.certain) > 0
        and p_value(counts.wrong, counts.tried, BOUND) >= CHANCE
    )


def report(counts: Counts) -> dict[str, object]:
    """Return the figures for the last line."""
    return {
        "ok": passed(counts), "frames": counts.frames, "accepted": counts.accepted,
        "refused": counts.refused, "faults": counts.faults, "tried": counts.tried,
        "wrong": counts.wrong, "rate": round(counts.wrong / max(counts.tried, 1), 5),
        "bound": BOUND, "upper": round(upper_limit(counts.wrong, counts.tried), 5),
        "p": p_value(counts.wrong, counts.tried, BOUND), "certain": counts.certain,
        "certain_wrong": counts.certain_wrong, "other_instance": counts.other_instance,
        "unsaid": counts.unsaid, "not_asked_again": counts.not_asked_again,
        "whole_refused": counts.whole_refused, "wrong_of_kind": dict(counts.wrong_of_kind),
        "frames_of_kind": dict(counts.of_kind),
    }  # fmt: skip


def main() -> int:
    """Run it and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    def tell(words: str) -> None:
        print(words, file=sys.stderr, flush=True)

    counts = simulate(frames=options.frames, seed=options.seed, tell=tell)
    print(json.dumps(report(counts)))
    return 0 if passed(counts) else 1


if __name__ == "__main__":
    sys.exit(main())
