# SPDX-License-Identifier: Apache-2.0
"""A partner with one file of Python signs that the ledger only ever grew, and nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lims.core.actors import Actor
from lims.core.db import Database
from lims.custody import operations, queries, verifier
from lims.custody.operations.witnessing import keep_cosigned, take_cosigned
from lims.custody.queries.witnesses import cosigned_size, growth, witness_keys
from lims.custody.rules.witnessing import AnotherHistory, CosignatureWrong, NotWitnessed

Make = Callable[..., Any]

# A checkpoint of a public log with the cosignature of a public witness, as they were published.
PUBLIC = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

\u2014 remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sX\
Tynk5XeU/zZ0WBxtqB0DrAWfBw==
"""
WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
# A log of the test data of C2SP's reference witness, at two sizes.
LOG = "monkeys+db4d9f7e+AULaJMvTtDLHPUcUrjdDad9vDlh/PTfC2VV60JUtCfWT"
AT_5 = """monkeys
5
41smjBUiAU70EtKlT6lIOIYtRTYxYXsDB+XHfcvu/BE=

\u2014 monkeys 202fftzGl3LVoqjXfwCFZZXs8I+5G22+Ek2K0AOyBuSJ/8/CZawNF+6fNlTKOCd622pbzJNkkJFWuw9Dbi\
cZCkEx9AY=
"""


def test_the_cosignature_of_a_public_witness_is_right_and_no_other_text_bears_it() -> None:
    key = verifier.read_key(WITNESS, verifier.COSIGNER)
    note = verifier.read_note(PUBLIC.encode())
    other = verifier.read_note(PUBLIC.replace("1432088532", "1432088533").encode())
    assert note.cosigned_by(key) == (0x6A122120,)
    with pytest.raises(verifier.Malformed, match="remora"):
        other.cosigned_by(key)
    assert key.line() == WITNESS
    assert verifier.read_note(AT_5.encode()).signed_by(verifier.read_key(LOG))
    with pytest.raises(verifier.Malformed):
        verifier.read_key(WITNESS)


def test_signing_in_plain_python_gives_the_signatures_of_rfc_8032() -> None:
    for _ in range(3):
        seed, message = os.urandom(32), os.urandom(77)
        theirs = Ed25519PrivateKey.from_private_bytes(seed)
        assert verifier.ed25519_public(seed) == theirs.public_key().public_bytes_raw()
        assert verifier.ed25519_sign(seed, message) == theirs.sign(message)
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert verifier.ed25519_public(seed).hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )
    assert verifier.ed25519_sign(seed, b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    with pytest.raises(ValueError, match="32 bytes"):
        verifier.ed25519_sign(b"short", b"")


class Partner:
    """A partner with a folder, the one file, and nothing of Osteon."""

    def __init__(self, folder: Path, ledger: Any) -> None:
        folder.mkdir()
        self.folder, self.ledger = folder, ledger
        made = self.run("--new-witness", "partner.example/w", "--key", folder / "secret")
        self.key = verifier.read_key(made.stdout, verifier.COSIGNER)

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", verifier.__file__, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True)

    def sign(self, checkpoint: Path, proof: str, *more: object) -> subprocess.CompletedProcess[str]:
        (self.folder / "proof").write_text(proof)
        return self.run(
            "--witness", checkpoint, "--proof", self.folder / "proof", "--key",
            self.folder / "secret", "--state", self.folder / "state", *more,
        )  # fmt: skip

    @property
    def remembered(self) -> int:
        return int(json.loads((self.folder / "state").read_text())["size"])


def grown(ledger: Any, old: int, new: int) -> str:
    """Prove by hand, from the leaves, that a log grew (RFC 6962 section 2.1.2)."""
    leaves = [verifier.leaf_hash(line[:-1]) for line in ledger.lines()[:new]]

    def root(held: list[bytes]) -> bytes:
        tree = verifier.Frontier()
        for leaf in held:
            tree.append(leaf)
        return tree.root()

    def prove(m: int, held: list[bytes], whole: bool) -> list[bytes]:
        if m == len(held):
            return [] if whole else [root(held)]
        k = 1 << (len(held) - 1).bit_length() - 1
        if m <= k:
            return [*prove(m, held[:k], whole), root(held[k:])]
        return [*prove(m - k, held[k:], False), root(held[:k])]

    path = tuple(prove(old, leaves, True)) if old else ()
    certificate = (ledger.checkpoints / f"{ledger.day}.certificate").read_text()
    return verifier.Growth(old, path, certificate).written()


def test_a_partner_signs_what_continues_and_refuses_every_fork(
    signed_ledger: Make, tmp_path: Path
) -> None:
    ledger = signed_ledger()
    first, second, third = (ledger.checkpoints / f"{n:012d}.checkpoint" for n in (40, 80, 120))
    partner = Partner(tmp_path / "partner", ledger)
    assert (partner.folder / "secret").stat().st_mode & 0o077 == 0
    assert partner.run("--new-witness", "x", "--key", partner.folder / "secret").returncode == 2
    without = partner.sign(first, grown(ledger, 0, 40))
    assert (without.returncode, "--ledger" in without.stderr) == (2, True)
    begun = partner.sign(first, grown(ledger, 0, 40), "--ledger", ledger.key_file)
    assert (begun.returncode, partner.remembered) == (0, 40)
    note = verifier.read_note(begun.stdout.encode())
    assert len(note.cosigned_by(partner.key)) == 1
    assert note.text == verifier.read_note(first.read_bytes()).text

    wrong_start = partner.sign(second, grown(ledger, 0, 80))
    assert (wrong_start.returncode, "ask for one from 40" in wrong_start.stderr) == (1, True)
    torn = grown(ledger, 40, 80).split("\n")
    del torn[1]
    assert "NOT SIGNED" in partner.sign(second, "\n".join(torn)).stderr
    out = partner.folder / "out"
    assert partner.sign(second, grown(ledger, 40, 80), "--out", out).returncode == 0
    assert partner.sign(second, grown(ledger, 80, 80)).returncode == 0
    shrunk = partner.sign(first, grown(ledger, 40, 40), "--json")
    assert (shrunk.returncode, json.loads(shrunk.stdout)["reason"]) == (1, "shrunk")
    assert partner.remembered == 80

    # What was signed already is written anew, and signed with the ledger's own key.
    ledger.events[50]["actor"] = "u:9999"
    ledger.chain()
    same = ledger.sign(80, name="forged")
    longer = ledger.sign(120, name="forged longer")
    for checkpoint, proof in ((same, ""), (longer, grown(ledger, 80, 120))):
        forked = partner.sign(checkpoint, proof or grown(ledger, 80, 80))
        assert forked.returncode == 1
        assert "THE LEDGER IS NOT THE ONE" in forked.stderr
    # A key that the ledger's key did not certify signs nothing.
    thief = Ed25519PrivateKey.generate()
    stolen = ledger.sign(120, name="stolen", by=thief)
    assert "no right signature" in partner.sign(stolen, grown(ledger, 80, 120)).stderr
    assert partner.remembered == 80
    assert third.exists()


@pytest.mark.parametrize(
    "state", ["", "{}", "[]", '{"v":1,"key":"x","size":-1}', "\x00", "[" * 9000]
)
def test_a_damaged_memory_of_a_witness_signs_nothing(
    signed_ledger: Make, tmp_path: Path, state: str
) -> None:
    ledger = signed_ledger(40, 40)
    partner = Partner(tmp_path / "partner", ledger)
    (partner.folder / "state").write_text(state)
    tried = partner.sign(ledger.checkpoints / f"{40:012d}.checkpoint", grown(ledger, 0, 40))
    assert (tried.returncode, tried.stdout) == (2, "")


def test_cosignatures_are_listed_and_a_wrong_one_breaks_the_verdict(
    signed_ledger: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = signed_ledger()
    secret = verifier.Secret("partner.example/w", bytes(32))
    plain = ledger.checkpoints / f"{80:012d}.checkpoint"
    note = verifier.cosign_note(
        verifier.read_note(plain.read_bytes()), secret.public, secret.sign, 1_790_000_000
    )
    (ledger.checkpoints / f"{80:012d}.cosigned").write_text(note.written())
    keys = tmp_path / "witnesses"
    keys.write_text(secret.public.line() + "\n")
    report = verifier.verify_files(ledger.export, ledger.checkpoints, ledger.key_file, keys)
    assert (report.verdict, report.checkpoints, report.signed) == ("sound", 3, 120)
    assert [(one.name, one.size) for one in report.cosignatures] == [("partner.example/w", 80)]
    assert "Witnessed by partner.example/w: the first 80 events" in verifier.in_words(report)
    asked = [str(ledger.export), "--checkpoints", str(ledger.checkpoints), "--key",
             str(ledger.key_file)]  # fmt: skip
    assert verifier.main([*asked, "--witness", secret.public.line()]) == 0
    assert "Witnessed by partner.example/w: the first 80 events, 20" in capsys.readouterr().out
    assert verifier.main(asked) == 0
    told = capsys.readouterr().out
    assert "not checked is what is signed in the name of partner.example/w" in told
    assert "Witnessed" not in told
    with pytest.raises(SystemExit):
        verifier.main([*asked, "--witness", secret.public.line().replace("+", "+0", 1)])
    late = (*note.signatures[:-1], (secret.name, secret.public.id, bytes(72)))
    (ledger.checkpoints / f"{80:012d}.cosigned").write_text(
        verifier.Note(note.text, late).written()
    )
    broken = verifier.verify_files(ledger.export, ledger.checkpoints, ledger.key_file, keys)
    assert (broken.verdict, "partner.example/w" in broken.findings[0].words) == ("broken", True)


def test_what_a_partner_signed_is_taken_in_once_and_stands_in_the_ledger(
    empty_database: Database, bone: str, at: datetime, keys: Any, acts: Any, tmp_path: Path
) -> None:
    secret = verifier.Secret("partner.example/w", bytes(range(32)))
    stranger = verifier.Secret("stranger.example/w", bytes(32))
    by = Actor("console:test")
    seconds = int(at.timestamp())
    seen = verifier.Seen(keys.public)
    marks = []
    for turn in range(2):
        with empty_database.writing() as session:
            acts.note(session, bone, turn=turn)
        moment = at + timedelta(minutes=turn)
        with empty_database.writing() as session:
            made = operations.checkpoint(session, keys.signer(moment), at=moment)
            assert made is not None
            marks.append(made.note.encode())
    folder, known = keys.checkpoints, tmp_path / "witnesses"
    notes = verifier.read_notes(folder)

    def take(content: bytes) -> verifier.Note:
        with empty_database.writing() as session:
            note = take_cosigned(
                session, content, keys.public, notes, witness_keys(known), folder=folder,
                witness_folder=known, by=by, at=at,
            )  # fmt: skip
        keep_cosigned(folder, note)
        return note

    for number, content in enumerate(marks):
        mark = verifier.read_checkpoint(verifier.read_note(content).text)
        with empty_database.reading() as session:
            shown = growth(session, mark, since=seen.size, notes=notes)
        shown = verifier.read_growth(shown.written().encode())
        signed, seen = verifier.witness(content, shown, seen, secret, at=seconds + number)
        if not number:
            with pytest.raises(NotWitnessed):
                take(signed.written().encode())
            known.mkdir()
            (known / "partner.pub").write_text(secret.public.line())
        else:
            assert cosigned_size(folder, witness_keys(known)) == shown.old
        both = verifier.cosign_note(signed, stranger.public, stranger.sign, seconds)
        taken = take(both.written().encode())
        assert [name for name, _, _ in taken.signatures][1:] == [secret.name]
        assert take(taken.written().encode()) == taken
    with empty_database.reading() as session:
        told = [event.content["size"] for event in queries.history(session, "ledger")]
        queries_report = queries.verify_database(session, keys.public, verifier.read_notes(folder))
    assert told == [2, 3]
    assert queries_report.verdict == "unsigned"
    late = verifier.cosign_note(signed, secret.public, secret.sign, seconds + 200_000)
    with pytest.raises(CosignatureWrong):
        take(late.written().encode())
    forged = verifier.Checkpoint(keys.public.name, 3, bytes(32), mark.at, bytes(32), 1)
    day = keys.signer(at)
    other = verifier.sign_note(forged.text(), day.key, day.sign)
    other = verifier.cosign_note(other, secret.public, secret.sign, seconds)
    with pytest.raises(AnotherHistory):
        take(other.written().encode())
