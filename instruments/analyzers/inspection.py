# SPDX-License-Identifier: Apache-2.0
"""What `lims inspect` says of one analyzer file."""

from dataclasses import dataclass
from hashlib import sha256

from instruments.analyzers.abif import AbifFile, read_abif
from instruments.analyzers.abif.file import RAW
from instruments.analyzers.errors import AnalyzerFileError


@dataclass(frozen=True)
class Inspection:
    """One file: what it says, or why it cannot be read. Exactly one of the two is there."""

    path: str
    sha256: str
    file: AbifFile | None
    error: AnalyzerFileError | None

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with a readable file, changed names of the sample sheet included."""
        if self.file is None:
            return ()
        changed = tuple(
            f'the {renaming.field} was "{renaming.earlier}" when the file was saved before, '
            f'and is "{renaming.current}" now'
            for renaming in self.file.renamed
        )
        return self.file.problems + changed

    def as_json(self) -> dict[str, object]:
        """Return the values under the fixed names of the command's output, as JSON can hold them.

        `channels` holds the raw samples (RFU by scan) under the dye's number; a channel that
        cannot be read whole is absent. `run_started` has no zone: the file names none.
        """
        if self.file is None:
            return {"path": self.path, "sha256": self.sha256, "error": str(self.error)}
        file = self.file
        started = file.run_started
        return {
            "path": self.path,
            "sha256": self.sha256,
            "format": "ABIF",
            "abif_version": file.version,
            "sample_name": file.sample_name,
            "well": file.well,
            "plate": file.plate,
            "run_name": file.run_name,
            "instrument_model": file.instrument_model,
            "instrument_serial": file.instrument_serial,
            "run_started": started.isoformat() if started else None,
            "injection_id": file.injection_id,
            "size_standard": file.size_standard,
            "dyes": [dye.name for dye in file.dyes],
            "channels": {
                str(dye): samples.tolist() for dye in RAW if (samples := file.raw(dye)) is not None
            },
            "signal": file.signal,
            "generations": len(file.generations),
            "off_scale": list(file.off_scale),
            "problems": list(self.problems),
        }


def inspect(content: bytes, *, path: str) -> Inspection:
    """Inspect one file; a file that cannot be read is an answer, not an exception."""
    digest = sha256(content).hexdigest()
    try:
        return Inspection(path, digest, read_abif(content, name=path), None)
    except AnalyzerFileError as error:
        return Inspection(path, digest, None, error)
