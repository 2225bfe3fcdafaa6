# SPDX-License-Identifier: Apache-2.0
"""Where the virtual devices of a laboratory's folder lie, and sockets below long paths."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The kernel takes 108 bytes with the closing zero (unix(7)); some systems take 104.
_LONGEST_SOCKET_PATH = 100


def devices_folder(folder: Path) -> Path:
    """Return the folder of the device links, the control socket and the printed labels."""
    return folder / "devices"


def scanner_link(folder: Path, station: str) -> Path:
    """Return the link to the pseudo-terminal of a station's scanner."""
    return devices_folder(folder) / f"{station}-scanner"


def printer_link(folder: Path, station: str) -> Path:
    """Return the link to the pseudo-terminal of a station's printer."""
    return devices_folder(folder) / f"{station}-printer"


def printed_folder(folder: Path, station: str) -> Path:
    """Return the folder in which a station's printed labels lie as NNNNNN.zpl or .tspl."""
    return devices_folder(folder) / f"{station}-printed"


@contextmanager
def socket_path(folder: Path) -> Iterator[str]:
    """Give a path of the control socket that is short enough to bind or connect to.

    A long folder is reached through a short-lived link in the system's temporary folder.
    """
    plain = devices_folder(folder) / "control.sock"
    if len(os.fsencode(plain)) <= _LONGEST_SOCKET_PATH:
        yield str(plain)
        return
    place = tempfile.mkdtemp(prefix="o-")
    if len(os.fsencode(place)) > _LONGEST_SOCKET_PATH - len("/d/control.sock"):
        os.rmdir(place)
        place = tempfile.mkdtemp(prefix="o-", dir="/tmp")
    link = os.path.join(place, "d")
    os.symlink(devices_folder(folder).absolute(), link)
    try:
        yield os.path.join(link, plain.name)
    finally:
        os.unlink(link)
        os.rmdir(place)
