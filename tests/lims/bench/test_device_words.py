# SPDX-License-Identifier: Apache-2.0
"""A device's fault is named by its cause, not by what follows from it."""

import pytest

from lims.bench.queries import ShownDevice
from lims.bench.views.pages import device_words


@pytest.mark.parametrize(
    ("state", "detail", "words"),
    [
        ("fault", "paper-out", "Printer out of labels"),
        ("fault", "paper-out, paused", "Printer out of labels"),
        ("fault", "paused,paper-out", "Printer out of labels"),
        ("fault", "head-open paused", "Printer head is open"),
        ("fault", "port-gone", "Printer is unplugged or switched off"),
        ("ready", "", "Printer ready"),
    ],
)
def test_a_printer_out_of_labels_is_said_to_be_out_of_labels(
    state: str, detail: str, words: str
) -> None:
    device = ShownDevice(icon="printer", kind="printer", state=state, detail=detail)

    assert str(device_words(device)) == words
