"""F2 to F7 in the real window: one press, one durable row; undo names its call; the list labels again."""

from __future__ import annotations

import threading
from functools import partial

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations.calls import PbxCallEvent
from desktop.store import reads
from desktop.ui.main_window import MainWindow
from domain.clock import vn_to_ms
from tests.desktop.ui.conftest import HandClock, named, press, stored

DAY = vn_to_ms("2026-11-20 00:00:00")


def rows(desk: Desk) -> list[reads.CallRow]:
    """The rows as the store holds them, read on a connection of its own."""
    found: list[reads.CallRow] = stored(desk, partial(reads.calls_today, centre="an_giang", day_start_ms=DAY))
    return found


def ring(window: MainWindow, number: str, n: int, clock: HandClock) -> None:
    window.calls.answered(PbxCallEvent("111", f"1795.{n}", number, "", clock.now_ms(), clock.now_ms()))


def stands(window: MainWindow, words: str) -> bool:
    return words in window.toast.words.text()


def test_f2_without_a_call_makes_one_row_in_one_press(window: MainWindow, desk: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.calls.labelled):
        press(window, Qt.Key.Key_F2)
    found = rows(desk)
    assert [(row.outcome, row.by_hand) for row in found] == [("silent", True)]
    assert named(window, "label.saved").text() == "đã lưu 14:05:00"


def test_saved_is_said_only_after_commit_returned(window: MainWindow, clock: HandClock, qtbot: QtBot) -> None:
    ring(window, "0900081502", 1, clock)
    qtbot.waitUntil(lambda: window.calls.current is not None and window.calls.current.saved)
    go_on = threading.Event()
    window.desk.lane.before_commit = partial(go_on.wait, 20)  # type: ignore[assignment]  # what it answers is not looked at
    press(window, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: window.status.saved.text().startswith("đang lưu"))
    assert window.banner.state.text() == "Không có cuộc gọi", "its outcome is on the way"
    assert not window.toast.isVisible()
    with qtbot.waitSignal(window.calls.labelled):
        go_on.set()
    assert window.status.saved.text().startswith("đã lưu")
    assert window.toast.isVisible()


def test_a_save_as_quick_as_they_are_is_said_once(window: MainWindow, clock: HandClock, qtbot: QtBot) -> None:
    said: list[str] = []
    window.calls.pending.connect(said.append)
    window.calls._slow.setInterval(20_000)  # on a machine that is busy with other tests
    ring(window, "0900081502", 1, clock)
    qtbot.waitUntil(lambda: window.calls.current is not None and window.calls.current.saved)
    with qtbot.waitSignal(window.calls.labelled):
        press(window, Qt.Key.Key_F2)
        assert window.calls.current is None, "the next key means the next call"
    assert said == []
    assert window.banner.state.text() == "Không có cuộc gọi"
    assert not window.calls._slow.isActive()


def test_two_presses_under_way_are_both_waited_for(window: MainWindow, desk: Desk, qtbot: QtBot) -> None:
    go_on = threading.Event()
    window.desk.lane.before_commit = partial(go_on.wait, 20)  # type: ignore[assignment]  # what it answers is not looked at
    press(window, Qt.Key.Key_F2)
    press(window, Qt.Key.Key_F3)
    word = window.calls.word("hang_up")
    qtbot.waitUntil(lambda: window.status.saved.text() == f"đang lưu: {word}…")
    heard: list[object] = []
    window.calls.labelled.connect(heard.append)
    go_on.set()
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert sorted(row.outcome or "" for row in rows(desk)) == ["hang_up", "silent"]
    assert not window.calls._slow.isActive()


NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
KEYS = (
    (Qt.Key.Key_F2, NONE, "silent"),
    (Qt.Key.Key_F3, NONE, "hang_up"),
    (Qt.Key.Key_F4, NONE, "wrong_number"),
    (Qt.Key.Key_F5, NONE, "prank"),
    (Qt.Key.Key_F6, NONE, "abusive_caller"),
    (Qt.Key.Key_F7, NONE, "information"),
    (Qt.Key.Key_F2, SHIFT, "test_call"),
    (Qt.Key.Key_F3, SHIFT, "technical_failure"),
    (Qt.Key.Key_F4, SHIFT, "out_of_scope"),
    (Qt.Key.Key_F5, SHIFT, "callback_scheduled"),
    (Qt.Key.Key_F6, SHIFT, "feedback"),
    (Qt.Key.Key_F7, SHIFT, "transferred"),
)


def test_each_key_gives_the_current_call_its_own_outcome(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    for n, (key, modifier, _code) in enumerate(KEYS):
        clock.pass_ms(1_000)
        ring(window, "0900081502", n, clock)
        with qtbot.waitSignal(window.calls.labelled):
            press(window, key, modifier)
        assert window.calls.current is None
    assert [row.outcome for row in rows(desk)] == [code for *_, code in reversed(KEYS)]


def test_undo_names_its_call_also_when_a_second_one_has_come(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    ring(window, "0900081502", 1, clock)
    with qtbot.waitSignal(window.calls.labelled):
        press(window, Qt.Key.Key_F5)
    clock.pass_ms(4_000)
    ring(window, "0900047028", 2, clock)
    assert stands(window, "Trêu đùa")
    assert stands(window, "502")
    with qtbot.waitSignal(window.calls.undone) as undone:
        press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert undone.args == ["••• 502"]
    by_number = {row.number: row.outcome for row in rows(desk)}
    assert by_number == {"+84900081502": "unclassified", "+84900047028": "unclassified"}
    assert window.calls.current is not None
    assert window.calls.current.number == "+84900047028"


def test_after_ten_seconds_undo_does_nothing(window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.calls.labelled):
        press(window, Qt.Key.Key_F2)
    clock.pass_ms(10_001)
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.calls.offer is None
    assert [row.outcome for row in rows(desk)] == ["silent"]


def test_a_row_chosen_in_the_list_is_labelled_again_by_the_same_keys(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    ring(window, "0900081502", 1, clock)
    with qtbot.waitSignal(window.calls.labelled):
        press(window, Qt.Key.Key_F2)
    qtbot.waitUntil(partial(has_rows, window, "silent"))
    window.calls_page.table.setFocus()
    press(window, Qt.Key.Key_Home)
    press(window, Qt.Key.Key_Return)
    assert window.calls.selected is not None
    assert "Đang chọn" in window.calls_page.meaning.text()
    with qtbot.waitSignal(window.calls.labelled):
        press(window, Qt.Key.Key_F4)
    assert [row.outcome for row in rows(desk)] == ["wrong_number"]
    assert window.calls.selected is None


def has_rows(window: MainWindow, *outcomes: str) -> bool:
    return [row.outcome for row in window.calls.rows] == list(outcomes)


def test_the_list_follows_what_was_saved_and_marks_what_is_unclassified(
    window: MainWindow, clock: HandClock, qtbot: QtBot
) -> None:
    ring(window, "0900081502", 1, clock)
    qtbot.waitUntil(partial(has_rows, window, "unclassified"))
    model = window.calls_page.rows
    assert model.index(0, 2).data() == "Chưa phân loại"
    assert model.index(0, 1).data() == "09•• ••• •02"
    assert model.index(0, 4).data() == "trên máy này"
    with qtbot.waitSignal(window.calls.labelled):
        press(window, Qt.Key.Key_F2)
    qtbot.waitUntil(partial(has_rows, window, "silent"))
    assert model.index(0, 2).data() == "Im lặng"


def test_the_third_silent_call_in_a_day_hints_at_the_script(
    window: MainWindow, clock: HandClock, qtbot: QtBot
) -> None:
    for n in range(3):
        ring(window, "0900081502", n, clock)
        with qtbot.waitSignal(window.calls.labelled):
            press(window, Qt.Key.Key_F2)
        clock.pass_ms(60_000)
        assert window.calls_page.hint.isVisible() == (n == 2)
    assert "bấm 1 là có" in window.calls_page.hint.text()


def test_before_the_caller_is_verified_the_banner_shows_counts_and_no_number(
    window: MainWindow, clock: HandClock, qtbot: QtBot
) -> None:
    ring(window, "0900081502", 1, clock)
    with qtbot.waitSignal(window.calls.labelled):
        press(window, Qt.Key.Key_F2)
    clock.pass_ms(60_000)
    with qtbot.waitSignal(window.calls.history_changed):
        ring(window, "0900081502", 2, clock)
    banner = named(window, "banner.call")
    shown = " ".join(label.text() for label in banner.findChildren(type(window.banner.number)))
    assert "09•• ••• •02" in shown
    assert "0900" not in shown
    assert "im lặng 1 lần" in window.banner.facts.text()
    window.banner.reveal.click()
    assert window.banner.number.text() == "0900 081 502"


def test_f12_covers_everything_and_any_key_returns_without_doing_anything_else(
    window: MainWindow, desk: Desk
) -> None:
    press(window, Qt.Key.Key_F12)
    assert window.privacy.isVisible()
    assert window.privacy.size() == window.size()
    press(window, Qt.Key.Key_F2)
    assert not window.privacy.isVisible()
    assert rows(desk) == []
    press(window, Qt.Key.Key_F12)
    press(window, Qt.Key.Key_F12)
    assert not window.privacy.isVisible()
