# SPDX-License-Identifier: Apache-2.0
"""The ledger's format, and the check of an exported ledger that needs nothing but Python.

    python verifier.py EXPORT --checkpoints DIR --key FILE [--witness KEY ...] [--json]
    python verifier.py --proof FILE --key FILE [--json]
    python verifier.py --package FOLDER --key FILE [--witness KEY ...] [--json]
    python verifier.py --new-witness NAME --key MYKEY
    python verifier.py --witness CHECKPOINT --proof FILE --key MYKEY --state FILE
        [--ledger FILE] [--out FILE] [--json]

The second checks the proof of one thing, the third an unpacked package: the proof and every other
file. Exit status: 0 sound; 1 broken; 2 a file cannot be read;
3 sound, with events after the last signed checkpoint (or a last event that is not proved). The
last two are for a partner who witnesses the ledger: make a key once, then cosign checkpoints, each
only if it continues the one before. Exit status: 0 signed; 1 refused; 2 cannot be read. Copy this
one file anywhere: it imports the standard library only. Formats: RFC 8785 (canonical JSON,
without floats), RFC 6962 section 2.1 (Merkle tree), RFC 8032 (Ed25519), C2SP signed-note,
tlog-checkpoint and tlog-cosignature (checkpoints, certificates, key lines, witnesses).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import dataclasses
import datetime
import functools
import hashlib
import itertools
import json
import os
import re
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

VERSION = 1
MAX_LINE = 65_536  # bytes of one event, newline not counted
MAX_NOTE = 65_536  # bytes of one checkpoint or certificate
MAX_INTEGER = 2**53 - 1  # RFC 8785 section 3.2.2.3: larger ones change in readers that use doubles
OVERLAP = 60  # seconds: of two acts at once the one that began first may be written last
LISTED = 20  # findings and clock regressions spelled out; the rest are counted
CERTIFICATE = "osteon daily key v1"  # has spaces, so it can never be the origin of a checkpoint

_TIME = r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z"
_UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_PLAIN = r'[^\x00-\x20"\\]'  # characters that JSON writes as themselves, no blank
FIELDS = {  # in canonical order; each value as it stands on the line
    "actor": rf'"(?:system|(?:u|a|agent|console):{_PLAIN}{{1,120}})"',
    "cause": rf'"(?:{_UUID7})?"',
    "data": r"\{.*\}",
    "device": rf'"{_PLAIN}{{0,64}}"',
    "id": rf'"{_UUID7}"',
    "idem": rf'"{_PLAIN}{{1,200}}"',
    "log": r'"[^\x00-\x20"\\+]{1,120}"',
    "occurred": f'"{_TIME}"',
    "prev": r'"(?:[0-9a-f]{64})?"',
    "recorded": f'"{_TIME}"',
    "seq": r"(?:0|[1-9]\d{0,15})",
    "stream": r'"[A-Za-z0-9][A-Za-z0-9:._-]{0,63}"',
    "type": r'"[a-z]+(?:-[a-z]+)*(?::[a-z]+(?:-[a-z]+)*){2}"',
    "v": str(VERSION),
}
# Strings of the envelope hold no quote and no backslash, so a line that matches is canonical when
# its "data" is: only that part is parsed and written again, at a third of the cost of the whole.
_EVENT = re.compile(
    r"\{" + ",".join(f'"{name}":({form})' for name, form in FIELDS.items()) + r"\}", re.ASCII
)

# Most "data" is plain: no object within, no escape, no large number. That is canonical if its keys
# stand in order, which is seen without reading it.
_ONE = r'(?:"[ !#-\[\]-~]*"|0|-?[1-9]\d{0,14}|true|false|null)'
_VALUE = rf"(?:{_ONE}|\[(?:{_ONE}(?:,{_ONE})*)?\])"
_PLAIN_KEY = r'"([a-z0-9_]+)":'
_plain_data = re.compile(
    rf"\{{(?:{_PLAIN_KEY}{_VALUE}(?:,{_PLAIN_KEY}{_VALUE})*)?\}}", re.ASCII
).fullmatch
_plain_keys = re.compile(_PLAIN_KEY, re.ASCII).findall

_NOT_CANONICAL = "it is not in canonical form (order of keys, blanks, escapes)"


# --- Canonical JSON -------------------------------------------------------------------------------


class Malformed(ValueError):
    """Bytes that do not follow the format; `reason` is a stable code, `words` say what is wrong."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words


def _no_float(text: str) -> NoReturn:
    raise Malformed("number", f"the number {text[:40]} is not a whole number")


def _whole(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        raise Malformed("number", f"the number {text[:40]} is beyond 2^53 - 1")
    return int(text)


_read_json = json.JSONDecoder(
    parse_float=_no_float, parse_int=_whole, parse_constant=_no_float
).decode
_write_json = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


def canonical(value: object) -> bytes:
    """Write a value as canonical JSON (RFC 8785 without floats); raise Malformed for what it bans.

    Allowed: objects with ASCII keys, lists and tuples, NFC strings, whole numbers of at most
    2^53 - 1, true, false and null. Byte-identical to RFC 8785 for these.
    """
    _check_value(value)
    try:
        return _write_json(value).encode()
    except UnicodeEncodeError:
        raise Malformed("text", "a string holds half of a surrogate pair") from None


def _check_value(value: object) -> None:
    if isinstance(value, str):
        if not unicodedata.is_normalized("NFC", value):
            raise Malformed("text", f"the text {value[:40]!r} is not in Unicode normal form C")
    elif isinstance(value, dict):
        for key, held in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise Malformed("key", f"the key {key!r} is not ASCII text")
            _check_value(held)
    elif isinstance(value, list | tuple):
        for held in value:
            _check_value(held)
    elif value is None or isinstance(value, bool):
        return
    elif not isinstance(value, int):
        raise Malformed("number", f"{type(value).__name__} {value!r} cannot stand in the ledger")
    elif abs(value) > MAX_INTEGER:
        raise Malformed("number", f"the number {value} is beyond 2^53 - 1")


def read_canonical(text: str) -> Any:
    """Read canonical JSON; raise Malformed unless writing it again gives the same text."""
    try:
        value = _read_json(text)
        if _write_json(value) != text:
            raise Malformed("canonical", _NOT_CANONICAL)
        if not text.isascii():
            _check_value(value)
    except RecursionError:
        raise Malformed("json", "it is nested too deeply") from None
    except Malformed:
        raise
    except ValueError as error:
        raise Malformed("json", f"it is not JSON ({error})") from None
    return value


# --- Merkle tree (RFC 6962 section 2.1) -----------------------------------------------------------

_sha256 = hashlib.sha256
EMPTY_ROOT = _sha256(b"").digest()


def leaf_hash(content: bytes) -> bytes:
    """Hash the bytes of one event: SHA-256 of 0x00 and the bytes."""
    return _sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one: SHA-256 of 0x01, left and right."""
    return _sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a Merkle tree: what is needed to append and to know the root."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)  # roots of the perfect subtrees, largest first
        if len(self.peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has not {len(self.peaks)} peaks")

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf hash; return the perfect subtrees it completes as (level, index, hash)."""
        completed = []
        rest, level = self.size, 0
        while rest & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            rest >>= 1
            level += 1
            completed.append((level, rest, leaf))
        self.peaks.append(leaf)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Give the root hash of the tree."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def check_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Say whether `path` proves that `leaf` is number `index` of `size` (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    last, found = size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            found = node_hash(step, found)
            while not index & 1 and index:
                index >>= 1
                last >>= 1
        else:
            found = node_hash(found, step)
        index >>= 1
        last >>= 1
    return last == 0 and found == root


def check_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, path: list[bytes]
) -> bool:
    """Say whether `path` proves that the tree of `new` leaves extends that of `old` (RFC 9162)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = list(path)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        return False
    low, last = old - 1, new - 1
    while low & 1:
        low >>= 1
        last >>= 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if low & 1 or low == last:
            first = node_hash(step, first)
            second = node_hash(step, second)
            while not low & 1 and low:
                low >>= 1
                last >>= 1
        else:
            second = node_hash(second, step)
        low >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == new_root


# --- Stream heads: the proof that an event is the last of its stream ------------------------------

DEPTH = 16  # 65,536 buckets: about 15 streams in each when a laboratory holds a million


def head_entry(stream: str, count: int, last: bytes) -> tuple[int, bytes]:
    """Give the bucket of a stream and its 64-byte entry there (name hash, hash of its head).

    `count` is the number of its events, `last` the leaf hash of the last one. Names are hashed so
    that showing a bucket to prove one stream tells nothing readable about the others.
    """
    name = _sha256(stream.encode()).digest()
    head = leaf_hash(f"{stream} {count} {last.hex()}".encode())
    return int.from_bytes(name[: DEPTH // 8]), name + head


def bucket_hash(entries: Iterable[bytes]) -> bytes:
    """Hash the entries of one bucket, in the order of their name hashes."""
    return leaf_hash(b"".join(sorted(entries)))


def _empty_levels() -> list[bytes]:
    levels = [bucket_hash(())]
    for _ in range(DEPTH):
        levels.append(node_hash(levels[-1], levels[-1]))
    return levels


EMPTY_HEADS = _empty_levels()  # [level] -> hash of a subtree of empty buckets


def raise_heads(
    changed: dict[int, bytes], stored: Callable[[int, list[int]], dict[int, bytes]]
) -> list[dict[int, bytes]]:
    """Carry changed buckets up to the root; return the changed nodes of each level, root last.

    `stored(level, indexes)` gives the nodes known so far; an absent one is a subtree of empty
    buckets.
    """
    levels = [changed]
    for level in range(DEPTH):
        below = levels[-1]
        lacking = [index ^ 1 for index in below if index ^ 1 not in below]
        known = stored(level, lacking) | below
        empty = EMPTY_HEADS[level]
        levels.append(
            {
                index: node_hash(known.get(2 * index, empty), known.get(2 * index + 1, empty))
                for index in {index >> 1 for index in below}
            }
        )
    return levels


def check_last(
    stream: str, count: int, last: bytes, entries: list[bytes], path: list[bytes], root: bytes
) -> bool:
    """Say whether event number `count` - 1 with the leaf hash `last` is the last of its stream.

    `entries` are those of the stream's bucket, `path` leads from the bucket to the signed `root`.
    """
    bucket, entry = head_entry(stream, count, last)
    names = [held[:32] for held in entries]
    if entry not in entries or len(path) != DEPTH or any(len(held) != 64 for held in entries):
        return False
    if names != sorted(set(names)):  # one entry for each stream, so it has one last event
        return False
    found = bucket_hash(entries)
    for level, step in enumerate(path):
        pair = (step, found) if bucket >> level & 1 else (found, step)
        found = node_hash(*pair)
    return found == root


class Heads:
    """The map from stream to last event, held in memory; its root stands in each checkpoint.

    A stream takes 112 bytes: its entry, then the leaf hash, number and place of its last event.
    What changed since the last root waits beside them, so that an entry is hashed once a root.
    """

    _END = 48  # bytes beside an entry of 64
    _WAITING = 20_000  # streams that changed and are not yet in their buckets
    _NAMES = 50_000  # names whose hashes are remembered

    def __init__(self) -> None:
        self._entries: dict[int, bytearray] = {}  # in the order of their name hashes
        self._ends: dict[int, bytearray] = {}
        self._nodes = [[EMPTY_HEADS[level]] * (1 << DEPTH - level) for level in range(DEPTH + 1)]
        self._dirty: set[int] = set()
        self._count = 0
        self._waiting: dict[str, tuple[int, bytes, int]] = {}
        self._names: dict[str, tuple[bytes, int]] = {}

    def __len__(self) -> int:
        self._write()
        return self._count

    def put(self, stream: str, count: int, last: bytes, index: int = 0) -> None:
        """Note that `stream` now has `count` events and ends with the leaf hash `last`.

        `index` is the place of that event in the log.
        """
        self._waiting[stream] = count, last, index
        if len(self._waiting) > self._WAITING:
            self._write()

    def last(self, stream: str) -> tuple[int, bytes, int] | None:
        """Give number, leaf hash and place of a stream's last event; the number counts from 0."""
        waiting = self._waiting.get(stream)
        if waiting is not None:
            return waiting[0] - 1, waiting[1], waiting[2]
        name, bucket = self._names.get(stream) or self._name(stream)
        at = self._place(name, self._entries.get(bucket, b""))
        if at < 0:
            return None
        end = self._ends[bucket][at * self._END :][: self._END]
        return int.from_bytes(end[32:40]) - 1, bytes(end[:32]), int.from_bytes(end[40:])

    def root(self) -> bytes:
        """Give the root over all buckets."""
        self._write()
        nodes = self._nodes[0]
        for bucket in self._dirty:
            nodes[bucket] = _sha256(b"\x00" + self._entries[bucket]).digest()
        changed = self._dirty
        for below, nodes in itertools.pairwise(self._nodes):
            changed = {index >> 1 for index in changed}
            for index in changed:
                pair = b"\x01" + below[2 * index] + below[2 * index + 1]
                nodes[index] = _sha256(pair).digest()
        self._dirty = set()
        return self._nodes[DEPTH][0]

    def _write(self) -> None:
        """Put what waits into the buckets."""
        size = self._END
        for stream, (count, last, index) in self._waiting.items():
            name, bucket = self._names.get(stream) or self._name(stream)
            head = _sha256(f"\x00{stream} {count} {last.hex()}".encode()).digest()
            end = last + count.to_bytes(8) + index.to_bytes(8)
            entries = self._entries.get(bucket)
            if entries is None:
                self._entries[bucket], self._ends[bucket] = bytearray(name + head), bytearray(end)
                self._count += 1
            elif (at := self._place(name, entries)) >= 0:
                entries[at * 64 + 32 : at * 64 + 64] = head
                self._ends[bucket][at * size : at * size + size] = end
            else:
                names = (entries[start : start + 32] for start in range(0, len(entries), 64))
                at = sum(one < name for one in names)
                entries[at * 64 : at * 64] = name + head
                self._ends[bucket][at * size : at * size] = end
                self._count += 1
            self._dirty.add(bucket)
        self._waiting.clear()

    def _name(self, stream: str) -> tuple[bytes, int]:
        """Give the hash of a stream's name, and its bucket."""
        name = _sha256(stream.encode()).digest()
        if len(self._names) >= self._NAMES:
            self._names.clear()
        found = self._names[stream] = name, int.from_bytes(name[: DEPTH // 8])
        return found

    @staticmethod
    def _place(name: bytes, entries: bytes | bytearray) -> int:
        """Give the number of a stream's entry in its bucket, or -1."""
        at = entries.find(name)
        while at > 0 and at % 64:
            at = entries.find(name, at + 1)
        return at // 64


# --- Ed25519 (RFC 8032 section 5.1) ---------------------------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
_Point = tuple[
    int, int, int, int
]  # extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z
_ZERO: _Point = (0, 1, 1, 0)


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether a 64-byte signature of `message` was made with the key of `public` (32 bytes)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    point = _decompress(public)
    scalar = int.from_bytes(signature[32:], "little")
    if point is None or scalar >= _L:
        return False
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(hashed, "little") % _L
    x, y, z, t = point
    minus = (-x % _P, y, z, -t % _P)
    # [S]B - [k]A; R is compared in its encoded form, which also refuses encodings that are not
    # canonical. The key of a day signs a hundred checkpoints, so tables are worth their making.
    _uses[public] = _uses.get(public, 0) + 1
    if _uses[public] > _FEW:
        _uses[b""] = _uses.get(b"", 0) + 1
        found = _by_table(_table(_GENERATOR, 8 if _uses[b""] > _MANY else 5), scalar, _ZERO)
        return _compress(_by_table(_table(minus, 5), challenge, found)) == signature[:32]
    table = (_ZERO, _GENERATOR, minus, _add(_GENERATOR, minus))  # both in one walk (Shamir's trick)
    found = _ZERO
    for bit in range(max(scalar.bit_length(), challenge.bit_length()) - 1, -1, -1):
        found = _double(found)
        choice = (scalar >> bit & 1) | (challenge >> bit & 1) << 1
        if choice:
            found = _add(found, table[choice])
    return _compress(found) == signature[:32]


_FEW = 3  # signatures of one key that are checked without a table
_MANY = 150  # signatures that are worth a large table of the generator
_uses: dict[bytes, int] = {}  # by key; those that took a table under no key
# [digit][value - 1] -> y - x, y + x, 2dxy; a digit of `width` bits has a sign
_Table = tuple[int, list[list[tuple[int, int, int]]]]


@functools.lru_cache(maxsize=4)
def _table(point: _Point, width: int) -> _Table:
    """List the multiples of a point for every digit of a scalar, as affine points."""
    half, rows = 1 << width - 1, -(-254 // width)
    points = []
    for _ in range(rows):
        found = point
        for _ in range(half):
            points.append(found)
            found = _add(found, point)
        point = _double(points[-1])
    ready = _ready(points)
    return width, [ready[row * half : (row + 1) * half] for row in range(rows)]


def _ready(points: list[_Point]) -> list[tuple[int, int, int]]:
    """Make points affine; one inverse serves all (Montgomery's trick)."""
    before, product = [], 1
    for _, _, z, _ in points:
        before.append(product)
        product = product * z % _P
    inverse, ready = pow(product, -1, _P), []
    for (x, y, z, _), product in zip(reversed(points), reversed(before), strict=True):
        own = inverse * product % _P
        inverse = inverse * z % _P
        x, y = x * own % _P, y * own % _P
        ready.append(((y - x) % _P, (y + x) % _P, 2 * _D * x * y % _P))
    ready.reverse()
    return ready


_LOW = (1 << 255) - 1  # 2^255 is 19, so what stands above these bits counts 19 times below


def _by_table(table: _Table, scalar: int, found: _Point) -> _Point:
    """Add the multiple of the table's point to `found`."""
    width, rows = table
    half, mask, low = 1 << width - 1, (1 << width) - 1, _LOW
    x1, y1, z1, t1 = found
    for row in rows:
        digit = scalar & mask
        scalar >>= width
        if digit > half:
            scalar += 1
            plus, minus, product = row[mask - digit]
            c = -t1 * product
        elif digit:
            minus, plus, product = row[digit - 1]
            c = t1 * product
        else:
            continue
        a = (y1 - x1) * minus
        b = (y1 + x1) * plus
        a = (a & low) + 19 * (a >> 255)
        b = (b & low) + 19 * (b >> 255)
        c = (c & low) + 19 * (c >> 255)
        d = 2 * z1
        e, f, g, h = b - a, d - c, d + c, b + a
        x1, y1, z1, t1 = e * f % _P, g * h % _P, f * g % _P, e * h % _P
    return x1, y1, z1, t1


def _add(first: _Point, second: _Point) -> _Point:
    x1, y1, z1, t1 = first
    x2, y2, z2, t2 = second
    a = (y1 - x1) * (y2 - x2) % _P
    b = (y1 + x1) * (y2 + x2) % _P
    c = 2 * t1 * t2 * _D % _P
    d = 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _double(point: _Point) -> _Point:
    x, y, z, _ = point
    a, b = x * x % _P, y * y % _P
    h = a + b
    e = h - (x + y) * (x + y) % _P
    g = a - b
    f = 2 * z * z + g
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _compress(point: _Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    return (y * inverse % _P | (x * inverse % _P & 1) << 255).to_bytes(32, "little")


@functools.lru_cache(maxsize=16)
def _decompress(encoded: bytes) -> _Point | None:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def ed25519_public(seed: bytes) -> bytes:
    """Give the 32-byte public key of a secret of 32 bytes."""
    return _compress(_times(_expand(seed)[0], _GENERATOR))


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    """Sign with a secret of 32 bytes; return 64 bytes.

    The time it takes depends on the secret (Python's whole numbers do not work in constant time),
    so sign on a machine of your own, where nobody else can measure it.
    """
    scalar, prefix = _expand(seed)
    public = _compress(_times(scalar, _GENERATOR))
    once = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % _L
    point = _compress(_times(once, _GENERATOR))
    hashed = hashlib.sha512(point + public + message).digest()
    answer = (once + int.from_bytes(hashed, "little") * scalar) % _L
    return point + answer.to_bytes(32, "little")


def _expand(seed: bytes) -> tuple[int, bytes]:
    if len(seed) != 32:
        raise ValueError(f"a secret has 32 bytes, not {len(seed)}")
    hashed = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(hashed[:32], "little") & ~7 & ~(1 << 255) | 1 << 254
    return scalar, hashed[32:]


def _times(scalar: int, point: _Point) -> _Point:
    found = _ZERO
    for bit in range(scalar.bit_length() - 1, -1, -1):
        found = _double(found)
        if scalar >> bit & 1:
            found = _add(found, point)
    return found


def _generator() -> _Point:
    point = _decompress((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    if point is None:
        raise AssertionError("RFC 8032 section 5.1 defines this point")
    return point


_GENERATOR = _generator()


# --- Signed notes, keys, checkpoints, certificates ------------------------------------------------


PLAIN = 1  # C2SP signed-note: an Ed25519 signature of the text
COSIGNER = 4  # C2SP tlog-cosignature: of the text and the time, by a witness


def key_id(name: str, public: bytes, kind: int = PLAIN) -> bytes:
    """Give the four bytes by which a signature names its Ed25519 key (C2SP signed-note)."""
    return _sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


@dataclass(frozen=True)
class PublicKey:
    """A named Ed25519 key; the name of the long-term key is the origin of the log."""

    name: str
    public: bytes
    kind: int = PLAIN

    @property
    def id(self) -> bytes:
        """Give the four bytes by which a signature names this key."""
        return key_id(self.name, self.public, self.kind)

    def line(self) -> str:
        """Write the key as a verifier-key line: name, key id in hex, algorithm and key."""
        held = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{held}"


def read_key(line: str, kind: int = PLAIN) -> PublicKey:
    """Read one verifier-key line of this kind; raise Malformed if it is none."""
    parts = line.strip().split("+", 2)
    held = _base64(parts[2]) if len(parts) == 3 else b""
    if len(held) != 33 or held[0] != kind or not _is_name(parts[0]):
        whose = " of a witness" if kind == COSIGNER else ""
        raise Malformed("key", f"it is not one verifier-key line of an Ed25519 key{whose}")
    key = PublicKey(parts[0], held[1:], kind)
    if parts[1] != key.id.hex():
        raise Malformed("key", "its key id does not fit its name and key")
    return key


def _is_name(text: str) -> bool:
    return re.fullmatch(FIELDS["log"], f'"{text}"') is not None


def _base64(text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("base64", f"{text[:40]!r} is not base64") from None
    if base64.b64encode(content).decode() != text:
        raise Malformed("base64", f"{text[:40]!r} is not base64 in its one proper spelling")
    return content


@dataclass(frozen=True)
class Note:
    """A signed text: `signatures` are (name of the key, key id, signature)."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def written(self) -> str:
        """Write the note: the text, an empty line, one line for each signature."""
        lines = (
            f"\u2014 {name} {base64.b64encode(short + signature).decode()}\n"
            for name, short, signature in self.signatures
        )
        return f"{self.text}\n{''.join(lines)}"

    def signed_by(self, key: PublicKey) -> bool:
        """Say whether a signature of this key stands under the note and is right."""
        return any(
            (name, given) == (key.name, key.id)
            and ed25519_verify(key.public, self.text.encode(), signature)
            for name, given, signature in self.signatures
        )

    def cosigned_by(self, key: PublicKey) -> tuple[int, ...]:
        """Give the times (POSIX seconds) of this witness's cosignatures, oldest first.

        Raise Malformed if one bears the witness's name and key id and is wrong: such a note is
        not to be believed at all (C2SP signed-note).
        """
        found = []
        for name, given, signature in self.signatures:
            if (name, given) != (key.name, key.id):
                continue
            at = int.from_bytes(signature[:8])
            message = cosigned(self.text, at)
            if not ed25519_verify(key.public, message, signature[8:]) or at >= 2**63:
                raise Malformed("cosignature", f"the cosignature of {name} is wrong")
            found.append(at)
        return tuple(sorted(found))


def sign_note(text: str, key: PublicKey, sign: Callable[[bytes], bytes]) -> Note:
    """Sign a text that ends with a newline; `sign` makes the 64 bytes with the secret of `key`."""
    return Note(text, ((key.name, key.id, sign(text.encode())),))


def cosigned(text: str, at: int) -> bytes:
    """Give the message that a witness signs at `at` (POSIX seconds) over a checkpoint's text."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def cosign_note(note: Note, key: PublicKey, sign: Callable[[bytes], bytes], at: int) -> Note:
    """Add the cosignature of a witness (C2SP tlog-cosignature, Ed25519) to a checkpoint."""
    signature = at.to_bytes(8) + sign(cosigned(note.text, at))
    return Note(note.text, (*note.signatures, (key.name, key.id, signature)))


def read_note(content: bytes) -> Note:
    """Read a signed note; raise Malformed if it is none. The signatures are not yet checked."""
    if len(content) > MAX_NOTE:
        raise Malformed("note", f"it is longer than {MAX_NOTE} bytes")
    try:
        written = content.decode()
    except UnicodeDecodeError:
        raise Malformed("note", "it is not UTF-8 text") from None
    text, found, signed = written.rpartition("\n\n")
    if not found or not signed.endswith("\n") or any(ord(c) < 32 and c != "\n" for c in written):
        raise Malformed("note", "it is not a signed note")
    signatures = []
    for line in signed[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or not _is_name(parts[1]):
            raise Malformed("note", f"{line[:60]!r} is not a signature line")
        held = _base64(parts[2])
        if len(held) < 5:
            raise Malformed("note", f"{line[:60]!r} holds no signature")
        signatures.append((parts[1], held[:4], held[4:]))
    return Note(f"{text}\n", tuple(signatures))


@dataclass(frozen=True)
class Checkpoint:
    """What is signed: the log of `size` events has this root, and its streams these heads."""

    origin: str
    size: int
    root: bytes
    at: str  # UTC, as in events
    heads: bytes
    streams: int

    def text(self) -> str:
        """Write the text to sign (C2SP tlog-checkpoint with two extension lines)."""
        root, heads = (base64.b64encode(held).decode() for held in (self.root, self.heads))
        return f"{self.origin}\n{self.size}\n{root}\ntime {self.at}\nheads {heads} {self.streams}\n"


_CHECKPOINT = re.compile(
    rf"([^\x00-\x20\"\\+]{{1,120}})\n(0|[1-9]\d{{0,15}})\n([A-Za-z0-9+/=]{{44}})\n"
    rf"time ({_TIME})\nheads ([A-Za-z0-9+/=]{{44}}) (0|[1-9]\d{{0,15}})\n",
    re.ASCII,
)


def read_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint; raise Malformed if it is none."""
    match = _CHECKPOINT.fullmatch(text)
    if match is None or not _is_date(match[4][:10]):
        raise Malformed("checkpoint", "its text is not that of a checkpoint")
    return Checkpoint(
        match[1], int(match[2]), _base64(match[3]), match[4], _base64(match[5]), int(match[6])
    )


def daily_key(origin: str, day: str, public: bytes) -> PublicKey:
    """Name the key that signs the checkpoints of one day (UTC, YYYY-MM-DD)."""
    return PublicKey(f"{origin}/{day}", public)


def certificate_text(origin: str, day: str, public: bytes) -> str:
    """Write the text by which the long-term key certifies the key of one day."""
    return f"{CERTIFICATE}\n{origin}\n{day}\n{daily_key(origin, day, public).line()}\n"


def read_certificate(text: str) -> tuple[str, PublicKey]:
    """Read the text of a certificate; return the day and its key, or raise Malformed."""
    lines = text.split("\n")
    if len(lines) != 5 or lines[0] != CERTIFICATE or lines[4] or not _is_date(lines[2]):
        raise Malformed("certificate", "its text is not that of a certificate of a daily key")
    key = read_key(lines[3])
    if key.name != f"{lines[1]}/{lines[2]}" or key.line() != lines[3]:
        raise Malformed("certificate", "the key it names is not that of its log and day")
    return lines[2], key


def _is_date(text: str) -> bool:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is None:
        return False
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


# --- The check of a whole ledger ------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (or a clock regression); of an event as far as it can be named.

    `index` counts events from 0, `line` lines from 1; -1 and "" where there is no such thing.
    """

    reason: str
    words: str
    index: int = -1
    line: int = -1
    id: str = ""
    stream: str = ""
    seq: int = -1
    type: str = ""
    note: str = ""  # the file of the checkpoint or certificate concerned

    def __str__(self) -> str:
        event = f" [event {self.index}, line {self.line}" if self.index >= 0 else ""
        if self.id:
            event += f", id {self.id}, stream {self.stream}, seq {self.seq}, {self.type}"
        return f"{self.words}{event}{']' if event else ''}"


@dataclass(frozen=True)
class Cosignature:
    """A witness's word that it saw the ledger of `size` events, at `at` (UTC, by its own clock).

    `key` says whose key it was checked with: "known" is one that you named, "named" one that only
    the package names; under an "unknown" one nothing is checked.
    """

    name: str
    size: int
    at: str
    key: str = "known"
    note: str = ""  # the file of the checkpoint
    early: bool = False  # dated before the checkpoint was: one of the clocks was wrong

    def __str__(self) -> str:
        words = f"the first {self.size} events, {self.at}"
        if self.note:
            words += f" ({self.note})"
        if self.early:
            words += "; dated before the checkpoint itself: one of the two clocks was wrong"
        if self.key == "unknown":
            return (
                f"Note: not checked is what is signed in the name of {self.name}, {words}: you"
                f" named no key of this witness (--witness)"
            )
        if self.key == "named":
            words += (
                "; its key is known from this package alone: ask the witness for it (--witness)"
            )
        return f"Witnessed by {self.name}: {words}"


@dataclass
class Report:
    """The verdict on a ledger, with its grounds."""

    origin: str
    size: int = 0
    root: str = ""
    checkpoints: int = 0
    signed: int = 0  # events under the newest good checkpoint
    signed_at: str = ""
    found: int = 0
    findings: list[Finding] = field(default_factory=list)  # the first LISTED of them
    mark: Checkpoint | None = None  # the newest that fits
    regressed: int = 0
    regressions: list[Finding] = field(default_factory=list)
    cosignatures: list[Cosignature] = field(default_factory=list)  # the newest of each witness
    unknown: list[Cosignature] = field(default_factory=list)  # told, not trusted: no key
    ignored: list[str] = field(default_factory=list)  # files among the checkpoints that are none

    @property
    def unsigned(self) -> int:
        """Count the events after the newest good checkpoint."""
        return max(self.size - self.signed, 0)

    @property
    def verdict(self) -> str:
        """Say "sound", "broken" or "unsigned" (sound, but the last events are not signed yet)."""
        if self.found:
            return "broken"
        return "unsigned" if self.unsigned else "sound"

    @property
    def exit_status(self) -> int:
        """Give 0 for sound, 1 for broken, 3 for sound with an unsigned tail."""
        return {"sound": 0, "broken": 1, "unsigned": 3}[self.verdict]

    def add(self, finding: Finding) -> None:
        """Take a finding, unless the same event has one already (what follows from the first)."""
        if finding.index >= 0 and any(known.index == finding.index for known in self.findings):
            return
        self.found += 1
        if len(self.findings) < LISTED:
            self.findings.append(finding)

    def put(self, finding: Finding) -> None:
        """Take a finding instead of what is known of the same event, unless that is its origin."""
        for at, known in enumerate(self.findings):
            if known.index == finding.index >= 0:
                if known.reason != "origin":
                    self.findings[at] = dataclasses.replace(
                        known, reason=finding.reason, words=finding.words
                    )
                return
        self.add(finding)

    def as_json(self) -> dict[str, object]:
        """Give the report as a value for JSON."""
        value = dataclasses.asdict(self)
        del value["mark"]
        return {"verdict": self.verdict, "unsigned": self.unsigned} | value


@dataclass(frozen=True)
class Place:
    """Where an event stands, and what it says of itself."""

    index: int
    line: int
    id: str = ""
    stream: str = ""
    seq: int = -1
    type: str = ""

    def finding(self, reason: str, words: str, note: str = "") -> Finding:
        return Finding(
            reason, words, self.index, self.line, self.id, self.stream, self.seq, self.type, note
        )


def verify(
    lines: Iterable[bytes],
    notes: Iterable[tuple[str, bytes]],
    key: PublicKey,
    leaves: Callable[[int], Iterable[bytes]] = lambda size: (),
    again: Callable[[], Iterable[bytes]] | None = None,
    witnesses: Iterable[PublicKey] = (),
    progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Check an exported ledger against checkpoints and the long-term key.

    `lines` are the events, each with its newline; `notes` are (file name, content) of checkpoints
    and certificates. `leaves(size)` may give the first `size` leaf hashes as the ledger kept them
    (32 bytes each) and `again()` the lines once more: with both, a root that does not fit is traced
    to the event that was changed. Neither is believed; they only help to name it. `witnesses` are
    keys of partners whose cosignatures under checkpoints are checked and listed. `progress` is told
    now and then how many events are done.

    A million streams take 120 MB; what grows with the events lies in a temporary file.
    """
    report = Report(key.name)
    marks = check_notes(notes, key, report, tuple(witnesses))
    with Names() as names:
        walk = Walk(report, marks, names=names)
        for raw in lines:
            walk.take(raw)
            if not walk.line % _TELL:
                progress(walk.line)
        walk.finish()
        for finding in names.findings():
            report.put(finding)
    if again is None and isinstance(lines, Sequence):
        again = functools.partial(iter, lines)
    if again is not None:
        name_events(report, again)
        if walk.misfit is not None:
            trace(report, *walk.misfit, leaves, again)
    return report


_TELL = 20_000  # events between two words on how far it is


def check_notes(
    notes: Iterable[tuple[str, bytes]],
    key: PublicKey,
    report: Report,
    witnesses: tuple[PublicKey, ...] = (),
) -> list[tuple[Checkpoint, str]]:
    """Read and check certificates and checkpoints; return the good checkpoints by size."""
    keys: dict[str, list[PublicKey]] = {}
    held: list[tuple[str, Note, Checkpoint]] = []
    for name, content in sorted(notes):
        declared = name.endswith((".checkpoint", ".certificate"))
        try:
            note = read_note(content)
            if note.text.startswith(f"{CERTIFICATE}\n"):
                day, certified = read_certificate(note.text)
                if note.signed_by(key):
                    keys.setdefault(day, []).append(certified)
                else:
                    words = f"{name}: this certificate is not signed by the long-term key"
                    report.add(Finding("certificate-signature", words, note=name))
            elif declared or note.text.startswith(f"{key.name}\n"):
                held.append((name, note, read_checkpoint(note.text)))
                declared = True
                keys_given = ((witness, "known") for witness in witnesses)
                for one in read_cosignatures(name, note, held[-1][2], keys_given, report):
                    if one.key == "known":
                        report.cosignatures = _newest(report.cosignatures, one)
                    else:
                        report.unknown = _newest(report.unknown, one)
            else:
                report.ignored.append(name)
        except Malformed as error:
            if declared:
                words = f"{name} cannot be read: {error.words}"
                report.add(Finding("note", words, note=name))
            else:
                report.ignored.append(name)
    good = []
    for name, note, mark in held:
        words = ""
        if mark.origin != key.name:
            words = f"{name}: this checkpoint is of another log, {mark.origin}"
        elif not any(note.signed_by(daily) for daily in keys.get(mark.at[:10], [])):
            words = (
                f"{name}: the checkpoint of {mark.size} events at {mark.at} bears no right"
                f" signature of a key that the long-term key certified for {mark.at[:10]}"
            )
        if words:
            reason = "checkpoint-signature" if mark.origin == key.name else "checkpoint-origin"
            report.add(Finding(reason, words, note=name))
        else:
            good.append((mark, name))
    good.sort(key=lambda pair: (pair[0].size, pair[0].at))
    report.checkpoints = len({mark for mark, _ in good})  # a cosigned copy is the same one
    for (old, old_name), (new, new_name) in itertools.pairwise(good):
        if old.size == new.size and (old.root, old.heads) != (new.root, new.heads):
            words = f"{old_name} and {new_name} sign two different ledgers of {old.size} events"
            report.add(Finding("checkpoint-fork", words, note=new_name))
        elif new.at < old.at:
            words = (
                f"{new_name} covers more events than {old_name} but is dated earlier,"
                f" {new.at} before {old.at}"
            )
            report.add(Finding("checkpoint-time", words, note=new_name))
    return good


def cosignature(name: str, size: int, at: int) -> Cosignature:
    """Describe a cosignature made at `at` (POSIX seconds)."""
    when = datetime.datetime.fromtimestamp(min(at, 253402300799), datetime.UTC)
    return Cosignature(name, size, f"{when:%Y-%m-%dT%H:%M:%SZ}")


def read_cosignatures(
    file: str, note: Note, mark: Checkpoint, keys: Iterable[tuple[PublicKey, str]], report: Report
) -> Iterator[Cosignature]:
    """Check every cosignature under a checkpoint; yield those that are right or have no key.

    `keys` are witnesses' keys, each with whose word it is ("known", "named"). A wrong one is a
    finding: such a note is not to be believed at all (C2SP signed-note).
    """
    held = {(key.name, key.id): (key, whose) for key, whose in keys}
    for name, short, signature in note.signatures:
        key, whose = held.get((name, short), (None, "unknown"))
        if key is None and len(signature) != 72:
            continue  # the laboratory's own, or of a kind that is not known here
        at = int.from_bytes(signature[:8])
        if key is not None and (
            at >= 2**63 or not ed25519_verify(key.public, cosigned(note.text, at), signature[8:])
        ):
            words = f"{file}: the cosignature of {name} is wrong, over {mark.size} events"
            report.add(Finding("cosignature", words, note=file))
            continue
        found = cosignature(name, mark.size, at)
        made = f'"{found.at[:-1]}.000000Z"'
        early = _seconds(made, f'"{mark.at}"') > OVERLAP
        yield dataclasses.replace(found, key=whose, note=file, early=early)


def _newest(known: list[Cosignature], fresh: Cosignature) -> list[Cosignature]:
    """Keep of each witness the cosignature over most events."""
    same = [one for one in known if one.name == fresh.name]
    if same and (same[0].size, same[0].at) >= (fresh.size, fresh.at):
        return known
    return [*(one for one in known if one not in same), fresh]


_orders: set[tuple[str, ...]] = set()  # keys of plain data that were found to stand in order


def _is_plain(text: str) -> bool:
    """Say whether "data" is so plain that it is seen to be canonical."""
    if _plain_data(text) is None:
        return False
    keys = tuple(_plain_keys(text))  # only a key has a quote and a colon after it
    if keys in _orders:
        return True
    if any(first >= second for first, second in itertools.pairwise(keys)):
        return False
    if len(_orders) < 1_000:
        _orders.add(keys)
    return True


_days: set[str] = set()  # dates that were found to exist; a ledger has few


def read_event(content: bytes) -> tuple[str, ...]:
    """Check the form of one event; return its fields, in order of FIELDS, as on the line.

    Raise Malformed for anything but canonical JSON with exactly the fields of the format.
    """
    if len(content) > MAX_LINE:
        raise Malformed("length", f"it is longer than {MAX_LINE} bytes")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise Malformed("encoding", "it is not UTF-8 text") from None
    match = _EVENT.fullmatch(text)
    try:
        if match is None:
            raise Malformed(*_what_is_wrong(text))
        fields = match.groups()
        if not _is_plain(fields[2]):
            read_canonical(fields[2])
    except RecursionError:  # from the search for what is wrong
        raise Malformed("json", "it is nested too deeply") from None
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        raise Malformed("text", "its text is not in Unicode normal form C")
    for day in (fields[7][1:11], fields[9][1:11]):
        if day not in _days:
            if not _is_date(day):
                raise Malformed("time", f"there is no day {day}")
            _days.add(day)
    return fields


class Names:
    """The ids, keys and causes of all events: what came twice, what never came.

    Ids as their bits, keys by their hashes, 24 bytes each, in 256 parts; beyond some megabytes in a
    temporary file. So a part can be compared by itself.
    """

    _PARTS = 256
    _HELD = 16 * 2**20  # bytes in memory
    _ROW = 24
    _WAITING = 5_000  # events

    def __init__(self) -> None:
        self._parts = [bytearray() for _ in range(self._PARTS)]
        self._chunks: list[list[tuple[int, int]]] = [[] for _ in range(self._PARTS)]
        self._waiting: list[tuple[str, str, str, int]] = []
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Names:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, id_: str, idem: str, cause: str, index: int) -> None:
        """Take note of an event; texts in their quotes, as on the line."""
        self._waiting.append((id_, idem, cause, index))
        if len(self._waiting) >= self._WAITING:
            self._sort()

    def _sort(self) -> None:
        """Put what waits into the parts."""
        parts, bits = self._parts, bytes.fromhex
        for id_, idem, cause, index in self._waiting:
            place = index.to_bytes(7)
            # Whoever wrote the events cannot foresee the part: Python salts its hashes.
            parts[hash(id_) & 255] += bits(id_[1:-1].replace("-", "")) + b"\x00" + place
            name = _sha256(idem.encode()).digest()
            parts[name[16]] += name[:16] + b"\x01" + place
            if cause != '""':
                parts[hash(cause) & 255] += bits(cause[1:-1].replace("-", "")) + b"\x02" + place
        self._waiting.clear()
        if sum(map(len, parts)) > self._HELD:
            self._spill()

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed on exit
        for part, chunks in zip(self._parts, self._chunks, strict=True):
            chunks.append((self._file.tell(), len(part)))
            self._file.write(part)
            part.clear()

    def findings(self) -> Iterator[Finding]:
        """Yield what came a second time, and the causes that never came, by their place."""
        self._sort()
        found: list[Finding] = []
        for number, part in enumerate(self._parts):
            rows = bytearray()
            if self._file is not None:
                for start, length in self._chunks[number]:
                    self._file.seek(start)
                    rows += self._file.read(length)
                self._file.seek(0, os.SEEK_END)
            rows += part
            found += self._compared(bytes(rows))
            if len(found) > 1000:
                break  # nobody reads more
        yield from sorted(found, key=lambda finding: (finding.index, finding.reason == "cause"))

    def _compared(self, rows: bytes) -> Iterator[Finding]:
        """Compare the rows of one part."""
        names = [rows[at : at + 17] for at in range(0, len(rows), self._ROW)]
        once = set(names)
        causes = [name for name in names if name[16] == 2]
        if len(names) - len(causes) == len(once) - len(set(causes)) and once.issuperset(
            name[:16] + b"\x00" for name in causes
        ):
            return
        before = b""
        for row in sorted(rows[at : at + self._ROW] for at in range(0, len(rows), self._ROW)):
            index, kind = int.from_bytes(row[17:]), row[16]
            if kind == 2:
                if before[:16] != row[:16]:
                    words = "The event names a cause that is not in the ledger"
                    yield Finding("cause", words, index, index + 1)
            elif before[:17] == row[:17]:
                what = "id" if kind == 0 else "key"
                words = (
                    f"The {what} of this event stands in the ledger a second time: it was replayed"
                )
                yield Finding("idem" if kind else "id", words, index, index + 1)
            # A cause is compared with the id that it names, which is sorted before it.
            before = before if kind == 2 and before[:16] == row[:16] else row


class Walk:
    """The one pass over the events: form, order, links, roots.

    Begun after the first `tree.size` events where these are known to be sound: `before(stream)`
    gives number, leaf hash and place of a stream's last event among them, and the list of last
    events is not compared (`whole` is false). `names` takes note of ids, keys and causes.
    """

    def __init__(
        self,
        report: Report,
        marks: Sequence[tuple[Checkpoint, str]],
        *,
        names: Names | None = None,
        tree: Frontier | None = None,
        heads: Heads | None = None,
        before: Callable[[str], tuple[int, bytes, int] | None] | None = None,
        latest: str = "",
    ) -> None:
        self.report = report
        self.marks = marks
        self.next = 0  # the mark to be compared next
        self.tree = tree if tree is not None else Frontier()
        self.heads = heads if heads is not None else Heads()
        self.line = self.tree.size
        self.latest = latest
        self.misfit: tuple[Checkpoint, str] | None = None
        self.whole = before is None
        self._names = names
        self._before = before
        self._origin = f'"{report.origin}"'
        self._last: tuple[str, ...] | Place | None = None
        while self.next < len(marks) and marks[self.next][0].size < self.tree.size:
            self.next += 1
        self._marks()

    def take(self, raw: bytes) -> tuple[bytes, tuple[str, ...], list[tuple[int, int, bytes]]]:
        """Check one event, given with its newline.

        Returns its leaf hash, its fields (none if it is malformed) and the subtrees it completes.
        """
        self.line += 1
        content = raw[:-1] if raw.endswith(b"\n") else raw
        leaf = _sha256(b"\x00" + content).digest()
        event: tuple[str, ...] = ()
        try:
            if len(raw) == len(content) <= MAX_LINE:
                raise Malformed("line", "the file ends in the middle of it")
            event = read_event(content)
        except Malformed as error:
            place = guess(content, self.tree.size, self.line)
            words = f"Line {self.line} is not an event of this ledger: {error.words}"
            self.report.add(place.finding(error.reason, words))
            if place.stream and place.seq >= 0:
                self.heads.put(place.stream, place.seq + 1, leaf, place.index)
            self._last = place
        else:
            self._last = event
            self._link(event, leaf)
        completed = self.tree.append(leaf)
        if self.next < len(self.marks) and self.marks[self.next][0].size == self.tree.size:
            self._marks()
        return leaf, event, completed

    @property
    def last(self) -> Place | None:
        """Give the place of the last event taken."""
        if isinstance(self._last, tuple):
            return _place_of(self._last, self.tree.size - 1, self.line)
        return self._last

    def _link(self, fields: tuple[str, ...], leaf: bytes) -> None:
        """Check how an event fits those before it."""
        _, cause, _, _, id_, idem, log, _, prev, recorded, seq_, quoted, _, _ = fields
        place, seq, stream = self.tree.size, int(seq_), quoted[1:-1]
        if log != self._origin:
            words = f"The event is of another log, {log[1:-1]}, not of {self.report.origin}"
            self._add(fields, "origin", words)
        if self._names is not None:
            self._names.add(id_, idem, cause, place)
        known = self.heads.last(stream)
        if known is None and self._before is not None:
            known = self._before(stream)
        count, head, index = known if known is not None else (-1, b"", -1)
        if seq != count + 1:
            if seq > count + 1:
                gone = f"{count + 1}" if seq == count + 2 else f"{count + 1} to {seq - 1}"
                words = f"Event {gone} of the stream {stream} is missing before this one"
            else:
                words = f"The stream {stream} has had an event number {seq} before this one"
            self._add(fields, "seq", words)
        elif prev[1:-1] != head.hex():
            if known is None:
                words = f"The first event of the stream {stream} refers to one before it"
                self._add(fields, "prev", words)
            else:
                words = (
                    f"The event does not fit what event {place} (id {id_[1:-1]}, the next of"
                    f" its stream) remembers of it: it was changed after it was written, or else"
                    f" that one's memory of it was"
                )
                self.report.add(Finding("prev", words, index, index + 1, stream=stream, seq=count))
        self.heads.put(stream, seq + 1, leaf, place)
        if recorded >= self.latest:
            self.latest = recorded
        elif _seconds(recorded, self.latest) > OVERLAP:
            words = f"recorded at {recorded[1:-1]}, after one of {self.latest[1:-1]}"
            self._regress(_place_of(fields, place, self.line), words)

    def _add(self, fields: tuple[str, ...], reason: str, words: str) -> None:
        """Take a finding about the event that is being taken."""
        place = _place_of(fields, self.tree.size, self.line)
        self.report.add(place.finding(reason, words))

    def _regress(self, place: Place, words: str) -> None:
        self.report.regressed += 1
        if len(self.report.regressions) < LISTED:
            self.report.regressions.append(place.finding("clock", f"The clock went back: {words}"))

    def _marks(self) -> None:
        """Compare every checkpoint of the present size."""
        size, last = self.tree.size, self.last
        while self.next < len(self.marks) and self.marks[self.next][0].size == size:
            mark, name = self.marks[self.next]
            self.next += 1
            if mark.root != self.tree.root():
                if self.misfit is None:
                    self.misfit = (mark, name)
                    self.report.add(self._misfit(mark, name))
            elif self.whole and (mark.heads, mark.streams) != (self.heads.root(), len(self.heads)):
                words = f"{name}: the list of last events it signs is not that of the {size} events"
                self.report.add(Finding("heads", words, note=name))
            else:
                self.report.signed, self.report.signed_at = size, mark.at
                self.report.mark = mark
                if last is not None and _seconds(f'"{mark.at}"', self.latest) > OVERLAP:
                    self._regress(
                        last, f"{name} of {mark.at} covers an event of {self.latest[1:-1]}"
                    )

    def _misfit(self, mark: Checkpoint, name: str) -> Finding:
        first, last = self.report.signed, mark.size - 1
        words = (
            f"{name}: the first {mark.size} events are not those that were signed at {mark.at}."
            f" Among events {first} to {last} one was changed, removed, added or moved"
        )
        return Finding("root", words, note=name)

    def finish(self) -> None:
        """Take note of the end of the export."""
        report, size = self.report, self.tree.size
        report.size, report.root = size, self.tree.root().hex()
        if self.next == len(self.marks):
            return
        mark, name = self.marks[-1]
        words = (
            f"{name}: {mark.size} events were signed at {mark.at}, the export ends after {size}:"
            f" {mark.size - size} are missing"
        )
        last = self.last
        if not report.found and last is not None:
            # The chains and roots before hold, so it is the end that was cut.
            words = f"The end of the ledger was cut off after this event. {words}"
            report.add(last.finding("cut", words, name))
        else:
            report.add(Finding("cut", words, note=name))


def name_events(report: Report, again: Callable[[], Iterable[bytes]]) -> None:
    """Fill in id, stream, number and type of events of which only the place is known."""
    lacking = {known.index for known in report.findings if known.index >= 0 and not known.id}
    for index, raw in enumerate(again() if lacking else ()):
        if index in lacking:
            place = guess(raw.removesuffix(b"\n"), index, index + 1)
            report.findings = [
                place.finding(known.reason, known.words, known.note)
                if known.index == index and not known.id
                else known
                for known in report.findings
            ]
            lacking.discard(index)
        if not lacking:
            return


def _seconds(earlier: str, later: str) -> float:
    """Count the seconds between two instants, each in its quotes."""
    first, second = (datetime.datetime.fromisoformat(text[1:-1]) for text in (earlier, later))
    return (second - first).total_seconds()


def _place_of(fields: tuple[str, ...], index: int, line: int) -> Place:
    """Name an event by its fields."""
    id_, stream, type_ = (fields[at][1:-1] for at in (4, 11, 12))
    return Place(index, line, id_, stream, int(fields[10]), type_)


def guess(content: bytes, index: int, line: int) -> Place:
    """Name an event, as far as it can be read, even if it is not in proper form."""
    held: dict[str, Any] = {}
    if len(content) <= MAX_LINE:
        text = content.decode(errors="replace")
        for name in ("id", "stream", "seq", "type"):
            match = re.search(f'"{name}":({FIELDS[name]})[,}}]', text, re.ASCII)
            held[name] = match[1].strip('"') if match else ""
    seq = int(held["seq"]) if held.get("seq") else -1
    return Place(index, line, held.get("id", ""), held.get("stream", ""), seq, held.get("type", ""))


def _what_is_wrong(text: str) -> tuple[str, str]:
    """Say why a line is not an event: reason and words."""
    if text.startswith("\ufeff"):
        return "canonical", "it begins with a byte order mark"
    if text.endswith("\r"):
        return "canonical", "it ends with a carriage return; the file was opened in an editor"
    try:
        value = _read_json(text)
    except Malformed as error:
        return error.reason, error.words
    except (ValueError, RecursionError) as error:
        return "json", f"it is not JSON ({error})"
    if not isinstance(value, dict):
        return "json", "it is not a JSON object"
    lacking = sorted(FIELDS.keys() - value.keys())
    foreign = sorted(str(key)[:40] for key in value.keys() - FIELDS.keys())
    if lacking or foreign:
        return "fields", f"fields missing: {lacking or 'none'}; unknown fields: {foreign or 'none'}"
    for name, form in FIELDS.items():
        if re.fullmatch(form, _write_json(value[name]), re.ASCII | re.DOTALL) is None:
            return "field", f"its field {name!r} has not the form that the ledger writes"
    return "canonical", _NOT_CANONICAL


def trace(
    report: Report,
    mark: Checkpoint,
    name: str,
    leaves: Callable[[int], Iterable[bytes]],
    again: Callable[[], Iterable[bytes]],
) -> None:
    """Find the event that makes the root of `mark` differ, by the leaf hashes that were kept."""
    tree = Frontier()
    for leaf in leaves(mark.size):
        tree.append(leaf)
    if tree.size != mark.size or tree.root() != mark.root:
        return  # these leaves are not the signed ones either

    def given() -> Iterator[bytes]:
        lines = itertools.islice(again(), mark.size + 1)
        return (leaf_hash(raw.removesuffix(b"\n")) for raw in lines)

    def home(of: bytes, held: Iterable[bytes]) -> int:
        return next((index for index, leaf in enumerate(held) if leaf == of), -1)

    pairs = itertools.zip_longest(given(), leaves(mark.size))
    index, (wrong, right) = next(
        ((i, pair) for i, pair in enumerate(pairs) if pair[0] != pair[1] and pair[0] and pair[1]),
        (-1, (b"", b"")),
    )
    if index < 0:
        return
    line = next(itertools.islice(again(), index, None)).removesuffix(b"\n")
    place = guess(line, index, index + 1)
    signed_as, now_at = home(wrong, leaves(mark.size)), home(right, given())
    if signed_as >= 0:
        if now_at >= 0:
            words = f"This event was moved: it was signed as event {signed_as}"
        else:
            words = f"{signed_as - index} events that were signed are missing before this one"
    elif now_at >= 0:
        words = f"This event was put in after the signing ({now_at - index} in all at this place)"
    else:
        words = "This event was changed after it was signed"
        after = slice(index + 1, index + 2)
        follows = list(itertools.islice(given(), after.start, after.stop))
        if follows and follows == list(
            itertools.islice(leaves(mark.size), after.start, after.stop)
        ):
            words += "; the next one is as it was"
    others = [known for known in report.findings if known.reason != "root" and known.index != index]
    report.found -= len(report.findings) - len(others) - 1
    report.findings = [place.finding("root", f"{words} ({name}, {mark.at})", name), *others]


# --- The proof of one thing -----------------------------------------------------------------------

PROOF_LINE = 2**20  # bytes of one line of a proof, newline not counted
_PROOF_FIELDS = {  # kind of line -> its fields, beside "kind"
    "proof": {"v", "log", "key", "code", "streams", "left_out", "events", "lines"},
    "note": {"name", "text"},
    "event": {"index", "path", "event"},
    "last": {"stream", "entries", "path"},
}


@dataclass
class ProofReport(Report):
    """The verdict on the proof of one thing; `size` counts the events that it shows."""

    code: str = ""
    streams: list[str] = field(default_factory=list)  # the thing, then all that it came from
    open: list[str] = field(default_factory=list)  # those whose last event is not proved
    left_out: list[str] = field(default_factory=list)  # what it shared with other things

    @property
    def verdict(self) -> str:
        """Say "sound", "broken" or "open" (sound, but later events may be left out)."""
        if self.found:
            return "broken"
        return "open" if self.open else "sound"

    @property
    def exit_status(self) -> int:
        """Give 0 for sound, 1 for broken, 3 for sound with the last event not proved."""
        return {"sound": 0, "broken": 1, "open": 3}[self.verdict]


def check_proof(lines: Iterable[bytes], key: PublicKey) -> ProofReport:
    """Check the proof of one thing: lines with their newlines, against the long-term key.

    Every event shown stands in the signed log at its place; within each stream none is left out;
    all that the first events name as parents is there, or is a batch or plate that the heading says
    is left out; and where the proof says so, no event came
    after the last one before the checkpoint was signed.
    """
    proof = _Proof(ProofReport(key.name), key)
    for raw in lines:
        proof.take(raw)
    proof.finish()
    return proof.report


def read_proof_line(raw: bytes) -> dict[str, Any]:
    """Read one line of a proof, with its newline; raise Malformed if it has not the form of one."""
    if len(raw) > PROOF_LINE or not raw.endswith(b"\n"):
        raise Malformed("line", f"it is cut off, or longer than {PROOF_LINE} bytes")
    try:
        held = read_canonical(raw[:-1].decode())
    except UnicodeDecodeError:
        raise Malformed("encoding", "it is not UTF-8 text") from None
    kind = held.get("kind") if isinstance(held, dict) else None
    if not isinstance(kind, str) or kind not in _PROOF_FIELDS:
        raise Malformed("kind", "it is of no kind that a proof has")
    if held.keys() != _PROOF_FIELDS[kind] | {"kind"}:
        raise Malformed("fields", "its fields are not those of its kind")
    for name, value in held.items():
        if name in ("index", "events", "lines"):
            fits = type(value) is int and value >= 0
        elif name == "path" or name == "entries":
            form = "[0-9a-f]{64}" if name == "path" else "[0-9a-f]{128}"
            fits = isinstance(value, list) and all(_is(form, one) for one in value)
        elif name == "left_out":
            fits = isinstance(value, list) and all(_is(_SHARED, one) for one in value)
        elif name == "streams":
            fits = isinstance(value, list) and all(_is(_STREAM, one) for one in value)
        elif name in ("code", "stream"):
            fits = _is(_STREAM, value)
        elif name == "v":
            fits = value is not True and value == VERSION
        else:
            fits = isinstance(value, dict if name == "event" else str)
        if not fits:
            raise Malformed("field", f"its field {name!r} has not the form of a proof")
    return dict(held)


_STREAM = FIELDS["stream"][1:-1]
_SHARED = "[GP][A-Z0-9]{8}"  # batches and plates: their events name other things


def _is(form: str, value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(form, value, re.ASCII) is not None


class _Proof:
    """The one pass over a proof: lines are gathered, then compared."""

    def __init__(self, report: ProofReport, key: PublicKey) -> None:
        self.report = report
        self.key = key
        self.line = 0
        self.head: dict[str, Any] | None = None
        self.notes: list[tuple[str, bytes]] = []
        self.events: list[tuple[int, dict[str, Any]]] = []
        self.lasts: list[tuple[int, dict[str, Any]]] = []
        # stream -> number, leaf hash and place of its last event, and whether that one is in doubt
        self.ends: dict[str, tuple[int, bytes, Place, bool]] = {}

    def take(self, raw: bytes) -> None:
        """Gather one line."""
        self.line += 1
        try:
            held = read_proof_line(raw)
            if (held["kind"] == "proof") != (self.line == 1):
                raise Malformed("kind", "a proof begins with its one heading")
        except Malformed as error:
            self._wrong(error.reason, f"Line {self.line} is not one of a proof: {error.words}")
            return
        if held["kind"] == "proof":
            self.head = held
        elif held["kind"] == "note":
            self.notes.append((held["name"], held["text"].encode("utf-8", "replace")))
        else:
            (self.events if held["kind"] == "event" else self.lasts).append((self.line, held))

    def finish(self) -> None:
        """Compare what was gathered."""
        self._heading()
        mark = self._checkpoint()
        ids: set[str] = set()
        before = -1
        for line, held in self.events:
            place = self._event(line, held, mark)
            if place is None:
                continue
            if place.index <= before:
                words = "The event does not stand in the order of the log"
                self.report.add(place.finding("order", words))
            if place.id in ids:
                words = f"The event id {place.id} stands in the proof a second time"
                self.report.add(place.finding("id", words))
            before = place.index
            ids.add(place.id)
        self.report.size = len(self.events)
        self._lasts(mark)

    def _wrong(self, reason: str, words: str) -> None:
        self.report.add(Finding(reason, words, line=self.line))

    def _heading(self) -> None:
        report, head = self.report, self.head
        if head is None:
            report.add(Finding("heading", "The proof has no heading that can be read"))
            return
        report.code, report.streams = head["code"], head["streams"]
        report.left_out = head["left_out"]
        if head["log"] != report.origin:
            words = f"The proof is of another log than that of the key, {report.origin}"
            report.add(Finding("origin", words, line=1))
        elif head["key"] != self.key.line():
            words = "The key in the proof is not the key that you have: trust only your own"
            report.add(Finding("key", words, line=1))
        if report.streams[:1] != [report.code] or len(set(report.streams)) != len(report.streams):
            words = f"The list of things in the heading does not begin with {report.code}"
            report.add(Finding("heading", words, line=1))
        if (head["events"], head["lines"]) != (len(self.events), self.line):
            words = (
                f"The heading promises {head['events']} events on {head['lines']} lines; there are"
                f" {len(self.events)} on {self.line}: something was cut off or put in"
            )
            report.add(Finding("cut", words, line=1))

    def _checkpoint(self) -> Checkpoint | None:
        """Read the signed notes; return the newest checkpoint that is right."""
        named = []
        for name, content in self.notes:
            # A name is printed and tells a checkpoint from a certificate: it must be the true one.
            try:
                note = read_note(content)
                if note.text.startswith(f"{CERTIFICATE}\n"):
                    true = f"{read_certificate(note.text)[0]}.certificate"
                else:
                    true = f"{read_checkpoint(note.text).size:012d}.checkpoint"
            except Malformed as error:
                words = f"A checkpoint or certificate cannot be read: {error.words}"
                self.report.add(Finding("note", words))
                continue
            if name != true:
                words = f"{true} stands in the proof under another name"
                self.report.add(Finding("note", words, note=true))
            named.append((true, content))
        good = check_notes(named, self.key, self.report)
        if not good:
            if not self.report.found:
                self.report.add(Finding("checkpoint", "The proof holds no signed checkpoint"))
            return None
        mark = good[-1][0]
        self.report.signed, self.report.signed_at = mark.size, mark.at
        self.report.root = mark.root.hex()
        return mark

    def _event(self, line: int, held: dict[str, Any], mark: Checkpoint | None) -> Place | None:
        """Check that an event was signed, and how it fits the one before it in its stream."""
        report, index = self.report, held["index"]
        try:
            content = canonical(held["event"])
            fields = dict(zip(FIELDS, read_event(content), strict=True))
        except (Malformed, RecursionError) as error:
            reason, why = (
                (error.reason, error.words)
                if isinstance(error, Malformed)
                else ("json", "it is nested too deeply")
            )
            words = f"Line {line} does not hold an event: {why}"
            report.add(Finding(reason, words, index=index, line=line))
            return None
        id_, stream, type_ = (fields[name][1:-1] for name in ("id", "stream", "type"))
        place = Place(index, line, id_, stream, int(fields["seq"]), type_)
        leaf = leaf_hash(content)
        doubtful = False
        if fields["log"][1:-1] != report.origin:
            words = f"The event is of another log, not of {report.origin}"
            report.add(place.finding("origin", words))
        if mark is not None:
            path = [bytes.fromhex(step) for step in held["path"]]
            if not check_inclusion(leaf, index, mark.size, path, mark.root):
                doubtful = True
                words = (
                    f"The event is not in the log that was signed at {mark.at}: it, its number or"
                    f" its proof was changed"
                )
                report.add(place.finding("inclusion", words))
        if stream not in report.streams:
            words = f"The event is of {stream}, which the heading does not name"
            report.add(place.finding("stream", words))
        count, head, _, doubted = self.ends.get(stream, (-1, b"", place, False))
        if place.seq != count + 1:
            if place.seq > count + 1:
                gone = (
                    f"{count + 1}" if place.seq == count + 2 else f"{count + 1} to {place.seq - 1}"
                )
                words = f"Event {gone} of {stream} is left out before this one"
            else:
                words = f"{stream} has had an event number {place.seq} before this one"
            report.add(place.finding("seq", words))
        elif fields["prev"][1:-1] != head.hex() and not doubted:
            words = f"The event does not follow the one that stands before it of {stream}"
            report.add(place.finding("prev", words))
        self.ends[stream] = (place.seq, leaf, place, doubtful)
        parents = held["event"]["data"].get("parents") if place.seq == 0 else None
        for parent in parents if isinstance(parents, list) else []:
            if parent not in (*report.streams, *report.left_out):
                words = f"{stream} came from {str(parent)[:64]!r}, whose events are left out"
                report.add(place.finding("parent", words))
        return place

    def _lasts(self, mark: Checkpoint | None) -> None:
        """Check which events are proved to be the last of their streams."""
        report = self.report
        for stream in report.streams:
            if stream not in self.ends:
                words = f"No event of {stream} is in the proof, though the heading names it"
                report.add(Finding("stream", words, stream=stream))
        proved: set[str] = set()
        for line, held in self.lasts:
            stream = held["stream"]
            end = self.ends.get(stream)
            if end is None or stream in proved:
                words = f"Line {line} proves the last event of {stream}, which is not expected"
                report.add(Finding("last", words, line=line))
                continue
            proved.add(stream)
            seq, leaf, place, doubtful = end
            if mark is None or doubtful:
                continue
            entries, path = (
                [bytes.fromhex(one) for one in held[name]] for name in ("entries", "path")
            )
            if not check_last(stream, seq + 1, leaf, entries, path, mark.heads):
                words = (
                    f"That this is the last event of {stream} does not agree with what was signed"
                    f" at {mark.at}: later events are left out, or the proof of it was changed"
                )
                report.add(place.finding("last", words))
        report.open = [stream for stream in report.streams if stream not in proved]


def proof_in_words(report: ProofReport) -> str:
    """Write the report on a proof for people."""
    heading = {
        "sound": "SOUND: these are all events of it and of what it came from, as they were signed.",
        "broken": "BROKEN: the proof does not hold.",
        "open": "SOUND, but that no later event is left out is not proved.",
    }[report.verdict]
    lines = [
        heading,
        f"Log {report.origin}: {report.size} events of {', '.join(report.streams) or 'nothing'}",
        *(f"- {finding}" for finding in report.findings),
    ]
    if report.signed:
        lines.insert(
            2,
            f"Signed at {report.signed_at} over {report.signed} events of the whole log, root"
            f" {report.root}",
        )
    if report.found > len(report.findings):
        lines.append(f"- and {report.found - len(report.findings)} more")
    if report.left_out:
        lines.append(
            f"Note: left out are the events of {', '.join(report.left_out)} (batches or plates),"
            f" in which other things were worked on too"
        )
    lines += [str(one) for one in (*report.cosignatures, *report.unknown)]
    lines += [
        f"Note: {name} is not checked: the certificate of its day is not in the package"
        for name in report.ignored
    ]
    lines += [f"Note: the last event of {stream} is not proved" for stream in report.open]
    return "\n".join(lines)


# --- The witness: a partner who signs that the ledger only ever grew ------------------------------

_PREFIX = "PRIVATE+KEY+"  # a witness's secret, written as Go's sumdb/note writes one
_STEPS = 63  # hashes of a consistency proof at most (C2SP tlog-witness)


class Refused(Exception):
    """A witness does not sign; `reason` is a stable code: fork, shrunk, proof, signature, log."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words


@dataclass(frozen=True)
class Secret:
    """The secret of a witness and the name it signs with."""

    name: str
    seed: bytes

    @property
    def public(self) -> PublicKey:
        """Give the public half, for those who check the cosignatures."""
        return PublicKey(self.name, ed25519_public(self.seed), COSIGNER)

    def line(self) -> str:
        """Write the secret as one line."""
        short = key_id(self.name, ed25519_public(self.seed)).hex()
        held = base64.b64encode(bytes([PLAIN]) + self.seed).decode()
        return f"{_PREFIX}{self.name}+{short}+{held}"

    def sign(self, content: bytes) -> bytes:
        """Sign with the code of this file."""
        return ed25519_sign(self.seed, content)


def read_secret(line: str) -> Secret:
    """Read the line of a witness's secret; raise Malformed if it is none."""
    parts = line.strip().removeprefix(_PREFIX).split("+", 2)
    held = _base64(parts[2]) if len(parts) == 3 and line.startswith(_PREFIX) else b""
    if len(held) != 33 or held[0] not in (PLAIN, COSIGNER) or not _is_name(parts[0]):
        raise Malformed("secret", "it is not the secret of a witness")
    return Secret(parts[0], held[1:])


@dataclass(frozen=True)
class Growth:
    """What shows a witness that the log grew: the size before, hashes, the day's certificate."""

    old: int
    path: tuple[bytes, ...]
    certificate: str

    def written(self) -> str:
        """Write it: the size, one hash a line, an empty line, the certificate."""
        lines = [f"old {self.old}", *(base64.b64encode(step).decode() for step in self.path)]
        return "\n".join(lines) + f"\n\n{self.certificate}"


def read_growth(content: bytes) -> Growth:
    """Read what `Growth.written` wrote; raise Malformed if it is not that."""
    try:
        head, _, certificate = content.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise Malformed("growth", "it is not UTF-8 text") from None
    first, *steps = head.split("\n")
    match = re.fullmatch(r"old (0|[1-9]\d{0,15})", first, re.ASCII)
    if match is None or len(steps) > _STEPS or not certificate:
        raise Malformed("growth", "it is not a proof for a witness")
    path = tuple(_base64(step) for step in steps)
    if any(len(step) != 32 for step in path):
        raise Malformed("growth", "its hashes are not of 32 bytes")
    return Growth(int(match[1]), path, certificate)


@dataclass(frozen=True)
class Seen:
    """What a witness remembers of a log: its key, and the newest checkpoint that it signed."""

    key: PublicKey
    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""

    def written(self) -> str:
        """Write it as JSON."""
        held = {
            "v": VERSION, "key": self.key.line(), "size": self.size, "root": self.root.hex(),
            "note": self.note,
        }  # fmt: skip
        return json.dumps(held, ensure_ascii=False, indent=1) + "\n"


def read_seen(content: bytes) -> Seen:
    """Read what `Seen.written` wrote; raise Malformed if it is not that."""
    try:
        held = json.loads(content)
        fits = (
            held["v"] == VERSION
            and type(held["size"]) is int
            and _is("[0-9a-f]{64}", held["root"])
            and isinstance(held["note"], str)
        )
        key = read_key(held["key"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fits = False
    if not fits:
        raise Malformed("state", "it is not what a witness remembers")
    return Seen(key, held["size"], bytes.fromhex(held["root"]), held["note"])


def signed_checkpoint(
    note: Note, certificates: Iterable[bytes], key: PublicKey
) -> tuple[Checkpoint, PublicKey]:
    """Check a checkpoint's signature by a certified daily key; return it and that key.

    Raise Malformed where it cannot be read, Refused `log` or `signature` where it is not of `key`.
    """
    mark = read_checkpoint(note.text)
    if mark.origin != key.name:
        raise Refused("log", f"the checkpoint is of another log, {mark.origin}, not of {key.name}")
    for content in certificates:
        certificate = read_note(content)
        day, daily = read_certificate(certificate.text)
        if day == mark.at[:10] and certificate.signed_by(key) and note.signed_by(daily):
            return mark, daily
    raise Refused(
        "signature",
        f"the checkpoint of {mark.at} bears no right signature of a key that the ledger's key,"
        f" {key.name}, certified for that day",
    )


def witness(
    content: bytes, growth: Growth, seen: Seen, secret: Secret, *, at: int
) -> tuple[Note, Seen]:
    """Check that a checkpoint continues the one signed last; cosign it at `at` (POSIX seconds).

    Returns the note with the cosignature under it, and what to remember: keep that before the note
    is given away. Raises Refused; then nothing may be signed. Raises Malformed.
    """
    note = read_note(content)
    mark, _ = signed_checkpoint(note, [growth.certificate.encode()], seen.key)
    if mark.size < seen.size:
        raise Refused(
            "shrunk",
            f"the checkpoint covers {mark.size} events, fewer than the {seen.size} signed last: it"
            f" is an old one, or events were taken out of the ledger",
        )
    if mark.size == seen.size and mark.root != seen.root:
        raise Refused(
            "fork",
            f"two different ledgers of {mark.size} events were signed: root {seen.root.hex()} was"
            f" seen before, root {mark.root.hex()} is shown now",
        )
    if growth.old != seen.size and mark.size != seen.size:
        raise Refused(
            "proof",
            f"the proof begins at {growth.old} events, {seen.size} were signed last: ask for one"
            f" from {seen.size}",
        )
    grew = mark.size == seen.size or (
        not growth.path
        if not seen.size
        else check_consistency(seen.size, seen.root, mark.size, mark.root, list(growth.path))
    )
    if not grew:
        raise Refused(
            "fork",
            f"the ledger of {mark.size} events, root {mark.root.hex()}, is not shown to begin with"
            f" the {seen.size} events, root {seen.root.hex()}, that were signed last: it was"
            f" written anew, or the proof is damaged",
        )
    return cosign_note(note, secret.public, secret.sign, at), Seen(
        seen.key, mark.size, mark.root, note.written()
    )


# --- The command ----------------------------------------------------------------------------------


def read_lines(path: Path, most: int = MAX_LINE) -> Iterator[bytes]:
    """Read the lines of a file, newline included; an overlong one comes cut after `most` + 2."""
    with path.open("rb") as file:
        while line := file.readline(most + 2):
            yield line
            while len(line) == most + 2 and not line.endswith(b"\n"):
                line = file.readline(most + 2)


def read_head(path: Path) -> bytes:
    """Read a file that may be a note, and no more of it than shows that it is none."""
    with path.open("rb") as file:
        return file.read(MAX_NOTE + 1)


def read_notes(folder: Path) -> list[tuple[str, bytes]]:
    """Read the files of a folder that may be checkpoints or certificates, none beyond MAX_NOTE."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != LEAVES:
            found.append((path.name, read_head(path)))
    return found


LEAVES = "leaves"  # among the checkpoints: the leaf hashes of all events, 32 bytes each


def read_leaves(folder: Path, size: int) -> Iterator[bytes]:
    """Read the first `size` leaf hashes kept beside the checkpoints; none if there are none."""
    path = folder / LEAVES
    if path.is_file():
        with path.open("rb") as file:
            for _ in range(size):
                if len(leaf := file.read(32)) < 32:
                    return
                yield leaf


def read_key_file(path: Path) -> PublicKey:
    """Read a public key from its file; raise OSError or Malformed."""
    with path.open("rb") as file:
        return read_key(file.read(MAX_NOTE).decode("utf-8", "replace"))


def read_witnesses(path: Path) -> tuple[PublicKey, ...]:
    """Read the public keys of witnesses, one a line; raise OSError or Malformed."""
    lines = path.read_text("utf-8").splitlines()
    return tuple(read_key(line, COSIGNER) for line in lines if line.strip())


def verify_files(
    export: Path,
    checkpoints: Path,
    key: Path,
    witnesses: Path | None = None,
    progress: Callable[[int], None] = lambda done: None,
    more: tuple[PublicKey, ...] = (),
) -> Report:
    """Check an export on disk; raise OSError or Malformed if a file cannot be read.

    `witnesses` is a file of witnesses' keys, `more` are such keys.
    """
    held = read_key_file(key)
    known = (*more, *(read_witnesses(witnesses) if witnesses is not None else ()))
    return verify(
        read_lines(export),
        read_notes(checkpoints),
        held,
        lambda size: read_leaves(checkpoints, size),
        lambda: read_lines(export),
        known,
        progress,
    )


def check_proof_file(proof: Path, key: Path) -> ProofReport:
    """Check a proof on disk; raise OSError or Malformed if a file cannot be read."""
    held = read_key_file(key)
    return check_proof(read_lines(proof, PROOF_LINE), held)


PROOF = "proof.ndjson"
MANIFEST = "manifest.sha256"
WITNESSES = "witnesses.pub"  # keys of witnesses, as the laboratory names them
COSIGNED = ".cosigned"
NOTES = "checkpoints/"
PACKAGED = "ledger:package:made"
_LISTED = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._/-]{0,199})", re.ASCII)


def manifest(files: dict[str, bytes]) -> bytes:
    """List files by name with their SHA-256, as `sha256sum` does; raise Malformed for a name."""
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}" for name in sorted(files)]
    for line in lines:
        if not _LISTED.fullmatch(line):
            raise Malformed("name", f"{line[66:]!r} cannot be the name of a file in a package")
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def check_package(folder: Path, key: PublicKey, witnesses: Iterable[PublicKey] = ()) -> ProofReport:
    """Check an unpacked package: its proof, and that every other file is the one that was made.

    Every cosignature in it is checked with the keys of `witnesses` that you know, or with those
    that the package names, which only shows that the two fit.

    An event of the proof holds the hash of the manifest, and the manifest those of all files that
    were made before it; what was made after it is the proof itself and the notes in it, each laid
    beside it once more. Raises OSError, Malformed without a manifest that can be read.
    """
    lines = list(read_lines(folder / PROOF, PROOF_LINE))
    report = check_proof(lines, key)
    listed = read_head(folder / MANIFEST)
    expected: dict[str, str] = {}
    for line in listed.decode("ascii", "replace").splitlines():
        held = _LISTED.fullmatch(line)
        if held is None:
            report.add(Finding("manifest", f"A line of {MANIFEST} is not one: {line[:80]!r}"))
        else:
            expected[held[2]] = held[1]
    if not _packaged(lines, report.code, hashlib.sha256(listed).hexdigest()):
        words = f"No event of the proof names {MANIFEST}: it, or what it lists, was changed"
        report.add(Finding("manifest", words))
    notes = _notes_of(lines)
    for name in sorted({MANIFEST, PROOF, *expected, *notes, *_files_in(folder)}):
        if name in (MANIFEST, PROOF):
            continue
        if name not in expected and name not in notes:
            report.add(Finding("added", f"{name} is not of this package: somebody put it in"))
            continue
        try:
            content = (folder / name).read_bytes()
        except FileNotFoundError:
            report.add(Finding("missing", f"{name} is missing"))
            continue
        same = notes.get(name) == content or (
            name in expected and hashlib.sha256(content).hexdigest() == expected[name]
        )
        if not same:
            report.add(Finding("file", f"{name} was changed after the package was made"))
    _check_cosigned(folder, key, tuple(witnesses), report)
    return report


def _check_cosigned(
    folder: Path, key: PublicKey, known: tuple[PublicKey, ...], report: ProofReport
) -> None:
    """Check the cosigned checkpoints of a package; list by whom and when each was cosigned."""
    named: tuple[PublicKey, ...] = ()
    if (folder / WITNESSES).is_file():
        try:
            named = read_witnesses(folder / WITNESSES)
        except (Malformed, UnicodeDecodeError) as error:
            report.add(Finding("witnesses", f"{WITNESSES} cannot be read: {error}"))
    for one in named:
        if any(one.name == mine.name and one != mine for mine in known):
            words = f"{WITNESSES} names another key of {one.name} than you do: trust only your own"
            report.add(Finding("witness-key", words))
    held = sorted((folder / NOTES).iterdir()) if (folder / NOTES).is_dir() else []
    certificates = [read_head(path) for path in held if path.suffix == ".certificate"]
    keys = [*((one, "named") for one in named), *((one, "known") for one in known)]
    for path in held:
        if path.suffix != COSIGNED:
            continue
        name = NOTES + path.name
        try:
            note = read_note(read_head(path))
            mark = read_checkpoint(note.text)
            if not any(_is_of_day(content, mark.at[:10]) for content in certificates):
                report.ignored.append(name)
                continue
            signed_checkpoint(note, certificates, key)
        except Malformed as error:
            report.add(Finding("note", f"{name} cannot be read: {error.words}", note=name))
            continue
        except Refused as error:
            report.add(Finding("checkpoint-signature", f"{name}: {error.words}", note=name))
            continue
        if mark.size == report.signed and mark.root.hex() != report.root:
            words = f"{name} and the proof sign two different ledgers of {mark.size} events"
            report.add(Finding("checkpoint-fork", words, note=name))
        for found in read_cosignatures(name, note, mark, keys, report):
            (report.unknown if found.key == "unknown" else report.cosignatures).append(found)


def _is_of_day(certificate: bytes, day: str) -> bool:
    try:
        return read_certificate(read_note(certificate).text)[0] == day
    except Malformed:
        return False


def _packaged(lines: list[bytes], code: str, fingerprint: str) -> bool:
    """Say whether an event of the thing itself names the manifest."""
    for held in _readable(lines):
        event = held["event"] if held["kind"] == "event" else {}
        if (event.get("stream"), event.get("type")) == (code, PACKAGED):
            content = event.get("data")
            if isinstance(content, dict) and content.get("manifest") == fingerprint:
                return True
    return False


def _notes_of(lines: list[bytes]) -> dict[str, bytes]:
    return {
        NOTES + held["name"]: held["text"].encode("utf-8", "replace")
        for held in _readable(lines)
        if held["kind"] == "note"
    }


def _readable(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            yield read_proof_line(line)
        except Malformed:  # check_proof has said so
            continue


def _files_in(folder: Path) -> Iterator[str]:
    for inside, _, names in os.walk(folder):
        for name in names:
            yield (Path(inside) / name).relative_to(folder).as_posix()


def in_words(report: Report) -> str:
    """Write a report for people."""
    heading = {
        "sound": "SOUND: every event is as it was signed.",
        "broken": "BROKEN: the ledger is not as it was written.",
        "unsigned": "SOUND, but the last events are not covered by a signature yet.",
    }[report.verdict]
    lines = [
        heading,
        f"Log {report.origin}: {report.size} events, root {report.root}",
        f"{report.checkpoints} checkpoints with a right signature; the newest that fits covers"
        f" {report.signed} events{f', {report.signed_at}' if report.signed_at else ''};"
        f" {report.unsigned} events after it",
        *(str(one) for one in report.cosignatures),
        *(f"- {finding}" for finding in report.findings),
    ]
    if report.found > len(report.findings):
        lines.append(f"- and {report.found - len(report.findings)} more")
    lines += [f"Note: {finding}" for finding in report.regressions]
    if report.regressed > len(report.regressions):
        lines.append(f"Note: the clock went back {report.regressed} times in all")
    lines += [str(one) for one in report.unknown]
    lines += [f"Note: {name} is neither checkpoint nor certificate" for name in report.ignored]
    return "\n".join(lines)


FORK = """\
#####################################################################
#  NOT SIGNED. THE LEDGER IS NOT THE ONE THAT WAS SIGNED BEFORE.    #
#####################################################################"""


def witness_files(
    checkpoint: Path,
    growth: Path,
    secret: Path,
    state: Path,
    *,
    ledger: Path | None,
    at: int,
) -> tuple[Note, PublicKey]:
    """Cosign a checkpoint on disk as a witness; `state` is brought up to date first.

    `ledger` is the file of the ledger's public key: needed once, afterwards the state names it and
    a file given again must hold the same. Raises OSError, Malformed, Refused.
    """
    key = read_key_file(ledger) if ledger is not None else None
    if state.exists():
        seen = read_seen(state.read_bytes())
        if key is not None and key != seen.key:
            raise Refused("log", f"{state} belongs to the ledger of another key, {seen.key.line()}")
    elif key is not None:
        seen = Seen(key)
    else:
        raise Malformed("state", f"{state} is not there: name the ledger's key with --ledger")
    held = read_secret(secret.read_text("utf-8"))
    note, seen = witness(read_head(checkpoint), read_growth(growth.read_bytes()), seen, held, at=at)
    write_safely(state, seen.written())
    return note, held.public


def write_safely(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all, and survives a power cut."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def create_secret(path: Path, name: str) -> Secret:
    """Make the secret of a new witness, readable by its owner alone.

    Raises OSError (FileExistsError where there is a file), Malformed for a name of wrong form.
    """
    if not _is_name(name):
        raise Malformed("name", "a name has no blanks, quotes, backslashes or plus signs")
    secret = Secret(name, os.urandom(32))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(secret.line() + "\n")
    return secret


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="verifier", description="Check an exported ledger of a laboratory, or witness it."
    )
    parser.add_argument("export", type=Path, nargs="?", help="the exported events, one a line")
    parser.add_argument("--checkpoints", type=Path, help="folder of checkpoints and certificates")
    parser.add_argument(
        "--proof", type=Path, help="the proof of one thing, instead of an export; with --witness"
        " the proof that the ledger grew"
    )  # fmt: skip
    parser.add_argument("--package", type=Path, help="the folder of an unpacked package")
    parser.add_argument(
        "--key", type=Path, required=True, help="the ledger's public key; with --witness and"
        " --new-witness the witness's own secret"
    )  # fmt: skip
    parser.add_argument(
        "--witnesses", type=Path, help="file of witnesses' public keys, one a line: their"
        " cosignatures are checked and listed"
    )  # fmt: skip
    parser.add_argument(
        "--witness", metavar="KEY|CHECKPOINT", action="append", default=[],
        help="the public key of a witness you know, NAME+ID+KEY, once for each: its cosignatures"
        " are checked; or the checkpoint to cosign",
    )  # fmt: skip
    parser.add_argument("--state", type=Path, help="what the witness remembers; kept up to date")
    parser.add_argument("--ledger", type=Path, help="the ledger's public key, the first time")
    parser.add_argument("--out", type=Path, help="where the cosigned checkpoint goes")
    parser.add_argument("--new-witness", metavar="NAME", help="make a secret for a witness")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    given = parser.parse_args(arguments)
    given.known, files = _told_apart(given.witness)
    given.witness = Path(files[0]) if files else None
    checks = given.export is not None or given.package is not None
    if len(files) > 1 or (files and (given.known or checks)):
        parser.error(f"{files[0]} is not the public key of a witness")
    try:
        if given.new_witness is not None:
            print(create_secret(given.key, given.new_witness).public.line())
            return 0
        if given.witness is not None:
            if given.proof is None or given.state is None:
                parser.error("--witness needs --proof, --key and --state")
            return _witness_command(given)
        return _check_command(parser, given)
    except KeyboardInterrupt:
        print("\nInterrupted: nothing is said about the ledger.", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Cannot read {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except Malformed as error:
        which = given.witness if given.witness is not None else given.key
        print(f"{which} cannot be used: {error.words}", file=sys.stderr)
        return 2


def _told_apart(texts: list[str]) -> tuple[tuple[PublicKey, ...], list[str]]:
    """Tell the public keys of witnesses from the names of files."""
    keys, files = [], []
    for text in texts:
        try:
            keys.append(read_key(text, COSIGNER))
        except Malformed:
            files.append(text)
    return tuple(keys), files


def _witness_command(given: argparse.Namespace) -> int:
    now = int(datetime.datetime.now(datetime.UTC).timestamp())
    try:
        note, key = witness_files(
            given.witness, given.proof, given.key, given.state, ledger=given.ledger, at=now
        )
    except Refused as refusal:
        if given.json:
            print(json.dumps({"signed": False, "reason": refusal.reason, "words": refusal.words}))
        if refusal.reason in ("fork", "shrunk"):
            print(FORK, file=sys.stderr)
            print("Keep both checkpoints: they are evidence.", file=sys.stderr)
        print(f"Not signed: {refusal.words}", file=sys.stderr)
        return 1
    if given.out is not None:
        write_safely(given.out, note.written())
    if given.json:
        print(json.dumps({"signed": True, "key": key.line(), "note": note.written()}))
    elif given.out is None:
        print(note.written(), end="")
    print(f"Signed as {key.name}. Send the cosigned checkpoint back.", file=sys.stderr)
    return 0


def _progress() -> Callable[[int], None]:
    """Say on a terminal how far it is."""
    began = time.monotonic()

    def tell(done: int) -> None:
        if sys.stderr.isatty():
            rate = done / max(time.monotonic() - began, 0.001)
            print(f"\r{done:,} events, {rate:,.0f} a second ", end="", file=sys.stderr, flush=True)

    return tell


def _check_command(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    alone = given.proof is not None or given.package is not None
    if not alone and (given.export is None or given.checkpoints is None):
        parser.error("give EXPORT and --checkpoints, or --proof, or --package")
    if alone and (given.export is not None or given.checkpoints is not None):
        parser.error("--proof and --package stand alone: without EXPORT and --checkpoints")
    if given.proof is not None and given.package is not None:
        parser.error("give --proof or --package: a package has its proof in it")
    report: Report
    if given.package is not None:
        more = read_witnesses(given.witnesses) if given.witnesses is not None else ()
        witnesses = (*given.known, *more)
        report = proved = check_package(given.package, read_key_file(given.key), witnesses)
        words = proof_in_words(proved)
    elif given.proof is not None:
        report = proved = check_proof_file(given.proof, given.key)
        words = proof_in_words(proved)
    else:
        report = verify_files(
            given.export, given.checkpoints, given.key, given.witnesses, _progress(), given.known
        )
        words = in_words(report)
    if given.json:
        print(json.dumps(report.as_json(), ensure_ascii=True, indent=1))
    else:
        print(words)
    return report.exit_status


if __name__ == "__main__":
    sys.exit(main())
