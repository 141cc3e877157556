"""After Shift+F5 the caller's safe time is asked beside the work, by keys: read as people say it, kept, shown in the
queue, gone with an undone outcome."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations.calls import PbxCallEvent
from desktop.store.reads_queue import QueueRow, queue_rows
from desktop.ui.main_window import MainWindow
from desktop.ui.queue.page import DUE
from desktop.ui.theme.tokens import Status
from domain.clock import HOUR, MINUTE, vn_to_ms
from sync.replica import read
from tests.desktop.ui.conftest import HandClock, focused, named, press, stored, type_text
from tests.desktop.ui.test_forms_lose_nothing import contact_of, fill_six, saved
from tests.desktop.ui.test_the_queue import fill

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
HALF_PAST_FIVE = vn_to_ms("2026-11-20 17:30:00")
SAFELY = "xin gặp An, nói là cô giáo"


def promises(desk: Desk, clock: HandClock) -> list[QueueRow]:
    rows: list[QueueRow] = stored(desk, partial(queue_rows, centre="an_giang", now_ms=clock.now_ms()))
    return rows


def ring(window: MainWindow, clock: HandClock, name: str = "8.1") -> None:
    window.calls.answered(PbxCallEvent("111", name, "0900081502", "", clock.now_ms(), clock.now_ms()))


def promise(window: MainWindow, clock: HandClock, qtbot: QtBot, name: str = "8.1") -> None:
    ring(window, clock, name)
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F5, SHIFT)


def understood(window: MainWindow) -> str:
    text: str = named(window, "label.promise.understood").text()
    return text


def strip_gone(window: MainWindow) -> bool:
    return not window.call_deeds.promising.strip.isVisible()


def agree(window: MainWindow, qtbot: QtBot, time: str) -> None:
    type_text(time)
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: strip_gone(window), timeout=20_000)


def test_the_time_is_asked_after_the_outcome_stands_and_read_as_it_is_said(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    promise(window, clock, qtbot)
    (row,) = promises(desk, clock)  # durable before anything is asked
    assert row.due_at is None
    assert focused().objectName() == "field.promise_time"
    type_text("17h30")
    assert understood(window) == "hôm nay, thứ sáu 20/11, 17:30"
    press(window, Qt.Key.Key_Tab)
    type_text(SAFELY)
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: strip_gone(window), timeout=20_000)
    (row,) = promises(desk, clock)
    assert row.due_at == HALF_PAST_FIVE
    assert "Đã hẹn gọi lại: hôm nay, thứ sáu 20/11, 17:30" in window.status.news.words.text()
    assert SAFELY not in window.status.news.words.text()
    words = stored(desk, lambda c: read.one(c, "incoming", row.id))
    assert words.record.body == SAFELY
    assert words.scope == f"dossier:{row.id}"
    assert stored(desk, lambda c: c.exec_driver_sql("SELECT count(*) FROM draft").scalar()) == 0
    assert window.calls_page.table.hasFocus()


def test_what_cannot_be_read_or_has_passed_is_said_and_stays(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    promise(window, clock, qtbot)
    box = named(window, "field.promise_time")
    for said, sentence in (
        ("khi mẹ đi làm", "Chưa đọc được giờ"),
        ("8h", "Giờ ấy đã qua (hôm nay, thứ sáu 20/11, 08:00)"),
        ("19/11 9h", "Ngày ấy xa quá (thứ sáu 19/11/2027, 09:00)"),
    ):
        box.selectAll()
        type_text(said)
        press(window, Qt.Key.Key_Return)
        assert understood(window).startswith(sentence)
        assert window.call_deeds.promising.strip.understood.status is Status.WAITING
        assert focused().objectName() == "field.promise_time"
        assert box.text() == said
    assert [row.due_at for row in promises(desk, clock)] == [None]


def test_esc_and_the_next_call_leave_the_question_and_lose_no_letter(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    promise(window, clock, qtbot)
    type_text("khi mẹ")
    press(window, Qt.Key.Key_Escape)
    assert strip_gone(window)
    assert window.page_name == "calls"
    press(window, Qt.Key.Key_N, CTRL | SHIFT)
    qtbot.waitUntil(lambda: window.call_deeds.promising.strip.texts()[0] == "khi mẹ", timeout=20_000)
    press(window, Qt.Key.Key_End)
    type_text(" đi làm")
    ring(window, clock, "8.2")
    assert strip_gone(window)
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F2)  # the next call has its outcome meanwhile, the answer is still there
    qtbot.waitUntil(lambda: len(window.queue_model.rows) == 1, timeout=20_000)
    press(window, Qt.Key.Key_N, CTRL | SHIFT)
    qtbot.waitUntil(lambda: window.call_deeds.promising.strip.texts()[0] == "khi mẹ đi làm", timeout=20_000)


def test_a_span_counts_from_when_it_was_typed_also_after_a_restart(
    open_desk: Callable[[], Desk], show: Callable[[Desk], MainWindow], clock: HandClock, qtbot: QtBot
) -> None:
    first = open_desk()
    window = show(first)
    promise(window, clock, qtbot)
    begun = clock.now_ms()
    type_text("2 tiếng nữa")
    window.close()
    first.close()
    clock.pass_ms(HOUR)
    desk = open_desk()
    again = show(desk)
    strip = again.call_deeds.promising.strip
    qtbot.waitUntil(lambda: strip.texts()[0] == "2 tiếng nữa", timeout=20_000)
    assert understood(again) == "hôm nay, thứ sáu 20/11, 16:05"
    assert not strip.time.hasFocus()
    press(again, Qt.Key.Key_N, CTRL | SHIFT)
    press(again, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: strip_gone(again), timeout=20_000)
    assert [row.due_at for row in promises(desk, clock)] == [begun + 2 * HOUR]


def test_an_undone_outcome_takes_question_time_and_words_with_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    promise(window, clock, qtbot)
    with qtbot.waitSignal(window.calls.undone, timeout=20_000):
        press(window, Qt.Key.Key_Z, CTRL)
    assert strip_gone(window)
    assert promises(desk, clock) == []
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F5, SHIFT)
    agree(window, qtbot, "17h30")
    (row,) = promises(desk, clock)
    with qtbot.waitSignal(window.calls.undone, timeout=20_000):
        press(window, Qt.Key.Key_Z, CTRL)
    assert promises(desk, clock) == []
    item = stored(desk, lambda c: read.one(c, "queue_item", row.id))
    assert item.record.due_at is None
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F5, SHIFT)
    assert [row.due_at for row in promises(desk, clock)] == [None]
    assert window.call_deeds.promising.strip.texts() == ("", "")


def test_a_promise_is_next_from_ten_minutes_before_its_time_and_red_after_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    promise(window, clock, qtbot)
    agree(window, qtbot, "17h30")
    qtbot.waitUntil(lambda: [row.due_at for row in window.queue_model.rows] == [HALF_PAST_FIVE], timeout=20_000)

    def shown() -> tuple[str, Status | None]:
        window.queue_model.refresh()
        page = window.queue_page
        page._show()
        return page.rows._words(page.rows.rows[0], DUE), page.rows._status(page.rows.rows[0], DUE)

    assert shown() == ("lúc 17:30", None)
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000) as taken:
        press(window, Qt.Key.Key_J, CTRL)
    assert taken.args == [None]  # nobody is rung up before it is safe
    clock.ms = HALF_PAST_FIVE - 10 * MINUTE
    assert shown() == ("lúc 17:30, còn 10 phút", Status.WAITING)
    clock.ms = HALF_PAST_FIVE + 5 * MINUTE
    assert shown() == ("lúc 17:30, quá hạn 5 phút", Status.URGENT)
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000) as taken:
        press(window, Qt.Key.Key_J, CTRL)
    assert taken.args[0].due_at == HALF_PAST_FIVE


def test_the_time_of_the_item_in_hand_is_changed_by_keys(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    promise(window, clock, qtbot)
    type_text("30 phút nữa")
    press(window, Qt.Key.Key_Tab)
    type_text(SAFELY)
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: strip_gone(window), timeout=20_000)
    clock.pass_ms(25 * MINUTE)
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_J, CTRL)
    press(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: SAFELY in named(window, "label.queue.words").text(), timeout=20_000)
    press(window, Qt.Key.Key_N, CTRL | SHIFT)
    strip = window.call_deeds.promising.strip
    assert strip.texts() == ("14:35 20/11/2026", SAFELY)
    type_text("17h30")  # what stood there is chosen, and goes
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: strip_gone(window), timeout=20_000)
    assert [row.due_at for row in promises(desk, clock)] == [HALF_PAST_FIVE]
    words = stored(desk, lambda c: read.one(c, "incoming", promises(desk, clock)[0].id))
    assert words.record.body == SAFELY


def test_a_promise_that_is_near_and_one_that_is_past_are_told_once_without_a_word_of_whom(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    promise(window, clock, qtbot)
    agree(window, qtbot, "17h30")
    qtbot.waitUntil(lambda: [row.due_at for row in window.queue_model.rows] == [HALF_PAST_FIVE], timeout=20_000)
    news = window.status.news
    for at, words, status in (
        (HALF_PAST_FIVE - 10 * MINUTE, "Sắp đến giờ hẹn gọi lại (17:30): Ctrl+J nhận", Status.WAITING),
        (HALF_PAST_FIVE + MINUTE, "Quá giờ hẹn gọi lại (17:30): Ctrl+J nhận", Status.URGENT),
    ):
        clock.ms = at
        with qtbot.waitSignal(window.queue_model.due, timeout=20_000):
            window.queue_model.refresh()  # as its own timer does
        assert (news.text(), news.status) == (words, status)
        with qtbot.assertNotEmitted(window.queue_model.due), qtbot.waitSignal(window.queue_model.changed):
            window.queue_model.refresh()


def test_the_call_backs_stand_alone_by_their_time_and_esc_shows_all(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    fill(window, desk, clock, qtbot)
    for name, time in (("8.1", "19h"), ("8.2", ""), ("8.3", "17h30")):
        promise(window, clock, qtbot, name)
        if time:
            agree(window, qtbot, time)
    qtbot.waitUntil(lambda: len(window.queue_model.rows) == 5, timeout=20_000)
    qtbot.waitUntil(lambda: sum(row.due_at is not None for row in window.queue_model.rows) == 2, timeout=20_000)
    press(window, Qt.Key.Key_7, CTRL)
    page = window.queue_page
    for _ in range(20):
        if page.promises.hasFocus():
            break
        press(window, Qt.Key.Key_Tab)
    press(window, Qt.Key.Key_Space)
    due = [page.rows._words(row, DUE) for row in page.rows.rows]
    assert due == ["lúc 17:30", "lúc 19:00", "chưa hẹn giờ"]
    assert page.promises.text() == "Hẹn gọi lại: 3"
    press(window, Qt.Key.Key_Escape)
    assert len(page.rows.rows) == 5
    assert window.page_name == "queue"


def test_a_file_of_that_call_begins_with_the_agreed_time_and_the_promise_waits_on(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    promise(window, clock, qtbot)
    agree(window, qtbot, "17h30")
    qtbot.waitUntil(lambda: [row.due_at for row in window.queue_model.rows] == [HALF_PAST_FIVE], timeout=20_000)
    press(window, Qt.Key.Key_F8)
    sheet = window.file_page.current
    assert sheet is not None
    assert sheet.model.call_id is not None
    values = sheet.form.values()
    assert (values["may_call_back"], values["safe_time"]) == (True, "17:30 20/11/2026")
    fill_six(window)
    result = saved(window, qtbot)
    contact = contact_of(desk, result.contact_id).contact
    assert (contact.may_call_back, contact.safe_time) == (True, "17:30 20/11/2026")
    assert contact.call_id == sheet.model.call_id
    assert [row.due_at for row in promises(desk, clock)] == [HALF_PAST_FIVE]  # a file calls nobody back


def test_a_promise_without_a_time_waits_on_as_a_file_and_its_time_is_asked_by_the_key(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    promise(window, clock, qtbot)
    press(window, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_F8)
    fill_six(window)
    saved(window, qtbot)
    assert [row.due_at for row in promises(desk, clock)] == [None]
    press(window, Qt.Key.Key_7, CTRL)
    window.queue_model.refresh()
    qtbot.waitUntil(lambda: len(window.queue_page.rows.rows) == 1, timeout=20_000)
    page = window.queue_page
    assert page.rows._words(page.rows.rows[0], DUE) == "chưa hẹn giờ"
    press(window, Qt.Key.Key_N, CTRL | SHIFT)
    agree(window, qtbot, "17h30")
    assert [row.due_at for row in promises(desk, clock)] == [HALF_PAST_FIVE]
    clock.ms = HALF_PAST_FIVE
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_J, CTRL)
    assert window.queue_page.done.isVisible()
    window.queue_page.done.click()
    qtbot.waitUntil(lambda: promises(desk, clock) == [], timeout=20_000)


def test_an_undone_promise_does_not_come_back_with_the_file_of_its_call(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    promise(window, clock, qtbot)
    with qtbot.waitSignal(window.calls.undone, timeout=20_000):
        press(window, Qt.Key.Key_Z, CTRL)
    press(window, Qt.Key.Key_F8)
    fill_six(window)
    result = saved(window, qtbot)
    assert contact_of(desk, result.contact_id).contact.call_id is not None
    assert promises(desk, clock) == []


def test_a_file_of_the_item_begins_with_the_time_and_ends_the_promise(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    promise(window, clock, qtbot)
    agree(window, qtbot, "17h30")
    clock.ms = HALF_PAST_FIVE
    window.queue_model.refresh()
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_J, CTRL)
    qtbot.waitUntil(lambda: window.queue_model.in_hand is not None, timeout=20_000)
    press(window, Qt.Key.Key_F8)
    sheet = window.file_page.current
    assert sheet is not None
    assert sheet.form.values()["safe_time"] == "17:30 20/11/2026"
    fill_six(window)
    saved(window, qtbot)
    qtbot.waitUntil(lambda: promises(desk, clock) == [], timeout=20_000)
