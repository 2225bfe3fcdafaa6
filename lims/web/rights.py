# SPDX-License-Identifier: Apache-2.0
"""The rights, and the one table that says which role has them. Deny by default."""

from enum import StrEnum

from lims.core.actors import Role
from lims.core.scans import StationKind


class Right(StrEnum):
    """What a route can ask for. Each is a verb of the laboratory, not a page."""

    # for everybody who has signed in
    SEE_OWN_ACCOUNT = "see own account"
    # hand-overs: whoever may lay a hand on a thing
    HAND_OVER = "hand things over and receive them"
    WITNESS = "confirm as a second person"
    TAKE_OVER = "take over what somebody who is away holds"
    # the sealed side
    HAND_OUTSIDE = "hand things over to people from outside, and back"
    REGISTER_CASES = "register sites, cases and items"
    SEE_CASES = "see sites, cases and items"
    REGISTER_PERSONS = "register missing persons, donors and consent"
    SEE_PERSONS = "see names"
    CODE_SAMPLES = "code samples and resolve codes"
    # benches
    SCAN = "scan at a station"
    WORK_AT_BENCH = "work at a bench's page"
    PRINT_LABELS = "print and void labels"
    PRINT_SETS = "print the labels of a batch, plate or place as one job"
    SEE_PRINTS = "see what was printed"
    FIT_BENCHES = "print command cards of benches"
    # the laboratory side
    SEE_SAMPLES = "see samples by code"
    PLAN_WORK = "plan batches and plates"
    WORK_BATCHES = "work on batches and plates"
    ASK_REPEATS = "ask that work is done again"
    SET_URGENCY = "let a sample go before others"
    REVIEW_WORK = "review batches and plates"
    RECORD_QUANTITIES = "record quantities"
    SET_LIMITS = "propose and approve limits of quantification"
    IMPORT_RUNS = "import analyzer runs"
    SEE_RUNS = "see analyzer runs and electropherograms"
    READ_PROFILES = "read profiles"
    REVIEW_PROFILES = "review and accept profiles"
    SEE_PROFILES = "see profiles"
    SEE_THROUGHPUT = "see counts and ages by stage"
    SEE_STOCK = "see lots, instruments and places"
    STORE_THINGS = "put away, move and count what is stored"
    KEEP_STOCK = "keep the catalogue of reagents, instruments and places"
    HANDLE_STOCK = "receive, open, correct and set aside lots, stop instruments"
    RELEASE_STOCK = "release lots and instruments"
    SEE_PROCEDURES = "read procedures"
    WRITE_PROCEDURES = "write procedures"
    APPROVE_PROCEDURES = "approve and withdraw procedures"
    # quality
    SEE_LEDGER = "read the ledger and export it"
    SIGN_CHECKPOINT = "sign a checkpoint"
    SET_HOLDS = "see and set holds"
    RELEASE = "release from quarantine, close what was returned"
    QUARANTINE = "put into quarantine"
    RECORD_LOSS = "record as missing or found"
    DIVIDE = "divide, dilute, correct amounts and discard tubes"
    DESTROY = "queue for destruction and destroy"
    PERMIT_CONSUMPTION = "record the customer's rule and permission to use up"
    SEE_CONTAMINATION = "see whose elimination profile matches"
    # administration
    KEEP_PEOPLE = "register accounts, badges and keys"
    KEEP_STATIONS = "register stations, devices and agent keys"
    KEEP_LAYOUTS = "change the layouts of labels"
    SEE_SYSTEM = "see the state of the system"
    # machines: the key of a bench agent, and nobody else
    AGENT = "be a bench agent"


_PRESENT = {Right.SEE_OWN_ACCOUNT, Right.HAND_OVER, Right.WITNESS, Right.QUARANTINE}
_LABORATORY = _PRESENT | {
    Right.SEE_SAMPLES, Right.SEE_RUNS, Right.SEE_PROFILES, Right.SEE_PROCEDURES,
}  # fmt: skip

TABLE: dict[Role, frozenset[Right]] = {
    Role.RECEPTION: frozenset(
        _PRESENT
        | {
            Right.SEE_CASES,
            Right.REGISTER_CASES,
            Right.SCAN,
            Right.WORK_AT_BENCH,
        }
    ),
    Role.COORDINATOR: frozenset(
        _PRESENT
        | {
            Right.HAND_OUTSIDE,
            Right.PERMIT_CONSUMPTION,
            Right.SET_URGENCY,
            Right.SEE_CASES,
            Right.REGISTER_CASES,
            Right.SEE_PERSONS,
            Right.REGISTER_PERSONS,
            Right.CODE_SAMPLES,
            Right.SCAN,
            Right.WORK_AT_BENCH,
            Right.PRINT_LABELS,
        }
    ),
    Role.TECHNICIAN: frozenset(
        _LABORATORY
        | {
            Right.RECORD_LOSS,
            Right.DIVIDE,
            Right.DESTROY,
            Right.SCAN,
            Right.WORK_AT_BENCH,
            Right.PRINT_LABELS,
            Right.PRINT_SETS,
            Right.SEE_PRINTS,
            Right.PLAN_WORK,
            Right.WORK_BATCHES,
            Right.ASK_REPEATS,
            Right.RECORD_QUANTITIES,
            Right.IMPORT_RUNS,
            Right.READ_PROFILES,
            Right.SEE_STOCK,
            Right.HANDLE_STOCK,
            Right.STORE_THINGS,
        }
    ),
    Role.MANAGER: frozenset(
        _LABORATORY
        | {
            Right.RECORD_LOSS,
            Right.PLAN_WORK,
            Right.ASK_REPEATS,
            Right.SET_URGENCY,
            Right.REVIEW_WORK,
            Right.SET_LIMITS,
            Right.REVIEW_PROFILES,
            Right.SEE_THROUGHPUT,
            Right.SEE_PRINTS,
            Right.SEE_STOCK,
            Right.STORE_THINGS,
            Right.KEEP_STOCK,
            Right.HANDLE_STOCK,
            Right.WRITE_PROCEDURES,
            Right.APPROVE_PROCEDURES,
            Right.FIT_BENCHES,
        }
    ),
    Role.QUALITY: frozenset(
        _LABORATORY
        | {
            Right.REVIEW_WORK,
            Right.RECORD_LOSS,
            Right.WRITE_PROCEDURES,
            Right.APPROVE_PROCEDURES,
            Right.RELEASE,
            Right.RELEASE_STOCK,
            Right.HANDLE_STOCK,
            Right.ASK_REPEATS,
            Right.SET_LIMITS,
            Right.DESTROY,
            Right.SEE_THROUGHPUT,
            Right.SEE_STOCK,
            Right.TAKE_OVER,
            Right.SCAN,
            Right.WORK_AT_BENCH,
            Right.SEE_LEDGER,
            Right.SEE_PRINTS,
            Right.SIGN_CHECKPOINT,
            Right.SET_HOLDS,
            Right.SEE_CONTAMINATION,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            Right.SEE_OWN_ACCOUNT,
            Right.KEEP_PEOPLE,
            Right.KEEP_STATIONS,
            Right.SEE_PRINTS,
            Right.FIT_BENCHES,
            Right.KEEP_LAYOUTS,
            Right.SEE_SYSTEM,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Right.SEE_OWN_ACCOUNT,
            Right.SEE_SAMPLES,
            Right.SEE_LEDGER,
            Right.SEE_PRINTS,
            Right.SEE_STOCK,
            Right.SEE_PROCEDURES,
        }
    ),
    Role.PARTNER: frozenset({Right.SEE_OWN_ACCOUNT}),
}

NEEDS_SECOND_FACTOR = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR})

STATION_ROLES: dict[StationKind, frozenset[Role]] = {
    StationKind.INTAKE: frozenset({Role.COORDINATOR, Role.RECEPTION}),
    StationKind.RECEPTION: frozenset({Role.TECHNICIAN}),
    StationKind.PREPARATION: frozenset({Role.TECHNICIAN}),
    StationKind.EXTRACTION: frozenset({Role.TECHNICIAN}),
    StationKind.QUANTIFICATION: frozenset({Role.TECHNICIAN}),
    StationKind.AMPLIFICATION: frozenset({Role.TECHNICIAN}),
    StationKind.INJECTION: frozenset({Role.TECHNICIAN}),
    StationKind.STORAGE: frozenset({Role.TECHNICIAN}),
    StationKind.HANDOVER: frozenset({Role.TECHNICIAN, Role.COORDINATOR, Role.QUALITY}),
}


def may(role: Role | None, right: Right) -> bool:
    """Return whether `role` has `right`; nobody without a role has any."""
    return role is not None and right in TABLE[role]


def may_scan_at(role: Role | None, kind: StationKind) -> bool:
    """Return whether `role` may scan at a station of `kind`: it belongs to the kind of station."""
    return may(role, Right.SCAN) and role in STATION_ROLES[kind]
