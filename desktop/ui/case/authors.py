"""Asks the server who changed a file elsewhere, while its history lies open; nothing that it says stays here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

from desktop.background.change_bus import RoadState, RoadStatus
from desktop.ui.theme.tokens import Status
from desktop.ui.words import tr
from sync.operation import Placed
from sync.troubles import Offline

if TYPE_CHECKING:
    from desktop.ui.desk import DeskWires

AskHistory = Callable[[Collection[str]], list[Placed]]
"""From scopes to every operation in them that the server has. Raises sync.troubles."""

_DOWN: Final = frozenset({RoadState.OFFLINE, RoadState.SIGNED_OUT, RoadState.UNAPPROVED})


class Authors(QObject):
    """Asks on the aside lane, one file at a time; what comes for another file than the one in front is dropped. Where
    the line is down it asks by itself when it is back. `told` carries the file and the operations; `changed`: other
    words."""

    told = Signal(str, object)
    changed = Signal()

    def __init__(self, desk: DeskWires) -> None:
        super().__init__()
        self._desk = desk
        self.ask_with: AskHistory | None = desk.ask_history
        self.status, self.words = Status.QUIET, ""
        self._contact = ""
        self._scopes: Collection[str] = ()
        self._asking = ""
        self._waits = False
        desk.bus.road.connect(self._road_said)

    def ask(self, contact: str, scopes: Collection[str], *, anyway: bool = False) -> None:
        """Ask for this file. `anyway`: also where the line is known to be down."""
        self._contact, self._scopes, self._waits = contact, scopes, False
        driver = self._desk.driver
        if self.ask_with is None:
            self._say(Status.QUIET, tr("Máy này không nối với máy chủ nên không hỏi được ai đã sửa ở nơi khác."))
        elif not anyway and driver is not None and _is_down(driver.status):
            self._line_is_down()
        elif self._asking != contact:
            self._asking = contact
            self._say(Status.MOVING, tr("Đang hỏi máy chủ ai đã sửa ở nơi khác…"))
            one = _Question(self, contact)
            self._desk.aside.submit(partial(self.ask_with, scopes), one.done, one.failed)

    def forget(self) -> None:
        """The history is closed: what is still to come is for nobody."""
        self._contact, self._scopes, self._waits = "", (), False
        self._say(Status.QUIET, "")

    def say_named(self, unnamed: int) -> None:
        """What was told is shown; so many values are left whose author the server does not know."""
        if unnamed:
            words = tr("Còn {count} giá trị ghi ở nơi khác mà máy chủ chưa biết của ai.").format(count=unnamed)
            self._say(Status.QUIET, words)
        else:
            self._say(Status.GOOD, tr("Máy chủ đã cho biết ai ghi từng giá trị."))

    def answered(self, contact: str, placed: list[Placed]) -> None:
        """The server told."""
        self._asking = ""
        if contact and contact == self._contact:
            self.told.emit(contact, placed)

    def failed(self, contact: str, fault: Exception) -> None:
        """It did not."""
        self._asking = ""
        if not contact or contact != self._contact:
            return
        if isinstance(fault, Offline):
            self._line_is_down()
        else:
            self._say(Status.WAITING, tr("Máy chủ chưa trả lời được ai đã sửa ở nơi khác. Ctrl+H hỏi lại."))

    def _line_is_down(self) -> None:
        self._waits = True
        words = tr("Chưa nối được máy chủ: tên người sửa ở nơi khác sẽ hiện khi có mạng lại (Ctrl+H hỏi lại ngay).")
        self._say(Status.WAITING, words)

    @Slot(object)
    def _road_said(self, status: RoadStatus) -> None:
        if self._waits and self._contact and not _is_down(status):
            self.ask(self._contact, self._scopes, anyway=True)

    def _say(self, status: Status, words: str) -> None:
        self.status, self.words = status, words
        self.changed.emit()


class _Question:
    """One question on its way, for one file."""

    def __init__(self, authors: Authors, contact: str) -> None:
        self._authors, self._contact = authors, contact

    def done(self, placed: list[Placed]) -> None:
        """The server's answer."""
        self._authors.answered(self._contact, placed)

    def failed(self, fault: Exception) -> None:
        """There is none."""
        self._authors.failed(self._contact, fault)


def _is_down(status: RoadStatus) -> bool:
    return status.state in _DOWN or status.line_down_since_ms is not None
