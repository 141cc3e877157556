"""What the sheet of the audit log knows: a page of entries by what was asked, and the chains counted anew."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.operations.audit_reading import open_log
from desktop.store.reads_audit import AuditView, audit_view
from desktop.store.reads_audit_entries import Asked, EntriesPage, audit_entries
from desktop.store.reads_awaited import Awaited, awaited
from domain.clock import Clock

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane


class AuditModel(QObject):
    """Nothing is read before the entry of who reads is committed, nothing stays when the sheet goes."""

    changed = Signal()
    trouble = Signal(object)

    def __init__(self, lane: StoreLane, clock: Clock) -> None:
        super().__init__()
        self._lane, self.clock = lane, clock
        self._open = False
        self.asked = Asked()
        self._before: list[Asked] = []
        self.page = EntriesPage()
        self.chain: AuditView | None = None
        self.awaited: tuple[Awaited, ...] = ()

    def open(self) -> None:
        """Write who opens the log, then read its newest page."""
        self._open, self.asked, self._before = True, Asked(), []
        self._lane.submit(open_log(), self._entered, self._failed, initiator="audit")

    def _entered(self, _nothing: None) -> None:
        if self._open:
            self._lane.query(awaited, self._waiting, self._failed)
            self._lane.query(audit_view, self._counted, self._failed)
            self._read_page()

    def forget(self) -> None:
        """The sheet went."""
        self._open = False
        self.page, self.chain, self.awaited = EntriesPage(), None, ()

    def ask(self, asked: Asked) -> None:
        """The newest entries of another question."""
        if self._open and asked != self.asked:
            self.asked, self._before = asked, []
            self._read_page()

    @property
    def number(self) -> int:
        """Which page is shown, from 1."""
        return len(self._before) + 1

    def older(self) -> None:
        """The next page, if there is one."""
        if self._open and self.page.more:
            self._before.append(self.asked)
            self.asked = replace(self.asked, below=self.page.rows[-1].place)
            self._read_page()

    def newer(self) -> None:
        """The page before."""
        if self._open and self._before:
            self.asked = self._before.pop()
            self._read_page()

    def _read_page(self) -> None:
        self._lane.query(partial(audit_entries, asked=self.asked), self._read, self._failed)

    def _read(self, page: EntriesPage) -> None:
        if self._open:
            self.page = page
            self.changed.emit()

    def _waiting(self, found: tuple[Awaited, ...]) -> None:
        if self._open:
            self.awaited = found
            self.changed.emit()

    def _counted(self, view: AuditView) -> None:
        if self._open:
            self.chain = view
            self.changed.emit()

    def _failed(self, fault: Exception) -> None:
        if self._open:
            self.trouble.emit(fault)
