"""After 35 days without a signed word of the centre, existing files close at the read boundary; new ones never do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection

from desktop.store import lease, reads
from desktop.store.search_query import find
from desktop.store.sight import Viewer, looking
from desktop.store.unit_of_work import UnitOfWork
from domain.clock import DAY
from domain.ids import RANDOM_BYTES, uuid7
from domain.records.contact import Contact
from domain.records.party import Party
from domain.records.person import Person
from domain.records.staff import Staff, record_of
from domain.rules.lease import RunTime
from sync.door import Receipt
from sync.replica import node, scopes
from sync.replica.desk_road import RECEIPT
from tests.desktop.store.kit import NOON, STAFF, Bench, reference

OLD, NEW = (uuid7(NOON + days * DAY, os.urandom(RANDOM_BYTES)) for days in (-10, 20))
START = RunTime("boot", 100.0)


def later(days: float) -> RunTime:
    return RunTime("boot", 100.0 + days * 86_400)


def plant(uow: UnitOfWork) -> None:
    act = uow.act()
    for key, name in ((OLD, "Trần Thị Mai"), (NEW, "Trần Thị Mận")):
        scope = scopes.dossier(key)
        act.create(scope, Contact(id=key, centre="an_giang", receiver=STAFF, received_at=NOON, summary="Em"))
        act.create(scope, Person(id=f"p-{key}", full_name=name))
        act.create(scope, Party(id=f"y-{key}", person_id=f"p-{key}", contact_id=key, role="child"))
    act.create("ref", Staff(id=record_of(STAFF), staff=STAFF, roles=("counsellor",), centre="an_giang"))
    uow.write(act)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(Path(tmp_path_factory.mktemp("lease")) / "desk")
    made.run(plant)
    said = Receipt(device="desk-ag", lineage="l", seq=1, digest="d", time=NOON)
    with made.store.write() as connection:
        node.put(connection, **{RECEIPT: msgspec.json.encode(said).decode()})
        lease.note(connection, START)
        connection.commit()
    yield made
    made.close()


def opened(bench: Bench, wall_ms: int, run: RunTime) -> set[str]:
    """Which of the two files a counsellor can open and find now."""
    viewer = Viewer(STAFF, "an_giang", reference().policy, wall_ms=wall_ms, run=run)

    def read(connection: Connection) -> set[str]:
        found = {hit.contact_id for hit in find(connection, "tran thi", 50)}
        files = {key for key in (OLD, NEW) if reads.contact_view(connection, key) is not None}
        assert found == files, "search and the file itself say the same"
        return files

    with bench.store.read() as connection:
        return read(looking(connection, viewer))


def test_while_the_lease_runs_everything_opens(bench: Bench) -> None:
    assert opened(bench, NOON + 35 * DAY, later(35)) == {OLD, NEW}


def test_after_it_only_what_was_made_since_opens_whatever_the_wall_clock_says(bench: Bench) -> None:
    assert opened(bench, NOON + 36 * DAY, later(36)) == {NEW}
    assert opened(bench, NOON - 400 * DAY, later(36)) == {NEW}, "S-33: a clock set back opens nothing"


def test_a_fast_wall_clock_closes_only_while_it_is_fast(bench: Bench) -> None:
    assert opened(bench, NOON + 400 * DAY, later(1)) == {NEW}
    assert opened(bench, NOON + DAY, later(1)) == {OLD, NEW}


def test_a_desk_to_which_no_centre_ever_signed_anything_is_not_closed(tmp_path: Path) -> None:
    fresh = Bench(tmp_path / "desk")
    with fresh.store.read() as connection:
        assert lease.closed_before(connection, NOON + 400 * DAY, later(400)) is None
    fresh.close()
