"""The quiet list of a dossier's files: name, size, where each is; opened by keyboard, exported with a warning."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from desktop.store.blobs import AttachmentRow
from desktop.ui.case.attachments_model import AttachmentsModel
from desktop.ui.intake.sheet import advice_of
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.file_choice import FileChoice
from desktop.ui.widgets.glyph_cell import STATUS_ROLE
from desktop.ui.widgets.list_table import Index, ListTable
from desktop.ui.widgets.said import Card, Mark, Said, button
from desktop.ui.widgets.table import PaperTable
from desktop.ui.words import tr, when_text

MOST_ROWS = 5
"""Rows seen at once; more are scrolled."""

ENDINGS = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/bmp": ".bmp", "image/webp": ".webp",
    "application/pdf": ".pdf", "application/zip": ".zip", "audio/ogg": ".ogg", "audio/flac": ".flac",
    "audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/mp4": ".m4a", "video/mp4": ".mp4", "video/avi": ".avi",
    "text/plain": ".txt",
}  # fmt: skip
"""Ending of an exported file by the kind its bytes showed: the name it came with is not used outside (T9)."""


def size_text(count: int) -> str:
    """A size in words: "820 B", "14 KB", "3,2 MB"."""
    if count < 1_000:
        return tr("{count} B").format(count=count)
    if count < 1_000_000:
        return tr("{count} KB").format(count=round(count / 1_000))
    return tr("{count} MB").format(count=f"{count / 1_000_000:.1f}".replace(".", ","))


def where(row: AttachmentRow, percent: int | None) -> tuple[Status, str, str]:
    """Where a file is: in shape, in a word or two, and in a sentence."""
    if row.want == "up":
        if percent is None:
            return Status.WAITING, tr("Chờ gửi"), tr("chỉ ở máy này, chờ gửi về trung tâm")
        words = tr("đang gửi về trung tâm {percent}%").format(percent=percent)
        return Status.MOVING, tr("Gửi {percent}%").format(percent=percent), words
    if row.here:
        if row.centre_at is not None:
            return Status.GOOD, tr("Đã gửi") if row.ours else tr("Có sẵn"), tr("ở máy này và ở trung tâm")
        return Status.WAITING, tr("Có sẵn"), tr("ở máy này")
    if row.want == "down":
        if percent is None:
            return Status.WAITING, tr("Chờ lấy"), tr("chờ lấy từ trung tâm")
        words = tr("đang lấy từ trung tâm {percent}%").format(percent=percent)
        return Status.MOVING, tr("Lấy {percent}%").format(percent=percent), words
    return Status.QUIET, tr("Chưa lấy về"), tr("chưa lấy về máy này")


class AttachmentsTable(ListTable):
    """Columns: name, size, where it is."""

    def __init__(self, model: AttachmentsModel) -> None:
        super().__init__()
        self._model = model
        self._ids: list[str] = []
        self.rows: list[AttachmentRow] = []

    def show(self) -> None:
        """Take over what the model knows; the mark stays on its row while the rows are the same."""
        rows = list(self._model.rows)
        ids = [row.id for row in rows]
        if ids == self._ids:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, 2))
            return
        self.beginResetModel()
        self.rows, self._ids = rows, ids
        self.endResetModel()

    def heads(self) -> tuple[str, ...]:
        """Words above the columns."""
        return (tr("Tên tệp"), tr("Cỡ"), tr("Ở đâu"))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words and shapes."""
        if not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        status, words, _ = where(row, self._model.moving.get(row.blob))
        if role == STATUS_ROLE:
            return status if index.column() == 2 else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return (row.title or tr("(không tên)"), size_text(row.size), words)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            told = when_text(row.made_at, self._model.clock.now_ms())
            return tr("{title} · {staff} đính kèm {time}").format(title=row.title, staff=row.by, time=told)
        return None


class AttachmentsCard(Card):
    """The list with its three acts. `look_at` carries a file and what is to be shown of it."""

    look_at = Signal(object, object)

    def __init__(self, model: AttachmentsModel, look: Look) -> None:
        super().__init__(margins=16, space=8)
        self.model = model
        self._waiting_for = ""
        self._to_export: AttachmentRow | None = None
        self._dialog: QFileDialog | None = None
        top = QHBoxLayout()
        top.addWidget(Said(tr("Tệp đính kèm"), "section"), 1)
        self.add = button("attach_file", tr("Thêm tệp…"), tip=tr("Ctrl+Shift+A: đính kèm một tệp vào hồ sơ này"))
        self.add.clicked.connect(self.choose)
        top.addWidget(self.add)
        self.inside.addLayout(top)
        self.table_model = AttachmentsTable(model)
        self.table = PaperTable(look, self.table_model, {1: 76, 2: 122}, 0)
        self.table.setObjectName("table.attachments")
        self.table.setAccessibleName(tr("Tệp đính kèm"))
        self.table.entered_row.connect(self._open)
        self.table.selectionModel().currentChanged.connect(self._show_detail)
        self.inside.addWidget(self.table)
        self.detail = Said("", "muted", wraps=True)
        self.inside.addWidget(self.detail)
        row = QHBoxLayout()
        self.said = Mark(Status.QUIET, "", wraps=True)
        self.see = button("open_attachment", tr("Xem"))
        self.see.clicked.connect(self._open_current)
        self.out = button("export_attachment", tr("Xuất ra…"))
        self.out.clicked.connect(self._ask_export)
        row.addWidget(self.said, 1)
        row.addWidget(self.see)
        row.addWidget(self.out)
        self.inside.addLayout(row)
        self._warning = QWidget()
        warning = QVBoxLayout(self._warning)
        warning.setContentsMargins(0, 0, 0, 0)
        warning.addWidget(
            Mark(
                Status.URGENT,
                tr("Bản xuất ra không còn được mã hoá, ai mở máy này cũng đọc được. Chỉ xuất khi thật cần."),
                wraps=True,
            )
        )
        self.sure = button("export_sure", tr("Chọn chỗ lưu…"))
        self.sure.clicked.connect(self._export)
        self.rather_not = button("export_not", tr("Thôi"))
        self.rather_not.clicked.connect(self._no_export)
        answers = QHBoxLayout()
        answers.addStretch(1)
        answers.addWidget(self.sure)
        answers.addWidget(self.rather_not)
        warning.addLayout(answers)
        self.inside.addWidget(self._warning)
        self._warning.hide()
        model.changed.connect(self.show_rows)
        model.attached.connect(self._attached)
        model.opened.connect(self._opened)
        model.exported.connect(self._exported)
        model.trouble.connect(self._failed)
        self.show_rows()

    @Slot()
    def show_rows(self) -> None:
        """Write the list; without files only the way to add one is there."""
        self.table_model.show()
        count = len(self.table_model.rows)
        self.table.setVisible(bool(count))
        self.see.setVisible(bool(count))
        self.out.setVisible(bool(count))
        self.table.setFixedHeight(self.table.high(MOST_ROWS) + 4)
        self._show_detail()
        waited = next((row for row in self.table_model.rows if row.id == self._waiting_for and row.here), None)
        if waited is not None:
            self._waiting_for = ""
            self.said.say(Status.GOOD, tr("Đã lấy về: bấm Enter để xem"))

    @Slot()
    def _show_detail(self) -> None:
        """The chosen file's whole name and where it is, in a sentence: the table cuts what is long."""
        row = self._current()
        if row is not None:
            words = where(row, self.model.moving.get(row.blob))[2]
            self.detail.setText(tr("{title}: {where}").format(title=row.title, where=words))
        elif not self.table_model.rows:
            self.detail.setText(tr("Chưa có tệp nào."))
        self.detail.setVisible(row is not None or not self.table_model.rows)

    def forget(self) -> None:
        """Another dossier is open."""
        self._waiting_for = ""
        self._no_export()
        self.said.plain("")

    def _current(self) -> AttachmentRow | None:
        place = self.table.currentIndex().row()
        rows = self.table_model.rows
        if not 0 <= place < len(rows):
            return rows[0] if len(rows) == 1 else None
        return rows[place]

    # Adding ---------------------------------------------------------------------------------------------------

    @Slot()
    def choose(self) -> None:
        """Ask for a file; the window goes on living meanwhile."""
        if not self.model.ready:
            return
        self._dialog = FileChoice(self, tr("Chọn tệp để đính kèm"))
        self._dialog.setObjectName("dialog.attach")
        self._dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._dialog.fileSelected.connect(self.add_file)
        self._dialog.open()

    @Slot(str)
    def add_file(self, path: str) -> None:
        """Attach this file."""
        self.said.say(Status.MOVING, tr("Đang mã hoá và lưu tệp…"))
        self.model.attach(path)

    @Slot(bool)
    def _attached(self, new: bool) -> None:
        if new:
            self.said.say(Status.GOOD, tr("Đã lưu tệp trên máy này"))
        else:
            self.said.say(Status.QUIET, tr("Hồ sơ này đã có tệp đó"))

    # Looking --------------------------------------------------------------------------------------------------

    @Slot(int)
    def _open(self, place: int) -> None:
        if 0 <= place < len(self.table_model.rows):
            row = self.table_model.rows[place]
            self._waiting_for = "" if row.here else row.id
            self.said.say(Status.MOVING, tr("Đang mở…") if row.here else tr("Đang lấy từ trung tâm…"))
            self.model.open(row)

    @Slot()
    def _open_current(self) -> None:
        row = self._current()
        if row is not None:
            self._open(self.table_model.rows.index(row))
        else:
            self.said.say(Status.QUIET, tr("Chọn một tệp bằng phím mũi tên trước"))

    @Slot(object, object)
    def _opened(self, row: AttachmentRow, content: object) -> None:
        self.said.plain("")
        self.look_at.emit(row, content)

    # Exporting ------------------------------------------------------------------------------------------------

    @Slot()
    def _ask_export(self) -> None:
        self._to_export = self._current()
        if self._to_export is None:
            self.said.say(Status.QUIET, tr("Chọn một tệp bằng phím mũi tên trước"))
            return
        self._warning.show()
        self.rather_not.setFocus()

    @Slot()
    def _no_export(self) -> None:
        self._to_export = None
        self._warning.hide()

    @Slot()
    def _export(self) -> None:
        if self._to_export is None:
            return
        self._dialog = FileChoice(self, tr("Lưu bản không mã hoá vào"))
        self._dialog.setObjectName("dialog.export")
        self._dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self._dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._dialog.selectFile(f"tep-dinh-kem{ENDINGS.get(self._to_export.media_type, '')}")
        self._dialog.fileSelected.connect(self.export_to)
        self._dialog.open()

    @Slot(str)
    def export_to(self, target: str) -> None:
        """Write the chosen file there."""
        row = self._to_export
        self._no_export()
        if row is not None:
            self.said.say(Status.MOVING, tr("Đang xuất…"))
            self.model.export(row, target)

    @Slot()
    def _exported(self) -> None:
        self.said.say(Status.WAITING, tr("Đã xuất bản không mã hoá: nhớ xoá sau khi dùng"))

    @Slot(object)
    def _failed(self, fault: object) -> None:
        self.said.say(Status.URGENT, advice_of(fault))

    def back(self) -> bool:
        """Esc: out of the warning."""
        if self._warning.isVisible():
            self._no_export()
            self.table.setFocus()
            return True
        return False
