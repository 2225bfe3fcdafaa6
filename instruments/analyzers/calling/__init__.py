# SPDX-License-Identifier: Apache-2.0
"""Call a folder of analyzer files, and verify reported alleles against the signal: advisory."""

from instruments.analyzers.calling.folder import call_folder
from instruments.analyzers.calling.roles import FileRole, role_by_names
from instruments.analyzers.calling.values import CalledPeak, FileCalls, FolderCalls
from instruments.analyzers.calling.verification import (
    AlleleCheck,
    LocusCheck,
    Support,
    Verdict,
    Verification,
    verify,
)

__all__ = [
    "AlleleCheck",
    "CalledPeak",
    "FileCalls",
    "FileRole",
    "FolderCalls",
    "LocusCheck",
    "Support",
    "Verdict",
    "Verification",
    "call_folder",
    "role_by_names",
    "verify",
]
