# SPDX-License-Identifier: Apache-2.0
"""The invented people of the demonstration are possible people."""

from itertools import permutations

import pytest

from instruments.analyzers.kit import MarkerKind
from instruments.analyzers.synthetic import Sex
from lims.core.catalogue import shipped_kit
from lims.demo.driver.analyzer import draw_people
from lims.demo.stock import KIT


@pytest.mark.parametrize("order", list(permutations((Sex.FEMALE, Sex.MALE, Sex.MALE))))
@pytest.mark.parametrize("child", list(Sex))
def test_sex_and_markers_of_y_agree_in_whatever_order_references_were_coded(
    order: tuple[Sex, ...], child: Sex
) -> None:
    kit = shipped_kit(KIT)
    of_y = [marker.name for marker in kit.markers if marker.kind is MarkerKind.Y]
    [sex] = [marker.name for marker in kit.markers if marker.kind is MarkerKind.SEX]
    sexes = {f"R{number}": one for number, one in enumerate(order)} | {"B0": child}

    people = draw_people(kit, sexes, child="B0")

    assert of_y
    for code, one in sexes.items():
        male = one is Sex.MALE
        assert people[code][sex] == (("X", "Y") if male else ("X",))
        assert all(bool(people[code][name]) is male for name in of_y)


def test_the_first_bone_is_a_child_of_a_woman_and_a_man_among_the_references() -> None:
    kit = shipped_kit(KIT)
    sexes = {"R0": Sex.MALE, "R1": Sex.FEMALE, "B0": Sex.MALE}

    people = draw_people(kit, sexes, child="B0")

    for marker in kit.markers:
        if marker.kind is MarkerKind.AUTOSOMAL:
            child = people["B0"][marker.name]
            hers, his = people["R1"][marker.name], people["R0"][marker.name]
            assert any(
                {one, other} == set(child) for one in hers for other in his
            ), marker.name  # fmt: skip
