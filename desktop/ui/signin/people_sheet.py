"""The people of this desk, laid over the window: a colleague let in by a one-time code, a passphrase changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from desktop.operations import drafts
from desktop.store.people import CODE_MS, Invited
from desktop.ui.forms.boxes import LineBox
from desktop.ui.intake.sheet import advice_of
from desktop.ui.signin.aside import Aside
from desktop.ui.signin.leaver_card import LeaverCard
from desktop.ui.signin.newcomer_card import NewcomerCard
from desktop.ui.signin.passphrase import new_words_fault
from desktop.ui.signin.tiles import Tiles
from desktop.ui.theme.look import Look
from desktop.ui.theme.measure import NARROW
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.covers import WorkCover
from desktop.ui.widgets.said import Card, Mark, Said, button, has_caret
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.words import tr, when_text

if TYPE_CHECKING:
    from desktop.ui.desk import DeskWires



class PeopleSheet(WorkCover):
    """Works without any server. Whoever gives a code or changes a passphrase proves with their own that it is them;
    a code is shown once and kept nowhere."""

    _built = False

    def __init__(self, parent: QWidget, look: Look, desk: DeskWires) -> None:
        super().__init__(parent, look)
        self.setObjectName("sheet.people")
        self.setAccessibleName(tr("Người ở máy này"))
        self._desk = desk
        self._invited: Invited | None = None
        self._inviting, self._changing = Aside(), Aside()
        self._inviting.done.connect(self._code_made)
        self._inviting.failed.connect(self._no_code)
        self._changing.done.connect(self._changed)
        self._changing.failed.connect(self._not_changed)
        inside = QWidget()
        page = QVBoxLayout(inside)
        page.setContentsMargins(32, 24, 32, 24)
        page.setSpacing(16)
        page.addWidget(Said(tr("Người ở máy này"), "title"))
        page.addWidget(Said(tr("Làm được cả khi không có đường truyền. Esc để trở lại đúng chỗ đang làm."), "muted"))
        self._cards = row = QHBoxLayout()
        row.setSpacing(16)
        self._letting_in, self._own = self._code_card(), self._own_card()
        row.addWidget(self._letting_in, 1)
        row.addWidget(self._own, 1)
        page.addLayout(row)
        self.newcomer = NewcomerCard(desk.approve_device, desk.people.staff)
        page.addWidget(self.newcomer)
        self.leaver = LeaverCard(desk)
        self.leaver.gone.connect(self._somebody_went)
        page.addWidget(self.leaver)
        page.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(inside))
        self._built = True

    # The two cards -----------------------------------------------------------------------------------------

    def _code_card(self) -> Card:
        card = Card(margins=24, space=12)
        title = tr("Thêm đồng nghiệp, hoặc cấp mã cho người quên mật khẩu")
        card.inside.addWidget(Said(title, "section", wraps=True))
        self.tiles = Tiles()
        self.tiles.chosen.connect(self._tile_chosen)
        card.inside.addWidget(self.tiles)
        self.staff = _box("invited", tr("Tên đăng nhập"))
        self.initials = _box("initials", tr("Chữ viết tắt"), hint=tr("ví dụ N.T.H"))
        self.proof = _box("proof", tr("Mật khẩu của chị/anh"), secret=True)
        card.inside.addLayout(_grid([self.staff, self.initials, self.proof]))
        self.code_state = Mark(Status.QUIET, tr("Mã chỉ hiện một lần: đọc cho đồng nghiệp nghe."), wraps=True)
        card.inside.addWidget(self.code_state)
        self.code = Said("", "title")
        self.code.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.code.hide()
        card.inside.addWidget(self.code)
        self.give = button("give_code", tr("Cấp mã dùng một lần"), "main")
        self.give.clicked.connect(self.give_code)
        card.inside.addLayout(_foot(self.give))
        card.inside.addStretch(1)
        return card

    def _own_card(self) -> Card:
        card = Card(margins=24, space=12)
        card.inside.addWidget(Said(tr("Đổi mật khẩu của tôi"), "section"))
        self.old = _box("old_passphrase", tr("Mật khẩu đang dùng"), secret=True)
        self.new = _box("changed_passphrase", tr("Mật khẩu mới"), secret=True, hint=tr("từ 8 ký tự"))
        self.again = _box("changed_again", tr("Nhập lại mật khẩu mới"), secret=True)
        card.inside.addLayout(_grid([self.old, self.new, self.again]))
        words = tr("Bản nháp và ca đang mở giữ nguyên. Chỉ đổi ở máy này.")
        self.own_state = Mark(Status.QUIET, words, wraps=True)
        card.inside.addWidget(self.own_state)
        self.put = button("change_passphrase", tr("Đổi mật khẩu"), "main")
        self.put.clicked.connect(self.change)
        card.inside.addLayout(_foot(self.put))
        card.inside.addStretch(1)
        return card

    def cover(self) -> None:
        """Lay it over everything, empty; the cards one below the other where boxes beside them would be too short."""
        narrow = self._under.width() < NARROW * self._look.zoom
        down, across = QHBoxLayout.Direction.TopToBottom, QHBoxLayout.Direction.LeftToRight
        self._cards.setDirection(down if narrow else across)
        for box in (self.staff, self.initials, self.proof, self.old, self.new, self.again):
            box.clear()
        self.newcomer.clear()
        self.leaver.clear()
        self.forget_code()
        self.own_state.say(Status.QUIET, tr("Bản nháp và ca đang mở giữ nguyên. Chỉ đổi ở máy này."))
        self.tiles.show_people(self._desk.people.tiles())
        super().cover()
        self.staff.setFocus()

    def forget_code(self) -> None:
        """The code is kept nowhere, not even in this window."""
        self._invited = None
        self.code.setText("")
        self.code.hide()
        self.code_state.say(Status.QUIET, tr("Mã chỉ hiện một lần: đọc cho đồng nghiệp nghe."))

    @Slot()
    def _somebody_went(self) -> None:
        self.tiles.show_people(self._desk.people.tiles())

    # A code ------------------------------------------------------------------------------------------------

    @Slot(str)
    def _tile_chosen(self, staff: str) -> None:
        self.staff.setText(staff)
        tile = next(one for one in self._desk.people.tiles() if one.staff == staff)
        self.initials.setText(tile.initials)
        self.proof.setFocus()

    @Slot()
    def give_code(self) -> None:
        """Make a one-time code for the person named."""
        staff, words = self.staff.whole_text(), self.proof.text()
        self.forget_code()
        if not staff or not words:
            lacking = tr("Chị/anh nhập tên đăng nhập của đồng nghiệp và mật khẩu của mình.")
            self.code_state.say(Status.WAITING, lacking)
            return
        if staff == self._desk.people.staff:
            self.code_state.say(Status.WAITING, tr("Mật khẩu của chính mình thì đổi ở ô bên cạnh."))
            return
        self.proof.clear()
        self.give.setEnabled(False)
        self.code_state.say(Status.MOVING, tr("Đang tạo mã…"))
        self._inviting.run(partial(self._invite, staff, self.initials.whole_text(), words))

    def _invite(self, staff: str, initials: str, words: str) -> Invited:
        now_ms = self._desk.lane.clock.now_ms()
        self._desk.people.confirm(self._desk.home, words, now_ms)
        return self._desk.people.invite(staff, initials, now_ms)

    @Slot(object)
    def _code_made(self, invited: Invited) -> None:
        self.give.setEnabled(True)
        self._invited = invited
        if invited.recovery is not None:  # what they had begun before opens to their new key
            again = drafts.give_back(invited.staff, invited.public, invited.recovery)
            self._desk.lane.submit(again, None, self._not_given_back, initiator="people")
        now_ms = self._desk.lane.clock.now_ms()
        words = tr("Mã của {staff}, dùng được tới {when}. Đọc cho đồng nghiệp rồi bấm Esc.")
        self.code_state.say(
            Status.GOOD, words.format(staff=invited.staff, when=when_text(now_ms + CODE_MS, now_ms))
        )
        self.code.setText(invited.code)
        self.code.show()
        self.tiles.show_people(self._desk.people.tiles())

    @Slot(object)
    def _no_code(self, fault: object) -> None:
        self.give.setEnabled(True)
        self.code_state.say(Status.URGENT, advice_of(fault))
        self.proof.setFocus()

    def _not_given_back(self, fault: Exception) -> None:
        self.code_state.say(Status.URGENT, advice_of(fault))

    # A passphrase ------------------------------------------------------------------------------------------

    @Slot()
    def change(self) -> None:
        """Another passphrase for whoever is signed in."""
        fault = new_words_fault(self.new.text(), self.again.text())
        if not self.old.text():
            fault = tr("Chị/anh nhập mật khẩu đang dùng.")
        if fault:
            self.own_state.say(Status.WAITING, fault)
            return
        self.put.setEnabled(False)
        self.own_state.say(Status.MOVING, tr("Đang đổi mật khẩu…"))
        self._changing.run(partial(self._change, self.old.text(), self.new.text()))

    def _change(self, old: str, new: str) -> None:
        self._desk.people.confirm(self._desk.home, old, self._desk.lane.clock.now_ms())
        self._desk.people.change(new)

    @Slot(object)
    def _changed(self, _nothing: Any) -> None:
        self.put.setEnabled(True)
        for box in (self.old, self.new, self.again):
            box.clear()
        self.own_state.say(Status.GOOD, tr("Đã đổi. Từ lần vào ca sau chị/anh dùng mật khẩu mới."))

    @Slot(object)
    def _not_changed(self, fault: object) -> None:
        self.put.setEnabled(True)
        self.own_state.say(Status.URGENT, advice_of(fault))
        self.old.setFocus()

    # Keys --------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """The window closes: let what runs come to its end."""
        self._inviting.wait()
        self._changing.wait()
        self.newcomer.stop()
        self.leaver.stop()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing secret stays in the boxes."""
        super().hideEvent(event)
        if not self._built:  # every cover is hidden once while it is made
            return
        self.forget_code()
        for box in (self.proof, self.old, self.new, self.again, self.leaver.proof):
            box.clear()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back; Enter does what the card with the caret is for."""
        if event.key() == Qt.Key.Key_Escape:
            self.asked_to_go.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if has_caret(self.newcomer):
                self.newcomer.ask()
            elif has_caret(self.leaver):
                self.leaver.ask()
            else:
                (self.change if has_caret(self._own) else self.give_code)()


def _box(name: str, label: str, *, secret: bool = False, hint: str = "") -> LineBox:
    box = LineBox()
    box.setObjectName(f"field.{name}")
    box.setAccessibleName(label)
    box.setPlaceholderText(hint)
    if secret:
        box.setEchoMode(QLineEdit.EchoMode.Password)
    return box


def _grid(boxes: list[LineBox]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(8)
    grid.setColumnStretch(1, 1)
    for place, box in enumerate(boxes):
        grid.addWidget(Said(box.accessibleName()), place, 0)
        grid.addWidget(box, place, 1)
    return grid


def _foot(one: QPushButton) -> QHBoxLayout:
    foot = QHBoxLayout()
    foot.addStretch(1)
    foot.addWidget(one)
    return foot
