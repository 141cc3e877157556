"""The case page, search, the road in words, sign-in: through real windows over the real store."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from desktop.app import Desk, unlock
from desktop.background.change_bus import Changes, Origin, RoadState, RoadStatus
from desktop.home import Home
from desktop.operations import intake
from desktop.store import drafts, reads
from desktop.store.reads_audit import audit_view
from desktop.ui.case.disputes import DisputeButton
from desktop.ui.main_window import MainWindow
from desktop.ui.road.words import road_line, road_story, servers_line
from desktop.ui.signin.window import SignInWindow
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Mark
from domain.clock import HOUR, MINUTE
from sync.replica.changes import Folded
from tests.desktop.ui.conftest import CHEAP, PASSPHRASE, STAFF, HandClock, named, press, stored, type_text
from tests.desktop.ui.test_forms_lose_nothing import answer

CTRL = Qt.KeyboardModifier.ControlModifier
VALUES: dict[str, Any] = {
    "child_name": "Đặng Thị Ngọc Ẵm",
    "child_age": 9,
    "summary": "Cháu bị bỏ đói",
    "urgency": "high",
    "province": "92",
    "province_set": "34",
}


class Kept:
    """Holds what the lane hands back."""

    result: Any = None

    def put(self, result: Any) -> None:
        self.result = result

    def there(self) -> bool:
        return self.result is not None


@pytest.fixture
def report(window: MainWindow, desk: Desk, qtbot: QtBot) -> intake.SavedReport:
    kept = Kept()
    desk.lane.submit(intake.save_report(VALUES, None), kept.put)
    qtbot.waitUntil(kept.there)
    assert isinstance(kept.result, intake.SavedReport)
    return kept.result


@pytest.fixture
def opened(window: MainWindow, report: intake.SavedReport, qtbot: QtBot) -> MainWindow:
    window.go("case")
    with qtbot.waitSignal(window.case_model.opened):
        window.case_model.open_case(report.case_id)
    return window


def view_of(desk: Desk, case_id: str) -> reads.CaseView:
    view = stored(desk, partial(reads.case_view, case_id=case_id))
    assert isinstance(view, reads.CaseView)
    return view


def test_a_note_is_appended_by_ctrl_enter_and_stands_on_the_timeline(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, qtbot: QtBot
) -> None:
    opened.case_page.timeline.note.setFocus()
    type_text("Đã gọi xã, chưa ai bắt máy.")
    with qtbot.waitSignal(opened.case_model.note_saved):
        press(opened, Qt.Key.Key_Return, CTRL)
    notes = [entry.text for entry in view_of(desk, report.case_id).timeline if entry.kind == "note"]
    assert notes == ["Đã gọi xã, chưa ai bắt máy."]
    assert opened.case_page.timeline.note.toPlainText() == ""
    assert opened.case_page.timeline.kept.text() == "Đã lưu 14:05:00"


def test_a_case_that_was_passed_on_leaves_the_screen_and_keeps_the_draft(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, qtbot: QtBot
) -> None:
    timeline = opened.case_page.timeline
    timeline.note.setFocus()
    type_text("đang viết dở")
    scope = f"dossier:{report.contact_id}"
    wiped = Kept()
    desk.lane.submit(lambda uow: desk.store.replica.wipe(uow.connection, scope)[0], wiped.put)
    qtbot.waitUntil(wiped.there)
    folded = wiped.result
    assert isinstance(folded, Folded)
    with qtbot.waitSignal(opened.case_model.gone):
        desk.bus.changed.emit(Changes(Origin.CENTRE, folded.touched(), "road"))
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    shown = [label.text() for label in opened.case_page.findChildren(QLabel)]
    assert any("đã đóng lại" in words for words in shown)
    assert [words for words in shown if "Ẵm" in words or "bỏ đói" in words] == []
    assert not timeline.note.whole_text()
    qtbot.waitUntil(lambda: bool(stored(desk, partial(drafts.all_of, staff=STAFF))))
    (kept,) = stored(desk, partial(drafts.all_of, staff=STAFF))
    assert kept.data["text"] == "đang viết dở"


def test_whoever_opens_a_case_stands_in_the_audit_chain_before_it_is_shown(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, qtbot: QtBot
) -> None:
    held = stored(desk, audit_view)
    (entry,) = (one for one in held.newest if one.object_kind == "case")
    assert (entry.action, entry.object_id, entry.actor, held.whole) == ("open", report.case_id, STAFF, True)
    with qtbot.waitSignal(opened.case_model.view_changed):
        opened.case_model.refresh()
    assert stored(desk, audit_view).entries == held.entries, "reading the open case again opens nothing"
    with qtbot.waitSignal(opened.case_model.opened):
        opened.case_model.open_case(report.case_id)
    assert stored(desk, audit_view).entries == held.entries + 1
    opened.go("road")
    line = opened.road_page.audit_mark
    qtbot.waitUntil(partial(said_in, line, "Chuỗi nguyên vẹn"))


def test_a_case_whose_opening_cannot_be_recorded_is_not_shown(
    window: MainWindow, desk: Desk, report: intake.SavedReport, qtbot: QtBot
) -> None:
    def fail() -> None:
        raise OSError

    window.go("case")
    desk.lane.before_commit = fail
    with qtbot.waitSignal(window.case_model.trouble):
        window.case_model.open_case(report.case_id)
    desk.lane.before_commit = None
    assert window.case_model.view is None
    with qtbot.waitSignal(window.case_model.opened):
        window.case_model.refresh()


def said_in(mark: Mark, words: str) -> bool:
    return words in mark.text()


def test_an_unfinished_note_comes_back_with_its_case(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, show: Callable[[Desk], MainWindow], qtbot: QtBot
) -> None:
    timeline = opened.case_page.timeline
    timeline.note.setFocus()
    assert timeline._keeper is not None
    with qtbot.waitSignal(timeline._keeper.kept, timeout=2_000):
        type_text("Viết dở")
    assert [one.form for one in stored(desk, partial(drafts.all_of, staff=STAFF))] == ["note"]
    opened.hide()
    again = show(desk)
    again.go("case")
    again.case_model.open_case(report.case_id)
    qtbot.waitUntil(partial(reads_so, again, "Viết dở"))


def reads_so(window: MainWindow, words: str) -> bool:
    return bool(window.case_page.timeline.note.toPlainText() == words)


def test_clocks_say_what_remains_in_words_and_turn_urgent_by_shape(opened: MainWindow, clock: HandClock) -> None:
    mark, left = opened.case_page.clocks._rows[0]
    assert mark.text() == "Chuyển tin đến xã"
    assert left.text() == "còn 30 phút"
    clock.pass_ms(45 * MINUTE)
    opened.case_page._show_clocks()
    assert mark.status is Status.URGENT
    assert left.text() == "quá hạn 15 phút"


def test_facts_are_edited_in_a_form_and_only_what_changed_is_written(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, qtbot: QtBot
) -> None:
    opened.case_page.edit.click()
    type_text("1")
    form = opened.case_page.form
    assert form.focus_on("child_age")
    press(opened, Qt.Key.Key_A, CTRL)
    type_text("10")
    with qtbot.waitSignal(opened.case_model.edit_saved):
        press(opened, Qt.Key.Key_Return, CTRL)
    view = view_of(desk, report.case_id)
    assert (view.case.urgency, view.form["child_age"], view.form["summary"]) == ("emergency", 10, "Cháu bị bỏ đói")


def test_a_referral_and_a_try_are_logged_and_the_forwarding_clock_stops(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, qtbot: QtBot
) -> None:
    card = opened.case_page.referrals
    card.refer.click()
    type_text("uy ban nhan dan cap xa")
    press(opened, Qt.Key.Key_Return)
    with qtbot.waitSignal(opened.case_model.step_saved):
        press(opened, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(partial(has_try_button, opened))
    named(card, "action.log_attempt").click()
    assert card.attempt.form.focus_on("result")
    type_text("spoke")
    with qtbot.waitSignal(opened.case_model.step_saved):
        press(opened, Qt.Key.Key_Return, CTRL)
    view = view_of(desk, report.case_id)
    assert [[one.result for one in row.attempts] for row in view.referrals] == [["spoke"]]
    assert {one.rule for one in view.clocks if one.stopped_at is not None} == {"forward_to_commune"}


def has_try_button(window: MainWindow) -> bool:
    found = window.case_page.referrals.findChildren(type(window.case_page.edit), "action.log_attempt")
    return any(one.isVisible() for one in found)


def test_f10_attaches_the_current_call_to_the_case_that_is_open(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, clock: HandClock, qtbot: QtBot
) -> None:
    call = answer(opened, 7, clock)
    opened.go("case")
    with qtbot.waitSignal(opened.case_model.attached):
        press(opened, Qt.Key.Key_F10)
    row = stored(desk, partial(reads.call_row, call_id=call))
    assert (row.contact_id, row.outcome) == (report.contact_id, "follow_up")
    assert opened.calls.current is None


def test_f10_without_an_open_case_attaches_to_the_one_chosen_by_search(
    window: MainWindow, desk: Desk, report: intake.SavedReport, clock: HandClock, qtbot: QtBot
) -> None:
    call = answer(window, 7, clock)
    press(window, Qt.Key.Key_F10)
    assert window.page_name == "search"
    with qtbot.waitSignal(window.search_model.found):
        type_text("dang ngoc am")
    qtbot.waitUntil(partial(found_one, window))
    with qtbot.waitSignal(window.case_model.attached):
        press(window, Qt.Key.Key_Return)
    assert stored(desk, partial(reads.call_row, call_id=call)).contact_id == report.contact_id


def found_one(window: MainWindow) -> bool:
    return len(window.search_model.hits) == 1


def test_search_without_tones_opens_the_case_with_enter(
    window: MainWindow, report: intake.SavedReport, qtbot: QtBot
) -> None:
    press(window, Qt.Key.Key_F, CTRL)
    type_text("dang ngoc am")
    qtbot.waitUntil(partial(found_one, window))
    assert window.search_page.rows.index(0, 0).data() == "Đ. T. N. Ẵ."  # roles.toml: initials
    assert window.search_page.rows.index(0, 2).data() == "tên trẻ"
    with qtbot.waitSignal(window.case_model.opened):
        press(window, Qt.Key.Key_Return)
    assert window.page_name == "case"


def test_the_road_speaks_calmly_in_every_state(clock: HandClock) -> None:
    now = clock.now_ms()
    states = {
        Status.GOOD: RoadStatus(RoadState.SETTLED, 5, 5, 0, None, now, equal=True),
        Status.MOVING: RoadStatus(RoadState.SENDING, 5, 3, 2),
        Status.WAITING: RoadStatus(RoadState.WAITING, 5, 3, 2),
        Status.URGENT: RoadStatus(RoadState.OFFLINE, 5, 3, 2, now - 3 * HOUR),
        Status.CONFLICT: RoadStatus(RoadState.HELD, 5, 5, 0, held=1),
    }
    for status, told in states.items():
        shape, words = road_line(told, now)
        assert shape is status
        assert words
        assert road_story(told, now)[1]
    assert road_line(states[Status.GOOD], now)[1] == "Khớp trung tâm lúc 14:05"
    assert "3 giờ" in road_story(states[Status.URGENT], now)[1]


def test_the_road_page_names_the_servers_in_order_and_which_one_is_spoken_to() -> None:
    two = ("http://tram-vung:8111", "http://trung-tam:8111")
    at_hub = RoadStatus(RoadState.SETTLED, servers=two, server=two[0])
    assert servers_line(at_hub) == "1. http://tram-vung:8111 (đang dùng)\n2. http://trung-tam:8111"
    away = RoadStatus(RoadState.OFFLINE, servers=two, server=two[1])
    assert servers_line(away).endswith("2. http://trung-tam:8111 (đang thử)")
    assert servers_line(None) == servers_line(RoadStatus()) == "Chưa biết"


def test_the_road_page_shows_what_is_saved_here(window: MainWindow, report: intake.SavedReport, qtbot: QtBot) -> None:
    window.go("road")
    qtbot.waitUntil(partial(figure_is_positive, window))
    assert named(window, "figure.at_centre").text() == "0"
    window.desk.bus.road.emit(RoadStatus(RoadState.OFFLINE, 9, 1, 8, 0))
    assert "Mất máy chủ" in named(window, "label.road").text()


def figure_is_positive(window: MainWindow) -> bool:
    return int(named(window, "figure.saved_here").text()) > 0


@pytest.fixture
def sign_in(home: Home, look: Look, reference: Any, qtbot: QtBot) -> SignInWindow:
    def open_with(staff: str, words: str) -> Any:
        found = unlock(home, staff, words, reference=reference, key_cost=CHEAP)
        found.store.close()
        return found

    def refuse(*_given: str) -> None:
        raise AssertionError("this desk is enrolled already")

    window = SignInWindow(home, open_with, refuse, look)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def test_a_wrong_passphrase_is_one_sentence_beside_the_box(sign_in: SignInWindow, qtbot: QtBot) -> None:
    sign_in.staff.setFocus()
    type_text(STAFF)
    press(sign_in, Qt.Key.Key_Tab)
    type_text("sai rồi")
    press(sign_in, Qt.Key.Key_Return)
    qtbot.waitUntil(sign_in.enter.isEnabled)
    assert "Tên hoặc mật khẩu chưa đúng" in sign_in.state.text()
    assert sign_in.passphrase.hasFocus()
    assert sign_in.passphrase.selectedText()


def test_the_right_passphrase_opens_the_desk_and_leaves_no_trace_in_the_box(
    sign_in: SignInWindow, qtbot: QtBot
) -> None:
    sign_in.staff.setText(STAFF)
    sign_in.passphrase.setFocus()
    type_text(PASSPHRASE)
    with qtbot.waitSignal(sign_in.unlocked) as signal:
        press(sign_in, Qt.Key.Key_Return)
    assert signal.args[0].staff == STAFF
    assert sign_in.passphrase.text() == ""


def test_two_different_values_stand_side_by_side_until_a_digit_decides(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, qtbot: QtBot
) -> None:
    seen = dict(view_of(desk, report.case_id).opened)
    for urgency in ("medium", "emergency"):  # both written on what was seen before either
        operation = intake.set_fields(report.case_id, {"urgency": urgency}, opened=seen)
        with qtbot.waitSignal(desk.bus.changed):
            desk.lane.submit(operation)
    qtbot.waitUntil(opened.case_page.disputes.isVisible)
    card = opened.case_page.disputes
    buttons = [button for button in card.findChildren(DisputeButton) if button.isVisible()]
    words = [[label.text() for label in button.findChildren(QLabel)] for button in buttons]
    assert words == [["1", "Khẩn cấp (can thiệp không quá 12 giờ)"], ["2", "Trung bình"]]
    for label in (label for button in buttons for label in button.findChildren(QLabel)):
        assert label.height() >= label.heightForWidth(label.width()), label.text()
    middle = next(area for area in opened.case_page.findChildren(QScrollArea) if area.isAncestorOf(card))
    assert card.mapTo(middle.viewport(), card.rect().topRight()).x() < middle.viewport().width()
    assert "2 giá trị khác nhau" in " ".join(label.text() for label in card.findChildren(QLabel))
    opened.case_page.timeline.note.setFocus()
    type_text("Đang viết dở")
    named(card, "action.choose.1").setFocus()
    with qtbot.waitSignal(opened.case_model.saved_at):
        press(opened, Qt.Key.Key_2)
    qtbot.waitUntil(partial(hidden, card))
    assert view_of(desk, report.case_id).case.urgency == "medium"
    assert not view_of(desk, report.case_id).siblings
    assert opened.case_page.timeline.note.toPlainText() == "Đang viết dở"


def hidden(widget: QWidget) -> bool:
    return not widget.isVisible()


def test_f9_on_a_call_that_is_a_file_opens_it_with_its_values(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    call, kept = answer(window, 3, clock), Kept()
    desk.lane.submit(intake.save_file(VALUES, call), kept.put)
    qtbot.waitUntil(kept.there)
    qtbot.waitUntil(partial(first_row_has_a_file, window))
    window.go("calls")
    press(window, Qt.Key.Key_Home)
    press(window, Qt.Key.Key_Return)
    press(window, Qt.Key.Key_F9)
    qtbot.waitUntil(partial(report_is_open, window))
    values = window.file_page.sheets[0].form.values()
    assert {name: values[name] for name in VALUES} == VALUES


def first_row_has_a_file(window: MainWindow) -> bool:
    return bool(window.calls.rows and window.calls.rows[0].contact_id)


def report_is_open(window: MainWindow) -> bool:
    return [sheet.model.form for sheet in window.file_page.sheets] == ["report"]
