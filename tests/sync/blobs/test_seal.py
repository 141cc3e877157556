"""Naming and sealing: one file one name in a scope, nothing testable from outside, nothing cut or moved unseen."""

from __future__ import annotations

import pytest

from sync.blobs import seal
from sync.blobs.seal import CHUNK, Broken, Namer, pack, plan_of
from tests.sync.blobs.files import SECRET, made_up, sealed

BIG = made_up(2 * CHUNK + 777)


def test_the_same_file_in_one_scope_has_one_name_one_key_and_the_same_chunks() -> None:
    one, other = sealed(BIG), sealed(BIG)
    assert one == other
    parts = Namer(SECRET)
    for at in range(0, len(BIG), 70_001):
        parts.feed(BIG[at : at + 70_001])
    assert parts.done() == one.naming


def test_another_scope_gives_the_same_file_another_name_key_and_chunks() -> None:
    one, other = sealed(BIG), sealed(BIG, secret=bytes(32))
    assert one.naming.blob != other.naming.blob
    assert one.naming.key != other.naming.key
    assert not set(one.plan.chunks) & set(other.plan.chunks)


def test_the_key_cannot_be_had_from_the_secret_and_the_name() -> None:
    one, other = sealed(b"a"), sealed(b"b")
    assert len({one.naming.key, other.naming.key, SECRET}) == 3
    assert one.naming.blob.encode() not in one.naming.key


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_sealed_opens_again(size: int) -> None:
    file = sealed(made_up(size))
    last = len(file.chunks) - 1
    opened = [seal.open_chunk(file.naming, i, c, last=i == last) for i, c in enumerate(file.chunks)]
    assert b"".join(opened) == file.plain
    assert file.plan.sealed == len(file.whole)
    assert [file.plan.length(i) for i in range(last + 1)] == [len(c) for c in file.chunks]
    assert [file.plan.at(file.plan.start(i)) for i in range(last + 1)] == list(range(last + 1))


def test_a_flipped_bit_a_moved_chunk_and_a_cut_end_are_found() -> None:
    file, other = sealed(BIG), sealed(made_up(2 * CHUNK + 777, seed=2))
    first, second, third = file.chunks
    for index, chunk, last in (
        (0, bytes([first[0] ^ 1]) + first[1:], False),  # flipped
        (0, first[:-1], False),  # cut
        (0, second, False),  # moved
        (1, second, True),  # the end cut off: the second chunk stands as the last
        (2, third, False),  # something put behind the last
        (0, other.chunks[0], False),  # of another file
        (0, b"", False),
    ):
        with pytest.raises(Broken):
            seal.open_chunk(file.naming, index, chunk, last=last)
    assert seal.open_chunk(file.naming, 2, third, last=True) == BIG[2 * CHUNK :]


def test_a_record_whose_size_count_and_names_disagree_names_no_bytes() -> None:
    file = sealed(BIG)
    packed = pack(file.plan.chunks)
    assert plan_of(len(BIG), packed, 3) == file.plan
    assert plan_of(len(BIG), packed, 2) is None
    assert plan_of(CHUNK, packed, 1) is None
    assert plan_of(len(BIG), packed[:-4], 3) is None
    assert plan_of(len(BIG), "không phải base64", 3) is None
    assert plan_of(len(BIG), None, 3) is None
    assert plan_of(None, packed, 3) is None
    assert plan_of(-1, packed, 1) is None
    assert plan_of(seal.MOST + 1, packed, seal.chunk_count(seal.MOST + 1)) is None
