# SPDX-License-Identifier: Apache-2.0
"""Bar-code scanners: bytes to `Scan` or `ScanFault`, and the tones that answer them.

Sources of the formats: Honeywell Xenon XP 1950g p. 97 and 1900 p. 98 (host acknowledgement), Symbol
SE955 p. 193 (SSI packets), Datalogic Gryphon 4200 p. 56 (ACK and NAK), ISO/IEC 15424 (AIM symbology
identifiers).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

LONGEST_FRAME = 200  # bytes; the longest code of ours has 11 characters
IDLE = 0.1  # seconds of silence after which a frame without its end is broken
_REST_OF_BROKEN = 1.0  # seconds in which the rest of a broken frame may still come

_STX, _ETX, _CR, _LF = 0x02, 0x03, 0x0D, 0x0A
_GS = 0x1D  # separates the fields of GS1 codes, and stands in no others
_AIM = re.compile(r"\](?P<letter>[A-Za-z])(?P<modifier>[0-9A-Za-z])")
_CARRIES_SEPARATORS = frozenset({"]C1", "]d2", "]Q3", "]e0"})


class ScannerModel(StrEnum):
    """How a scanner frames what it read and how it wants to be answered."""

    PLAIN = "plain"
    HONEYWELL = "honeywell"
    SSI = "ssi"
    DATALOGIC = "datalogic"


class FaultKind(StrEnum):
    """Why bytes from a scanner are not a scan."""

    INCOMPLETE = "incomplete"
    TOO_LONG = "too-long"
    NOT_ASCII = "not-ascii"
    CONTROL_CHARACTER = "control-character"
    MERGED = "merged"
    EMPTY = "empty"
    BAD_CHECKSUM = "bad-checksum"


class Tone(StrEnum):
    """What the person at the bench hears."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    STORED = "stored"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class Scan:
    """One code read; `symbology` is the AIM identifier (`]d1`), None if the scanner sent none."""

    text: str
    symbology: str | None
    raw: bytes


@dataclass(frozen=True)
class ScanFault:
    """Bytes that are not a scan; `raw` holds them all, or their first 200 when there were more."""

    kind: FaultKind
    raw: bytes


def read_frame(content: bytes, *, raw: bytes) -> Scan | ScanFault:
    """Make a scan of the content of one whole frame (without its terminators)."""
    if any(byte >= 0x80 for byte in content):
        return ScanFault(FaultKind.NOT_ASCII, raw)
    text = content.decode("ascii")
    symbology: str | None = None
    prefix = _AIM.match(text)
    if prefix:
        symbology = prefix.group()
        text = text[prefix.end() :]
    allowed = {_GS} if symbology in _CARRIES_SEPARATORS else set()
    if any(
        (ord(letter) < 0x20 or ord(letter) == 0x7F) for letter in text if ord(letter) not in allowed
    ):
        return ScanFault(FaultKind.CONTROL_CHARACTER, raw)
    if not text.strip():
        return ScanFault(FaultKind.EMPTY, raw)
    if _AIM.search(text):
        # Two codes without a terminator between them: which characters belong to which cannot be
        # known.
        return ScanFault(FaultKind.MERGED, raw)
    return Scan(text=text, symbology=symbology, raw=raw)


class LineFrames:
    """Cuts a byte stream at CR, LF or CRLF, or between STX and ETX, into scans and faults."""

    def __init__(self) -> None:
        self._frame = bytearray()
        self._last_byte_at = 0.0
        self._dropping = False
        self._broken_until = 0.0

    def feed(self, chunk: bytes, *, at: float) -> list[Scan | ScanFault]:
        """Take bytes that arrived at `at` (monotonic seconds) and return what they complete."""
        found = self.idle(at=at)
        for byte in chunk:
            found.extend(self._take(byte, at))
        if chunk:
            self._last_byte_at = at
        return found

    def idle(self, *, at: float) -> list[Scan | ScanFault]:
        """Give up a half frame after 100 ms of silence: a fault, never a scan."""
        if at - self._last_byte_at < IDLE or not (self._frame or self._dropping):
            return []
        broken, self._frame = bytes(self._frame), bytearray()
        dropped, self._dropping = self._dropping, False
        self._broken_until = at + _REST_OF_BROKEN
        return [] if dropped else [ScanFault(FaultKind.INCOMPLETE, broken)]

    def _take(self, byte: int, at: float) -> Sequence[Scan | ScanFault]:
        if byte == _STX:
            return self._begin_with_stx()
        within_stx = self._frame[:1] == bytes([_STX])
        ends = byte == _ETX if within_stx else byte in (_CR, _LF, _ETX)
        if self._dropping:
            self._dropping = not (ends or byte in (_CR, _LF))
            return ()
        if ends:
            return self._end(byte, at)
        self._frame.append(byte)
        if len(self._frame) > LONGEST_FRAME:
            raw, self._frame = bytes(self._frame[:LONGEST_FRAME]), bytearray()
            self._dropping = True
            return (ScanFault(FaultKind.TOO_LONG, raw),)
        return ()

    def _begin_with_stx(self) -> Sequence[ScanFault]:
        broken, self._frame = bytes(self._frame), bytearray([_STX])
        self._dropping = False
        return (ScanFault(FaultKind.INCOMPLETE, broken),) if broken else ()

    def _end(self, byte: int, at: float) -> Sequence[Scan | ScanFault]:
        raw, self._frame = bytes(self._frame), bytearray()
        if not raw:
            return ()  # the LF of a CRLF, or the CR after an ETX
        framed = raw[0] == _STX
        began_whole = framed or raw[:1] == b"]"
        if at < self._broken_until and not began_whole:
            # Without a mark at its start this may be the late rest of the frame given up before.
            self._broken_until = 0.0
            return (ScanFault(FaultKind.INCOMPLETE, raw + bytes([byte])),)
        self._broken_until = 0.0
        content = raw[1:].rstrip(b"\r\n") if framed else raw
        return (read_frame(content, raw=raw + bytes([byte])),)

    def replies(self) -> bytes:
        """Return what the line itself must answer: nothing in this framing."""
        return b""


class SsiOpcode:
    """The few SSI operation codes in use."""

    ACK = 0xD0
    NAK = 0xD1
    BEEP = 0xE6
    DECODE = 0xF3
    EVENT = 0xF6


_SSI_DECODER, _SSI_HOST = 0x00, 0x04
_SSI_RETRANSMITTED, _SSI_CONTINUED = 0x01, 0x02
_SSI_OURS = frozenset({SsiOpcode.ACK, SsiOpcode.NAK, SsiOpcode.BEEP})
# What a scanner says that is no scan, and how many bytes it says at most with it: all else would be
# an answer to a question that is never asked here.
_SSI_OF_NO_SCAN = {SsiOpcode.ACK: 0, SsiOpcode.NAK: 1, SsiOpcode.EVENT: 4}
_SSI_SYMBOLOGIES = {0x03: "]C0", 0x0F: "]C1", 0x1B: "]d1", 0x1C: "]Q1"}


def ssi_packet(
    opcode: int, content: bytes = b"", *, source: int = _SSI_HOST, status: int = 0
) -> bytes:
    """Build one SSI packet; its checksum is the 16-bit two's complement of the sum."""
    body = bytes([4 + len(content), opcode, source, status]) + content
    return body + (-sum(body) & 0xFFFF).to_bytes(2, "big")


class SsiFrames:
    """Cuts a byte stream into SSI packets, each acknowledged or asked for again."""

    def __init__(self) -> None:
        self._packet = bytearray()
        self._last_byte_at = 0.0
        self._last_decoded = b""
        self._replies = bytearray()

    def feed(self, chunk: bytes, *, at: float) -> list[Scan | ScanFault]:
        """Take bytes that arrived at `at` (monotonic seconds) and return what they complete."""
        found = self.idle(at=at)
        for byte in chunk:
            self._packet.append(byte)
            if self._packet[0] < 4:  # no packet is that short: noise before a packet
                found.append(ScanFault(FaultKind.BAD_CHECKSUM, bytes(self._packet)))
                self._packet.clear()
            elif len(self._packet) == self._packet[0] + 2:
                packet, self._packet = bytes(self._packet), bytearray()
                found.extend(self._read(packet))
        if chunk:
            self._last_byte_at = at
        return found

    def idle(self, *, at: float) -> list[Scan | ScanFault]:
        """Give up a half packet after 100 ms of silence and ask for it again."""
        if at - self._last_byte_at < IDLE or not self._packet:
            return []
        broken, self._packet = bytes(self._packet), bytearray()
        return [self._again(FaultKind.INCOMPLETE, broken)]

    def replies(self) -> bytes:
        """Return, once, the acknowledgements that the packets so far call for."""
        replies, self._replies = bytes(self._replies), bytearray()
        return replies

    def _again(self, kind: FaultKind, broken: bytes) -> ScanFault:
        """Ask for a packet again, which is a new scan unless it says that it was sent before."""
        self._replies += ssi_packet(SsiOpcode.NAK, b"\x01")
        if len(broken) < 4 or not broken[3] & _SSI_RETRANSMITTED:
            self._last_decoded = b""
        return ScanFault(kind, broken)

    def _read(self, packet: bytes) -> Sequence[Scan | ScanFault]:
        if -sum(packet[:-2]) & 0xFFFF != int.from_bytes(packet[-2:], "big"):
            return (self._again(FaultKind.BAD_CHECKSUM, packet),)
        opcode, source, status, content = packet[1], packet[2], packet[3], packet[4:-2]
        if source == _SSI_HOST and opcode in _SSI_OURS:
            return ()  # an echo of what was sent to the scanner
        no_scan = len(content) <= _SSI_OF_NO_SCAN.get(opcode, -1)
        if source != _SSI_DECODER or not (no_scan or opcode == SsiOpcode.DECODE):
            # The checksum is a sum: it does not see bytes that changed places.
            return (self._again(FaultKind.BAD_CHECKSUM, packet),)
        if opcode in (SsiOpcode.ACK, SsiOpcode.NAK):
            return ()
        self._replies += ssi_packet(SsiOpcode.ACK)
        if no_scan:
            return ()
        if not content:
            return (ScanFault(FaultKind.EMPTY, packet),)
        if status & _SSI_CONTINUED:
            return (ScanFault(FaultKind.TOO_LONG, packet),)  # a part of a code is no code
        if status & _SSI_RETRANSMITTED and content == self._last_decoded:
            return ()  # our acknowledgement was lost; the scan itself is already taken
        self._last_decoded = content
        scan = read_frame(content[1:], raw=packet)
        if isinstance(scan, Scan) and scan.symbology is None:
            return (Scan(scan.text, _SSI_SYMBOLOGIES.get(content[0]), packet),)
        return (scan,)


def frames_of(model: ScannerModel) -> LineFrames | SsiFrames:
    """Return a new frame cutter for a scanner of this model."""
    return SsiFrames() if model is ScannerModel.SSI else LineFrames()


_BEL, _ACK, _NAK = b"\x07", b"\x06", b"\x15"
_GOOD, _RAZZ, _MEDIUM_BEEP, _LOW_BEEP = b"\x1b7,", b"\x1b8,", b"\x1b5,", b"\x1b4,"
_FEEDBACK: dict[ScannerModel, dict[Tone, bytes]] = {
    # With BEL alone the number of beeps tells the tones apart: one is good, more are not.
    ScannerModel.PLAIN: {
        Tone.ACCEPTED: _BEL,
        Tone.STORED: _BEL * 2,
        Tone.REFUSED: _BEL * 3,
        Tone.AMBIGUOUS: _BEL * 4,
    },
    ScannerModel.HONEYWELL: {
        Tone.ACCEPTED: _GOOD,
        Tone.STORED: _MEDIUM_BEEP * 2,
        Tone.REFUSED: _RAZZ * 2,
        Tone.AMBIGUOUS: _RAZZ + _LOW_BEEP + _RAZZ,
    },
    ScannerModel.DATALOGIC: {
        Tone.ACCEPTED: _ACK,
        Tone.STORED: _ACK + _BEL,
        Tone.REFUSED: _NAK,
        Tone.AMBIGUOUS: _NAK + _BEL,
    },
    # SSI beep codes: 0 one short high, 6 two short low, 0x11 three long low, 0x14
    # high-low-high-low.
    ScannerModel.SSI: {
        Tone.ACCEPTED: ssi_packet(SsiOpcode.BEEP, b"\x00"),
        Tone.STORED: ssi_packet(SsiOpcode.BEEP, b"\x06"),
        Tone.REFUSED: ssi_packet(SsiOpcode.BEEP, b"\x11"),
        Tone.AMBIGUOUS: ssi_packet(SsiOpcode.BEEP, b"\x14"),
    },
}


def feedback(model: ScannerModel, tone: Tone) -> bytes:
    """Return the bytes that make a scanner of this model sound the tone."""
    return _FEEDBACK[model][tone]


def tone_of(model: ScannerModel, heard: bytes) -> Tone | None:
    """Return the tone that these bytes sound on a scanner of this model, or None."""
    if model is ScannerModel.SSI:
        heard = heard.removeprefix(ssi_packet(SsiOpcode.ACK))
    for tone, sound in _FEEDBACK[model].items():
        if sound == heard:
            return tone
    return None


def is_whole(model: ScannerModel, heard: bytes) -> bool:
    """Return whether these bytes are a tone of this model, and the beginning of no other."""
    if tone_of(model, heard) is None:
        return False
    if model is ScannerModel.SSI:
        heard = heard.removeprefix(ssi_packet(SsiOpcode.ACK))
    return sum(sound.startswith(heard) for sound in _FEEDBACK[model].values()) == 1
