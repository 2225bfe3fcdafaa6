# SPDX-License-Identifier: Apache-2.0
"""Photographs from the field: checked at the border, sealed, stored by hash."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO

from PIL import Image
from sqlalchemy.orm import Session

from lims.cases.models import BoneSampling
from lims.cases.operations.recording import found
from lims.cases.operations.sealed import record_sealed
from lims.cases.rules import PhotographRefused, PhotographThere, SamplingState
from lims.core.actors import Actor
from lims.core.files import FileStore
from lims.core.sealing import FieldDamaged, Vault
from lims.custody.rules import Tag

LARGEST_MB = 20
LARGEST_MEGAPIXELS = 64
"""A camera's picture; a larger one would fill the server's memory while it is checked."""

KINDS = {"JPEG": "jpeg", "PNG": "png"}


@dataclass(frozen=True)
class Photograph:
    """A picture that was checked: `kind` is jpeg or png."""

    content: bytes = field(repr=False)
    kind: str

    @property
    def sha256(self) -> str:
        """The hash of the bytes as they came, hex."""
        return hashlib.sha256(self.content).hexdigest()


def read_photograph(content: bytes) -> Photograph:
    """Check a picture by its content, whatever it is called, down to its last row.

    Raises PhotographRefused for other formats, cut ones, and ones too large to be shown.
    """
    refused = PhotographRefused(mb=LARGEST_MB, mp=LARGEST_MEGAPIXELS)
    if not content or len(content) > LARGEST_MB * 1_000_000:
        raise refused
    try:
        with Image.open(BytesIO(content), formats=tuple(KINDS)) as picture:
            width, height = picture.size
            if width * height > LARGEST_MEGAPIXELS * 1_000_000:
                raise refused
            kind = KINDS[str(picture.format)]
            picture.load()
    except PhotographRefused:
        raise
    except (OSError, ValueError, SyntaxError, KeyError, EOFError, MemoryError, Warning,
            Image.DecompressionBombError) as error:  # fmt: skip
        # Pillow tells of a bad file in all of these ways.
        raise refused from error
    return Photograph(content, kind)


def add_photograph(
    session: Session,
    vault: Vault,
    files: FileStore,
    sampling_ref: str,
    photograph: Photograph,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Seal and store the photograph of a sampling; a better one replaces it until coding.

    Raises NotFound; PhotographThere after coding.
    """
    sampling = found(session, BoneSampling, sampling_ref, lock=True)
    if sampling.state is not SamplingState.PENDING:
        raise PhotographThere()
    key = vault.key(session, sampling.key_ref)
    sampling.photograph_file = files.keep(
        key.seal_bytes(photograph.content, sampling, "photograph")
    )
    sampling.photograph_sha256 = photograph.sha256
    sampling.photograph_type = photograph.kind
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_ITEM_CHANGED, sampling.ref,
        {"photograph_sha256": photograph.sha256}, by=by, at=at,
    )  # fmt: skip


def photograph_of(
    session: Session, vault: Vault, files: FileStore, sampling: BoneSampling
) -> Photograph:
    """Open the photograph of a sampling. Raises FieldDamaged, FileDamaged, Erased."""
    key = vault.key(session, sampling.key_ref)
    content = key.open_bytes(files.read(sampling.photograph_file), sampling, "photograph")
    photograph = Photograph(content, sampling.photograph_type)
    if photograph.sha256 != sampling.photograph_sha256:
        raise FieldDamaged("a photograph is not the one that was recorded")
    return photograph
