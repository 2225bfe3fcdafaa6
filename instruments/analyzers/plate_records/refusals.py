# SPDX-License-Identifier: Apache-2.0
"""The one error of a record that is not written."""


class RecordRefused(ValueError):
    """A record that may not leave: a stable `reason` in kebab-case, and `values` of the case."""

    def __init__(self, reason: str, **values: str | int) -> None:
        self.reason = reason
        self.values = values
        told = ", ".join(f"{name}={value!r}" for name, value in values.items())
        super().__init__(f"{reason}: {told}" if told else reason)
