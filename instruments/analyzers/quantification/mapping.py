# SPDX-License-Identifier: Apache-2.0
"""What a laboratory says of its own tables: which column holds what, and how targets are called."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from instruments.analyzers.quantification.values import Target, Task
from instruments.analyzers.texts import column_key

LONG_FIELDS = ("well", "sample", "target", "task", "quantity", "ct", "omit")
"""What a column can hold in a table with a row for each well and target."""

WIDE_FIELDS = {
    f"{target.value} {figure}": (target, figure)
    for target in Target
    for figure in ("quantity", "ct")
}
"""What a column can hold in a table with a row for each well: a figure of one target."""

UNITS = {"ng": 0, "pg": -3}
"""Powers of ten that bring a quantity to ng/µl."""

_MOST_TEXT = 120


class MappingBroken(ValueError):
    """A mapping that cannot read any table; the text says why."""


@dataclass(frozen=True)
class HeaderMapping:
    """Which header stands over which field; names of targets and tasks that the file uses.

    `sheet` is the sheet of a workbook, '' for the usual one. `unit` is that of quantities whose
    column names none. `decimal` is the decimal mark, '' where the table shows it.
    """

    columns: Mapping[str, str]
    targets: Mapping[str, Target] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    sheet: str = ""
    unit: str = "ng"
    decimal: str = ""

    def __post_init__(self) -> None:
        strange = self.columns.keys() - {*LONG_FIELDS, *WIDE_FIELDS}
        if strange:
            raise MappingBroken(f"no such field: {min(strange)}")
        texts = [*self.columns.values(), *self.targets, *self.tasks, self.sheet]
        if any(len(text) > _MOST_TEXT for text in texts):
            raise MappingBroken(f"a name of more than {_MOST_TEXT} characters")
        keys = [column_key(text) for text in self.columns.values()]
        if not all(keys):
            raise MappingBroken("a column without a name")
        if len(set(keys)) != len(keys):
            raise MappingBroken("one column stands for two fields")
        if "sample" not in self.columns:
            raise MappingBroken("no column for the sample")
        wide = self.columns.keys() & WIDE_FIELDS.keys()
        if wide and "target" in self.columns:
            raise MappingBroken("both a column for the target and columns for each target")
        if not wide and "target" not in self.columns:
            raise MappingBroken("no column for the target")
        if not wide and not self.columns.keys() & {"quantity", "ct"}:
            raise MappingBroken("no column for the quantity")
        if self.unit not in UNITS or self.decimal not in ("", ".", ","):
            raise MappingBroken("an unknown unit or decimal mark")

    def target_of(self, text: str) -> Target | None:
        """Return the target that the laboratory calls by this name, None for others."""
        key = column_key(text)
        return next((one for name, one in self.targets.items() if column_key(name) == key), None)

    def task_of(self, text: str) -> Task | None:
        """Return the task that the laboratory calls by this name, None for others."""
        key = column_key(text)
        return next((one for name, one in self.tasks.items() if column_key(name) == key), None)

    def as_json(self) -> dict[str, object]:
        """Return the mapping for storing."""
        return {
            "columns": dict(sorted(self.columns.items())),
            "targets": {name: one.value for name, one in sorted(self.targets.items())},
            "tasks": {name: one.value for name, one in sorted(self.tasks.items())},
            "sheet": self.sheet, "unit": self.unit, "decimal": self.decimal,
        }  # fmt: skip

    @classmethod
    def of_json(cls, stored: Mapping[str, object]) -> "HeaderMapping":
        """Return a stored mapping; raises MappingBroken."""
        columns, targets, tasks = (stored.get(name) for name in ("columns", "targets", "tasks"))
        if not (
            isinstance(columns, dict) and isinstance(targets, dict) and isinstance(tasks, dict)
        ):
            raise MappingBroken("it holds no columns, targets and tasks")
        try:
            return cls(
                {str(name): str(text) for name, text in columns.items()},
                {str(name): Target(text) for name, text in targets.items()},
                {str(name): Task(text) for name, text in tasks.items()},
                str(stored.get("sheet", "")), str(stored.get("unit", "ng")),
                str(stored.get("decimal", "")),
            )  # fmt: skip
        except ValueError as fault:
            raise MappingBroken(str(fault)) from None
