"""The audit log on the screen: newest first, by person, act, day, page by page, by keys alone; the chain's state."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from desktop.app import Desk
from desktop.operations import audit
from desktop.store.reads_audit_entries import PAGE
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.tokens import Status
from domain.clock import DAY
from domain.records.audit import EXPORT, LOCK, UNLOCK
from domain.records.contact import Contact
from domain.records.emergency import EmergencyRead
from domain.records.road import Review
from domain.rules.unusual import MANY_FILES
from sync.audit import Said
from sync.replica import scopes, tables
from tests.desktop.ui.conftest import STAFF, HandClock, focused, press, type_text
from tests.desktop.ui.test_requests import become

CTRL = Qt.KeyboardModifier.ControlModifier
KEY = CTRL | Qt.KeyboardModifier.ShiftModifier
PATIENT = 30_000


def wrote(desk: Desk, qtbot: QtBot, *said: Said) -> None:
    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        for one in said:
            audit.note(uow, act, one)
        uow.write(act)

    done: list[None] = []
    desk.lane.submit(operation, done.append)
    qtbot.waitUntil(lambda: len(done) == 1, timeout=PATIENT)


def opened(window: MainWindow, qtbot: QtBot) -> None:
    sheet = window.sheets.audit.sheet
    press(window, Qt.Key.Key_K, KEY)
    qtbot.waitUntil(lambda: bool(sheet.rows.rows) and focused() is sheet.table, timeout=PATIENT)


def who(window: MainWindow) -> list[tuple[str, str]]:
    return [(row.actor, row.action) for row in window.sheets.audit.sheet.rows.rows]


def test_a_shift_leader_finds_an_export_of_yesterday_by_keys(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    become(desk, "shift_lead", qtbot)
    wrote(desk, qtbot, Said("nv08", EXPORT, "list_calls", "2026-10", "P2"), Said("nv08", LOCK))
    clock.ms += DAY
    wrote(desk, qtbot, Said("nv08", EXPORT, "list_calls", "2026-11", "P2"), Said("nv09", UNLOCK))
    opened(window, qtbot)
    sheet = window.sheets.audit.sheet
    assert who(window)[:3] == [(STAFF, "open"), ("nv09", UNLOCK), ("nv08", EXPORT)], "newest first"
    sheet.person.setFocus()
    type_text("NV08")
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: who(window) == [("nv08", EXPORT), ("nv08", LOCK), ("nv08", EXPORT)], timeout=PATIENT)
    press(window, Qt.Key.Key_Tab)
    assert focused() is sheet.act
    type_text("xuat")
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: who(window) == [("nv08", EXPORT)] * 2, timeout=PATIENT)
    assert focused() is sheet.day
    type_text("hom qua")
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [row.code for row in sheet.rows.rows] == ["2026-10"], timeout=PATIENT)
    assert "Xuất ra ngoài" in sheet.rows.words(sheet.rows.rows[0])
    press(window, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert sheet.rows.rows == []


def test_a_day_that_no_calendar_has_filters_nothing_and_is_pointed_at(window: MainWindow, qtbot: QtBot) -> None:
    opened(window, qtbot)
    sheet = window.sheets.audit.sheet
    before = who(window)
    sheet.day.setFocus()
    type_text("31/02")
    press(window, Qt.Key.Key_Return)
    assert "Không hiểu ngày" in sheet.state.text()
    assert who(window) == before


def test_pages_turn_by_keys_and_no_entry_is_lost_between_them(
    window: MainWindow, desk: Desk, qtbot: QtBot
) -> None:
    wrote(desk, qtbot, *(Said(STAFF, LOCK if number % 2 else UNLOCK) for number in range(PAGE + 7)))
    opened(window, qtbot)
    sheet = window.sheets.audit.sheet
    first = [row.id for row in sheet.rows.rows]
    assert len(first) == PAGE
    press(window, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: window.sheets.audit.model.number == 2 and sheet.rows.rows[0].id not in first)
    second = [row.id for row in sheet.rows.rows]
    assert len(set(first) | set(second)) == len(first) + len(second) >= PAGE + 8
    assert "hết" in sheet.state.text()
    press(window, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: [row.id for row in sheet.rows.rows] == first, timeout=PATIENT)


def test_the_chain_is_said_to_be_whole_and_where_it_breaks(window: MainWindow, desk: Desk, qtbot: QtBot) -> None:
    wrote(desk, qtbot, *(Said(STAFF, LOCK) for _ in range(4)))
    opened(window, qtbot)
    sheet = window.sheets.audit.sheet
    qtbot.waitUntil(lambda: "Chuỗi nguyên vẹn" in sheet.chain.text(), timeout=PATIENT)
    press(window, Qt.Key.Key_Escape)

    def bend(uow: UnitOfWork) -> None:
        entry = tables.records["audit_entry"]
        uow.connection.execute(update(entry).where(entry.c.n == 3).values(actor="nv01"))

    done: list[None] = []
    desk.lane.submit(bend, done.append)
    qtbot.waitUntil(lambda: len(done) == 1, timeout=PATIENT)
    opened(window, qtbot)
    qtbot.waitUntil(lambda: "đứt ở mục 3" in sheet.chain.text(), timeout=PATIENT)


@pytest.mark.parametrize("role", ["it_admin", "analyst"])
def test_who_may_not_read_it_is_told_so_and_sees_no_line(
    role: str, window: MainWindow, desk: Desk, qtbot: QtBot
) -> None:
    become(desk, role, qtbot)
    wrote(desk, qtbot, Said(STAFF, LOCK))
    press(window, Qt.Key.Key_K, KEY)
    sheet = window.sheets.audit.sheet
    qtbot.waitUntil(lambda: "không xem nhật ký" in sheet.state.text(), timeout=PATIENT)
    assert sheet.rows.rows == []


def test_a_lead_is_told_what_waits_to_be_reviewed_and_what_is_overdue(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    become(desk, "regional_lead", qtbot)
    now = clock.now_ms()

    def came(uow: UnitOfWork) -> None:
        act, scope = uow.act(), scopes.dossier("h1")
        act.create(scope, Contact(id="h1", code="H-AG-1", receiver="nv08", centre=uow.seat.centre))
        for number, days in enumerate((8, 1, 1, 1, 1)):
            act.create(
                scope,
                EmergencyRead(
                    id=f"e{number}", staff=f"nv1{number}", why="on_the_line", words="cháu đang gọi từ nhà cần biết",
                    asked_at=now - days * DAY,
                ),
            )  # fmt: skip
        note = Review(id="n", about_kind="staff", about="nv08", reason=MANY_FILES.reason, noted_at=now)
        act.create(scopes.centre(uow.seat.centre), note)
        uow.write(act)

    done: list[None] = []
    desk.lane.submit(came, done.append)
    qtbot.waitUntil(lambda: len(done) == 1, timeout=PATIENT)
    sheet = window.sheets.audit.sheet
    opened(window, qtbot)
    qtbot.waitUntil(sheet.awaited.isVisible, timeout=PATIENT)
    first, oldest, *rest = sheet.awaited.text().split("\n")
    assert first == "Chờ chị/anh rà soát: 6, trong đó 1 đã quá hạn 7 ngày"
    assert sheet.awaited.status is Status.URGENT
    assert "nv10 đọc khẩn hồ sơ H-AG-1" in oldest
    assert "và 2 mục nữa" in rest
    press(window, Qt.Key.Key_Escape)
    assert sheet.awaited.text() == "", "nothing of it stays behind the sheet"
