"""What lies over everything while the desk is locked: a passphrase box, and no word of what is below."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop.ui.forms.boxes import LineBox
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import Cover
from desktop.ui.widgets.said import Card, Mark, Said, button
from desktop.ui.words import tr

_WIDTH: Final = 480
"""Of the card, at zoom 1 (pixels)."""


class LockCover(Cover):
    """`asked` carries a passphrase to try, `switching` asks for another person."""

    asked = Signal(str)
    switching = Signal()

    def __init__(self, parent: QWidget, look: Look, who: str) -> None:
        super().__init__(parent, look)
        self.setObjectName("cover.lock")
        self.setAccessibleName(tr("Máy đang khóa"))
        self._card = card = Card(margins=32, space=12)
        card.inside.addWidget(Said(tr("Máy đang khóa"), "title"))
        words = tr("{who}: nhập mật khẩu để làm tiếp đúng chỗ đang làm. Không có gì bị mất.")
        card.inside.addWidget(Said(words.format(who=who), "muted", wraps=True))
        self.passphrase = LineBox()
        self.passphrase.setObjectName("field.unlock")
        self.passphrase.setAccessibleName(tr("Mật khẩu"))
        self.passphrase.setPlaceholderText(tr("Mật khẩu"))
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        card.inside.addWidget(self.passphrase)
        self.state = Mark(Status.QUIET, tr("Cuộc gọi đến vẫn được ghi nhận."), wraps=True)
        card.inside.addWidget(self.state)
        self.ring = Mark(Status.WAITING, "", "strong", wraps=True)
        self.ring.hide()
        card.inside.addWidget(self.ring)
        self.go = button("unlock", tr("Mở khóa  Enter"), "main")
        self.go.clicked.connect(self._go)
        self.other = button("switch_person", tr("Đổi người  Ctrl+Shift+L"))
        self.other.clicked.connect(self.switching)
        foot = QHBoxLayout()
        foot.addWidget(self.other)
        foot.addStretch(1)
        foot.addWidget(self.go)
        card.inside.addLayout(foot)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(card)
        row.addStretch(1)
        whole = QVBoxLayout(self)
        whole.addStretch(1)
        whole.addLayout(row)
        whole.addStretch(2)
        look.worn.connect(self._fit)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        """As wide as its words at this size, and never wider than the window."""
        self._card.setFixedWidth(min(round(_WIDTH * self._look.zoom), self._under.width() - 32))

    def cover(self) -> None:
        """Lay it over everything; the caret stands in the box."""
        self.passphrase.clear()
        self.ring.hide()
        self.say(Status.QUIET, tr("Cuộc gọi đến vẫn được ghi nhận."))
        self._fit()
        super().cover()
        self.passphrase.setFocus()

    def say(self, status: Status, words: str) -> None:
        """What became of the try; the box can be typed in again."""
        self.state.say(status, words)
        self.go.setEnabled(True)

    def rang(self, when: str) -> None:
        """A call came: its row is made, its number stays hidden."""
        self.ring.say(Status.WAITING, tr("Có cuộc gọi lúc {time}: đã ghi nhận, số máy đang che.").format(time=when))
        self.ring.show()

    @Slot()
    def _go(self) -> None:
        words = self.passphrase.text()
        if not words:
            self.passphrase.setFocus()
            return
        self.passphrase.clear()
        self.go.setEnabled(False)
        self.state.say(Status.MOVING, tr("Đang kiểm tra mật khẩu…"))
        self.asked.emit(words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter tries; Ctrl+Shift+L is another person; nothing else leads back."""
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.go.isEnabled():
            self._go()
        elif event.key() == Qt.Key.Key_L and event.modifiers() == both:
            self.switching.emit()

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        """A click leads nowhere; the caret goes back into the box."""
        self.passphrase.setFocus()
