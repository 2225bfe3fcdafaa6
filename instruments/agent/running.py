# SPDX-License-Identifier: Apache-2.0
"""The agent as a whole: starts a thread for every port and ends them within five seconds."""

import os
import threading
import time

from instruments.agent.health import Board, Heartbeat, tell
from instruments.agent.journal import Journal
from instruments.agent.printing import PrinterThread
from instruments.agent.racks import RackThread
from instruments.agent.scanning import Delivery, ScannerThread
from instruments.agent.server import Server, ServerAway
from instruments.agent.settings import BenchSettings, read_key
from instruments.agent.telling import LabelFetcher, Messenger

DRAIN = 4.5  # seconds the threads have to end once the agent is asked to


def run(settings: BenchSettings, *, stop: threading.Event) -> bool:
    """Work the benches until `stop` is set; return whether all threads ended in time.

    Raises `SettingsRefused`, `JournalUnusable`.
    """
    keys = {station.key_file: read_key(station.key_file) for station in settings.stations}
    journal = Journal(settings.journal)
    settings.agent_file.write_text(journal.agent + "\n", "ascii")
    servers = {path: Server(settings, key=key, agent=journal.agent) for path, key in keys.items()}
    of_station = {station.code: servers[station.key_file] for station in settings.stations}
    board = Board()
    messenger = Messenger(journal, of_station, stop)
    ports: list[threading.Thread] = []
    others: list[threading.Thread] = [messenger]
    rack_of = {rack.station: rack for rack in settings.racks}
    for station in settings.stations:
        server = of_station[station.code]
        rack = rack_of.get(station.code)
        delivery = Delivery(station.code, journal, server, stop)
        if station.scanner is not None or rack is not None:
            others.append(delivery)
        if rack is not None:
            ports.append(
                RackThread(rack, journal=journal, delivery=delivery, board=board, stop=stop)
            )
        if station.scanner is not None:
            ports.append(
                ScannerThread(
                    station.code,
                    station.scanner,
                    journal=journal,
                    delivery=delivery,
                    board=board,
                    stop=stop,
                )
            )
        if station.printer is not None:
            fetcher = LabelFetcher(
                station.code, station.printer, journal=journal, server=server, stop=stop
            )
            others.append(fetcher)
            ports.append(
                PrinterThread(
                    station.code,
                    station.printer,
                    journal=journal,
                    server=server,
                    messenger=messenger,
                    fetcher=fetcher,
                    board=board,
                    stop=stop,
                )
            )
    for key_file, one in servers.items():
        mine = frozenset(code for code, server in of_station.items() if server is one)
        others.append(
            Heartbeat(
                board, journal=journal, server=one, key_file=key_file, stations=mine, stop=stop
            )
        )
    for thread in [*ports, *others]:
        thread.start()
    tell(f"{journal.agent} runs {len(settings.stations)} stations for {settings.server}")
    stop.wait()
    deadline = time.monotonic() + DRAIN
    board.wake()
    for nudged in others:
        if isinstance(nudged, Messenger | Delivery):
            nudged.nudge()
    # Ports first: a label in flight is proven, or found ambiguous, before the messenger's last
    # word.
    for thread in [*ports, *others]:
        thread.join(max(0.0, deadline - time.monotonic()))
    try:
        while time.monotonic() < deadline and messenger.tell_next():
            continue
    except ServerAway:
        tell("outcomes wait in the journal for the next start")
    drained = not any(thread.is_alive() for thread in [*ports, *others])
    if drained:
        for one in servers.values():
            one.close()
        journal.close()
    return drained


def leave(*, drained: bool, failed: bool) -> None:
    """End the process; at once when a thread hangs, since the journal has all that matters."""
    tell("ends" if drained else "ends with a thread still under way")
    if not drained:
        os._exit(1 if failed else 0)
