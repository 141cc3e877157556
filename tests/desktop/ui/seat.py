"""A counsellor's hands in a real window: what the tests of the actions strike, wait for and read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QKeyCombination
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations.calls import PbxCallEvent
from desktop.store import reads
from desktop.ui.main_window import MainWindow
from domain.clock import MINUTE, vn_to_ms
from tests.desktop.ui.conftest import HandClock, stored
from tests.desktop.ui.test_forms_lose_nothing import fill_six, saved

DAY: Final = vn_to_ms("2026-11-20 00:00:00")
PATIENT: Final = 30_000
SHORT: Final = 400


@dataclass
class Seat:
    """A counsellor's hands: strikes an action's own key, makes calls come, waits for facts."""

    window: MainWindow
    desk: Desk
    clock: HandClock
    qtbot: QtBot
    calls: int = 0
    deaf_to: str = ""
    """An action whose key this seat strikes in vain, as if the desk did nothing: its entry has to notice."""
    in_vain: int = 0

    def patience(self, action_id: str = "") -> int:
        """Milliseconds to wait for what this action does; a fact that cannot come is not waited for long."""
        return SHORT if self.in_vain or (action_id and action_id == self.deaf_to) else PATIENT

    def strike(self, action_id: str) -> None:
        """The key that the registry gives the action, to whatever has the keys."""
        if action_id == self.deaf_to:
            self.in_vain += 1
            return
        pressed: QKeyCombination = QKeySequence(self.window.registry[action_id].key)[0]  # type: ignore[index]  # PySide's stubs lack __getitem__
        QTest.keyClick(QApplication.focusWidget() or self.window, pressed.key(), pressed.keyboardModifiers())

    def until(self, fact: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(fact()), timeout=self.patience())

    def ring(self) -> None:
        self.calls += 1
        self.clock.pass_ms(MINUTE)
        now = self.clock.now_ms()
        self.window.calls.answered(PbxCallEvent("111", f"9.{self.calls}", "0900081502", "", now, now))

    def free(self) -> None:
        """No call, no sheet, the calls' page in front."""
        if self.window.calls.current is not None:
            self.label("outcome.silent")
        self.window.go("calls")

    def label(self, action_id: str) -> None:
        with self.qtbot.waitSignal(self.window.calls.labelled, timeout=self.patience(action_id)):
            self.strike(action_id)

    def newest(self) -> str | None:
        rows = stored(self.desk, partial(reads.calls_today, centre="an_giang", day_start_ms=DAY))
        return str(rows[0].outcome)

    def news(self) -> str:
        return self.window.status.news.words.text()


def with_a_case(seat: Seat) -> None:
    if seat.window.case_model.view is None:
        seat.ring()
        seat.strike("open_report")
        fill_six(seat.window)
        saved(seat.window, seat.qtbot)
        seat.until(seat.window.case_page._dossier.isVisible)
    seat.window.go("case")
