"""Ctrl+Shift+W: Mẫu 01 or a dispatch of the open file as a Word document; the roles, then what for, then where to."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Slot

from desktop.operations import letter_file
from desktop.operations.letter_words import TRANSFER
from desktop.operations.letters import PURPOSES, Letter, drawn, take_out
from desktop.operations.taking_out import MayNotTakeOut
from desktop.ui.intake.sheet import advice_of
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.choice_sheet import Offer
from desktop.ui.widgets.save_as import SaveAs
from desktop.ui.words import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

KIND: Final = "letter_kind"
PURPOSE: Final = "letter_purpose"
MAU_01: Final = "mau_01"
ENDING: Final = "docx"


class LetterKeys(QObject):
    """One letter at a time. Whoever may not take it out hears so before anything is asked."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._desk = window, window.desk
        self._about: tuple[str | None, str | None] = (None, None)
        self._kind = self._purpose = ""
        window.call_deeds.answers[KIND] = self._kind_chosen
        window.call_deeds.answers[PURPOSE] = self._purpose_chosen

    @Slot()
    def begin(self) -> None:
        """Ask whether this person may, then which letter."""
        model = self._window.case_model
        if self._window.page_name != "case" or model.view is None:
            self._say(Status.QUIET, tr("Mở một hồ sơ rồi mới làm văn bản của hồ sơ ấy"))
            return
        self._about = (model.case_id, model.contact_id)
        desk, now = self._desk, model.clock.now_ms()
        self._desk.lane.query(drawn(MAU_01, *self._about, now, desk.reference), self._may, self._failed)

    def _may(self, letter: Letter | None) -> None:
        if letter is None:
            self._failed(MayNotTakeOut())
        elif self._is_in_front():
            offers = [
                Offer(code, _words(code, kind.title)) for code, kind in self._desk.reference.letters.kinds.items()
            ]
            self._window.call_deeds.ask(KIND, tr("Văn bản Word của hồ sơ đang mở"), offers)

    def _is_in_front(self) -> bool:
        """The file that was asked about still lies open, and no call came meanwhile."""
        model = self._window.case_model
        return self._window.page_name == "case" and self._about == (model.case_id, model.contact_id)

    def _kind_chosen(self, code: str) -> None:
        self._kind = code
        known = self._desk.catalogue[PURPOSES]
        title = tr("Xuất để làm gì? Bản Word không được mã hoá, ai mở máy này cũng đọc được.")
        self._window.call_deeds.ask(PURPOSE, title, [Offer(one.code, known.label(one.code)) for one in known])

    def _purpose_chosen(self, code: str) -> None:
        self._purpose = code
        name = self._kind.replace("_", "-")
        dialog = SaveAs(self._window, tr("Lưu văn bản Word vào"), name, ENDING, tr("Văn bản Word"))
        dialog.fileSelected.connect(self.save_to)
        dialog.open()

    @Slot(str)
    def save_to(self, target: str) -> None:
        """The place is chosen: first the entry of who takes it out, then the file."""
        self._say(Status.MOVING, tr("Đang làm văn bản Word…"))
        operation = take_out(self._kind, *self._about, self._purpose)
        self._desk.lane.submit(operation, Leaving(self, Path(target)).noted, self._failed, initiator="letters")

    def write(self, letter: Letter, target: Path) -> None:
        """The entry stands."""
        self._desk.aside.submit(partial(letter_file.write, letter, target), self._written, self._failed)

    def _written(self, _target: Path) -> None:
        self._say(Status.WAITING, tr("Đã ghi văn bản Word không mã hoá: nhớ xoá sau khi dùng"))

    def _failed(self, fault: Exception) -> None:
        self._say(Status.URGENT, advice_of(fault))

    def _say(self, status: Status, words: str) -> None:
        self._window.status.news.say(status, words)


class Leaving:
    """One letter on its way out."""

    def __init__(self, keys: LetterKeys, target: Path) -> None:
        self._keys, self._target = keys, target

    def noted(self, letter: Letter) -> None:
        """COMMIT returned for its entry."""
        self._keys.write(letter, self._target)


def _words(code: str, title: str) -> str:
    return {MAU_01: tr("Báo tin theo Mẫu số 01"), TRANSFER: tr("Công văn chuyển tin")}.get(code, title)
