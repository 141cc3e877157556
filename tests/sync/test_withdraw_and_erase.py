"""A withdrawn dossier leaves a desk after its last words have left; an erased record stays erased everywhere."""

from __future__ import annotations

import random
from functools import partial

import pytest
from sqlalchemy import Connection, select

from domain.records.note import Note
from domain.records.road import Custody, Grant
from sync import chain
from sync.act import Act
from sync.operation import APPEND, ERASE, GRANT, WITHDRAW, Body, Placed
from sync.proof import RECORD, Ask
from sync.replica import feed, read, scopes, sums, tables
from sync.replica.replica import Identity
from sync.signals import Nudged, Saved
from sync.stays import NOTHING
from tests.sync.line import Centre, Desk, Faults, Line, chains_are_whole, proven_equal
from tests.sync.nodes import Node, contact, memory_engine

DOSSIER = scopes.dossier("contact-1")
ME = Identity("centre", 1)


def centre_node() -> Node:
    return Node(memory_engine(), device="centre", centre="", serving=True)


def by_centre(line: Line, bodies: list[Body]) -> None:
    """The centre writes with its own hand, and held pulls hear of it."""
    line.centre.at.run(lambda c: line.centre.at.replica.author(c, ME, bodies))
    for desk in line.desks:
        line.tell(desk, Nudged())


def order(line: Line, device: str, record: str, scope: str, *, withdrawn: int | None = None) -> list[Body]:
    act = line.centre.at.act()
    grant = Grant(id=record, device=device, granted_scope=scope, withdrawn_at=withdrawn)
    act.create(scopes.device_scope(device), grant, action=WITHDRAW if withdrawn else GRANT)
    return act.bodies


def passed_on(line: Line, to: str) -> list[Body]:
    act = line.centre.at.act()
    act.create(DOSSIER, Custody(id="contact-1", centre=to, previous="an_giang", moved_at=line.now))
    return act.bodies


def erasure(line: Line, kind: str, record: str, scope: str) -> Body:
    stamp = line.centre.at.act()._stamp
    return Body(kind, record, scope, "P1", ERASE, "centre", 1, stamp)


def writes(line: Line, desk: Desk, act: Act) -> None:
    desk.at.write(act)
    line.tell(desk, Saved())


def founded(line: Line, desk: Desk) -> None:
    act = desk.at.act()
    act.create(DOSSIER, contact(1))
    act.create(DOSSIER, Note(id="note-1", contact_id="contact-1", text="lời đầu"), action=APPEND)
    writes(line, desk, act)


def noted(desk: Desk, number: int) -> Act:
    act = desk.at.act()
    act.create(DOSSIER, Note(id=f"note-{number}", contact_id="contact-1", text="lời sau"), action=APPEND)
    return act


def rows_of(desk: Node, scope: str) -> int:
    """Rows that the store holds of a scope, in every table that has scopes but the log."""

    def work(c: Connection) -> int:
        found = 0
        for table in [*tables.records.values(), tables.parked_record, tables.sibling, tables.waiting]:
            found += len(c.execute(select(table).where(table.c.scope == scope)).all())
        return found

    return desk.run(work)


def calm(line: Line) -> None:
    line.run_until(line.now + 10_000_000, partial(proven_equal, line.desks, line.centre))
    assert proven_equal(line.desks, line.centre)


def two_desks(seed: int = 0, faults: Faults | None = None) -> tuple[Line, Desk, Desk]:
    line = Line(Centre(centre_node()), seed, faults)
    ag = line.join(Node(memory_engine(), device="ag01", centre="an_giang"))
    dn = line.join(Node(memory_engine(), device="dn01", centre="da_nang"))
    return line, ag, dn


def test_a_dossier_that_is_passed_on_is_wiped_where_it_was_and_whole_where_it_goes() -> None:
    line, ag, dn = two_desks()
    founded(line, ag)
    calm(line)
    assert rows_of(ag.at, DOSSIER)
    by_centre(line, [*passed_on(line, "da_nang")])
    by_centre(line, order(line, "dn01", "g-dn", DOSSIER))
    by_centre(line, order(line, "ag01", "w-ag", DOSSIER, withdrawn=5))
    calm(line)
    assert rows_of(ag.at, DOSSIER) == 0
    assert dn.at.stored("contact", "contact-1").record.summary == "Ghi chép số 1"
    receipt = line.centre.at.stored("wiped", "w-ag").record
    assert (receipt.device, receipt.wiped_scope) == ("ag01", DOSSIER)
    assert receipt.digest.partition(":")[0] == "2"
    ag.at.digests()
    line.centre.at.digests()


def test_what_is_not_sent_yet_goes_before_the_wipe() -> None:
    line, ag, dn = two_desks()
    founded(line, ag)
    calm(line)
    edge = line.now + 60_000
    line.faults.cut = lambda ms: ms < edge
    writes(line, ag, noted(ag, 2))
    by_centre(line, [*passed_on(line, "da_nang")])
    by_centre(line, order(line, "dn01", "g-dn", DOSSIER))
    by_centre(line, order(line, "ag01", "w-ag", DOSSIER, withdrawn=5))
    calm(line)
    assert rows_of(ag.at, DOSSIER) == 0
    assert line.centre.at.has("note", "note-2")
    assert dn.at.has("note", "note-2")


def test_a_dossier_given_back_before_it_was_wiped_stays() -> None:
    line, ag, _ = two_desks()
    founded(line, ag)
    calm(line)
    by_centre(line, order(line, "ag01", "w-ag", DOSSIER, withdrawn=5) + order(line, "ag01", "g-ag", DOSSIER))
    calm(line)
    assert rows_of(ag.at, DOSSIER)


def test_a_dossier_given_back_after_the_wipe_comes_back_whole() -> None:
    line, ag, dn = two_desks()
    founded(line, ag)
    calm(line)
    by_centre(line, passed_on(line, "da_nang"))
    by_centre(line, order(line, "dn01", "g-dn", DOSSIER))
    by_centre(line, order(line, "ag01", "w-ag", DOSSIER, withdrawn=5))
    calm(line)
    writes(line, dn, noted(dn, 7))
    calm(line)
    by_centre(line, order(line, "ag01", "g-again", DOSSIER))
    calm(line)
    assert ag.at.has("note", "note-1")
    assert ag.at.has("note", "note-7")


def test_a_server_or_stick_that_has_not_heard_of_a_withdrawal_brings_nothing_back() -> None:
    """A hub that was away goes on showing the dossier, a stick was written before: no page and no comparison with
    them makes a row of it here again. Given back, it comes whole."""
    line, ag, dn = two_desks()
    founded(line, ag)
    writes(line, ag, noted(ag, 2))
    calm(line)
    late = line.centre.at.run(lambda c: feed.of_scope(c, DOSSIER, upto=1 << 40, past=0)).placed
    by_centre(line, passed_on(line, "da_nang"))
    by_centre(line, order(line, "dn01", "g-dn", DOSSIER))
    by_centre(line, order(line, "ag01", "w-ag", DOSSIER, withdrawn=5))
    calm(line)
    ag.road.receive(late, ag.road.view().cursor)
    for kind, record in (("contact", "contact-1"), ("note", "note-1"), ("note", "note-2")):
        assert ag.road.ledger().rebuild(Ask(RECORD, scope=DOSSIER, kind=kind, id=record), late) == NOTHING
    assert rows_of(ag.at, DOSSIER) == 0
    ag.at.digests()
    writes(line, dn, noted(dn, 7))
    by_centre(line, order(line, "ag01", "g-again", DOSSIER))
    calm(line)
    assert all(ag.at.has("note", f"note-{number}") for number in (1, 2, 7))


def test_a_dossier_passed_on_with_two_values_side_by_side_keeps_both() -> None:
    """The record that says whose a dossier is bears the id of its contact: conflicts are told apart by kind too."""
    line, ag, dn = two_desks()
    founded(line, ag)
    by_centre(line, order(line, "dn01", "g-dn", DOSSIER))
    calm(line)
    ag.at.change("contact", "contact-1", summary="bản của An Giang")
    dn.at.change("contact", "contact-1", summary="bản của Đà Nẵng")
    line.tell(ag, Saved())
    line.tell(dn, Saved())
    calm(line)
    assert [one.field for one in dn.at.run(read.conflicts)] == ["summary"]
    by_centre(line, passed_on(line, "da_nang"))
    by_centre(line, order(line, "ag01", "w-ag", DOSSIER, withdrawn=5))
    calm(line)
    assert dn.at.has("custody", "contact-1")
    assert [one.field for one in dn.at.run(read.conflicts)] == ["summary"]


@pytest.mark.parametrize("seed", range(12))
def test_a_withdrawal_on_a_bad_line_leaves_no_row_behind(seed: int) -> None:
    line, ag, _ = two_desks(seed, Faults(lose_request=0.15, lose_answer=0.15, twice=0.2, busy=0.1, delay_ms=900))
    dice = random.Random(seed)
    founded(line, ag)
    line.run_until(line.now + 10_000_000, lambda: line.centre.at.has("contact", "contact-1"))
    by_centre(line, order(line, "ag01", "g-ag", DOSSIER))
    line.run_until(line.now + dice.randrange(2_000))
    if dice.random() < 0.5:
        line.crash(ag)
    by_centre(line, passed_on(line, "da_nang"))
    by_centre(line, order(line, "dn01", "g-dn", DOSSIER))
    act = line.centre.at.act()
    stored = line.centre.at.stored("grant", "g-ag")
    act.change("grant", "g-ag", stored.scope, stored.state, {"withdrawn_at": 9}, action=WITHDRAW)
    by_centre(line, act.bodies)
    line.run_until(line.now + dice.randrange(3_000))
    line.faults = Faults()
    calm(line)
    assert rows_of(ag.at, DOSSIER) == 0
    assert line.centre.at.has("wiped", "g-ag")
    assert chains_are_whole(line.centre)


def test_only_the_centre_passes_on_and_erases() -> None:
    line, ag, dn = two_desks()
    founded(line, ag)
    calm(line)
    act = ag.at.act()
    act.create(DOSSIER, Custody(id="contact-1", centre="da_nang"))
    act.bodies.append(Body("note", "note-1", DOSSIER, "P1", ERASE, "tvv-1", 1, act._stamp))
    ag.at.run(lambda c: ag.at.replica.author(c, ag.at.identity, act.bodies[:1]))
    line.tell(ag, Saved())
    line.run_until(line.now + 60_000)
    held = line.centre.at.run(read.held)
    assert [(one.kind, one.why) for one in held] == [("custody", "centre_only")]
    assert not dn.at.has("contact", "contact-1")
    foreign = Placed("ag01", 1, 1, 1, b"s" * 16, b"")
    assert not foreign.erased
    assert line.centre.at.has("note", "note-1")


def test_an_erased_record_is_gone_everywhere_and_the_chain_still_verifies() -> None:
    line, ag, _ = two_desks()
    founded(line, ag)
    calm(line)
    by_centre(line, [erasure(line, "note", "note-1", DOSSIER)])
    calm(line)
    for node in (ag.at, line.centre.at):
        assert not node.has("note", "note-1")
        bodies = node.run(lambda c: [bytes(r.body or b"") for r in c.execute(select(tables.log.c.body))])
        assert not any("lời đầu".encode() in body for body in bodies)
        node.digests()
    assert ag.at.has("contact", "contact-1")
    assert whole(line.centre.at)
    assert whole(ag.at)


def whole(node: Node) -> bool:
    """Every chain of the log recomputed, erased operations by the hash that is left."""
    rows = node.run(lambda c: c.execute(select(tables.log).order_by(tables.log.c.n)).all())
    heads: dict[tuple[str, int], bytes] = {}
    for row in rows:
        one = Placed(row.device, row.incarnation, row.n, row.grp, bytes(row.salt), bytes(row.body or b""))
        place = (row.device, row.incarnation)
        heads[place] = chain.advance(heads.get(place, chain.GENESIS), [one])[0]
        if heads[place] != bytes(row.hash):
            return False
    return bool(rows)


def test_what_comes_later_of_an_erased_record_leaves_only_its_hash() -> None:
    line, ag, _ = two_desks()
    founded(line, ag)
    calm(line)
    edge = line.now + 60_000
    line.faults.cut = lambda ms: ms < edge
    act = ag.at.act()
    stored = ag.at.stored("contact", "contact-1")
    act.change("contact", "contact-1", DOSSIER, stored.state, {"summary": "viết khi mất đường"})
    writes(line, ag, act)
    by_centre(line, [erasure(line, "contact", "contact-1", DOSSIER)])
    line.run_until(edge + 1)
    calm(line)
    for node in (ag.at, line.centre.at):
        assert not node.has("contact", "contact-1")
        found = node.run(lambda c: c.execute(select(tables.log.c.body).where(tables.log.c.record == "contact-1")))
        assert all(row.body is None or b'"erase"' in bytes(row.body) for row in found)
    assert whole(line.centre.at)


def test_what_a_desk_may_not_write_is_not_held_where_the_record_was_erased() -> None:
    line, ag, dn = two_desks()
    founded(line, ag)
    calm(line)
    by_centre(line, [erasure(line, "note", "note-1", DOSSIER)])
    calm(line)
    act = dn.at.act()
    act.create(DOSSIER, Note(id="note-1", contact_id="contact-1", text="lời của nơi khác"), action=APPEND)
    act.create(DOSSIER, Note(id="note-7", contact_id="contact-1", text="lời của nơi khác"), action=APPEND)
    dn.at.run(lambda c: dn.at.replica.author(c, dn.at.identity, act.bodies))
    line.tell(dn, Saved())
    line.run_until(line.now + 60_000)
    centre = line.centre.at
    waits = centre.run(lambda c: c.execute(select(tables.waiting.c.record, tables.waiting.c.why)).all())
    assert [tuple(one) for one in waits] == [("note-7", "ungranted_scope")]
    words = centre.run(lambda c: c.execute(select(tables.log.c.body).where(tables.log.c.record == "note-1")).all())
    assert len(words) == 3  # the first word, the order, the late word
    assert not any(b"text" in bytes(one.body or b"") for one in words)
    assert whole(centre)


def test_a_desk_sends_what_is_left_of_an_erased_operation_to_a_centre_that_lost_it() -> None:
    line, ag, _ = two_desks()
    founded(line, ag)
    calm(line)
    by_centre(line, [erasure(line, "note", "note-1", DOSSIER)])
    calm(line)
    line.centre.at = centre_node()
    line.centre.lineage = "L2"
    line.tell(ag, Nudged())
    line.run_until(line.now + 120_000)
    assert line.centre.at.has("contact", "contact-1")
    assert not line.centre.at.has("note", "note-1")
    assert whole(line.centre.at)
    sent = line.centre.at.run(lambda c: feed.own_after(c, "ag01", 1, 0))
    assert [one.erased for one in sent] == [one.erased for one in ag.at.outbox()]
    assert any(one.erased for one in sent)


@pytest.mark.parametrize("turn", range(6))
def test_erasing_ends_the_same_in_any_order_of_arrival(turn: int) -> None:
    author = Node(memory_engine(), device="ag01")
    act = author.act()
    act.create(DOSSIER, contact(1))
    author.write(act)
    author.change("contact", "contact-1", summary="hai")
    stamp = author.act()._stamp
    author.run(
        lambda c: author.replica.author(
            c, author.identity, [Body("contact", "contact-1", DOSSIER, "P1", ERASE, "centre", 1, stamp)]
        )
    )
    rows = author.run(lambda c: c.execute(select(tables.log).order_by(tables.log.c.n)).all())
    assert [row.body is None for row in rows] == [True, True, True, False] or rows[-1].body is not None
    fresh = Node(memory_engine(), device="ag02")
    before = Node(memory_engine(), device="ag01")
    again = before.act()
    again.create(DOSSIER, contact(1))
    before.write(again)
    before.change("contact", "contact-1", summary="hai")
    history = before.outbox()
    orders = [Placed("centre", 1, 1, 1, b"x" * 16, bytes(rows[-1].body), 99)]
    mixed = [*history, *orders]
    random.Random(turn).shuffle(mixed)
    for one in mixed:
        fresh.fold([one])
    assert not fresh.has("contact", "contact-1")
    assert fresh.run(lambda c: sums.of_audiences(c, [""])).count == 0
    fresh.digests()
    assert fresh.run(read.held) == []
