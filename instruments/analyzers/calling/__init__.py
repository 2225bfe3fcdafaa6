# SPDX-License-Identifier: Apache-2.0
"""Call a folder of analyzer files, and verify reported alleles against the signal: advisory."""

from instruments.analyzers.calling.folder import call_folder
from instruments.analyzers.calling.roles import FileRole, role_by_names
from instruments.analyzers.calling.values import CalledPeak, FileCalls, FolderCalls

__all__ = [
    "CalledPeak",
    "FileCalls",
    "FileRole",
    "FolderCalls",
    "call_folder",
    "role_by_names",
]
