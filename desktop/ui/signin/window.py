"""The sign-in window: a passphrase opens the desk; on the first run a one-time code enrols it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from desktop.home import Home
from desktop.store.copies import copies
from desktop.store.keys import KeySlots, Tile
from desktop.store.troubles import Damaged, NotEnrolled, WrongKey
from desktop.ui.actions import desk_actions
from desktop.ui.forms.boxes import LineBox
from desktop.ui.intake.sheet import advice_of
from desktop.ui.manual.page import ManualPage
from desktop.ui.signin.aside import Aside
from desktop.ui.signin.first_run import FirstRun, Greet, Register
from desktop.ui.signin.first_steps import box, grid
from desktop.ui.signin.passphrase import new_words_fault
from desktop.ui.signin.tiles import Tiles
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said, button, last_focus
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.words import tr, when_text
from desktop.wall_clock import WallClock
from sync.troubles import Trouble

Unlock = Callable[[str, str], Any]
"""From staff and passphrase the unlocked desk; takes a third of a second by design, raises troubles."""
SIGN_IN, FIRST, OWN_WORDS = range(3)
"""The pages: come in, register this machine, choose a passphrase after a one-time code."""
CHAPTERS = {SIGN_IN: "signin", FIRST: "signin.first_run", OWN_WORDS: "signin.own_passphrase"}
"""What the manual (`contents.csv`) calls them."""


class SignInWindow(QWidget):
    """`unlocked` carries what `unlock` gave; `greet` asks who answers at the address a new desk is given.
    Nothing of the passphrase stays in the boxes afterwards."""

    unlocked = Signal(object)

    def __init__(
        self,
        home: Home,
        unlock: Unlock,
        enrol: Register,
        look: Look | None = None,
        restore: Unlock | None = None,
        greet: Greet | None = None,
    ) -> None:
        super().__init__()
        app = QApplication.instance()
        assert isinstance(app, QApplication), "a window needs an application"
        self.look = look or Look(app)
        self.setObjectName("signin")
        self.setWindowTitle(tr("Trạm 111"))
        self._unlock, self._restore, self._home = unlock, restore, home
        self._aside = Aside()
        self._aside.done.connect(self._done)
        self._aside.failed.connect(self._failed)
        self._staff, self._words = "", ""
        self._with_code: Any = None
        self.pages = QStackedWidget()
        self.pages.setFixedWidth(round(560 * self.look.zoom))
        self.first = FirstRun(home, enrol, unlock, greet)
        self.first.opened.connect(self._done)
        self.pages.addWidget(self._sign_in_page())
        self.pages.addWidget(self.first)
        self.pages.addWidget(self._own_words_page())
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.pages)
        row.addStretch(1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.addStretch(1)
        column.addLayout(row)
        hint = Said(tr("F1: hướng dẫn"), "muted")
        column.addSpacing(12)
        column.addWidget(hint, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        self.faces = QStackedWidget()
        self.faces.addWidget(Scrolled(inside))  # at 200 % the longest step is higher than a small screen
        self.manual: ManualPage | None = None
        self._caret: QWidget | None = None
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.faces)
        high = min(round(640 * max(1.0, self.look.zoom)), self.screen().availableGeometry().height())
        self.resize(max(1024, self.minimumSizeHint().width()), high)
        lived = home.slots.exists() and home.db.exists() and not home.begun.exists()
        self.pages.setCurrentIndex(SIGN_IN if lived or copies(home.backups) else FIRST)
        self.tiles.show_people(_people_of(home))
        if self.pages.currentIndex() == FIRST:
            self.first.focus()

    def _page(self, title: str, words: str, rows: list[tuple[str, LineBox]], mark: Mark, go: QWidget) -> Card:
        card = Card(margins=32, space=12)
        card.inside.addWidget(Said(title, "title"))
        card.inside.addWidget(Said(words, "muted", wraps=True))
        card.inside.addLayout(grid([(Said(label), line) for label, line in rows]))
        card.inside.addWidget(mark)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(go)
        card.inside.addLayout(foot)
        card.inside.addStretch(1)
        return card

    def _sign_in_page(self) -> QWidget:
        self.staff = box("staff", tr("Tên đăng nhập"))
        self.passphrase = box("passphrase", tr("Mật khẩu"), secret=True)
        self.state = Mark(Status.QUIET, tr("Không cần mạng để vào ca."), wraps=True)
        self.enter = button("sign_in", tr("Vào ca  Enter"), "main")
        self.enter.clicked.connect(self.sign_in)
        rows = [(tr("Tên đăng nhập"), self.staff), (tr("Mật khẩu"), self.passphrase)]
        words = tr("Tổng đài điện thoại quốc gia bảo vệ trẻ em")
        page = self._page(tr("Trạm 111"), words, rows, self.state, self.enter)
        self.tiles = Tiles()
        self.tiles.chosen.connect(self._tile_chosen)
        self.staff.textChanged.connect(self.tiles.mark)
        page.inside.insertWidget(2, self.tiles)
        self.recovering = button("restore", "", "quiet")
        self.recovering.clicked.connect(self.start_restoring)
        self.recovering.hide()
        page.inside.insertWidget(page.inside.count() - 1, self.recovering)
        return page

    def _own_words_page(self) -> QWidget:
        self.own = box("own_passphrase", tr("Mật khẩu mới"), secret=True, hint=tr("từ 8 ký tự"))
        self.own_again = box("own_passphrase_again", tr("Nhập lại mật khẩu"), secret=True)
        self.own_state = Mark(Status.QUIET, tr("Mã dùng một lần hết tác dụng khi có mật khẩu mới."), wraps=True)
        self.own_go = button("own_passphrase", tr("Vào ca  Enter"), "main")
        self.own_go.clicked.connect(self.choose_own_words)
        rows = [(tr("Mật khẩu mới"), self.own), (tr("Nhập lại mật khẩu"), self.own_again)]
        words = tr("Mã đúng. Chị/anh chọn mật khẩu của riêng mình: một câu ngắn dễ nhớ là tốt nhất.")
        return self._page(tr("Chọn mật khẩu"), words, rows, self.own_state, self.own_go)

    @Slot(str)
    def _tile_chosen(self, staff: str) -> None:
        self.staff.setText(staff)
        self.passphrase.clear()
        self.passphrase.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on, Esc goes a step of the first run back, F1 shows what is said of this page and goes again."""
        at = self.pages.currentIndex()
        reading = self.manual is not None and self.faces.currentWidget() is self.manual
        if event.key() == Qt.Key.Key_F1 or (reading and event.key() == Qt.Key.Key_Escape):
            (self._close_manual if reading else self._open_manual)()
            return
        if reading:
            super().keyPressEvent(event)
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            steps = {SIGN_IN: self.sign_in, FIRST: self.first.go_on, OWN_WORDS: self.choose_own_words}
            steps[at]()
            return
        if event.key() == Qt.Key.Key_Escape and at == FIRST:
            self.first.go_back()
            return
        super().keyPressEvent(event)

    def _open_manual(self) -> None:
        if self.manual is None:
            self.manual = ManualPage(desk_actions(), self.look)
            self.manual.left.connect(self._close_manual)
            self.faces.addWidget(self.manual)
        self._caret = last_focus(self)
        self.manual.show_chapter(self.manual.chapter_of(CHAPTERS[self.pages.currentIndex()]))
        self.faces.setCurrentWidget(self.manual)
        self.manual.focus()

    @Slot()
    def _close_manual(self) -> None:
        """What was typed still stands in its boxes, and the caret where it was."""
        self.faces.setCurrentIndex(0)
        if self._caret is not None and isValid(self._caret):
            self._caret.setFocus()

    @Slot()
    def sign_in(self) -> None:
        """Open the desk with what was typed."""
        staff, words = self.staff.whole_text(), self.passphrase.text()
        if not staff or not words:
            self.state.say(Status.WAITING, tr("Chị/anh nhập tên đăng nhập và mật khẩu."))
            return
        self._begin(staff, words, self.state)
        self._aside.run(self._open)

    def _begin(self, staff: str, words: str, mark: Mark) -> None:
        self._staff, self._words = staff, words
        self.enter.setEnabled(False)
        mark.say(Status.MOVING, tr("Đang mở kho dữ liệu đã mã hóa…"))

    @Slot()
    def start_restoring(self) -> None:
        """Go on from the newest sound backup, then open the desk. Asked for by a person, never done by itself."""
        staff, words = self.staff.whole_text(), self.passphrase.text()
        if not staff or not words:
            self.state.say(Status.WAITING, tr("Chị/anh nhập lại mật khẩu rồi bấm khôi phục."))
            self.passphrase.setFocus()
            return
        self._begin(staff, words, self.state)
        self.state.say(Status.MOVING, tr("Đang khôi phục từ bản sao lưu. Chị/anh đừng tắt máy…"))
        self._aside.run(self._recover)

    def _recover(self) -> Any:
        assert self._restore is not None, "the button is shown only where there is a way to restore"
        self._restore(self._staff, self._words)
        return self._unlock(self._staff, self._words)

    def _offer_restoring(self, fault: object) -> str:
        """Show the way back where the store is damaged and a backup lies here; the sentence that says so."""
        kept = copies(self._home.backups)
        damaged = isinstance(fault, Damaged | WrongKey)
        self.recovering.setVisible(bool(kept) and damaged and self._restore is not None)
        if self.recovering.isHidden():
            return ""
        when = when_text(kept[0].made_ms, self._clock_ms())
        self.recovering.setText(tr("Khôi phục từ bản sao lưu {when}").format(when=when))
        return tr(
            "Kho dữ liệu trên máy này bị hỏng, nhưng máy có bản sao lưu {when}. Chị/anh nhập lại mật khẩu rồi bấm "
            "nút khôi phục: tệp hỏng được giữ lại, những gì đã tới trung tâm sẽ tự về."
        ).format(when=when)

    @staticmethod
    def _clock_ms() -> int:
        return WallClock().now_ms()

    def _open(self) -> Any:
        return self._unlock(self._staff, self._words)

    @Slot()
    def choose_own_words(self) -> None:
        """After a one-time code: a passphrase of their own, before anything else."""
        fault = new_words_fault(self.own.text(), self.own_again.text())
        if fault:
            self.own_state.say(Status.WAITING, fault)
            return
        self._words = self.own.text()
        self.own_go.setEnabled(False)
        self.own_state.say(Status.MOVING, tr("Đang đổi mật khẩu…"))
        self._aside.run(self._change)

    def _change(self) -> Any:
        self._with_code.people.change(self._words)
        return replace(self._with_code, once=False)

    @Slot(object)
    def _done(self, ready: object) -> None:
        self._words = ""
        for line in (self.passphrase, self.own, self.own_again):
            line.clear()
        if getattr(ready, "once", False):
            self._with_code = ready
            self.pages.setCurrentIndex(OWN_WORDS)
            self.own.setFocus()
            return
        self._with_code = None
        self.unlocked.emit(ready)

    @Slot(object)
    def _failed(self, fault: object) -> None:
        self._words = ""
        self.enter.setEnabled(True)
        if isinstance(fault, NotEnrolled):  # its first run was cut off before this program kept how far it came
            self.pages.setCurrentIndex(FIRST)
            self.first.resume(self.staff.whole_text())
            return
        words = advice_of(fault)
        if not isinstance(fault, Trouble):
            words = tr("Chưa mở được. Chị/anh thử lại; nếu vẫn lỗi thì gọi bộ phận kỹ thuật.")
        words = self._offer_restoring(fault) or words
        self.own_go.setEnabled(True)
        own = self.pages.currentIndex() == OWN_WORDS
        (self.own_state if own else self.state).say(Status.URGENT, words)
        line = self.own if own else self.passphrase
        line.setFocus()
        line.selectAll()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Wait for a call that still runs, so that no thread outlives the window."""
        self._aside.wait()
        self.first.stop()
        if self._with_code is not None:  # nobody chose a passphrase: the code still opens, the store is shut again
            self._with_code.store.close()
            self._with_code = None
        super().closeEvent(event)


def _people_of(home: Home) -> tuple[Tile, ...]:
    try:
        return KeySlots(home.slots).people()
    except Trouble:  # a key file that cannot be read is said at sign-in, where a person can do something about it
        return ()
