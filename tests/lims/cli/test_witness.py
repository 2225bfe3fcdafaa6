# SPDX-License-Identifier: Apache-2.0
"""The ledger on paper, under a partner's signature and against a label, from the console."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_a_checkpoint_goes_to_a_partner_and_comes_back_cosigned(
    lims: Run, laboratory: Path, tmp_path: Path
) -> None:
    here = ("--folder", laboratory, "--json")
    person = ("--role", "auditor", "--folder", laboratory)
    lims("user", "add", "maryam", "--name", "Somebody", "--initials", "M-09", *person)
    lims("ledger", "checkpoint", *here)
    (checkpoint,) = (laboratory / "checkpoints").glob("*.checkpoint")
    asked = lims("ledger", "witness", checkpoint, "--out", tmp_path / "growth", *here)
    assert (asked.status, asked.json["since"]) == (0, 0)
    secret = tmp_path / "secret"
    secret.write_text(
        "PRIVATE+KEY+partner.example/w+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
    )
    partner = (
        "ledger", "witness", checkpoint, "--key", secret, "--proof", tmp_path / "growth",
        "--state", tmp_path / "state", "--ledger", laboratory / "ledger.pub", "--out",
        tmp_path / "cosigned", "--json",
    )  # fmt: skip
    signed = lims(*partner)
    assert (signed.status, signed.json["signed"]) == (0, True)
    unknown = lims("ledger", "witness", tmp_path / "cosigned", *here)
    assert (unknown.status, "No known witness" in unknown.said) == (1, True)
    (laboratory / "witnesses").mkdir()
    (laboratory / "witnesses" / "partner.pub").write_text(signed.json["key"] + "\n")
    taken = lims("ledger", "witness", tmp_path / "cosigned", *here)
    assert (taken.status, taken.json["witnesses"]) == (0, ["partner.example/w"])
    verified = lims("ledger", "verify", *here)
    assert [one["name"] for one in verified.json["cosignatures"]] == ["partner.example/w"]
    again = lims("ledger", "witness", checkpoint, "--out", tmp_path / "growth", *here)
    assert again.json["since"] == taken.json["size"]
    nonsense = lims("ledger", "witness", laboratory / "ledger.pub", *here)
    assert (nonsense.status, "not a checkpoint" in nonsense.said) == (1, True)


def test_the_sheet_the_anchor_and_the_doctor_speak_of_the_same_ledger(
    lims: Run, laboratory: Path, tmp_path: Path
) -> None:
    here = ("--folder", laboratory, "--json")
    person = ("--role", "auditor", "--folder", laboratory)
    early = lims("ledger", "sheet", "--out", tmp_path / "sheet.pdf", "--folder", laboratory)
    lims("user", "add", "maryam", "--name", "Somebody", "--initials", "M-09", *person)
    lims("ledger", "checkpoint", *here)
    drawn = lims("ledger", "sheet", "--out", tmp_path / "sheet.pdf", *here)
    assert (early.status, "Nothing was signed" in early.said) == (1, True)
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")
    wrong = lims("ledger", "anchor", f"{drawn.json['size']}:AAAAAAAAAA", *here)
    mistyped = lims("ledger", "anchor", "AAAA", *here)
    assert (wrong.status, wrong.json["verdict"]) == (1, "another")
    assert (mistyped.status, "not an anchor" in mistyped.said) == (1, True)
    checks = {check["name"]: check["ok"] for check in lims("doctor", *here).json["checks"]}
    assert checks["a key to sign today"]
    assert checks["checkpoints are signed in time"]
    for path in (laboratory / "keys").glob("day-*.secret"):
        path.unlink()
    checks = {check["name"]: check["ok"] for check in lims("doctor", *here).json["checks"]}
    assert not checks["a key to sign today"]
    whole = lims("ledger", "verify", "--full", *here)
    assert (whole.status, whole.json["coverage"]["whole"]) == (0, True)
    assert not whole.json["coverage"]["remembered"]
