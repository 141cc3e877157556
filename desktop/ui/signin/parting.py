"""What a revoked desk shows: that its last words are leaving, then that nothing of it is left here."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.store.parting import Gone
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said, button
from desktop.ui.words import tr, when_text


def said_of(gone: Gone, now_ms: int) -> str:
    """The one sentence about a desk that was wiped."""
    words = tr("Máy này đã được trung tâm thu hồi ({when}); dữ liệu trên máy đã xóa, không mất gì đã ghi.")
    if gone.volumes:
        words += " " + tr("Còn {count} tập niêm phong trong thư mục parting: giao cho trung tâm để nhận.").format(
            count=gone.volumes
        )
    return words.format(when=when_text(gone.since, now_ms))


class PartingWindow(QWidget):
    """In place of every other window; Enter or Esc closes it once all is done."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("parting")
        self.setWindowTitle(tr("Trạm 111"))
        self.resize(1024, 640)
        self._done = False
        card = Card(margins=32, space=12)
        card.setFixedWidth(560)
        card.inside.addWidget(Said(tr("Máy này đã được thu hồi"), "title", wraps=True))
        self.state = Mark(
            Status.MOVING,
            tr("Đang gửi nốt những gì chưa gửi về trung tâm. Chị/anh đừng tắt máy; có ca gấp thì dùng máy khác."),
            wraps=True,
        )
        self.state.setMinimumHeight(96)  # room for the longest sentence: the card stands still when the words change
        card.inside.addWidget(self.state)
        self.leave = button("close_parting", tr("Đóng  Enter"), "main")
        self.leave.setEnabled(False)
        self.leave.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.leave)
        card.inside.addLayout(foot)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(card)
        row.addStretch(1)
        whole = QVBoxLayout(self)
        whole.addStretch(1)
        whole.addLayout(row)
        whole.addStretch(2)

    def say(self, words: str) -> None:
        """Something stands in the way; it is tried again."""
        self.state.say(Status.WAITING, words)

    def done(self, gone: Gone, now_ms: int) -> None:
        """Everything is gone."""
        self._done = True
        self.state.say(Status.GOOD, said_of(gone, now_ms))
        self.leave.setEnabled(True)
        self.leave.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Esc close it, once all is done."""
        if self._done and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.close()
            return
        super().keyPressEvent(event)
