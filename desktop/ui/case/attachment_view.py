"""One file of a dossier, shown inside the program: a picture or a text, gone from memory when it is closed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from desktop.store.blobs import AttachmentRow
from desktop.ui.case.attachments import size_text
from desktop.ui.widgets.said import Said, button
from desktop.ui.words import tr


class AttachmentView(QWidget):
    """Fills the dossier's place; Esc leads back. A picture is fitted to the width, never enlarged."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("view.attachment")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        top = QHBoxLayout()
        self.head = Said("", "title", wraps=True)
        self.close_button = button("close_attachment", tr("Đóng  Esc"))
        self.close_button.clicked.connect(self.put_away)
        top.addWidget(self.head, 1)
        top.addWidget(self.close_button)
        column.addLayout(top)
        self.what = Said("", "muted", wraps=True)
        column.addWidget(self.what)
        self._image = QImage()
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setAccessibleName(tr("Ảnh đính kèm"))
        self._scroll.setWidget(self._picture)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName(tr("Nội dung tệp"))
        self._kinds = QStackedWidget()
        self._kinds.addWidget(self._scroll)
        self._kinds.addWidget(self.text)
        column.addWidget(self._kinds, 1)

    def show_content(self, row: AttachmentRow, content: object) -> None:
        """Show a picture (QImage) or a text (str)."""
        self.head.setText(row.title)
        if isinstance(content, QImage):
            self._image = content
            self._fit()
            self._kinds.setCurrentWidget(self._scroll)
            self._scroll.setFocus()
            self.what.setText(
                tr("{size} · ảnh {width} × {height}").format(
                    size=size_text(row.size), width=content.width(), height=content.height()
                )
            )
        else:
            self.text.setPlainText(str(content))
            self._kinds.setCurrentWidget(self.text)
            self.text.setFocus()
            self.what.setText(size_text(row.size))

    @property
    def pixmap(self) -> QPixmap:
        """The picture as it is drawn."""
        return self._picture.pixmap()

    @Slot()
    def put_away(self) -> None:
        """Forget the content, also from memory as far as Qt lets go of it."""
        self.head.setText("")
        self.text.setPlainText("")
        self._image = QImage()
        self._picture.clear()
        self.closed.emit()

    def _fit(self) -> None:
        if self._image.isNull():
            return
        room = max(50, self._scroll.viewport().width() - 4)
        image = self._image
        if image.width() > room:
            image = image.scaledToWidth(room, Qt.TransformationMode.SmoothTransformation)
        self._picture.setPixmap(QPixmap.fromImage(image))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the picture anew."""
        super().resizeEvent(event)
        self._fit()
