"""Settled 20: nothing of earlier calls beside a caller nobody verified; masks go for one record, and are logged."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import calls, intake
from desktop.store import reads
from desktop.store.reads_audit import audit_view
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.calls.showing import SHOWN_MS
from desktop.ui.main_window import MainWindow
from domain.phones import display
from domain.records.staff import Staff, record_of
from tests.desktop.ui.conftest import STAFF, HandClock, press, stored, type_text
from tests.desktop.ui.test_forms_lose_nothing import answer

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PATIENT = 20_000
VALUES: dict[str, Any] = {
    "child_name": "Đặng Thị Ngọc Ẵm",
    "child_age": 9,
    "caller_name": "Lò Văn Pá",
    "number": "0912345678",
    "summary": "Cháu bị bỏ đói",
    "urgency": "high",
    "province": "92",
    "province_set": "34",
}
SECRETS = ("Ẵm", "Pá", "bỏ đói", "34 56 78", "345 678", "345678")


class Kept:
    """Holds what the lane hands back."""

    def __init__(self) -> None:
        self.results: list[Any] = []

    def put(self, result: Any) -> None:
        self.results.append(result)


def done(desk: Desk, qtbot: QtBot, operation: Any) -> Any:
    kept = Kept()
    desk.lane.submit(operation, kept.put)
    qtbot.waitUntil(lambda: bool(kept.results), timeout=PATIENT)
    return kept.results[0]


@pytest.fixture
def opened(window: MainWindow, desk: Desk, qtbot: QtBot) -> MainWindow:
    report = done(desk, qtbot, intake.save_report(VALUES, None))
    window.go("case")
    with qtbot.waitSignal(window.case_model.opened, timeout=PATIENT):
        window.case_model.open_case(report.case_id)
    return window


def said(window: MainWindow) -> str:
    """Every word of the case page, hidden parts too."""
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return " | ".join(label.text() for label in window.case_page.findChildren(QLabel))


def acts(desk: Desk) -> list[tuple[str | None, str | None]]:
    return [(one.action, one.object_kind) for one in reversed(stored(desk, audit_view).newest)]


def sheet_asks(window: MainWindow) -> bool:
    sheet = window.call_deeds.sheet
    return sheet.isVisible() and "Xác minh" in sheet.title.text()


def test_a_dossier_is_put_away_for_a_caller_and_comes_back_with_the_way_they_were_verified(
    opened: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    model = opened.case_model
    contact = model.view.contact.id if model.view is not None else ""
    opened.case_page.timeline.note.setFocus()
    type_text("đang viết dở")
    assert "bỏ đói" in said(opened)
    call = answer(opened, 3, clock)
    assert model.view is None
    assert not [word for word in SECRETS if word in said(opened)]

    press(opened, Qt.Key.Key_3, CTRL)
    assert opened.case_page.beside_a_call.isVisible()
    press(opened, Qt.Key.Key_V, CTRL | SHIFT)
    qtbot.waitUntil(partial(sheet_asks, opened), timeout=PATIENT)
    with qtbot.waitSignal(model.opened, timeout=PATIENT):
        type_text("2")
    assert opened.calls.current is not None
    assert opened.calls.current.id == call
    assert "bỏ đói" in said(opened)
    assert "Xác minh người gọi" in said(opened)  # the step stands on the timeline
    assert "Trả lời đúng điều chỉ người này biết" in said(opened)
    asked = "SELECT contact_id, call_id, how, by FROM r_verification"
    (step,) = stored(desk, lambda connection: connection.exec_driver_sql(asked).all())
    assert tuple(step) == (contact, call, "knows_facts", STAFF)
    assert ("verify", "contact") in acts(desk)
    qtbot.waitUntil(lambda: opened.case_page.timeline.note.toPlainText() == "đang viết dở", timeout=PATIENT)

    answer(opened, 4, clock)  # another caller is another person
    assert model.view is None
    assert not [word for word in SECRETS if word in said(opened)]
    with qtbot.waitSignal(model.opened, timeout=PATIENT):  # the call is over: the dossier comes back by itself
        press(opened, Qt.Key.Key_F2)


def test_a_dossier_asked_for_beside_a_call_waits_for_the_caller_and_one_of_the_call_itself_does_not(
    opened: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    case = opened.case_model.case_id or ""
    call = answer(opened, 5, clock)
    opened.case_model.open_case(case)
    qtbot.waitUntil(partial(sheet_asks, opened), timeout=PATIENT)
    press(opened, Qt.Key.Key_Escape)
    assert opened.case_model.view is None
    own = done(desk, qtbot, intake.save_file({**VALUES, "child_name": "Hồ Thị Mới"}, call))
    with qtbot.waitSignal(opened.case_model.opened, timeout=PATIENT):
        opened.case_model.open_contact(own.contact_id)
    opened.calls.ended(call, clock.now_ms())  # the exchange says that nobody speaks any more
    with qtbot.waitSignal(opened.case_model.opened, timeout=PATIENT):
        opened.case_model.open_case(case)


def test_names_and_numbers_of_a_file_are_shown_for_a_minute_after_one_logged_key(
    opened: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    masked = said(opened)
    assert "Đ. T. N. Ẵ." in masked
    assert "L. V. P." in masked
    assert "Ngọc" not in masked
    before = len(acts(desk))
    with qtbot.waitSignal(opened.case_model.view_changed, timeout=PATIENT):
        press(opened, Qt.Key.Key_F12, SHIFT)
    assert acts(desk)[before:] == [("unmask", "contact")]
    assert "Đặng Thị Ngọc Ẵm" in said(opened)
    assert "Lò Văn Pá" in said(opened)
    with qtbot.waitSignal(opened.case_model.view_changed, timeout=PATIENT):
        clock.pass_ms(SHOWN_MS)
    assert said(opened).count("Ngọc") == 0
    with qtbot.waitSignal(opened.case_model.view_changed, timeout=PATIENT):
        press(opened, Qt.Key.Key_F12, SHIFT)
    opened.go("calls")  # turning away masks it
    qtbot.waitUntil(lambda: "Ngọc" not in said(opened), timeout=PATIENT)


def made_staff(role: str) -> Any:
    def operation(uow: UnitOfWork) -> bool:
        act = uow.act()
        act.create("ref", Staff(id=record_of(STAFF), staff=STAFF, roles=(role,), centre="an_giang"))
        uow.write(act)
        return True

    return operation


def of_somebody_else(number: str) -> Any:
    def operation(uow: UnitOfWork) -> str:
        uow.staff = "other.person"
        now = uow.now_ms
        return calls.answer(calls.PbxCallEvent("111", "77.1", number, "", now, now))(uow)

    return operation


@pytest.mark.parametrize(("role", "shows"), [("counsellor", False), ("shift_lead", True)])
def test_the_table_of_roles_says_who_has_a_colleagues_number_shown(
    window: MainWindow, desk: Desk, qtbot: QtBot, role: str, shows: bool
) -> None:
    done(desk, qtbot, made_staff(role))
    call = done(desk, qtbot, of_somebody_else("0912345678"))
    page = window.calls_page
    qtbot.waitUntil(lambda: page.rows.rowCount() == 1, timeout=PATIENT)
    page.table.setCurrentIndex(page.rows.index(0, 0))
    assert "345" not in str(page.rows.index(0, 1).data())
    press(window, Qt.Key.Key_F12, SHIFT)
    if not shows:
        qtbot.waitUntil(lambda: "được che với chị/anh" in window.status.news.words.text(), timeout=PATIENT)
        assert acts(desk) == []
        assert stored(desk, partial(reads.call_row, call_id=call)) is not None
        return
    qtbot.waitUntil(lambda: window.showing.shown is not None, timeout=PATIENT)
    qtbot.waitUntil(lambda: page.rows.index(0, 1).data() == display("+84912345678"), timeout=PATIENT)
    assert acts(desk) == [("unmask", "call")]
