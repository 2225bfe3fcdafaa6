# SPDX-License-Identifier: Apache-2.0
"""Bytes of scanners: what is a scan, what is a fault, and what is never either."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.scanners import (
    FaultKind,
    LineFrames,
    Scan,
    ScanFault,
    ScannerModel,
    SsiFrames,
    SsiOpcode,
    Tone,
    feedback,
    frames_of,
    is_whole,
    ssi_packet,
    tone_of,
)

CODE = "B346790RK01"


def texts(found):
    return [one.text if isinstance(one, Scan) else one.kind for one in found]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_every_usual_terminator_ends_a_scan(end):
    frames = LineFrames()

    found = frames.feed(b"]d1" + CODE.encode() + end, at=1.0)
    found += frames.feed(b"]d1SECOND" + end, at=1.1)

    assert texts(found) == [CODE, "SECOND"]


@pytest.mark.parametrize(
    ("prefix", "symbology"),
    [("]C0", "]C0"), ("]d1", "]d1"), ("]d2", "]d2"), ("]Q1", "]Q1"), ("", None)],
)
def test_the_symbology_is_read_from_the_prefix(prefix, symbology):
    (scan,) = LineFrames().feed(f"{prefix}{CODE}\r".encode(), at=1.0)

    assert scan == Scan(CODE, symbology, f"{prefix}{CODE}\r".encode())


def test_two_codes_in_one_read_are_two_scans():
    found = LineFrames().feed(b"]d1AAA\r]C0BBB\r", at=1.0)

    assert [(scan.text, scan.symbology) for scan in found] == [("AAA", "]d1"), ("BBB", "]C0")]


def test_a_frame_may_come_in_pieces():
    frames = LineFrames()
    found = []
    for number, byte in enumerate(b"]d1" + CODE.encode() + b"\r"):
        found += frames.feed(bytes([byte]), at=1.0 + number * 0.09)

    assert texts(found) == [CODE]


def test_a_half_frame_is_a_fault_after_a_tenth_of_a_second_and_never_a_scan():
    frames = LineFrames()

    assert frames.feed(b"]d1B3467", at=1.0) == []
    assert frames.idle(at=1.09) == []
    assert frames.idle(at=1.11) == [ScanFault(FaultKind.INCOMPLETE, b"]d1B3467")]
    assert frames.idle(at=9.0) == []


def test_the_late_rest_of_a_half_frame_is_no_scan():
    frames = LineFrames()
    frames.feed(b"]d1B3467", at=1.0)
    frames.idle(at=1.2)

    assert texts(frames.feed(b"90RK01\r", at=1.3)) == [FaultKind.INCOMPLETE]


def test_a_whole_frame_after_a_half_one_is_a_scan():
    frames = LineFrames()
    frames.feed(b"]d1B3467", at=1.0)
    frames.idle(at=1.2)

    assert texts(frames.feed(b"]d1WHOLE\r", at=1.3)) == ["WHOLE"]
    assert texts(frames.feed(b"PLAIN\r", at=1.4)) == ["PLAIN"]


def test_codes_run_together_without_a_terminator_are_a_fault():
    assert texts(LineFrames().feed(b"]d1AAA]d1BBB\r", at=1.0)) == [FaultKind.MERGED]


def test_an_over_long_frame_is_one_fault_and_the_next_frame_is_read():
    frames = LineFrames()

    found = frames.feed(b"]d1" + b"A" * 5000 + b"\r]d1NEXT\r", at=1.0)

    assert texts(found) == [FaultKind.TOO_LONG, "NEXT"]
    assert len(found[0].raw) == 200


def test_letters_of_an_arabic_keyboard_are_a_fault():
    assert texts(LineFrames().feed("لي26\r".encode(), at=1.0)) == [FaultKind.NOT_ASCII]


def test_control_characters_are_a_fault_except_separators_in_gs1_codes():
    assert texts(LineFrames().feed(b"]d1A\x1dB\r", at=1.0)) == [FaultKind.CONTROL_CHARACTER]
    assert texts(LineFrames().feed(b"]d2A\x1dB\r", at=1.0)) == ["A\x1dB"]
    assert texts(LineFrames().feed(b"A\x00B\r", at=1.0)) == [FaultKind.CONTROL_CHARACTER]


def test_a_prefix_without_a_code_is_a_fault():
    assert texts(LineFrames().feed(b"]d1\r", at=1.0)) == [FaultKind.EMPTY]


def test_frames_between_stx_and_etx_are_read():
    frames = LineFrames()

    found = frames.feed(b"\x02]d1AAA\x03\r\n\x02]d1BBB\r\x03", at=1.0)

    assert texts(found) == ["AAA", "BBB"]


def test_an_stx_in_the_middle_gives_up_the_frame_before():
    found = LineFrames().feed(b"\x02]d1AA\x02]d1BBB\x03", at=1.0)

    assert texts(found) == [FaultKind.INCOMPLETE, "BBB"]


@given(st.binary(max_size=600), st.integers(1, 20))
def test_noise_never_makes_more_than_is_in_it(noise, step):
    frames = LineFrames()
    found = []
    for begin in range(0, len(noise), step):
        found += frames.feed(noise[begin : begin + step], at=1.0)
    found += frames.idle(at=2.0)

    for one in found:
        assert one.raw in noise
        if isinstance(one, Scan):
            assert one.text.encode("ascii") in one.raw
            assert one.raw[-1:] in (b"\r", b"\n", b"\x03")


@given(st.text("34679CDFGHJKMNPQRTVWXY", min_size=1, max_size=20), st.integers(0, 23))
def test_a_cut_frame_is_never_a_scan(code, cut):
    whole = b"]d1" + code.encode() + b"\r"
    frames = LineFrames()

    found = frames.feed(whole[: min(cut, len(whole) - 1)], at=1.0) + frames.idle(at=2.0)

    assert not any(isinstance(one, Scan) for one in found)


def test_ssi_packets_are_those_of_the_published_examples():
    assert ssi_packet(SsiOpcode.ACK) == bytes.fromhex("04D00400FF28")
    assert ssi_packet(SsiOpcode.NAK, b"\x01") == bytes.fromhex("05D1040001FF25")
    assert ssi_packet(SsiOpcode.BEEP, b"\x00") == bytes.fromhex("05E6040000FF11")


def test_an_ssi_scan_is_read_and_acknowledged():
    frames = SsiFrames()

    (scan,) = frames.feed(bytes.fromhex("09F30000034C593236FDF4"), at=1.0)

    assert (scan.text, scan.symbology) == ("LY26", "]C0")
    assert frames.replies() == ssi_packet(SsiOpcode.ACK)
    assert frames.replies() == b""


def test_an_ssi_packet_with_a_bad_checksum_is_asked_for_again():
    frames = SsiFrames()

    (fault,) = frames.feed(bytes.fromhex("09F30000034C593237FDF4"), at=1.0)

    assert fault.kind is FaultKind.BAD_CHECKSUM
    assert frames.replies() == ssi_packet(SsiOpcode.NAK, b"\x01")


def test_an_ssi_packet_sent_again_is_one_scan():
    frames = SsiFrames()
    content = b"\x1bB346790RK01"
    first = ssi_packet(SsiOpcode.DECODE, content, source=0)
    again = ssi_packet(SsiOpcode.DECODE, content, source=0, status=1)

    found = frames.feed(first, at=1.0) + frames.feed(again, at=1.1)

    assert texts(found) == [CODE]
    assert frames.replies() == ssi_packet(SsiOpcode.ACK) * 2


def test_a_new_ssi_scan_of_the_same_code_that_was_damaged_is_taken_when_it_comes_again():
    frames = SsiFrames()
    content = b"\x1bB346790RK01"
    good = ssi_packet(SsiOpcode.DECODE, content, source=0)
    again = ssi_packet(SsiOpcode.DECODE, content, source=0, status=1)

    found = frames.feed(good, at=1.0) + frames.feed(good[:-1] + b"\x00", at=5.0)
    found += frames.feed(again, at=5.2) + frames.feed(again, at=7.2)

    assert texts(found) == [CODE, FaultKind.BAD_CHECKSUM, CODE]


@pytest.mark.parametrize(
    ("packet", "kind"),
    [
        (ssi_packet(SsiOpcode.DECODE, b"", source=0), FaultKind.EMPTY),
        (ssi_packet(SsiOpcode.DECODE, b"\x1bB34", source=0, status=2), FaultKind.TOO_LONG),
        (ssi_packet(0xA6, b"\x1bB346790RK01", source=0), FaultKind.BAD_CHECKSUM),
        (ssi_packet(SsiOpcode.DECODE, b"\x1bB346790RK01", source=9), FaultKind.BAD_CHECKSUM),
        (ssi_packet(SsiOpcode.ACK, b"\x1bB346790RK01", source=0), FaultKind.BAD_CHECKSUM),
    ],
)
def test_an_ssi_packet_that_is_no_whole_scan_is_told_and_never_dropped_unsaid(packet, kind):
    assert texts(SsiFrames().feed(packet, at=1.0)) == [kind]


def test_what_a_scanner_says_of_itself_is_no_scan():
    frames = SsiFrames()

    assert frames.feed(ssi_packet(SsiOpcode.EVENT, b"\x03", source=0), at=1.0) == []
    assert frames.replies() == ssi_packet(SsiOpcode.ACK)


def test_the_same_code_scanned_twice_over_ssi_is_two_scans():
    packet = ssi_packet(SsiOpcode.DECODE, b"\x1bB346790RK01", source=0)

    assert texts(SsiFrames().feed(packet * 2, at=1.0)) == [CODE, CODE]


def test_half_an_ssi_packet_is_a_fault():
    frames = SsiFrames()
    frames.feed(bytes.fromhex("09F30000034C"), at=1.0)

    (fault,) = frames.idle(at=1.2)

    assert fault.kind is FaultKind.INCOMPLETE


def test_the_scanners_acknowledgement_of_a_beep_is_no_scan():
    frames = SsiFrames()

    assert frames.feed(ssi_packet(SsiOpcode.ACK, source=0), at=1.0) == []
    assert frames.replies() == b""


@given(st.binary(max_size=300))
def test_noise_on_an_ssi_line_makes_no_scan(noise):
    frames = SsiFrames()

    found = frames.feed(noise, at=1.0) + frames.idle(at=2.0)

    for one in found:
        if isinstance(one, Scan):
            assert -sum(one.raw[:-2]) & 0xFFFF == int.from_bytes(one.raw[-2:], "big")


@pytest.mark.parametrize("model", list(ScannerModel))
def test_every_tone_sounds_different_on_every_scanner(model):
    sounds = {feedback(model, tone) for tone in Tone}

    assert len(sounds) == len(Tone)
    assert all(tone_of(model, feedback(model, tone)) is tone for tone in Tone)
    assert tone_of(model, b"\x00") is None


def test_a_tone_is_whole_only_where_no_further_byte_makes_it_another():
    def whole(model, tone):
        return is_whole(model, feedback(model, tone))

    assert all(whole(ScannerModel.HONEYWELL, tone) for tone in Tone)
    assert all(whole(ScannerModel.SSI, tone) for tone in Tone)
    assert [whole(ScannerModel.PLAIN, tone) for tone in Tone].count(True) == 1
    assert not whole(ScannerModel.DATALOGIC, Tone.ACCEPTED)
    assert whole(ScannerModel.DATALOGIC, Tone.STORED)
    assert not is_whole(ScannerModel.SSI, ssi_packet(SsiOpcode.ACK))
    assert not is_whole(ScannerModel.HONEYWELL, b"")


def test_honeywell_feedback_is_that_of_its_manual():
    assert feedback(ScannerModel.HONEYWELL, Tone.ACCEPTED) == b"\x1b7,"
    assert feedback(ScannerModel.HONEYWELL, Tone.REFUSED) == b"\x1b8,\x1b8,"


def test_each_model_is_read_in_its_own_framing():
    assert isinstance(frames_of(ScannerModel.SSI), SsiFrames)
    assert isinstance(frames_of(ScannerModel.HONEYWELL), LineFrames)
