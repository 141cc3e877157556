"""A difference between two nodes is found and mended record by record, and never costs anybody's words."""

from __future__ import annotations

import random
from functools import partial

import msgspec
import pytest
from sqlalchemy import Connection

from domain.records.note import Note
from sync.digest import NOTHING
from sync.door import Receipt
from sync.operation import APPEND
from sync.proof import RECORD, Ask, bucket_of, place_of
from sync.replica import node, proof, scopes, sql, sums, tables
from sync.signals import Nudged, Saved
from tests.sync.line import Centre, Desk, Faults, Line, proven_equal
from tests.sync.nodes import Node, call, contact, memory_engine


def world(calls: int = 30, seed: int = 0, faults: Faults | None = None) -> tuple[Line, Desk, Desk]:
    """Two desks of one centre with a day's records, proven equal."""
    line = Line(Centre(Node(memory_engine(), device="centre", centre="", serving=True)), seed, faults)
    one, two = (line.join(Node(memory_engine(), device=f"ag0{n}", centre="an_giang")) for n in (1, 2))
    act = one.at.act()
    for number in range(calls):
        act.create(scopes.centre("an_giang"), call(number))
    for number in range(3):
        scope = scopes.dossier(f"contact-{number}")
        act.create(scope, contact(number))
        act.create(scope, Note(id=f"note-{number}", contact_id=f"contact-{number}", text="chữ"), action=APPEND)
    one.at.write(act)
    line.tell(one, Saved())
    calm(line)
    return line, one, two


def calm(line: Line) -> None:
    line.run_until(line.now + 10_000_000, partial(proven_equal, line.desks, line.centre))
    assert proven_equal(line.desks, line.centre)


def look_again(line: Line, desk: Desk) -> None:
    """The desk compares anew: an ordinary save of somebody makes the next digest."""
    desk.engine._hold_next = False
    desk.engine._forget_pull()
    line.tell(desk, Nudged())


def damage(node: Node, table: str, row: str, column: str, value: object) -> None:
    """The disk lies: a value changes under the program."""
    known = tables.records[table]
    node.run(lambda c: c.execute(known.update().where(known.c.id == row).values({column: value})))


def lose(node: Node, table: str, row: str) -> None:
    known = tables.records[table]
    node.run(lambda c: c.execute(known.delete().where(known.c.id == row)))


def seen_unequal(line: Line, desk: Desk) -> None:
    """Running figures hide what happened to the rows until somebody counts: the weekly recount does."""

    def recount(c: Connection) -> None:
        kept = sums.by_scope_and_kind(c)
        now = sums.recount(c)
        deltas = {k: now.get(k, NOTHING).minus(kept.get(k, NOTHING)) for k in kept.keys() | now.keys()}
        desk.at.replica.correct(c, deltas)

    desk.at.run(recount)
    look_again(line, desk)


@pytest.mark.parametrize("calls", [30, 400])
def test_a_row_that_was_lost_at_a_desk_comes_back(calls: int) -> None:
    line, _, two = world(calls)
    lose(two.at, "call", "call-7")
    lose(two.at, "contact", "contact-1")
    seen_unequal(line, two)
    line.run_until(line.now + 1_000)
    calm(line)
    assert two.at.has("call", "call-7")
    assert two.at.stored("contact", "contact-1").record.summary == "Ghi chép số 1"
    two.at.digests()


def test_a_value_that_changed_on_the_disk_is_put_right_by_the_log_of_the_centre() -> None:
    line, _, two = world()
    damage(two.at, "contact", "contact-2", "summary", "không ai viết điều này")
    seen_unequal(line, two)
    line.run_until(line.now + 1_000)
    calm(line)
    assert two.at.stored("contact", "contact-2").record.summary == "Ghi chép số 2"


def test_the_centre_mends_its_own_row_from_its_own_log() -> None:
    line, one, two = world()
    centre = line.centre.at
    lose(centre, "note", "note-0")
    damage(centre, "call", "call-3", "outcome", "prank")

    def recount(c: Connection) -> None:
        now, kept = sums.recount(c), sums.by_scope_and_kind(c)
        centre.replica.correct(
            c, {k: now.get(k, NOTHING).minus(kept.get(k, NOTHING)) for k in kept.keys() | now.keys()}
        )

    centre.run(recount)
    for desk in (one, two):
        look_again(line, desk)
    line.run_until(line.now + 2_000)
    calm(line)
    assert centre.has("note", "note-0")
    assert centre.stored("call", "call-3").record.outcome == "silent"
    centre.digests()
    assert one.at.has("note", "note-0")


def test_a_running_figure_that_slipped_is_counted_anew_at_either_end() -> None:
    line, _, two = world()
    for end in (two.at, line.centre.at):
        end.run(lambda c: sql.upsert_many(c, tables.digest, [("centre:an_giang", "call", 3, "7" * 64)]))
    line.centre.at.run(lambda c: sql.upsert_many(c, tables.audience_digest, [("an_giang", 9, "5" * 64)]))
    look_again(line, two)
    line.run_until(line.now + 2_000)
    assert two.at.run(sums.by_scope_and_kind) == two.at.run(sums.recount)


def test_words_that_only_this_desk_holds_are_never_mended_away() -> None:
    line, one, two = world()
    only = {"call-5", "contact-0", "note-0"}
    log = tables.log.c
    centre = line.centre.at
    centre.run(lambda c: c.execute(tables.log.delete().where(log.record.in_(only))))
    for kind, record in (("call", "call-5"), ("contact", "contact-0"), ("note", "note-0")):
        lose(centre, kind, record)

    def recount(c: Connection) -> None:
        now, kept = sums.recount(c), sums.by_scope_and_kind(c)
        centre.replica.correct(
            c, {k: now.get(k, NOTHING).minus(kept.get(k, NOTHING)) for k in kept.keys() | now.keys()}
        )

    centre.run(recount)
    look_again(line, two)
    line.run_until(line.now + 200_000)
    assert two.engine.road.equal is False
    for kind, record in (("call", "call-5"), ("contact", "contact-0"), ("note", "note-0")):
        assert two.at.has(kind, record)
        assert one.at.has(kind, record)


def test_what_a_later_author_replaced_does_not_stand_again_where_his_words_are_missing() -> None:
    """The centre was put back and has not been sent again the middle one of three edits; this desk has seen it."""
    line, one, two = world(1)
    one.at.change("call", "call-0", number="lần hai")
    middle = one.at.outbox()[-1]
    two.at.fold([middle])
    two.at.change("call", "call-0", number="lần ba")
    before = two.at.stored("call", "call-0")
    ask = Ask(RECORD, scope=before.scope, kind="call", id="call-0")
    first = [placed for placed in one.at.outbox()[:-1] if placed.body.count(b'"call-0"')]
    assert len(first) == 1
    two.at.run(lambda c: proof.rebuild(c, two.at.replica, ask, first))
    after = two.at.stored("call", "call-0")
    assert after.siblings() == {}
    assert after.state["number"].gone == before.state["number"].gone
    two.at.run(lambda c: proof.rebuild(c, two.at.replica, ask, [*first, middle]))
    assert two.at.stored("call", "call-0").state["number"].gone == before.state["number"].gone
    two.at.digests()
    assert line.centre.at.has("call", "call-0")


@pytest.mark.parametrize("seed", range(8))
def test_mending_survives_a_bad_line_and_a_crash(seed: int) -> None:
    line, one, two = world(
        seed=seed, faults=Faults(lose_request=0.1, lose_answer=0.1, twice=0.2, busy=0.1, delay_ms=400)
    )
    dice = random.Random(seed)
    for number in dice.sample(range(30), 5):
        lose(two.at, "call", f"call-{number}")
    seen_unequal(line, two)
    line.run_until(line.now + dice.randrange(3_000))
    one.at.change("contact", "contact-1", summary="viết trong lúc so")
    line.tell(one, Saved())
    if seed % 2:
        line.crash(two)
    line.run_until(line.now + 5_000)
    line.faults = Faults()
    calm(line)
    two.at.digests()
    assert two.at.stored("contact", "contact-1").record.summary == "viết trong lúc so"


def test_names_fall_into_buckets_evenly_enough_to_narrow() -> None:
    names = [f"01932c00-0000-7000-8000-{n:012x}" for n in range(4_096)]
    first = [place_of(name)[0] for name in names]
    assert max(first.count(digit) for digit in set(first)) < 2 * 4_096 / 16
    assert len({bucket_of(name) for name in names}) == 256


def test_equality_is_receipted_with_a_signature_and_a_false_one_is_put_aside() -> None:
    line, one, _ = world(5)
    line.run_until(line.now + 5_000)
    kept = one.at.run(lambda c: node.get(c, "receipt"))
    receipt = msgspec.json.decode(kept, type=Receipt)
    assert receipt.digest == one.at.run(lambda c: sums.of_audiences(c, [""])).text()
    one.road.keep_receipt(msgspec.structs.replace(receipt, seq=999))
    assert one.at.run(lambda c: node.get(c, "receipt")) == kept
