"""Tables and lists cut no word: long columns give way to short ones, what is long goes on below, rows grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QModelIndex, Qt
from PySide6.QtWidgets import QApplication, QListWidget, QStyledItemDelegate, QWidget

from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.choice_sheet import ChoiceSheet, Offer
from desktop.ui.widgets.columns import Need, shares
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.list_table import Index, ListTable
from desktop.ui.widgets.table import PaperTable
from tests.desktop.ui.drawn_cells import cut_cells

LONG = "Hồ Thị Ẵm Nguyễn Phước Bảo Ỗng, khoảng 10 tuổi, đang ở với bà ngoại tại xã Vĩnh Thạnh Trung"


class Words(ListTable):
    """Three columns: long words behind a shape, a code, a word."""

    def heads(self) -> tuple[str, ...]:
        return ("Trẻ", "Hồ sơ", "Lúc")

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == STATUS_ROLE:
            return Status.WAITING if index.column() == 0 else None
        return self.rows[index.row()][index.column()] if role == Qt.ItemDataRole.DisplayRole else None

    def put(self, row: int, words: str) -> None:
        self.rows = [*self.rows[:row], (words, *self.rows[row][1:]), *self.rows[row + 1 :]]
        self.dataChanged.emit(self.index(row, 0), self.index(row, 2))

    def insert(self, words: str) -> None:
        self.beginInsertRows(QModelIndex(), 0, 0)
        self.rows = [(words, "HN01-261120-0044", "11:20"), *self.rows]
        self.endInsertRows()


@pytest.fixture
def shown(qapp: QApplication, look: Look) -> Iterator[Callable[[QWidget], QWidget]]:
    made: list[QWidget] = []

    def show(widget: QWidget) -> QWidget:
        made.append(widget)
        widget.show()
        QApplication.processEvents()
        return widget

    yield show
    look.step_zoom(0)
    for widget in made:
        widget.close()
        widget.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def rows() -> Words:
    made = Words()
    made.renew_rows([("Ẵm", "HN01-261120-0044", "11:20"), (LONG, "HN01-261120-0036", "11:20")])
    return made


@pytest.fixture
def table(shown: Callable[[QWidget], QWidget], look: Look, rows: Words) -> PaperTable:
    made = PaperTable(look, rows, {1: 190, 2: 90}, 0)
    made.setObjectName("table")
    made.resize(520, 400)
    shown(made)
    return made


def test_a_long_cell_makes_its_row_higher_and_leaves_the_others(table: PaperTable) -> None:
    assert cut_cells(table) == []
    assert table.rowHeight(1) > table.rowHeight(0)


def test_rows_follow_words_that_change_come_and_go(table: PaperTable, rows: Words, look: Look) -> None:
    one_line = table.rowHeight(0)
    rows.put(0, LONG)
    assert table.rowHeight(0) > one_line
    rows.put(0, "Ẵm")
    assert table.rowHeight(0) == one_line
    rows.insert(LONG)
    assert [table.rowHeight(row) > one_line for row in range(3)] == [True, False, True]
    while look.zoom < 2:
        look.step_zoom(1)
    QApplication.processEvents()
    assert cut_cells(table) == []
    rows.renew_rows([("Ẵm", "HN01-261120-0044", "11:20")])
    assert table.rowHeight(0) == 2 * one_line


def test_the_check_sees_a_row_too_low_and_a_cell_that_is_cut_with_dots(table: PaperTable) -> None:
    table.setRowHeight(1, table.rowHeight(0))
    assert [words[:7] for words in cut_cells(table)] == ["table “"]
    table.fit_all()
    assert cut_cells(table) == []
    plain = QStyledItemDelegate(table)
    table.setItemDelegate(plain)
    assert any("Ẵm Nguyễn" in words for words in cut_cells(table))


def test_a_list_of_offers_wraps_and_none_is_cut(
    shown: Callable[[QWidget], QWidget], qapp: QApplication, look: Look
) -> None:
    under = QWidget()
    under.resize(480, 700)
    sheet = ChoiceSheet(under, look)
    shown(under)
    sheet.ask("what", "Kết quả", [Offer("a", "Ngắn"), Offer("b", LONG)])
    QApplication.processEvents()
    assert isinstance(sheet.rows, QListWidget)
    assert sheet.rows.sizeHintForRow(1) > sheet.rows.sizeHintForRow(0)
    assert sheet.rows.verticalScrollBar().maximum() == 0
    assert cut_cells(under) == []


needs = st.builds(
    lambda wished, least, more: Need(wished, least + more, least),
    st.integers(0, 300), st.integers(30, 120), st.integers(0, 800),
)  # fmt: skip


@given(st.lists(needs, min_size=2, max_size=6), st.integers(0, 5), st.integers(300, 2_000))
def test_columns_fill_the_room_and_no_word_is_broken_where_that_can_be(
    found: list[Need], stretch: int, room: int
) -> None:
    stretch %= len(found)
    each = dict(enumerate(found))
    widths = shares(each, stretch, room)
    assert all(widths[column] >= need.least for column, need in each.items())
    if sum(need.least for need in found) <= room:
        assert sum(widths.values()) == room
    if sum(need.line for need in found) <= room:
        assert all(widths[column] >= need.line for column, need in each.items())
