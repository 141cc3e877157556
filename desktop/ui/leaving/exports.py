"""Ctrl+Shift+S: figures that name nobody and masked lists: chosen by Enter, looked at, then saved to a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.operations import lists
from desktop.operations.sheets import Sheet
from desktop.ui.intake.sheet import advice_of
from desktop.ui.leaving.exports_model import FIGURES, ExportsModel, Offered
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import WorkCover
from desktop.ui.widgets.list_table import Index, ListTable
from desktop.ui.widgets.said import Card, Mark, Said, as_in_file, button
from desktop.ui.widgets.save_as import SaveAs
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

EMPTY: Final = Sheet("", ("",), ())
SEEN: Final = 40
"""Lines of a made table that are shown before it is saved."""


class OffersTable(ListTable):
    """Columns: what, of which month, what stands in it."""

    def show(self, offers: Sequence[Offered]) -> None:
        """Take over other rows."""
        self.renew_rows(list(offers))

    def heads(self) -> tuple[str, ...]:
        """Words above the columns."""
        return (tr("Bảng"), tr("Tháng"), tr("Trong bảng có gì"))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell."""
        if not 0 <= index.row() < len(self.rows):
            return None
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        row: Offered = self.rows[index.row()]
        what, inside = _words(row.kind)
        return (what, f"{row.month:02d}/{row.year}", inside)[index.column()]


def _words(kind: str) -> tuple[str, str]:
    return {
        FIGURES: (tr("Số liệu hồ sơ"), tr("Chỉ số đếm theo tỉnh và tuổi; số từ 1 đến 4 được giữ kín")),
        lists.CALLS: (tr("Danh sách cuộc gọi"), tr("Lúc gọi, ghế, kết quả; số máy được che, không có tên")),
        lists.QUEUE: (tr("Danh sách hàng đợi"), tr("Lúc đến, kênh, hạn; số máy được che, không có tên, nội dung")),
    }[kind]


class MadeTable(ListTable):
    """The first lines of a made table, as they will stand in the file."""

    def __init__(self) -> None:
        super().__init__()
        self._sheet = EMPTY

    def show(self, sheet: Sheet) -> None:
        """Take over another table."""
        self.beginResetModel()
        self._sheet, self.rows = sheet, sheet.rows[:SEEN]
        self.endResetModel()

    def heads(self) -> tuple[str, ...]:
        """Words above the columns: those of the file, which is Vietnamese whatever the desk speaks."""
        return self._sheet.heads

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell."""
        if not 0 <= index.row() < len(self.rows):
            return None
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        value = self.rows[index.row()][index.column()]
        return self._sheet.withheld if value is None else str(value)


class ExportsSheet(WorkCover):
    """Enter makes a table, X and C save it, Esc goes one step back."""

    _built = False

    def __init__(self, parent: QWidget, look: Look, model: ExportsModel) -> None:
        super().__init__(parent, look)
        self._model = model
        self.setObjectName("sheet.exports")
        self.setAccessibleName(tr("Xuất số liệu và danh sách"))
        inside = QWidget()
        inside.setObjectName("page")
        page = QVBoxLayout(inside)
        page.setContentsMargins(32, 24, 32, 24)
        page.setSpacing(12)
        page.addWidget(Said(tr("Xuất số liệu và danh sách"), "title"))
        how = tr(
            "Enter làm một bảng để xem trước, rồi lưu ra tệp. Vai trò quyết định bảng nào xuất được; ai xuất gì được"
            " ghi vào nhật ký kiểm tra. Tệp lưu ra không được mã hoá."
        )
        page.addWidget(Said(how, "muted", wraps=True))
        self.state = Mark(Status.QUIET, "", wraps=True)
        page.addWidget(self.state)
        self.rows = OffersTable()
        self.table = PaperTable(look, self.rows, {0: 200, 1: 110}, 2)
        self.table.setObjectName("table.exports")
        self.table.setAccessibleName(tr("Bảng có thể xuất"))
        self.table.keep_rows(6)
        self.table.entered_row.connect(self._entered)
        page.addWidget(self.table, 8)
        self.card = self._make_card(look)
        page.addWidget(self.card, 8)
        page.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(inside))
        for part in (self.state, self.table, self.card):
            part.hide()
        model.changed.connect(self.show_offers)
        model.ready.connect(self.show_made)
        model.written.connect(self._written)
        model.trouble.connect(self._failed)
        self._built = True

    def _make_card(self, look: Look) -> Card:
        card = Card(margins=16, space=8)
        self.head = Said("", "strong", wraps=True)
        as_in_file(self.head)
        card.inside.addWidget(self.head)
        self.made_rows = MadeTable()
        self.made = PaperTable(look, self.made_rows, {}, 0)
        as_in_file(self.made)
        self.made.setObjectName("table.made")
        self.made.setAccessibleName(tr("Xem trước bảng"))
        self.made.keep_rows(5)
        card.inside.addWidget(self.made, 1)
        row = QHBoxLayout()
        self.count = Said("", "caption", wraps=True)
        self.xlsx = button("export_xlsx", tr("Lưu bảng tính .xlsx…  X"))
        self.xlsx.clicked.connect(self.ask_xlsx)
        self.csv = button("export_csv", tr("Lưu .csv…  C"))
        self.csv.clicked.connect(self.ask_csv)
        row.addWidget(self.count, 1)
        row.addWidget(self.xlsx)
        row.addWidget(self.csv)
        card.inside.addLayout(row)
        return card

    @Slot()
    def show_offers(self) -> None:
        """Write the list of what may leave; the caret goes to it."""
        if not self.isVisible():
            return
        there, place = bool(self._model.offers), max(0, self.table.currentIndex().row())
        self.rows.show(self._model.offers)
        self.table.setVisible(there)
        self.table.setCurrentIndex(self.rows.index(min(place, len(self._model.offers) - 1), 0))
        if there:
            self.state.plain("")
        else:
            self.state.say(
                Status.QUIET, tr("Vai trò của chị/anh không xuất số liệu hay danh sách. Chị/anh nhờ phụ trách vùng.")
            )
        self.state.setVisible(not there)
        self._take_keys()

    def _take_keys(self) -> None:
        if self.table.isVisibleTo(self):
            self.table.setFocus()
        else:
            self.setFocus()

    @Slot(int)
    def _entered(self, row: int) -> None:
        if 0 <= row < len(self.rows.rows):
            self._say(Status.MOVING, tr("Đang làm bảng…"))
            self._model.make(self.rows.rows[row])

    @Slot()
    def show_made(self) -> None:
        """The table as it will stand in the file; the way to save it has the keys."""
        made = self._model.made
        if made is None or not self.isVisible():
            return
        self.state.hide()
        self.table.hide()
        self.head.setText(made.title)
        self.made_rows.show(made)
        words = tr("{count} dòng.") if len(made.rows) <= SEEN else tr("Xem trước {seen} dòng đầu trong {count} dòng.")
        self.count.setText(words.format(count=len(made.rows), seen=SEEN))
        self.card.show()
        self.xlsx.setFocus()

    @Slot()
    def ask_xlsx(self) -> None:
        """Ask where a spreadsheet goes."""
        self._ask("xlsx", tr("Bảng tính"))

    @Slot()
    def ask_csv(self) -> None:
        """Ask where a table as text goes."""
        self._ask("csv", tr("Bảng dạng chữ"))

    def _ask(self, ending: str, kind: str) -> None:
        if self._model.of is not None:
            dialog = SaveAs(self, tr("Lưu bảng không mã hoá vào"), self._model.of.name, ending, kind)
            dialog.fileSelected.connect(self._model.write)
            dialog.open()

    @Slot()
    def _written(self) -> None:
        self._say(Status.WAITING, tr("Đã ghi tệp không mã hoá: nhớ xoá sau khi dùng"))

    @Slot(object)
    def _failed(self, fault: object) -> None:
        self._say(Status.URGENT, advice_of(fault))

    def _say(self, status: Status, words: str) -> None:
        self.state.say(status, words)
        self.state.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """X and C save what was made; Esc goes from it to the list, then away."""
        made = self.card.isVisibleTo(self)
        if made and event.key() == Qt.Key.Key_X and not event.modifiers():
            self.ask_xlsx()
        elif made and event.key() == Qt.Key.Key_C and not event.modifiers():
            self.ask_csv()
        elif event.key() != Qt.Key.Key_Escape:
            event.ignore()
        elif made:
            self._put_away()
            self.show_offers()
        else:
            self.asked_to_go.emit()

    def _put_away(self) -> None:
        self.card.hide()
        self.made_rows.show(EMPTY)
        self.head.setText("")
        self.count.setText("")

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing of it stays."""
        super().hideEvent(event)
        if self._built:
            self._put_away()
            self.table.hide()
            self.rows.show(())
            self.state.plain("")
            self.state.hide()
            self._model.forget()


class ExportsKeys(QObject):
    """Lays the sheet over the window, then asks what the person may take out."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        lane = window.desk.lane
        self.model = ExportsModel(lane, window.desk.aside, lane.clock)
        self.sheet = ExportsSheet(window.ground, window.look, self.model)
        self.sheet.asked_to_go.connect(self._go)

    def begin(self) -> None:
        """Ctrl+Shift+S."""
        self._window.covering.lay_over(self.sheet)
        self.model.refresh()

    @Slot()
    def _go(self) -> None:
        self._window.covering.uncover()
