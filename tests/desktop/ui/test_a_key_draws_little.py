"""What a key makes the window do again and again is done once: a cell is put into words, a thing is measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.reference import Reference
from desktop.store.reads import CallRow
from desktop.ui.calls.table_model import KEPT, NUMBER, OUTCOME, CallsTable
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.flowing import Flowing
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.said import Said
from desktop.ui.widgets.table import PaperTable
from tests.desktop.ui.test_the_list_follows_the_newest import row

WORDS = Qt.ItemDataRole.DisplayRole


class Counted(CallsTable):
    """Counts how often a cell is put into words."""

    made = 0

    def _words(self, row: CallRow, column: int) -> str:
        self.made += 1
        return super()._words(row, column)


@pytest.fixture
def model(reference: Reference) -> Counted:
    return Counted(reference.catalogue["contact_outcome"], reference.catalogue["attempt_result"])


@pytest.fixture
def table(model: Counted, look: Look, qtbot: QtBot) -> PaperTable:
    made = PaperTable(look, model, {0: 96, 1: 150, 3: 72, 4: 150}, 2)
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    return made


def test_a_row_is_put_into_words_once_and_anew_where_it_changed(
    model: Counted, table: PaperTable, reference: Reference
) -> None:
    rows = [row(number) for number in range(8)]
    model.show(rows)
    table.repaint()
    assert model.made == 5 * len(rows)
    for _ in range(3):
        table.repaint()
    assert model.made == 5 * len(rows), "a repaint asked again for what it knew"
    changed = replace(rows[2], outcome="prank", saved_at_centre=not rows[2].saved_at_centre)
    kept = Status.GOOD if changed.saved_at_centre else Status.WAITING
    model.show([*rows[:2], changed, *rows[3:]])
    table.repaint()
    assert model.made == 5 * (len(rows) + 1)
    assert model.index(2, OUTCOME).data(WORDS) == reference.catalogue["contact_outcome"].label("prank")
    assert model.index(2, KEPT).data(STATUS_ROLE) == kept


def test_a_cell_is_drawn_as_qt_would_be_told_it(model: Counted, table: PaperTable) -> None:
    model.show([row(number) for number in range(3)])
    for place in range(3):
        for column in range(5):
            index = model.index(place, column)
            assert model.told(place, column) == (index.data(WORDS), index.data(STATUS_ROLE))
    assert model.told(7, NUMBER) == ("", None)


class Measured(Said):
    """Counts how often it is asked how wide it is."""

    asked = 0

    def one_line_width(self) -> int:
        Measured.asked += 1
        return super().one_line_width()


def test_a_flowing_row_asks_each_thing_once_until_one_says_something_else(look: Look, qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    row_of = Flowing(owner)
    parts = [Measured(words) for words in ("đã lưu 14:05:07", "Khớp trung tâm lúc 14:05", "Ctrl+Z")]
    for part in parts:
        row_of.add(part)
    owner.resize(700, 60)
    owner.show()
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    row_of.invalidate()
    Measured.asked = 0
    for width in (200, 300, 400, 700):
        row_of.heightForWidth(width)
        row_of.sizeHint()
    row_of.setGeometry(QRect(0, 0, 700, 60))
    assert Measured.asked == len(parts)
    before = parts[0].geometry().width()
    parts[0].setText("đã lưu 14:05:07, và còn nhiều điều nữa")
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    assert parts[0].geometry().width() > before, "what it says now has no room"
