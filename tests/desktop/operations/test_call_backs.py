"""A promised call-back at two desks: time and words reach the other, nothing changes in silence, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop.operations import calls, intake, queue
from desktop.operations.call_backs import CALL_BACK, How, Promise, Told, agree, promise_of
from desktop.operations.calls import HOTLINE_PBX, PbxCallEvent
from desktop.store.reads_queue import queue_rows
from domain.clock import HOUR, MINUTE
from sync.replica import read
from tests.desktop.store.kit import AN_GIANG, NOON, Bench, digest, own, take

AT = NOON + 5 * HOUR
BESIDE = replace(AN_GIANG, seat_code="AG04", device="desk-ag4")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "desk")
    yield made
    made.close()


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "beside", BESIDE)
    yield made
    made.close()


def promised(bench: Bench, uniqueid: str = "1795.1") -> Promise:
    call_id = bench.run(calls.answer(PbxCallEvent(HOTLINE_PBX, uniqueid, "0900081502", "", NOON, NOON)))
    bench.run(calls.set_outcome(call_id, CALL_BACK))
    return Promise(promise_of(call_id))


def times(bench: Bench) -> list[int | None]:
    return [row.due_at for row in bench.read(lambda c: queue_rows(c, "an_giang", bench.clock.now))]


def header_of(bench: Bench, shown: Promise) -> Any:
    known = bench.read(lambda c: read.one(c, "queue_item", shown.item_id))
    assert known is not None
    return known.record


def said(bench: Bench, item_id: str) -> Any:
    return bench.run(queue.open_words(item_id))


def test_time_and_words_reach_the_other_desk_and_the_words_are_read_only_when_asked(
    bench: Bench, beside: Bench
) -> None:
    shown = promised(bench)
    assert bench.run(agree(shown, AT, "xin gặp An")) == Told(How.KEPT, AT)
    take(beside, own(bench))
    assert times(beside) == [AT]
    assert dict(said(beside, shown.item_id).lines)["safely"] == "xin gặp An"
    assert "xin gặp An" not in str(header_of(beside, shown))
    assert digest(bench) != digest(beside)  # the claim of who read it
    take(bench, own(beside))
    assert digest(bench) == digest(beside)


def test_two_times_agreed_without_a_line_stand_beside_each_other_and_both_desks_words_are_read(
    bench: Bench, beside: Bench
) -> None:
    shown = promised(bench)
    take(beside, own(bench))
    mark = len(own(bench))
    bench.run(agree(shown, AT, "xin gặp An"))
    beside.clock.now += MINUTE
    beside.run(agree(shown, AT + HOUR, "nói là cô giáo"))
    take(beside, own(bench)[mark:])
    take(bench, own(beside))
    assert digest(bench) == digest(beside)
    for desk in (bench, beside):
        assert times(desk) == [AT + HOUR]
        assert [one.field for one in desk.read(read.conflicts)] == ["due_at"]
    assert dict(said(bench, shown.item_id).lines)["safely"] == "xin gặp An\nnói là cô giáo"


def test_a_time_that_another_desk_changed_since_it_was_shown_is_not_replaced_unseen(
    bench: Bench, beside: Bench
) -> None:
    shown = promised(bench)
    take(beside, own(bench))
    beside.run(agree(shown, AT + HOUR, ""))
    take(bench, own(beside))
    assert bench.run(agree(shown, AT, "")) == Told(How.OTHER_TIME, AT + HOUR)
    assert times(bench) == [AT + HOUR]
    assert bench.run(agree(replace(shown, due_at=AT + HOUR), AT, "")) == Told(How.KEPT, AT)
    assert times(bench) == [AT]


def test_words_that_stand_unseen_stay_above_new_ones(bench: Bench) -> None:
    shown = promised(bench)
    bench.run(agree(shown, AT, "xin gặp An"))
    bench.run(agree(replace(shown, due_at=AT), AT, "nói là cô giáo"))
    assert dict(said(bench, shown.item_id).lines)["safely"] == "xin gặp An\nnói là cô giáo"
    whole = replace(shown, due_at=AT, words="xin gặp An\nnói là cô giáo")
    bench.run(agree(whole, AT, "gọi máy bàn"))
    assert dict(said(bench, shown.item_id).lines)["safely"] == "gọi máy bàn"


def test_an_answer_to_a_promise_that_is_gone_writes_nothing(bench: Bench) -> None:
    shown = promised(bench)
    call_id = header_of(bench, shown).call_id
    bench.run(calls.relabel(call_id, "prank"))
    before = len(own(bench))
    assert bench.run(agree(shown, AT, "xin gặp An")) == Told(How.GONE)
    assert len(own(bench)) == before


def test_an_outcome_given_again_after_another_asks_anew_and_a_promise_that_was_ended_waits_again(
    bench: Bench,
) -> None:
    shown = promised(bench)
    call_id = header_of(bench, shown).call_id
    bench.run(agree(shown, AT, "xin gặp An"))
    labelled = bench.run(calls.relabel(call_id, "prank"))
    assert times(bench) == []
    bench.run(calls.undo(labelled))  # a slip: everything stands as it stood
    assert times(bench) == [AT]
    bench.run(queue.finish(shown.item_id, "no_file_needed"))
    bench.run(calls.relabel(call_id, "prank"))
    bench.run(calls.relabel(call_id, CALL_BACK))
    assert times(bench) == [None]
    assert "safely" not in dict(said(bench, shown.item_id).lines)


def filed(bench: Bench, call_id: str) -> str:
    made = bench.run(intake.save_file({"topics": ["edu_access"], "summary": "con hỏi"}, call_id))
    return made.contact_id


def test_a_promise_without_a_time_waits_on_at_both_desks_when_its_call_becomes_a_file(
    bench: Bench, beside: Bench
) -> None:
    shown = promised(bench)
    filed(bench, header_of(bench, shown).call_id)
    take(beside, own(bench))
    assert times(bench) == times(beside) == [None]
    assert beside.run(agree(shown, AT, "")) == Told(How.KEPT, AT)  # a time is asked for later too
    beside.run(queue.finish(shown.item_id, "no_file_needed"))
    assert times(beside) == []


def test_an_outcome_taken_back_or_changed_leaves_no_promise_that_a_later_file_brings_back(
    bench: Bench, beside: Bench
) -> None:
    call_id = bench.run(calls.answer(PbxCallEvent(HOTLINE_PBX, "1795.1", "0900081502", "", NOON, NOON)))
    labelled = bench.run(calls.set_outcome(call_id, CALL_BACK))
    assert times(bench) == [None]
    bench.run(calls.undo(labelled))
    filed(bench, call_id)
    other = promised(bench, "1795.2")
    call_id = header_of(bench, other).call_id
    bench.run(agree(other, AT, ""))
    bench.run(calls.relabel(call_id, "information"))
    filed(bench, call_id)
    take(beside, own(bench))
    assert times(bench) == times(beside) == []
    bench.run(calls.relabel(call_id, CALL_BACK))
    assert times(bench) == [None]


def test_a_call_that_is_a_file_owes_its_call_back_whatever_its_outcome_is_changed_to(bench: Bench) -> None:
    shown = promised(bench)
    call_id = header_of(bench, shown).call_id
    contact_id = filed(bench, bench.run(calls.by_hand()))
    bench.run(intake.attach_call(call_id, contact_id))
    bench.run(calls.relabel(call_id, "information"))
    assert times(bench) == [None]


def test_nobody_is_given_a_call_back_before_it_is_safe(bench: Bench) -> None:
    early, open_one = promised(bench), promised(bench, "1795.2")
    bench.run(agree(early, AT, ""))
    taken = bench.run(queue.take_next())
    assert taken is not None
    assert taken.id == open_one.item_id
    bench.run(queue.finish(open_one.item_id, "no_file_needed"))
    assert bench.run(queue.take_next()) is None
    bench.clock.now = AT - 10 * MINUTE
    taken = bench.run(queue.take_next())
    assert taken is not None
    assert taken.id == early.item_id
