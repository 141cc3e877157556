"""Ctrl+Shift+X: each value with who, where, when and over what; a digit decides; what is held, and why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import audit, intake
from desktop.store.reads_conflicts import Waits, what_waits
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.case.disputes import DisputeButton
from desktop.ui.main_window import MainWindow
from domain.clock import MINUTE
from domain.records.audit import OPEN
from domain.records.shift import Shift
from domain.records.staff import Staff, record_of
from domain.rules.triage import caution_rank
from sync.act import Act
from sync.operation import Placed, encode_body
from sync.replica import read, scopes
from sync.stamp import Stamp
from tests.desktop.ui.conftest import STAFF, HandClock, press, stored
from tests.desktop.ui.test_the_history import do, opened_of

__all__ = ["do"]
KEY = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
ELSEWHERE = "01932c00-0000-7000-8000-0000000000dd"
VALUES: dict[str, Any] = {"child_name": "Đặng Thị Ngọc Ẵm", "summary": "Cháu bị bỏ đói", "urgency": "high"}


@pytest.fixture
def met(desk: Desk, do: Callable[[Any], Any], clock: HandClock) -> intake.SavedReport:
    """A case whose urgency was changed here, and meanwhile at a desk of Đà Nẵng that had seen the same value."""
    report = do(intake.save_report(VALUES, None))
    assert isinstance(report, intake.SavedReport)
    seen = stored(desk, partial(read.one, kind="case", record_id=report.case_id))
    clock.pass_ms(5 * MINUTE)
    do(intake.set_fields(report.case_id, {"urgency": "medium"}, opened=opened_of(desk, report.case_id)))
    clock.pass_ms(2 * MINUTE)
    stamp = Stamp(clock.now_ms(), 0, "0badcafe").text()
    act = Act("binh.le", stamp)
    ranks = {"urgency": caution_rank("urgency", "emergency")}
    act.change("case", report.case_id, seen.scope, seen.state, {"urgency": "emergency"}, ranks=ranks)
    lost = Act("binh.le", stamp)
    lost.change("note", "01932c00-0000-7000-8000-000000000bad", seen.scope, {}, {"text": "Ghi chép đi lạc"})
    do(partial(_receive, desk, [*act.bodies, *lost.bodies]))
    return report


def _receive(desk: Desk, bodies: list[Any], uow: UnitOfWork) -> bool:
    placed = [
        Placed(ELSEWHERE, 1, n, len(bodies), bytes(16), encode_body(body)) for n, body in enumerate(bodies, 1)
    ]
    desk.store.replica.receive(uow.connection, placed)
    return True


def waits(desk: Desk) -> Waits:
    found = stored(desk, what_waits)
    assert isinstance(found, Waits)
    return found


def test_a_conflict_says_of_each_value_who_where_and_when_and_what_they_replaced(
    desk: Desk, met: intake.SavedReport, clock: HandClock
) -> None:
    (conflict,) = waits(desk).conflicts
    assert (conflict.kind, conflict.field, conflict.contact_id) == ("case", "urgency", met.contact_id)
    now = clock.now_ms()
    assert [(v.value, v.staff, v.here, v.at_ms) for v in conflict.versions] == [
        ("emergency", "binh.le", False, now),
        ("medium", STAFF, True, now - 2 * MINUTE),
    ]
    assert (conflict.base, conflict.base_known) == ("high", True)
    (held,) = waits(desk).held
    assert (held.why, held.kind, held.here) == ("missing_target", "note", False)
    assert (held.staff, held.at_ms) == ("binh.le", now)


def opened(window: MainWindow, qtbot: QtBot) -> list[DisputeButton]:
    sheet = window.sheets.conflicts.sheet
    press(window, Qt.Key.Key_X, KEY)
    qtbot.waitUntil(sheet.table.hasFocus, timeout=20_000)
    assert sheet.rows.lines[0][0] == "Mức khẩn cấp"
    assert "Khẩn cấp" not in " ".join(sheet.rows.lines[0][1:]), "the list tells no values"
    assert sheet.held_rows.lines[0][0] == "Chờ bản ghi gốc tới, rồi tự áp dụng"
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(sheet.card.isVisible, timeout=20_000)
    return [one for one in sheet.card.findChildren(DisputeButton) if one.isVisible()]


@pytest.mark.parametrize(("seat", "where"), [("AG04", "binh.le · AG04 · "), (None, "binh.le · An Giang · ")])
def test_a_value_from_elsewhere_says_at_which_seat_or_of_which_centre_its_author_is(
    window: MainWindow, do: Callable[[Any], Any], met: intake.SavedReport, qtbot: QtBot, seat: str | None, where: str
) -> None:
    def on_duty(uow: UnitOfWork) -> bool:
        act = uow.act()
        act.create("ref", Staff(id=record_of("binh.le"), staff="binh.le", centre="an_giang"))
        if seat is not None:
            shift = Shift(id=uow.new_id(), staff="binh.le", centre="an_giang", seat=seat, started_at=0)
            act.create(scopes.centre("an_giang"), shift)
        uow.write(act)
        return True

    do(on_duty)
    buttons = opened(window, qtbot)
    assert where in " ".join(label.text() for label in buttons[0].findChildren(QLabel))


@pytest.mark.parametrize(
    ("key", "kept"), [(Qt.Key.Key_1, "emergency"), (Qt.Key.Key_2, "medium"), (Qt.Key.Key_3, "high")]
)
def test_a_digit_decides_for_a_value_or_for_what_stood_before(
    window: MainWindow, desk: Desk, met: intake.SavedReport, qtbot: QtBot, key: Qt.Key, kept: str
) -> None:
    buttons = opened(window, qtbot)
    words = [" ".join(label.text() for label in button.findChildren(QLabel)) for button in buttons]
    assert words[0].startswith("1 Khẩn cấp")
    assert "binh.le" in words[0]
    assert words[0].endswith("đang dùng")
    assert words[1].startswith("2 Trung bình")
    assert f"{STAFF} · máy này · " in words[1]
    assert words[2] == "3 Trước đó: Cao"
    sheet = window.sheets.conflicts.sheet
    with qtbot.waitSignal(window.sheets.conflicts.model.saved_at, timeout=20_000):
        press(window, key)
    qtbot.waitUntil(sheet.nothing.isVisible, timeout=20_000)
    assert waits(desk).conflicts == ()
    case = stored(desk, partial(read.one, kind="case", record_id=met.case_id))
    assert case.record.urgency == kept
    assert "đã lưu" in window.status.saved.text()


def test_the_values_are_shown_only_once_it_is_recorded_who_opened_them(
    window: MainWindow, desk: Desk, met: intake.SavedReport, qtbot: QtBot
) -> None:
    read_all = "SELECT object_id FROM r_audit_entry WHERE action = ?"

    def entries() -> list[Any]:
        found: list[Any] = stored(desk, lambda connection: connection.exec_driver_sql(read_all, (OPEN,)).all())
        return found

    before = len(entries())
    opened(window, qtbot)
    assert len(entries()) == before + 1


def test_what_cannot_be_recorded_is_not_shown(
    window: MainWindow, met: intake.SavedReport, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_given: object) -> Callable[[UnitOfWork], None]:
        def operation(_uow: UnitOfWork) -> None:
            raise OSError(28, "full")

        return operation

    monkeypatch.setattr(audit, "noted", refused)
    sheet = window.sheets.conflicts.sheet
    press(window, Qt.Key.Key_X, KEY)
    qtbot.waitUntil(sheet.table.hasFocus, timeout=20_000)
    with qtbot.waitSignal(window.sheets.conflicts.model.trouble, timeout=20_000):
        press(window, Qt.Key.Key_Return)
    assert not sheet.card.isVisible()


def test_esc_goes_back_step_by_step_and_nothing_stays(
    window: MainWindow, met: intake.SavedReport, qtbot: QtBot
) -> None:
    opened(window, qtbot)
    sheet = window.sheets.conflicts.sheet
    press(window, Qt.Key.Key_Escape)
    assert not sheet.card.isVisible()
    assert sheet.table.hasFocus()
    press(window, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert (sheet.rows.rows, sheet.rows.lines, sheet.held_rows.lines) == ((), [], [])
    assert window.sheets.conflicts.model.waits == Waits((), ())


def test_with_nothing_waiting_it_says_so(window: MainWindow, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_X, KEY)
    sheet = window.sheets.conflicts.sheet
    qtbot.waitUntil(sheet.nothing.isVisible, timeout=20_000)
    assert sheet.none_held.isVisible()
    press(window, Qt.Key.Key_Escape)
    assert window.page_name == "calls"
