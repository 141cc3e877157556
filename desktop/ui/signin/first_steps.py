"""The few pages of the first run: where the centre is, the one-time code, a passphrase of one's own, the words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from desktop.ui.forms.boxes import LineBox
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Mark, Said
from desktop.ui.words import tr

WHERE, CODE, PERSON, WORDS = range(4)
"""In their order; what the provisioning file says already is not asked."""

Row = tuple[Said, LineBox]


def box(name: str, label: str, *, secret: bool = False, hint: str = "") -> LineBox:
    """A box of the sign-in window, named for the ear."""
    made = LineBox()
    made.setObjectName(f"field.{name}")
    made.setAccessibleName(label)
    made.setPlaceholderText(hint)
    if secret:
        made.setEchoMode(QLineEdit.EchoMode.Password)
    return made


def grid(rows: Sequence[Row]) -> QGridLayout:
    """Labels on the left, boxes on the right."""
    made = QGridLayout()
    made.setHorizontalSpacing(16)
    made.setVerticalSpacing(8)
    made.setColumnStretch(1, 1)
    for place, (label, line) in enumerate(rows):
        made.addWidget(label, place, 0)
        made.addWidget(line, place, 1)
    return made


class Steps(QStackedWidget):
    """The pages and their boxes; what is done with the answers, `FirstRun` knows."""

    def __init__(self) -> None:
        super().__init__()
        self.address = box("server", tr("Địa chỉ máy chủ"), hint=tr("ví dụ https://tram-vung.example:8111"))
        self.code = box("code", tr("Mã dùng một lần"), hint="ABCD-EFGH-JKMN")
        self.staff = box("new_staff", tr("Tên đăng nhập"))
        self.passphrase = box("new_passphrase", tr("Mật khẩu"), secret=True, hint=tr("từ 8 ký tự"))
        self.again = box("passphrase_again", tr("Nhập lại mật khẩu"), secret=True)
        self._again_label = Said(tr("Nhập lại mật khẩu"))
        self.person_title, self.person_words = Said("", "section"), Said("", "muted", wraps=True)
        self.keepers = Mark(Status.QUIET, "", wraps=True)
        self.seat, self.words = Said("", "section", wraps=True), Said("", "section", wraps=True)
        where = tr("Địa chỉ do bộ phận kỹ thuật cấp. Có tệp cấu hình (provisioning.toml) thì chọn tệp là đủ.")
        code = tr("Trưởng ca cấp mã cho máy này và đọc cho chị/anh nghe. Mã có 12 chữ và số, chỉ dùng được ít phút.")
        self._add(Said(tr("Trung tâm ở đâu?"), "section"), Said(where, "muted", wraps=True),
                  [(Said(tr("Địa chỉ máy chủ")), self.address)])  # fmt: skip
        self._add(Said(tr("Mã dùng một lần"), "section"), Said(code, "muted", wraps=True),
                  [(Said(tr("Mã dùng một lần")), self.code)])  # fmt: skip
        self._add(self.person_title, self.person_words, [
            (Said(tr("Tên đăng nhập")), self.staff),
            (Said(tr("Mật khẩu")), self.passphrase),
            (self._again_label, self.again),
        ], self.keepers)  # fmt: skip
        reading = tr(
            "Gọi trưởng ca và đọc tám từ dưới đây. Chị/anh cứ vào ca và nhận cuộc gọi: máy tự gửi khi được duyệt."
        )
        self._add(self.seat, Said(reading, "muted", wraps=True), [], self.words)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.words.setAccessibleName(tr("Tám từ của máy này"))

    def _add(self, title: Said, words: Said, rows: Sequence[Row], below: QWidget | None = None) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(words)
        column.addLayout(grid(rows))
        if below is not None:
            column.addWidget(below)
        column.addStretch(1)
        self.addWidget(page)

    def ask_for_person(self, *, anew: bool, keepers: bool) -> None:
        """The person's page: a passphrase is chosen, or typed once more where a first run goes on. `keepers`: whether
        the centre has custodians of keys."""
        if anew:
            self.person_title.setText(tr("Đăng ký máy đi tiếp từ chỗ đã dừng"))
            self.person_words.setText(tr("Chị/anh nhập lại mật khẩu đã chọn cho máy này; không phải xin mã mới."))
        else:
            self.person_title.setText(tr("Mật khẩu của riêng chị/anh"))
            self.person_words.setText(
                tr("Mật khẩu khóa dữ liệu trên máy này, không ai khác biết. Một câu ngắn dễ nhớ là tốt nhất.")
            )
        self.again.setVisible(not anew)
        self._again_label.setVisible(not anew)
        self.staff.setReadOnly(anew and bool(self.staff.text()))
        if keepers:
            said = tr("Quên mật khẩu: đồng nghiệp ở máy này, hoặc hai trong ba người giữ khóa, mở lại được.")
        else:
            said = tr("Quên mật khẩu: chỉ đồng nghiệp ở máy này mở lại được. Chị/anh nên thêm một người sớm.")
        self.keepers.say(Status.QUIET, said)

    def boxes(self, step: int) -> list[LineBox]:
        """The boxes of a step that a person can fill, in their order."""
        every = {WHERE: [self.address], CODE: [self.code], PERSON: [self.staff, self.passphrase, self.again]}
        return [one for one in every.get(step, []) if not one.isReadOnly() and not one.isHidden()]
