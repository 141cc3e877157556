"""A shift leader lets a new desk in: hears its eight words over the phone and types them here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGridLayout

from desktop.ui.forms.boxes import LineBox
from desktop.ui.intake.sheet import advice_of
from desktop.ui.signin.aside import Aside
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said, button
from desktop.ui.words import tr
from domain.spoken import COUNT, plain
from sync.door import Approved
from sync.troubles import Offline

Approve = Callable[[str, str, str], Approved]
"""(staff id, seat, words as heard) to the desk that was let in; raises sync.troubles."""


class NewcomerCard(Card):
    """One line. Whether the words are those of the desk that waits, the centre says; `approve` is None without a
    road."""

    def __init__(self, approve: Approve | None, staff: str) -> None:
        super().__init__(margins=24, space=8)
        self._approve, self._staff = approve, staff
        self._asking = Aside()
        self._asking.done.connect(self._let_in)
        self._asking.failed.connect(self._refused)
        self.inside.addWidget(Said(tr("Duyệt máy mới"), "section"))
        self.seat, self.words = LineBox(), LineBox()
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(3, 1)
        rows = (
            ("new_seat", self.seat, tr("Ghế"), tr("ví dụ AG05")),
            ("heard_words", self.words, tr("Tám từ"), tr("gõ không dấu cũng được")),
        )
        for place, (name, box, label, hint) in enumerate(rows):
            box.setObjectName(f"field.{name}")
            box.setAccessibleName(label)
            box.setPlaceholderText(hint)
            grid.addWidget(Said(label), 0, 2 * place)
            grid.addWidget(box, 0, 2 * place + 1)
        self.let_in = button("let_in", tr("Duyệt máy"), "main")
        self.let_in.clicked.connect(self.ask)
        grid.addWidget(self.let_in, 0, 4)
        self.inside.addLayout(grid)
        self.state = Mark(Status.QUIET, _first(), wraps=True)
        self.inside.addWidget(self.state)

    def clear(self) -> None:
        """Empty, for the next time."""
        self.seat.clear()
        self.words.clear()
        self.state.say(Status.QUIET, _first())

    @Slot()
    def ask(self) -> None:
        """Send what was heard to the centre."""
        seat, words = self.seat.whole_text().upper(), self.words.whole_text()
        if not seat or not plain(words):
            self.state.say(Status.WAITING, tr("Chị/anh nhập mã ghế và tám từ nghe được."))
            return
        if self._approve is None:
            self.state.say(Status.URGENT, advice_of(Offline()))
            return
        self.let_in.setEnabled(False)
        self.state.say(Status.MOVING, tr("Đang hỏi trung tâm…"))
        self._asking.run(partial(self._approve, self._staff, seat, words))

    @Slot(object)
    def _let_in(self, found: Approved) -> None:
        self.let_in.setEnabled(True)
        self.words.clear()
        words = tr("Đã duyệt máy ở ghế {seat}: máy đó bắt đầu đồng bộ ngay.")
        self.state.say(Status.GOOD, words.format(seat=found.seat))

    @Slot(object)
    def _refused(self, fault: object) -> None:
        self.let_in.setEnabled(True)
        self.state.say(Status.URGENT, advice_of(fault))
        self.words.setFocus()

    def stop(self) -> None:
        """The window closes: let what runs come to its end."""
        self._asking.wait()


def _first() -> str:
    words = tr("Nghe người ở máy mới đọc {count} từ qua điện thoại rồi gõ lại (cần mạng). Sai thì không duyệt.")
    return words.format(count=COUNT)
