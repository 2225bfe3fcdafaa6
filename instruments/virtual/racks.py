# SPDX-License-Identifier: Apache-2.0
"""A virtual whole-rack scanner: the text that scanners write about a rack, for trials and tests."""

import socket
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from instruments.racks import ROWS

UNREAD = "?"
"""What stands for a tube that the scanner could not read."""


class Shape(StrEnum):
    """The shapes of file that the common scanners write, by what is seen in them."""

    PLAIN = "position,code"
    RACK_FIRST = "rack,position,code"
    HEADED = "heading; position;code;state"
    CELLS = "date\ttime\tcell\tcolumn\trow\tcode\track"
    TRACED = "two lines above; position\tcode"


def rack_file(
    tubes: Mapping[str, str], *, rows: int, columns: int, rack: str, at: datetime, shape: Shape
) -> bytes:
    """Return what a scanner of `shape` writes of a rack of `rows` × `columns` positions.

    `tubes`: code at each position (A1), UNREAD where one stands that was not read; all else is
    empty.
    """
    lines = {
        Shape.PLAIN: _plain, Shape.RACK_FIRST: _rack_first, Shape.HEADED: _headed,
        Shape.CELLS: _cells, Shape.TRACED: _traced,
    }[shape]  # fmt: skip
    return "".join(f"{line}\r\n" for line in lines(tubes, rows, columns, rack, at)).encode()


def _positions(rows: int, columns: int) -> Iterator[tuple[str, int]]:
    for row in ROWS[:rows]:
        for column in range(1, columns + 1):
            yield row, column


def _plain(
    tubes: Mapping[str, str], rows: int, columns: int, rack: str, at: datetime
) -> Iterator[str]:
    for row, column in _positions(rows, columns):
        code = tubes.get(f"{row}{column}", "NO TUBE")
        yield f"{row}{column}, {'NO READ' if code == UNREAD else code}"


def _rack_first(
    tubes: Mapping[str, str], rows: int, columns: int, rack: str, at: datetime
) -> Iterator[str]:
    for line in _plain(tubes, rows, columns, rack, at):
        yield f"{rack}, {line}"


def _headed(
    tubes: Mapping[str, str], rows: int, columns: int, rack: str, at: datetime
) -> Iterator[str]:
    yield "TubePosition;TubeID;Status"
    for row, column in _positions(rows, columns):
        code = tubes.get(f"{row}{column}", "")
        state = {"": "Empty", UNREAD: "No Read"}.get(code, "OK")
        yield f"{row}{column:02};{'' if code == UNREAD else code};{state}"
    yield f"RackID;{rack}"


def _cells(
    tubes: Mapping[str, str], rows: int, columns: int, rack: str, at: datetime
) -> Iterator[str]:
    yield "Date\tTime\tLocationCell\tLocationColumn\tLocationRow\tTubeCode\tRackID"
    for row, column in _positions(rows, columns):
        code = tubes.get(f"{row}{column}", "No Tube")
        read = "No Read" if code == UNREAD else code
        yield f"{at:%Y%m%d}\t{at:%H%M%S}\t{row}{column}\t{column}\t{row}\t{read}\t{rack}"


def _traced(
    tubes: Mapping[str, str], rows: int, columns: int, rack: str, at: datetime
) -> Iterator[str]:
    yield f"Date & time of Trace = {at:%d %b %Y %I:%M:%S %p}"
    yield f"Rack Base Name: {rack}"
    for row, column in _positions(rows, columns):
        code = tubes.get(f"{row}{column}", "")
        yield f"{row}{column:02}\t{'ERROR' if code == UNREAD else code}"


class RackScannerOnNetwork:
    """A whole-rack scanner as a socket of this machine that one program listens to."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self._line: socket.socket | None = None
        self.port_name = f"socket://127.0.0.1:{self._door.getsockname()[1]}"

    def wait_until_heard(self, *, seconds: float) -> None:
        """Wait until a program has opened the line. Raises TimeoutError."""
        self._door.settimeout(seconds)
        self._line, _ = self._door.accept()

    def send(self, text: bytes) -> None:
        """Say the text of a rack, or a part of it."""
        if self._line is None:
            raise OSError("nobody listens")
        self._line.sendall(text)

    def hang_up(self) -> None:
        """Break the line, in the middle of whatever goes on."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def close(self) -> None:
        """Break the line and let nobody in again."""
        self.hang_up()
        self._door.close()
