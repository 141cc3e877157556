"""A colleague opens this desk no more: chosen by name, proven with one's own passphrase."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit

from desktop.operations.people import let_go
from desktop.ui.forms.boxes import LineBox
from desktop.ui.intake.sheet import advice_of
from desktop.ui.signin.aside import Aside
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said, button
from desktop.ui.words import tr

if TYPE_CHECKING:
    from desktop.ui.desk import DeskWires


class LeaverCard(Card):
    """`gone` when somebody was taken off. What they wrote stays, whether it was sent or not."""

    gone = Signal()

    def __init__(self, desk: DeskWires) -> None:
        super().__init__(margins=24, space=8)
        self._desk = desk
        self._going = ""
        self._proving = Aside()
        self._proving.done.connect(self._proven)
        self._proving.failed.connect(self._refused)
        self.inside.addWidget(Said(tr("Cho một người thôi dùng máy này"), "section"))
        self.staff, self.proof = LineBox(), LineBox()
        self.proof.setEchoMode(QLineEdit.EchoMode.Password)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        rows = (
            ("leaver", self.staff, tr("Người thôi dùng máy")),
            ("leaver_proof", self.proof, tr("Mật khẩu để xác nhận")),
        )
        for place, (name, box, label) in enumerate(rows):
            box.setObjectName(f"field.{name}")
            box.setAccessibleName(label)
            grid.addWidget(Said(label), place, 0)
            grid.addWidget(box, place, 1)
        self.go = button("let_go", tr("Cho thôi dùng máy"))
        self.go.clicked.connect(self.ask)
        grid.addWidget(self.go, 1, 2)
        grid.setColumnStretch(1, 1)
        self.inside.addLayout(grid)
        self.state = Mark(Status.QUIET, _first(), wraps=True)
        self.inside.addWidget(self.state)

    def clear(self) -> None:
        """Empty, for the next time."""
        self.staff.clear()
        self.proof.clear()
        self.state.say(Status.QUIET, _first())

    @Slot()
    def ask(self) -> None:
        """Take the person named off this desk."""
        staff, words = self.staff.whole_text(), self.proof.text()
        if not staff or not words:
            lacking = tr("Chị/anh nhập tên đăng nhập của người thôi dùng máy và mật khẩu của mình.")
            self.state.say(Status.WAITING, lacking)
            return
        self.proof.clear()
        self.go.setEnabled(False)
        self._going = staff
        self._proving.run(self._prove(words))

    def _prove(self, words: str) -> Callable[[], None]:
        return partial(self._desk.people.confirm, self._desk.home, words, self._desk.lane.clock.now_ms())

    @Slot(object)
    def _proven(self, _nothing: Any) -> None:
        here = {tile.staff for tile in self._desk.people.tiles()}
        operation = let_go(self._going, here, self._desk.people.remove)
        self._desk.lane.submit(operation, self._went, self._refused, initiator="people")

    def _went(self, _nothing: Any) -> None:
        self.go.setEnabled(True)
        self.staff.clear()
        words = tr("{staff} không còn mở được máy này. Việc đã ghi, kể cả chưa gửi, vẫn nguyên trên máy.")
        self.state.say(Status.GOOD, words.format(staff=self._going))
        self.gone.emit()

    @Slot(object)
    def _refused(self, fault: object) -> None:
        self.go.setEnabled(True)
        self.state.say(Status.URGENT, advice_of(fault))
        self.proof.setFocus()

    def stop(self) -> None:
        """The window closes: let what runs come to its end."""
        self._proving.wait()


def _first() -> str:
    return tr("Việc đã ghi và bản nháp của người ấy vẫn nguyên. Thôi việc ở tổng đài thì báo trung tâm ghi lại.")
