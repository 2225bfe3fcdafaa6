# SPDX-License-Identifier: Apache-2.0
"""Opening what is sealed by the key of a reference sample: calls, readings, alleles, findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from lims.core.code_keys import (
    ERASED_WORDS,
    PLAIN,
    WITHDRAWN_WORDS,
    closed_codes,
    code_key,
    code_keys,
    open_json,
)
from lims.core.sealing import Key
from lims.core.words import Say
from lims.genotyping.models import Finding, Injection, Profile, Reading, Severity
from lims.genotyping.rules.calls import MachineCalls
from lims.genotyping.rules.readings import Call, calls_of

Alleles = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class FindingRead:
    """A finding with what was seen; of a closed code it says why nothing is to be seen."""

    finding: Finding
    seen: Mapping[str, object]

    @property
    def rule(self) -> str:
        """The rule that found it."""
        return self.finding.rule

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return self.finding.severity

    @property
    def do(self) -> Mapping[str, object]:
        """What to do."""
        return self.finding.do


def calls_of_injection(session: Session, injection: Injection) -> MachineCalls:
    """Return what the machine read. Raises Withdrawn, CodeErased."""
    return calls_under(code_key(session, injection.key_code), injection)


def calls_under(key: Key, injection: Injection) -> MachineCalls:
    """Return what the machine read, under the key that is open already."""
    return MachineCalls.from_json(open_json(key, injection.calls, injection, "calls"))


def plain_calls(injection: Injection) -> MachineCalls:
    """Return what the machine read of a ladder, a control or a blank."""
    return calls_under(PLAIN, injection)


def reading_under(key: Key, reading: Reading) -> dict[str, Call]:
    """Return a reader's calls by locus."""
    return calls_of(open_json(key, reading.calls, reading, "calls"))


def alleles_under(key: Key, profile: Profile) -> Alleles:
    """Return the alleles of a profile by locus."""
    stored = open_json(key, profile.alleles, profile, "alleles")
    return {locus: tuple(found) for locus, found in stored.items() if isinstance(found, list)}


def alleles_of(session: Session, profile: Profile) -> Alleles:
    """Return the alleles of a profile by locus. Raises Withdrawn, CodeErased."""
    return alleles_under(code_key(session, profile.key_code), profile)


def findings_read(session: Session, findings: Sequence[Finding]) -> tuple[FindingRead, ...]:
    """Return findings with what was seen, in their order."""
    codes = {one.key_code for one in findings}
    keys = code_keys(session, codes)
    closed = closed_codes(session, {code for code in codes - set(keys) if code is not None})
    read = []
    for one in findings:
        if one.key_code in keys:
            seen = open_json(keys[one.key_code], one.seen, one, "seen")
        else:
            gone = closed[one.key_code or ""].erased_on is not None
            seen = Say(ERASED_WORDS if gone else WITHDRAWN_WORDS).as_json()
        read.append(FindingRead(one, seen))
    return tuple(read)
