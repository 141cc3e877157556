"""Asking for a file that is not at this desk: its code, a reason, own words; open for an hour, told to its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout

from desktop.background.aside import AsideLane
from desktop.ui.forms.boxes import LineBox
from desktop.ui.forms.choice import ChoiceRow
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said, button
from desktop.ui.words import clock_text, tr
from domain.codes.catalogue import Catalogue
from domain.rules.emergency import MOST_WORDS, REASONS, missing, plain
from sync.door import EmergencyGiven
from sync.troubles import Trouble

Ask = Callable[[str, str, str, str], EmergencyGiven]
"""From (code of the file, staff, reason, words) to what the centre gave. Raises sync.troubles."""


class EmergencyModel(QObject):
    """Asks the centre on the aside lane; one question at a time. `given` carries code and answer."""

    given = Signal(str, object)
    changed = Signal()

    def __init__(self, aside: AsideLane, ask: Ask | None, staff: str) -> None:
        super().__init__()
        self._aside, self._ask, self._staff = aside, ask, staff
        self.busy = False
        self.status, self.words = Status.QUIET, ""
        self._code = ""

    def ask(self, code: str, why: str, words: str) -> None:
        """Ask; what is missing is said in one sentence and nothing is sent."""
        if self.busy:
            return
        left = missing(words)
        if not code.strip():
            self._say(Status.WAITING, tr("Chị/anh ghi mã hồ sơ hoặc mã ca cần xem."))
        elif not why:
            self._say(Status.WAITING, tr("Chị/anh chọn lý do (phím số)."))
        elif left:
            self._say(Status.WAITING, tr("Chị/anh viết rõ thêm vì sao, còn {count} ký tự.").format(count=left))
        elif self._ask is None:
            self._say(Status.WAITING, tr("Máy này không nối với trung tâm: hãy gọi điện cho trung tâm giữ hồ sơ."))
        else:
            self.busy, self._code = True, code.strip()
            self._say(Status.MOVING, tr("Đang hỏi trung tâm…"))
            work = partial(self._ask, code.strip(), self._staff, why, plain(words))
            self._aside.submit(work, self._done, self._failed)

    def _done(self, given: EmergencyGiven) -> None:
        self.busy = False
        words = tr("Được xem đến {time}. Hồ sơ đang về máy; khi tới sẽ hiện trong danh sách, bấm Enter để mở.")
        self._say(Status.GOOD, words.format(time=clock_text(given.until)))
        self.given.emit(self._code, given)

    def _failed(self, fault: Exception) -> None:
        self.busy = False
        advice = fault.advice if isinstance(fault, Trouble) else ""
        self._say(Status.URGENT, advice or tr("Chưa hỏi được. Chị/anh thử lại; nếu vẫn lỗi thì báo kỹ thuật."))

    def _say(self, status: Status, words: str) -> None:
        self.status, self.words = status, words
        self.changed.emit()


class EmergencyCard(Card):
    """The small form: Tab from box to box, digits choose the reason, Ctrl+Enter asks, Esc puts it away."""

    def __init__(self, model: EmergencyModel, catalogue: Catalogue) -> None:
        super().__init__(margins=16, space=8)
        self.setObjectName("card.emergency")
        self.model = model
        self.inside.addWidget(Said(tr("Xem khẩn cấp hồ sơ không ở máy này"), "section"))
        told = tr(
            "Mở trong 60 phút rồi máy tự xóa. Trung tâm giữ hồ sơ thấy ai đã xem, lúc nào và vì sao; "
            "mỗi lần xem đều được rà soát."
        )
        self.inside.addWidget(Said(told, "muted", wraps=True))
        self.code = LineBox()
        self.code.setObjectName("field.emergency.code")
        self.code.setPlaceholderText(tr("Ví dụ AG03-261123-0422"))
        options = [(one.code, catalogue[REASONS].label(one.code)) for one in catalogue[REASONS].codes]
        self.why = ChoiceRow("emergency.why", options, tr("Lý do"))
        self.words = LineBox()
        self.words.setObjectName("field.emergency.words")
        self.words.setMaxLength(MOST_WORDS)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        parts = ((tr("Mã hồ sơ hoặc mã ca"), self.code), (tr("Lý do"), self.why), (tr("Vì sao cần ngay"), self.words))
        for row, (label, part) in enumerate(parts):
            said = Said(label)
            said.setBuddy(part)
            part.setAccessibleName(label)
            grid.addWidget(said, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(part, row, 1)
        self.inside.addLayout(grid)
        self.state = Mark(Status.QUIET, "", wraps=True)
        self.send = button("ask_emergency", tr("Xin xem 60 phút  Ctrl+Enter"), "main")
        bottom = QHBoxLayout()
        bottom.addWidget(self.state, 1)
        bottom.addWidget(self.send, 0, Qt.AlignmentFlag.AlignTop)
        self.inside.addLayout(bottom)
        self.send.clicked.connect(self.ask)
        self.words.typed.connect(self._count)
        model.changed.connect(self._show)
        model.given.connect(self._given)
        self._count()
        self.hide()

    def begin(self, code: str) -> None:
        """Show it with what was looked for, the caret where something is missing."""
        self.show()
        if code and not self.code.whole_text():
            self.code.setText(code)
        (self.why if self.code.whole_text() else self.code).setFocus()

    @Slot()
    def ask(self) -> None:
        """Ctrl+Enter, or the button."""
        self.model.ask(self.code.whole_text(), self.why.value() or "", self.words.whole_text())

    @Slot()
    def _count(self) -> None:
        left = missing(self.words.whole_text())
        if self.model.busy:
            return
        words = tr("Còn thiếu {count} ký tự.").format(count=left) if left else tr("Đủ để hỏi trung tâm.")
        self.state.say(Status.QUIET, words)

    @Slot()
    def _show(self) -> None:
        self.send.setEnabled(not self.model.busy)
        self.state.say(self.model.status, self.model.words)

    @Slot(str, object)
    def _given(self, _code: str, _given: EmergencyGiven) -> None:
        self.code.clear()
        self.words.clear()
        self.why.put(None)
