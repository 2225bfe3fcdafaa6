# SPDX-License-Identifier: Apache-2.0
"""The package of one thing for a court or a partner: one zip that can be checked without Osteon.

It is made in three steps, since it holds the proof of its own making: what can be read is drawn and
listed (`prepare_package`); that it was made, with the hash of that list, is recorded and signed
(`record_package`); the proof of all events, this one the last, is put beside it (`Package`).
"""

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from string import Template

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.clock import utc_text
from lims.core.codes import is_code, threes
from lims.core.errors import NotFound
from lims.core.words import N_, Say, Translate
from lims.custody import verifier
from lims.custody.operations import Signer, append, checkpoint
from lims.custody.queries import ancestors, events_of, head, subject
from lims.custody.queries.proofs import root_of
from lims.custody.queries.witnesses import cosigned_notes, witness_keys
from lims.custody.rules import Event, Tag
from lims.people.queries import initials_of
from lims.quality.operations.timeline import Row, Sheet, draw_timeline
from lims.quality.queries.sections import PackageSection, scope_of
from lims.quality.rules import PackageOvertaken
from lims.samples.queries import in_detail

_PAGES = {"README.txt": "package_en.txt", "README.ar.txt": "package_ar.txt"}
_LATE = timedelta(seconds=60)  # recorded later than this, both times are shown

WITHOUT_NAMES = N_(
    "No name of a person and no place of recovery is in this package. Staff are shown by their "
    "numbers."
)
WITH_NAMES = N_(
    "The identification coordinator made this package: it names the place of recovery and the "
    "people concerned. Give it only to whom the law names."
)


@dataclass(frozen=True)
class Laboratory:
    """Whose package it is: its name in English and in Arabic, its public key, and its Arabic."""

    name: tuple[str, str]
    key: verifier.PublicKey
    arabic: Translate


@dataclass(frozen=True)
class Prepared:
    """A package before it is recorded: the name on every page, and what the manifest lists."""

    id: str
    code: str
    streams: tuple[str, ...]
    size: int
    at: datetime
    files: Mapping[str, bytes]

    @property
    def manifest(self) -> bytes:
        """The list of the files with their hashes."""
        return verifier.manifest(dict(self.files))

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the manifest: what the ledger says of the package."""
        return hashlib.sha256(self.manifest).hexdigest()

    def zipped(self, proof: Sequence[bytes]) -> bytes:
        """Return the zip with the proof and the signed notes that are in it."""
        held = [verifier.read_proof_line(line) for line in proof]
        contents = {
            **self.files,
            verifier.MANIFEST: self.manifest,
            verifier.PROOF: b"".join(proof),
            **{
                verifier.NOTES + note["name"]: note["text"].encode()
                for note in held
                if note["kind"] == "note"
            },
        }
        stamp = self.at.timetuple()[:6]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in contents.items():
                entry = zipfile.ZipInfo(f"{self.id}/{name}", stamp)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                packed.writestr(entry, content)
        return out.getvalue()


def prepare_package(
    session: Session,
    code: str,
    *,
    laboratory: Laboratory,
    sections: Sequence[PackageSection],
    at: datetime,
    size: int | None = None,
    with_shared: bool = False,
    sealed: bool = False,
    beside: Mapping[str, bytes] | None = None,
) -> Prepared:
    """Draw and list what can be read of a thing: the events before event `size` (else: all).

    It holds staff numbers and codes; names only where a section of the sealed side brings them
    (`sealed`). `beside` are more files, by name. The same ledger, `at` and `size` give the same
    bytes. Raises NotFound.
    """
    if subject(session, code) is None:
        raise NotFound(code=code)
    size = head(session).size if size is None else size
    above = ancestors(session, code)
    left_out = [] if with_shared else [one for one in above if one[0] in "GP"]
    streams = [code, *(one for one in above if one not in left_out)]
    scope = scope_of(session, code, streams, size=size, at=at)
    root = root_of(session, size)
    unique = f"{code}-{size}-{base64.b32encode(root).decode()[:10]}"
    who = initials_of(session, {event.actor for event in scope.events})
    arabic = laboratory.arabic
    sheet = Sheet(
        id=unique,
        laboratory=laboratory.name,
        thing=threes(code),
        facts=(
            (N_("Thing"), threes(code)),
            (N_("It came from"), ", ".join(map(threes, streams[1:])) or "-"),
            (N_("Left out: batches and plates"), ", ".join(map(threes, left_out)) or "-"),
            (N_("Events"), str(len(scope.events))),
            (N_("Made (UTC)"), f"{at:%Y-%m-%d %H:%M:%S}"),
            (N_("Events of the whole ledger"), str(size)),
            (N_("Root"), root.hex()),
            (N_("Ledger"), head(session).origin),
        ),
    )
    told = [found for section in sections if (found := section(session, scope)) is not None]
    pictures = {picture.name: picture.content for one in told for picture in one.pictures}
    pdf = draw_timeline(sheet, [_row(event, who, arabic) for event in scope.events], arabic, told)
    names = WITH_NAMES if sealed else WITHOUT_NAMES
    read = {}
    for name, page in _PAGES.items():
        privacy = arabic(names) if name.endswith(".ar.txt") else names
        text = Template(files("lims").joinpath("data", page).read_text("utf-8"))
        read[name] = text.substitute(code=code, id=unique, privacy=privacy).encode()
    return Prepared(
        unique, code, tuple(streams), size, at,
        {
            **read, "timeline.pdf": pdf, **pictures, **(beside or {}),
            "ledger.pub": f"{laboratory.key.line()}\n".encode(),
            "verifier.py": Path(verifier.__file__).read_bytes(),
        },
    )  # fmt: skip


def cosigned_files(checkpoints: Path, witnesses: Path) -> dict[str, bytes]:
    """Return the newest checkpoint that each witness cosigned, and the keys of these witnesses.

    With each the certificate of its day, without which nobody can check it. `checkpoints` and
    `witnesses` are the laboratory's folders. Raises Malformed, OSError.
    """
    found: dict[str, bytes] = {}
    keys: list[str] = []
    for key in witness_keys(witnesses):
        for path, note in cosigned_notes(checkpoints):
            try:
                signed = note.cosigned_by(key)
            except verifier.Malformed:
                continue
            if signed:
                found[verifier.NOTES + path.name] = path.read_bytes()
                day = verifier.read_checkpoint(note.text).at[:10]
                certificate = checkpoints / f"{day}.certificate"
                found[verifier.NOTES + certificate.name] = certificate.read_bytes()
                keys.append(key.line())
                break
    if keys:
        found[verifier.WITNESSES] = "".join(f"{line}\n" for line in keys).encode()
    return found


def record_package(
    session: Session, made: Prepared, signer: Signer, *, by: Actor, at: datetime
) -> dict[str, object]:
    """Record that a package is made, and sign all events, this one the last.

    Raises PackageOvertaken where something was recorded of its things since it was drawn,
    CheckpointBackwards.
    """
    last = max((event.index for event in events_of(session, made.streams)), default=0)
    if last >= made.size:
        raise PackageOvertaken(code=made.code)
    append(
        session, Tag.LEDGER_PACKAGE_MADE, stream=made.code, by=by, at=at,
        content={"manifest": made.fingerprint, "size": made.size},
    )  # fmt: skip
    checkpoint(session, signer, at=at)
    return {
        "code": made.code, "manifest": made.fingerprint, "size": made.size,
        "at": utc_text(made.at),
    }  # fmt: skip


def _row(event: Event, who: Mapping[str, str], arabic: Translate) -> Row:
    detail = in_detail(event)
    late = event.recorded - event.occurred > _LATE
    what = [event.words, arabic(event.words)]
    if detail is not None:
        what += [_worded(detail, str), _worded(detail, arabic)]
    return Row(
        number=event.index,
        at=f"{event.occurred:%Y-%m-%d %H:%M:%S}",
        recorded=f"{event.recorded:%Y-%m-%d %H:%M:%S}" if late else "",
        thing=threes(event.stream),
        what=tuple(dict.fromkeys(what)),
        by=who.get(event.actor, event.actor),
        station=threes(event.device) if is_code(event.device) else event.device,
    )


def _worded(say: Say, translate: Translate) -> str:
    return say.in_words(translate, show=lambda value: threes(value) if is_code(value) else value)
