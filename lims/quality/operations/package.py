# SPDX-License-Identifier: Apache-2.0
"""The package of one thing for a court or a partner: one zip that can be checked without Osteon."""

import base64
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from string import Template

from sqlalchemy.orm import Session

from lims.core.clock import from_utc_text
from lims.core.codes import is_code, threes
from lims.core.words import N_, Say, Translate
from lims.custody import verifier
from lims.custody.queries import events_of
from lims.custody.rules import Event
from lims.people.queries import initials_of
from lims.quality.operations.timeline import Row, Sheet, draw_timeline
from lims.samples.queries import in_detail

_PAGES = {"README.txt": "package_en.txt", "README.ar.txt": "package_ar.txt"}
_LATE = timedelta(seconds=60)  # recorded later than this, both times are shown


@dataclass(frozen=True)
class Package:
    """A package: the unique name that stands on every page, and the bytes of the zip."""

    id: str
    content: bytes


def make_package(
    session: Session,
    proof: Sequence[bytes],
    *,
    key: verifier.PublicKey,
    laboratory: tuple[str, str],
    arabic: Translate,
) -> Package:
    """Put the proof of a thing into one zip with what it takes to read and to check it.

    `proof` are the lines of `proof_lines`, of the same session. It holds staff numbers and codes,
    no name of a person. The same proof gives the same bytes.
    """
    report = verifier.check_proof(proof, key)
    held = [verifier.read_proof_line(line) for line in proof]
    root = base64.b32encode(bytes.fromhex(report.root)).decode()[:10]
    unique = f"{report.code}-{report.signed}-{root}"
    events = events_of(session, report.streams)
    who = initials_of(session, {event.actor for event in events})
    sheet = Sheet(
        id=unique,
        laboratory=laboratory,
        thing=threes(report.code),
        facts=(
            (N_("Thing"), threes(report.code)),
            (N_("It came from"), ", ".join(map(threes, report.streams[1:])) or "-"),
            (N_("Left out: batches and plates"), ", ".join(map(threes, report.left_out)) or "-"),
            (N_("Events"), str(report.size)),
            (N_("Signed"), f"{report.signed_at}, {report.signed}"),
            (N_("Root"), report.root),
            (N_("Ledger"), report.origin),
        ),
    )
    shown = [event for event in events if event.index < report.signed]
    pdf = draw_timeline(sheet, [_row(event, who, arabic) for event in shown], arabic)
    values = {"code": report.code, "id": unique, "events": str(report.size)}
    contents = {
        name: Template(files("lims").joinpath("data", page).read_text("utf-8"))
        .substitute(values)
        .encode()
        for name, page in _PAGES.items()
    }
    contents |= {
        "timeline.pdf": pdf,
        "proof.ndjson": b"".join(proof),
        **{
            f"checkpoints/{note['name']}": note["text"].encode()
            for note in held
            if note["kind"] == "note"
        },
        "ledger.pub": f"{key.line()}\n".encode(),
        "verifier.py": Path(verifier.__file__).read_bytes(),
    }
    at = from_utc_text(report.signed_at)
    stamp = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(f"{unique}/{name}", stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, content)
    return Package(unique, out.getvalue())


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
