# SPDX-License-Identifier: Apache-2.0
"""One name for one target of the quantification kits, and the columns that are named by targets."""

import re

from instruments.analyzers.quantification.values import Target
from instruments.analyzers.texts import column_key

# Quantifiler Trio and HP, PowerQuant, Plexor HY, Investigator Quantiplex Pro: names in their
# software and handbooks, without blanks and signs. A leading T stands for "target".
_KEYS = {
    Target.SMALL: (
        *("smallautosomal", "small", "sa", "smallauto", "shortautosomal", "autosomal", "auto"),
        *("human", "humandna", "quantifilerhuman", "totalhuman", "totaldna"),
    ),
    Target.LARGE: (
        *("largeautosomal", "large", "la", "largeauto", "longautosomal"),
        *("degradation", "deg", "degmarker"),
    ),
    Target.Y: ("y", "male", "ychromosome", "ychromosomal", "malevalue", "humanmale", "ytarget"),
    Target.IPC: ("ipc", "ic", "internalcontrol", "internalpcrcontrol", "internalpositivecontrol"),
}
_TARGET_OF_KEY = {key: target for target, keys in _KEYS.items() for key in keys}
_FIGURE = re.compile(r"(quantity|qty|concentration|conc)|(ct|cq)")


def target_of(text: str) -> Target | None:
    """Return the target of a name such as "T.Small Autosomal" or "Deg"; None if it is unknown."""
    key = column_key(text)
    if key in _TARGET_OF_KEY:
        return _TARGET_OF_KEY[key]
    return _TARGET_OF_KEY.get(key.removeprefix("t"))


def figure_of_column(key: str) -> tuple[Target, str] | None:
    """Return target and figure ("quantity" or "ct") of a column such as "Small Quantity".

    `key` is the column's name in letters and digits. None for a column that names no target.
    """
    for pattern in (rf"(?:{_FIGURE.pattern})(.+)", rf"(.+?)(?:{_FIGURE.pattern})"):
        match = re.fullmatch(pattern, key)
        if match:
            groups = match.groups()
            words = groups[2] if pattern.startswith("(?:") else groups[0]
            is_ct = bool(groups[1] if pattern.startswith("(?:") else groups[2])
            target = target_of(words)
            if target:
                return target, "ct" if is_ct else "quantity"
    target = target_of(key) if key not in ("y", "ic", "la", "sa") else None
    return (target, "quantity") if target else None
