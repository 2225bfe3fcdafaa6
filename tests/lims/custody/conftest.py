# SPDX-License-Identifier: Apache-2.0
"""A small ledger on disk to be tampered with, and a laboratory in a database to append to."""

import datetime
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.custody import operations, queries, verifier
from lims.custody.rules import EventId, Tag

ORIGIN = "osteon.example/test"
START = datetime.datetime(2026, 11, 24, 6, 0, tzinfo=datetime.UTC)


def stamp(instant: datetime.datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass
class SignedLedger:
    """Events as values, and the acts by which a laboratory, or a forger, writes them."""

    folder: Path
    seed: int = 1
    origin: str = ORIGIN
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311  # test material
        self.long_term = Ed25519PrivateKey.from_private_bytes(self.random.randbytes(32))
        self.daily = Ed25519PrivateKey.from_private_bytes(self.random.randbytes(32))
        self.day = stamp(START)[:10]
        self.checkpoints = self.folder / "checkpoints"
        self.export = self.folder / "export.ndjson"
        self.key_file = self.folder / "ledger.pub"
        self.checkpoints.mkdir()

    @property
    def key(self) -> verifier.PublicKey:
        return verifier.PublicKey(self.origin, self.long_term.public_key().public_bytes_raw())

    def fill(self, count: int, streams: int = 12) -> None:
        """Append random events; each stream starts at 0."""
        for number in range(len(self.events), len(self.events) + count):
            at = START + datetime.timedelta(seconds=number)
            low = f"{self.random.getrandbits(76):019x}"
            self.events.append(
                {
                    "v": 1,
                    "log": self.origin,
                    "id": f"{number:08x}-0000-7{low[:3]}-8{low[3:6]}-{low[6:18]}",
                    "stream": f"B{self.random.randrange(streams):08d}",
                    "seq": 0,
                    "prev": "",
                    "type": "sample:seal:broken",
                    "actor": "u:7c1e",
                    "device": "T4679CDF3",
                    "occurred": stamp(at),
                    "recorded": stamp(at),
                    "idem": f"key-{number:016d}",
                    "cause": "",
                    "data": {"seal": f"S{number}", "mass_mg": number, "words": "ختم مكسور"},
                }
            )
        self.chain()

    def chain(self) -> None:
        """Give every event its place in its stream, as a forger with the database would."""
        heads: dict[str, tuple[int, str]] = {}
        for event in self.events:
            seq, prev = heads.get(event["stream"], (0, ""))
            event["seq"], event["prev"] = seq, prev
            leaf = verifier.leaf_hash(verifier.canonical(event)).hex()
            heads[event["stream"]] = (seq + 1, leaf)

    def lines(self) -> list[bytes]:
        return [verifier.canonical(event) + b"\n" for event in self.events]

    def write(self, lines: list[bytes] | None = None) -> None:
        self.export.write_bytes(b"".join(self.lines() if lines is None else lines))
        self.key_file.write_text(self.key.line() + "\n")

    def certify(self, day: str | None = None, by: Ed25519PrivateKey | None = None) -> None:
        """Write the certificate of the daily key."""
        day = day or self.day
        text = verifier.certificate_text(
            self.origin, day, self.daily.public_key().public_bytes_raw()
        )
        note = verifier.sign_note(text, self.key, (by or self.long_term).sign)
        (self.checkpoints / f"{day}.certificate").write_text(note.written())

    def sign(
        self,
        size: int | None = None,
        *,
        at: datetime.datetime | None = None,
        by: Ed25519PrivateKey | None = None,
        name: str | None = None,
        heads: bytes | None = None,
    ) -> Path:
        """Write a checkpoint over the first `size` events."""
        size = len(self.events) if size is None else size
        tree, last, counts = verifier.Frontier(), verifier.Heads(), {}
        for event in self.events[:size]:
            leaf = verifier.leaf_hash(verifier.canonical(event))
            tree.append(leaf)
            counts[event["stream"]] = counts.get(event["stream"], 0) + 1
            last.put(event["stream"], counts[event["stream"]], leaf)
        at = at or START + datetime.timedelta(seconds=max(size, 1))
        mark = verifier.Checkpoint(
            self.origin, size, tree.root(), stamp(at), heads or last.root(), len(counts)
        )
        signer = by or self.daily
        key = verifier.daily_key(
            self.origin, stamp(at)[:10], signer.public_key().public_bytes_raw()
        )
        note = verifier.sign_note(mark.text(), key, signer.sign)
        path = self.checkpoints / f"{name or f'{size:012d}'}.checkpoint"
        path.write_text(note.written())
        return path

    def keep_leaves(self) -> None:
        """Keep the leaf hashes beside the checkpoints."""
        leaves = (verifier.leaf_hash(line[:-1]) for line in self.lines())
        (self.checkpoints / verifier.LEAVES).write_bytes(b"".join(leaves))

    def verify(self) -> verifier.Report:
        return verifier.verify_files(self.export, self.checkpoints, self.key_file)


@pytest.fixture
def signed_ledger(tmp_path: Path) -> Callable[..., SignedLedger]:
    """Make a ledger of `count` events, certified, signed every `every` events, and written."""

    def make(count: int = 120, every: int = 40, **others: Any) -> SignedLedger:
        ledger = SignedLedger(tmp_path, **others)
        ledger.fill(count)
        ledger.certify()
        for size in range(every, count + 1, every):
            ledger.sign(size)
        ledger.write()
        return ledger

    return make


@dataclass
class Keys:
    """The keys of a laboratory in a folder of their own."""

    folder: Path
    checkpoints: Path
    public: verifier.PublicKey
    long_term: operations.Signer

    def signer(self, at: datetime.datetime) -> operations.Signer:
        return operations.daily_signer(self.folder, origin=self.public.name, at=at)


@pytest.fixture
def keys(tmp_path: Path, at: datetime.datetime) -> Keys:
    """Keys certified for 31 days."""
    folder, checkpoints = tmp_path / "keys", tmp_path / "checkpoints"
    public = operations.create_long_term_key(folder, origin=ORIGIN)
    long_term = operations.long_term_signer(folder, origin=public.name)
    operations.certify_days(folder, checkpoints, long_term, first=at.date())
    return Keys(folder, checkpoints, public, long_term)


@dataclass(frozen=True)
class Acts:
    """What a technician does in these tests, and the check of what was written."""

    at: datetime.datetime
    keys: Keys
    by: Actor = Actor("u:7c1e")  # noqa: RUF009  # frozen

    def coded(self, session: Session, code: str, *parents: str) -> EventId:
        """Give a thing its code."""
        return operations.create_subject(
            session, code, Tag.SAMPLE_CODE_GIVEN, by=self.by, at=self.at, content={},
            state="coded", parents=parents, reason="taken" if parents else "",
        )  # fmt: skip

    def note(self, session: Session, code: str, **content: object) -> EventId:
        """Write a note on a thing."""
        return operations.append(
            session, Tag.SUBJECT_NOTE_ADDED, code, content, by=self.by, at=self.at
        )

    def verify(self, database: Database) -> queries.DatabaseReport:
        """Check the ledger against the certificates of the folder."""
        with database.reading() as session:
            return queries.verify_database(
                session, self.keys.public, verifier.read_notes(self.keys.checkpoints)
            )


@pytest.fixture
def acts(at: datetime.datetime, keys: Keys) -> Acts:
    """The acts of a technician at the instant of the test."""
    return Acts(at, keys)


@pytest.fixture
def bone(empty_database: Database, acts: Acts) -> str:
    """A bone sample that has its code."""
    code = draw_code(Kind.BONE)
    with empty_database.writing() as session:
        acts.coded(session, code)
    return code


@pytest.fixture
def lineage(empty_database: Database, bone: str, acts: Acts) -> dict[str, str]:
    """Two bones, powders, an extract of one, and a plate of both."""
    codes = {
        "bone": bone,
        "other bone": draw_code(Kind.BONE),
        "powder": draw_code(Kind.ALIQUOT),
        "other powder": draw_code(Kind.ALIQUOT),
        "extract": draw_code(Kind.EXTRACT),
        "plate": draw_code(Kind.PLATE),
    }
    with empty_database.writing() as session:
        acts.coded(session, codes["other bone"])
        acts.coded(session, codes["powder"], codes["bone"])
        acts.coded(session, codes["other powder"], codes["other bone"])
        acts.coded(session, codes["extract"], codes["powder"])
        acts.coded(session, codes["plate"], codes["extract"], codes["other powder"])
    return codes
