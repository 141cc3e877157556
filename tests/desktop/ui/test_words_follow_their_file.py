"""Words begun on a file go on where the person works once the file became a case: in front, after leaving, after a
restart, once and in one case alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import drafts as keeping
from desktop.operations import intake
from desktop.store import drafts
from desktop.ui.main_window import MainWindow
from domain.ids import derived_id
from domain.records.case import Case
from sync.replica import scopes
from tests.desktop.ui.conftest import STAFF, compose, focused, named, press, stored, type_text
from tests.desktop.ui.test_cases_search_and_road import VALUES, Kept, reads_so, view_of
from tests.desktop.ui.test_nothing_typed_is_written_over import done

CTRL = Qt.KeyboardModifier.ControlModifier
FILE = {name: value for name, value in VALUES.items() if name != "urgency"}


@pytest.fixture
def file(window: MainWindow, desk: Desk, qtbot: QtBot) -> intake.SavedFile:
    """A file without a case, open in the window."""
    made: intake.SavedFile = done(window, desk, intake.save_file(FILE, None), qtbot)
    open_file(window, made, qtbot)
    return made


def open_file(window: MainWindow, file: intake.SavedFile, qtbot: QtBot) -> None:
    window.go("case")
    with qtbot.waitSignal(window.case_model.opened):
        window.case_model.open_contact(file.contact_id)


def open_case(window: MainWindow, case_id: str, qtbot: QtBot) -> None:
    window.go("case")
    with qtbot.waitSignal(window.case_model.opened):
        window.case_model.open_case(case_id)


def becomes_case(desk: Desk, file: intake.SavedFile, qtbot: QtBot, **changed: Any) -> str:
    """A colleague makes a report of the file, and may change it."""
    kept = Kept()
    over = intake.Over(file.contact_id, FILE)
    values = FILE | {"urgency": "high"} | changed
    desk.lane.submit(intake.save_report(values, None, contact_id=file.contact_id, over=over), kept.put)
    qtbot.waitUntil(kept.there)
    case_id: str = kept.result.case_id
    return case_id


def all_drafts(desk: Desk) -> list[tuple[str, str]]:
    return [(one.form, one.about) for one in stored(desk, partial(drafts.all_of, staff=STAFF))]


def notes(desk: Desk, case_id: str) -> list[str]:
    return [one.text for one in view_of(desk, case_id).timeline if one.kind == "note"]


def test_a_note_under_the_hands_goes_on_as_the_case_without_a_letter_or_the_caret_lost(
    window: MainWindow, desk: Desk, file: intake.SavedFile, qtbot: QtBot
) -> None:
    page = window.case_page
    page.timeline.note.setFocus()
    type_text("Đã gọi ")
    compose("xa")
    with qtbot.waitSignal(window.case_model.opened):
        case_id = becomes_case(desk, file, qtbot)
    assert focused() is page.timeline.note
    compose("", "xã")
    assert page.timeline.note.toPlainText() == "Đã gọi xã"
    assert "vừa thành ca" in page.elsewhere.text()
    assert page.elsewhere.isVisible()
    assert page.timeline._keeper is not None
    page.keep_all()
    qtbot.waitUntil(lambda: all_drafts(desk) == [("note", case_id)])
    with qtbot.waitSignal(window.case_model.note_saved):
        press(window, Qt.Key.Key_Return, CTRL)
    assert notes(desk, case_id) == ["Đã gọi xã"]
    qtbot.waitUntil(lambda: all_drafts(desk) == [])


@pytest.mark.parametrize("restarted", [False, True])
def test_a_note_that_was_left_is_found_in_the_case_and_stands_in_no_other_case_of_the_file(
    restarted: bool,
    window: MainWindow,
    desk: Desk,
    file: intake.SavedFile,
    show: Callable[[Desk], MainWindow],
    qtbot: QtBot,
) -> None:
    window.case_page.timeline.note.setFocus()
    type_text("viết dở")
    other = done(window, desk, intake.save_file(FILE, None), qtbot)
    open_file(window, other, qtbot)
    assert reads_so(window, "")
    case_id = becomes_case(desk, file, qtbot)
    if restarted:
        window.close()
        window = show(desk)
    open_case(window, case_id, qtbot)
    qtbot.waitUntil(partial(reads_so, window, "viết dở"))
    qtbot.waitUntil(lambda: all_drafts(desk) == [("note", case_id)])
    second = done(window, desk, second_case_of(file), qtbot)
    open_case(window, second, qtbot)
    done(window, desk, nothing(), qtbot)  # what was looked for in the store's own turn has come by now
    assert reads_so(window, "")
    open_case(window, case_id, qtbot)
    qtbot.waitUntil(partial(reads_so, window, "viết dở"))


def second_case_of(file: intake.SavedFile) -> Any:
    """Another desk made a case of the same file, without a line."""

    def operation(uow: Any) -> str:
        act = uow.act()
        case = Case(id=uow.new_id(), contact_id=file.contact_id, centre=uow.seat.centre, opened_at=uow.now_ms)
        act.create(scopes.dossier(file.contact_id), case)
        uow.write(act)
        return case.id

    return operation


def nothing() -> Any:
    def operation(_uow: Any) -> bool:
        return True

    return operation


def test_words_begun_on_the_case_and_on_the_file_before_it_both_come_one_after_the_other(
    window: MainWindow, desk: Desk, file: intake.SavedFile, qtbot: QtBot
) -> None:
    window.case_page.timeline.note.setFocus()
    type_text("của hồ sơ")
    other = done(window, desk, intake.save_file(FILE, None), qtbot)
    open_file(window, other, qtbot)
    case_id = becomes_case(desk, file, qtbot)
    done(window, desk, keep_note(case_id, "của ca"), qtbot)
    open_case(window, case_id, qtbot)
    qtbot.waitUntil(partial(reads_so, window, "của ca"))
    window.case_page.timeline.note.setFocus()
    for left in ("của hồ sơ", ""):
        with qtbot.waitSignal(window.case_model.note_saved):
            press(window, Qt.Key.Key_Return, CTRL)
        qtbot.waitUntil(partial(reads_so, window, left))
    assert sorted(notes(desk, case_id)) == ["của ca", "của hồ sơ"]
    qtbot.waitUntil(lambda: all_drafts(desk) == [])


def keep_note(case_id: str, text: str) -> Any:
    return keeping.keep(derived_id("draft", "note", STAFF, case_id), "note", case_id, {"text": text})


def test_an_edit_under_the_hands_goes_on_as_the_case_and_what_the_colleague_wrote_stands_beside_it(
    window: MainWindow, desk: Desk, file: intake.SavedFile, qtbot: QtBot
) -> None:
    page = window.case_page
    page.edit.click()
    assert page.form.focus_on("summary")
    press(window, Qt.Key.Key_End, CTRL)
    type_text(", hai")
    with qtbot.waitSignal(window.case_model.opened):
        case_id = becomes_case(desk, file, qtbot, summary="Cháu đã về nhà bà", child_age=11)
    assert page._editor.isVisible()
    assert focused().objectName() == "field.summary"
    type_text(" ngày nay")
    with qtbot.waitSignal(window.case_model.edit_saved):
        press(window, Qt.Key.Key_Return, CTRL)
    view = view_of(desk, case_id)
    assert view.contact.summary == "Cháu bị bỏ đói, hai ngày nay"
    assert dict(view.siblings) == {"contact.summary": ["Cháu đã về nhà bà"]}
    assert (view.form["child_age"], view.case.urgency) == (11, "high")
    assert not page._editor.isVisible()
    qtbot.waitUntil(lambda: all_drafts(desk) == [])


def test_an_edit_that_was_left_is_found_in_the_case(
    window: MainWindow, desk: Desk, file: intake.SavedFile, show: Callable[[Desk], MainWindow], qtbot: QtBot
) -> None:
    page = window.case_page
    page.edit.click()
    assert page.form.focus_on("summary")
    press(window, Qt.Key.Key_End, CTRL)
    type_text(", hai ngày nay")
    window.close()
    case_id = becomes_case(desk, file, qtbot, summary="Cháu đã về nhà bà")
    again = show(desk)
    open_case(again, case_id, qtbot)
    qtbot.waitUntil(lambda: again.case_page.edit.text() == "Sửa tiếp…")
    again.case_page.edit.click()
    assert named(again, "field.summary").toPlainText() == "Cháu bị bỏ đói, hai ngày nay"
    with qtbot.waitSignal(again.case_model.edit_saved):
        press(again, Qt.Key.Key_Return, CTRL)
    view = view_of(desk, case_id)
    assert view.contact.summary == "Cháu bị bỏ đói, hai ngày nay"
    assert dict(view.siblings) == {"contact.summary": ["Cháu đã về nhà bà"]}
    qtbot.waitUntil(lambda: all_drafts(desk) == [])
