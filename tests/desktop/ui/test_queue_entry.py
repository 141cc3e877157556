"""A letter is written into the queue by keys, kept as a draft meanwhile; "needs no file" can be taken back."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import queue
from desktop.operations.calls import PbxCallEvent
from desktop.store import drafts
from desktop.ui.main_window import MainWindow
from desktop.ui.queue.entry import words_of
from domain.clock import HOUR, vn_to_ms
from domain.records.queue import Incoming
from sync.replica import read
from tests.desktop.ui.conftest import STAFF, HandClock, focused, named, press, stored, type_text
from tests.desktop.ui.test_forms_lose_nothing import answer, fill_six, saved
from tests.desktop.ui.test_the_queue import LETTER, fill, waiting

CTRL = Qt.KeyboardModifier.ControlModifier
KEY = CTRL | Qt.KeyboardModifier.ShiftModifier


def go_to(window: MainWindow, field: str) -> None:
    for _ in range(20):
        if focused().objectName() == f"field.{field}" or focused().objectName().startswith(f"choice.{field}."):
            return
        press(window, Qt.Key.Key_Tab)
    raise AssertionError(f"Tab never reaches {field}")


def write(window: MainWindow) -> None:
    press(window, Qt.Key.Key_J, KEY)
    assert focused().objectName().startswith("choice.channel.")
    press(window, Qt.Key.Key_3)
    for field, text in (
        ("sender", "Sở Y tế An Giang"),
        ("reference", "Số 12/SYT"),
        ("dated", "5/1/26"),
        ("due", "25/11"),
        ("body", "Đề nghị xác minh vụ việc tại ấp 3"),
    ):
        go_to(window, field)
        type_text(text)
    go_to(window, "item_urgency")
    press(window, Qt.Key.Key_2)


def test_a_dispatch_is_entered_by_keys_and_its_header_tells_no_word_of_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    write(window)
    press(window, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: len(waiting(desk, clock)) == 1, timeout=20_000)
    (row,) = waiting(desk, clock)
    assert (row.channel, row.urgency, row.due_at) == (
        "official_dispatch", "high", vn_to_ms("2026-11-26 00:00:00") - 1,
    )  # fmt: skip
    words = stored(desk, partial(read.one, kind="incoming", record_id=row.id))
    assert words.record == Incoming(
        id=row.id,
        sender="Sở Y tế An Giang",
        reference="Số 12/SYT",
        dated="2026-01-05",
        body="Đề nghị xác minh vụ việc tại ấp 3",
    )
    qtbot.waitUntil(lambda: not window.sheets.entry.sheet.isVisible(), timeout=20_000)
    qtbot.waitUntil(lambda: stored(desk, partial(drafts.all_of, staff=STAFF)) == [], timeout=20_000)
    assert window.sheets.entry.sheet.form.values() == {}


def test_what_was_begun_is_a_draft_and_comes_back_in_a_new_window(
    window: MainWindow, desk: Desk, show: object, qtbot: QtBot
) -> None:
    write(window)
    before = window.sheets.entry.sheet.form.values()
    press(window, Qt.Key.Key_Escape)
    assert not window.sheets.entry.sheet.isVisible()
    qtbot.waitUntil(lambda: len(stored(desk, partial(drafts.all_of, staff=STAFF))) == 1, timeout=20_000)
    window.close()
    assert callable(show)
    again = show(desk)
    qtbot.waitUntil(lambda: again.sheets.entry.sheet.form.values() == before, timeout=20_000)


def test_what_is_typed_while_a_letter_is_saved_stays_and_is_not_called_saved(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    write(window)
    entry = window.sheets.entry
    go_to(window, "body")
    busy = threading.Event()
    desk.lane.submit(lambda _uow: busy.wait(20))
    press(window, Qt.Key.Key_Return, CTRL)
    type_text(" và ấp 4")
    busy.set()
    qtbot.waitUntil(lambda: len(waiting(desk, clock)) == 1, timeout=20_000)
    qtbot.waitUntil(lambda: "còn ở đây" in entry.sheet.state.text(), timeout=20_000)
    assert entry.sheet.isVisible()
    assert entry.sheet.form.values()["body"] == "Đề nghị xác minh vụ việc tại ấp 3 và ấp 4"
    entry.keep_now()
    qtbot.waitUntil(lambda: len(stored(desk, partial(drafts.all_of, staff=STAFF))) == 1, timeout=20_000)
    press(window, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: len(waiting(desk, clock)) == 2, timeout=20_000)


def test_a_draft_that_outlived_its_desk_and_was_written_on_loses_nothing_and_doubles_nothing(
    desk: Desk, qtbot: QtBot
) -> None:
    come = Incoming(id="0190a000-0000-7000-8000-000000000001", body="Đề nghị xác minh")
    more = replace(come, body="Đề nghị xác minh, gửi kèm biên bản")
    done: list[str] = []
    for words in (come, come, more):
        desk.lane.submit(queue.enter("official_dispatch", words), done.append)
    qtbot.waitUntil(lambda: len(done) == 3, timeout=20_000)
    assert done[:2] == [come.id, come.id]
    assert done[2] != come.id
    bodies = [one.record.body for one in stored(desk, partial(read.every, kind="incoming"))]
    assert sorted(bodies) == ["Đề nghị xác minh", "Đề nghị xác minh, gửi kèm biên bản"]


def test_without_a_channel_it_says_what_to_do_and_keeps_every_word(window: MainWindow) -> None:
    press(window, Qt.Key.Key_J, KEY)
    go_to(window, "sender")
    type_text("Bà hàng xóm")
    press(window, Qt.Key.Key_Return, CTRL)
    sheet = window.sheets.entry.sheet
    assert "Chưa chọn kênh" in sheet.state.text()
    assert focused().objectName().startswith("choice.channel.")
    assert sheet.form.values() == {"sender": "Bà hàng xóm"}


def test_words_in_the_boxes_of_days_go_into_the_text() -> None:
    words, due = words_of("x", {"dated": "dịp Tết", "due": "càng sớm càng tốt", "body": "Thư"})
    assert due is None
    assert words.body == "Thư\nNgày ghi trên văn bản: dịp Tết\nCần trả lời trước: càng sớm càng tốt"
    assert words.dated is None


def end_first(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_J, CTRL)
    named(window, "action.queue_done").setFocus()
    with qtbot.waitSignal(window.queue_model.ended, timeout=20_000):
        press(window, Qt.Key.Key_Space)


def test_needs_no_file_is_taken_back_for_ten_seconds(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    fill(window, desk, clock, qtbot)
    end_first(window, qtbot)
    assert [row.id for row in waiting(desk, clock)] == [LETTER.id]
    assert "Ctrl+Z hoàn tác" in window.toast.words.text()
    with qtbot.waitSignal(window.queue_model.reopened, timeout=20_000) as told:
        press(window, Qt.Key.Key_Z, CTRL)
    assert told.args == [True]
    assert [row.held_by for row in waiting(desk, clock)] == [STAFF, None]
    end_first(window, qtbot)
    clock.pass_ms(10_001)
    press(window, Qt.Key.Key_Z, CTRL)
    assert [row.id for row in waiting(desk, clock)] == [LETTER.id]


def test_what_became_a_file_or_was_ended_by_another_is_not_taken_back(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    fill(window, desk, clock, qtbot)
    end_first(window, qtbot)
    (left,) = waiting(desk, clock)
    answers: list[bool] = []
    desk.lane.submit(queue.reopen(left.id), answers.append)
    qtbot.waitUntil(lambda: answers == [False], timeout=20_000)


def test_a_rest_covers_the_screen_pauses_the_seat_is_not_idle_and_leaves_no_trace(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    def operations() -> int:
        count = "SELECT count(*) FROM log"
        return int(stored(desk, lambda connection: connection.exec_driver_sql(count).scalar_one()))

    before = operations()
    asked: list[bool] = []
    window.call_deeds.pause_asked.connect(asked.append)
    press(window, Qt.Key.Key_B, KEY)
    rest = window.sheets.rest
    assert rest.sheet.isVisible()
    assert asked == [True]
    window.watch.rules.touched(0)
    rest.rested()
    assert window.watch.rules._touched > 0, "a rest counts as touched"
    clock.pass_ms(HOUR)
    window.watch.rules.touched(0)
    rest.rested()
    assert window.watch.rules._touched == 0, "an hour is no rest: somebody is away"
    press(window, Qt.Key.Key_Space)
    assert not rest.sheet.isVisible()
    assert asked == [True, False]
    assert window.call_deeds.paused_at is None
    assert operations() == before


def test_a_rest_is_offered_in_the_same_quiet_words_after_every_report_and_after_nothing_else(
    window: MainWindow, clock: HandClock, qtbot: QtBot
) -> None:
    offer = window.registry["rest"].key_text
    for place, summary in enumerate(("Cháu bị đánh, rất nặng.", "Hỏi đường đến trường.")):
        answer(window, 40 + place, clock)
        press(window, Qt.Key.Key_F9)
        fill_six(window)
        sheet = window.file_page.current
        assert sheet is not None
        sheet.form.set_value("summary", summary)
        saved(window, qtbot)
        said = window.status.news.text()
        assert said.endswith(f"Cần thì nghỉ một nhịp: {offer}")
        assert window.sheets.rest.sheet.isHidden(), "it is offered, never begun"
    answer(window, 50, clock)
    press(window, Qt.Key.Key_F8)
    fill_six(window)
    saved(window, qtbot)
    assert offer not in window.status.news.text()


def test_a_rest_waits_for_the_call_at_the_ear(window: MainWindow, clock: HandClock) -> None:
    window.calls.answered(PbxCallEvent("111", "1.9", "0900081502", "", clock.now_ms(), clock.now_ms()))
    press(window, Qt.Key.Key_B, KEY)
    assert not window.sheets.rest.sheet.isVisible()
    assert "Đang có cuộc gọi" in window.status.news.text()
