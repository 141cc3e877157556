"""A queue of more than one page: pages follow each other without a gap or a row twice, counts count all and quickly,
nothing below the first page is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from desktop.operations import calls, queue, queue_claims
from desktop.operations.calls import HOTLINE_PBX, PbxCallEvent
from desktop.store.reads_queue import MOST, QueueCounts, QueueRow, every_row, queue_counts, queue_rows, queue_view
from desktop.store.reads_shift import late_promises
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.clock import HOUR, MINUTE
from domain.records.queue import Claim
from domain.rules.queue import Agreed
from sync.replica import scopes
from tests.desktop.store.kit import NOON, Bench
from tests.desktop.store.test_a_frequent_caller import planned
from tests.desktop.store.waiting import call_backs_are_promised, letters_arrive

CENTRE = "an_giang"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "desk")
    yield made
    made.close()


def pages(bench: Bench, *, promises: bool = False) -> list[list[QueueRow]]:
    found: list[list[QueueRow]] = []
    after = None

    def read(connection: Connection) -> list[QueueRow]:
        return queue_rows(connection, CENTRE, bench.clock.now, after=after, most=100, promises=promises)

    while page := bench.read(read):
        found.append(page)
        after = page[-1].place
    return found


def test_pages_follow_each_other_without_a_gap_or_a_row_twice(bench: Bench) -> None:
    now = bench.clock.now
    bench.run(letters_arrive(150))
    bench.run(letters_arrive(60, "high"))
    bench.run(letters_arrive(3, "emergency"))
    times = [None, now - HOUR, now + 5 * MINUTE, now + HOUR, now - HOUR, now + HOUR]
    bench.run(call_backs_are_promised(times))
    whole = bench.read(lambda c: queue_rows(c, CENTRE, now))
    assert len(whole) == 219
    found = pages(bench)
    assert [len(page) for page in found] == [100, 100, 19]
    assert [row for page in found for row in page] == whole
    assert [row.urgency or row.agreed(now) for row in whole[:7]] == [
        *["emergency"] * 3, Agreed.OVERDUE, Agreed.OVERDUE, Agreed.SOON, "high",
    ]  # fmt: skip
    ((*promised,),) = pages(bench, promises=True)
    assert [row.due_at for row in promised] == [*sorted(one for one in times if one is not None), None]


def test_counts_count_all_that_waits_and_no_more(bench: Bench) -> None:
    now = bench.clock.now
    letters = bench.run(letters_arrive(MOST + 20))
    promised = bench.run(call_backs_are_promised([None, now - HOUR, now - MINUTE, now + MINUTE, now + HOUR]))
    for one in letters[:3]:
        bench.run(queue.finish(one, "no_file_needed"))
    for one in (letters[5], promised[1]):
        bench.run(queue_claims.claim(one))
    withdrawn = bench.run(calls.answer(PbxCallEvent(HOTLINE_PBX, "1795.1", "0900081502", "", NOON, NOON)))
    bench.run(calls.undo(bench.run(calls.set_outcome(withdrawn, "callback_scheduled"))))
    rows = list(bench.read(lambda c: list(every_row(c, CENTRE, now))))
    assert len(rows) == MOST + 22
    counts = bench.read(lambda c: queue_counts(c, CENTRE, now))
    assert counts == QueueCounts(all=len(rows), promises=5, free=len(rows) - 2, late=1, near=1)
    view = bench.read(lambda c: queue_view(c, CENTRE, now, rows=10, promises=2, item=rows[-1].id))
    assert (len(view.rows), len(view.promises), view.item, view.counts) == (10, 2, rows[-1], counts)


def test_what_waits_is_found_by_its_own_index_however_much_was_done(bench: Bench) -> None:
    bench.run(letters_arrive(3))

    def plan(connection: Connection) -> tuple[object, list[str]]:
        return planned(connection, lambda: queue_view(connection, CENTRE, NOON, rows=1, promises=1, item=None))

    _, said = bench.read(plan)
    assert [line for line in said if line.startswith(("SEARCH q ", "SCAN q"))] == [
        "SEARCH q USING INDEX ix_r_queue_item_done_at (done_at=?)"
    ] * 3
    assert "SEARCH k USING INDEX ix_r_claim_item_id (item_id=?)" in said


def test_what_is_free_and_what_is_late_is_found_below_the_first_page(bench: Bench) -> None:
    now = bench.clock.now
    emergencies = bench.run(letters_arrive(MOST + 1, "emergency"))
    (late,) = bench.run(call_backs_are_promised([now - HOUR]))
    assert [one.id for one in bench.read(lambda c: late_promises(c, CENTRE, "an.nguyen", now))] == [late]
    for one in emergencies:
        bench.run(queue.finish(one, "no_file_needed"))
    held = bench.run(letters_arrive(MOST, "emergency"))
    bench.run(all_held(held))
    taken = bench.run(queue.take_next())
    assert taken is not None
    assert taken.id == late


def all_held(ids: list[str]) -> Operation[None]:
    """A colleague works on all of these."""

    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        for one in ids:
            claim = Claim(
                id=uow.new_id(), item_id=one, staff="binh.tran", seat="AG01", at=uow.now_ms, until=uow.now_ms + HOUR
            )
            act.create(scopes.centre(CENTRE), claim)
        uow.write(act)

    return operation
