"""Outcomes without a key of their own, many calls by one key, calls made and missed, alerts: in the real window."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import calls, more_calls
from desktop.operations.calls import PbxCallEvent
from desktop.store import reads
from desktop.ui.main_window import MainWindow
from domain.clock import vn_to_ms
from domain.ids import call_id as id_of_call
from tests.desktop.ui.conftest import HandClock, named, press, stored

DAY = vn_to_ms("2026-11-20 00:00:00")
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def rows(desk: Desk) -> list[reads.CallRow]:
    """The rows as the store holds them."""
    found: list[reads.CallRow] = stored(desk, partial(reads.calls_today, centre="an_giang", day_start_ms=DAY))
    return found


def ring(window: MainWindow, n: int, clock: HandClock, number: str = "0900081502") -> str:
    window.calls.answered(PbxCallEvent("111", f"1795.{n}", number, "", clock.now_ms(), clock.now_ms()))
    return id_of_call("111", f"1795.{n}")


def offered(window: MainWindow) -> list[str]:
    return [offer.code for offer in window.call_deeds.sheet.offers]


def test_one_more_key_reaches_the_rest_of_the_list_and_digits_mean_nothing_elsewhere(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    ring(window, 1, clock)
    press(window, Qt.Key.Key_1)
    assert window.calls.current is not None
    press(window, Qt.Key.Key_F8, SHIFT)
    sheet = named(window, "list.choice")
    assert not sheet.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
    assert offered(window)[0] == "emergency_handover"
    with qtbot.waitSignal(window.calls.labelled):
        press(window, Qt.Key.Key_1)
    assert [row.outcome for row in rows(desk)] == ["emergency_handover"]
    assert not window.call_deeds.sheet.isVisible()
    assert window.actions_by_id["help"].isEnabled()


def test_every_outcome_of_the_list_has_a_way(window: MainWindow, clock: HandClock) -> None:
    ring(window, 1, clock)
    press(window, Qt.Key.Key_F8, SHIFT)
    by_key = {action.outcome for action in window.registry if action.outcome}
    forms = {"counselling", "in_depth_counselling", "report_of_abuse", "follow_up"}
    ways = by_key | forms | set(offered(window))
    listed = desk_outcomes(window)
    assert listed - ways == {"missed"}
    assert "report_of_risk" in offered(window)


def desk_outcomes(window: MainWindow) -> set[str]:
    known = window.desk.catalogue["contact_outcome"]
    parents = {code.parent for code in known}
    return {code.code for code in known if code.code not in parents}


def test_esc_and_a_call_that_comes_put_the_sheet_away_and_change_nothing(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    first = ring(window, 1, clock)
    press(window, Qt.Key.Key_F8, SHIFT)
    press(window, Qt.Key.Key_Escape)
    assert not window.call_deeds.sheet.isVisible()
    press(window, Qt.Key.Key_F8, SHIFT)
    second = ring(window, 2, clock)
    assert not window.call_deeds.sheet.isVisible()
    qtbot.waitUntil(lambda: len(rows(desk)) == 2, timeout=20_000)
    assert {row.id: row.outcome for row in rows(desk)} == {first: "unclassified", second: "unclassified"}


def test_a_report_may_end_as_a_child_at_risk(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    ring(window, 1, clock)
    press(window, Qt.Key.Key_F8, SHIFT)
    place = offered(window).index("report_of_risk")
    for _ in range(place):
        press(window, Qt.Key.Key_Down)
    press(window, Qt.Key.Key_Return)
    assert window.page_name == "file"
    sheet = window.file_page.current
    assert sheet is not None
    assert sheet.form.values()["outcome"] == "report_of_risk"
    with qtbot.waitSignal(window.file_page.saved, timeout=20_000):
        press(window, Qt.Key.Key_Return, CTRL)
    assert [(row.outcome, row.contact_id is not None) for row in rows(desk)] == [("report_of_risk", True)]


def test_one_key_labels_several_calls_and_one_undo_takes_all_of_them_back(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    for n in range(3):
        clock.pass_ms(60_000)
        short = ring(window, n, clock)
    desk.lane.submit(calls.end(short, clock.now_ms() + 4_000))
    press(window, Qt.Key.Key_F5)
    clock.pass_ms(60_000)
    at_ear = ring(window, 9, clock)
    qtbot.waitUntil(lambda: len(window.call_lists.lists.unclassified) == 3, timeout=20_000)
    press(window, Qt.Key.Key_U, CTRL)
    assert window.calls_page.side_table.calls.rowCount() == 2
    press(window, Qt.Key.Key_A, CTRL)
    assert "Đang chọn 2 cuộc" in window.calls_page.meaning.text()
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F3)
    found = {row.id: (row.outcome, row.outcome_by) for row in rows(desk)}
    assert sorted(found.values()) == [
        ("hang_up", "sweep"), ("hang_up", "sweep"), ("prank", "key"), ("unclassified", None),
    ]  # fmt: skip
    assert found[at_ear] == ("unclassified", None)
    assert "2 cuộc" in window.toast.words.text()
    with qtbot.waitSignal(window.calls.undone, timeout=20_000):
        press(window, Qt.Key.Key_Z, CTRL)
    assert sorted(row.outcome or "" for row in rows(desk)) == ["prank", *["unclassified"] * 3]


def test_a_call_somebody_labelled_meanwhile_is_left_alone_by_the_sweep(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    first, second = ring(window, 1, clock), ring(window, 2, clock)
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F4)
    window.calls.choose_several((first, second))
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F2)
    assert {row.id: row.outcome for row in rows(desk)} == {first: "silent", second: "wrong_number"}


def test_a_missed_call_is_called_back_and_ends_with_an_outcome_of_its_own_list(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    desk.lane.submit(more_calls.missed("111", "7.1", "0900047028", clock.now_ms() - 60_000, clock.now_ms()))
    qtbot.waitUntil(lambda: len(window.call_lists.lists.missed) == 1, timeout=20_000)
    press(window, Qt.Key.Key_N, CTRL)
    press(window, Qt.Key.Key_G, CTRL)
    assert window.calls.current is not None
    assert window.calls.current.outbound
    assert window.banner.number.text() == "0900 047 028"
    press(window, Qt.Key.Key_F2)  # a caller's outcome says nothing of a call we made: its own list is offered
    assert offered(window)[:2] == ["spoke", "no_answer"]
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_2)
    made = next(row for row in rows(desk) if row.direction == "outbound")
    assert (made.outcome, made.number) == ("no_answer", "+84900047028")
    qtbot.waitUntil(lambda: not window.call_lists.lists.missed, timeout=20_000)
    counts = stored(desk, partial(reads.counts_today, centre="an_giang", day_start_ms=DAY))
    assert counts == {"missed": 1}


def test_a_number_that_nothing_may_be_said_to_gives_a_silent_cue(
    window: MainWindow, clock: HandClock, qtbot: QtBot
) -> None:
    ring(window, 1, clock)
    press(window, Qt.Key.Key_D, CTRL | SHIFT)
    with qtbot.waitSignal(window.calls.history_changed, timeout=20_000):
        press(window, Qt.Key.Key_1)
    qtbot.waitUntil(window.banner.alert.isVisible, timeout=20_000)
    assert window.banner.alert.text() == "Cẩn trọng: không tiết lộ"
    press(window, Qt.Key.Key_F2)
    clock.pass_ms(60_000)
    ring(window, 2, clock)
    qtbot.waitUntil(window.banner.alert.isVisible, timeout=20_000)
    press(window, Qt.Key.Key_D, CTRL | SHIFT)
    press(window, Qt.Key.Key_4)
    qtbot.waitUntil(lambda: not window.banner.alert.isVisible(), timeout=20_000)


def test_a_promised_call_back_waits_in_the_queue_once(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    ring(window, 1, clock)
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F5, SHIFT)
    items = "SELECT channel, number FROM r_queue_item"
    assert stored(desk, lambda connection: connection.exec_driver_sql(items).all()) == [
        ("outbound_call", "+84900081502")
    ]


def test_a_pause_is_seen_and_ended_by_the_same_key(window: MainWindow) -> None:
    press(window, Qt.Key.Key_P, CTRL)
    assert "Đang nghỉ từ 14:05" in window.banner.state.text()
    assert "bấm nghỉ cả trên điện thoại" in window.status.news.text()
    press(window, Qt.Key.Key_P, CTRL)
    assert window.banner.state.text() == "Không có cuộc gọi"
