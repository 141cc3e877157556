"""The first run: a new desk is enrolled with as few questions as its provisioning file leaves, step by step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout

from desktop.home import Home
from desktop.store import first_run
from desktop.store.troubles import AlreadyEnrolled, NotEnrolled
from desktop.ui.intake.sheet import advice_of
from desktop.ui.signin.aside import Aside
from desktop.ui.signin.first_steps import CODE, PERSON, WHERE, WORDS, Steps
from desktop.ui.signin.passphrase import new_words_fault
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.file_choice import FileChoice
from desktop.ui.widgets.said import Card, Mark, Said, button
from desktop.ui.words import tr
from domain.spoken import said_of
from sync.disk import replace_whole
from sync.door import is_code
from sync.troubles import Offline, SignedOut, Trouble
from sync.trust import MOST, NAME, read, tidy_address

Register = Callable[[str, str, str, str], Any]
"""(server's address, one-time code or nothing, staff, passphrase) to what a server made of this desk; raises
troubles."""
Greet = Callable[[str], Any]
"""From an address to who answers there (`sync.door.Health`); raises troubles."""
Unlock = Callable[[str, str], Any]

_CENTRE: Final = "centre"


class FirstRun(Card):
    """`opened` carries the unlocked desk. What was typed stays in its box until the desk is open, whatever fails;
    after a restart it goes on at the step where it stood."""

    opened = Signal(object)

    def __init__(self, home: Home, register: Register, unlock: Unlock, greet: Greet | None = None) -> None:
        super().__init__(margins=32, space=12)
        self.setObjectName("first_run")
        self._home, self._register, self._unlock, self._greet = home, register, unlock, greet
        self._aside = Aside()
        self._aside.done.connect(self._answered)
        self._aside.failed.connect(self._failed)
        self._ready: Any = None
        self._busy = False
        self.steps = Steps()
        self.place = Said("", "muted")
        head = QHBoxLayout()
        head.addWidget(Said(tr("Máy mới"), "title"))
        head.addStretch(1)
        head.addWidget(self.place)
        self.state = Mark(Status.QUIET, tr("Chỉ làm một lần cho máy này."), wraps=True)
        self.back = button("first_back", tr("Quay lại  Esc"), "quiet")
        self.back.clicked.connect(self.go_back)
        self.file = button("provisioning_file", tr("Chọn tệp cấu hình…"))
        self.file.clicked.connect(self.choose_file)
        self.go = button("enrol", "", "main")
        self.go.clicked.connect(self.go_on)
        foot = QHBoxLayout()
        foot.addWidget(self.back)
        foot.addWidget(self.file)
        foot.addStretch(1)
        foot.addWidget(self.go)
        self.inside.addLayout(head)
        self.inside.addWidget(self.steps, 1)
        self.inside.addWidget(self.state)
        self.inside.addLayout(foot)
        self.begin()

    # The steps ---------------------------------------------------------------------------------------------

    @property
    def step(self) -> int:
        """The step that is shown."""
        return self.steps.currentIndex()

    def asked(self) -> list[int]:
        """The steps of this desk: what its provisioning file answers is not asked."""
        trust = self._home.trust
        steps = [] if trust.servers and not trust.fault else [WHERE]
        return [*steps, *([] if trust.code else [CODE]), PERSON]

    def begin(self) -> None:
        """Stand where the last start of this first run stood, or at its beginning."""
        trust, begun = self._home.trust, first_run.read(self._home.begun)
        kept = begun or first_run.Begun()
        self.steps.address.setText(kept.address or (trust.servers[0] if trust.servers else ""))
        self.steps.code.setText(trust.code)
        self.steps.staff.setText(kept.staff or trust.staff)
        asked = self.asked()
        known = bool(self.steps.address.text())
        if known and self._home.slots.exists():
            self.show_step(PERSON)
        else:
            self.show_step(asked[1] if known and asked[0] == WHERE else asked[0])
        if trust.fault:
            self.state.say(Status.URGENT, advice_of(Trouble(trust.fault)))

    def resume(self, staff: str) -> None:
        """Go on with an enrolment of which only the key file is left."""
        self.begin()
        self.steps.staff.setText(staff)
        self.state.say(Status.WAITING, advice_of(NotEnrolled()))

    def show_step(self, step: int) -> None:
        """Turn to a step."""
        if step == PERSON:
            anew = self._home.slots.exists()
            self.steps.ask_for_person(anew=anew, keepers=bool(self._home.trust.custodians))
        self.steps.setCurrentIndex(step)
        asked = self.asked()
        place = asked.index(step) + 1 if step in asked else 0
        said = tr("Bước {place} trong {count}").format(place=place, count=len(asked))
        self.place.setText(said if place and len(asked) > 1 else "")
        self.back.setVisible(step != WORDS and self._before() is not None)
        self.file.setVisible(step == WHERE)
        words = {PERSON: tr("Đăng ký máy  Enter"), WORDS: tr("Vào ca  Enter")}
        self.go.setText(words.get(step, tr("Tiếp tục  Enter")))
        self.go.setAccessibleName(self.go.text())
        self.focus()

    def focus(self) -> None:
        """The keys go to the first box that is still empty."""
        boxes = self.steps.boxes(self.step)
        empty = [one for one in boxes if not one.text()]
        target = next(iter(empty or boxes), None)
        (self.go if target is None else target).setFocus()

    def _before(self) -> int | None:
        earlier = [one for one in (WHERE, CODE, PERSON) if one < self.step]
        # An address from the provisioning file can be looked at and changed only by who is not answered there.
        return next((one for one in reversed(earlier) if one in self.asked() or self._home.slots.exists()), None)

    @Slot()
    def go_back(self) -> None:
        """One step back; nothing that was typed goes."""
        before = self._before()
        if before is not None and not self._busy and self.step != WORDS:
            self.show_step(before)
            self.state.say(Status.QUIET, tr("Những gì đã nhập còn nguyên."))

    @Slot()
    def go_on(self) -> None:
        """Check what was answered here, and go on."""
        if not self._busy:
            (self._where, self._code, self._person, self._open)[self.step]()

    # Answers -----------------------------------------------------------------------------------------------

    def _where(self) -> None:
        typed = self.steps.address.whole_text()
        try:
            address = tidy_address(typed)
        except ValueError:
            said = tr("Địa chỉ chưa đúng dạng. Chị/anh xem lại, ví dụ: https://tram-vung.example:8111")
            self._stay(said if typed else tr("Chị/anh nhập địa chỉ, hoặc chọn tệp cấu hình."))
            return
        self.steps.address.setText(address)
        if self._greet is None:
            self._go_to_next(tr("Chỉ làm một lần cho máy này."))
            return
        self._wait(tr("Đang hỏi máy chủ ở địa chỉ này…"))
        self._aside.run(partial(self._greet, address))

    def _code(self) -> None:
        typed = self.steps.code.whole_text()
        if not typed and self._home.slots.exists():
            self._go_to_next(tr("Máy dùng lại mã đã nhập trước đó."))
            return
        if not is_code(typed):
            said = tr("Mã có 12 chữ và số, như ABCD-EFGH-JKMN. Chị/anh xem lại còn thiếu hay thừa ký tự nào.")
            self._stay(said if typed else tr("Chị/anh nhập mã trưởng ca vừa đọc."))
            return
        self._go_to_next(tr("Mã được kiểm tra khi đăng ký máy."))

    def _person(self) -> None:
        staff, words = self.steps.staff.whole_text(), self.steps.passphrase.text()
        fault = "" if self._home.slots.exists() else new_words_fault(words, self.steps.again.text())
        if not staff or not words:
            fault = tr("Chị/anh nhập tên đăng nhập và mật khẩu.")
        if fault:
            self._stay(fault)
            return
        self._wait(tr("Đang đăng ký máy với trung tâm…"))
        self._aside.run(partial(self._enrol, self._address(), self.steps.code.whole_text(), staff, words))

    def _address(self) -> str:
        typed = self.steps.address.whole_text()
        try:
            return tidy_address(typed)
        except ValueError:
            return typed

    def _enrol(self, address: str, code: str, staff: str, words: str) -> tuple[Any, Any]:
        try:
            made = self._register(address, code, staff, words)
        except AlreadyEnrolled:  # the answer came, then the machine went off before this window could say so
            made = None
        return made, self._unlock(staff, words)

    def _stay(self, words: str) -> None:
        self.state.say(Status.WAITING, words)
        self.focus()

    def _wait(self, words: str) -> None:
        self._busy = True
        self.go.setEnabled(False)
        self.state.say(Status.MOVING, words)

    def _go_to_next(self, words: str) -> None:
        asked = self.asked()
        later = [one for one in asked if one > self.step]
        self.show_step(later[0] if later else PERSON)
        self.state.say(Status.GOOD, words)

    # What came back ----------------------------------------------------------------------------------------

    @Slot(object)
    def _answered(self, answer: Any) -> None:
        self._rest()
        if self.step == WHERE:
            centre = answer.role == _CENTRE
            self._go_to_next(tr("Trung tâm trả lời.") if centre else tr("Trạm vùng trả lời."))
            return
        made, self._ready = answer
        for one in (self.steps.passphrase, self.steps.again, self.steps.code):
            one.clear()
        if not getattr(made, "waits", False):
            self._open()
            return
        self.say_words(made.seat.seat_code, self._ready.key.public_key().public_bytes_raw())

    def say_words(self, seat: str, key: bytes) -> None:
        """The desk is registered and waits: its eight words, for the shift leader's ear."""
        self.steps.seat.setText(tr("Máy đã đăng ký ở ghế {seat}").format(seat=seat))
        self.steps.words.setText(said_of(key))
        self.show_step(WORDS)
        self.state.say(Status.WAITING, tr("Máy đang chờ trưởng ca duyệt. Tám từ cũng nằm ở trang Đường truyền."))

    @Slot(object)
    def _failed(self, fault: object) -> None:
        self._rest()
        words = advice_of(fault)
        if isinstance(fault, Offline):
            words = tr("Chưa tới được máy chủ. Những gì đã nhập còn nguyên: kiểm tra đường truyền rồi bấm Enter.")
        elif not isinstance(fault, Trouble):
            words = tr("Chưa làm được. Chị/anh thử lại; nếu vẫn lỗi thì gọi bộ phận kỹ thuật.")
        if isinstance(fault, SignedOut | NotEnrolled) and self.step == PERSON:
            self.show_step(CODE)  # the passphrase stays: with another code Enter goes straight on
            self.steps.code.selectAll()
        else:
            self.focus()
        self.state.say(Status.URGENT, words)

    def _rest(self) -> None:
        self._busy = False
        self.go.setEnabled(True)

    @Slot()
    def _open(self) -> None:
        ready, self._ready = self._ready, None
        if ready is not None:
            self.opened.emit(ready)

    # A file ------------------------------------------------------------------------------------------------

    @Slot()
    def choose_file(self) -> None:
        """Take the provisioning file from a stick or a folder."""
        dialog = FileChoice(self, tr("Chọn tệp cấu hình"))
        dialog.setObjectName("dialog.provisioning")
        dialog.setNameFilter(f"{NAME} (*.toml)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take_file)
        dialog.open()

    @Slot(str)
    def take_file(self, name: str) -> None:
        """Check the file and lay it into the desk's own folder; then nothing is asked that it says."""
        fault = read(Path(name)).fault
        if not fault:
            try:
                with Path(name).open("rb") as file:
                    data = file.read(MOST)
                self._home.prepare()
                replace_whole(self._home.root / NAME, data)
            except OSError:
                fault = tr("Không đọc được tệp này. Chị/anh chọn tệp khác, hoặc nhập địa chỉ.")
        if fault:
            self.state.say(Status.URGENT, advice_of(Trouble(fault)))
            return
        trust = self._home.trust
        if not trust.servers:
            self.state.say(Status.WAITING, tr("Đã nhận tệp; tệp chưa ghi địa chỉ, chị/anh nhập thêm địa chỉ."))
            self.focus()
            return
        self.begin()
        self.state.say(Status.GOOD, tr("Đã nhận tệp cấu hình."))

    def stop(self) -> None:
        """The window closes: let what runs come to its end, shut a store that nobody entered."""
        self._aside.wait()
        if self._ready is not None:
            self._ready.store.close()
            self._ready = None
