# SPDX-License-Identifier: Apache-2.0
"""The order in which a procedure takes the wells of a plate."""

import pytest

from lims.procedures.rules import PlateOrder, ProcedureRefused, read_document

TEXT = 'name = "QU-1"\ntitle = "t"\nactivity = "quantification"\n[[step]]\nwords = "Do it."\n'


def test_wells_are_taken_down_unless_the_document_says_across() -> None:
    assert read_document(TEXT).plate_order is PlateOrder.DOWN
    assert read_document(f'{TEXT}[plate]\norder = "across"\n').plate_order is PlateOrder.ACROSS
    assert read_document(f'{TEXT}[plate]\norder = "down"\n').plate_order is PlateOrder.DOWN


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ('[plate]\norder = "zigzag"\n', "plate.order: “zigzag” – expected one of down, across."),
        ('[plate]\nway = "down"\n', "plate.way is not known; known are order."),
        ("[[plate]]\n", "plate must be written as [plate]."),
    ],
)
def test_another_order_is_refused_with_what_is_expected(said: str, fault: str) -> None:
    with pytest.raises(ProcedureRefused) as refused:
        read_document(TEXT + said)

    assert fault in refused.value.say.in_words(str)
