"""A desk that the server knows more of than it wrote itself: restored from an older copy, or one of two twins."""

from __future__ import annotations

from sync import engine
from sync.replica import scopes
from tests.sync.line import Centre, Desk, Line, chains_are_whole, proven_equal
from tests.sync.nodes import Node, contact, memory_engine

HOUR = 3_600_000


def _line() -> Line:
    return Line(Centre(Node(memory_engine(), "centre", "ref", serving=True)))


def _found(line: Line, desk: Desk, number: int) -> None:
    act = desk.at.act()
    act.create(scopes.dossier(f"contact-{number}"), contact(number))
    desk.at.incarnation = desk.road.view().incarnation
    desk.at.write(act)
    line.tell(desk, engine.Saved())


def _copy_of(desk: Desk) -> Node:
    """Another computer with the desk's log and rows as they are now."""
    copy = Node(memory_engine(), desk.at.device, key=desk.at.key)
    copy.run(lambda c: copy.replica.receive(c, desk.at.outbox()))
    copy.run(lambda c: copy.replica.replace(c, desk.at.outbox()))
    return copy


def _off(line: Line, desk: Desk) -> None:
    line.desks.remove(desk)
    desk.engine = engine.Engine(desk.road, desk.at.device, line.dice.random, 1)


def test_a_restored_desk_gets_its_lost_words_back_without_writing_anything() -> None:
    line = _line()
    desk = line.join(Node(memory_engine(), "ag01"))
    _found(line, desk, 1)
    older = _copy_of(desk)
    for number in (2, 3, 4):
        _found(line, desk, number)
    line.run_until(HOUR, lambda: proven_equal([desk], line.centre))
    _off(line, desk)
    restored = line.join(older)
    line.run_until(line.now + HOUR, lambda: proven_equal([restored], line.centre))
    assert proven_equal([restored], line.centre)
    assert restored.road.view().incarnation == 2
    for number in (1, 2, 3, 4):
        assert restored.at.has("contact", f"contact-{number}")
    assert chains_are_whole(line.centre)


def test_what_is_written_after_a_twin_was_faster_is_not_taken_for_acknowledged() -> None:
    line = _line()
    desk = line.join(Node(memory_engine(), "ag01"))
    _found(line, desk, 1)
    line.run_until(HOUR, lambda: proven_equal([desk], line.centre))
    twin = line.join(_copy_of(desk))
    _found(line, twin, 2)
    line.run_until(line.now + 10_000)
    # The centre under another name: everything is sent and acknowledged anew, the twin's words to both.
    line.centre.lineage = "L2"
    line.run_until(line.now + HOUR, lambda: proven_equal([desk, twin], line.centre))
    _found(line, desk, 3)
    line.run_until(line.now + HOUR, lambda: proven_equal([desk, twin], line.centre))
    assert proven_equal([desk, twin], line.centre)
    for one in (desk, twin):
        assert one.road.view().waiting == 0
        for number in (1, 2, 3):
            assert one.at.has("contact", f"contact-{number}")
    assert line.centre.at.has("contact", "contact-3")
    assert chains_are_whole(line.centre)
