# SPDX-License-Identifier: Apache-2.0
"""Words for people that pure code can carry: marked here, translated at the edge."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Translate = Callable[[str], str]


def N_(text: str) -> str:  # gettext's customary name for a marker
    """Mark `text` for the catalogue and return it unchanged."""
    return text


@dataclass(frozen=True)
class Say:
    """One translatable sentence: a marked text with named places `%(name)s`, and their values.

    A value that is itself a marked text is given as a `Say` and translated with the sentence.
    """

    text: str
    values: Mapping[str, "str | int | Say"] = field(default_factory=dict)

    def in_words(
        self, translate: Translate, *, isolate: bool = False, show: Translate = str
    ) -> str:
        """Return the sentence through `translate`; `isolate` wraps values in U+2068..U+2069.

        `show` says how a value is shown to people: a code in threes. Raises KeyError where the
        translation names a place that has no value.
        """
        values = {
            name: value.in_words(translate, isolate=isolate, show=show)
            if isinstance(value, Say)
            else _isolated(show(str(value)), isolate)
            for name, value in self.values.items()
        }
        words = translate(self.text)
        return words % values if values else words.replace("%%", "%")

    def as_json(self) -> dict[str, object]:
        """Return what can be stored and read back by `from_json`."""
        return {
            "text": self.text,
            "values": {
                name: value.as_json() if isinstance(value, Say) else value
                for name, value in self.values.items()
            },
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Say":
        """Read back what `as_json` made."""
        values = stored["values"]
        if not isinstance(values, dict):
            raise TypeError("a stored sentence without values")
        return cls(
            str(stored["text"]),
            {n: cls.from_json(v) if isinstance(v, dict) else v for n, v in values.items()},
        )

    def __str__(self) -> str:
        return self.in_words(lambda text: text)


def _isolated(value: str, isolate: bool) -> str:
    return f"\u2068{value}\u2069" if isolate else value
