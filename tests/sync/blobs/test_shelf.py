"""Chunk files: taken at any cut, verified before they count, spoilt ones thrown away alone."""

from __future__ import annotations

import random
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.blobs.seal import CHUNK, TAG, Broken
from sync.blobs.shelf import Shelf, offset_of, slice_of, take, verified_offset
from tests.sync.blobs.files import made_up, sealed

FILE = sealed(made_up(2 * CHUNK + 4_321))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = Shelf(tmp_path / "blobs")
    made.prepare()
    return made


def whole(shelf: Shelf) -> bytes:
    return b"".join(shelf.verified(name) for name in FILE.plan.chunks)


def test_bytes_cut_anywhere_and_taken_again_give_the_same_whole(
    tmp_path: Path, rounds: Callable[[int], int]
) -> None:
    for seed in range(rounds(60)):
        chance = random.Random(seed)
        root = tmp_path / str(seed)
        Shelf(root).prepare()
        offset = 0
        while offset < FILE.plan.sealed:
            shelf = Shelf(root)  # another process each time: nothing is remembered but the files
            assert offset_of(shelf, FILE.plan) == offset, seed
            count = chance.choice([1, 17, CHUNK // 3, CHUNK + TAG - 1, CHUNK + TAG, 2 * CHUNK])
            data = FILE.whole[offset : offset + count]
            offset = take(shelf, FILE.plan, offset, data)
        assert whole(Shelf(root)) == FILE.whole, seed


def test_a_part_from_another_place_changes_nothing(shelf: Shelf) -> None:
    assert take(shelf, FILE.plan, 0, FILE.whole[:100]) == 100
    for wrong in (0, 50, 101, CHUNK):
        assert take(shelf, FILE.plan, wrong, b"x" * 10) == 100
        assert shelf.append(FILE.plan.chunks[0], wrong, b"x" * 10, FILE.plan.length(0)) == 100
    assert take(shelf, FILE.plan, 100, FILE.whole[100:]) == FILE.plan.sealed
    assert whole(shelf) == FILE.whole


def test_what_a_power_cut_spoilt_begins_again_at_its_chunk_only(shelf: Shelf) -> None:
    take(shelf, FILE.plan, 0, FILE.whole[: CHUNK + TAG + 5_000])
    part = shelf.root / "parts" / f"{FILE.plan.chunks[1]}.part"
    part.write_bytes(b"\x00" * 5_000)
    with pytest.raises(Broken):
        take(shelf, FILE.plan, CHUNK + TAG + 5_000, FILE.whole[CHUNK + TAG + 5_000 :])
    assert offset_of(shelf, FILE.plan) == CHUNK + TAG
    assert take(shelf, FILE.plan, CHUNK + TAG, FILE.whole[CHUNK + TAG :]) == FILE.plan.sealed
    assert whole(shelf) == FILE.whole


def test_a_part_as_long_as_its_chunk_was_never_finished_and_does_not_count(shelf: Shelf) -> None:
    name = FILE.plan.chunks[2]
    part = shelf.root / "parts" / f"{name}.part"
    part.write_bytes(b"\x00" * FILE.plan.length(2))
    assert shelf.arrived(name, FILE.plan.length(2)) == 0
    assert not shelf.has(name)


def test_a_chunk_the_disk_altered_is_found_put_aside_and_counts_as_missing(shelf: Shelf) -> None:
    for name, chunk in zip(FILE.plan.chunks, FILE.chunks, strict=True):
        shelf.put(name, chunk)
    path = shelf.root / FILE.plan.chunks[1][:2] / FILE.plan.chunks[1]
    path.write_bytes(FILE.chunks[1][:-1] + b"!")
    assert offset_of(shelf, FILE.plan) == FILE.plan.sealed, "files alone do not show it"
    assert verified_offset(shelf, FILE.plan) == CHUNK + TAG
    with pytest.raises(FileNotFoundError):
        slice_of(shelf, FILE.plan, CHUNK + TAG, 10)
    shelf.put(FILE.plan.chunks[1], FILE.chunks[1])
    assert verified_offset(shelf, FILE.plan) == FILE.plan.sealed


def test_bytes_that_are_not_of_a_name_are_never_kept(shelf: Shelf) -> None:
    with pytest.raises(Broken):
        shelf.put(FILE.plan.chunks[0], FILE.chunks[1])
    assert list(shelf.names()) == []
    for name in ("../server.key", "", "A" * 64, FILE.plan.chunks[0] + "\n"):
        with pytest.raises(ValueError, match="name"):
            shelf.has(name)


def test_slices_end_at_their_chunk_and_dropping_leaves_nothing(shelf: Shelf) -> None:
    take(shelf, FILE.plan, 0, FILE.whole)
    end = CHUNK + TAG
    assert slice_of(shelf, FILE.plan, end - 3, 10) == FILE.whole[end - 3 : end]
    assert slice_of(shelf, FILE.plan, end, 10) == FILE.whole[end : end + 10]
    assert set(shelf.names()) == set(FILE.plan.chunks)
    shelf.drop(FILE.plan.chunks)
    shelf.drop(FILE.plan.chunks)
    assert list(shelf.names()) == []
    assert offset_of(shelf, FILE.plan) == 0


def test_files_are_their_owners_alone(shelf: Shelf) -> None:
    take(shelf, FILE.plan, 0, FILE.whole[: CHUNK + TAG + 9])
    found = [path for path in [shelf.root, *shelf.root.rglob("*")] if path.exists()]
    assert len(found) >= 5
    assert [path for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
