"""Opening a store: new, old, newer, foreign, damaged; what is left of it after kill -9 and on a full disk."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Column, Connection, Index, MetaData, Table, Text, inspect
from sqlalchemy.exc import OperationalError

from desktop.operations import calls, drafts
from desktop.store import drafts as kept
from desktop.store.engine import _connect, copy_aside, open_store
from desktop.store.reads import calls_today, road_view
from desktop.store.schema import blob_copy, courier_log, draft, secret, setting
from desktop.store.troubles import Damaged, DiskFull, NewerStore, WrongKey, translate
from desktop.store.versions import VERSION_KEY, shape
from domain.clock import DAY
from sync.replica import node, refold, tables
from sync.replica.given import backfill, withdrawal
from sync.replica.removal import erased
from sync.replica.scopes import scope_grant, scope_home
from tests.desktop.store.kit import NOON, STORE_KEY, Bench

ROOT = Path(__file__).parents[3]
ALEMBIC_OWNED = {
    t.name for t in (
        tables.log, tables.waiting, tables.sibling, tables.parked_record, tables.digest, tables.audience_digest,
        tables.chain, tables.node, scope_home, scope_grant, backfill, draft, secret, setting,
    )
}  # fmt: skip

ADDED = {blob_copy.name, courier_log.name, erased.name, tables.said_by.name, withdrawal.name}
"""Tables that came later and need no revision: they are made where they are missing."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "desk")
    yield made
    made.close()


def test_a_store_opens_again_with_its_key_and_holds_what_was_saved(bench: Bench) -> None:
    saved = bench.run(calls.set_outcome(None, "silent"))
    bench.reopen()
    rows = bench.read(lambda c: calls_today(c, "an_giang", NOON - DAY))
    assert [(row.id, row.outcome) for row in rows] == [(saved.call_id, "silent")]


def test_nothing_in_the_files_can_be_read_without_the_key(bench: Bench) -> None:
    bench.run(drafts.keep("d1", "file", "", {"child_name": "Nguyễn Thị Canary"}))
    for path in bench.home.root.glob("store.db*"):
        assert b"Canary" not in path.read_bytes()
        assert b"SQLite format" not in path.read_bytes()[:100]
        if os.name == "posix":
            assert path.stat().st_mode & 0o077 == 0


def test_another_key_is_refused_with_a_sentence_and_the_file_stays(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.store.close()
    before = bench.home.db.read_bytes()
    with pytest.raises(WrongKey):
        open_store(bench.home.db, bytes(32))
    assert bench.home.db.read_bytes() == before
    assert capfd.readouterr().err == ""
    bench.reopen()


def raise_version(bench: Bench, version: int) -> None:
    with bench.store.write() as connection:
        node.put_key(connection, VERSION_KEY, str(version))
        connection.commit()
    bench.store.close()


def test_a_store_of_a_newer_program_is_refused_and_left_byte_for_byte(bench: Bench) -> None:
    raise_version(bench, node.STORE_VERSION + 1)
    before = bench.home.db.read_bytes()
    with pytest.raises(NewerStore) as raised:
        open_store(bench.home.db, STORE_KEY)
    assert "mới hơn" in raised.value.advice
    assert bench.home.db.read_bytes() == before
    assert list(bench.home.backups.glob("*")) == []
    connection = _connect(bench.home.db, STORE_KEY)
    connection.execute("UPDATE node SET value = ? WHERE key = ?", (str(node.STORE_VERSION), VERSION_KEY))
    connection.close()
    bench.reopen()


def test_an_older_store_is_copied_aside_and_upgraded_with_all_it_holds(bench: Bench) -> None:
    saved = bench.run(calls.set_outcome(None, "prank"))
    raise_version(bench, 0)
    connection = _connect(bench.home.db, STORE_KEY)
    connection.execute("DROP TABLE setting")  # what revision 0001 has to bring
    connection.close()
    bench.reopen()
    copies = list(bench.home.backups.glob("*.db"))
    assert len(copies) == 1
    assert bench.read(lambda c: node.get(c, VERSION_KEY)) == str(node.STORE_VERSION)
    assert bench.read(lambda c: inspect(c).has_table("setting"))
    rows = bench.read(lambda c: calls_today(c, "an_giang", NOON - DAY))
    assert [row.id for row in rows] == [saved.call_id]
    copy = _connect(copies[0], STORE_KEY)
    try:
        assert copy.execute("SELECT outcome FROM r_call").fetchall() == [("prank",)]
        assert copy.execute("PRAGMA cipher_integrity_check").fetchall() == []
    finally:
        copy.close()


def test_a_new_store_starts_without_the_migration_tool(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from desktop.store.engine import open_store;"
        "open_store(Path(sys.argv[1]), bytes(32)).close(); assert 'alembic' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store.db")], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def columns_of(connection: Connection, name: str) -> list[tuple[str, str, bool, int]]:
    found = inspect(connection).get_columns(name)
    keys = inspect(connection).get_pk_constraint(name)["constrained_columns"]
    return [
        (c["name"], str(c["type"]), c["nullable"] and c["name"] not in keys, c["name"] in keys) for c in found
    ]


def test_the_first_revision_makes_the_same_tables_as_a_new_store(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "migrated.db"
    old = _connect(path, STORE_KEY)
    old.execute("CREATE TABLE node (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)")
    old.execute("INSERT INTO node VALUES (?, '0')", (VERSION_KEY,))
    old.close()
    store = open_store(path, STORE_KEY)
    try:
        with store.read() as migrated, bench.store.read() as fresh:
            for name in sorted(ALEMBIC_OWNED):
                assert columns_of(migrated, name) == columns_of(fresh, name), name
                mine = {(i["name"], tuple(i["column_names"])) for i in inspect(migrated).get_indexes(name)}
                theirs = {(i["name"], tuple(i["column_names"])) for i in inspect(fresh).get_indexes(name)}
                assert mine == theirs, name
    finally:
        store.close()


def test_every_table_belongs_to_the_registry_or_to_the_first_revision_or_is_made_where_missing() -> None:
    known = {table.name for table in tables.metadata.sorted_tables}
    assert known == ALEMBIC_OWNED | ADDED | {table.name for table in tables.records.values()}


def test_a_store_of_before_the_added_tables_gets_them_and_keeps_its_rows(bench: Bench) -> None:
    saved = bench.run(calls.set_outcome(None, "silent"))
    with bench.store.write() as connection:
        for name in sorted(ADDED):
            # sql-names-only: names of our own tables
            connection.exec_driver_sql(f"DROP TABLE {name}")
        node.put_key(connection, "record_shape", "before")
        connection.commit()
    bench.reopen()
    for name in ADDED:
        assert bench.read(lambda c, name=name: inspect(c).has_table(name)), name  # type: ignore[misc]  # binds the loop's value
    assert [row.id for row in bench.read(lambda c: calls_today(c, "an_giang", NOON - DAY))] == [saved.call_id]


def test_a_field_the_registry_gained_gets_its_column_and_its_parked_value(bench: Bench) -> None:
    saved = bench.run(calls.set_outcome(None, "silent"))
    with bench.store.write() as connection:
        row = connection.exec_driver_sql("SELECT versions FROM r_call").one()
        connection.exec_driver_sql("DROP INDEX ix_r_call_outcome")
        connection.exec_driver_sql("ALTER TABLE r_call DROP COLUMN outcome")
        stamp = row[0].split('"b":"')[1][:29]
        connection.exec_driver_sql("UPDATE r_call SET parked = ?", (f'{{"outcome":[["{stamp}",0,"silent"]]}}',))
        node.put_key(connection, "record_shape", "before")
        connection.commit()
    bench.reopen()
    rows = bench.read(lambda c: calls_today(c, "an_giang", NOON - DAY))
    assert [(row.id, row.outcome) for row in rows] == [(saved.call_id, "silent")]
    assert bench.read(lambda c: c.exec_driver_sql("SELECT parked FROM r_call").scalar_one()) is None
    assert bench.read(lambda c: node.get(c, "record_shape")) == shape()


def test_a_store_of_before_gets_the_index_of_today_and_loses_the_one_nothing_asks_for(bench: Bench) -> None:
    bench.run(calls.set_outcome(None, "silent"))
    with bench.store.write() as connection:
        connection.exec_driver_sql("DROP INDEX ix_r_call_number_ring_at")
        connection.exec_driver_sql("CREATE INDEX ix_r_call_number ON r_call (number)")
        connection.exec_driver_sql("CREATE INDEX mine ON r_call (line)")
        node.put_key(connection, "record_shape", "before")
        connection.commit()
    bench.reopen()
    there = bench.read(lambda c: {str(ix["name"]): ix["column_names"] for ix in inspect(c).get_indexes("r_call")})
    assert there["ix_r_call_number_ring_at"] == ["number", "ring_at"]
    assert "ix_r_call_number" not in there, "an index that nothing asks for costs every write"
    assert "mine" in there, "what this program did not make is not its to drop"


def test_an_index_over_other_columns_is_another_shape() -> None:
    """By their number alone a store with the old index would be taken for one with the new."""

    def made(*names: str) -> str:
        table = Table("t", MetaData(), Column("a", Text), Column("b", Text))
        for name in names:
            Index(name, table.c.a)
        return refold.described(table)

    assert made("ix_a", "ix_b") == made("ix_b", "ix_a")
    assert len({made(), made("ix_a"), made("ix_b")}) == 3


def test_a_reader_cannot_write(bench: Bench) -> None:
    with bench.store.read() as connection, pytest.raises(OperationalError, match=r"readonly|read-only"):
        connection.exec_driver_sql("DELETE FROM node")


def test_a_thread_that_was_kept_off_cannot_touch_the_store(bench: Bench) -> None:
    bench.store.keep_off(threading.get_ident())
    with pytest.raises(AssertionError, match="GUI thread"), bench.store.read():
        pass
    with pytest.raises(AssertionError, match="GUI thread"), bench.store.write():
        pass


def fill_up(bench: Bench) -> None:
    """Let the store have no page more than it has: SQLite then says what a full disk says."""
    with bench.store.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_keeps_every_earlier_row_and_says_what_to_do(bench: Bench) -> None:
    bench.run(drafts.keep("d1", "file", "", {"summary": "đang nhập"}))
    fill_up(bench)
    saved: list[str] = []

    def until_it_is_full() -> None:
        while len(saved) < 2_000:
            saved.append(bench.run(calls.set_outcome(None, "silent")).call_id)

    with pytest.raises(OperationalError) as raised:
        until_it_is_full()
    trouble = translate(raised.value)
    assert isinstance(trouble, DiskFull)
    assert "CHƯA lưu" in trouble.advice
    assert {row.id for row in bench.read(lambda c: calls_today(c, "an_giang", NOON - DAY, 5_000))} == set(saved)
    assert [d.data for d in bench.read(lambda c: kept.all_of(c, "nv07"))] == [{"summary": "đang nhập"}]
    with bench.store.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    bench.run(calls.set_outcome(None, "prank"))
    assert bench.read(road_view).saved_here == len(saved) + 1


def test_an_error_of_the_database_never_repeats_what_was_typed(bench: Bench) -> None:
    with pytest.raises(OperationalError) as raised, bench.store.write() as connection:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (?)", ("Nguyễn Thị Canary",))
    assert "Canary" not in str(raised.value)


def test_a_damaged_page_is_told_as_damage(bench: Bench) -> None:
    for _ in range(300):
        bench.run(calls.set_outcome(None, "silent"))
    bench.store.close()
    raw = bytearray(bench.home.db.read_bytes())
    for page in range(3, len(raw) // 4096):
        raw[page * 4096 + 100] ^= 0xFF
    bench.home.db.write_bytes(raw)
    with pytest.raises((Damaged, WrongKey)):
        open_store(bench.home.db, STORE_KEY)


def test_a_copy_set_aside_never_overwrites_another(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    copy_aside(bench.home.db, STORE_KEY, target)
    with pytest.raises(FileExistsError):
        copy_aside(bench.home.db, STORE_KEY, target)


KILLED = """
import os, signal, sys
from pathlib import Path
from desktop.operations import calls, drafts
from desktop.store.drafts import all_of
from tests.desktop.store.kit import Bench

bench = Bench(Path(sys.argv[1]))
for n in range(20):
    shown = bench.run(calls.set_outcome(None, "silent"))
    print("saved", shown.call_id, flush=True)
bench.run(drafts.keep("d1", "report", "", {"summary": "Em bé ở chợ"}))
print("draft", flush=True)
bench.run(calls.set_outcome(None, "prank"), before_commit=lambda: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_kill_minus_nine_before_commit_loses_nothing_that_was_shown_as_saved(tmp_path: Path) -> None:
    home = tmp_path / "desk"
    done = subprocess.run([sys.executable, "-c", KILLED, str(home)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    shown = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("saved")}
    assert len(shown) == 20
    assert done.stdout.endswith("draft\n")
    bench = Bench(home)
    try:
        rows = bench.read(lambda c: calls_today(c, "an_giang", NOON - DAY))
        assert {row.id for row in rows} == shown
        assert {row.outcome for row in rows} == {"silent"}
        assert [d.data for d in bench.read(lambda c: kept.all_of(c, "nv07"))] == [{"summary": "Em bé ở chợ"}]
        bench.run(calls.set_outcome(None, "prank"))
        assert bench.read(road_view).saved_here == 21
        with bench.store.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    finally:
        bench.close()


def test_the_library_is_the_encrypted_one() -> None:
    connection = sqlcipher.connect(":memory:")
    try:
        assert connection.execute("PRAGMA cipher_version").fetchone()
    finally:
        connection.close()
