"""F8 and F9 by keyboard only: saved whole, drafts come back, a file becomes a report, a call parks the form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations.calls import PbxCallEvent
from desktop.operations.intake import SavedFile, SavedReport
from desktop.store import drafts, reads
from desktop.store.troubles import DiskFull
from desktop.ui.intake.viewmodel import settled
from desktop.ui.main_window import MainWindow
from domain.rules.intake import age_group_of
from tests.desktop.ui.conftest import HandClock, compose, focused, named, press, stored, type_text

CTRL = Qt.KeyboardModifier.ControlModifier


def answer(window: MainWindow, n: int, clock: HandClock) -> str:
    event = PbxCallEvent("111", f"1795.{n}", "0900047028", "", clock.now_ms(), clock.now_ms())
    window.calls.answered(event)
    assert window.calls.current is not None
    return window.calls.current.id


def go_to(window: MainWindow, field: str) -> None:
    """Tab until the field has the keys: the mouse is never needed."""
    for _ in range(40):
        if focused().objectName() in (f"field.{field}", f"choice.{field}") or focused().objectName().startswith(
            f"choice.{field}."
        ):
            return
        press(window, Qt.Key.Key_Tab)
    raise AssertionError(f"Tab never reaches {field}")


def fill_six(window: MainWindow) -> None:
    for field, text, enter in (
        ("caller_kind", "cha me", True),
        ("topics", "bao luc gia dinh", False),
        ("summary", "Cháu bị đánh ở trường, sợ đi học.", False),
        ("child_age", "9", False),
        ("child_sex", "2", False),
        ("province", "can tho", True),
    ):
        go_to(window, field)
        type_text(text)
        if field == "topics" or enter:
            press(window, Qt.Key.Key_Return)


def saved(window: MainWindow, qtbot: QtBot) -> Any:
    with qtbot.waitSignal(window.file_page.saved) as signal:
        press(window, Qt.Key.Key_Return, CTRL)
    return signal.args[0]


def contact_of(desk: Desk, contact_id: str) -> reads.ContactView:
    view = stored(desk, partial(reads.contact_view, contact_id=contact_id))
    assert isinstance(view, reads.ContactView)
    return view


def draft_rows(desk: Desk) -> list[drafts.Draft]:
    found: list[drafts.Draft] = stored(desk, partial(drafts.all_of, staff=desk.staff))
    return found


def test_a_file_with_six_values_is_saved_without_the_mouse(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    call = answer(window, 1, clock)
    press(window, Qt.Key.Key_F8)
    assert window.page_name == "file"
    fill_six(window)
    result = saved(window, qtbot)
    assert isinstance(result, SavedFile)
    view = contact_of(desk, result.contact_id)
    expected = {
        "caller_kind": "family",
        "summary": "Cháu bị đánh ở trường, sợ đi học.",
        "child_age": 9,
        "child_sex": "female",
        "province": "92",
        "province_set": "34",
    }
    assert {name: view.form[name] for name in expected} == expected
    assert view.form["topics"] == ["abuse_family_violence"]
    assert view.contact.call_id == call
    assert named(window, "label.saved").text() == "đã lưu 14:05:00"
    assert result.code in window.status.news.text()
    assert draft_rows(desk) == []
    assert window.calls.current is None


def test_vietnamese_typed_letter_by_letter_and_composed_is_whole(
    window: MainWindow, desk: Desk, qtbot: QtBot
) -> None:
    press(window, Qt.Key.Key_F8)
    go_to(window, "child_name")
    type_text("Trần Thị ")
    compose("Ẵ")
    compose("Ẵm")
    compose("", "Ẵm")
    go_to(window, "caller_name")
    type_text("Nguye\u0302\u0303n")  # an input method that sends marks apart
    result = saved(window, qtbot)
    form = contact_of(desk, result.contact_id).form
    assert form["child_name"] == "Trần Thị Ẵm"
    assert form["caller_name"] == "Nguyễn"


def test_text_still_being_composed_is_in_the_draft_and_stays_composable(
    window: MainWindow, desk: Desk, qtbot: QtBot
) -> None:
    press(window, Qt.Key.Key_F8)
    go_to(window, "summary")
    type_text("Cháu sợ ")
    sheet = window.file_page.current
    assert sheet is not None
    with qtbot.waitSignal(sheet.model.draft_kept, timeout=2_000):
        compose("nhà")
    assert draft_rows(desk)[0].data["summary"] == "Cháu sợ nhà"
    assert "Đã lưu nháp trên máy này" in sheet.kept.text()
    compose("", "nhà")
    assert sheet.form.values()["summary"] == "Cháu sợ nhà"


def test_a_draft_comes_back_when_the_window_is_made_again(
    desk: Desk, show: Callable[[Desk], MainWindow], qtbot: QtBot
) -> None:
    first = show(desk)
    press(first, Qt.Key.Key_F8)
    go_to(first, "caller_kind")
    type_text("cha me")
    press(first, Qt.Key.Key_Return)
    go_to(first, "summary")
    type_text("Cháu gọi một mình")
    sheet = first.file_page.current
    assert sheet is not None
    with qtbot.waitSignal(sheet.model.draft_kept, timeout=2_000):
        type_text(".")
    first.hide()
    second = show(desk)
    qtbot.waitUntil(partial(has_sheets, second))
    again = second.file_page.sheets[0]
    assert again.form.values() == {"caller_kind": "family", "summary": "Cháu gọi một mình."}
    assert "gác" in second.file_page.tabs.tabText(0)
    assert second.page_name == "calls", "a restored draft stands in nobody's way"
    assert "Ctrl+2" in second.status.news.text()
    first.file_page.sheets[0].model.gone = True


def has_sheets(window: MainWindow) -> bool:
    return bool(window.file_page.sheets)


def test_a_file_becomes_a_report_with_every_value(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    answer(window, 1, clock)
    press(window, Qt.Key.Key_F8)
    fill_six(window)
    sheet = window.file_page.current
    assert sheet is not None
    before = sheet.form.values()
    press(window, Qt.Key.Key_F9)
    assert sheet.model.form == "report"
    assert sheet.form.values() == before
    go_to(window, "urgency")
    type_text("1")
    result = saved(window, qtbot)
    assert isinstance(result, SavedReport)
    form = contact_of(desk, result.contact_id).form
    assert {name: form[name] for name in before} == before
    assert form["urgency"] == "emergency"
    qtbot.waitUntil(partial(case_shown, window, result.case_id))
    assert window.page_name == "case"


def case_shown(window: MainWindow, case_id: str) -> bool:
    view = window.case_model.view
    return isinstance(view, reads.CaseView) and view.case.id == case_id


def test_f9_after_a_saved_file_keeps_its_values_too(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    answer(window, 1, clock)
    press(window, Qt.Key.Key_F8)
    fill_six(window)
    file = saved(window, qtbot)
    press(window, Qt.Key.Key_F9)
    sheet = window.file_page.current
    assert sheet is not None
    assert sheet.form.values()["summary"] == "Cháu bị đánh ở trường, sợ đi học."
    report = saved(window, qtbot)
    assert report.contact_id == file.contact_id


def test_a_second_call_parks_the_form_as_a_tab_with_its_age(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    first = answer(window, 1, clock)
    press(window, Qt.Key.Key_F8)
    go_to(window, "summary")
    type_text("Đang kể dở")
    clock.pass_ms(180_000)
    sheet = window.file_page.sheets[0]
    with qtbot.waitSignal(sheet.model.draft_kept):
        second = answer(window, 2, clock)
    assert window.page_name == "calls"
    assert window.file_page.tabs.tabText(0) == "Hồ sơ 14:05, gác 3 phút"
    press(window, Qt.Key.Key_F8)
    assert [one.model.call_id for one in window.file_page.sheets] == [first, second]
    press(window, Qt.Key.Key_Tab, CTRL)
    assert window.file_page.current is sheet
    assert sheet.form.values() == {"summary": "Đang kể dở"}


def test_esc_goes_back_and_discards_nothing(window: MainWindow) -> None:
    press(window, Qt.Key.Key_F8)
    go_to(window, "summary")
    type_text("Không được mất")
    press(window, Qt.Key.Key_Escape)
    assert window.page_name == "calls"
    assert window.file_page.sheets[0].form.values() == {"summary": "Không được mất"}


def test_an_unknown_code_is_one_sentence_and_everything_stays(window: MainWindow, desk: Desk, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_F8)
    go_to(window, "caller_kind")
    type_text("người ngoài hành tinh")
    go_to(window, "summary")
    type_text("Nội dung còn đây")
    with qtbot.waitSignal(window.file_page.trouble):
        press(window, Qt.Key.Key_Return, CTRL)
    sheet = window.file_page.current
    assert sheet is not None
    assert sheet.trouble.isVisible()
    assert "Người gọi là" in sheet.trouble_words.text()
    assert sheet.form.values() == {"caller_kind": "người ngoài hành tinh", "summary": "Nội dung còn đây"}
    assert focused().objectName() == "field.caller_kind"


def test_a_full_disk_says_what_to_do_and_saving_works_again_afterwards(
    window: MainWindow, desk: Desk, qtbot: QtBot
) -> None:
    press(window, Qt.Key.Key_F8)
    go_to(window, "summary")
    type_text("Ổ đĩa đầy đúng lúc này")
    desk.lane.before_commit = disk_is_full
    with qtbot.waitSignal(window.file_page.trouble):
        press(window, Qt.Key.Key_Return, CTRL)
    sheet = window.file_page.current
    assert sheet is not None
    assert sheet.trouble_words.text() == DiskFull.advice
    assert not window.status.saved.text().startswith("đã lưu")
    desk.lane.before_commit = None
    result = saved(window, qtbot)
    assert contact_of(desk, result.contact_id).form["summary"] == "Ổ đĩa đầy đúng lúc này"


def disk_is_full() -> None:
    raise DiskFull


def test_words_in_a_number_box_are_kept_whole_and_never_block() -> None:
    words, today = {"child_age": "Tuổi"}, date(2026, 11, 20)
    values = settled({"child_age": "khoảng 7", "summary": "Cháu khóc"}, words, today)
    said = {"child_age": 7, "child_age_estimated": True, "age_group": age_group_of(7)}
    assert values == said | {"summary": "Cháu khóc\nTuổi: khoảng 7"}
    assert settled({"child_age": "7 hoặc 8"}, words, today) == {"summary": "Tuổi: 7 hoặc 8"}
    born = {"child_birth_year": 2014, "age_group": age_group_of(12)}
    assert settled({"child_age": 2014}, words, today) == born | {"summary": "Tuổi: 2014"}
    assert settled({"child_age": "năm sinh 2014"}, words, today) == born | {"summary": "Tuổi: năm sinh 2014"}
    assert settled({"child_age": "5/1/26"}, words, today)["child_birth_date"] == "2026-01-05"
    assert settled({"child_age": 9}, words, today) == {"child_age": 9}


def test_a_year_of_birth_in_the_box_of_the_age_is_saved_as_one(window: MainWindow, desk: Desk, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_F8)
    go_to(window, "child_age")
    type_text("năm sinh 2014")
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    saved(window, qtbot)
    read_years = "SELECT birth_year, age_years FROM r_person WHERE birth_year IS NOT NULL"
    assert stored(desk, lambda connection: connection.exec_driver_sql(read_years).all()) == [(2014, None)]


def test_an_old_commune_name_finds_the_commune_of_today_and_its_province(window: MainWindow) -> None:
    press(window, Qt.Key.Key_F8)
    go_to(window, "commune")
    type_text("phường Cống Vị")
    press(window, Qt.Key.Key_Return)
    values = window.file_page.sheets[0].form.values()
    assert values["province"] == "01"
    assert values["commune_set"] == "34"


def test_f11_asks_for_an_interpreter_on_the_open_file(window: MainWindow) -> None:
    press(window, Qt.Key.Key_F8)
    press(window, Qt.Key.Key_F11)
    press(window, Qt.Key.Key_1)
    assert window.file_page.sheets[0].form.values() == {"needs_interpreter": True, "language": "hmong"}
