# SPDX-License-Identifier: Apache-2.0
"""The one error of labels: what was refused, where, and what would have been accepted."""


class LabelError(ValueError):
    """A label that would be wrong on paper, refused before it is drawn.

    `reason` is a stable word for programs: unknown_layout, unknown_dpi, unknown_field, absent,
    bad_payload, code_differs, module_too_small, bars_too_low, letters_too_small, too_wide,
    too_tall, no_glyph, undrawable, control_character, wrong_script, outside, overlap,
    unknown_sheet, sheet_too_small, bad_start, bad_zpl, bad_tspl. `field` is the label's field (or
    the command, for bad_zpl).
    """

    def __init__(self, reason: str, field: str, value: str, expected: str) -> None:
        super().__init__(f"{reason}: {field} is {value!r}, expected {expected}")
        self.reason = reason
        self.field = field
        self.value = value
        self.expected = expected
