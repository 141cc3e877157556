"""The queue by keys: the next item in one, its words in two, hidden until asked for, held for ten minutes."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import queue
from desktop.operations.calls import PbxCallEvent
from desktop.store.reads_queue import QueueRow, queue_rows
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.main_window import MainWindow
from domain.clock import MINUTE
from domain.records.queue import AppReport, Claim, Incoming
from domain.records.staff import Staff, record_of
from sync.replica import scopes
from tests.desktop.ui.conftest import HandClock, named, press, stored
from tests.desktop.ui.test_forms_lose_nothing import contact_of, fill_six, saved

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
SECRET = "Cháu hàng xóm khóc cả đêm"
LETTER = Incoming(id="01932c00-0000-7000-8000-0000000000b1", sender="Bà hàng xóm", body=SECRET)
REPORT = AppReport(
    id="01932c00-0000-7000-8000-0000000000b2", sender_kind="family", sender_name="Ẩn danh", body="Báo qua ứng dụng"
)


def waiting(desk: Desk, clock: HandClock) -> list[QueueRow]:
    rows: list[QueueRow] = stored(desk, partial(queue_rows, centre="an_giang", now_ms=clock.now_ms()))
    return rows


def fill(window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot) -> None:
    desk.lane.submit(queue.enter("letter", LETTER))
    clock.pass_ms(MINUTE)
    desk.lane.submit(queue.enter("app_111", REPORT, urgency="emergency"))
    qtbot.waitUntil(lambda: len(window.queue_model.rows) == 2, timeout=20_000)


def everything_shown(window: MainWindow) -> str:
    page = window.queue_page
    cells = [page.rows.index(row, column) for row in range(page.rows.rowCount()) for column in range(4)]
    return " ".join([page.title.text(), page.words.text(), *(str(page.rows.data(cell)) for cell in cells)])


def test_the_next_item_is_read_in_two_keys_and_hidden_before(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    fill(window, desk, clock, qtbot)
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_J, CTRL)
    assert window.page_name == "queue"
    assert "Báo qua ứng dụng" not in everything_shown(window)
    assert window.queue_model.words is None
    press(window, Qt.Key.Key_Space)  # the button "Đọc" has the keys
    qtbot.waitUntil(lambda: "Báo qua ứng dụng" in named(window, "label.queue.words").text(), timeout=20_000)
    assert SECRET not in everything_shown(window)
    assert "Người báo là: Cha mẹ, người thân của trẻ" in named(window, "label.queue.words").text()
    assert window.queue_page.table.hasFocus()  # pressed once too often, the key must not end the item
    rows = waiting(desk, clock)
    assert [(row.id, row.held_by) for row in rows] == [(REPORT.id, desk.staff), (LETTER.id, None)]


def test_a_claim_runs_out_after_ten_minutes(window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot) -> None:
    fill(window, desk, clock, qtbot)
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_J, CTRL)
    clock.pass_ms(10 * MINUTE)
    assert [row.held_by for row in waiting(desk, clock)] == [None, None]


def test_what_another_desk_holds_is_not_taken(window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot) -> None:
    fill(window, desk, clock, qtbot)
    now = clock.now_ms()

    def of_another(uow: UnitOfWork) -> None:
        act = uow.act()
        taken = Claim(
            id=uow.new_id(), item_id=REPORT.id, staff="binh.tran", seat="AG01", at=now, until=now + MINUTE
        )
        act.create(scopes.centre("an_giang"), taken)
        uow.write(act)

    desk.lane.submit(of_another)
    qtbot.waitUntil(lambda: any(row.held_by == "binh.tran" for row in window.queue_model.rows), timeout=20_000)
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000) as taken:
        press(window, Qt.Key.Key_J, CTRL)
    assert taken.args[0].id == LETTER.id
    assert "binh.tran ở AG01" in everything_shown(window)


def test_a_role_that_does_not_see_the_queue_gets_none_of_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    fill(window, desk, clock, qtbot)

    def becomes_a_therapist(uow: UnitOfWork) -> None:
        act = uow.act()
        staff = Staff(id=record_of(desk.staff), staff=desk.staff, centre="an_giang", roles=("therapist",))
        act.create(scopes.REFERENCE, staff)
        uow.write(act)

    desk.lane.submit(becomes_a_therapist)
    window.queue_model.refresh()

    def nothing_is_shown() -> bool:
        window.queue_model.refresh()
        return window.queue_model.rows == []

    qtbot.waitUntil(nothing_is_shown, timeout=20_000)
    with qtbot.waitSignal(window.queue_model.trouble, timeout=20_000) as told:
        press(window, Qt.Key.Key_J, CTRL)
    assert isinstance(told.args[0], queue.NotYours)


def test_a_file_of_an_item_says_its_channel_and_ends_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    fill(window, desk, clock, qtbot)
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_J, CTRL)
    press(window, Qt.Key.Key_F8)
    assert window.page_name == "file"
    fill_six(window)
    result = saved(window, qtbot)
    qtbot.waitUntil(lambda: [row.id for row in waiting(desk, clock)] == [LETTER.id], timeout=20_000)
    assert contact_of(desk, result.contact_id).contact.primary_channel == "app_111"


def test_an_item_is_given_back_or_ended_without_a_file_by_keys(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    fill(window, desk, clock, qtbot)
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_J, CTRL)
    named(window, "action.queue_give_back").setFocus()
    press(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: [row.held_by for row in waiting(desk, clock)] == [None, None], timeout=20_000)
    qtbot.waitUntil(lambda: all(row.held_by is None for row in window.queue_model.rows), timeout=20_000)
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_J, CTRL)
    named(window, "action.queue_done").setFocus()
    press(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: [row.id for row in waiting(desk, clock)] == [LETTER.id], timeout=20_000)


def test_a_promised_call_back_is_called_from_the_queue_and_gone_when_its_outcome_is_undone(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    window.calls.answered(PbxCallEvent("111", "8.1", "0900081502", "", clock.now_ms(), clock.now_ms()))
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F5, SHIFT)
    qtbot.waitUntil(lambda: len(window.queue_model.rows) == 1, timeout=20_000)
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_J, CTRL)
    assert window.queue_page.number_in_hand == ""
    press(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.queue_page.number_in_hand == "+84900081502", timeout=20_000)
    press(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: waiting(desk, clock) == [], timeout=20_000)
