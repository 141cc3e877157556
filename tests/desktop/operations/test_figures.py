"""Figures of a month: by whom, audited, nobody named, and the same table whoever asks again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.operations.figures import MayNotExport, MonthNotOver, of_month
from desktop.operations.intake import save_file
from desktop.operations.sheets import Sheet
from desktop.store.reads_audit import audit_view
from desktop.store.unit_of_work import UnitOfWork
from domain.clock import vn_to_ms
from domain.records.audit import EXPORT
from domain.records.staff import Staff, record_of
from sync.operation import CREATE
from sync.replica import scopes
from tests.desktop.store.kit import Bench

NAME = "Nguyễn Thị Bé Na"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path / "desk")
    yield one
    one.close()


def hire(bench: Bench, *roles: str) -> None:
    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        one = Staff(id=record_of(uow.staff), staff=uow.staff, roles=roles, centre=uow.seat.centre)
        act.create(scopes.REFERENCE, one, action=CREATE)
        uow.write(act)

    bench.run(operation)


def receive(bench: Bench, day: str, province: str, age: int, count: int) -> None:
    bench.clock.now = vn_to_ms(f"{day} 09:00:00")
    for _ in range(count):
        said = {"child_name": NAME, "summary": "Trẻ kể", "child_age": age}
        bench.run(save_file({**said, "province": province, "province_set": "34"}, None))


def october(bench: Bench) -> Sheet:
    bench.clock.now = vn_to_ms("2026-11-20 09:00:00")
    return bench.run(of_month(2026, 10))


def test_figures_of_a_month_name_nobody_and_withhold_what_is_of_few(bench: Bench) -> None:
    hire(bench, "regional_lead")
    receive(bench, "2026-10-05", "92", 9, 12)
    receive(bench, "2026-10-31", "92", 13, 2)
    receive(bench, "2026-10-31", "01", 9, 8)
    receive(bench, "2026-10-12", "01", 13, 7)
    receive(bench, "2026-11-01", "01", 9, 30)
    sheet = october(bench)
    lines = {str(row[0]): row[1:] for row in sheet.rows}
    assert sum(value == 2 for row in lines.values() for value in row) == 0
    assert lines["Cộng"][-1] == 29, "the month only, by Vietnam's days"
    assert [value for row in lines.values() for value in row if isinstance(value, int) and 0 < value < 5] == []
    assert NAME not in repr(sheet)
    (entry,) = [one for one in bench.read(audit_view).newest if one.action == EXPORT]
    assert (entry.actor, entry.object_kind, entry.object_id) == (bench.staff, "figures", "2026-10")


def test_a_month_is_published_once_whoever_asks_later_gets_the_same_table(bench: Bench) -> None:
    hire(bench, "regional_lead")
    receive(bench, "2026-10-05", "92", 9, 12)
    first = october(bench)
    receive(bench, "2026-10-06", "92", 9, 1)
    assert october(bench) == first, "the one who came later would be the difference"
    assert sum(one.action == EXPORT for one in bench.read(audit_view).newest) == 2


@pytest.mark.parametrize("role", ["counsellor", "shift_lead", "therapist", "it_admin"])
def test_whose_role_exports_no_figures_gets_a_sentence_and_no_table(bench: Bench, role: str) -> None:
    hire(bench, role)
    receive(bench, "2026-10-05", "92", 9, 12)
    with pytest.raises(MayNotExport) as refused:
        october(bench)
    assert "số liệu" in refused.value.advice
    assert not [one for one in bench.read(audit_view).newest if one.action == EXPORT]


@pytest.mark.parametrize("month", [(2026, 11), (2026, 12), (2027, 1)])
def test_a_month_that_still_runs_is_not_exported(bench: Bench, month: tuple[int, int]) -> None:
    hire(bench, "analyst")
    bench.clock.now = vn_to_ms("2026-11-20 09:00:00")
    with pytest.raises(MonthNotOver):
        bench.run(of_month(*month))
