# SPDX-License-Identifier: Apache-2.0
"""The page of a sample's profile: alleles, versions, and the path back to the sample."""

from lims.core.codes import Kind
from lims.genotyping import queries
from lims.genotyping.rules.findings import TITLES, whole_loci
from lims.genotyping.rules.readings import read_loci
from lims.genotyping.rules.states import SEVERITY_TONES, SEVERITY_WORDS
from lims.genotyping.views.blueprint import Answer, blueprint, spoken
from lims.people.queries import initials_of
from lims.samples.rules import ALIQUOT_WORDS, MATERIAL_WORDS, SIDE_WORDS
from lims.web.errors import wants_json
from lims.web.guard import needs
from lims.web.locale import in_both, in_words
from lims.web.pages import code_in_path, page, reading
from lims.web.rights import Right


@blueprint.get("/profiles/<code>")
@needs(Right.SEE_PROFILES)
def profile(code: str) -> Answer:
    """Show a sample's profile, every version, and where each allele comes from."""
    read = code_in_path(code, Kind.BONE, Kind.REFERENCE)
    with reading() as session:
        picture = queries.profile_picture(session, read)
        if wants_json():
            versions = [_path_json(path) for path in picture.paths]
            closed = in_both(picture.closed.refusal.say) if picture.closed else None
            return {"sample": read, "versions": versions, "closed": closed}
        shown = picture.shown
        kit = queries.kit_of_run(session, shown.run) if shown is not None else None
        actors = {path.profile.decided_by for path in picture.paths}
        actors |= {reader for reader, _ in picture.readers.values()}
        return page(
            "genotyping/profile.html", picture=picture, shown=shown, sample=picture.sample,
            loci=read_loci(kit) if kit is not None else (),
            whole=whole_loci(kit, _alleles(shown)) if kit is not None and shown else 0,
            alleles=_alleles(shown) if shown is not None else {},
            closed=in_words(picture.closed.refusal.say) if picture.closed else "",
            initials=initials_of(session, actors), titles=TITLES, spoken=spoken,
            material_words=MATERIAL_WORDS, side_words=SIDE_WORDS, aliquot_words=ALIQUOT_WORDS,
            severity_words=SEVERITY_WORDS, severity_tones=SEVERITY_TONES,
        )  # fmt: skip


def _alleles(path: queries.Path) -> dict[str, tuple[str, ...]]:
    return path.alleles or {}


def _path_json(path: queries.Path) -> dict[str, object]:
    return {
        "version": path.profile.version, "state": path.profile.state.value,
        "kit": path.profile.kit,
        "alleles": {locus: list(found) for locus, found in _alleles(path).items()},
        "reasons": path.profile.reasons, "sha256": path.sha256, "injection": path.injection,
        "plate": path.well.plate_code, "well": path.well.position,
        "amplification": None if path.amplified is None else path.amplified.plate_code,
        "amplification_well": None if path.amplified is None else path.amplified.position,
        "extract": path.extract.code, "aliquot": path.aliquot.code, "sample": path.sample.code,
    }  # fmt: skip
