"""The exchange's records and the desk's rows become one: nothing missing, nothing doubled, twice is once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.operations import calls
from desktop.operations.calls import HOTLINE_PBX, PbxCallEvent
from desktop.operations.reconcile import (
    PART,
    AnotherName,
    MayNotReconcile,
    Paper,
    Reconciled,
    plan_of,
    reconcile,
    write_part,
)
from desktop.store.reads import call_row, calls_today, counts_today
from desktop.store.sight import Viewer
from desktop.store.unit_of_work import UnitOfWork
from domain.cdr import CdrReading, DamagedLine, PbxCall, read_cdr
from domain.clock import HOUR, MINUTE
from domain.ids import call_id
from domain.records.staff import Staff, record_of
from sync.replica import read, scopes
from tests.desktop.store.kit import HA_NOI, NOON, Bench, digest, own, reference, take

ROUGH = Path(__file__).parents[2] / "data" / "cdr" / "rough.csv"


def call(uniqueid: str, *, answered: bool = True, minute: int = 0, seat: str = "AG03") -> PbxCall:
    at = NOON - HOUR + minute * MINUTE
    return PbxCall(
        1,
        uniqueid,
        "+84900081502",
        seat if answered else "",
        "an_giang",
        at,
        at + 3_000 if answered else None,
        at + 40_000,
        "ANSWERED" if answered else "NO ANSWER",
    )


def reading(*pbx: PbxCall) -> CdrReading:
    return CdrReading(pbx, (DamagedLine(7, "thiếu mã cuộc gọi (uniqueid)"),), 2, len(pbx) + 3)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "desk")
    yield made
    made.close()


def test_an_answered_call_without_a_row_becomes_unclassified_and_a_missed_one_missed(bench: Bench) -> None:
    done = bench.run(reconcile(reading(call("1"), call("2", answered=False)), "an_giang", "ab"))
    assert done == Reconciled(made=1, missed=1, damaged=1, repeated=2)
    assert bench.read(lambda c: counts_today(c, "an_giang", NOON - 2 * HOUR)) == {"missed": 1, "unclassified": 1}
    row = bench.read(lambda c: call_row(c, call_id(HOTLINE_PBX, "2")))
    assert row is not None
    assert (row.outcome_by, row.answer_at, row.number) == ("rule", None, "+84900081502")


def test_doing_it_twice_changes_nothing(bench: Bench) -> None:
    both = reading(call("1"), call("2", answered=False))
    bench.run(reconcile(both, "an_giang", "ab"))
    before = own(bench)
    assert bench.run(reconcile(both, "an_giang", "ab")) == Reconciled(0, 0, 1, 2)
    assert own(bench) == before
    assert bench.run(reconcile(both, "an_giang", "another file, the same calls")) == Reconciled(0, 0, 1, 2)
    assert len(own(bench)) == len(before) + 1  # the other reading's own record


def test_the_exchanges_word_fills_a_desks_row_and_leaves_the_persons_outcome(bench: Bench) -> None:
    heard = call("1")
    record = bench.run(calls.answer(PbxCallEvent(HOTLINE_PBX, "1", "0900081502", "", heard.ring_at + 900, None)))
    bench.run(calls.set_outcome(record, "silent"))
    assert bench.run(reconcile(reading(heard), "an_giang", "ab")).made == 0
    row = bench.read(lambda c: call_row(c, record))
    assert row is not None
    assert (row.ring_at, row.answer_at, row.end_at) == (heard.ring_at, heard.answer_at, heard.end_at)
    assert (row.outcome, row.disposition) == ("silent", "ANSWERED")


def test_only_the_own_centres_calls_are_taken(tmp_path: Path) -> None:
    hanoi = Bench(tmp_path / "hn", HA_NOI)
    assert hanoi.run(reconcile(reading(call("1")), "hanoi", "ab")) == Reconciled(0, 0, 1, 2)
    assert hanoi.read(lambda c: calls_today(c, "an_giang", NOON - 2 * HOUR)) == []
    hanoi.close()


def test_a_counsellor_writes_no_calls_of_another_centre(bench: Bench) -> None:
    def hire(uow: UnitOfWork) -> None:
        one = Staff(id=record_of(uow.staff), staff=uow.staff, roles=("counsellor",), centre="an_giang")
        made = uow.act()
        made.create(scopes.REFERENCE, one)
        uow.write(made)

    bench.run(hire)
    with pytest.raises(MayNotReconcile):
        bench.run(reconcile(reading(call("1")), "hanoi", "ab"))
    assert bench.read(lambda c: calls_today(c, "hanoi", 0)) == []


def test_calls_that_stand_under_another_name_of_the_exchange_are_not_written_twice(bench: Bench) -> None:
    bench.run(reconcile(reading(call("1"), call("2")), "an_giang", "ab", pbx="tong-dai-mien-nam"))
    written = len(own(bench))
    with pytest.raises(AnotherName, match=f"«tong-dai-mien-nam».*«{HOTLINE_PBX}»"):
        bench.run(reconcile(reading(call("2"), call("3", minute=5)), "an_giang", "cd"))
    assert len(own(bench)) == written
    assert bench.run(reconcile(reading(call("4", minute=9)), "an_giang", "ef")).made == 1


@pytest.mark.parametrize("desk_first", [True, False])
def test_a_desks_row_that_arrives_after_reconciling_is_the_same_record(tmp_path: Path, desk_first: bool) -> None:
    desk, clerk, third = Bench(tmp_path / "a"), Bench(tmp_path / "b"), Bench(tmp_path / "c")
    heard = call("1")
    record = desk.run(calls.answer(PbxCallEvent(HOTLINE_PBX, "1", "0900081502", "", heard.ring_at + 900, None)))
    desk.run(calls.set_outcome(record, "prank"))
    clerk.clock.now += HOUR
    clerk.run(reconcile(reading(heard), "an_giang", "ab"))
    for placed in (own(desk), own(clerk)) if desk_first else (own(clerk), own(desk)):
        take(third, placed)
    row = third.read(lambda c: call_row(c, record))
    assert row is not None
    assert (row.outcome, row.ring_at, row.siblings) == ("prank", heard.ring_at, 0)
    assert third.read(read.conflicts) == []
    for made in (desk, clerk, third):
        made.close()


def test_two_clerks_who_read_one_file_agree_without_a_sibling(tmp_path: Path) -> None:
    one, other = Bench(tmp_path / "a"), Bench(tmp_path / "b")
    both = reading(call("1"), call("2", answered=False))
    one.run(reconcile(both, "an_giang", "ab"))
    other.clock.now += MINUTE
    other.run(reconcile(both, "an_giang", "ab"))
    mine, theirs = own(one), own(other)
    take(one, theirs)
    take(other, mine)
    assert digest(one) == digest(other)
    assert one.read(read.conflicts) == []
    assert one.read(lambda c: counts_today(c, "an_giang", NOON - 2 * HOUR)) == {"missed": 1, "unclassified": 1}
    one.close()
    other.close()


def test_a_row_by_hand_that_fits_exactly_one_call_lends_it_its_outcome(bench: Bench) -> None:
    heard = call("1")
    bench.clock.now = heard.ring_at + 20_000
    labelled = bench.run(calls.set_outcome(None, "abusive_caller"))
    done = bench.run(reconcile(reading(heard), "an_giang", "ab"))
    assert (done.made, done.matched) == (0, 1)
    rows = bench.read(lambda c: calls_today(c, "an_giang", NOON - 2 * HOUR))
    assert [(row.id, row.outcome) for row in rows] == [(call_id(HOTLINE_PBX, "1"), "abusive_caller")]
    kept = bench.read(lambda c: read.one(c, "call", labelled.call_id))
    assert kept is not None
    assert kept.record.same_as == call_id(HOTLINE_PBX, "1")


def test_a_row_of_which_only_the_number_was_known_is_linked_to_the_exchanges_record(bench: Bench) -> None:
    first, second = call("1"), call("2", minute=1)
    bench.clock.now = second.ring_at
    other = replace(first, number="0900000099")
    row = bench.run(calls.answer(calls.PbxCallEvent("", "door.1", second.number, "", second.ring_at, None)))
    bench.run(calls.set_outcome(row, "prank"))
    done = bench.run(reconcile(reading(other, second), "an_giang", "ab"))
    assert (done.made, done.matched) == (1, 1)
    kept = bench.read(lambda c: read.one(c, "call", row))
    assert kept is not None
    assert (kept.record.by_hand, kept.record.same_as) == (True, call_id(HOTLINE_PBX, "2"))


def test_a_row_by_hand_that_could_be_two_calls_is_left_to_a_person(bench: Bench) -> None:
    first, second = call("1"), call("2", minute=1)
    bench.clock.now = second.ring_at
    bench.run(calls.set_outcome(None, "abusive_caller"))
    done = bench.run(reconcile(reading(first, second), "an_giang", "ab"))
    assert (done.made, done.matched) == (2, 0)
    assert len(bench.read(lambda c: calls_today(c, "an_giang", NOON - 2 * HOUR))) == 3


def test_a_row_that_could_be_two_calls_is_neither_also_where_these_are_written_in_two_parts(bench: Bench) -> None:
    first, second = call("1"), call("2", minute=1)
    between = [call(f"{n}.9", seat="AG04") for n in range(PART)]
    bench.clock.now = second.ring_at
    bench.run(calls.set_outcome(None, "abusive_caller"))
    done = bench.run(reconcile(reading(first, *between, second), "an_giang", "ab"))
    assert (done.made, done.matched) == (PART + 2, 0)


def test_a_row_that_was_matched_since_the_plan_was_made_is_taken_once(bench: Bench) -> None:
    heard = call("1")
    bench.clock.now = heard.ring_at + 20_000
    labelled = bench.run(calls.set_outcome(None, "abusive_caller"))
    viewer = Viewer(bench.staff, "an_giang", reference().policy)
    plan = bench.read(lambda c: plan_of(c, viewer, Paper(reading(heard), "an_giang", "ab")))
    assert plan.by_hand == {call_id(HOTLINE_PBX, "1"): labelled.call_id}

    def matched_elsewhere(uow: UnitOfWork) -> None:
        known, made = uow.read("call", labelled.call_id), uow.act()
        assert known is not None
        made.change("call", known.id, known.scope, known.state, {"same_as": call_id(HOTLINE_PBX, "7")})
        uow.write(made)

    bench.run(matched_elsewhere)
    assert bench.run(write_part(plan, 0)) == Reconciled(1, 0, 0, 0, 0)


def test_the_reading_is_remembered_with_its_damaged_lines(bench: Bench) -> None:
    bench.run(reconcile(reading(call("1")), "an_giang", "ab"))
    (stored,) = bench.read(lambda c: read.where(c, "reconciliation", "file_sha256", "ab"))
    assert stored.record.damaged == ([7, "thiếu mã cuộc gọi (uniqueid)"],)
    assert (stored.record.answered, stored.record.repeated, stored.record.made) == (1, 2, 1)


def test_a_real_rough_file_is_taken_in_whole_and_in_bounded_groups(bench: Bench) -> None:
    with ROUGH.open(encoding="utf-8", errors="replace") as lines:
        whole = read_cdr(lines)
    mine = [c for c in whole.calls if c.centre == "an_giang"]
    done = bench.run(reconcile(whole, "an_giang", "ab"))
    assert done.made == sum(c.answered for c in mine)
    assert done.missed == sum(not c.answered for c in mine)
    assert len(mine) > 0
    groups: dict[int, int] = {}
    for one in own(bench):
        groups[one.group] = groups.get(one.group, 0) + 1
    assert max(groups.values()) <= 2 * PART
