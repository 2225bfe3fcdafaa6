# SPDX-License-Identifier: Apache-2.0
"""The one error of every reader of analyzer files."""

from collections.abc import Mapping


class AnalyzerFileError(Exception):
    """A file that cannot be read: which, why, where, what was expected and what is there.

    `reason` is a stable kebab-case code for programs; the text is one English sentence for people.
    `values` is what a sentence of another language needs of this one case: sheet, line, column,
    read … `do` is what the person can do about it, '' where the reason says it all.
    """

    def __init__(
        self,
        name: str,
        reason: str,
        where: str,
        expected: str,
        found: str,
        *,
        values: Mapping[str, str | int] | None = None,
        do: str = "",
    ) -> None:
        super().__init__(name, reason, where, expected, found)
        self.name = name
        self.reason = reason
        self.where = where
        self.expected = expected
        self.found = found
        self.values = dict(values or {})
        self.do = do

    def __str__(self) -> str:
        said = (
            f"{self.name} cannot be read: {self.where}: "
            f"expected {self.expected}, found {self.found}."
        )
        return f"{said} {self.do}" if self.do else said
