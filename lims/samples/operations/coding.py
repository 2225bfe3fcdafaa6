# SPDX-License-Identifier: Apache-2.0
"""Giving samples their place on the laboratory side: called by the sealed side when it codes."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.code_keys import make_code_key
from lims.custody.operations import create_subject, fresh_code, unlinked
from lims.custody.rules import Tag
from lims.samples.models import Sample
from lims.samples.operations.amounts import begin_amount
from lims.samples.rules import (
    KIND_OF_LINE,
    AmountUnit,
    Consumption,
    ElementMissing,
    ExpectedSex,
    Line,
    MassMissing,
    Material,
    SampleState,
    Side,
    check_material,
)


def register_bone_sample(
    session: Session,
    *,
    element: str,
    side: Side,
    material: Material,
    mass_ug: int,
    expected_sex: ExpectedSex,
    by: Actor,
    at: datetime,
    site_group: str = "",
    burial_condition: str = "",
    consumption: Consumption = Consumption.FREE,
    idem: str = "",
) -> str:
    """Code a bone or tooth sample of `mass_ug` micrograms; return its fresh code.

    Its first event has a key of its own and no cause, so that it pairs with no other; `idem`
    replaces that key. Raises ElementMissing, MassMissing, MaterialOfOtherLine.
    """
    if not element.strip():
        raise ElementMissing()
    if mass_ug <= 0:
        raise MassMissing()
    return _register(
        session, line=Line.BONE, material=material, element=element.strip(), side=side,
        mass_ug=mass_ug, expected_sex=expected_sex, site_group=site_group,
        burial_condition=burial_condition, consumption=consumption, by=by, at=at, idem=idem,
    )  # fmt: skip


def register_reference_sample(
    session: Session,
    *,
    material: Material,
    expected_sex: ExpectedSex,
    by: Actor,
    at: datetime,
    consumption: Consumption = Consumption.FREE,
    idem: str = "",
) -> str:
    """Code a blood card or buccal swab; return its fresh code. See register_bone_sample."""
    return _register(
        session, line=Line.REFERENCE, material=material, element="", side=Side.UNKNOWN,
        mass_ug=None, expected_sex=expected_sex, site_group="", burial_condition="",
        consumption=consumption, by=by, at=at, idem=idem,
    )  # fmt: skip


def group_samples(
    session: Session, codes: Collection[str], *, site_group: str = "", burial_condition: str = ""
) -> None:
    """Put coded bone samples into a random group that has become large enough to be told apart.

    What is '' stays as it is. The sealed side calls it; no event: a group is no custody.
    """
    given = {"site_group": site_group, "burial_condition": burial_condition}
    values = {name: group for name, group in given.items() if group}
    # By the kind of the code, not by the line: SQLite would go through the whole line by its index.
    bones = [code for code in codes if code[0] == KIND_OF_LINE[Line.BONE]]
    if values and bones:
        session.execute(update(Sample).where(Sample.code.in_(bones)).values(values))


def _register(
    session: Session,
    *,
    line: Line,
    material: Material,
    element: str,
    side: Side,
    mass_ug: int | None,
    expected_sex: ExpectedSex,
    site_group: str,
    burial_condition: str,
    consumption: Consumption,
    by: Actor,
    at: datetime,
    idem: str,
) -> str:
    check_material(material, line)
    code = fresh_code(session, KIND_OF_LINE[line])
    described: dict[str, object] = {"line": line.value, "material": material.value}
    if mass_ug is not None:
        described |= {"element": element, "side": side.value, "mass_ug": mass_ug}
    # The expected sex and the groups stay out of the ledger: it is shown to strangers.
    create_subject(
        session, code, Tag.SAMPLE_CODE_GIVEN, by=by, at=at, content=described,
        state=SampleState.CODED, idem=idem or unlinked(),
    )  # fmt: skip
    session.add(
        Sample(
            code=code, line=line, material=material, element=element, side=side, mass_ug=mass_ug,
            expected_sex=expected_sex, site_group=site_group, burial_condition=burial_condition,
            consumption=consumption,
            registered_at=at, registered_by=by.id, accepted_at=None, accepted_by=None,
        )
    )  # fmt: skip
    session.flush()
    if mass_ug is not None:
        begin_amount(session, code, AmountUnit.MASS, mass_ug, by=by, at=at)
    if line is Line.REFERENCE:
        make_code_key(session, code)
    return code
