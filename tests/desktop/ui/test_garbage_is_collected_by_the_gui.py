"""A widget in a cycle ends on the GUI thread, whoever allocates when it is due."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.ui.sweeping import Sweeping


def make_garbage() -> None:
    """More cycles than any threshold of the collector."""
    for _ in range(50_000):
        one: list[object] = []
        one.append(one)


@pytest.mark.parametrize("busy", ["a lane", "the window"])
def test_a_widget_in_a_cycle_ends_on_the_gui_thread(busy: str, qapp: QApplication, qtbot: QtBot) -> None:
    sweeping, ended = Sweeping(qapp), list[int]()
    try:
        widget = QObject()
        weakref.finalize(widget, lambda: ended.append(threading.get_ident()))
        widget.setProperty("a", 1)
        widget.itself = widget  # type: ignore[attr-defined]  # the cycle
        del widget
        if busy == "a lane":
            lane = threading.Thread(target=make_garbage)
            lane.start()
            lane.join()
        else:
            make_garbage()
        assert ended == []  # nobody collects in the middle of somebody's work
        qtbot.waitUntil(lambda: bool(ended), timeout=20_000)
    finally:
        sweeping.stop()
        sweeping.deleteLater()
    assert ended == [threading.get_ident()]


def test_what_a_desk_holds_for_good_is_gone_through_once_and_never_again(qapp: QApplication) -> None:
    sweeping = Sweeping(qapp)
    try:
        at_start = gc.get_freeze_count()
        held = [[number] for number in range(50_000)]  # as codes, places and pages are
        sweeping.settle()
        assert gc.get_freeze_count() - at_start > len(held)
        assert len(gc.get_objects()) < len(held)  # what a later sweep still goes through
    finally:
        sweeping.stop()
        sweeping.deleteLater()
