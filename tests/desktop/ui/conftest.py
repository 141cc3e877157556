"""Real windows over a real encrypted store: a desk of An Giang with its own clock, offscreen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.app import Desk, build, enrol
from desktop.home import Home
from desktop.reference import Reference
from desktop.store.keys import Cost, KeySlots
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.look import Look
from domain.clock import vn_to_ms

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
STAFF, PASSPHRASE = "an.nguyen", "một câu dễ nhớ"


@dataclass
class HandClock:
    """Time that moves only when a test says so."""

    ms: int = vn_to_ms("2026-11-20 14:05:00")

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> int:
        return self.ms

    def pass_ms(self, ms: int) -> None:
        self.ms += ms


@dataclass(frozen=True)
class Given:
    device: str = "01932c00-0000-7000-8000-00000000000a"
    centre: str = "an_giang"
    seat: str = "AG03"
    centre_digit: int = 3
    lineage: str = "01932c00-0000-7000-8000-0000000000ff"


def given(_url: str, _code: str, _key: bytes, _name: str) -> Given:
    return Given()


@pytest.fixture(scope="session")
def reference() -> Reference:
    return Reference.load()


@pytest.fixture(scope="session")
def look(qapp: QApplication) -> Look:
    return Look(qapp)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One enrolled desk, copied for every test: calibrating the key derivation takes half a second each time."""
    found = Home(tmp_path_factory.mktemp("enrolled") / "desk")
    found.prepare()
    KeySlots(found.slots, CHEAP, calibrate=False).create(STAFF, PASSPHRASE)
    enrol(found, "http://centre.invalid", "code", STAFF, PASSPHRASE, enroller=given, key_cost=CHEAP)
    return found.root


@pytest.fixture
def home(enrolled: Path, tmp_path: Path) -> Home:
    return Home(Path(shutil.copytree(enrolled, tmp_path / "desk")))


@pytest.fixture
def open_desk(home: Home, reference: Reference, clock: HandClock, qapp: QApplication) -> Iterator[Callable[[], Desk]]:
    desks: list[Desk] = []

    def build_one() -> Desk:
        desk = build(home, STAFF, PASSPHRASE, clock=clock, reference=reference, key_cost=CHEAP)
        desks.append(desk)
        return desk

    yield build_one
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(open_desk: Callable[[], Desk]) -> Desk:
    return open_desk()


@pytest.fixture
def show(qtbot: QtBot, look: Look) -> Iterator[Callable[[Desk], MainWindow]]:
    windows: list[MainWindow] = []

    def show_one(desk: Desk) -> MainWindow:
        window = MainWindow(desk, look)
        windows.append(window)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return window

    yield show_one
    for window in windows:
        window.close()
        window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(desk: Desk, show: Callable[[Desk], MainWindow]) -> MainWindow:
    return show(desk)


def named(window: QWidget, name: str) -> Any:
    """The visible widget with this object name."""
    found = [one for one in window.findChildren(QWidget, name) if one.isVisible()]
    assert found, f"no visible {name}"
    return found[0]


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None, "nothing has the keys"
    return widget


def press(window: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """One key, to whatever has the focus, through Qt's own way of shortcuts."""
    QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)


def type_text(text: str) -> None:
    """Letters one by one to the focused widget (QTest aborts above U+00FF)."""
    for letter in text:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(focused(), QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, letter))


def compose(text: str, committed: str = "") -> None:
    """What an input method sends: text being composed, and text it hands over."""
    event = QInputMethodEvent(text, [])
    if committed:
        event.setCommitString(committed)
    QApplication.sendEvent(focused(), event)


def stored(desk: Desk, read: Callable[[Any], Any]) -> Any:
    """What the store holds, read beside the GUI thread (which never opens it, law 1)."""

    def work() -> Any:
        with desk.store.read() as connection:
            return read(connection)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
