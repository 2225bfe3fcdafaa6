# SPDX-License-Identifier: Apache-2.0
"""The genetic analyzer of the run-through: files as it would write them, for invented people."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from instruments.analyzers.abif_writer import SyntheticWell, synthetic_run
from instruments.analyzers.kit import Kit
from instruments.analyzers.size_standards import size_standards_of
from instruments.analyzers.synthetic import (
    Genotype,
    Role,
    Sex,
    SyntheticInstrument,
    child_genotype,
    draw_genotype,
    genotype_of,
    seeded,
)
from lims.core.catalogue import shipped_controls, shipped_kit, shipped_size_standards
from lims.demo.driver.pages import Browser, Page, StepFailed
from lims.demo.driver.play import Play
from lims.demo.driver.sealed_path import expected_sex
from lims.demo.stock import KIT

INSTRUMENT = SyntheticInstrument(model="3500", name="Demonstration Analyzer", serial="SYN-0001")
LOW_HEIGHT = 420
KEPT_LOCI = 5
"""At how many loci the degraded bone still shows alleles."""


@dataclass
class People:
    """Who the invented samples come from: genotypes by sample."""

    kit: Kit
    genotypes: dict[str, Genotype] = field(default_factory=dict)
    degraded: str = ""

    @classmethod
    def of(cls, play: Play) -> "People":
        """Draw somebody for each sample, of the sex that the laboratory expects.

        The first bone is drawn as a child of the first woman and the first man of the references,
        so that the profiles look as those of a family do; codes fall in no order of kinship.
        """
        person = play.person("technician")
        sexes = {
            code: {"female": Sex.FEMALE}.get(expected_sex(person, code), Sex.MALE)
            for code in (*play.references, *play.bones)
        }
        genotypes = draw_people(shipped_kit(KIT), sexes, child=play.bones[0])
        return cls(shipped_kit(KIT), genotypes, degraded=play.bones[-1])


def draw_people(kit: Kit, sexes: Mapping[str, Sex], *, child: str) -> dict[str, Genotype]:
    """Draw a genotype of each sample's sex; `child` is one of the first woman and the first man.

    Without a woman and a man beside the child, it is drawn as a stranger.
    """
    rng = seeded("the demonstration's people")
    genotypes = {code: draw_genotype(kit, rng, sex=sex) for code, sex in sexes.items()}
    others = [code for code in sexes if code != child]
    mother = next((code for code in others if sexes[code] is Sex.FEMALE), None)
    father = next((code for code in others if sexes[code] is Sex.MALE), None)
    if mother and father:
        genotypes[child] = child_genotype(
            kit, genotypes[mother], genotypes[father], rng, sex=sexes[child]
        )
    return genotypes


def run_files(
    play: Play, person: Browser, plate: str, people: People, *, exchanged: bool = False
) -> dict[str, bytes]:
    """Return the files of a run of an injection plate, as its record names the wells.

    `exchanged` is the run of somebody who mixed up two wells when typing the record.
    """
    shown = person.json(f"/injection/{plate}")
    if exchanged:
        first, second = [one for one in shown["wells"] if one["role"] == "sample"][:2]
        first["sample_name"], second["sample_name"] = second["sample_name"], first["sample_name"]
    by_extract = {extract: sample for sample, extract in play.extracts.items()}
    kit = people.kit
    control = shipped_controls()[kit.positive_control or ""]
    wells = [_well(one, kit, control, by_extract, people) for one in shown["wells"]]
    named = size_standards_of(kit, shipped_size_standards())
    standard = next((one for one in named if one.name == shown["size_standard"]), named[0])
    return synthetic_run(
        kit, wells, size_standard=standard, plate=plate, instrument=INSTRUMENT,
        started=datetime.now().replace(microsecond=0),  # noqa: DTZ005  # analyzers know no zone
        seed=len(play.extracts),
    )  # fmt: skip


def _well(
    one: Mapping[str, Any], kit: Kit, control: Mapping[str, tuple[str, ...]],
    by_extract: Mapping[str, str], people: People,
) -> SyntheticWell:  # fmt: skip
    role = Role(one["role"])
    genotype: Mapping[str, tuple[str, ...]] = {}
    dropout: tuple[tuple[str, str], ...] = ()
    height = 1600
    if role is Role.POSITIVE:
        genotype = genotype_of(kit, control)
    elif role is Role.SAMPLE:
        sample = by_extract[one["holds"]]
        genotype = people.genotypes[sample]
        if sample == people.degraded:
            height = LOW_HEIGHT
            lost = [name for name in genotype if name not in _kept(kit)]
            dropout = tuple((name, allele) for name in lost for allele in genotype[name])
    return SyntheticWell(
        one["position"], one["sample_name"], role, genotype, height=height, dropout=dropout
    )


def _kept(kit: Kit) -> set[str]:
    """Return the markers with the shortest fragments: what degradation leaves."""
    by_size = sorted(kit.markers, key=lambda marker: marker.ladder[0].size)
    return {marker.name for marker in by_size[:KEPT_LOCI]}


def upload(person: Browser, plate: str, files: Iterable[tuple[str, bytes]]) -> Page:
    """Import files on the page, as somebody who chose them there; the answer whatever it is."""
    page = person.open(f"/runs/new?plate={plate}")
    form = page.form("/runs")
    sent = [("files", (name, content, "application/octet-stream")) for name, content in files]
    return person.try_send(form, {"plate": plate}, files=sent)


def import_by_command(play: Play, folder: Path, plate: str, *more: str) -> dict[str, Any]:
    """Import a folder of files with `lims import-run`; returns what it printed as JSON."""
    command = [
        sys.executable, "-m", "lims", "import-run", str(folder), "--plate", plate,
        "--folder", str(play.folder), "--json", *more,
    ]  # fmt: skip
    done = subprocess.run(  # noqa: S603  # our own program
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    try:
        printed: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise StepFailed(f"lims import-run failed ({done.returncode}): {done.stderr}") from None
    return printed | {"exit": done.returncode}
