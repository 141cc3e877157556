"""Lists of calls and of the queue: whose roles take them out, every number masked, walled books out, audited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.operations.calls import PbxCallEvent, answer, end, set_outcome
from desktop.operations.intake import save_file, save_report
from desktop.operations.lists import CALLS, QUEUE, MayNotList, take_out
from desktop.operations.queue import enter
from desktop.operations.sheets import Sheet
from desktop.store.reads_audit import audit_view
from desktop.store.sight import Viewer, looking
from desktop.store.unit_of_work import UnitOfWork
from domain.clock import MINUTE, vn_to_ms
from domain.records.audit import EXPORT
from domain.records.queue import Incoming
from domain.records.staff import Staff, record_of
from sync.operation import CREATE
from sync.replica import scopes
from tests.desktop.store.kit import Bench, reference
from tests.privacy_table import PLAIN, ROLES, expected

NAME, NUMBER, WORDS = "Nguyễn Thị Canari", "0900081502", "Trẻ kể chuyện rất riêng"
WHERE = {"centre": "an_giang", "elsewhere": "hanoi"}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path / "desk")
    one.clock.now = vn_to_ms("2026-11-05 09:00:00")
    yield one
    one.close()


def hire(bench: Bench, *roles: str, staff: str = "", conflicts: tuple[str, ...] = ()) -> None:
    """This person has these roles from now on, and acts."""

    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        name = staff or uow.staff
        one = Staff(id=record_of(name), staff=name, roles=roles, centre=uow.seat.centre, conflicts=conflicts)
        act.create(scopes.REFERENCE, one, action=CREATE)
        uow.write(act)

    bench.run(operation)
    bench.staff = staff or bench.staff


def called(bench: Bench, n: int, number: str = NUMBER) -> str:
    bench.clock.now += MINUTE
    now = bench.clock.now
    call = bench.run(answer(PbxCallEvent("111", f"9.{n}", number, "", now, now + 4_000)))
    bench.clock.now += MINUTE
    bench.run(end(call, bench.clock.now))
    bench.run(set_outcome(call, "silent"))
    return call


def listed(bench: Bench, kind: str, year: int = 2026, month: int = 11) -> Sheet:
    draw = bench.run(take_out(kind, year, month))
    viewer = Viewer(bench.staff, bench.seat.centre, reference().policy)
    return bench.read(lambda connection: draw(looking(connection, viewer)))


def test_a_list_of_calls_masks_every_number_and_holds_no_word_of_a_file(bench: Bench) -> None:
    call = called(bench, 1)
    bench.run(save_file({"child_name": NAME, "summary": WORDS, "number": NUMBER}, call))
    called(bench, 2)
    bench.clock.now = vn_to_ms("2026-12-01 00:00:00")
    called(bench, 3, "0900099999")
    hire(bench, "shift_lead")
    sheet = listed(bench, CALLS)
    assert len(sheet.rows) == 2, "the month only, by Vietnam's days"
    assert [row[2] for row in sheet.rows] == ["09•• ••• •02"] * 2
    assert (sheet.rows[0][5], sheet.rows[1][7]) == (4, "Im lặng")
    assert [row[8] for row in sheet.rows] == ["có", ""]
    assert not re.search(r"\d{5}|Canari|riêng", repr(sheet.rows)), "no number of more digits than a year"
    (entry,) = [one for one in bench.read(audit_view).newest if one.action == EXPORT]
    assert (entry.actor, entry.object_kind, entry.object_id) == (bench.staff, "list_calls", "2026-11")


def test_a_list_of_the_queue_holds_headers_only(bench: Bench) -> None:
    letter = Incoming(id="01932c00-0000-7000-8000-0000000000b1", sender=NAME, body=WORDS)
    bench.run(enter("letter", letter, urgency="high"))
    hire(bench, "inspector")
    sheet = listed(bench, QUEUE)
    assert len(sheet.rows) == 1
    assert sheet.rows[0][1:3] == ("Đơn thư", "Cao")
    assert "Canari" not in repr(sheet)
    assert "riêng" not in repr(sheet)
    assert listed(bench, QUEUE, month=10).rows == ()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", WHERE)
def test_who_takes_a_list_out_is_what_the_table_written_by_hand_says(bench: Bench, role: str, state: str) -> None:
    called(bench, 1)

    def moved(uow: UnitOfWork) -> None:
        uow.connection.exec_driver_sql("UPDATE r_call SET centre = ?, receiver = 'khac'", (WHERE[state],))

    bench.run(moved)
    hire(bench, role)
    may_any = expected(PLAIN, "export_lists", role, "centre")
    if may_any == "-":
        with pytest.raises(MayNotList) as refused:
            listed(bench, CALLS)
        assert "trưởng ca" in refused.value.advice
        assert not [one for one in bench.read(audit_view).newest if one.action == EXPORT]
        return
    sheet = listed(bench, CALLS)
    assert len(sheet.rows) == (expected(PLAIN, "export_lists", role, state) == "M")
    assert NUMBER not in repr(sheet)


@pytest.mark.parametrize("why", ["restricted", "trafficking", "therapy", "conflict"])
def test_what_is_kept_back_is_counted_and_not_shown(bench: Bench, why: str) -> None:
    call = called(bench, 1)
    report = bench.run(save_report({"child_name": NAME, "summary": WORDS, "outcome": "report_of_abuse"}, call))
    called(bench, 2)

    def change(uow: UnitOfWork) -> None:
        if why == "restricted":
            uow.connection.exec_driver_sql("UPDATE r_case SET restricted = 1")
        elif why != "conflict":
            uow.connection.exec_driver_sql("UPDATE r_contact SET scope = ? || id", (f"{why}:",))

    bench.run(change)
    hire(bench, "inspector", staff="thanh.tra", conflicts=(report.contact_id,) if why == "conflict" else ())
    sheet = listed(bench, CALLS)
    assert len(sheet.rows) == 1
    assert sheet.rows[0][8] == ""
    assert "1 dòng không xuất được" in sheet.title


def test_a_read_for_nobody_lists_nothing(bench: Bench) -> None:
    called(bench, 1)
    hire(bench, "shift_lead")
    draw = bench.run(take_out(CALLS, 2026, 11))
    assert bench.read(draw).rows == ()
    with pytest.raises(ValueError, match="no such list"):
        take_out("contacts", 2026, 11)
