# SPDX-License-Identifier: Apache-2.0
"""The blueprint of quantification, and what its pages share."""

from flask import Blueprint
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.scans import StationKind
from lims.core.words import N_
from lims.people.queries import stations
from lims.quantification.rules import Finding, Weight
from lims.web.locale import in_both, language

Answer = AnyResponse | tuple[str, int] | dict[str, object]

blueprint = Blueprint("quantification", __name__)

FINDING_ROLES = {Weight.FAIL: "found-wrong", Weight.HOLD: "hold", Weight.WARN: "found-unknown"}
"""How a finding is drawn, by its weight."""

WEIGHT_WORDS = {
    Weight.FAIL: N_("The plate failed"),
    Weight.HOLD: N_("Extraction batch on hold"),
    Weight.WARN: N_("Look at this"),
}


def drawn_findings(findings: tuple[Finding, ...]) -> list[tuple[str, str, Finding]]:
    """Return findings with their role and title, as pages draw them."""
    return [(FINDING_ROLES[one.weight], WEIGHT_WORDS[one.weight], one) for one in findings]


def finding_json(finding: Finding) -> dict[str, object]:
    """Return a finding as JSON, in both languages."""
    return {
        "rule": finding.rule, "weight": finding.weight.value, "where": finding.where,
        "say": in_both(finding.seen), "do": in_both(finding.do),
    }  # fmt: skip


def stations_of(session: Session, kind: StationKind) -> list[tuple[str, str]]:
    """Return the open stations of a kind as choices of a form."""
    arabic = language() == "ar"
    return [
        (one.station.code, one.station.name_ar if arabic else one.station.name)
        for one in stations(session)
        if one.station.closed_at is None and one.station.kind is kind
    ]
