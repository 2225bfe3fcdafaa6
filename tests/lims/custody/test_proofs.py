# SPDX-License-Identifier: Apache-2.0
"""Every proof that the database gives satisfies the verifier, and no other one does."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy.orm import Session

from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.custody import operations, queries, verifier

GROWN = 150


@pytest.fixture
def grown(empty_database: Database, bone: str, acts: Any) -> Iterator[Session]:
    """A session that reads a log of GROWN events."""
    with empty_database.writing() as session:
        for number in range(GROWN - 1):
            acts.note(session, bone, number=number)
    with empty_database.reading() as session:
        yield session


def roots(leaves: list[bytes]) -> list[bytes]:
    """Return the root of every size, by size."""
    tree = verifier.Frontier()
    found = [tree.root()]
    for leaf in leaves:
        tree.append(leaf)
        found.append(tree.root())
    return found


def test_every_event_is_proved_in_logs_of_many_sizes(grown: Session) -> None:
    leaves = list(queries.leaf_hashes(grown, start=0, end=GROWN))
    root = roots(leaves)
    for size in (*range(1, 20), 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, GROWN):
        paths = queries.inclusion_proofs(grown, range(size), size)
        for index, path in paths.items():
            assert verifier.check_inclusion(leaves[index], index, size, path, root[size])
            assert len(path) <= (size - 1).bit_length()
            wrong = leaves[(index + 1) % GROWN]
            assert not verifier.check_inclusion(wrong, index, size, path, root[size])
            if path:
                assert not verifier.check_inclusion(
                    leaves[index], index, size, path[:-1], root[size]
                )


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pair=some.tuples(some.integers(1, GROWN), some.integers(1, GROWN)))
def test_every_size_is_proved_to_begin_every_greater_one(
    grown: Session, pair: tuple[int, int]
) -> None:
    old, new = sorted(pair)
    root = roots(list(queries.leaf_hashes(grown, start=0, end=GROWN)))
    path = queries.consistency_proof(grown, old, new)

    assert verifier.check_consistency(old, root[old], new, root[new], path)
    assert not verifier.check_consistency(old, root[old - 1], new, root[new], path)
    if old < new:
        assert not verifier.check_consistency(old, root[old], new, root[new], [*path, root[1]])
        assert not verifier.check_consistency(old, root[old], new, root[new], path[:-1])


def test_what_is_not_in_the_log_is_not_proved(grown: Session) -> None:
    for index, size in ((-1, 5), (5, 5), (0, 0), (3, 2), (0, GROWN + 1), (GROWN, GROWN + 1)):
        with pytest.raises(ValueError, match=r"no event|fewer events"):
            queries.inclusion_proof(grown, index, size)
    for old, new in ((0, 5), (6, 5), (-1, 5), (1, GROWN + 1)):
        with pytest.raises(ValueError, match=r"grows|fewer events"):
            queries.consistency_proof(grown, old, new)


def test_the_last_event_of_every_thing_is_proved_and_no_earlier_one(
    empty_database: Database, at: datetime, keys: Any, acts: Any
) -> None:
    codes = [draw_code(Kind.BONE) for _ in range(60)]
    with empty_database.writing() as session:
        for number, code in enumerate(codes):
            acts.coded(session, code)
            for turn in range(number % 4):
                acts.note(session, code, turn=turn)
    with empty_database.reading() as session:
        assert queries.last_proof(session, codes[0]) is None
    with empty_database.writing() as session:
        made = operations.checkpoint(session, keys.signer(at), at=at)
        assert made is not None
        mark = verifier.read_checkpoint(verifier.read_note(made.note.encode()).text)
    with empty_database.reading() as session:
        for code in codes:
            proof = queries.last_proof(session, code)
            assert proof is not None
            hashes = [
                verifier.leaf_hash(line[:-1])
                for line in queries.export_lines(session)
                if f'"stream":"{code}"'.encode() in line
            ]
            entries, path = list(proof.entries), list(proof.path)
            count = len(hashes)
            assert verifier.check_last(code, count, hashes[-1], entries, path, mark.heads)
            for fewer in range(1, count):
                assert not verifier.check_last(
                    code, fewer, hashes[fewer - 1], entries, path, mark.heads
                )
            assert not verifier.check_last(code, count, hashes[-1], entries, path, mark.root)
            assert not verifier.check_last(code, count, hashes[-1], entries, path[:-1], mark.heads)
            assert not verifier.check_last(
                code, count, hashes[-1], [*entries, bytes(64)], path, mark.heads
            )
        assert queries.last_proof(session, draw_code(Kind.BONE)) is None
