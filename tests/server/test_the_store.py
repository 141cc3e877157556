"""The centre's store: keys, versions, the write lane's company, full disks, and a count that finds every change."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from sqlalchemy import inspect, text

from server.operations.centre import Centre
from server.store.audit import audit
from server.store.engine import DATABASE, KEY, Connection, open_store
from server.store.opening import SHAPE
from server.store.troubles import KeyMissing, NewerStore, StoreUnavailable, WrongKey
from sync import door
from sync.replica import node
from sync.troubles import ServerTrouble
from tests.server.ground import PATIENCE_S, Desk, HandClock, InThread, Running, running

MakeDesk = Callable[..., Desk]


def opened(data: Path, database: str | None = None) -> Centre:
    return Centre.opened(data, database, HandClock())


def test_the_store_is_encrypted_and_only_its_owners(tmp_path: Path) -> None:
    data = tmp_path / "data"
    opened(data).close()
    assert not (data / DATABASE).read_bytes().startswith(b"SQLite format 3")
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in data.iterdir()}
    assert modes == {(False, 0o600), (True, 0o700)}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert len(bytes.fromhex((data / KEY).read_text())) == 32


def test_a_lineage_stays_over_a_restart_and_differs_between_stores(tmp_path: Path) -> None:
    names = []
    for folder in ("a", "a", "b"):
        centre = opened(tmp_path / folder)
        names.append(centre.lineage)
        centre.close()
    assert names[0] == names[1] != names[2]


def test_a_wrong_or_missing_key_is_said_and_changes_nothing(tmp_path: Path) -> None:
    opened(tmp_path).close()
    before = (tmp_path / DATABASE).read_bytes()
    right = (tmp_path / KEY).read_text()
    (tmp_path / KEY).write_text(os.urandom(32).hex())
    with pytest.raises(WrongKey, match=r"server\.key"):
        opened(tmp_path)
    (tmp_path / KEY).unlink()
    with pytest.raises(KeyMissing, match="Thiếu tệp khóa"):
        opened(tmp_path)
    assert not (tmp_path / KEY).exists()
    assert (tmp_path / DATABASE).read_bytes() == before
    (tmp_path / KEY).write_text(right)
    opened(tmp_path).close()


def test_a_store_of_before_gets_the_index_of_today_over_the_rows_it_is_for(
    tmp_path: Path, database: str | None
) -> None:
    opened(tmp_path, database).close()
    store = open_store(tmp_path, database)
    with store.writing() as connection:
        connection.exec_driver_sql("DROP INDEX ix_r_call_number_among_contact_id")
        connection.exec_driver_sql("CREATE INDEX ix_r_call_number ON r_call (number)")
        node.put_key(connection, SHAPE, "before")
    store.close()
    opened(tmp_path, database).close()
    store = open_store(tmp_path, database)
    with store.reading() as connection:
        there = {str(ix["name"]): ix for ix in inspect(connection).get_indexes("r_call")}
    store.close()
    assert "ix_r_call_number" not in there
    among = there["ix_r_call_number_among_contact_id"]
    assert among["column_names"] == ["number", "contact_id"]
    where = str(among["dialect_options"]["postgresql_where" if database else "sqlite_where"])
    assert "contact_id IS NOT NULL" in where, "rows without a file, nearly all, would be in it too"


@pytest.mark.parametrize("key", ["version", "accounts_version"])
def test_a_store_of_a_newer_program_is_refused_untouched(
    tmp_path: Path, database: str | None, key: str
) -> None:
    opened(tmp_path, database).close()
    store = open_store(tmp_path, database)
    with store.writing() as connection:
        node.put_key(connection, key, "99")
    with pytest.raises(NewerStore, match="phiên bản mới hơn"):
        opened(tmp_path, database)
    with store.reading() as connection:
        assert node.get(connection, key) == "99"
    store.close()


def test_a_reader_cannot_write(tmp_path: Path, database: str | None) -> None:
    opened(tmp_path, database).close()
    store = open_store(tmp_path, database)
    with pytest.raises(Exception, match=r"readonly|read-only|StoreUnavailable|Kho"), store.reading() as connection:
        node.put_key(connection, "x", "y")
    with store.reading() as connection:
        assert node.get(connection, "x") == ""
    store.close()


def test_a_job_that_fails_in_company_undoes_only_its_own(tmp_path: Path, database: str | None) -> None:
    centre = opened(tmp_path, database)
    entered, go = threading.Event(), threading.Event()

    def first(connection: Connection) -> None:
        entered.set()
        assert go.wait(PATIENCE_S)
        node.put_key(connection, "first", "1")

    def good(name: str) -> Callable[[Connection], None]:
        return lambda connection: node.put_key(connection, name, "1")

    def bad(connection: Connection) -> None:
        node.put_key(connection, "bad", "1")
        raise ValueError("this one")

    blocking = InThread(lambda: centre.lane.do(first))
    assert entered.wait(PATIENCE_S)
    company = [InThread(lambda job=job: centre.lane.do(job)) for job in (good("a"), bad, good("b"))]  # type: ignore[misc]  # binds the loop's value
    while len(centre.lane._orders) < 3:
        assert entered.wait(PATIENCE_S)
    go.set()
    blocking.outcome()
    company[0].outcome()
    with pytest.raises(ValueError, match="this one"):
        company[1].outcome()
    company[2].outcome()
    kept = {name: centre.read(lambda c, name=name: node.get(c, name)) for name in ("first", "a", "bad", "b")}  # type: ignore[misc]  # the default binds the loop
    assert kept == {"first": "1", "a": "1", "bad": "", "b": "1"}
    centre.close()
    with pytest.raises(StoreUnavailable):
        centre.lane.do(good("late"))


def test_a_full_disk_is_told_to_the_desk_and_nothing_is_lost(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    one.write_calls(range(200))

    def pages(connection: Connection, most: int) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")

    embedded.centre.lane.do(lambda c: pages(c, 1))  # SQLite keeps at least what there is
    with pytest.raises(ServerTrouble) as told:
        one.push()
    assert told.value.retry_after_ms == 5_000
    embedded.centre.lane.do(lambda c: pages(c, 1 << 30))
    assert embedded.centre.read(audit).differences == []
    assert one.push().acked == 200
    one.pull()
    assert one.digest == one.own_digest()


def test_a_database_that_went_away_is_busy_and_comes_back(
    tmp_path: Path, postgres_url: str, desks: MakeDesk
) -> None:
    with running(tmp_path, postgres_url) as centre:
        one = desks(centre)
        one.write_calls(range(3))
        with centre.centre.store.reading() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        assert one.push().acked == 3
        one.pull()
        assert one.digest == one.own_digest()


class Undo(Exception):
    """Roll the change back."""


CHANGES = {
    "a field of a call": "UPDATE r_call SET outcome = 'prank' WHERE id = (SELECT min(id) FROM r_call)",
    "a call": "DELETE FROM r_call WHERE id = (SELECT min(id) FROM r_call)",
    "a digest": "UPDATE digest SET count = count + 1 WHERE kind = 'call'",
    "an audience": "UPDATE audience_digest SET count = count + 1",
    "a grant's digest": "UPDATE granted_digest SET count = count + 1",
    "an operation": "DELETE FROM log WHERE seq = 2",
    "a body": "UPDATE log SET body = salt WHERE seq = 2",
    "a place": "UPDATE log SET grp = grp + 1 WHERE seq = 2",
    "the last operation": "DELETE FROM log WHERE seq = (SELECT max(seq) FROM log)",
    "the feed": "UPDATE node SET value = '1' WHERE key = 'feed'",
    "a chain's head": "UPDATE chain SET n = n + 1",
}


def test_the_count_anew_finds_every_change(centre: Running, desks: MakeDesk) -> None:
    one = desks(centre)
    desks(centre, "HN01", all_cases=True)
    one.write_calls(range(3))
    one.write_contact("a", case=True)
    one.push()
    found = centre.centre.read(audit)
    assert found.differences == []
    assert (found.operations, found.chains, found.records) == (9, 2, 8)
    missed = []
    for what, statement in CHANGES.items():
        with contextlib.suppress(Undo), centre.centre.store.writing() as connection:
            assert connection.execute(text(statement)).rowcount >= 1, what
            if not audit(connection).differences:
                missed.append(what)
            raise Undo
    assert missed == []
    assert centre.centre.read(audit).differences == []
    health = requests.get(centre.url + door.HEALTH, timeout=PATIENCE_S)
    assert health.json()["feed"] == 9
