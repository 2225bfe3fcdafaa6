# SPDX-License-Identifier: Apache-2.0
"""What templates write with: codes in threes, isolated runs, exact quantities, instants, marks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from itertools import zip_longest
from types import MappingProxyType

from markupsafe import Markup, escape

from lims.core.words import N_

SPRITE = "/static/icons.svg"
MIRRORED = frozenset({"arrow", "next", "back", "out"})
"""Icons that point along the line of reading, hence turn round in Arabic."""
NO_BREAK = "\u00a0"
NARROW = "\u202f"
MINUS = "\u2212"


def icon(name: str, *, large: bool = False) -> Markup:
    """Return a drawing of the sprite; it says nothing to a screen reader, so words go beside it."""
    classes = "i" + (" flip" if name in MIRRORED else "") + (" large" if large else "")
    return Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        classes, SPRITE, name
    )


def threes(code: object, *, big: bool = False, against: object = None) -> Markup:
    """Return a code in threes, left to right in every language; it copies without gaps.

    Text of other shape (`EX-04 v7`, `C5`) stays whole. `against` underlines the characters that
    differ from another code, as a stop shows them.
    """
    text = str(code)
    marked = _marked(text, text if against is None else str(against))
    if len(text) > 5 and text.isascii() and text.isalnum() and not text.isdigit():
        parts = [marked[start : start + 3] for start in range(0, len(marked), 3)]
        inside = Markup().join(Markup("<i>{}</i>").format(Markup().join(p)) for p in parts)
    else:
        inside = Markup().join(marked)
    return Markup('<bdi dir="ltr" class="{}">{}</bdi>').format(
        "code big" if big else "code", inside
    )


def isolate(text: object) -> Markup:
    """Return `text` as a left-to-right run that Arabic around it cannot turn round."""
    return Markup('<bdi dir="ltr">{}</bdi>').format(text)


def number(value: int) -> Markup:
    """Return a whole number, its thousands apart by a narrow space: 48 213."""
    return isolate(_grouped(Decimal(value)))


def quantity(value: int, unit: str) -> Markup:
    """Return an exact quantity with its unit: `quantity(1600, "ug")` is 1.6 mg.

    `value` is whole, in the unit it is stored in (a key of LADDERS, or any other unit, which is
    then shown as it is). The unit shown is the largest that leaves at least 1; no digit is lost.
    Raises TypeError for anything but an int: a figure that was ever a float is no evidence.
    """
    if type(value) is not int:
        raise TypeError(f"a quantity is a whole number of a small unit, not {value!r}")
    shown, places = _rung(value, unit)
    amount = Decimal(value).scaleb(-places).normalize()
    between = NO_BREAK if shown not in ("", "%") else ""
    return isolate(f"{_grouped(amount)}{between}{shown}")


def when(instant: datetime, zone: tzinfo, *, shape: str = "full") -> Markup:
    """Return an instant on the laboratory's wall clock, as `<time>` with the UTC inside.

    `shape`: full (2026-11-23 13:57), date, time (13:57), seconds (13:57:02). Raises ValueError
    for a naive instant and KeyError for another shape.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone")
    inside = instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = instant.astimezone(zone).strftime(SHAPES[shape])
    return Markup('<time datetime="{}" dir="ltr">{}</time>').format(inside, shown)


SHAPES = MappingProxyType(
    {"full": "%Y-%m-%d %H:%M", "date": "%Y-%m-%d", "time": "%H:%M", "seconds": "%H:%M:%S"}
)

LADDERS = MappingProxyType(
    {
        # stored in: (shown in, decimal places to it), largest first. SI prefixes, exact.
        "ug": (("g", 6), ("mg", 3), ("µg", 0)),
        "mg": (("g", 3), ("mg", 0)),
        "pg": (("µg", 6), ("ng", 3), ("pg", 0)),
        "ng": (("µg", 3), ("ng", 0)),
        "nl": (("ml", 6), ("µl", 3), ("nl", 0)),
        "ul": (("ml", 3), ("µl", 0)),
        # A concentration of DNA is read in ng/µl, however little it is.
        "fg/ul": (("ng/µl", 6),),
        "pg/ul": (("ng/µl", 3),),
        "um": (("mm", 3), ("µm", 0)),
        "mdegC": (("°C", 3),),
        "cbp": (("bp", 2),),
        "rfu": (("RFU", 0),),
        "permille": (("%", 1),),
        "ppm": (("%", 4),),
        "ppmillion": (("", 6),),
    }
)
"""Small units that figures are stored in, and the units people read. `ppmillion` is a bare
fraction stored in millionths (a fit of 0.9911)."""


@dataclass(frozen=True)
class State:
    """A state as people see it: `kind` gives colour and border, `icon` the shape, `words` say it.

    Kinds: ok, bad, warn, kept, run, plain.
    """

    kind: str
    icon: str
    words: str


def state(name: object) -> State:
    """Return how a state of any record is shown; raises KeyError for a state nobody drew."""
    return STATES[str(name)]


def tone(kind: str) -> str:
    """Return the icon that belongs to a kind of state; raises KeyError."""
    return SHAPES_OF_KINDS[kind]


SHAPES_OF_KINDS = MappingProxyType(
    {"ok": "check", "bad": "stop", "warn": "ask", "kept": "kept", "run": "arrow", "plain": "dot"}
)


def _states(kind: str, **words: str) -> dict[str, State]:
    return {name: State(kind, SHAPES_OF_KINDS[kind], said) for name, said in words.items()}


STATES = MappingProxyType(
    {
        **_states(
            "ok", accepted=N_("accepted"), passed=N_("passed"), intact=N_("intact"),
            ready=N_("ready"), done=N_("done"), released=N_("released"), signed=N_("signed"),
            printed=N_("printed"), verified=N_("verified"), received=N_("received"),
            loaded=N_("loaded"), stored=N_("in its place"), closed=N_("closed"),
            imported=N_("imported"), confirmed=N_("confirmed"), active=N_("active"),
            valid=N_("valid"), given=N_("given"), agreed=N_("agreed"), complete=N_("complete"),
            matched=N_("matched"),
        ),
        **_states(
            "bad", refused=N_("refused"), failed=N_("failed"), stop=N_("stop"),
            broken=N_("broken"), on_hold=N_("on hold"), held=N_("on hold"), expired=N_("expired"),
            quarantined=N_("in quarantine"), missing=N_("missing"), rejected=N_("rejected"),
            withdrawn=N_("withdrawn"), blocked=N_("blocked"), contaminated=N_("contaminated"),
            overdue=N_("overdue"), locked=N_("locked"),
        ),
        **_states(
            "warn", unknown=N_("not known"), ambiguous=N_("not certain"), late=N_("late"),
            doubtful=N_("doubtful"), discrepant=N_("readers differ"), partial=N_("partial"),
            due=N_("due soon"), unsure=N_("printed or not?"), waiting=N_("waits for you"),
        ),
        **_states(
            "kept", unchecked=N_("stored, not checked"), taken_out=N_("taken out"),
            in_transit=N_("under way"), sealed=N_("sealed"), queued=N_("in the queue"),
            sent=N_("sent, not confirmed"),
        ),
        **_states(
            "run", in_process=N_("in process"), running=N_("running"), started=N_("started"),
            planned=N_("planned"), next=N_("next"), repeat=N_("repeat"), printing=N_("printing"),
            reading=N_("being read"), open=N_("open"),
        ),
        **_states(
            "plain", draft=N_("draft"), void=N_("void"), consumed=N_("consumed"),
            destroyed=N_("destroyed"), returned=N_("returned"), free=N_("free"), new=N_("new"),
            retired=N_("retired"), cancelled=N_("cancelled"), none=N_("none"), used=N_("used up"),
            not_applicable=N_("does not apply"), left=N_("left the laboratory"),
        ),
    }
)  # fmt: skip
"""Every state that a badge can show without words of its own."""

ROLES = MappingProxyType(
    {
        # role of a well or position: (symbol, mark, words)
        "sample": ("w-sample", "", N_("sample")),
        "done": ("w-sample", "✓", N_("loaded")),
        "next": ("w-sample", "", N_("next position")),
        "free": ("w-empty", "", N_("free")),
        "blank": ("w-blank", "RB", N_("reagent blank")),
        "pos": ("w-pos", "+", N_("positive control")),
        "neg": ("w-neg", "−", N_("negative control")),
        "ladder": ("w-ladder", "L", N_("allelic ladder")),
        "flag": ("w-flag", "!", N_("needs you")),
        "wait": ("w-wait", "?", N_("stored, not checked")),
        "out": ("w-wait", "", N_("taken out")),
        "hold": ("w-hold", "Q", N_("in quarantine")),
        "standard": ("w-standard", "S", N_("standard")),
        # findings of a run, look of the data pages
        "found-ok": ("f-ok", "", N_("matched")),
        "found-ctl": ("f-ctl", "", N_("control")),
        "found-neg": ("f-neg", "!", N_("negative with peaks")),
        "found-wrong": ("f-wrong", "≠", N_("wrong well")),
        "found-unknown": ("f-unknown", "?", N_("unknown name")),
        "found-size": ("f-size", "S", N_("poor size standard")),
        "found-scale": ("f-scale", "▲", N_("off-scale")),
        "found-none": ("f-none", "", N_("no file")),
    }
)
"""Roles of a well in a plate map, a rack, a box or a run."""


def role(name: object) -> tuple[str, str, str]:
    """Return symbol, mark and words of a role; raises KeyError."""
    return ROLES[str(name)]


FILTERS: MappingProxyType[str, Callable[..., object]] = MappingProxyType(
    {"threes": threes, "isolate": isolate, "quantity": quantity, "number": number}
)
"""What the frame puts among the filters of Jinja; `when` it binds to the laboratory's zone."""
GLOBALS: MappingProxyType[str, Callable[..., object]] = MappingProxyType(
    {"icon": icon, "state_of": state, "tone_of": tone, "role_of": role}
)
"""What the macros of `templates/shared/macros.html` call."""


def _marked(text: str, other: str) -> list[Markup]:
    pairs = zip_longest(text, other[: len(text)])
    return [escape(a) if a == b else Markup("<u>{}</u>").format(a) for a, b in pairs]


def _rung(value: int, unit: str) -> tuple[str, int]:
    ladder = LADDERS.get(unit.replace("µ", "u").replace("μ", "u"), ((unit, 0),))
    for shown, places in ladder:
        if abs(value) >= 10**places:
            return shown, places
    # Nothing reaches 1: nought takes the customary unit, in the middle; a fraction the smallest.
    return ladder[len(ladder) // 2] if value == 0 else ladder[-1]


def _grouped(amount: Decimal) -> str:
    sign, digits = (MINUS, -amount) if amount < 0 else ("", amount)
    whole, _, rest = f"{digits:f}".partition(".")
    # Four digits stay together (ISO 80000-1 permits it); more are read in threes.
    if len(whole) > 4:
        head = len(whole) % 3
        parts = ([whole[:head]] if head else []) + [
            whole[at : at + 3] for at in range(head, len(whole), 3)
        ]
        whole = NARROW.join(parts)
    return f"{sign}{whole}{'.' + rest if rest else ''}"
