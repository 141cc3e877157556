"""Keys counted through the real window, no mouse: one for a call without a file, every screen reached and usable."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations.calls import PbxCallEvent
from desktop.store import reads
from desktop.ui.frame import PAGES
from desktop.ui.main_window import MainWindow
from domain.clock import vn_to_ms
from domain.rules.outcomes import KEYS, Deed, Key
from tests.desktop.ui.conftest import HandClock, focused, press, stored
from tests.desktop.ui.test_forms_lose_nothing import fill_six, saved

DAY = vn_to_ms("2026-11-20 00:00:00")
CTRL = Qt.KeyboardModifier.ControlModifier
MANY = 300
"""More presses of Tab than any screen has places to stop."""


class KeyCount(QObject):
    """Counts every key that reaches the application, and fails at the first press of a mouse."""

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        self.app, self.count, self._last = app, 0, 0
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt calls it by this name
        assert event.type() != QEvent.Type.MouseButtonPress
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is focused():
            self.count += 1
        return False

    def close(self) -> None:
        self.app.removeEventFilter(self)


def call(window: MainWindow, clock: HandClock, n: int = 1) -> None:
    window.calls.answered(PbxCallEvent("111", f"5.{n}", "0900081502", "", clock.now_ms(), clock.now_ms()))


def outcomes(desk: Desk) -> list[str | None]:
    rows = stored(desk, partial(reads.calls_today, centre="an_giang", day_start_ms=DAY))
    return [row.outcome for row in rows]


@pytest.mark.parametrize("key", [key for key in KEYS if key.deed is Deed.OUTCOME], ids=lambda key: str(key.key))
def test_a_call_without_a_file_takes_one_key(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot, key: Key
) -> None:
    call(window, clock)
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key[f"Key_{key.key}"])
    assert outcomes(desk) == [key.outcomes[0]]
    assert window.calls.current is None
    assert window.page_name == "calls"


def test_the_next_call_needs_no_key_to_be_ready_for(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    for n, key in enumerate((Qt.Key.Key_F2, Qt.Key.Key_F5, Qt.Key.Key_F7)):
        clock.pass_ms(60_000)
        call(window, clock, n)
        with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
            press(window, key)
    assert outcomes(desk) == ["information", "prank", "silent"]


def test_a_file_of_six_values_is_saved_by_keys_and_they_are_counted(
    window: MainWindow, clock: HandClock, qtbot: QtBot, qapp: QApplication
) -> None:
    call(window, clock)
    keys = KeyCount(qapp)
    press(window, Qt.Key.Key_F8)
    fill_six(window)
    saved(window, qtbot)
    keys.close()
    words = ("cha me", "bao luc gia dinh", "Cháu bị đánh ở trường, sợ đi học.", "9", "2", "can tho")
    letters = sum(len(one) for one in words)
    print(f"\nF8 file, six values: {keys.count} keys, {letters} of them letters of its words")
    assert letters <= keys.count <= letters + 20


def stops(page: QWidget) -> set[QWidget]:
    """Where Tab must be able to stop on a page."""
    tab = Qt.FocusPolicy.TabFocus.value
    found = {
        one
        for one in page.findChildren(QWidget)
        if one.isVisible() and one.isEnabled() and one.focusPolicy().value & tab
    }
    return {one for one in found if one.focusProxy() is None}


def prepared(window: MainWindow, clock: HandClock, qtbot: QtBot) -> None:
    """Something on every page: a case that was reported, a form begun, a call at the ear."""
    call(window, clock)
    press(window, Qt.Key.Key_F8)
    fill_six(window)
    press(window, Qt.Key.Key_F9)
    saved(window, qtbot)
    qtbot.waitUntil(lambda: window.case_model.view is not None, timeout=20_000)
    press(window, Qt.Key.Key_F8)


def test_every_screen_is_reached_by_one_key_and_every_place_on_it_by_tab(
    window: MainWindow, clock: HandClock, qtbot: QtBot
) -> None:
    prepared(window, clock, qtbot)
    seen = 0
    for name in PAGES:
        key = window.registry[f"go_{name}"].key
        assert key.startswith("Ctrl+")
        press(window, Qt.Key[f"Key_{key.removeprefix('Ctrl+')}"], CTRL)
        assert window.page_name == name
        page = window.pages[name]
        QApplication.processEvents()
        wanted, visited = stops(page), set[QWidget]()
        for _ in range(MANY):
            visited.add(focused())
            if wanted <= visited:
                break
            press(window, Qt.Key.Key_Tab)
        left = [one.objectName() or type(one).__name__ for one in wanted - visited]
        assert not left, f"{name}: Tab never reaches {left}"
        seen += len(wanted)
    assert seen > 25
