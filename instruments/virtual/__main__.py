# SPDX-License-Identifier: Apache-2.0
"""`python -m instruments.virtual --folder FOLDER`: the virtual devices as a process."""

import fcntl
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import click

from instruments.scanners import ScannerModel
from instruments.virtual.bench import RequestRefused, VirtualDevices
from instruments.virtual.paths import devices_folder

_DPMM = {"152": 6, "203": 8, "300": 12, "600": 24}


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), required=True)
@click.option("--station", "stations", multiple=True, help="Code of a station; may be repeated.")
@click.option(
    "--scanner-model",
    type=click.Choice([model.value for model in ScannerModel]),
    default=ScannerModel.HONEYWELL.value,
)
@click.option("--dpi", type=click.Choice(list(_DPMM)), default="300")
@click.option(
    "--printer-language",
    type=click.Choice(["zpl", "tspl"]),
    default="zpl",
    help="What printers speak that have not printed before.",
)
@click.option("--print-seconds", type=click.FloatRange(0.0, 60.0), default=0.1)
def main(
    folder: Path,
    stations: tuple[str, ...],
    scanner_model: str,
    dpi: str,
    printer_language: str,
    print_seconds: float,
) -> None:
    """Play the scanners and label printers of a laboratory that has none.

    Stations that had virtual devices in this folder before have them again. When started with a
    pipe as standard input, it ends when the pipe closes.
    """
    place = devices_folder(folder)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(place / "virtual.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise click.ClickException(f"virtual devices already run in {folder}") from None
    devices = VirtualDevices(
        folder,
        model=ScannerModel(scanner_model),
        dots_per_mm=_DPMM[dpi],
        print_seconds=print_seconds,
        language=printer_language,
    )
    before = sorted(path.name.removesuffix("-printed") for path in place.glob("*-printed"))
    for code in dict.fromkeys([*before, *stations]):
        try:
            devices.add(code)
        except RequestRefused as refusal:
            raise click.ClickException(f"station {code!r}: {refusal}") from None

    def end(*_: object) -> None:
        devices.stop = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if _is_pipe(sys.stdin.fileno()):
        if os.getpgid(0) != os.getpid() and os.getsid(0) != os.getpid():
            os.setpgid(0, 0)
        threading.Thread(target=_watch_parent, args=(end,), daemon=True).start()
    devices.run()


def _is_pipe(descriptor: int) -> bool:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _watch_parent(end: Callable[[], None]) -> None:
    """Wait for the end of standard input: the parent is gone, even when it was killed."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    end()


if __name__ == "__main__":
    main()
