"""What was just written passes a backlog: others see it first, and it takes its place in the chain later, once."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import func, select

from sync import chain, engine
from sync.replica import node, scopes, tables
from sync.replica.replica import Accepted, Fork, Gap
from tests.sync.line import Centre, Desk, Line, chains_are_whole, proven_equal
from tests.sync.nodes import Node, contact, memory_engine

HOUR = 3_600_000
BACKLOG = 300
PARTS = 2
"""Operations of one made-up contact: its data classes travel apart."""


def _write(node_: Node, number: int) -> None:
    act = node_.act()
    act.create(scopes.dossier(f"contact-{number}"), contact(number))
    node_.write(act)


def _count(at: Node) -> int:
    return at.run(lambda c: int(c.execute(select(func.count()).select_from(tables.records["contact"])).scalar_one()))


def _backlogged() -> tuple[Line, Desk, Desk]:
    """A line that comes back for a desk with many batches to send."""
    line = Line(Centre(Node(memory_engine(), "centre", "ref", serving=True)))
    one, two = line.join(Node(memory_engine(), "ag01")), line.join(Node(memory_engine(), "ag02"))
    line.run_until(HOUR, lambda: proven_equal([one, two], line.centre))
    line.faults.cut = lambda _ms: True
    for number in range(BACKLOG):
        _write(one.at, number)
    line.tell(one, engine.Saved())
    line.run_until(line.now + 10 * 60_000)
    line.faults.cut = lambda _ms: False
    for desk in (two, one):
        line.tell(desk, engine.Nudged())
    return line, one, two


def test_an_emergency_saved_behind_a_backlog_is_seen_by_others_before_the_backlog() -> None:
    line, one, two = _backlogged()
    line.run_until(line.now + HOUR, lambda: _count(two.at) > 0)
    _write(one.at, 1_000)
    line.tell(one, engine.Saved())
    line.run_until(line.now + HOUR, lambda: two.at.has("contact", "contact-1000"))
    assert two.at.has("contact", "contact-1000")
    assert _count(two.at) < BACKLOG, "the backlog is still on its way"
    line.run_until(line.now + HOUR, lambda: proven_equal([one, two], line.centre))
    assert proven_equal([one, two], line.centre)
    assert _count(two.at) == BACKLOG + 1
    assert chains_are_whole(line.centre)


def test_what_came_ahead_takes_its_place_once_and_the_feed_says_how_many_numbers_were_given_up() -> None:
    line, one, two = _backlogged()
    line.run_until(line.now + HOUR, lambda: proven_equal([one, two], line.centre))
    at = line.centre.at
    places = at.run(lambda c: c.execute(select(tables.log.c.n).where(tables.log.c.device == "ag01")).all())
    assert sorted(row.n for row in places) == list(range(1, PARTS * BACKLOG + 1))
    feed, moved = at.run(node.feed), at.run(lambda c: int(node.get(c, node.MOVED, "0")))
    whole = at.run(lambda c: c.execute(select(func.count()).select_from(tables.log)).scalar_one())
    assert moved > 0, "something went ahead of its turn"
    assert whole + moved == feed


def _sent(desk: Node, centre: Node, from_act: int, to_act: int, *, ahead: bool) -> Accepted:
    first, last = PARTS * (from_act - 1) + 1, PARTS * to_act
    placed = desk.outbox()[first - 1 : last]
    previous = desk.run(lambda c: desk.replica.hash_at(c, desk.identity, first - 1))
    head = chain.advance(previous, placed)[-1]
    signature = chain.sign_head(desk.key, "ag01", 1, last, head)
    accept = partial(centre.replica.accept, ahead=ahead)
    return centre.run(lambda c: accept(c, desk.peer(), placed, previous, signature))


def test_ahead_is_acknowledged_only_when_the_chain_has_come_so_far_and_sending_it_again_changes_nothing() -> None:
    desk, centre = Node(memory_engine(), "ag01"), Node(memory_engine(), "centre", "ref", serving=True)
    for number in range(5):
        _write(desk, number)
    assert _sent(desk, centre, 4, 5, ahead=True).acked == 0
    assert _sent(desk, centre, 4, 5, ahead=True).last_seq == 0, "known already"
    assert _count(centre) == 2
    with pytest.raises(Gap):
        _sent(desk, centre, 4, 5, ahead=False)
    assert _sent(desk, centre, 1, 3, ahead=False).acked == PARTS * 3
    assert _sent(desk, centre, 4, 5, ahead=False).acked == PARTS * 5
    assert _count(centre) == 5
    assert chains_are_whole(Centre(centre))
    assert centre.digests() == desk.digests()


def test_a_twin_that_wrote_something_else_under_those_numbers_is_a_fork() -> None:
    desk, twin = Node(memory_engine(), "ag01"), Node(memory_engine(), "ag01")
    twin.key = desk.key
    centre = Node(memory_engine(), "centre", "ref", serving=True)
    for number in range(4):
        _write(desk, number)
        _write(twin, number + 100)
    _sent(desk, centre, 3, 4, ahead=True)
    with pytest.raises(Fork) as parted:
        _sent(twin, centre, 1, 4, ahead=False)
    assert parted.value.n == PARTS * 2 + 1
    with pytest.raises(Fork):
        _sent(twin, centre, 4, 4, ahead=True)
    assert centre.has("contact", "contact-3"), "a refused push takes nothing back"


def test_only_whole_acts_go_ahead_of_their_turn() -> None:
    line, one, _ = _backlogged()
    del line
    act = one.at.act()
    for number in range(500, 504):
        act.create(scopes.dossier(f"contact-{number}"), contact(number))
    one.at.write(act)
    n = PARTS * (BACKLOG + 4)
    for most in range(1, 20):
        found = one.road.fresh(0, most, 1 << 20)
        assert not found or (found[-1].n == n and len(found) <= most)
        assert [part.n for part in found] == list(range(n - len(found) + 1, n + 1))
        assert not found or found[0].n <= PARTS * BACKLOG + 1, "an act is never cut"
