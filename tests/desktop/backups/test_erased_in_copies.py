"""What was erased for ever is readable in no copy of the store; copies set aside before an upgrade end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from desktop.operations import intake
from desktop.store.copies import copies, make_copy, prove
from desktop.store.engine import connect, copy_aside, open_store
from desktop.store.erased_copies import ASIDE_MS, drop_asides, erased, forget_in_copies
from domain.clock import DAY
from sync.operation import ERASE, Body, Placed, encode_body
from sync.replica import sums
from tests.desktop.emergency.test_its_words_are_closed import CANARY, canaries
from tests.desktop.store.kit import NOON, STORE_KEY, Bench, take

OTHER = "Lời của trẻ khác"


def written(bench: Bench) -> str:
    """Two reports, one with the canary; answers the id of its contact."""
    bench.run(intake.save_report({"summary": OTHER}, None))
    return bench.run(intake.save_report({"summary": CANARY}, None)).contact_id


def erase(bench: Bench, contact: str) -> None:
    """The centre's order to erase one contact arrives."""
    body = Body(
        kind="contact", id=contact, scope=f"dossier:{contact}", data_class="P1", action=ERASE, staff="centre",
        schema=1, stamp="01a8e5b6c00000000001.0000000f", why="YC-1",
    )  # fmt: skip
    take(bench, [Placed("centre", 1, 1, 1, os.urandom(16), encode_body(body), 77)])


def no_step() -> None:
    """Nothing happens between two parts."""


def others(path: Path, key: bytes) -> int:
    connection = connect(path, key, "query_only = ON")
    try:
        found: list[Any] = connection.execute("SELECT summary FROM r_contact").fetchall()
    finally:
        connection.close()
    return sum(OTHER in row[0] for row in found)


def test_an_erased_record_is_taken_out_of_every_older_backup_and_all_else_stays(bench: Bench) -> None:
    contact = written(bench)
    for days in (2, 1):
        make_copy(bench.store, bench.home.slots, bench.home.backups, NOON - days * DAY)
    before = copies(bench.home.backups)
    assert [len(bench.store.checked(one.path, canaries)) > 1 for one in before] == [True, True]
    erase(bench, contact)
    assert bench.store.checked(bench.store.path, canaries) == []
    gone = bench.read(erased)
    assert [one.id for one in gone] == [contact]
    assert forget_in_copies(bench.store, bench.home.backups, gone, no_step)
    after = copies(bench.home.backups)
    assert [one.path for one in after] == [one.path for one in before]
    for one in after:
        assert bench.store.checked(one.path, canaries) == []
        assert bench.store.checked(one.path, others) == 1
        assert bench.store.checked(one.path, prove).operations > 1
    stamps = [one.path.stat().st_mtime_ns for one in after]
    assert forget_in_copies(bench.store, bench.home.backups, gone, no_step)
    assert [one.path.stat().st_mtime_ns for one in after] == stamps, "written anew once"
    opened = open_store(after[0].path, STORE_KEY)
    try:
        with opened.read() as connection:
            assert sums.by_scope_and_kind(connection) == sums.recount(connection)
            assert erased(connection) == gone, "what comes of it later leaves only its hash there too"
    finally:
        opened.close()


def aside(bench: Bench, name: str, made_ms: int) -> Path:
    path = bench.home.backups / name
    copy_aside(bench.store.path, STORE_KEY, path)
    os.utime(path, (made_ms / 1000, made_ms / 1000))
    return path


def test_a_copy_made_before_an_upgrade_goes_with_what_was_erased_but_not_before_a_backup_stands(bench: Bench) -> None:
    contact = written(bench)
    first = aside(bench, "before-upgrade-0001.db", NOON - DAY)
    assert len(bench.store.checked(first, canaries)) > 1
    erase(bench, contact)
    gone = bench.read(erased)
    assert drop_asides(bench.store, bench.home.backups, gone, [], NOON) == 0, "the only copy there is"
    make_copy(bench.store, bench.home.slots, bench.home.backups, NOON)
    assert drop_asides(bench.store, bench.home.backups, gone, [], NOON) == 1
    assert not first.exists()


def test_a_copy_set_aside_goes_with_a_file_that_left_and_after_two_weeks(bench: Bench) -> None:
    contact = written(bench)
    left = aside(bench, "before-rebuild-000000000007-1.db", NOON - DAY)
    make_copy(bench.store, bench.home.slots, bench.home.backups, NOON)
    assert drop_asides(bench.store, bench.home.backups, [], ["dossier:another"], NOON) == 0
    assert left.exists()
    assert drop_asides(bench.store, bench.home.backups, [], [f"dossier:{contact}"], NOON) == 1
    old = aside(bench, "before-upgrade-0002.db", NOON - DAY)
    assert drop_asides(bench.store, bench.home.backups, [], [], NOON - DAY + ASIDE_MS - 1) == 0
    assert drop_asides(bench.store, bench.home.backups, [], [], NOON - DAY + ASIDE_MS) == 1
    assert not old.exists()
    assert len(copies(bench.home.backups)) == 1, "a backup is never taken for one set aside"
