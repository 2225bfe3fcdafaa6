# SPDX-License-Identifier: Apache-2.0
"""Partners who cosign checkpoints: their keys, what they signed last, what shows that it grew."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from lims.custody import verifier
from lims.custody.queries.proofs import consistency_proof

COSIGNED = ".cosigned"  # a checkpoint with the signatures of witnesses, beside the plain one


def witness_keys(folder: Path) -> tuple[verifier.PublicKey, ...]:
    """Return the keys of the known witnesses, from the `.pub` files of a folder that may lack.

    Raises verifier.Malformed for a file that holds anything else, OSError.
    """
    files = sorted(folder.glob("*.pub")) if folder.is_dir() else []
    return tuple(key for path in files for key in verifier.read_witnesses(path))


def cosigned_notes(folder: Path) -> Iterator[tuple[Path, verifier.Note]]:
    """Yield the cosigned checkpoints of the checkpoints folder, newest first.

    Raises verifier.Malformed, OSError.
    """
    for path in sorted(folder.glob(f"*{COSIGNED}"), reverse=True):
        yield path, verifier.read_note(path.read_bytes())


def cosigned_size(folder: Path, witnesses: Iterable[verifier.PublicKey]) -> int:
    """Return the size of the newest checkpoint that one of these witnesses cosigned; 0 for none."""
    known = tuple(witnesses)
    for _, note in cosigned_notes(folder):
        if any(note.cosigned_by(key) for key in known):
            return verifier.read_checkpoint(note.text).size
    return 0


def newest_cosignatures(
    folder: Path, witnesses: Iterable[verifier.PublicKey]
) -> list[verifier.Cosignature]:
    """Return the cosignature over most events of each witness; of a wrong one nothing is said."""
    found = []
    for key in witnesses:
        for _, note in cosigned_notes(folder):
            try:
                times = note.cosigned_by(key)
            except verifier.Malformed:
                continue
            if times:
                size = verifier.read_checkpoint(note.text).size
                found.append(verifier.cosignature(key.name, size, times[-1]))
                break
    return found


def growth(
    session: Session,
    mark: verifier.Checkpoint,
    *,
    since: int,
    notes: Iterable[tuple[str, bytes]],
) -> verifier.Growth:
    """Return what shows a witness that the log of a checkpoint begins with its first `since`.

    `notes` are the files of the checkpoints folder. Raises ValueError where `since` is beyond the
    checkpoint, or the certificate of its day is gone.
    """
    path = consistency_proof(session, since, mark.size) if since else []
    name = f"{mark.at[:10]}.certificate"
    for held, content in notes:
        if held == name:
            return verifier.Growth(since, tuple(path), content.decode())
    raise ValueError(f"the certificate of {mark.at[:10]} is not there")
