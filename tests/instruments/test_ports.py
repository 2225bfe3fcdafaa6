# SPDX-License-Identifier: Apache-2.0
"""Serial ports over loop:// and real pseudo-terminals."""

import os
import threading
import time
import tty

import pytest

from instruments.ports import (
    PortBusy,
    PortFault,
    PortGone,
    PortStuck,
    PortUnusable,
    known_ports,
    open_port,
    open_when_there,
)


@pytest.fixture
def line():
    """A pseudo-terminal: the device's descriptor and the name of the host's end."""
    master, slave = os.openpty()
    tty.setraw(slave)
    open_ends = [master, slave]
    yield master, os.ttyname(slave), open_ends
    for end in open_ends:
        os.close(end)


def test_what_is_written_to_a_loop_is_read_from_it():
    with open_port("loop://") as port:
        port.write(b"]d1B346790RK01\r", within=60)

        assert port.read(within=60) == b"]d1B346790RK01\r"


def test_silence_is_an_empty_answer_after_the_time_given():
    with open_port("loop://") as port:
        begun = time.monotonic()

        assert port.read(within=0.1) == b""
        # Not sooner; how much later is the machine's doing.
        assert time.monotonic() - begun >= 0.1


def test_a_read_takes_no_more_than_it_may():
    with open_port("loop://") as port:
        port.write(b"abcdef", within=60)

        assert port.read(within=60, most=4) == b"abcd"
        assert port.read(within=60, most=1) == b"e"


def test_input_can_be_thrown_away():
    with open_port("loop://") as port:
        port.write(b"stale", within=60)
        port.discard_input()

        assert port.read(within=0.05) == b""


def test_bytes_pass_both_ways_through_a_terminal(line):
    master, name, _ = line
    with open_port(name) as port:
        port.write(b"~HS", within=60)
        assert os.read(master, 10) == b"~HS"

        os.write(master, b"\x02030")
        assert port.read(within=60) == b"\x02030"


def test_a_port_is_held_by_one_program_alone(line):
    _, name, _ = line
    with open_port(name), pytest.raises(PortBusy) as caught:
        open_port(name)

    assert caught.value.reason == "port-busy"
    open_port(name).close()


def test_a_port_that_is_not_there_is_gone():
    with pytest.raises(PortGone) as caught:
        open_port("/dev/serial/by-id/nothing-of-the-kind")

    assert caught.value.reason == "port-gone"
    assert caught.value.port == "/dev/serial/by-id/nothing-of-the-kind"


def test_a_name_of_no_known_kind_is_unusable():
    with pytest.raises(PortUnusable):
        open_port("carrier-pigeon://loft")


def test_unplugging_while_reading_is_gone(line):
    master, name, ends = line
    with open_port(name) as port:
        ends.remove(master)
        os.close(master)

        with pytest.raises(PortGone):
            port.read(within=60)


def test_unplugging_while_writing_is_gone(line):
    master, name, ends = line
    with open_port(name) as port:
        ends.remove(master)
        os.close(master)

        with pytest.raises(PortGone):
            port.write(b"^XA", within=60)


def test_a_device_that_takes_nothing_is_stuck_after_the_time_given(line):
    _, name, _ = line
    with open_port(name) as port, pytest.raises(PortStuck):
        port.write(b"x" * 100_000, within=0.2)


def test_what_was_stuck_does_not_go_out_later(line):
    master, name, _ = line
    os.set_blocking(master, False)
    with open_port(name, xonxoff=True) as port:
        os.write(master, b"\x13")
        time.sleep(0.3)
        with pytest.raises(PortStuck):
            port.write(b"^XA^FDlate^FS^XZ" * 2000, within=0.2)
        os.write(master, b"\x11")
        time.sleep(0.3)

        with pytest.raises(BlockingIOError):
            os.read(master, 10)


def test_a_pause_asked_of_the_last_holder_does_not_bind_the_next(line):
    master, name, _ = line
    with open_port(name, xonxoff=True):
        os.write(master, b"\x13")
        time.sleep(0.3)

    with open_port(name, xonxoff=True) as port:
        port.write(b"~HS", within=60)
        assert os.read(master, 10) == b"~HS"


def test_a_port_that_comes_late_is_opened_when_it_comes(tmp_path, line):
    _, name, _ = line
    link = tmp_path / "scanner"
    threading.Timer(0.15, lambda: link.symlink_to(name)).start()
    told: list[PortFault] = []

    port = open_when_there(
        lambda: open_port(str(link)), pause=threading.Event().wait, tell=told.append
    )

    assert port is not None
    port.close()
    assert told
    assert all(isinstance(fault, PortGone) for fault in told)


def test_waiting_for_a_port_ends_when_it_is_told_to():
    stop = threading.Event()
    stop.set()

    assert (
        open_when_there(lambda: open_port("/dev/nothing"), pause=stop.wait, tell=lambda fault: None)
        is None
    )


def test_closing_a_port_that_is_gone_is_no_fault(line):
    master, name, ends = line
    port = open_port(name)
    ends.remove(master)
    os.close(master)

    port.close()
    port.close()

    with pytest.raises(PortGone):
        port.read(within=0.1)


def test_known_ports_have_names():
    assert all(port.stable and port.device for port in known_ports())
