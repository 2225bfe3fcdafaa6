# SPDX-License-Identifier: Apache-2.0
"""What the agent lets through to a printer."""

import hashlib

import pytest

from instruments.agent.allowed import LabelRefused, check_label


def check(zpl):
    check_label(zpl, sha256=hashlib.sha256(zpl).hexdigest())


@pytest.mark.parametrize(
    "zpl",
    [
        b"^XA^FO10,10^FDB346790RK01^FS^XZ",
        b"^XA\n^PON^LH0,0\n^PW300^LL150\n^FXdatamatrix B346790RK01^FS\n"
        b"^FO1,1^GFA,8,8,1,FF,!:^FS\n^PQ1\n^XZ\n",
        b"^XA^CI28^FO1,1^A0N,20,20^FH_^FD_5E_7E^FS^BY2^BCN,40^FDB3^FS^PQ1,0,1,N^XZ",
    ],
)
def test_a_label_that_draws_passes(zpl):
    check(zpl)


@pytest.mark.parametrize(
    ("zpl", "reason"),
    [
        (b"^XA^FO1,1^FDx^FS^JUS^XZ", "command-not-allowed"),
        (b"^XA^FDx^FS~JR^XZ", "command-not-allowed"),
        (b"^XA~SD30^FDx^FS^XZ", "command-not-allowed"),
        (b"^XA^MD30^XZ", "command-not-allowed"),
        (b"^XA^CC#^XZ", "command-not-allowed"),
        (b"^XA^FD^^FS^XZ", "command-not-allowed"),
        (b"^XA^A@N,20,20^XZ", "command-not-allowed"),
        (b"^XA^xz^XZ", "command-not-allowed"),
        (b"^XA^FDx^FS^PQ2^XZ", "more-than-one-copy"),
        (b"^XA^FDx^FS^PQ1,0,2^XZ", "more-than-one-copy"),
        (b"^XA^FDx^FS^PQ^XZ", "more-than-one-copy"),
        (b"^XA^FDx^FS^XZ^XA^FDx^FS^XZ", "not-one-label"),
        (b"^XA^FDx^FS", "not-one-label"),
        (b"^FDx^FS^XZ", "not-one-label"),
        (b'! U1 setvar "x" "y"\r\n^XA^FDx^FS^XZ', "not-one-label"),
        (b"^XA^FDx^FS^XZ! U1", "not-one-label"),
        (b"", "not-one-label"),
        (b"^XA^FD\x10JR^FS^XZ", "label-not-plain"),
        (b"^XA^FD\x1eJUS^FS^XZ", "label-not-plain"),
        ("^XA^FDعظم^FS^XZ".encode(), "label-not-plain"),
        (b"^XA^FD" + b"x" * 300_000 + b"^FS^XZ", "label-too-long"),
    ],
)
def test_everything_else_is_refused_by_name(zpl, reason):
    with pytest.raises(LabelRefused) as caught:
        check(zpl)

    assert caught.value.reason == reason


def test_other_bytes_than_the_server_hashed_are_refused():
    with pytest.raises(LabelRefused) as caught:
        check_label(b"^XA^FDx^FS^XZ", sha256=hashlib.sha256(b"^XA^FDy^FS^XZ").hexdigest())

    assert caught.value.reason == "label-altered"
