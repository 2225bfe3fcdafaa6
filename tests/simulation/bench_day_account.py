# SPDX-License-Identifier: Apache-2.0
"""The account of the simulated day: what was scanned and printed against what is on record."""

import io
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import zplkit
import zxingcpp
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session
from zplkit.rendering import Limits

from instruments.agent.journal import MAY_EXIST
from instruments.scanners import IDLE, LineFrames, ScanFault
from instruments.virtual.paths import printed_folder
from labels.preview import codes_in
from lims.bench.models import ScanRecord
from lims.bench.operations.remembering import kept_text
from lims.bench.rules import TONES, RecordKind
from lims.core.scans import Source
from lims.custody.models import LedgerEvent
from lims.custody.operations import create_long_term_key
from lims.custody.queries import verify_database
from lims.custody.rules import Tag
from lims.printing.models import Alarm, LabelInstance
from lims.printing.rules import PENDING, LabelState
from tests.simulation.bench_day_laboratory import Laboratory
from tests.simulation.bench_day_people import Post

Frame = tuple[str, str]
"""A frame as it is on record: its text or what is wrong with it, and its bytes."""

_SIZE = re.compile(rb"\^PW(\d+)\s*\^LL(\d+)")
DPI = 300


@dataclass
class Account:
    """What was found; every list must be empty."""

    scans: int = 0
    judged: int = 0
    labels: int = 0
    decoded: int = 0
    objects: int = 0
    live: int = 0
    wrong_scans: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    more: dict[str, object] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing is missing, doubled or unexplained."""
        return (
            self.scans == self.judged
            and self.labels == self.decoded
            and self.objects == self.live
            and not self.wrong_scans
            and not self.unexplained
        )


def papers_of(folder: Path, station: str) -> dict[int, bytes]:
    """Return what a station's printer ever made, by its counter."""
    files = printed_folder(folder, station).glob("*.zpl")
    return {int(path.stem): path.read_bytes() for path in files}


def settle_account(
    lab: Laboratory, posts: list[Post], before: dict[str, int], journals: list[Path],
    elsewhere: list[Path], thrown: list[str],
) -> Account:  # fmt: skip
    """Compare scanners, printers, journals and the server's records after the day.

    `before`: the counter of each station's printer in the morning, by code. `elsewhere`: the
    folders of devices whose agents must have been refused. `thrown`: the labels from a heap that
    were not called void when they were scanned.
    """
    account = Account()
    account.unexplained += [
        f"a second agent printed at {post.kind.value}"
        for folder in elsewhere
        for post in posts
        if papers_of(folder, post.code)
    ]
    database = lab.open()
    with database.reading() as session:
        for post in posts:
            _account_scans(session, post, account)
        _account_labels(session, lab, posts, before, journals, account)
        public = create_long_term_key(lab.settings.keys, origin=lab.settings.origin)
        verdict = verify_database(session, public, {}).verdict
        alarms = len(session.scalars(select(Alarm.id)).all())
        events = [json.loads(one) for one in session.scalars(select(LedgerEvent.body))]
        tags = Counter(one["type"] for one in events)
    database.close()
    live_once = {
        one["data"]["label"] for one in events if one["type"] == Tag.LABEL_INSTANCE_VERIFIED
    }
    account.unexplained += [
        f"{one} was never live and not called void" for one in thrown if one not in live_once
    ]
    if verdict != "unsigned":
        account.unexplained.append(f"the ledger is {verdict}")
    account.more |= {
        "ledger": verdict, "alarms": alarms, "events": sum(tags.values()),
        "jumps_told": tags["printer:counter:jumped"],
    }  # fmt: skip
    return account


def _account_scans(session: Session, post: Post, account: Account) -> None:
    """Every scan whose tone was heard is on record once, in the order in which it was made."""
    records = [
        one
        for one in session.scalars(
            select(ScanRecord).where(ScanRecord.station_code == post.code).order_by(ScanRecord.id)
        )
        if one.kind is RecordKind.FAULT
        or (one.kind is RecordKind.SCAN and one.source is Source.SERIAL)
    ]
    found = aligned(
        [(_kept(post, one.raw), one.sure) for one in post.sent],
        [(one.text, one.raw) for one in records],
    )
    account.judged += len(records)
    if found is None:
        account.scans += sum(one.sure for one in post.sent)
        account.wrong_scans.append(_difference(post, records))
        return
    account.scans += len(found)
    account.wrong_scans += wrong_tones(
        (
            record.scan_id, post.sent[index].tone,
            TONES[record.verdict] if record.kind is RecordKind.SCAN else "refused",
        )
        for index, record in zip(found, records, strict=True)
        # Of noise no refusal comes late: its tone asks no server.
        if record.kind is RecordKind.SCAN or post.sent[index].tone not in (None, "stored")
    )  # fmt: skip
    numbers = [one.sequence for one in records if one.sequence is not None]
    if numbers != sorted(set(numbers)):
        account.wrong_scans.append(f"{post.kind.value}: judged in another order than scanned")


def wrong_tones(heard: Iterable[tuple[str, str | None, str]]) -> list[str]:
    """Return which tones are not the verdict: of each scan its id, what was heard, what is right.

    Of scans judged late one refusal sounds when the last of them is judged. That may be the moment
    of the next scan, whose own tone then comes second: one such tone for what was refused unheard.
    """
    wrong, owed = [], False
    for scan_id, tone, right in heard:
        if tone in (None, "stored"):
            owed = owed or right != "accepted"
        elif tone != right:
            if not (owed and tone == "refused"):
                wrong.append(f"{scan_id} {right} sounded {tone}")
            owed = False
    return wrong


def _kept(post: Post, raw: bytes) -> Frame:
    """Return what is kept of a frame: at intake no more than the ledger takes."""
    frames = LineFrames()
    (found,) = [*frames.feed(raw, at=0.0), *frames.idle(at=IDLE)]
    if isinstance(found, ScanFault):
        return found.kind.value, found.raw.hex()
    return kept_text(found.text, post.kind), kept_text(found.raw.hex(), post.kind)


def aligned(sent: list[tuple[Frame, bool]], records: list[Frame]) -> list[int] | None:
    """Return which frames are on record, in order; None where records and frames do not agree.

    A frame that was surely taken is on record once; any other once or not at all.
    """
    ways: list[dict[int, bool]] = [{0: False}]
    for raw, sure in sent:
        reached: dict[int, bool] = {}
        for place in ways[-1]:
            if place < len(records) and records[place] == raw:
                reached[place + 1] = True
            if not sure:
                reached.setdefault(place, False)
        ways.append(reached)
    place = len(records)
    if place not in ways[-1]:
        return None
    found = []
    for index in range(len(sent), 0, -1):
        if ways[index][place] and place - 1 in ways[index - 1]:
            place -= 1
            found.append(index - 1)
    return found[::-1]


def _difference(post: Post, records: list[ScanRecord]) -> str:
    sure = Counter(_kept(post, one.raw) for one in post.sent if one.sure)
    sent = Counter(_kept(post, one.raw) for one in post.sent)
    judged = Counter((one.text, one.raw) for one in records)
    lost, more = list((sure - judged).elements()), list((judged - sent).elements())
    return f"{post.kind.value}: not on record {lost[:3]}, not sent {more[:3]}, or another order"


def _account_labels(
    session: Session, lab: Laboratory, posts: list[Post], before: dict[str, int],
    journals: list[Path], account: Account,
) -> None:  # fmt: skip
    papers: Counter[str] = Counter()
    early: set[str] = set()
    for post in posts:
        made = papers_of(lab.settings.folder, post.code)
        for number, zpl in made.items():
            # A label may carry its payload in two symbols.
            said = sorted(set(codes_in(zpl)))
            if number <= before[post.code]:
                early.update(said)
                continue
            account.labels += 1
            account.decoded += reads_as(zpl) == said
            papers.update(said)
        moved = post.odometer_at_end - before[post.code]
        if moved != sum(number > before[post.code] for number in made) + post.jumps:
            account.unexplained.append(f"the counter at {post.kind.value} moved by {moved}")
    held = _held_in(journals)
    rows = list(session.scalars(select(LabelInstance)))
    known = {row.payload for row in rows}
    account.unexplained += [f"{one} is on no list" for one in papers if one not in known]
    for row in rows:
        if row.payload in early:
            continue
        why = unexplained(row, papers[row.payload], held.get(row.payload, []))
        if why:
            account.unexplained.append(f"{row.payload}: {why}")
    live = Counter(row.code for row in rows if row.state is LabelState.ACTIVE)
    objects = {row.code for row in rows}
    account.objects = len(objects)
    account.live = sum(live[code] == 1 for code in objects)
    account.more["states"] = dict(Counter(row.state.value for row in rows))


def _held_in(journals: list[Path]) -> dict[str, list[str]]:
    """Return the states of every lease of each instance, of all agents."""
    held: dict[str, list[str]] = {}
    for path in journals:
        connection = sqlite3.connect(path)
        for instance, state in connection.execute("SELECT instance, state FROM label"):
            held.setdefault(instance, []).append(state)
        waiting = connection.execute(
            "SELECT (SELECT count(*) FROM outcome) + (SELECT count(*) FROM scan)"
        ).fetchone()[0]
        connection.close()
        if waiting:
            held.setdefault("", []).append(f"{waiting} wait in {path.name}")
    return held


def unexplained(row: LabelInstance, papers: int, leases: list[str]) -> str:
    """Return what nobody can explain of a label instance, '' where all is well."""
    begun = [state for state in leases if state in MAY_EXIST]
    if papers > 1:
        return f"came out {papers} times"
    if len(begun) > 1:
        return f"was begun twice: {leases}"
    if row.state in PENDING:
        return f"is {row.state.value} in the evening, printed {papers} times"
    if row.state is LabelState.ACTIVE and not papers:
        return "is live and never came out"
    if row.state is LabelState.LOST and papers:
        return "came out and counts as lost"
    if row.state is LabelState.VOID and not (row.fault or row.reason):
        return "is void for no reason"
    if papers and not leases:
        return "came out and is in no journal"
    return ""


def reads_as(zpl: bytes) -> list[str]:
    """Return what a reader of bar codes sees on a label that a stranger to our code has drawn."""
    size = _SIZE.search(zpl)
    if size is None:
        return []
    document = zplkit.render(
        zpl.replace(b"^PQ1\n", b""),
        zplkit.Options(width=int(size[1]), height=int(size[2]), dpi=DPI),
        limits=Limits(graphic_bytes=1 << 26),
    )
    picture = Image.open(io.BytesIO(document.labels[0].png())).convert("L")
    return sorted({one.text for one in zxingcpp.read_barcodes(picture)})
