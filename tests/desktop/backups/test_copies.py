"""The desk's rolling backups: no save waits for one, none counts unverified, old ones go after a new one."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.operations import calls
from desktop.store import copies as copies_of_the_desk
from desktop.store.copies import Copy, copies, is_due, make_copy, prove, superfluous
from desktop.store.troubles import Damaged, WrongKey
from domain.clock import DAY, HOUR
from tests.desktop.store.kit import NOON, STORE_KEY, Bench, own


def save(bench: Bench, count: int) -> None:
    for _ in range(count):
        bench.run(calls.set_outcome(None, "silent"))


def test_a_save_commits_while_a_copy_is_half_written_and_the_copy_is_of_one_moment(bench: Bench) -> None:
    save(bench, 120)
    steps = []

    def step() -> None:
        steps.append(len(own(bench)))
        bench.run(calls.set_outcome(None, "prank"))

    made = make_copy(bench.store, bench.home.slots, bench.home.backups, NOON, step)
    assert steps, "the copy was written in parts"
    assert len(own(bench)) == 120 + len(steps)
    proven = prove(made.path, STORE_KEY)
    assert (proven.device, proven.incarnation, proven.operations) == (bench.seat.device, 1, 120)


def test_a_copy_is_encrypted_its_owners_only_and_has_the_slots_beside_it(bench: Bench) -> None:
    save(bench, 3)
    made = make_copy(bench.store, bench.home.slots, bench.home.backups, NOON)
    assert not made.path.read_bytes().startswith(b"SQLite format 3")
    assert {stat.S_IMODE(path.stat().st_mode) for path in bench.home.backups.iterdir()} == {0o600}
    assert sorted(path.name for path in bench.home.backups.iterdir()) == [made.path.name, made.slots.name]
    assert made.slots.read_text() == "{}"
    with pytest.raises(WrongKey):
        prove(made.path, bytes(32))


def test_what_is_damaged_is_never_called_a_backup(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    save(bench, 5)
    good = make_copy(bench.store, bench.home.slots, bench.home.backups, NOON)
    real = bench.store.copy_to

    def spoilt(target: Path, step: Callable[[], None] | None = None) -> None:
        real(target, step)
        raw = bytearray(target.read_bytes())
        raw[-2000] ^= 1
        target.write_bytes(raw)

    monkeypatch.setattr(bench.store, "copy_to", spoilt)
    with pytest.raises(Damaged):
        make_copy(bench.store, bench.home.slots, bench.home.backups, NOON + DAY)
    assert [one.path for one in copies(bench.home.backups)] == [good.path]
    assert not list(bench.home.backups.glob("writing-*"))


def test_a_broken_chain_is_found_in_a_copy_whose_pages_are_whole(bench: Bench) -> None:
    save(bench, 5)
    with bench.store.write() as connection:
        connection.exec_driver_sql("UPDATE log SET body = salt WHERE n = 3")
        connection.commit()
    with pytest.raises(Damaged):
        make_copy(bench.store, bench.home.slots, bench.home.backups, NOON)
    assert copies(bench.home.backups) == []


def test_of_a_month_of_hours_the_last_day_and_a_fortnight_stay() -> None:
    held = [Copy(Path(f"{hour}"), NOON - hour * HOUR) for hour in range(24 * 30)]
    out = {one.path.name for one in superfluous(held)}
    kept = [hour for hour in range(24 * 30) if str(hour) not in out]
    assert kept[:24] == list(range(24))
    assert len(kept) == 24 + 14 - 2, "the newest of this day and of yesterday are among the hours"
    assert kept[-1] <= 14 * 24
    assert superfluous(held[:1]) == []


def test_older_ones_go_only_after_a_newer_one_was_verified(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    save(bench, 1)
    for minute in range(3):
        make_copy(bench.store, bench.home.slots, bench.home.backups, NOON + minute * 60_000)
    (only,) = copies(bench.home.backups)
    assert only.made_ms == NOON + 120_000, "of one hour the newest stays"

    def fails(_path: Path, _key: bytes) -> None:
        raise Damaged

    monkeypatch.setattr(copies_of_the_desk, "prove", fails)
    with pytest.raises(Damaged):
        make_copy(bench.store, bench.home.slots, bench.home.backups, NOON + 180_000)
    assert copies(bench.home.backups) == [only]


def test_a_backup_is_due_after_an_hour_and_when_the_clock_was_set_back() -> None:
    held = [Copy(Path("x"), NOON)]
    assert not is_due(held, NOON + HOUR - 1)
    assert is_due(held, NOON + HOUR)
    assert is_due(held, NOON - 1)
    assert is_due([], NOON)
