"""More than a page waits: the page says how many more in words, a key reads on, the numbers count all."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.store.reads_queue import MOST
from desktop.ui.main_window import MainWindow
from domain.clock import HOUR
from tests.desktop.store.waiting import call_backs_are_promised, letters_arrive
from tests.desktop.ui.conftest import HandClock, press
from tests.desktop.ui.test_nothing_typed_is_written_over import done

CTRL = Qt.KeyboardModifier.ControlModifier


def wait_for(window: MainWindow, count: int, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.queue_model.counts.all == count, timeout=20_000)


def turn(window: MainWindow, rows: int, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_PageDown, CTRL)
    qtbot.waitUntil(lambda: window.queue_page.rows.rowCount() == rows, timeout=20_000)


def test_how_many_more_wait_is_said_and_a_key_reads_on_to_the_last(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    page = window.queue_page
    done(window, desk, letters_arrive(2 * MOST + 203), qtbot)
    press(window, Qt.Key.Key_7, CTRL)
    wait_for(window, 1_203, qtbot)
    assert (page.all.text(), page.more.text()) == ("Tất cả: 1.203", "Còn 703 mục nữa: đọc tiếp  Ctrl+PgDown")
    assert page.state.text() == "1.203 mục đang chờ, 1.203 mục chưa ai nhận. Ctrl+J nhận mục kế tiếp."
    turn(window, 1_000, qtbot)
    assert page.table.currentIndex().row() == MOST
    assert page.table.hasFocus()
    assert page.more.text() == "Còn 203 mục nữa: đọc tiếp  Ctrl+PgDown"
    turn(window, 1_203, qtbot)
    assert not page.more.isVisible()
    assert len({row.id for row in page.rows.rows}) == 1_203
    press(window, Qt.Key.Key_PageDown, CTRL)
    assert window.status.news.text() == "Mọi mục đang chờ đều đã hiện trong danh sách"
    with qtbot.waitSignal(window.queue_model.changed, timeout=20_000):
        window.queue_model.refresh()  # what was read stays read
    assert page.rows.rowCount() == 1_203


def test_an_item_in_hand_below_the_rows_that_are_here_is_nobody_elses(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    model = window.queue_model
    ids = done(window, desk, letters_arrive(MOST + 1), qtbot)
    press(window, Qt.Key.Key_7, CTRL)
    wait_for(window, MOST + 1, qtbot)
    turn(window, MOST + 1, qtbot)
    with qtbot.waitSignal(model.taken, timeout=20_000):
        press(window, Qt.Key.Key_Return)
    assert model.in_hand is not None
    held = model.in_hand.id
    assert held in ids
    done(window, desk, letters_arrive(MOST, "emergency"), qtbot)
    model._pages[False] = 1  # as after a new start: the rows that are here end above it
    lost: list[object] = []
    model.lost.connect(lost.append)
    with qtbot.waitSignal(model.changed, timeout=20_000):
        model.refresh()
    qtbot.waitUntil(lambda: all(row.urgency for row in model.rows), timeout=20_000)
    assert len(model.rows) == MOST
    assert (model.in_hand.id, lost) == (held, [])
    row = model.row(held)
    assert row is not None
    assert model.is_mine(row)


def test_the_call_backs_have_their_own_pages_and_all_are_counted(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    page, now = window.queue_page, clock.now_ms()
    done(window, desk, letters_arrive(MOST, "emergency"), qtbot)
    done(window, desk, call_backs_are_promised([now + HOUR + place for place in range(MOST + 3)]), qtbot)
    press(window, Qt.Key.Key_7, CTRL)
    wait_for(window, 2 * MOST + 3, qtbot)
    assert page.promises.text() == "Hẹn gọi lại: 503"
    page.promises.click()
    assert page.rows.rowCount() == MOST
    assert all(row.call_id is not None for row in page.rows.rows)
    assert page.more.text() == "Còn 3 mục nữa: đọc tiếp  Ctrl+PgDown"
    turn(window, MOST + 3, qtbot)
    assert [row.due_at for row in page.rows.rows] == [now + HOUR + place for place in range(MOST + 3)]
    press(window, Qt.Key.Key_Escape)
    assert page.rows.rowCount() == MOST
    assert page.more.text() == "Còn 503 mục nữa: đọc tiếp  Ctrl+PgDown"
