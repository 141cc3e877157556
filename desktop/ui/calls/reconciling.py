"""Ctrl+Shift+G: the exchange's own call records, read from a file, and what they add to this centre's list."""

from __future__ import annotations

import contextlib
import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QFileDialog

from desktop.background.lanes import Closed
from desktop.operations.calls import HOTLINE_PBX
from desktop.operations.reconcile import Paper, Plan, Reconciled, note_reading, plan_of, write_part
from desktop.ui.calls.lists import UNCLASSIFIED
from desktop.ui.intake.sheet import advice_of
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.file_choice import FileChoice
from desktop.ui.words import tr
from domain.cdr import CdrReading, read_cdr
from sync.troubles import Trouble

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

BYTES: Final = 64 << 20
"""More than a month of all three centres: about 300 bytes a call, 42,000 calls a month (ket_qua_2019)."""
NAMED: Final = 10
"""Numbers of damaged lines that are named; how many there are is always said."""


class NoRecords(Trouble):
    """The file cannot be read, or is no list of calls."""

    advice = "Không đọc được tệp này như danh sách cuộc gọi của tổng đài (Master.csv). Chị/anh chọn lại tệp."


def read_file(path: Path) -> tuple[CdrReading, str]:
    """What the exchange's file says, and the SHA-256 of its bytes. Raises NoRecords; runs aside."""
    try:
        if path.stat().st_size > BYTES:
            raise NoRecords
        whole = path.read_bytes()
    except OSError as fault:
        raise NoRecords from fault
    reading = read_cdr(whole.decode("utf-8", "replace").splitlines())
    if not reading.calls:
        raise NoRecords
    return reading, hashlib.sha256(whole).hexdigest()


class Reconciling(QObject):
    """Asks for the file, reads it aside, writes what is missing and says above the list what came of it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._lane, self._centre = window, window.desk.lane, window.desk.seat.centre
        self._busy = False
        self._damaged: tuple[int, ...] = ()
        self._plan: Plan | None = None
        self._part, self._done = 0, Reconciled(0, 0, 0, 0)

    @Slot()
    def begin(self) -> None:
        """Ask for the file; a call that comes puts the question away."""
        self._window.go("calls")
        dialog = FileChoice(self._window, tr("Chọn tệp cuộc gọi của tổng đài (Master.csv)"))
        dialog.setObjectName("dialog.exchange_records")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take)
        dialog.open()

    @Slot(str)
    def take(self, path: str) -> None:
        """Read this file. One at a time."""
        if self._busy:
            return
        self._busy = True
        self._say(Status.MOVING, tr("Đang đối chiếu với tệp của tổng đài…"))
        self._window.desk.aside.submit(partial(read_file, Path(path)), self._was_read, self._failed)

    def _was_read(self, read: tuple[CdrReading, str]) -> None:
        reading, sha256 = read
        if all(call.centre != self._centre for call in reading.calls):
            self._busy = False
            self._say(Status.WAITING, tr("Tệp này không có cuộc gọi nào của trung tâm này: không ghi gì."))
            return
        self._damaged = tuple(one.number for one in reading.damaged)
        paper = Paper(reading, self._centre, sha256, self._exchange())
        self._lane.query(partial(plan_of, viewer=self._lane.viewer, paper=paper), self._planned, self._failed)

    def _planned(self, plan: Plan) -> None:
        self._plan, self._part, self._done = plan, 0, Reconciled(0, 0, 0, 0)
        self._write_on()

    def _write_on(self) -> None:
        """One part at a time: what a counsellor saves meanwhile goes between two of them."""
        assert self._plan is not None
        with contextlib.suppress(Closed):  # the desk ends: the same file again goes on where this stopped
            if self._part < self._plan.parts():
                self._lane.submit(
                    write_part(self._plan, self._part), self._wrote, self._failed, initiator="reconcile"
                )
            else:
                self._lane.submit(
                    note_reading(self._plan, self._done.made), self._noted, self._failed, initiator="reconcile"
                )

    def _wrote(self, made: Reconciled) -> None:
        self._done, self._part = self._done + made, self._part + 1
        self._write_on()

    def _noted(self, _nothing: None) -> None:
        done, self._plan, self._busy = self._done, None, False
        page = self._window.calls_page
        if done.made and self._window.page_name == "calls" and page.listing != UNCLASSIFIED and self._free():
            page.show_list(UNCLASSIFIED)
        self.say_done(done, self._damaged)
        self._window.say_saved(self._lane.clock.now_ms())

    def say_done(self, done: Reconciled, damaged: tuple[int, ...]) -> None:
        """What came of it, above the list; `damaged` are numbers of lines in the file."""
        words = tr(
            "Đối chiếu xong với tổng đài «{exchange}»: thêm {made} cuộc chưa phân loại, {missed} cuộc nhỡ; "
            "{matched} dòng ghi tay khớp."
        ).format(exchange=self._exchange(), made=done.made, missed=done.missed, matched=done.matched)
        if damaged:
            numbers = ", ".join(map(str, damaged[:NAMED])) + ("…" if len(damaged) > NAMED else "")
            more = tr("{count} dòng hỏng được để riêng (dòng số {numbers}).")
            words += " " + more.format(count=len(damaged), numbers=numbers)
        self._say(Status.WAITING if damaged else Status.GOOD, words)

    def _exchange(self) -> str:
        """The exchange's name (`--pbx`): the id of a row derives from it (settled 7)."""
        line = self._window.exchange_line
        return HOTLINE_PBX if line is None else line.line.place.pbx

    def _free(self) -> bool:
        return self._window.calls.current is None

    def _failed(self, fault: Exception) -> None:
        self._plan, self._busy = None, False
        self._say(Status.URGENT, advice_of(fault))

    def _say(self, status: Status, words: str) -> None:
        self._window.calls_page.hint.say(status, words)
        self._window.calls_page.hint.show()
