"""Two people and one report: who writes of an item keeps it, who lost it is told, nothing is written over or lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import queue, queue_claims, shift
from desktop.operations.queue_claims import Standing, State
from desktop.store import reads
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.intake.sheet import Sheet
from desktop.ui.main_window import MainWindow
from desktop.ui.queue.said import begun_with
from domain.clock import HOUR, MINUTE
from domain.records.queue import Claim, QueueItem
from sync.replica import read, scopes
from tests.desktop.ui.conftest import STAFF, HandClock, focused, named, press, stored, type_text
from tests.desktop.ui.test_forms_lose_nothing import contact_of, draft_rows, fill_six, go_to, saved
from tests.desktop.ui.test_the_queue import LETTER, REPORT, fill, waiting

CTRL = Qt.KeyboardModifier.ControlModifier
OTHER, THERE = "binh.tran", "AG01"


def told(desk: Desk, qtbot: QtBot, operation: Any) -> Any:
    answers: list[Any] = []
    desk.lane.submit(operation, answers.append, answers.append)
    qtbot.waitUntil(lambda: bool(answers), timeout=20_000)
    return answers[0]


def nothing(_uow: UnitOfWork) -> None:
    """An act that changes nothing."""


def elsewhere(item_id: str, now: int, minutes: int = 10) -> Callable[[UnitOfWork], None]:
    """What a colleague's claim at another desk is once it came by the road."""

    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        taken = Claim(
            id=uow.new_id(), item_id=item_id, staff=OTHER, seat=THERE, at=now, until=now + minutes * MINUTE
        )
        act.create(scopes.centre("an_giang"), taken)
        uow.write(act)

    return operation


def ended_elsewhere(item_id: str, now: int, contact_id: str | None = None) -> Callable[[UnitOfWork], None]:
    """The item as a colleague at another desk ended it."""

    def operation(uow: UnitOfWork) -> None:
        known = uow.read("queue_item", item_id)
        assert known is not None
        act = uow.act()
        done = {"done_at": now, "done_by": OTHER, "contact_id": contact_id}
        act.change("queue_item", item_id, known.scope, known.state, done)
        uow.write(act)

    return operation


def claims(desk: Desk) -> list[Claim]:
    return [one.record for one in stored(desk, partial(read.where, kind="claim", field="item_id", value=REPORT.id))]


def operations(desk: Desk) -> int:
    asked = "SELECT count(*) FROM log WHERE kind = 'claim'"
    return int(stored(desk, lambda connection: connection.exec_driver_sql(asked).scalar_one()))


def item(desk: Desk, item_id: str = REPORT.id) -> QueueItem:
    found = stored(desk, partial(read.one, kind="queue_item", record_id=item_id)).record
    assert isinstance(found, QueueItem)
    return found


def in_hand(window: MainWindow) -> str:
    row = window.queue_model.in_hand
    return row.id if row is not None else ""


def take(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_J, CTRL)


def write(window: MainWindow, qtbot: QtBot, text: str) -> None:
    """Type into the form in front; the draft is kept at once instead of a second later."""
    sheet = window.file_page.current
    assert sheet is not None
    with qtbot.waitSignal(sheet.model.draft_kept, timeout=20_000):
        go_to(window, "summary")
        type_text(text)
        window.file_page.keep_all()


def form_of(window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot) -> Sheet:
    """The report taken by Ctrl+J, and F8 pressed on it."""
    fill(window, desk, clock, qtbot)
    take(window, qtbot)
    qtbot.waitUntil(lambda: any(window.queue_model.is_mine(row) for row in window.queue_model.rows), timeout=20_000)
    press(window, Qt.Key.Key_F8)
    sheet = window.file_page.current
    assert sheet is not None
    return sheet


def holder_is(desk: Desk, clock: HandClock, who: str | None) -> bool:
    return next(row.held_by for row in waiting(desk, clock) if row.id == REPORT.id) == who


def test_an_item_is_kept_while_its_form_is_written_in_by_few_operations_and_never_by_an_idle_form(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    form_of(window, desk, clock, qtbot)
    before = operations(desk)
    for minute in range(30):
        clock.pass_ms(MINUTE)
        write(window, qtbot, f"phút {minute} ")
        qtbot.waitUntil(partial(holder_is, desk, clock, STAFF), timeout=20_000)
        window.queue_model.refresh()
    qtbot.waitUntil(partial(holder_is, desk, clock, STAFF), timeout=20_000)
    assert 6 <= operations(desk) - before <= 12, "some, and not one for every kept draft"
    clock.pass_ms(11 * MINUTE)
    window.queue_model.refresh()
    qtbot.waitUntil(partial(holder_is, desk, clock, None), timeout=20_000)


def test_a_form_taken_up_again_takes_its_item_back_where_nobody_has_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    form_of(window, desk, clock, qtbot)
    write(window, qtbot, "dang ke")
    clock.pass_ms(25 * MINUTE)
    window.queue_model.refresh()
    qtbot.waitUntil(lambda: all(row.held_by is None for row in window.queue_model.rows), timeout=20_000)
    write(window, qtbot, " tiep")
    qtbot.waitUntil(partial(holder_is, desk, clock, STAFF), timeout=20_000)


def test_who_lost_an_item_to_a_colleague_is_told_in_the_form_and_keeps_every_word(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    sheet = form_of(window, desk, clock, qtbot)
    write(window, qtbot, "Cháu bị đánh")
    clock.pass_ms(11 * MINUTE)
    desk.lane.submit(elsewhere(REPORT.id, clock.now_ms()))
    qtbot.waitUntil(lambda: any(row.held_by == OTHER for row in window.queue_model.rows), timeout=20_000)
    before = operations(desk)
    write(window, qtbot, " ở trường")
    qtbot.waitUntil(sheet.trouble.isVisible, timeout=20_000)
    assert "binh.tran ở AG01 đang làm mục này" in sheet.trouble_words.text()
    assert sheet.form.values()["summary"] == "Cháu bị đánh ở trường"
    assert window.file_page.current is sheet
    assert operations(desk) == before, "a live claim of somebody else is never taken"
    assert [one.staff for one in claims(desk) if (one.until or 0) > clock.now_ms()] == [OTHER]


def test_an_item_that_somebody_else_made_a_file_of_is_not_written_over_and_the_second_file_stands_and_says_so(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    form_of(window, desk, clock, qtbot)
    theirs = contact_by_hand(desk, qtbot)
    at = clock.now_ms()
    desk.lane.submit(ended_elsewhere(REPORT.id, at, theirs.contact_id))
    qtbot.waitUntil(lambda: item(desk).contact_id == theirs.contact_id, timeout=20_000)
    fill_six(window)
    result = saved(window, qtbot)
    assert result.item == Standing(REPORT.id, State.DONE, OTHER, "", at, theirs.code)
    assert (item(desk).done_by, item(desk).contact_id, item(desk).done_at) == (OTHER, theirs.contact_id, at)
    assert contact_of(desk, result.contact_id).contact.primary_channel == "app_111"
    said = window.trouble.words.text()
    assert window.trouble.isVisible()
    assert all(part in said for part in (result.code, OTHER, theirs.code, "14:06", "Ctrl+Shift+T"))
    assert draft_rows(desk) == []


def contact_by_hand(desk: Desk, qtbot: QtBot) -> Any:
    from desktop.operations.intake import save_file

    return told(desk, qtbot, save_file({"summary": "của đồng nghiệp"}, None))


def test_the_end_of_an_item_stands_in_the_same_transaction_as_its_file(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    form_of(window, desk, clock, qtbot)
    fill_six(window)
    result = saved(window, qtbot)
    asked = "SELECT DISTINCT kind FROM log WHERE grp = (SELECT grp FROM log WHERE kind = 'contact')"
    together = set(stored(desk, lambda connection: connection.exec_driver_sql(asked).scalars().all()))
    assert {"contact", "queue_item"} <= together
    assert item(desk).contact_id == result.contact_id


def test_the_clocks_of_a_report_count_from_when_the_hotline_got_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    fill(window, desk, clock, qtbot)
    came = next(row.arrived_at for row in waiting(desk, clock) if row.id == REPORT.id)
    clock.pass_ms(5 * HOUR)
    take(window, qtbot)
    press(window, Qt.Key.Key_F9)
    fill_six(window)
    result = saved(window, qtbot)
    assert contact_of(desk, result.contact_id).contact.received_at == came
    view = stored(desk, partial(reads.case_view, case_id=result.case_id))
    assert {one.start_at for one in view.clocks} == {came}


def test_a_form_of_an_item_that_was_read_begins_with_what_its_sender_wrote(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    fill(window, desk, clock, qtbot)
    take(window, qtbot)
    press(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.queue_model.words is not None, timeout=20_000)
    press(window, Qt.Key.Key_F8)
    sheet = window.file_page.current
    assert sheet is not None
    assert sheet.form.values() == {
        "caller_kind": "family",
        "caller_name": "Ẩn danh",
        "summary": "Báo qua ứng dụng",
        "primary_channel": "app_111",
    }
    assert focused().objectName() == "field.topics", "what is given is not typed over"
    result = saved(window, qtbot)
    file = contact_of(desk, result.contact_id)
    assert (file.contact.caller_kind, file.contact.summary) == ("family", "Báo qua ứng dụng")
    assert item(desk).contact_id == result.contact_id


def test_a_form_of_an_item_that_nobody_read_shows_no_word_of_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    sheet = form_of(window, desk, clock, qtbot)
    assert sheet.form.values() == {}


def test_what_a_letter_says_of_itself_stays_words_and_an_office_is_no_caller() -> None:
    lines = (("sender", "Sở Y tế"), ("reference", "Số 12/SYT"), ("body", "Đề nghị xác minh"))
    begun = begun_with("official_dispatch", queue.Words("x", lines, ("34", "91")))
    assert begun == {
        "summary": "Đề nghị xác minh\nNơi gửi: Sở Y tế\nSố, địa chỉ: Số 12/SYT",
        "province_set": "34",
        "province": "91",
        "primary_channel": "official_dispatch",
    }


def test_one_item_has_one_form_however_often_the_key_is_pressed_and_after_a_crash_too(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot, show: Callable[[Desk], MainWindow]
) -> None:
    form_of(window, desk, clock, qtbot)
    write(window, qtbot, "mot")
    press(window, Qt.Key.Key_7, CTRL)
    press(window, Qt.Key.Key_F8)
    assert len(window.file_page.sheets) == 1
    window.close()
    again = show(desk)
    qtbot.waitUntil(lambda: len(again.file_page.sheets) == 1, timeout=20_000)
    clock.pass_ms(12 * MINUTE)
    again.queue_model.refresh()
    qtbot.waitUntil(lambda: all(row.held_by is None for row in again.queue_model.rows), timeout=20_000)
    press(again, Qt.Key.Key_2, CTRL)
    write(again, qtbot, " hai")
    qtbot.waitUntil(partial(holder_is, desk, clock, STAFF), timeout=20_000)
    result = saved(again, qtbot)
    assert item(desk).contact_id == result.contact_id
    assert [row.id for row in waiting(desk, clock)] == [LETTER.id]


def test_a_claim_that_came_between_the_look_and_the_key_stays_with_whoever_made_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    fill(window, desk, clock, qtbot)
    press(window, Qt.Key.Key_7, CTRL)
    stale = next(row for row in window.queue_model.rows if row.id == REPORT.id)
    told(desk, qtbot, elsewhere(REPORT.id, clock.now_ms()))
    with qtbot.waitSignal(window.queue_model.lost, timeout=20_000) as lost:
        window.queue_model.take(stale)
    assert (lost.args[0].staff, lost.args[0].state) == (OTHER, State.HELD)
    assert in_hand(window) == ""
    assert "binh.tran ở AG01 đang làm mục này" in window.status.news.text()
    assert [one.staff for one in claims(desk)] == [OTHER]
    take(window, qtbot)
    assert in_hand(window) == LETTER.id, "the next item that nobody has"


@pytest.mark.parametrize("done", [False, True])
def test_needs_no_file_is_not_written_over_what_a_colleague_does_or_did(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot, done: bool
) -> None:
    fill(window, desk, clock, qtbot)
    take(window, qtbot)
    clock.pass_ms(11 * MINUTE)
    theirs = ended_elsewhere(REPORT.id, clock.now_ms()) if done else elsewhere(REPORT.id, clock.now_ms())
    told(desk, qtbot, theirs)
    how = told(desk, qtbot, queue.finish(REPORT.id, "no_file_needed"))
    assert (how.state, how.staff) == (State.DONE if done else State.HELD, OTHER)
    assert item(desk).done_why is None
    assert item(desk).done_by == (OTHER if done else None)
    words = told(desk, qtbot, queue.open_words(REPORT.id))
    assert words == how, "nor are its words read beside them"


def test_two_desks_that_took_one_item_without_a_line_are_told_as_soon_as_they_hear_of_each_other(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    fill(window, desk, clock, qtbot)
    take(window, qtbot)
    with qtbot.waitSignal(window.queue_model.lost, timeout=20_000) as lost:
        desk.lane.submit(elsewhere(REPORT.id, clock.now_ms() - MINUTE))  # made a minute before ours, heard of now
    assert (lost.args[0].staff, lost.args[0].seat) == (OTHER, THERE)
    assert "binh.tran ở AG01 đang làm mục này" in window.status.news.text()
    (row,) = [row for row in window.queue_model.rows if row.id == REPORT.id]
    assert row.disputed


def test_an_item_goes_with_its_form_to_the_colleague_who_takes_the_shift(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    desk.people.invite(OTHER, "T.B", clock.now_ms())
    told(desk, qtbot, shift.start())
    form_of(window, desk, clock, qtbot)
    write(window, qtbot, "dang do")
    assert isinstance(told(desk, qtbot, shift.hand_over(OTHER, ())), str)
    assert [(row.held_by, row.held_at_seat) for row in waiting(desk, clock) if row.id == REPORT.id] == [
        (OTHER, "AG03")
    ]


def test_who_speaks_with_the_sender_of_an_item_holds_it_and_the_file_of_that_call_ends_it(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    report = replace(REPORT, number="+84900081502")
    desk.lane.submit(queue.enter("app_111", report))
    qtbot.waitUntil(lambda: len(window.queue_model.rows) == 1, timeout=20_000)
    take(window, qtbot)
    press(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.queue_page.number_in_hand == report.number, timeout=20_000)
    press(window, Qt.Key.Key_G, CTRL)
    assert window.calls.current is not None
    for _ in range(12):
        clock.pass_ms(MINUTE)
        window.queue_deeds.still_speaking()
    qtbot.waitUntil(partial(holder_is, desk, clock, STAFF), timeout=20_000)
    press(window, Qt.Key.Key_F8)
    fill_six(window)
    result = saved(window, qtbot)
    assert item(desk).contact_id == result.contact_id
    assert waiting(desk, clock) == []


def test_a_call_that_nobody_ends_holds_an_item_for_an_hour_and_no_longer(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    desk.lane.submit(queue.enter("app_111", replace(REPORT, number="+84900081502")))
    qtbot.waitUntil(lambda: len(window.queue_model.rows) == 1, timeout=20_000)
    take(window, qtbot)
    press(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.queue_page.number_in_hand != "", timeout=20_000)
    press(window, Qt.Key.Key_G, CTRL)
    held = []
    for _ in range(90):
        clock.pass_ms(MINUTE)
        window.queue_deeds.still_speaking()
        told(desk, qtbot, nothing)  # what was asked for before it is done
        held.append(holder_is(desk, clock, STAFF))
    assert held == [True] * held.count(True) + [False] * held.count(False)
    assert 60 <= held.count(True) < 75


def test_giving_an_item_back_ends_only_the_own_claim(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    fill(window, desk, clock, qtbot)
    take(window, qtbot)
    told(desk, qtbot, elsewhere(REPORT.id, clock.now_ms()))
    told(desk, qtbot, queue_claims.give_back(REPORT.id))
    qtbot.waitUntil(partial(holder_is, desk, clock, OTHER), timeout=20_000)
    assert named(window, "table.queue") is window.queue_page.table
