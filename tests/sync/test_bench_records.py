"""The road's bench sends what a server takes: a bench whose records are held measures nothing, and never ends."""

from __future__ import annotations

from sync.replica import tables
from tests.bench.road_records import cases, contacts
from tests.sync.nodes import Node, memory_engine

NOTES = 60
PAST = 25


def test_every_note_of_the_bench_lies_in_a_dossier_that_a_contact_of_the_bench_has_founded() -> None:
    desk = Node(memory_engine())
    centre = Node(memory_engine(), "centre", "ref", serving=True)
    founding = [*contacts(PAST), *contacts(NOTES - PAST, past=PAST)]
    for scope, record in [*founding, *cases(NOTES)]:
        act = desk.act()
        act.create(scope, record)
        desk.write(act)

    accepted = desk.push_to(centre)

    assert accepted.held == ()
    with centre.engine.connect() as connection:
        for kind, made in (("case", NOTES), ("contact", len({scope for scope, _ in cases(NOTES)}))):
            assert len(connection.execute(tables.records[kind].select()).all()) == made
    assert len(founding) == len({scope for scope, _ in founding})
