"""The sign-in window: a passphrase opens the desk; on the first run a one-time code enrols it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from desktop.home import Home
from desktop.store.copies import copies
from desktop.store.keys import KeySlots, Tile
from desktop.store.troubles import Damaged, WrongKey
from desktop.ui.forms.boxes import LineBox
from desktop.ui.intake.sheet import advice_of
from desktop.ui.signin.aside import Aside
from desktop.ui.signin.tiles import Tiles
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said, button
from desktop.ui.words import tr, when_text
from desktop.wall_clock import WallClock
from sync.troubles import Trouble

Unlock = Callable[[str, str], Any]
"""From staff and passphrase the unlocked desk; takes a third of a second by design, raises troubles."""
Enrol = Callable[[str, str, str, str], Any]
"""(server's address, one-time code, staff, passphrase); raises troubles."""
SHORTEST = 8
"""Characters a new passphrase has at least."""
SIGN_IN, FIRST, OWN_WORDS = range(3)
"""The pages: come in, register this machine, choose a passphrase after a one-time code."""


class SignInWindow(QWidget):
    """`unlocked` carries what `unlock` gave; `server` is the address a new desk is offered.
    Nothing of the passphrase stays in the boxes afterwards."""

    unlocked = Signal(object)

    def __init__(
        self,
        home: Home,
        unlock: Unlock,
        enrol: Enrol,
        look: Look | None = None,
        restore: Unlock | None = None,
        server: str = "",
    ) -> None:
        super().__init__()
        app = QApplication.instance()
        assert isinstance(app, QApplication), "a window needs an application"
        self.look = look or Look(app)
        self.setObjectName("signin")
        self.setWindowTitle(tr("Trạm 111"))
        self.resize(1024, 640)
        self._unlock, self._enrol, self._restore, self._home = unlock, enrol, restore, home
        self._aside = Aside()
        self._aside.done.connect(self._done)
        self._aside.failed.connect(self._failed)
        self._staff, self._words = "", ""
        self._with_code: Any = None
        self.pages = QStackedWidget()
        self.pages.setFixedWidth(round(560 * self.look.zoom))
        self.pages.addWidget(self._sign_in_page())
        self.pages.addWidget(self._first_page())
        self.pages.addWidget(self._own_words_page())
        self.server.setText(server)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.pages)
        row.addStretch(1)
        whole = QVBoxLayout(self)
        whole.addStretch(1)
        whole.addLayout(row)
        whole.addStretch(2)
        begun = home.slots.exists() and home.db.exists()
        self.pages.setCurrentIndex(SIGN_IN if begun or copies(home.backups) else FIRST)
        self.tiles.show_people(_people_of(home))

    def _box(self, name: str, label: str, *, secret: bool = False, hint: str = "") -> LineBox:
        box = LineBox()
        box.setObjectName(f"field.{name}")
        box.setAccessibleName(label)
        box.setPlaceholderText(hint)
        if secret:
            box.setEchoMode(QLineEdit.EchoMode.Password)
        return box

    def _page(self, title: str, words: str, rows: list[tuple[str, LineBox]], mark: Mark, go: QWidget) -> Card:
        card = Card(margins=32, space=12)
        card.inside.addWidget(Said(title, "title"))
        card.inside.addWidget(Said(words, "muted", wraps=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for place, (label, box) in enumerate(rows):
            grid.addWidget(Said(label), place, 0)
            grid.addWidget(box, place, 1)
        card.inside.addLayout(grid)
        card.inside.addWidget(mark)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(go)
        card.inside.addLayout(foot)
        card.inside.addStretch(1)
        return card

    def _sign_in_page(self) -> QWidget:
        self.staff = self._box("staff", tr("Tên đăng nhập"))
        self.passphrase = self._box("passphrase", tr("Mật khẩu"), secret=True)
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

    def _first_page(self) -> QWidget:
        self.server = self._box("server", tr("Địa chỉ máy chủ"), hint=tr("do bộ phận kỹ thuật cấp"))
        self.code = self._box("code", tr("Mã dùng một lần"))
        self.new_staff = self._box("new_staff", tr("Tên đăng nhập"))
        self.new_passphrase = self._box("new_passphrase", tr("Mật khẩu"), secret=True, hint=tr("từ 8 ký tự"))
        self.again = self._box("passphrase_again", tr("Nhập lại mật khẩu"), secret=True)
        self.first_state = Mark(Status.QUIET, tr("Chỉ làm một lần cho máy này."), wraps=True)
        self.enrol = button("enrol", tr("Đăng ký máy  Enter"), "main")
        self.enrol.clicked.connect(self.start_enrolling)
        rows = [
            (tr("Địa chỉ máy chủ"), self.server),
            (tr("Mã dùng một lần"), self.code),
            (tr("Tên đăng nhập"), self.new_staff),
            (tr("Mật khẩu"), self.new_passphrase),
            (tr("Nhập lại mật khẩu"), self.again),
        ]
        words = tr("Lần đầu mở trên máy này: đăng ký máy với trung tâm.")
        return self._page(tr("Trạm 111"), words, rows, self.first_state, self.enrol)

    def _own_words_page(self) -> QWidget:
        self.own = self._box("own_passphrase", tr("Mật khẩu mới"), secret=True, hint=tr("từ 8 ký tự"))
        self.own_again = self._box("own_passphrase_again", tr("Nhập lại mật khẩu"), secret=True)
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
        """Enter goes on."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            steps = {SIGN_IN: self.sign_in, FIRST: self.start_enrolling, OWN_WORDS: self.choose_own_words}
            steps[self.pages.currentIndex()]()
            return
        super().keyPressEvent(event)

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
        self.enrol.setEnabled(False)
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
    def start_enrolling(self) -> None:
        """Register this desk, then open it."""
        address, code = self.server.whole_text(), self.code.whole_text()
        staff, words = self.new_staff.whole_text(), self.new_passphrase.text()
        fault = new_words_fault(words, self.again.text())
        if not address or not code or not staff:
            fault = tr("Chị/anh điền đủ địa chỉ, mã và tên đăng nhập.")
        if fault:
            self.first_state.say(Status.WAITING, fault)
            return
        self._address, self._code = address, code
        self._begin(staff, words, self.first_state)
        self.first_state.say(Status.MOVING, tr("Đang đăng ký máy với trung tâm…"))
        self._aside.run(self._register)

    def _register(self) -> Any:
        self._enrol(self._address, self._code, self._staff, self._words)
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
        for box in (self.passphrase, self.new_passphrase, self.again, self.own, self.own_again):
            box.clear()
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
        self.enrol.setEnabled(True)
        words = advice_of(fault)
        if not isinstance(fault, Trouble):
            words = tr("Chưa mở được. Chị/anh thử lại; nếu vẫn lỗi thì gọi bộ phận kỹ thuật.")
        words = self._offer_restoring(fault) or words
        self.own_go.setEnabled(True)
        at = self.pages.currentIndex()
        (self.state, self.first_state, self.own_state)[at].say(Status.URGENT, words)
        box = (self.passphrase, self.code, self.own)[at]
        box.setFocus()
        box.selectAll()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Wait for a call that still runs, so that no thread outlives the window."""
        self._aside.wait()
        if self._with_code is not None:  # nobody chose a passphrase: the code still opens, the store is shut again
            self._with_code.store.close()
            self._with_code = None
        super().closeEvent(event)


def new_words_fault(words: str, again: str) -> str:
    """Why a new passphrase cannot be taken, in one sentence; empty where it can."""
    if len(words) < SHORTEST:
        return tr("Mật khẩu cần từ 8 ký tự: một câu ngắn dễ nhớ là tốt nhất.")
    if words != again:
        return tr("Hai lần nhập mật khẩu chưa giống nhau. Chị/anh kiểm tra bộ gõ rồi nhập lại.")
    return ""


def _people_of(home: Home) -> tuple[Tile, ...]:
    try:
        return KeySlots(home.slots).people()
    except Trouble:  # a key file that cannot be read is said at sign-in, where a person can do something about it
        return ()
