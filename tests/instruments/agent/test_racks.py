# SPDX-License-Identifier: Apache-2.0
"""Racks through the agent: a scanner on the network, journal, server."""

import base64
from datetime import UTC, datetime

from instruments.racks import read_rack
from instruments.virtual.racks import RackScannerOnNetwork, Shape, rack_file

AT = datetime(2026, 11, 23, 11, 57, tzinfo=UTC)


def test_a_rack_is_sent_whole_once_it_is_over_and_half_of_one_is_told(
    bench_being_set_up, peer, station, wait_for
):
    bench = bench_being_set_up
    scanner = RackScannerOnNetwork()
    port = f'[[racks]]\nstation = "{station}"\nport = "{scanner.port_name}"\n'
    text = rack_file(
        {"A1": "A346790RK01"}, rows=8, columns=12, rack="C346790RK01", at=AT, shape=Shape.HEADED
    )
    try:
        bench.write_config(more=port)
        bench.start_agent()
        scanner.wait_until_heard(seconds=20)
        wait_for(lambda: peer.device("rack")[0] == "ready")
        for begin in range(0, len(text), 400):
            scanner.send(text[begin : begin + 400])
        wait_for(lambda: len(peer.racks) == 1)
        scanner.send(text[:300])
        scanner.hang_up()
        wait_for(lambda: len(peer.faults) == 1)
    finally:
        scanner.close()

    sent = base64.b64decode(peer.racks[0]["content"])
    assert sent == text
    assert read_rack(sent, name="").rack == "C346790RK01"
    assert peer.racks[0]["device"] == scanner.port_name
    assert peer.faults[0]["kind"] == "incomplete"
    assert peer.scans == []
