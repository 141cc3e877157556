"""Covered, locked, sealed (settled 17-18): a call is never interrupted, a ring makes its row, no draft goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from desktop.app import Desk
from desktop.operations.calls import LINE, PbxCallEvent
from desktop.store import drafts
from desktop.ui.forms.boxes import LineBox
from desktop.ui.locks.rules import FREE_S, IDLE_S, SEAL_S, SLEPT_S, WRITING_S, Busy, Lock, LockRules
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.tokens import Status
from sync.troubles import Trouble
from tests.desktop.ui.conftest import PASSPHRASE, STAFF, HandClock, focused, press, stored, type_text
from tests.desktop.ui.test_forms_lose_nothing import fill_six

SHIFT = Qt.KeyboardModifier.ShiftModifier
BOTH = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@dataclass
class Hand:
    """The machine's run time, moved by hand in steps of the watch's own tick."""

    s: float = 1_000.0

    def __call__(self) -> float:
        return self.s


def passes(rules: LockRules, hand: Hand, seconds: float, busy: Busy | None = None) -> Lock:
    for _ in range(int(seconds)):
        hand.s += 1
        rules.tick(hand.s, busy or Busy())
    return rules.lock


def begun() -> tuple[LockRules, Hand]:
    hand = Hand()
    return LockRules(hand.s), hand


def test_the_privacy_screen_goes_freely_for_a_minute_and_then_asks() -> None:
    rules, hand = begun()
    rules.cover(hand.s)
    passes(rules, hand, FREE_S)
    assert rules.back(hand.s) is Lock.OPEN
    rules.cover(hand.s)
    passes(rules, hand, FREE_S + 1)
    assert rules.back(hand.s) is Lock.LOCKED
    assert rules.opened(hand.s) is Lock.OPEN


def test_nothing_touched_for_five_minutes_locks_within_a_second_and_fifteen_more_seal() -> None:
    rules, hand = begun()
    passes(rules, hand, 200)
    rules.touched(hand.s)
    assert passes(rules, hand, IDLE_S - 1) is Lock.OPEN
    assert passes(rules, hand, 1) is Lock.LOCKED
    assert passes(rules, hand, SEAL_S - 1) is Lock.LOCKED
    assert passes(rules, hand, 1) is Lock.SEALED
    assert rules.opened(hand.s) is Lock.SEALED, "what is sealed comes back through sign-in only"


@pytest.mark.parametrize("busy", [Busy(call=True), Busy(written_s=WRITING_S - 1)])
def test_idle_in_a_call_or_over_a_form_covers_only_and_a_key_brings_it_back(busy: Busy) -> None:
    rules, hand = begun()
    assert passes(rules, hand, IDLE_S + 200, busy) is Lock.COVERED
    assert rules.back(hand.s, busy) is Lock.OPEN
    assert passes(rules, hand, IDLE_S, busy) is Lock.COVERED
    assert passes(rules, hand, 1, Busy(written_s=WRITING_S)) is Lock.LOCKED


def test_a_call_while_locked_puts_the_seal_off_and_suspend_does_not_wait_for_it() -> None:
    rules, hand = begun()
    assert passes(rules, hand, IDLE_S) is Lock.LOCKED
    assert passes(rules, hand, SEAL_S + 60, Busy(call=True)) is Lock.LOCKED
    assert passes(rules, hand, 1) is Lock.SEALED
    rules, hand = begun()
    hand.s += SLEPT_S + 1
    assert rules.tick(hand.s, Busy(call=True)) is Lock.SEALED, "sealed before anything is painted again"


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def locked(window: MainWindow, hand: Hand) -> Iterator[MainWindow]:
    """A window under watch, its run time in the test's hand and no timer of its own."""
    window.watch._seconds = hand  # the fixture stands for the machine
    window.watch.start()
    window.watch._timer.stop()
    yield window
    window.watch.stop()


def goes_idle(window: MainWindow, hand: Hand, seconds: float = IDLE_S) -> None:
    for _ in range(int(seconds)):
        hand.s += 1
        window.watch.tick()


def readable(window: MainWindow) -> str:
    """Every word that eye or ear could get."""
    labels = [one.text() for one in window.findChildren(QLabel) if one.isVisible()]
    boxes = [one.toPlainText() for one in window.findChildren(QPlainTextEdit) if one.isVisible()]
    return "\n".join(labels + boxes)


def test_a_locked_desk_takes_no_key_and_the_passphrase_leads_back_to_the_same_place(
    locked: MainWindow, hand: Hand, desk: Desk, qtbot: QtBot
) -> None:
    locked.go("search")
    place = focused()
    goes_idle(locked, hand)
    assert locked.watch.cover.isVisible()
    assert focused() is locked.watch.cover.passphrase
    press(locked, Qt.Key.Key_F2)
    press(locked, Qt.Key.Key_Escape)
    QTest.mouseClick(locked.watch.cover, Qt.MouseButton.LeftButton)
    assert locked.watch.cover.isVisible()
    assert stored(desk, lambda c: c.exec_driver_sql("SELECT count(*) FROM r_call").scalar_one()) == 0
    type_text("sai rồi")
    press(locked, Qt.Key.Key_Return)
    qtbot.waitUntil(locked.watch.cover.go.isEnabled, timeout=20_000)
    assert "chưa đúng" in locked.watch.cover.state.text()
    assert focused() is locked.watch.cover.passphrase
    type_text(PASSPHRASE)
    press(locked, Qt.Key.Key_Return)
    qtbot.waitUntil(locked.watch.cover.isHidden, timeout=20_000)
    assert focused() is place
    press(locked, Qt.Key.Key_F2)
    with qtbot.waitSignal(locked.calls.labelled, timeout=20_000):
        pass


def test_a_ring_while_locked_makes_its_row_and_shows_no_number(
    locked: MainWindow, hand: Hand, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    goes_idle(locked, hand)
    with qtbot.waitSignal(locked.calls.saved_at, timeout=20_000):
        locked.calls.answered(PbxCallEvent("", "u1", "0912345678", LINE, clock.now_ms(), clock.now_ms()))
    rows = stored(desk, lambda c: c.exec_driver_sql("SELECT number FROM r_call").scalars().all())
    assert rows == ["+84912345678"]
    assert "Có cuộc gọi lúc 14:05" in locked.watch.cover.ring.text()
    shown = readable(locked)
    assert "Có cuộc gọi" in shown
    assert not any(digits in shown for digits in ("0912345678", "678", "5678"))
    assert focused() is locked.watch.cover.passphrase, "the ring takes no key from the box"
    goes_idle(locked, hand, SEAL_S + 1)
    assert locked.watch.rules.lock is Lock.LOCKED, "a call at the ear is not cut off"


def test_what_is_being_written_is_not_readable_and_is_in_the_store_before_the_seal(
    locked: MainWindow, hand: Hand, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    locked.act("open_file")
    sheet = locked.file_page.current
    assert sheet is not None
    sheet.model.changed({"summary": "KTRA em bé ở xã"})
    goes_idle(locked, hand)
    assert locked.privacy.isVisible(), "a form just written is covered, not locked"
    press(locked, Qt.Key.Key_Space)
    assert locked.privacy.isHidden()
    clock.pass_ms(int(WRITING_S * 1_000))
    goes_idle(locked, hand)
    assert locked.watch.cover.isVisible()
    assert "KTRA" not in readable(locked)
    with qtbot.waitSignal(locked.watch.sealing, timeout=20_000):
        goes_idle(locked, hand, SEAL_S)
    held = stored(desk, lambda connection: drafts.all_of(connection, STAFF))
    assert [one.data for one in held] == [{"summary": "KTRA em bé ở xã"}]


def test_another_person_is_let_in_at_once_but_not_out_of_a_call(
    locked: MainWindow, clock: HandClock, qtbot: QtBot
) -> None:
    locked.calls.answered(PbxCallEvent("", "u1", "0912345678", LINE, clock.now_ms(), clock.now_ms()))
    press(locked, Qt.Key.Key_L, BOTH)
    assert "Đang có cuộc gọi" in locked.status.news.text()
    with qtbot.waitSignal(locked.calls.labelled, timeout=20_000):
        press(locked, Qt.Key.Key_F2)
    with qtbot.waitSignal(locked.watch.sealing, timeout=20_000):
        press(locked, Qt.Key.Key_L, BOTH)


def test_a_draft_that_cannot_be_kept_holds_the_seal_back_and_is_said(
    locked: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: Any, **_named: Any) -> None:
        raise Trouble("Ổ đĩa đã đầy nên CHƯA lưu được.")

    locked.act("open_file")
    sheet = locked.file_page.current
    assert sheet is not None
    monkeypatch.setattr(drafts, "put", full)
    sheet.model.changed({"summary": "chữ"})
    with qtbot.assertNotEmitted(locked.watch.sealing):
        press(locked, Qt.Key.Key_L, BOTH)
        qtbot.waitUntil(lambda: locked.watch.cover.state.status is Status.URGENT, timeout=20_000)
    assert "bản nháp chưa lưu được" in locked.watch.cover.state.text()
    assert locked.watch.rules.lock is Lock.LOCKED


@pytest.mark.parametrize(("key", "modifiers"), [(Qt.Key.Key_J, BOTH), (Qt.Key.Key_R, BOTH), (Qt.Key.Key_F5, SHIFT)])
def test_a_letter_a_request_and_a_time_to_call_back_that_cannot_be_kept_hold_the_seal_back_too(
    locked: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch,
    key: Qt.Key, modifiers: Qt.KeyboardModifier,
) -> None:  # fmt: skip
    def full(*_given: Any, **_named: Any) -> None:
        raise Trouble("Ổ đĩa đã đầy nên CHƯA lưu được.")

    press(locked, key, modifiers)
    if key == Qt.Key.Key_R:
        press(locked, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: writing_place(locked) is not None, timeout=20_000)
    place = writing_place(locked)
    assert place is not None
    place.setFocus()
    monkeypatch.setattr(drafts, "put", full)
    type_text("chữ")
    locked.keep_drafts()
    press(locked, Qt.Key.Key_Escape)
    if locked.sheets.requests.sheet.isVisible():  # from the form to its list, and from there
        press(locked, Qt.Key.Key_Escape)
    with qtbot.assertNotEmitted(locked.watch.sealing):
        press(locked, Qt.Key.Key_L, BOTH)
        qtbot.waitUntil(lambda: locked.watch.cover.state.status is Status.URGENT, timeout=20_000)
    assert "bản nháp chưa lưu được" in locked.watch.cover.state.text()


def writing_place(window: MainWindow) -> QLineEdit | None:
    """The box of one line in front: of the sheet that lies over the pages, or of the question at the foot."""
    ground = [window.sheets.entry.sheet, window.sheets.requests.sheet, window.call_deeds.promising.strip]
    boxes = [box for part in ground if part.isVisible() for box in part.findChildren(LineBox) if box.isVisible()]
    return next(iter(boxes), None)


def test_a_form_that_is_saved_behind_the_cover_gives_the_keys_to_the_page(
    locked: MainWindow, desk: Desk, qtbot: QtBot
) -> None:
    """Ctrl+Enter, then F12 before the row is durable: the box in which the caret stood goes with its sheet."""
    locked.act("open_file")
    fill_six(locked)
    place = focused()
    with qtbot.waitSignal(place.destroyed, timeout=20_000), qtbot.waitSignal(locked.file_page.saved, timeout=20_000):
        press(locked, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        locked.act("privacy")
        assert locked.privacy.isVisible()
    assert not isValid(place)
    press(locked, Qt.Key.Key_Space)
    assert locked.privacy.isHidden()
    assert all(one.isEnabled() for one in locked.actions_by_id.values())
    assert focused() is not locked
    press(locked, Qt.Key.Key_F2)
    with qtbot.waitSignal(locked.calls.labelled, timeout=20_000):
        pass
