"""A number that calls every day for months: each save asks for its last day, and may not read all the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from desktop.store.reads import caller_history, calls_missed, silent_calls
from desktop.store.unit_of_work import UnitOfWork
from domain.clock import DAY, HOUR
from domain.records.call import Call
from domain.records.fields import DataClass, Merge, declare, specs_of
from sync.replica import scopes
from tests.desktop.store.kit import NOON, Bench

NUMBER = "+84912345678"
EVERY = 6 * HOUR
CALLS = 240  # sixty days


def called(uow: UnitOfWork) -> None:
    """The calls of sixty days, all silent."""
    act = uow.act()
    for number in range(CALLS):
        at = NOON - (number + 1) * EVERY
        act.create(
            scopes.centre("an_giang"),
            Call(
                id=uow.new_id(), pbx="111", uniqueid=str(number), number=NUMBER, centre="an_giang",
                direction="inbound", ring_at=at, answer_at=at + 1_000, outcome="silent",
            ),
        )  # fmt: skip
    uow.write(act)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "desk")
    made.run(called)
    yield made
    made.close()


def test_the_last_day_of_a_number_is_found_without_reading_the_days_before(bench: Bench) -> None:
    def plan(connection: Connection) -> tuple[int, list[str]]:
        found, said = planned(connection, lambda: silent_calls(connection, NUMBER, NOON - DAY))
        return int(str(found)), said

    count, said = bench.read(plan)
    assert count == DAY // EVERY
    assert said == ["SEARCH r_call USING INDEX ix_r_call_number_ring_at (number=? AND ring_at>?)"]


def test_the_history_of_a_number_reads_a_month_the_last_row_and_its_files_alone(bench: Bench) -> None:
    def plan(connection: Connection) -> tuple[object, list[str]]:
        return planned(connection, lambda: caller_history(connection, NUMBER, NOON))

    found, said = bench.read(plan)
    assert (found.calls_24h, found.calls_30d, found.silent_24h) == (4, 120, 4)  # type: ignore[attr-defined]  # planned answers what it ran
    of_calls = [line for line in said if "r_call " in line]
    assert of_calls == [
        "SEARCH r_call USING INDEX ix_r_call_number_ring_at (number=? AND ring_at>? AND ring_at<?)",
        "SEARCH r_call USING INDEX ix_r_call_number_ring_at (number=? AND ring_at<?)",
        "SEARCH r_call USING COVERING INDEX ix_r_call_number_among_contact_id (number=? AND contact_id>?)",
    ]
    assert not [line for line in said if "TEMP B-TREE FOR ORDER BY" in line and "r_call" in line]


def test_whether_a_missed_caller_was_heard_later_is_one_look_at_the_calls_after(bench: Bench) -> None:
    def plan(connection: Connection) -> tuple[object, list[str]]:
        return planned(connection, lambda: calls_missed(connection, "an_giang", NOON - DAY))

    _, said = bench.read(plan)
    assert "SEARCH later USING INDEX ix_r_call_number_ring_at (number=? AND ring_at>?)" in said


def test_an_index_over_a_column_that_a_record_has_not_is_found_at_load() -> None:
    class Wrong:
        number: str | None = declare(Merge.APPEND, DataClass.P2, indexed=True, then="rang")

    with pytest.raises(TypeError, match="number has an index over what is not a column"):
        specs_of(dataclass(Wrong))


def planned(connection: Connection, question: Callable[[], object]) -> tuple[object, list[str]]:
    """What a question answers, and how the store looks for it: the plan of each statement it ran."""
    ran: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, values: object, *_more: object) -> None:
        ran.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    try:
        answer = question()
    finally:
        event.remove(connection, "before_cursor_execute", note)
    assert ran, "no statement was seen"
    said: list[str] = []
    for statement, values in ran:
        # sql-names-only: the statement that was just run, with its values where they were
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[arg-type]  # as it was bound
        said += [str(row[3]) for row in plan]
    return answer, said
