"""Every registered action is pressed by its own key in a real window and its effect is looked for; one without an
entry in the table fails."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.exceptions import TimeoutError as NeverCame
from pytestqt.qtbot import QtBot

from desktop.app import Desk, build
from desktop.home import Home
from desktop.operations import more_calls, queue
from desktop.reference import Reference
from desktop.store.reads_queue import MOST
from desktop.ui.calls.lists import MISSED, UNCLASSIFIED
from desktop.ui.locks.rules import LockRules
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.look import Look
from domain.clock import HOUR, MINUTE
from domain.records.queue import Incoming
from tests.conftest import Rounds
from tests.desktop.store.waiting import call_backs_are_promised, letters_arrive
from tests.desktop.ui.conftest import CHEAP, PASSPHRASE, STAFF, HandClock, named, press, stored, type_text
from tests.desktop.ui.leaving import lists_what_may_leave, makes_a_letter
from tests.desktop.ui.reading_the_manual import opens_the_manual
from tests.desktop.ui.reconciled import compares_with_the_exchange
from tests.desktop.ui.seat import Seat, with_a_case
from tests.desktop.ui.test_forms_lose_nothing import fill_six


def gives_its_outcome(seat: Seat, action_id: str) -> None:
    seat.ring()
    seat.label(action_id)
    assert seat.newest() == action_id.removeprefix("outcome.")
    assert seat.window.calls.current is None


def undoes(seat: Seat, action_id: str) -> None:
    gives_its_outcome(seat, "outcome.prank")
    # Not only until it is in the store: the call comes back to the ear a moment later, and would into what follows.
    with seat.qtbot.waitSignal(seat.window.calls.undone, timeout=seat.patience(action_id)):
        seat.strike(action_id)
    assert seat.newest() == "unclassified"
    seat.window.calls.select(None)


def opens_a_form(seat: Seat, action_id: str) -> None:
    before = len(seat.window.file_page.sheets)
    seat.ring()
    seat.strike(action_id)
    seat.until(lambda: len(seat.window.file_page.sheets) == before + 1)
    sheet = seat.window.file_page.current
    assert sheet is not None
    assert sheet.model.form == {"open_file": "file", "open_report": "report"}[action_id]
    sheet.model.discard()
    sheet.put_away.emit(sheet)
    seat.free()


def saves_the_form(seat: Seat, action_id: str) -> None:
    seat.ring()
    seat.strike("open_report")
    fill_six(seat.window)
    with seat.qtbot.waitSignal(seat.window.file_page.saved, timeout=seat.patience(action_id)):
        seat.strike(action_id)
    seat.until(seat.window.case_page._dossier.isVisible)
    assert seat.window.page_name == "case"


def goes_to_the_next_form(seat: Seat, action_id: str) -> None:
    pages = seat.window.file_page
    seat.window.go("file")
    made = [pages.open("file"), pages.open("file")]
    assert pages.current is made[1]
    seat.strike(action_id)
    assert pages.current is made[0]
    for sheet in made:
        sheet.model.discard()
        sheet.put_away.emit(sheet)


def adds_to_a_case(seat: Seat, action_id: str) -> None:
    seat.free()
    seat.ring()
    seat.strike(action_id)
    assert seat.window.page_name == "search"
    assert "Tìm ca rồi bấm Enter" in seat.news()
    seat.strike("back")
    seat.free()


def asks_for_a_language(seat: Seat, action_id: str) -> None:
    seat.free()
    seat.ring()
    seat.strike(action_id)
    assert named(seat.window, "list.choice").isVisible()
    assert seat.window.call_deeds.sheet.title.text() == "Cần phiên dịch tiếng nào?"
    press(seat.window, Qt.Key.Key_Escape)
    seat.free()


def offers_by_digit(seat: Seat, action_id: str) -> None:
    titles = {
        "more_outcomes": "Kết quả khác",
        "number_alert": "Đánh dấu số máy",
        "language": "Ngôn ngữ của màn hình",
    }
    seat.ring()
    seat.strike(action_id)
    assert seat.window.call_deeds.sheet.title.text() == titles[action_id]
    assert len(seat.window.call_deeds.sheet.offers) >= 2
    press(seat.window, Qt.Key.Key_Escape)
    seat.free()


def shows_its_list(seat: Seat, action_id: str) -> None:
    seat.window.go("road")
    seat.strike(action_id)
    assert seat.window.page_name == "calls"
    assert seat.window.calls_page.listing == {"list_unclassified": UNCLASSIFIED, "list_missed": MISSED}[action_id]
    seat.strike("back")


def calls_back(seat: Seat, action_id: str) -> None:
    seat.free()
    now = seat.clock.now_ms()
    seat.desk.lane.submit(more_calls.missed("111", "7.1", "0900047028", now - MINUTE, now))
    seat.until(lambda: len(seat.window.call_lists.lists.missed) == 1)
    seat.strike("list_missed")
    seat.strike(action_id)
    current = seat.window.calls.current
    assert current is not None
    assert current.outbound
    seat.strike("outcome.silent")  # a call we made has a list of its own
    with seat.qtbot.waitSignal(seat.window.calls.labelled, timeout=seat.patience(action_id)):
        press(seat.window, Qt.Key.Key_2)


def asks_when_it_is_safe(seat: Seat, action_id: str) -> None:
    seat.ring()
    seat.label("outcome.callback_scheduled")
    strip = seat.window.call_deeds.promising.strip
    press(seat.window, Qt.Key.Key_Escape)
    assert not strip.isVisible()
    seat.strike(action_id)
    assert strip.time.hasFocus()
    type_text("30 phút nữa")
    press(seat.window, Qt.Key.Key_Return)
    seat.until(lambda: not strip.isVisible())
    seat.until(lambda: any(row.due_at is not None for row in seat.window.queue_model.rows))


def reads_the_next_page(seat: Seat, action_id: str) -> None:
    seat.free()
    seat.desk.lane.submit(letters_arrive(MOST + 1))
    page = seat.window.queue_page
    seat.until(lambda: seat.window.queue_model.beyond(promises=False) > 0)
    seat.strike(action_id)
    seat.until(lambda: page.rows.rowCount() == seat.window.queue_model.counts.all > MOST)
    assert seat.window.page_name == "queue"
    assert page.table.currentIndex().row() == MOST


def shows_the_call_backs(seat: Seat, action_id: str) -> None:
    seat.free()
    now = seat.clock.now_ms()
    kept: list[list[str]] = []
    seat.desk.lane.submit(call_backs_are_promised([now + HOUR, now - MINUTE]), kept.append)
    seat.until(lambda: kept and seat.window.queue_model.counts.late)
    seat.strike(action_id)
    page = seat.window.queue_page
    assert seat.window.page_name == "queue"
    assert all(row.call_id is not None for row in page.rows.rows)
    assert page.rows.rows[page.table.currentIndex().row()].id == kept[0][1]
    assert page.table.hasFocus()
    seat.strike("back")


def pauses(seat: Seat, action_id: str) -> None:
    seat.free()
    seat.strike(action_id)
    assert seat.window.call_deeds.paused_at == seat.clock.now_ms()
    seat.strike(action_id)
    assert seat.window.call_deeds.paused_at is None


def covers(seat: Seat, action_id: str) -> None:
    window = seat.window
    cover = {"privacy": window.privacy, "people": window.people_sheet}[action_id]
    seat.strike(action_id)
    assert cover.isVisible()
    press(window, Qt.Key.Key_Escape)
    assert not cover.isVisible()


def opens_the_palette(seat: Seat, action_id: str) -> None:
    seat.strike(action_id)
    assert seat.window.palette_keys.palette.isVisible()
    press(seat.window, Qt.Key.Key_Escape)


def lays_its_sheet(seat: Seat, action_id: str) -> None:
    sheets = seat.window.sheets
    sheet = {
        "conflicts": sheets.conflicts.sheet,
        "same_child": sheets.same_child.sheet,
        "queue_enter": sheets.entry.sheet,
        "rest": sheets.rest.sheet,
        "requests": sheets.requests.sheet,
        "restrict": sheets.restrict.sheet,
        "audit": sheets.audit.sheet,
    }[action_id]
    seat.free()
    if action_id in ("same_child", "restrict"):
        with_a_case(seat)
    seat.strike(action_id)
    seat.until(sheet.isVisible)
    press(seat.window, Qt.Key.Key_Escape)
    assert not sheet.isVisible()


def shows_the_history(seat: Seat, action_id: str) -> None:
    with_a_case(seat)
    seat.strike(action_id)
    seat.until(seat.window.sheets.history.sheet.isVisible)
    press(seat.window, Qt.Key.Key_Escape)


def chooses_a_file(seat: Seat, action_id: str) -> None:
    with_a_case(seat)
    seat.until(lambda: seat.window.attachments.ready)
    seat.strike(action_id)
    dialog = seat.window.case_page.attachments.findChild(QFileDialog, "dialog.attach")
    assert isinstance(dialog, QFileDialog)
    assert dialog.isVisible()
    dialog.reject()
    seat.window.activateWindow()
    seat.until(seat.window.isActiveWindow)


def turns_to_its_page(seat: Seat, action_id: str) -> None:
    seat.window.go("road" if action_id != "go_road" else "calls")
    seat.strike(action_id)
    assert seat.window.page_name == action_id.removeprefix("go_")
    assert seat.window.pages[seat.window.page_name].isVisible()


def takes_the_next_item(seat: Seat, action_id: str) -> None:
    letter = Incoming(id="01932c00-0000-7000-8000-0000000000b1", sender="Bà hàng xóm", body="Thư")
    seat.desk.lane.submit(queue.enter("letter", letter, urgency="emergency"))  # before the call-back agreed above
    seat.until(lambda: letter.id in [row.id for row in seat.window.queue_model.rows])
    with seat.qtbot.waitSignal(seat.window.queue_model.taken, timeout=seat.patience(action_id)) as taken:
        seat.strike(action_id)
    assert taken.args[0].id == letter.id
    assert seat.window.page_name == "queue"


def goes_back(seat: Seat, action_id: str) -> None:
    seat.window.go("road")
    seat.strike(action_id)
    assert seat.window.page_name == "calls"


def changes_the_size(seat: Seat, action_id: str) -> None:
    look = seat.window.look
    start, wanted = {"zoom_in": (1.0, 1.1), "zoom_out": (1.0, 0.9), "zoom_reset": (1.1, 1.0)}[action_id]
    if look.zoom != start:
        look.zoom = start
    seat.strike(action_id)
    assert look.zoom == wanted


def changes_the_colours(seat: Seat, action_id: str) -> None:
    seat.strike(action_id)
    assert seat.window.look.tokens.name == "dark"
    seat.window.look.wear("light")


def asks_who_calls(seat: Seat, action_id: str) -> None:
    seat.free()
    seat.strike(action_id)
    assert "Không có người gọi nào" in seat.news()
    sheet = seat.window.call_deeds.sheet
    seat.until(lambda: seat.window.case_model.view is not None)  # the report saved before comes back
    seat.ring()
    seat.strike(action_id)
    seat.until(lambda: sheet.isVisible() and "Xác minh" in sheet.title.text())
    press(seat.window, Qt.Key.Key_Escape)
    seat.free()


def shows_what_is_masked(seat: Seat, action_id: str) -> None:
    seat.ring()
    seat.free()
    page = seat.window.calls_page
    seat.until(lambda: page.rows.rowCount() > 0)
    page.table.setCurrentIndex(page.rows.index(0, 0))
    seat.strike(action_id)
    seat.until(lambda: seat.window.showing.shown is not None)
    seat.strike(action_id)
    assert seat.window.showing.shown is None


def closes_the_desk(seat: Seat, action_id: str) -> None:
    window, pages = seat.window, seat.window.file_page
    window.watch.rules = LockRules(0.0)  # the one before sealed this desk
    window.covering.uncover()
    seat.ring()
    seat.strike(action_id)
    assert window.isVisible()
    assert "ghi kết quả xong rồi đóng trạm" in seat.news()
    seat.free()
    window.go("file")
    pages.open("file")
    named(window, "field.summary").setFocus()
    type_text("Cháu kể dở câu")
    with seat.qtbot.waitSignal(window.gone, timeout=seat.patience(action_id)):
        seat.strike(action_id)
    assert window.closed
    assert not window.isVisible()
    count = "SELECT count(*) FROM draft"
    seat.until(lambda: stored(seat.desk, lambda c: c.exec_driver_sql(count).scalar()) == 1)


def seals_for_another_person(seat: Seat, action_id: str) -> None:
    seat.free()
    seat.window.watch.start()
    with seat.qtbot.waitSignal(seat.window.watch.sealing, timeout=seat.patience(action_id)):
        seat.strike(action_id)


EFFECTS: Final[dict[str, Callable[[Seat, str], None]]] = {
    **{
        f"outcome.{code}": gives_its_outcome
        for code in (
            "silent", "hang_up", "wrong_number", "prank", "abusive_caller", "information", "test_call",
            "technical_failure", "out_of_scope", "callback_scheduled", "feedback", "transferred",
        )
    },
    "open_file": opens_a_form,
    "open_report": opens_a_form,
    "save_form": saves_the_form,
    "next_form": goes_to_the_next_form,
    "add_to_case": adds_to_a_case,
    "interpreter": asks_for_a_language,
    "verify_caller": asks_who_calls,
    "show_masked": shows_what_is_masked,
    "more_outcomes": offers_by_digit,
    "number_alert": offers_by_digit,
    "language": offers_by_digit,
    "list_unclassified": shows_its_list,
    "list_missed": shows_its_list,
    "call_back": calls_back,
    "call_back_time": asks_when_it_is_safe,
    "reconcile": compares_with_the_exchange,
    "undo": undoes,
    "pause": pauses,
    "privacy": covers,
    "help": opens_the_manual,
    "people": covers,
    "palette": opens_the_palette,
    "conflicts": lays_its_sheet,
    "same_child": lays_its_sheet,
    "queue_enter": lays_its_sheet,
    "rest": lays_its_sheet,
    "requests": lays_its_sheet,
    "restrict": lays_its_sheet,
    "audit": lays_its_sheet,
    "history": shows_the_history,
    "attach_file": chooses_a_file,
    "letter": makes_a_letter,
    "exports": lists_what_may_leave,
    **{f"go_{page}": turns_to_its_page for page in ("calls", "file", "case", "search")},
    **{f"go_{page}": turns_to_its_page for page in ("road", "directory", "queue", "shift")},
    "search": turns_to_its_page,
    "queue_next": takes_the_next_item,
    "queue_more": reads_the_next_page,
    "list_call_backs": shows_the_call_backs,
    "back": goes_back,
    **dict.fromkeys(("zoom_in", "zoom_out", "zoom_reset"), changes_the_size),
    "theme": changes_the_colours,
    "switch_person": seals_for_another_person,
    "leave": closes_the_desk,
}  # fmt: skip
"""What each action does, last those that end the session."""


def test_every_action_is_struck_by_its_key_and_does_its_work(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    registered = {action.id for action in window.registry}
    assert registered - EFFECTS.keys() == set(), "an action without an entry in the table"
    assert EFFECTS.keys() - registered == set(), "an entry for an action that is gone"
    seat = Seat(window, desk, clock, qtbot)
    for action_id, effect in EFFECTS.items():
        try:
            effect(seat, action_id)
        except Exception as fault:
            fault.add_note(f"the action {action_id}, key {window.registry[action_id].key}")
            raise


@pytest.mark.soak("actions")
def test_an_entry_of_the_table_fails_where_its_action_does_nothing(
    enrolled: Path, tmp_path: Path, reference: Reference, look: Look, clock: HandClock, qtbot: QtBot, rounds: Rounds
) -> None:
    every = sorted(EFFECTS)
    chosen = random.Random(111).sample(every, rounds(len(every)))
    print("deaf to", *chosen)
    for action_id in chosen:
        home = Home(Path(shutil.copytree(enrolled, tmp_path / action_id)))
        desk = build(home, STAFF, PASSPHRASE, clock=clock, reference=reference, key_cost=CHEAP)
        window = MainWindow(desk, look)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        seat = Seat(window, desk, clock, qtbot, deaf_to=action_id)
        try:
            EFFECTS[action_id](seat, action_id)
        except (AssertionError, NeverCame):
            noticed = seat.in_vain > 0
        else:
            noticed = False
        assert noticed, f"{action_id}: the entry would not notice an action that does nothing"
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        desk.close()
