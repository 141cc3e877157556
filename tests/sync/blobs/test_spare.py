"""Chunks beside backups: copied once, verified, given back, and gone only with the last backup that needs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.blobs.seal import CHUNK
from sync.blobs.shelf import Shelf
from sync.blobs.spare import GivenBack, Spare, Spared, list_of, read_list
from tests.sync.blobs.files import made_up, sealed

BIG = sealed(made_up(2 * CHUNK + 5_000))
SMALL = sealed(made_up(700, seed=2))
ALL = [*BIG.plan.chunks, *SMALL.plan.chunks]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    one = Shelf(tmp_path / "live")
    one.prepare()
    for file in (BIG, SMALL):
        for name, chunk in zip(file.plan.chunks, file.chunks, strict=True):
            one.put(name, chunk)
    return one


@pytest.fixture
def spare(tmp_path: Path) -> Spare:
    (tmp_path / "kept").mkdir()
    return Spare(tmp_path / "kept")


def backup(tmp_path: Path, name: str) -> Path:
    path = tmp_path / "kept" / f"{name}.db"
    path.write_bytes(b"a backup")
    return path


def chunk_file(root: Path, name: str) -> Path:
    return root / name[:2] / name


def kept(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "kept" / "blobs").glob("*/*")}


def test_only_new_chunks_are_copied_and_every_backup_lists_its_own(
    shelf: Shelf, spare: Spare, tmp_path: Path
) -> None:
    first, second = backup(tmp_path, "a"), backup(tmp_path, "b")
    assert spare.keep(first, BIG.plan.chunks, shelf) == Spared(held=3, copied=3)
    assert spare.keep(second, ALL, shelf) == Spared(held=4, copied=1)
    assert (sorted(BIG.plan.chunks), sorted(ALL)) == (read_list(first), read_list(second))
    assert kept(tmp_path) == set(ALL)
    assert spare.faults(first) == spare.faults(second) == []
    for name in ALL:
        assert chunk_file(tmp_path / "kept" / "blobs", name).stat().st_mode & 0o077 == 0


def test_a_backup_that_needs_nothing_leaves_nothing_beside_it(shelf: Shelf, spare: Spare, tmp_path: Path) -> None:
    assert spare.keep(backup(tmp_path, "a"), [], shelf) == Spared()
    assert spare.keep(backup(tmp_path, "b"), ["0" * 64], Shelf(tmp_path / "none")).absent == 1
    assert not list_of(backup(tmp_path, "b")).exists()
    assert read_list(backup(tmp_path, "a")) == []


def test_what_is_damaged_or_not_there_is_counted_and_never_copied(
    shelf: Shelf, spare: Spare, tmp_path: Path
) -> None:
    spoilt, gone, *_ = BIG.plan.chunks
    path = chunk_file(shelf.root, spoilt)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    chunk_file(shelf.root, gone).unlink()
    one = backup(tmp_path, "a")
    assert spare.keep(one, ALL, shelf) == Spared(held=2, copied=2, absent=1, damaged=1)
    assert set(read_list(one)) == set(ALL) - {spoilt, gone} == kept(tmp_path)


@pytest.mark.parametrize("harm", ["flip", "cut", "gone", "list"])
def test_every_harm_to_what_was_kept_is_found(shelf: Shelf, spare: Spare, tmp_path: Path, harm: str) -> None:
    one = backup(tmp_path, "a")
    spare.keep(one, ALL, shelf)
    path = list_of(one) if harm == "list" else chunk_file(tmp_path / "kept" / "blobs", ALL[1])
    raw = path.read_bytes()
    if harm == "gone":
        path.unlink()
    elif harm == "flip":
        path.write_bytes(raw[:100] + bytes([raw[100] ^ 1]) + raw[101:])
    else:
        path.write_bytes(raw[:65])
    (fault,) = spare.faults(one)
    assert ("missing" if harm == "gone" else "damaged") in fault
    if harm != "list":
        chunk_file(shelf.root, ALL[1]).unlink()
        assert spare.give_back(one, shelf) == GivenBack(put=0, lost=1)
        assert not shelf.has(ALL[1]), "what is not of its name is not put back"


def test_what_the_shelf_lost_or_the_disk_altered_comes_back(shelf: Shelf, spare: Spare, tmp_path: Path) -> None:
    one = backup(tmp_path, "a")
    spare.keep(one, ALL, shelf)
    gone, spoilt, same, _ = ALL
    chunk_file(shelf.root, gone).unlink()
    path = chunk_file(shelf.root, spoilt)
    path.write_bytes(b"?" + path.read_bytes()[1:])
    untouched = chunk_file(shelf.root, same).stat().st_ino
    assert spare.give_back(one, shelf) == GivenBack(put=2)
    for file in (BIG, SMALL):
        for name, chunk in zip(file.plan.chunks, file.chunks, strict=True):
            assert shelf.verified(name) == chunk
    assert chunk_file(shelf.root, same).stat().st_ino == untouched
    empty = Shelf(tmp_path / "new")
    assert spare.give_back(one, empty) == GivenBack(put=4)
    list_of(one).write_bytes(b"cut")
    assert spare.give_back(one, Shelf(tmp_path / "other")).put == 4, "a list that is cut loses nothing"


def test_chunks_go_with_the_last_backup_that_needs_them(shelf: Shelf, spare: Spare, tmp_path: Path) -> None:
    first, second = backup(tmp_path, "a"), backup(tmp_path, "b")
    spare.keep(first, ALL, shelf)
    spare.keep(second, SMALL.plan.chunks, shelf)
    assert spare.thin([first, second]) == 0
    list_of(second).write_bytes(b"cut")
    assert spare.thin([second]) == 0, "what a list means that cannot be read may not be removed"
    assert list_of(first).exists()
    assert kept(tmp_path) == set(ALL)
    spare.keep(second, SMALL.plan.chunks, shelf)
    assert spare.thin([second]) == 3
    assert kept(tmp_path) == set(SMALL.plan.chunks)
    assert not list_of(first).exists()
    assert spare.thin([]) == 1
    assert kept(tmp_path) == set()


def test_a_person_may_end_the_program_between_two_chunks(shelf: Shelf, spare: Spare, tmp_path: Path) -> None:
    steps: list[int] = []

    def ends() -> None:
        steps.append(1)
        if len(steps) == 3:
            raise KeyboardInterrupt

    one = backup(tmp_path, "a")
    with pytest.raises(KeyboardInterrupt):
        spare.keep(one, ALL, shelf, ends)
    assert not list_of(one).exists()
    assert spare.keep(one, ALL, shelf) == Spared(held=4, copied=2), "what was copied before is not copied again"
