"""Asks the server who changed a file or a call elsewhere, while its history lies open; nothing of it stays here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

from desktop.background.change_bus import RoadState, RoadStatus
from desktop.background.history_told import Wanted
from desktop.ui.theme.tokens import Status
from desktop.ui.words import tr
from sync.operation import Placed
from sync.troubles import Offline

if TYPE_CHECKING:
    from desktop.ui.desk import DeskWires

AskHistory = Callable[[Collection[Wanted]], list[Placed]]
"""From scopes and records to every operation of them that the server has. Raises sync.troubles."""

_DOWN: Final = frozenset({RoadState.OFFLINE, RoadState.SIGNED_OUT, RoadState.UNAPPROVED})


class Authors(QObject):
    """Asks on the aside lane, one record at a time; what comes for another than the one in front is dropped. Where
    the line is down it asks by itself when it is back. `told` carries its id and the operations; `changed`: other
    words."""

    told = Signal(str, object)
    changed = Signal()

    def __init__(self, desk: DeskWires) -> None:
        super().__init__()
        self._desk = desk
        self.ask_with: AskHistory | None = desk.ask_history
        self.status, self.words = Status.QUIET, ""
        self._record = ""
        self._wanted: Collection[Wanted] = ()
        self._asking = ""
        self._waits = False
        desk.bus.road.connect(self._road_said)

    def ask(self, record: str, wanted: Collection[Wanted], *, anyway: bool = False) -> None:
        """Ask for this one. `anyway`: also where the line is known to be down."""
        self._record, self._wanted, self._waits = record, wanted, False
        driver = self._desk.driver
        if self.ask_with is None:
            self._say(Status.QUIET, tr("Máy này không nối với máy chủ nên không hỏi được ai đã sửa ở nơi khác."))
        elif not anyway and driver is not None and _is_down(driver.status):
            self._line_is_down()
        elif self._asking != record:
            self._asking = record
            self._say(Status.MOVING, tr("Đang hỏi máy chủ ai đã sửa ở nơi khác…"))
            one = _Question(self, record)
            self._desk.aside.submit(partial(self.ask_with, wanted), one.done, one.failed)

    def forget(self) -> None:
        """The history is closed: what is still to come is for nobody."""
        self._record, self._wanted, self._waits = "", (), False
        self._say(Status.QUIET, "")

    def say_named(self, unnamed: int) -> None:
        """What was told is shown; so many values are left whose author the server does not know."""
        if unnamed:
            words = tr("Còn {count} giá trị ghi ở nơi khác mà máy chủ chưa biết của ai.").format(count=unnamed)
            self._say(Status.QUIET, words)
        else:
            self._say(Status.GOOD, tr("Máy chủ đã cho biết ai ghi từng giá trị."))

    def answered(self, record: str, placed: list[Placed]) -> None:
        """The server told."""
        self._asking = ""
        if record and record == self._record:
            self.told.emit(record, placed)

    def failed(self, record: str, fault: Exception) -> None:
        """It did not."""
        self._asking = ""
        if not record or record != self._record:
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
        if self._waits and self._record and not _is_down(status):
            self.ask(self._record, self._wanted, anyway=True)

    def _say(self, status: Status, words: str) -> None:
        self.status, self.words = status, words
        self.changed.emit()


class _Question:
    """One question on its way, for one file."""

    def __init__(self, authors: Authors, record: str) -> None:
        self._authors, self._record = authors, record

    def done(self, placed: list[Placed]) -> None:
        """The server's answer."""
        self._authors.answered(self._record, placed)

    def failed(self, fault: Exception) -> None:
        """There is none."""
        self._authors.failed(self._record, fault)


def _is_down(status: RoadStatus) -> bool:
    return status.state in _DOWN or status.line_down_since_ms is not None
