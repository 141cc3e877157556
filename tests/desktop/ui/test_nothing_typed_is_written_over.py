"""Words of two people, words typed while others are saved, words of another child: none is lost or misplaced."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import intake
from desktop.store import drafts, reads
from desktop.store.troubles import DiskFull
from desktop.ui import drafts as keeping
from desktop.ui.main_window import MainWindow
from tests.desktop.ui.conftest import STAFF, HandClock, named, press, stored, type_text
from tests.desktop.ui.test_cases_search_and_road import VALUES, Kept, opened, report, view_of
from tests.desktop.ui.test_forms_lose_nothing import answer, contact_of, disk_is_full, go_to

__all__ = ["opened", "report"]  # fixtures: a report, and its case open in the window
CTRL = Qt.KeyboardModifier.ControlModifier


class Gate:
    """Holds the store's commits back until it is opened."""

    def __init__(self, desk: Desk) -> None:
        self._open = threading.Event()
        desk.lane.before_commit = self._wait

    def _wait(self) -> None:
        self._open.wait(30)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate(desk: Desk) -> Iterator[Callable[[], Gate]]:
    made: list[Gate] = []

    def close() -> Gate:
        made.append(Gate(desk))
        return made[-1]

    yield close
    for one in made:
        one.open()


def done(window: MainWindow, desk: Desk, operation: Any, qtbot: QtBot) -> Any:
    kept = Kept()
    desk.lane.submit(operation, kept.put)
    qtbot.waitUntil(kept.there)
    return kept.result


def changed_elsewhere(desk: Desk, report: intake.SavedReport, values: dict[str, Any], qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.bus.changed):
        desk.lane.submit(intake.set_fields(report.case_id, values))


def summary_read(window: MainWindow, words: str) -> bool:
    view = window.case_model.view
    return view is not None and view.contact.summary == words


def kept_drafts(desk: Desk) -> dict[str, drafts.Draft]:
    return {one.form: one for one in stored(desk, partial(drafts.all_of, staff=STAFF))}


def test_what_came_while_a_case_was_edited_stands_beside_the_edit(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, qtbot: QtBot
) -> None:
    opened.case_page.edit.click()
    assert opened.case_page.form.focus_on("summary")
    press(opened, Qt.Key.Key_End, CTRL)
    type_text(", hai ngày nay")
    changed_elsewhere(desk, report, {"summary": "Cháu đã được đưa về nhà bà", "child_age": 11}, qtbot)
    qtbot.waitUntil(partial(summary_read, opened, "Cháu đã được đưa về nhà bà"))
    with qtbot.waitSignal(opened.case_model.edit_saved):
        press(opened, Qt.Key.Key_Return, CTRL)
    view = view_of(desk, report.case_id)
    assert view.contact.summary == "Cháu bị bỏ đói, hai ngày nay"
    assert dict(view.siblings) == {"contact.summary": ["Cháu đã được đưa về nhà bà"]}
    assert view.form["child_age"] == 11, "what the author did not touch is not written"


def test_an_edit_that_comes_back_after_a_restart_is_based_on_what_was_seen_before_it(
    opened: MainWindow,
    desk: Desk,
    report: intake.SavedReport,
    show: Callable[[Desk], MainWindow],
    qtbot: QtBot,
) -> None:
    opened.case_page.edit.click()
    assert opened.case_page.form.focus_on("summary")
    press(opened, Qt.Key.Key_End, CTRL)
    type_text(", hai ngày nay")
    opened.close()
    changed_elsewhere(desk, report, {"summary": "Cháu đã được đưa về nhà bà"}, qtbot)
    again = show(desk)
    again.go("case")
    with qtbot.waitSignal(again.case_model.opened):
        again.case_model.open_case(report.case_id)
    qtbot.waitUntil(lambda: again.case_page.edit.text() == "Sửa tiếp…")
    again.case_page.edit.click()
    with qtbot.waitSignal(again.case_model.edit_saved):
        press(again, Qt.Key.Key_Return, CTRL)
    view = view_of(desk, report.case_id)
    assert view.contact.summary == "Cháu bị bỏ đói, hai ngày nay"
    assert dict(view.siblings) == {"contact.summary": ["Cháu đã được đưa về nhà bà"]}


def test_a_form_over_a_file_writes_only_what_was_changed_in_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    file = done(window, desk, intake.save_file(VALUES, answer(window, 3, clock)), qtbot)
    view = contact_of(desk, file.contact_id)
    window.calls.became_file(view.contact.call_id)
    window.flow._open_known("report", view, {})
    qtbot.waitUntil(lambda: bool(window.file_page.sheets))
    meanwhile = {"child_age": 12, "summary": "Cháu đang ở nhà bà"}
    with qtbot.waitSignal(desk.bus.changed):
        desk.lane.submit(intake.change_file(file.contact_id, meanwhile))
    go_to(window, "summary")
    press(window, Qt.Key.Key_End, CTRL)
    type_text(", từ hôm qua")
    with qtbot.waitSignal(window.file_page.saved):
        press(window, Qt.Key.Key_Return, CTRL)
    now = contact_of(desk, file.contact_id)
    assert now.form["child_age"] == 12, "the form stood open over 9, and nobody changed it there"
    assert now.contact.summary == "Cháu bị bỏ đói, từ hôm qua"
    assert now.siblings == {"contact.summary": ["Cháu đang ở nhà bà"]}
    assert now.case_id is not None
    case = view_of(desk, now.case_id)
    assert (case.case.urgency, case.contact.province) == ("high", "92")


def test_what_is_typed_while_a_file_is_being_saved_is_saved_too(
    window: MainWindow, desk: Desk, gate: Callable[[], Gate], qtbot: QtBot
) -> None:
    press(window, Qt.Key.Key_F8)
    go_to(window, "summary")
    type_text("Cháu sợ về nhà")
    shut = gate()
    press(window, Qt.Key.Key_Return, CTRL)
    go_to(window, "summary")
    press(window, Qt.Key.Key_End, CTRL)
    type_text(", bố đang chờ ở cổng")
    with qtbot.waitSignal(window.file_page.saved) as saved:
        shut.open()
    view = contact_of(desk, saved.args[0].contact_id)
    assert view.contact.summary == "Cháu sợ về nhà, bố đang chờ ở cổng"
    assert not view.siblings
    assert kept_drafts(desk) == {}


def test_what_is_typed_while_a_note_is_being_saved_is_the_next_note(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, gate: Callable[[], Gate], qtbot: QtBot
) -> None:
    timeline = opened.case_page.timeline
    timeline.note.setFocus()
    type_text("Đã gọi xã.")
    shut = gate()
    press(opened, Qt.Key.Key_Return, CTRL)
    type_text(" Chưa ai bắt máy.")
    with qtbot.waitSignal(opened.case_model.note_saved):
        shut.open()
    assert timeline.note.toPlainText() == "Chưa ai bắt máy."
    qtbot.waitUntil(lambda: "note" in kept_drafts(desk))
    assert kept_drafts(desk)["note"].data == {"text": "Chưa ai bắt máy."}
    with qtbot.waitSignal(opened.case_model.note_saved):
        press(opened, Qt.Key.Key_Return, CTRL)
    notes = [entry.text for entry in view_of(desk, report.case_id).timeline if entry.kind == "note"]
    assert sorted(notes) == ["Chưa ai bắt máy.", "Đã gọi xã."]


def test_a_saved_note_leaves_no_draft_even_before_the_screen_hears_of_it(
    opened: MainWindow, desk: Desk, qtbot: QtBot
) -> None:
    timeline = opened.case_page.timeline
    timeline.note.setFocus()
    assert timeline._keeper is not None
    with qtbot.waitSignal(timeline._keeper.kept, timeout=2_000):
        type_text("Đã gọi xã.")
    seen: list[dict[str, drafts.Draft]] = []
    desk.lane.committed = partial(look_for_drafts, desk, seen)
    press(opened, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen[0] == {}, "a desk that dies here would offer the note once more"
    qtbot.waitUntil(lambda: timeline.note.whole_text() == "")
    timeline.keep_now()  # what its emptying told of: kept within a second otherwise
    heard: list[None] = []
    desk.lane.submit(lambda _uow: None, heard.append)
    qtbot.waitUntil(lambda: len(heard) == 1)
    assert kept_drafts(desk) == {}, "an empty draft would stand among what is unfinished"


def look_for_drafts(desk: Desk, seen: list[dict[str, drafts.Draft]]) -> None:
    seen.append(kept_drafts(desk))


def test_what_is_typed_while_an_edit_is_being_saved_stays_in_the_form(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, gate: Callable[[], Gate], qtbot: QtBot
) -> None:
    opened.case_page.edit.click()
    assert opened.case_page.form.focus_on("summary")
    press(opened, Qt.Key.Key_End, CTRL)
    type_text(", hai ngày")
    shut = gate()
    press(opened, Qt.Key.Key_Return, CTRL)
    type_text(" nay")
    with qtbot.waitSignal(opened.case_model.edit_saved):
        shut.open()
    box = named(opened.case_page.form, "field.summary")
    assert isinstance(box, QPlainTextEdit)
    assert (box.toPlainText(), box.hasFocus()) == ("Cháu bị bỏ đói, hai ngày nay", True)
    qtbot.waitUntil(lambda: "case" in kept_drafts(desk))
    with qtbot.waitSignal(opened.case_model.edit_saved):
        press(opened, Qt.Key.Key_Return, CTRL)
    view = view_of(desk, report.case_id)
    assert (view.contact.summary, dict(view.siblings)) == ("Cháu bị bỏ đói, hai ngày nay", {})
    qtbot.waitUntil(lambda: not kept_drafts(desk))


@pytest.fixture
def other(opened: MainWindow, desk: Desk, qtbot: QtBot) -> intake.SavedReport:
    found = done(opened, desk, intake.save_report({"child_name": "Lò Văn Pía", "urgency": "low"}, None), qtbot)
    assert isinstance(found, intake.SavedReport)
    return found


def turn_to(window: MainWindow, case_id: str, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.case_model.opened):
        window.case_model.open_case(case_id)


def test_a_referral_begun_for_one_child_is_never_saved_for_another_and_comes_back(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, other: intake.SavedReport, qtbot: QtBot
) -> None:
    card = opened.case_page.referrals
    card.refer.click()
    assert card.referral.form.focus_on("to_name")
    type_text("chị Mai ở xã")
    turn_to(opened, other.case_id, qtbot)
    assert not card.referral.isVisible()
    assert card.referral.form.values() == {}
    card.refer.click()
    assert card.referral.form.focus_on("to_kind")
    type_text("uy ban nhan dan cap xa")
    press(opened, Qt.Key.Key_Return)
    with qtbot.waitSignal(opened.case_model.step_saved):
        press(opened, Qt.Key.Key_Return, CTRL)
    (made,) = view_of(desk, other.case_id).referrals
    assert made.referral.to_name is None
    assert view_of(desk, report.case_id).referrals == ()
    assert kept_drafts(desk)["referral"].data == {"to_name": "chị Mai ở xã"}
    turn_to(opened, report.case_id, qtbot)
    qtbot.waitUntil(lambda: card.referral.form.values() == {"to_name": "chị Mai ở xã"})


def test_a_try_begun_for_one_receiver_is_never_logged_for_another(
    opened: MainWindow, desk: Desk, report: intake.SavedReport, qtbot: QtBot
) -> None:
    model, card = opened.case_model, opened.case_page.referrals
    for name in ("Công an xã", "Trường học"):
        with qtbot.waitSignal(model.step_saved):
            model.add_referral(report.case_id, "commune_peoples_committee", name)
    first, second = (row.referral.id for row in view_of(desk, report.case_id).referrals)
    card.start_try(first)
    assert card.attempt.form.focus_on("remark")
    type_text("máy bận")
    card.start_try(second)
    assert card.attempt.form.values() == {}
    card.start_try(first)
    qtbot.waitUntil(lambda: card.attempt.form.values() == {"remark": "máy bận"})


def test_a_referral_without_its_receiver_says_so_and_keeps_its_words(opened: MainWindow) -> None:
    card = opened.case_page.referrals
    card.refer.click()
    assert card.referral.form.focus_on("to_name")
    type_text("chị Mai")
    press(opened, Qt.Key.Key_Return, CTRL)
    assert card.referral.state.text() == "Cần có «Cơ quan» mới lưu được."
    box = named(card.referral, "field.to_kind")
    assert (box.hasFocus(), box.property("trouble")) == (True, True)
    assert card.referral.form.values() == {"to_name": "chị Mai"}


def test_what_could_not_be_kept_is_tried_again_without_another_key(
    opened: MainWindow, desk: Desk, other: intake.SavedReport, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "AGAIN_MS", 20)
    turn_to(opened, other.case_id, qtbot)
    desk.lane.before_commit = disk_is_full
    opened.case_page.timeline.note.setFocus()
    with qtbot.waitSignal(opened.case_model.trouble) as told:
        type_text("Cháu gọi lại lúc tối")
    assert isinstance(told.args[0], DiskFull)
    assert kept_drafts(desk) == {}
    desk.lane.before_commit = None
    qtbot.waitUntil(lambda: "note" in kept_drafts(desk))
    assert kept_drafts(desk)["note"].data == {"text": "Cháu gọi lại lúc tối"}


def test_the_last_second_of_an_edit_is_kept_when_another_case_is_opened(
    opened: MainWindow, desk: Desk, other: intake.SavedReport, qtbot: QtBot
) -> None:
    opened.case_page.edit.click()
    assert opened.case_page.form.focus_on("summary")
    press(opened, Qt.Key.Key_End, CTRL)
    type_text(" từ sáng")
    turn_to(opened, other.case_id, qtbot)
    qtbot.waitUntil(lambda: "case" in kept_drafts(desk))
    assert kept_drafts(desk)["case"].data["now"]["summary"] == "Cháu bị bỏ đói từ sáng"
    assert isinstance(opened.case_model.view, reads.CaseView)
    assert "bỏ đói" not in str(opened.case_page.form.values()), "words of one child stand in front of another"
