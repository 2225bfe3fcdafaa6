# SPDX-License-Identifier: Apache-2.0
"""Words for people that pure code can carry: marked here, translated at the edge."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Translate = Callable[[str], str]
TranslateCount = Callable[[str, str, int], str]
"""As gettext's `ngettext`: both English forms and the number give the form of the language."""


def N_(text: str) -> str:  # gettext's customary name for a marker
    """Mark `text` for the catalogue and return it unchanged."""
    return text


@dataclass(frozen=True)
class Many:
    """Both forms of a sentence that counts: marked for the catalogue by being written so.

    The value `count` of the sentence, a whole number, chooses the form.
    """

    one: str
    many: str

    def form(self, count: int) -> str:
        """Return the English form."""
        return self.one if count == 1 else self.many


def english(one: str, many: str, count: int) -> str:
    """Return the English form that fits `count`."""
    return Many(one, many).form(count)


@dataclass(frozen=True)
class Say:
    """One translatable sentence: a marked text with named places `%(name)s`, and their values.

    A value that is itself a marked text is given as a `Say` and translated with the sentence. A
    `Many` takes the form that fits its value `count`; without a whole number there: TypeError.
    """

    text: str | Many
    values: Mapping[str, "str | int | Say"] = field(default_factory=dict)

    def in_words(
        self,
        translate: Translate,
        *,
        counted: TranslateCount = english,
        isolate: bool = False,
        show: Translate = str,
    ) -> str:
        """Return the sentence through `translate`; `isolate` wraps values in U+2068..U+2069.

        `counted` gives the form of a sentence that counts. `show` says how a value is shown to
        people: a code in threes. Raises KeyError where the translation names a place that has no
        value.
        """
        values = {
            name: value.in_words(translate, counted=counted, isolate=isolate, show=show)
            if isinstance(value, Say)
            else _isolated(show(str(value)), isolate)
            for name, value in self.values.items()
        }
        if isinstance(self.text, Many):
            words = counted(self.text.one, self.text.many, self._count())
        else:
            words = translate(self.text)
        return words % values if values else words.replace("%%", "%")

    def _count(self) -> int:
        count = self.values.get("count")
        if not isinstance(count, int):
            raise TypeError(f"a sentence that counts, without a count: {self.text}")
        return count

    def as_json(self) -> dict[str, object]:
        """Return what can be stored and read back by `from_json`."""
        counting = {"many": self.text.many} if isinstance(self.text, Many) else {}
        return {
            "text": self.text.one if isinstance(self.text, Many) else self.text,
            **counting,
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
        text = str(stored["text"])
        return cls(
            Many(text, str(stored["many"])) if "many" in stored else text,
            {n: cls.from_json(v) if isinstance(v, dict) else v for n, v in values.items()},
        )

    def __str__(self) -> str:
        return self.in_words(lambda text: text)


def _isolated(value: str, isolate: bool) -> str:
    return f"\u2068{value}\u2069" if isolate else value
