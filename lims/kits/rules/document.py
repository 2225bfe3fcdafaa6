# SPDX-License-Identifier: Apache-2.0
"""The document of a kit: JSON or TOML in Osteon's own format, `osteon-kit/1`.

name = "GlobalFiler"
aliases = ["GF"]
maker = "…"
source = "lot sheet 2026-04 of lot 12345"
size_standard_dye = 5                    # number of a dye
size_standards = ["ABI-LIZ-600"]         # the usual one first
positive_controls = ["DNA007"]           # the usual one first
dyes = [{number = 1, name = "6-FAM", colour = "blue"}, …]

[[markers]]
name = "D3S1358"
aliases = ["D3"]                         # other names in exports
kind = "autosomal"                       # autosomal, sex, y, x, quality
dye = 1
bp = [92, 144]
repeat = 4                               # bases
max_alleles = 2
ladder = "9:96 10:100 11:104"            # allele:bp
variants = "15.2"                        # alleles known outside the ladder
windows = {"" = [93.5, 150]}             # where the ladder is seen, by size standard
seen = {"ABI-LIZ-600" = 1.4}             # how far off its nominal sizes it was seen

[controls.DNA007]                        # instead of what is on record for the control
D3S1358 = "15/16"

[[families]]                             # a size standard that is not on record
name = "OWN-500"
dye = "LIZ"
aliases = []
variants = [{name = "OWN-500", accept = 99300, bp = [60, 80, 100, 120, 140]}]
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from instruments.analyzers.kit import Kit, KitError, MarkerKind, SizeStandard, kit_of
from lims.core.words import N_
from lims.kits.rules.checks import check_kit
from lims.kits.rules.fields import (
    LONGEST_BP,
    Record,
    fault,
    known,
    number,
    sizes,
    table,
    tables,
    text,
    texts,
)

LONGEST_TEXT = 256_000
"""Bytes of UTF-8 that a document may have."""

FORMAT = "osteon-kit/1"

COLOURS = ("blue", "green", "yellow", "red", "orange", "purple")

_TOP = {
    "format", "name", "aliases", "maker", "source", "size_standard_dye", "size_standards",
    "positive_controls", "dyes", "markers", "controls", "families",
}  # fmt: skip
_MARKER = {
    "name", "aliases", "kind", "dye", "bp", "repeat", "max_alleles", "ladder", "variants",
    "windows", "seen",
}  # fmt: skip


def read_document(
    document: str,
    *,
    standards: Sequence[SizeStandard],
    controls: Mapping[str, Mapping[str, tuple[str, ...]]],
) -> Kit:
    """Return the kit that a document describes; `standards` and `controls` are those on record.

    Raises KitRefused naming the place and what is expected. Nothing is passed over.
    """
    record = parse(document)
    _shape(record)
    try:
        kit = kit_of(record)
    except KitError as error:
        told = ", ".join(f"{name} {value}" for name, value in error.values.items())
        raise fault(
            N_("it cannot be read (%(reason)s: %(told)s)."), reason=error.reason, told=told
        ) from error
    check_kit(kit, standards=standards, controls=controls)
    return _by_own_names(kit)


def parse(document: str) -> Record:
    """Return what a JSON or TOML text holds, its decimals exact. Raises KitRefused."""
    if len(document.encode("utf-8", "surrogatepass")) > LONGEST_TEXT:
        raise fault(N_("it is longer than %(most)s bytes."), most=LONGEST_TEXT)
    plain = document.removeprefix("\ufeff").strip()
    if plain.startswith("{"):
        try:
            read = json.loads(plain, parse_float=Decimal, object_pairs_hook=_once)
        except (json.JSONDecodeError, RecursionError) as error:
            raise fault(N_("it is no JSON: %(error)s."), error=str(error)[:200]) from error
    else:
        try:
            read = tomllib.loads(plain + "\n", parse_float=Decimal)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise fault(N_("it is no TOML: %(error)s."), error=str(error)[:200]) from error
    found: Record = read
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # JSON lets a name stand twice and obeys the second: here nobody could tell which was meant.
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise fault(N_("%(field)s stands there twice."), field=twice[:60])
    return found


def _shape(record: Record) -> None:
    known(record, _TOP, "")
    if record.get("format", FORMAT) != FORMAT:
        raise fault(N_("%(field)s must be %(expected)s."), field="format", expected=FORMAT)
    text(record, "name")
    if not any(letter.isalnum() for letter in text(record, "name")):
        raise fault(N_("%(field)s is missing."), field="name")
    text(record, "maker")
    text(record, "source", most=300)
    for key in ("aliases", "size_standards", "positive_controls"):
        if key not in record:
            raise fault(N_("%(field)s is missing."), field=key)
        texts(record, key)
    for place, dye in enumerate(tables(record, "dyes"), 1):
        where = f"dyes {place}: "
        known(dye, {"number", "name", "colour"}, where)
        number(dye, "number", where, least=1, most=6)
        text(dye, "name", where, most=20)
        if text(dye, "colour", where) not in COLOURS:
            raise fault(
                N_("%(field)s: expected one of %(expected)s."), field=f"{where}colour",
                expected=", ".join(COLOURS),
            )  # fmt: skip
    number(record, "size_standard_dye", "", least=1, most=6)
    for place, marker in enumerate(tables(record, "markers"), 1):
        _marker(marker, f"markers {place}: ")
    for name, genotype in table(record, "controls").items():
        if not isinstance(genotype, dict) or not all(
            isinstance(one, str) for one in genotype.values()
        ):
            raise fault(
                N_("%(field)s must be a table of loci and alleles, such as D3S1358 = \"15/16\"."),
                field=f"controls.{name}"[:80],
            )  # fmt: skip
    for place, family in enumerate(tables(record, "families", needed=False), 1):
        _family(family, f"families {place}: ")


def _marker(marker: Record, where: str) -> None:
    known(marker, _MARKER, where)
    where = f"{text(marker, 'name', where, most=20)}: "
    texts(marker, "aliases", where)
    kinds = [kind.value for kind in MarkerKind]
    if text(marker, "kind", where) not in kinds:
        raise fault(
            N_("%(field)s: expected one of %(expected)s."), field=f"{where}kind",
            expected=", ".join(kinds),
        )  # fmt: skip
    number(marker, "dye", where, least=1, most=6)
    sizes(marker.get("bp"), f"{where}bp")
    number(marker, "repeat", where, least=1, most=12)
    number(marker, "max_alleles", where, least=1, most=4)
    for rung in text(marker, "ladder", where, most=4_000).split():
        name, _, size = rung.partition(":")
        if not name or len(name) > 8 or not _is_size(size):
            raise fault(
                N_("%(field)s: “%(value)s” – write allele:bp, such as 9.3:175."),
                field=f"{where}ladder", value=rung[:20],
            )  # fmt: skip
    text(marker, "variants", where, most=1_000, needed=False)
    for name, window in table(marker, "windows", where).items():
        sizes(window, f"{where}windows.{name}")
    for name, offset in table(marker, "seen", where).items():
        if not _is_number(offset) or abs(Decimal(str(offset))) > LONGEST_BP:
            raise fault(N_("%(field)s must be a size in bp."), field=f"{where}seen.{name}"[:80])


def _is_number(value: object) -> bool:
    # True is a number to Python.
    return type(value) is int or (isinstance(value, Decimal) and value.is_finite())


def _is_size(written: str) -> bool:
    whole, _, part = written.partition(".")
    return (
        whole.isascii() and whole.isdigit() and len(whole) <= 4
        and (not part or (part.isascii() and part.isdigit() and len(part) <= 3))
        and not written.endswith(".")
    )  # fmt: skip


def _family(family: Record, where: str) -> None:
    known(family, {"name", "dye", "aliases", "variants"}, where)
    text(family, "name", where)
    text(family, "dye", where, most=20)
    if "aliases" not in family:
        raise fault(N_("%(field)s is missing."), field=f"{where}aliases")
    texts(family, "aliases", where)
    for one in tables(family, "variants"):
        known(one, {"name", "accept", "bp", "omits"}, where)
        text(one, "name", where)
        number(one, "accept", where, least=90_000, most=100_000)
        for key in ("bp", "omits"):
            listed = one.get(key, [])
            if not isinstance(listed, list) or not all(_is_bp(size) for size in listed):
                raise fault(N_("%(field)s must be a list of sizes in bp."), field=where + key)


def _is_bp(size: object) -> bool:
    return _is_number(size) and 0 < Decimal(str(size)) <= LONGEST_BP


def _by_own_names(kit: Kit) -> Kit:
    """Return the kit with the loci of its controls under the names that it has for them."""
    return replace(
        kit,
        controls={
            name: {kit.marker(locus).name: alleles for locus, alleles in genotype.items()}
            for name, genotype in kit.controls.items()
        },
    )
