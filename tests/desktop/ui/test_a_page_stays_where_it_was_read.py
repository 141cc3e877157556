"""A page taller than the window goes where the keys go, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop.ui.widgets.scrolled import Scrolled

HIGH, TALL = 300, 900


class Page(Scrolled):
    """A box, a list longer than the page, and a box."""

    def __init__(self) -> None:
        inside = QWidget()
        super().__init__(inside)
        column = QVBoxLayout(inside)
        self.first, self.long, self.last = QLineEdit(), QListWidget(), QLineEdit()
        self.long.setFixedHeight(TALL)
        for one in (self.first, self.long, self.last):
            column.addWidget(one)
        self.resize(400, HIGH)

    def seen(self, widget: QWidget) -> tuple[int, int]:
        """First and last line of pixels of a widget, counted from the top of what is in sight."""
        top = widget.mapTo(self.viewport(), QPoint(0, 0)).y()
        return top, top + widget.height()


@pytest.fixture
def page(qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    made = Page()
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    made.close()
    made.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_what_takes_the_keys_comes_into_sight_and_what_is_longer_than_the_page_begins_there(page: Page) -> None:
    page.last.setFocus()
    assert page.seen(page.last)[1] <= HIGH
    page.verticalScrollBar().setValue(page.verticalScrollBar().maximum())
    page.long.setFocus()
    assert page.seen(page.long)[0] == 24
    page.verticalScrollBar().setValue(333)
    page.last.setFocus()
    page.verticalScrollBar().setValue(333)
    page.long.setFocus()
    assert page.verticalScrollBar().value() == 333  # it fills the page: nothing of it is better seen elsewhere
    page.first.setFocus()
    assert page.seen(page.first)[0] >= 0


def test_a_window_that_comes_back_shows_what_it_showed(page: Page, qtbot: QtBot) -> None:
    page.long.setFocus()
    page.verticalScrollBar().setValue(333)
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    qtbot.waitUntil(other.isActiveWindow)
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    assert page.verticalScrollBar().value() == 333
