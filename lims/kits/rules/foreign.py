# SPDX-License-Identifier: Apache-2.0
"""Kit files of the public form (channels, loci with min_bp and max_bp) turned into Osteon's own.

That form is a rendering of NCBI OSIRIS's ladder specifications as JSON: `kit`, `manufacturer`,
`channels` (n, fsa, color, dye), `size_standard` (names, channel), `loci`.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from instruments.analyzers.kit import marker_key
from lims.core.words import N_
from lims.kits.rules.document import FORMAT, parse
from lims.kits.rules.fields import fault

# Loci that stand twice on the Y chromosome; the public files count them once.
_COPIES = {"DYS385AB": 2, "DYF387S1": 2}


def in_own_format(document: str) -> str:
    """Return a document in Osteon's own format; one that is so already is returned unchanged.

    Raises KitRefused for what is neither JSON nor TOML, or a public file without its parts.
    """
    record = parse(document)
    if "loci" not in record or "channels" not in record:
        return document
    try:
        return _written(_record(record))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise fault(N_("%(field)s is missing."), field=str(error)[:60].strip("'")) from error


def _record(read: Mapping[str, Any]) -> dict[str, Any]:
    dye = {channel["n"]: channel["fsa"] for channel in read["channels"]}
    return {
        "format": FORMAT,
        "name": read["kit"],
        "aliases": [],
        "maker": read["manufacturer"],
        "source": str(read["source"])[:300],
        "size_standard_dye": dye[read["size_standard"]["channel"]],
        "size_standards": list(read["size_standard"]["names"]),
        "positive_controls": [],
        "dyes": [
            {"number": one["fsa"], "name": one["dye"], "colour": one["color"]}
            for one in read["channels"]
        ],
        "markers": [_marker(locus, dye) for locus in read["loci"]],
    }


def _marker(locus: Mapping[str, Any], dye: Mapping[int, int]) -> dict[str, Any]:
    windows = dict(locus.get("search_regions") or {})
    if locus.get("search_region"):
        windows[""] = locus["search_region"]
    return {
        "name": locus["name"],
        "kind": _kind(locus),
        "dye": dye[locus["channel"]],
        "bp": [locus["min_bp"], locus["max_bp"]],
        "repeat": locus["repeat"],
        "max_alleles": max(locus["max_alleles"], _COPIES.get(marker_key(locus["name"]), 1)),
        "ladder": " ".join(f"{name}:{_plain(size)}" for name, size in locus["ladder"]),
        "windows": windows,
    }


def _kind(locus: Mapping[str, Any]) -> str:
    name = marker_key(locus["name"])
    if name == "AMEL":
        return "sex"
    if locus.get("y_linked"):
        return "y"
    if name.startswith("DXS") or name == "HPRTB":
        return "x"
    return "quality" if name.startswith("QS") else "autosomal"


def _plain(size: object) -> str:
    written = f"{Decimal(str(size)):f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _written(record: Mapping[str, Any]) -> str:
    lines = []
    for key, value in record.items():
        if key in ("dyes", "markers"):
            rows = ",\n  ".join(_json(one) for one in value)
            lines.append(f' "{key}": [\n  {rows}\n ]')
        else:
            lines.append(f' "{key}": {_json(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _json(value: object) -> str:
    """Return one line of JSON with decimals as they were written."""
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(key)}: {_json(one)}" for key, one in value.items())
        return "{" + inside + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_json(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
