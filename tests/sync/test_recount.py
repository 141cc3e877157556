"""The weekly recount meets every slip of a running digest, part by part, and takes nothing else for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine

from domain.clock import DAY
from domain.records.note import Note
from sync.digest import NOTHING, Digest
from sync.operation import APPEND
from sync.replica import recount, scopes, sums, tables
from sync.replica.recount import EVERY_MS, State
from tests.sync.nodes import Node, call, contact

Make = Callable[[], Engine]
CALLS = scopes.centre("an_giang")
NOW = 1_763_600_000_000


def node_with_rows(make: Make) -> Node:
    """Calls of a centre, three dossiers with a note each."""
    node = Node(make(), device="ag01", centre="an_giang")
    act = node.act()
    for number in range(30):
        act.create(CALLS, call(number))
    for number in range(3):
        scope = scopes.dossier(f"contact-{number}")
        act.create(scope, contact(number))
        act.create(scope, Note(id=f"note-{number}", contact_id=f"contact-{number}", text="chữ"), action=APPEND)
    node.write(act)
    return node


def counted(node: Node, most: int) -> dict[tuple[str, str], Digest]:
    """A whole round in parts of so many scopes; each part of one snapshot, kept before the next."""
    found: dict[tuple[str, str], Digest] = {}
    state = replace(node.run(recount.state), after="", found=0)
    while state.after is not None:
        part = node.run(lambda c, after=state.after: recount.part(c, after, most))  # type: ignore[misc]  # bound at once
        found |= part.slipped
        state = node.run(lambda c, before=state, part=part: recount.keep(c, before, part, NOW))  # type: ignore[misc]  # bound at once
        assert node.run(recount.state) == state, "what is remembered is what is gone on with"
    return found


def alter(c: Connection) -> None:
    table = tables.records["contact"]
    c.execute(table.update().where(table.c.id == "contact-1").values(summary="không ai viết"))


def lose(c: Connection) -> None:
    table = tables.records["call"]
    c.execute(table.delete().where(table.c.id == call(7).id))


def slip(c: Connection) -> None:
    d = tables.digest.c
    slipped = tables.digest.update().where(d.scope == scopes.dossier("contact-2"), d.kind == "note")
    c.execute(slipped.values(count=9))


def forget(c: Connection) -> None:
    table = tables.digest
    c.execute(table.delete().where(table.c.scope == scopes.dossier("contact-0")))


@pytest.mark.parametrize("most", [1, 2, 100])
def test_each_planted_fault_is_named_and_nothing_else(fresh_engine: Make, most: int) -> None:
    node = node_with_rows(fresh_engine)
    assert counted(node, most) == {}
    for fault in (alter, lose, slip, forget):
        node.run(fault)
    found = counted(node, most)
    assert set(found) == {
        (scopes.dossier("contact-1"), "contact"),
        (CALLS, "call"),
        (scopes.dossier("contact-2"), "note"),
        (scopes.dossier("contact-0"), "contact"),
        (scopes.dossier("contact-0"), "note"),
    }
    assert node.run(recount.state).last == 5
    node.run(lambda c: node.replica.correct(c, found))
    assert node.run(sums.by_scope_and_kind) == node.run(sums.recount)
    assert counted(node, most) == {}


def test_a_save_between_counting_and_putting_right_keeps_its_place(fresh_engine: Make) -> None:
    node = node_with_rows(fresh_engine)
    node.run(lose)
    part = node.run(lambda c: recount.part(c, ""))
    act = node.act()
    act.create(CALLS, call(99))
    node.write(act)
    node.run(lambda c: node.replica.correct(c, part.slipped))
    assert node.run(sums.by_scope_and_kind) == node.run(sums.recount)
    assert sum((one.count for one in node.run(sums.by_scope_and_kind).values()), 0) == 30 + 6
    assert NOTHING not in part.slipped.values()


def test_a_round_is_due_a_week_after_the_last_one_and_after_a_clock_that_was_ahead() -> None:
    assert State().is_due(NOW)
    assert not State(NOW).is_due(NOW + EVERY_MS - 1)
    assert State(NOW).is_due(NOW + EVERY_MS)
    assert State(NOW + DAY).is_due(NOW), "counted in a future that has not come"
    assert State(NOW, after="dossier:x").is_due(NOW), "a round that was broken off goes on"
