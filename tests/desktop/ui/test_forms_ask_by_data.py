"""Through the window: questions that do not matter go out of sight, what was said is understood, answers are kept."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.ui.forms.pickers import Chip, CodesBox
from desktop.ui.forms.said_box import SaidBox
from desktop.ui.intake.viewmodel import settled
from desktop.ui.main_window import MainWindow
from tests.desktop.ui.conftest import HandClock, press, stored, type_text
from tests.desktop.ui.test_forms_lose_nothing import answer, contact_of, fill_six, go_to, saved

TODAY = date(2026, 11, 20)


def box(window: MainWindow, name: str) -> QWidget:
    sheet = window.file_page.current
    assert sheet is not None
    found = sheet.form.findChild(QWidget, f"field.{name}")
    assert isinstance(found, QWidget)
    return found


def test_a_question_is_asked_only_where_it_matters_and_what_stands_in_it_is_never_hidden(window: MainWindow) -> None:
    press(window, Qt.Key.Key_F9)
    relation = box(window, "child_relationship")
    assert relation.isVisible()
    go_to(window, "caller_kind")
    type_text("child")
    press(window, Qt.Key.Key_Return)
    go_to(window, "child_whereabouts")
    assert not relation.isVisible()
    go_to(window, "caller_kind")
    press(window, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    type_text("cha me")
    press(window, Qt.Key.Key_Return)
    assert relation.isVisible()
    go_to(window, "child_relationship")
    type_text("ba")
    press(window, Qt.Key.Key_Return)
    go_to(window, "caller_kind")
    press(window, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    type_text("child")
    press(window, Qt.Key.Key_Return)
    assert relation.isVisible(), "a given answer went out of sight"


def test_what_is_worth_asking_is_said_and_keeps_nothing_from_being_saved(window: MainWindow, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_F8)
    fill_six(window)
    go_to(window, "x_parents_away")
    press(window, Qt.Key.Key_1)
    sheet = window.file_page.current
    assert sheet is not None
    assert sheet.form.owed() == {"x_with_whom": "Nên hỏi: Trẻ đang ở với."}
    assert box(window, "x_with_whom").accessibleDescription() == "Nên hỏi: Trẻ đang ở với."
    saved(window, qtbot)


def test_answers_to_a_centres_own_questions_are_records_and_come_back(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    answer(window, 1, clock)
    press(window, Qt.Key.Key_F8)
    fill_six(window)
    go_to(window, "x_parents_away")
    press(window, Qt.Key.Key_1)
    go_to(window, "x_with_whom")
    type_text("bà ngoại")
    contact_id = saved(window, qtbot).contact_id
    read_all = "SELECT question, asked_by, value, scope FROM r_answer ORDER BY question"
    rows = stored(desk, lambda connection: [tuple(row) for row in connection.exec_driver_sql(read_all).all()])
    assert rows == [
        ("x_parents_away", "an_giang.1", "both", f"dossier:{contact_id}"),
        ("x_with_whom", "an_giang.1", "bà ngoại", f"dossier:{contact_id}"),
    ]
    view = contact_of(desk, contact_id)
    assert view.form["x_with_whom"] == "bà ngoại"
    facts = dict(window.case_page.words.facts(view, clock.now_ms()))
    assert (facts["Cha mẹ đi làm xa"], facts["Trẻ đang ở với"]) == ("Cả hai", "bà ngoại")
    window.file_page.open("file", contact_id=contact_id, values=dict(view.form))
    window.go("file")
    go_to(window, "x_with_whom")
    press(window, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    press(window, Qt.Key.Key_Delete)
    type_text("ông nội")
    saved(window, qtbot)
    rows = stored(desk, lambda connection: [tuple(row) for row in connection.exec_driver_sql(read_all).all()])
    assert [row[2] for row in rows] == ["both", "ông nội"]


def test_what_was_said_is_understood_beside_the_box_and_stays_as_it_was_typed(window: MainWindow) -> None:
    press(window, Qt.Key.Key_F9)
    for name, typed, understood in (
        ("child_age", "khoảng 7 tuổi", "ước chừng 7 tuổi"),
        ("child_age", "5/1/14", "12 tuổi, sinh 05/01/2014"),
        ("child_birth_date", "5/1/26", "05/01/2026"),
        ("child_birth_date", "dịp Tết", "giữ nguyên lời"),
        ("number", "số của bà", "giữ nguyên lời"),
    ):
        go_to(window, name)
        press(window, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        press(window, Qt.Key.Key_Delete)
        type_text(typed)
        go_to(window, "summary")
        holder = box(window, name).parentWidget()
        assert isinstance(holder, SaidBox)
        assert holder.note.isVisible()
        assert (holder.box.text(), holder.note.text()) == (typed, understood)


def test_an_estimated_age_stays_estimated_until_somebody_writes_another(window: MainWindow) -> None:
    window.file_page.open("file", values={"child_age": 7, "child_age_estimated": True})
    window.go("file")
    sheet = window.file_page.current
    assert sheet is not None
    assert sheet.form.values() == {"child_age": 7, "child_age_estimated": True}
    go_to(window, "child_age")
    press(window, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    type_text("8")
    assert sheet.form.values() == {"child_age": 8}


def test_words_in_the_boxes_of_a_day_and_a_number_are_kept_whole() -> None:
    labels = {"number": "Số máy", "child_birth_date": "Ngày sinh"}
    assert settled({"child_birth_date": "dịp Tết"}, labels, TODAY) == {"summary": "Ngày sinh: dịp Tết"}
    said = settled({"number": "0900 081 502 của bà"}, labels, TODAY)
    assert said == {"number": "0900 081 502", "summary": "Số máy: 0900 081 502 của bà"}
    assert settled({"number": "0900081502"}, labels, TODAY) == {"number": "0900081502"}


@pytest.mark.parametrize(
    "name",
    ["Nguy\u0435n Na", "\u00d0\u1eb7ng Na", "Na\u200b", "Na\u200fan", "\u202eaN", "\uff2e\uff41"],
    ids=["cyrillic", "eth", "zero width", "mark", "override", "fullwidth"],
)
def test_a_name_with_letters_that_only_look_right_gets_a_quiet_mark_and_is_not_changed(
    window: MainWindow, name: str
) -> None:
    press(window, Qt.Key.Key_F8)
    sheet = window.file_page.current
    assert sheet is not None
    for field in ("child_name", "caller_name"):
        line = box(window, field)
        assert isinstance(line, QLineEdit)
        line.setText("Nguy\u1ec5n Th\u1ecb B\u00e9 Na")
        assert field not in sheet.form.owed()
        line.setText(name)
        sheet.form.point_at(sheet.form.owed())
        assert "g\u00f5 l\u1ea1i" in line.accessibleDescription()
        assert line.property("trouble") is True
        assert line.text() == name


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_the_chosen_codes_have_room_of_their_own_below_their_box(
    window: MainWindow, qtbot: QtBot, narrow: bool
) -> None:
    press(window, Qt.Key.Key_F8)
    sheet = window.file_page.current
    assert sheet is not None
    sheet.form.reflow(narrow)
    codes = box(window, "topics").parentWidget()
    assert isinstance(codes, CodesBox)
    for chosen in (["health"], [], ["health", "psychology"]):
        codes.put(chosen)
        qtbot.waitUntil(partial(has_room_for, codes, len(chosen)))


def has_room_for(codes: CodesBox, count: int) -> bool:
    """Whether so many chips stand below the box, within the height that was given for them."""
    visible = [one for one in codes.findChildren(Chip) if one.isVisible()]
    chips = [QRect(one.mapTo(codes, QPoint(0, 0)), one.size()) for one in visible]
    below = all(codes.box.geometry().bottom() < one.top() and one.bottom() < codes.height() for one in chips)
    return len(chips) == count and below and codes.height() == codes.heightForWidth(codes.width())
