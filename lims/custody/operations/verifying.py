# SPDX-License-Identifier: Apache-2.0
"""Verifying the ledger and remembering, signed, how far: so the next time only the rest is read."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.clock import utc_text
from lims.core.settings import BadSettings, Settings
from lims.custody import verifier
from lims.custody.operations.keys import BadKeyFile, daily_signer, read_public_key
from lims.custody.queries.halves import verify_by_two
from lims.custody.queries.since import (
    NotAsVerified,
    recent_notes,
    sample_before,
    verify_since,
)
from lims.custody.queries.verification import Coverage, DatabaseReport, verify_database
from lims.custody.queries.witnesses import witness_keys
from lims.custody.rules import NoDailyKey

_TITLE = "osteon verified v1"  # has spaces, so it can never be the origin of a checkpoint


@dataclass(frozen=True)
class Remembered:
    """Up to which checkpoint all was found sound, and when every event was read last.

    `begun` is when a check of every event was begun that has come so far; "" once it is finished.
    """

    mark: verifier.Checkpoint
    whole_size: int
    whole_at: str
    begun: str = ""

    def text(self, at: str) -> str:
        """Write what is signed."""
        return (
            f"{_TITLE}\n{self.mark.text()}whole {self.whole_size} {self.whole_at}\n"
            f"begun {self.begun}\nverified {at}\n"
        )


def remembered(settings: Settings, key: verifier.PublicKey) -> Remembered | None:
    """Read what was remembered; None where nothing is, or it bears no right signature."""
    try:
        note = verifier.read_note(verifier.read_head(settings.verified))
        title, rest = note.text.split("\n", 1)
        *held, whole, begun, verified, _ = rest.split("\n")
        mark = verifier.read_checkpoint("\n".join(held) + "\n")
        size, at = whole.removeprefix("whole ").split(" ")
        day = verified.removeprefix("verified ")[:10]
        certificate = verifier.read_note(
            verifier.read_head(settings.checkpoints / f"{day}.certificate")
        )
        certified, daily = verifier.read_certificate(certificate.text)
        good = (
            title == _TITLE
            and mark.origin == key.name
            and certified == day
            and certificate.signed_by(key)
            and note.signed_by(daily)
        )
        return Remembered(mark, int(size), at, begun.removeprefix("begun ")) if good else None
    except (OSError, ValueError):  # Malformed is one
        return None


def verify_ledger(
    session: Session,
    settings: Settings,
    *,
    at: datetime,
    whole: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> DatabaseReport:
    """Verify the ledger: what is new, or every event; remember how far it is sound.

    Every event is read if `whole`, where nothing is remembered, and where something is found: then
    the whole is needed to name it. A check of everything that was interrupted goes on where it
    stood. Raises OSError, verifier.Malformed for a public key that is none.
    """
    key = read_public_key(settings.public_key)
    known = remembered(settings, key)
    if known is not None and not whole and not known.begun:
        covered = Coverage(whole_size=known.whole_size, whole_at=known.whole_at)
        try:
            report = verify_since(
                session, key, recent_notes(settings.checkpoints, since=known.mark.size),
                known.mark, whole=covered, witnesses=witness_keys(settings.witnesses),
            )  # fmt: skip
        except NotAsVerified:
            report = None
        if report is not None and report.verdict != "broken":
            return _remember(session, settings, report, known, at)
    return _whole(session, settings, key, known, at, progress)


def _whole(
    session: Session, settings: Settings, key: verifier.PublicKey, known: Remembered | None,
    at: datetime, progress: Callable[[int], None],
) -> DatabaseReport:  # fmt: skip
    going_on = known if known is not None and known.begun else None
    begun = going_on.begun if going_on is not None else utc_text(at)

    def save(mark: verifier.Checkpoint) -> None:
        size, when = (known.whole_size, known.whole_at) if known is not None else (0, "")
        _sign(settings, Remembered(mark, size, when, begun), at)

    def read(since: int) -> DatabaseReport:
        notes = verifier.read_notes(settings.checkpoints)
        witnesses = witness_keys(settings.witnesses)
        quickly = None if since else verify_by_two(
            session, key, notes, witnesses=witnesses, progress=progress, save=save
        )  # fmt: skip
        return quickly or verify_database(
            session, key, notes, witnesses=witnesses, since=since, progress=progress, save=save,
            kept=lambda size: verifier.read_leaves(settings.checkpoints, size),
        )  # fmt: skip

    report = None
    if going_on is not None:
        try:
            report = read(going_on.mark.size)
            wrong = sample_before(session, going_on.mark)
            report = replace(report, problems=[*report.problems, *wrong])
        except (KeyError, ValueError):  # what it would go on from is gone
            report = None
    if report is None or report.verdict == "broken":
        report = read(0)
    if report.verdict == "broken":
        settings.verified.unlink(missing_ok=True)  # the next check reads everything again
        return report
    state = Remembered(_EMPTY, report.report.size, begun)
    return _remember(session, settings, report, state, at)


_EMPTY = verifier.Checkpoint("", 0, b"", "", b"", 0)


def _remember(
    session: Session, settings: Settings, report: DatabaseReport, known: Remembered, at: datetime
) -> DatabaseReport:
    """Note how far all is sound: up to the newest checkpoint that fits."""
    covered = replace(
        report.coverage, whole_size=known.whole_size, whole_at=known.whole_at, remembered=False
    )
    mark = report.report.mark
    if mark is not None and _sign(settings, replace(known, mark=mark, begun=""), at):
        covered = replace(covered, remembered=True)
    return replace(report, coverage=covered)


def _sign(settings: Settings, state: Remembered, at: datetime) -> bool:
    """Write what is to be remembered, signed with today's key; return False where there is none."""
    try:
        signer = daily_signer(
            settings.keys, origin=settings.origin, at=at, passphrase=settings.passphrase
        )
        note = verifier.sign_note(state.text(utc_text(at)), signer.key, signer.sign)
        verifier.write_safely(settings.verified, note.written())
        os.chmod(settings.verified, 0o600)
    except (NoDailyKey, BadKeyFile, BadSettings, OSError):
        return False
    return True
