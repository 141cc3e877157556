"""The power goes at any moment: what was shown as saved is there, whole, and the desk goes on."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from desktop.store import engine
from sync.replica import whole_file
from tests.conftest import SOAK
from tests.crash import power
from tests.crash.disk import Cut, Disk, Entry, Synced
from tests.crash.drawn import ONLY
from tests.crash.touches import Deed, Touch

IMAGES = 10_000
A_RECORDING = 250
"""Images that are made of one recording."""

PARTS = range((IMAGES if SOAK else IMAGES // 10) // A_RECORDING)
"""One recording a part, so that no part is long."""


def only_image() -> int | None:
    return int(ONLY.split("/")[1]) if "/" in ONLY else None


@pytest.mark.soak("power")
@pytest.mark.parametrize("part", PARTS)
def test_a_power_cut_loses_nothing_that_was_shown_as_saved(seed: int, memory_disk: Path) -> None:
    made = power.record(memory_disk, seed)
    found = power.examine(made, memory_disk / "image", A_RECORDING, only_image())
    print(f"power: {found.images} images, {found.lost} with acknowledged acts lost, {len(found.bad)} bad")
    assert found.bad == []
    assert found.images == (A_RECORDING if only_image() is None else 1)


def test_the_recording_misses_nothing_that_sqlite_did(memory_disk: Path) -> None:
    made = power.record(memory_disk, 7)
    really = {str(path): path.read_bytes() for path in made.folder.rglob("*") if path.is_file()}
    assert power.as_the_running_system_sees(made) == really
    touched = {(entry.deed, Path(entry.path).name) for entry in made.entries if isinstance(entry, Touch)}
    assert {
        (Deed.WRITE, "store.db-wal"),
        (Deed.WRITE, "store.db"),  # only checkpoints write there
        (Deed.DELETE, "store.db-wal"),
        (Deed.WRITE, "before-upgrade-0001.db"),
    } <= touched
    assert any(isinstance(entry, Synced) and entry.path.endswith("-wal") for entry in made.entries)
    words = power.words_of(made)
    assert {f"saved {power.ACTS}", f"folded {power.PAGES}"} <= set(words)
    assert sum(word.startswith("upgraded") for word in words) == 1


def test_a_recording_can_be_made_again_from_its_seed(memory_disk: Path) -> None:
    def shape(name: str) -> list[object]:
        root = memory_disk / name
        root.mkdir()
        made = power.record(root, 11, acts=8, pages=1)
        touches = [entry for entry in made.entries if isinstance(entry, Touch)]
        return [(t.deed, Path(t.path).name, t.offset, len(t.data)) for t in touches] + [power.words_of(made)]

    assert shape("one") == shape("two")


@pytest.mark.parametrize("level", ["NORMAL", "OFF"])
def test_a_store_that_syncs_less_is_caught(level: str, memory_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = engine._connect

    def lazy(path: Path, key: bytes, *pragmas: str) -> Any:
        return real(path, key, *(p.replace("synchronous = FULL", f"synchronous = {level}") for p in pragmas))

    with monkeypatch.context() as patched:
        patched.setattr(engine, "_connect", lazy)
        made = power.record(memory_disk, 3, acts=12)
    found = power.examine(made, memory_disk / "image", 16, since="saved")
    assert found.lost > 0
    assert any("saved acts" in bad for bad in found.bad)


def test_a_cursor_that_moves_before_its_rows_is_caught(memory_disk: Path) -> None:
    made = power.record(memory_disk, 5, acts=8, fold=power.cursor_first)
    found = power.examine(made, memory_disk / "image", 30, since="made")
    assert any("the rows of its pages" in bad for bad in found.bad)


def test_a_copy_that_is_not_synced_is_caught(
    memory_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(whole_file, "DURABLY", "PRAGMA synchronous = OFF")
        made = power.record(memory_disk, 3, acts=12)
    found = power.examine(made, memory_disk / "image", 16, since="upgraded")
    assert any("set aside" in bad for bad in found.bad)
    assert found.lost == 0


FILE = "desk.db"


def after(cut: Cut, *entries: Entry, seed: int = 0) -> bytes | None:
    disk = Disk()
    for entry in entries:
        disk.feed(entry)
    return disk.image(cut, random.Random(seed)).get(FILE)


def write(offset: int, data: bytes) -> Touch:
    return Touch(Deed.WRITE, FILE, offset, data)


OPENED = Touch(Deed.OPEN, FILE)


def test_what_was_synced_stays_and_what_was_not_may_go() -> None:
    work = (OPENED, write(0, b"aa"), Synced(FILE, 2), write(1, b"bb"))
    assert after(Cut.NONE, *work) == b"aa"
    assert after(Cut.ALL, *work) == b"abb"
    assert {after(Cut.SOME, *work, seed=n) for n in range(20)} == {b"aa", b"abb"}


def test_a_write_during_a_sync_is_not_promised_by_it() -> None:
    assert after(Cut.NONE, OPENED, write(0, b"aa"), write(0, b"bb"), Synced(FILE, 2)) == b"aa"


def test_later_writes_may_arrive_without_earlier_ones() -> None:
    work = (OPENED, Synced(FILE, 1), write(0, b"a"), write(1, b"b"))
    assert {after(Cut.SOME, *work, seed=n) for n in range(40)} == {b"", b"a", b"\0b", b"ab"}
    assert {after(Cut.FIRST, *work, seed=n) for n in range(40)} == {b"", b"a", b"ab"}


def test_a_write_is_torn_at_the_disks_sectors_and_nowhere_else() -> None:
    work = (OPENED, write(0, b"-" * 1_100), Synced(FILE, 2), write(500, b"x" * 300))
    left = {after(Cut.TORN, *work, seed=n) for n in range(40)}
    first, second = b"-" * 500 + b"x" * 12, b"x" * 288
    assert left == {
        (first if one else b"-" * 512) + (second if two else b"-" * 288) + b"-" * 300
        for one in (0, 1)
        for two in (0, 1)
    }


def test_a_file_that_was_deleted_may_come_back_until_its_folder_is_synced() -> None:
    made = (OPENED, write(0, b"a"), Synced(FILE, 2))
    assert after(Cut.NONE, *made, Touch(Deed.DELETE, FILE)) == b"a"
    assert after(Cut.ALL, *made, Touch(Deed.DELETE, FILE)) is None
    assert after(Cut.NONE, *made, Touch(Deed.DELETE, FILE, data=b"sync")) is None
    other = f"{FILE}-wal"
    opened, synced = Touch(Deed.OPEN, other), Synced(other, 4)
    assert after(Cut.NONE, *made, Touch(Deed.DELETE, FILE), opened, synced) is None


def test_a_file_that_was_never_synced_may_be_missing() -> None:
    assert after(Cut.NONE, OPENED, write(0, b"a")) is None
    assert {after(Cut.FIRST, OPENED, write(0, b"a"), seed=n) for n in range(40)} == {None, b"", b"a"}
