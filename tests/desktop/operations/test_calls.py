"""Calls: one press is one durable row, undo takes back exactly one press, and a person beats a placeholder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.operations import calls
from desktop.operations.calls import HOTLINE_PBX, PbxCallEvent
from desktop.store.reads import CallRow, call_row, caller_history, calls_today, counts_today
from desktop.store.troubles import NotFound, UnknownCode
from domain.clock import DAY, HOUR
from domain.ids import call_id
from sync.replica import read
from tests.desktop.store.kit import AN_GIANG, NOON, Bench, digest, own, take

NUMBER = "0900 081 502"


def event(uniqueid: str = "1795.1", number: str = NUMBER, ring_at: int = NOON) -> PbxCallEvent:
    return PbxCallEvent(HOTLINE_PBX, uniqueid, number, "", ring_at, ring_at + 3_000)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "desk")
    yield made
    made.close()


def outcome(bench: Bench, record: str) -> str | None:
    row = bench.read(lambda c: call_row(c, record))
    assert row is not None
    return row.outcome


def siblings(bench: Bench) -> int:
    return len(bench.read(read.conflicts))


def test_an_answered_call_has_a_row_before_anyone_pressed_a_key(bench: Bench) -> None:
    record = bench.run(calls.answer(event()))
    assert record == call_id(HOTLINE_PBX, "1795.1")
    row = bench.read(lambda c: call_row(c, record))
    assert row is not None
    assert (row.outcome, row.number, row.seat, row.ring_at) == ("unclassified", "+84900081502", "AG03", NOON)


def test_a_second_event_of_the_same_call_makes_no_second_row(bench: Bench) -> None:
    bench.run(calls.answer(event()))
    before = len(own(bench))
    bench.run(calls.answer(event()))
    assert len(own(bench)) == before
    assert len(bench.read(lambda c: calls_today(c, "an_giang", NOON - DAY))) == 1


def test_one_press_saves_the_outcome_and_how_it_was_set(bench: Bench) -> None:
    record = bench.run(calls.answer(event()))
    labelled = bench.run(calls.set_outcome(record, "silent"))
    assert (labelled.call_id, labelled.code, labelled.previous) == (record, "silent", "unclassified")
    row = bench.read(lambda c: call_row(c, record))
    assert row is not None
    assert (row.outcome, row.outcome_by, row.outcome_at) == ("silent", "key", NOON)
    assert bench.read(lambda c: counts_today(c, "an_giang", NOON - HOUR)) == {"silent": 1}


def test_a_press_without_a_call_makes_row_and_outcome_in_one_act(bench: Bench) -> None:
    labelled = bench.run(calls.set_outcome(None, "prank"))
    placed = own(bench)
    assert len({one.group for one in placed}) == 1
    row = bench.read(lambda c: call_row(c, labelled.call_id))
    assert row is not None
    assert (row.outcome, row.by_hand) == ("prank", True)


def test_undo_takes_the_press_back_and_the_next_outcome_stands(bench: Bench) -> None:
    record = bench.run(calls.answer(event()))
    labelled = bench.run(calls.set_outcome(record, "silent"))
    assert bench.run(calls.undo(labelled)) is True
    assert outcome(bench, record) == "unclassified"
    bench.run(calls.set_outcome(record, "information"))
    assert outcome(bench, record) == "information"
    assert siblings(bench) == 0


def test_undo_of_a_relabel_gives_the_outcome_before_it_back(bench: Bench) -> None:
    record = bench.run(calls.answer(event()))
    bench.run(calls.set_outcome(record, "silent"))
    labelled = bench.run(calls.relabel(record, "hang_up"))
    assert labelled.previous == "silent"
    bench.run(calls.undo(labelled))
    assert outcome(bench, record) == "silent"


def test_undo_names_its_own_press_and_never_takes_back_a_later_one(bench: Bench) -> None:
    record = bench.run(calls.answer(event()))
    first = bench.run(calls.set_outcome(record, "silent"))
    bench.run(calls.relabel(record, "hang_up"))
    assert bench.run(calls.undo(first)) is False
    assert outcome(bench, record) == "hang_up"


def test_undo_wins_over_the_undone_outcome_in_every_order_of_arrival(bench: Bench, tmp_path: Path) -> None:
    record = bench.run(calls.answer(event()))
    bench.run(calls.undo(bench.run(calls.set_outcome(record, "silent"))))
    placed = own(bench)
    for index, order in enumerate((placed, placed[::-1])):
        other = Bench(tmp_path / f"other{index}")
        for one in order:
            take(other, [one])
        assert outcome(other, record) == "unclassified"
        assert siblings(other) == 0
        assert digest(other) == digest(bench)
        other.close()


@pytest.mark.parametrize("person_first", [True, False])
def test_a_persons_outcome_beats_unclassified_in_both_arrival_orders(tmp_path: Path, person_first: bool) -> None:
    person, placeholder = Bench(tmp_path / "a"), Bench(tmp_path / "b")
    placeholder.seat = AN_GIANG
    record = person.run(calls.answer(event()))
    person.run(calls.set_outcome(record, "silent"))
    placeholder.clock.now += HOUR  # later by the clock, and still nobody's word
    placeholder.run(calls.answer(event()))
    third = Bench(tmp_path / "c")
    for placed in (own(person), own(placeholder)) if person_first else (own(placeholder), own(person)):
        take(third, placed)
    assert outcome(third, record) == "silent"
    assert siblings(third) == 0
    for made in (person, placeholder, third):
        made.close()


def test_the_third_silent_call_of_a_number_in_a_day_is_counted(bench: Bench) -> None:
    counted = []
    for n in range(4):
        bench.clock.now = NOON + n * HOUR
        record = bench.run(calls.answer(event(f"17.{n}", ring_at=bench.clock.now)))
        counted.append(bench.run(calls.set_outcome(record, "silent")).silent_24h)
    assert counted == [1, 2, 3, 4]
    bench.clock.now = NOON + 3 * DAY
    record = bench.run(calls.answer(event("17.9", ring_at=bench.clock.now)))
    assert bench.run(calls.set_outcome(record, "silent")).silent_24h == 1
    other = bench.run(calls.answer(event("17.10", "0900 000 001", bench.clock.now)))
    assert bench.run(calls.set_outcome(other, "silent")).silent_24h == 1


def test_the_same_press_twice_writes_nothing_twice(bench: Bench) -> None:
    record = bench.run(calls.answer(event()))
    first = bench.run(calls.set_outcome(record, "silent"))
    before = len(own(bench))
    again = bench.run(calls.set_outcome(record, "silent"))
    assert len(own(bench)) == before
    assert again.version == first.version


def test_an_unknown_outcome_or_call_says_so_and_writes_nothing(bench: Bench) -> None:
    record = bench.run(calls.answer(event()))
    before = len(own(bench))
    with pytest.raises(UnknownCode) as raised:
        bench.run(calls.set_outcome(record, "telepathy"))
    assert raised.value.field == "outcome"
    with pytest.raises(NotFound):
        bench.run(calls.set_outcome("0" * 36, "silent"))
    assert len(own(bench)) == before


def test_the_end_of_a_call_is_written_once(bench: Bench) -> None:
    record = bench.run(calls.answer(event()))
    bench.run(calls.end(record, NOON + 9_000))
    bench.run(calls.end(record, NOON + 99_000))
    row = bench.read(lambda c: call_row(c, record))
    assert row is not None
    assert row.end_at == NOON + 9_000


def test_what_is_known_of_a_caller_is_counts_and_never_a_name(bench: Bench) -> None:
    for n, (code, ago) in enumerate((("silent", 0), ("silent", 2 * HOUR), ("prank", 3 * DAY), ("silent", 40 * DAY))):
        bench.clock.now = NOON - ago
        record = bench.run(calls.answer(event(f"17.{n}", ring_at=NOON - ago)))
        bench.run(calls.set_outcome(record, code))
    history = bench.read(lambda c: caller_history(c, "+84 900 081 502", NOON))
    assert (history.calls_24h, history.calls_30d, history.silent_24h) == (2, 3, 2)
    assert (history.last_outcome, history.last_at, history.open_case) == ("silent", NOON, False)
    assert bench.read(lambda c: caller_history(c, "anonymous", NOON)).calls_30d == 0


def test_the_list_of_a_day_pages_without_missing_or_doubling_a_call(bench: Bench) -> None:
    made = [bench.run(calls.answer(event(f"17.{n}", ring_at=NOON + n))) for n in range(25)]
    seen: list[str] = []
    before: int | None = None

    def page() -> list[CallRow]:
        return bench.read(lambda c: calls_today(c, "an_giang", NOON, 10, before))

    while rows := page():
        seen += [row.id for row in rows]
        before = rows[-1].ring_at
    assert seen == made[::-1]
    assert bench.read(lambda c: calls_today(c, "hanoi", NOON)) == []
