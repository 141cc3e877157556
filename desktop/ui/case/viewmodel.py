"""What the case page knows and does: one dossier open, the list of open cases, notes, referrals, decisions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.background.change_bus import ChangeBus, Changes, Origin
from desktop.background.lanes import Closed
from desktop.operations import audit, intake
from desktop.operations import case as operations
from desktop.operations.seen import Seen, as_seen
from desktop.store import reads
from domain.clock import Clock
from domain.records.audit import OPEN

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane

_KINDS = {
    "case", "contact", "person", "party", "phone", "note", "referral", "attempt", "clock", "stay", "answer",
    "verification", "case_key", "case_reader",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dispute:
    """One field with several values: the one shown now, and the others, in a stable order. `masked`: they are not
    shown whole, and none can be chosen before they are. `seen`: all versions that stood when it was read."""

    kind: str
    record: str
    field: str
    values: tuple[Any, ...]
    masked: bool = False
    seen: frozenset[str] = frozenset()


class CaseModel(QObject):
    """`view` is a CaseView, or a ContactView for a file without a case, or None."""

    list_changed = Signal()
    opened = Signal()
    view_changed = Signal()
    gone = Signal()
    refused = Signal(object, object)
    withheld = Signal(object, object)
    changed_elsewhere = Signal()
    saved_at = Signal(object)
    note_saved = Signal()
    note_failed = Signal()
    edit_saved = Signal()
    edit_failed = Signal()
    step_saved = Signal()
    step_failed = Signal()
    attached = Signal(str)
    trouble = Signal(object)

    def __init__(self, lane: StoreLane, bus: ChangeBus, clock: Clock) -> None:
        super().__init__()
        self._lane, self.clock, self._bus = lane, clock, bus
        self._closed = False
        self.cases: list[reads.CaseRow] = []
        self.view: reads.CaseView | reads.ContactView | None = None
        self.case_id: str | None = None
        self.contact_id: str | None = None
        self.aside: tuple[str | None, str | None] | None = None
        self._fresh = False
        self._opening: Opening | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(40)
        self._soon.timeout.connect(self.refresh)
        self._list_soon = QTimer(self)
        self._list_soon.setSingleShot(True)
        self._list_soon.setInterval(120)
        self._list_soon.timeout.connect(self.refresh_list)
        bus.changed.connect(self._records_changed)

    def close(self) -> None:
        """The window closes: nothing more is read."""
        self._closed = True
        self._bus.changed.disconnect(self._records_changed)
        for timer in (self._soon, self._list_soon):
            timer.stop()

    def open_case(self, case_id: str) -> None:
        """Show this case."""
        self.case_id, self.contact_id, self._fresh, self._opening = case_id, None, True, None
        self.refresh()

    def open_contact(self, contact_id: str) -> None:
        """Show this file; its case, when it has one."""
        self.case_id, self.contact_id, self._fresh, self._opening = None, contact_id, True, None
        self.refresh()

    def put_aside(self) -> None:
        """A caller is at the ear: the open dossier leaves the screen until they are verified or the call is over."""
        if self.case_id is None and self.contact_id is None:
            return
        was_shown, self.aside = self.view is not None, (self.case_id, self.contact_id)
        self.view = self.case_id = self.contact_id = self._opening = None
        if was_shown:
            self.gone.emit()

    def take_up(self) -> None:
        """The dossier that was put aside or asked for during the call comes back."""
        if self.aside is not None:
            (case_id, contact_id), self.aside = self.aside, None
            if case_id is not None:
                self.open_case(case_id)
            elif contact_id is not None:
                self.open_contact(contact_id)

    @property
    def contact_aside(self) -> str | None:
        """The file that is open, or put aside because of a call: what F10 means."""
        if self.view is not None:
            return self.view.contact.id
        return self.aside[1] if self.aside is not None else None

    @Slot()
    def refresh(self) -> None:
        """Read the open dossier again, on the reader lane."""
        if self._closed:
            return
        if self.case_id is not None:
            self._lane.query(partial(reads.case_view, case_id=self.case_id), self._read, self._failed)
        elif self.contact_id is not None:
            self._lane.query(partial(reads.contact_view, contact_id=self.contact_id), self._read, self._failed)

    def _read(self, view: reads.CaseView | reads.ContactView | None) -> None:
        if view is None:
            if self.view is not None:
                self.view = self.case_id = self.contact_id = None
                self.gone.emit()
            elif self._fresh and (self.case_id or self.contact_id) and self._lane.regard.ear is not None:
                self.aside = (self.case_id, self.contact_id)
                self.refused.emit(*self.aside)
            elif self._fresh and (self.case_id or self.contact_id):
                self.withheld.emit(self.case_id, self.contact_id)
            return
        if isinstance(view, reads.ContactView):
            if view.contact.id != self.contact_id:
                return
            if view.case_id is not None:
                self.open_case(view.case_id)
                return
        elif view.case.id != self.case_id:
            return
        else:
            self.contact_id = view.contact.id
        if not self._fresh:
            self._show(view)
        elif self._opening is None:
            self._opening = Opening(self, view)
            opened = ("contact", self.contact_id) if isinstance(view, reads.ContactView) else ("case", self.case_id)
            entry = audit.noted(OPEN, opened[0], opened[1] or "", "P3")
            try:
                self._lane.submit(entry, self._opening.done, self._opening.failed, initiator="case")
            except Closed:  # the desk ended between the reading and its entry: what is not recorded is not shown
                self._opening = None
        else:
            self._opening.view = view

    def show_opened(self, opening: Opening) -> None:
        """The entry that says who opened this dossier is committed: now it is shown."""
        if opening is self._opening and not self._closed:
            self._opening, self._fresh = None, False
            self.view = opening.view
            self.opened.emit()
            self.view_changed.emit()

    def not_opened(self, opening: Opening, fault: Exception) -> None:
        """The entry could not be written: what is not recorded is not shown."""
        if opening is self._opening:
            self._opening = None
        self._failed(fault)

    def _show(self, view: reads.CaseView | reads.ContactView) -> None:
        self.view = view
        self.view_changed.emit()

    @Slot()
    def refresh_list(self) -> None:
        """Read the open cases."""
        if not self._closed:
            self._lane.query(partial(reads.cases_open, limit=200), self._list_read, self._failed)

    def _list_read(self, cases: list[reads.CaseRow]) -> None:
        self.cases = list(cases)
        self.list_changed.emit()

    @Slot(object)
    def _records_changed(self, changes: Changes) -> None:
        if "staff" in changes.ids:  # rights changed: what is open is asked for anew (settled 23)
            self._list_soon.start()
            self._soon.start()
        if not _KINDS & set(changes.ids):
            return
        self._list_soon.start()
        ids = {one for kind in _KINDS & set(changes.ids) for one in changes.ids[kind]}
        known = set(self.view.opened) if self.view is not None else set()
        new_parts = (_KINDS - {"case", "contact"}) & set(changes.ids)
        if self.view is not None and (ids & known or new_parts):
            self._soon.start()
            if changes.origin is Origin.CENTRE and ids & known:
                self.changed_elsewhere.emit()

    def disputes(self) -> list[Dispute]:
        """Fields of the open dossier that wait for a person's decision."""
        found: list[Dispute] = []
        for stored in self.view.opened.values() if self.view is not None else ():
            for field, others in sorted(stored.siblings().items()):
                values = (getattr(stored.record, field), *others)
                veil = self.view.veil if self.view is not None else None
                said = tuple(veil.field(stored.kind, field, one) for one in values) if veil else values
                seen = frozenset(stored.state[field].heads)
                found.append(Dispute(stored.kind, stored.id, field, said, said != values, seen))
        return found

    # What a person does -------------------------------------------------------------------------------------

    # All of it belongs to the dossier that is shown: another may have been asked for and not be here yet.

    def add_note(self, text: str, draft_id: str) -> None:
        """Append a note to the open dossier; its draft goes with it."""
        if self.view is not None:
            case_id = self._case_shown
            contact_id = None if case_id else self.view.contact.id
            operation = operations.add_note(text, case_id=case_id, contact_id=contact_id, draft_id=draft_id)
            self._lane.submit(operation, self._note_saved, self._note_failed, initiator="case")

    def _note_saved(self, _note: str) -> None:
        self._told()
        self.note_saved.emit()

    def _note_failed(self, fault: Exception) -> None:
        self.note_failed.emit()
        self._failed(fault)

    def set_fields(self, values: dict[str, Any], seen: Seen | None) -> None:
        """Change facts of the open case, based on what its author saw of it; None: on what stands in the store."""
        if self.view is None:
            return
        opened = as_seen(self.view.opened, seen) if seen is not None else None
        case_id = self._case_shown
        if case_id is not None:
            operation = operations.set_fields(case_id, values, opened=opened)
        else:
            operation = intake.change_file(self.view.contact.id, values, opened=opened)
        self._lane.submit(operation, self._edit_saved, self._edit_failed, initiator="case")

    def _edit_saved(self, _nothing: None) -> None:
        self._told()
        self.edit_saved.emit()

    def _edit_failed(self, fault: Exception) -> None:
        self.edit_failed.emit()
        self._failed(fault)

    def add_referral(self, case_id: str, to_kind: str, to_name: str) -> None:
        """Pass this case on."""
        operation = operations.add_referral(case_id, to_kind, to_name)
        self._lane.submit(operation, self._step_saved, self._step_failed, initiator="case")

    def log_attempt(self, referral_id: str, result: str, remark: str) -> None:
        """Log one try to reach the receiver of a referral."""
        operation = operations.log_attempt(referral_id, result, remark)
        self._lane.submit(operation, self._step_saved, self._step_failed, initiator="case")

    def _step_saved(self, _record: str) -> None:
        self._told()
        self.step_saved.emit()

    def _step_failed(self, fault: Exception) -> None:
        self.step_failed.emit()
        self._failed(fault)

    @property
    def _case_shown(self) -> str | None:
        return self.view.case.id if isinstance(self.view, reads.CaseView) else None

    def resolve(self, dispute: Dispute, place: int) -> None:
        """Decide for the value at this place (0 for the one shown now); of what is masked none is chosen."""
        if 0 <= place < len(dispute.values) and not dispute.masked:
            value, seen = dispute.values[place], dispute.seen
            operation = operations.resolve(dispute.kind, dispute.record, dispute.field, value, seen)
            self._lane.submit(operation, self._resolved, self._failed, initiator="case")

    def _resolved(self, _nothing: None) -> None:
        self._told()

    def attach(self, call_id: str, contact_id: str) -> None:
        """The call belongs to this dossier (F10)."""
        done = Attached(self, call_id)
        self._lane.submit(intake.attach_call(call_id, contact_id), done.done, self._failed, initiator="case")

    def need_interpreter(self, contact_id: str, language: str | None) -> None:
        """The open dossier needs an interpreter (F11)."""
        values: dict[str, Any] = {"needs_interpreter": True}
        if language:
            values["language"] = language
        operation = intake.change("contact", contact_id, values)
        self._lane.submit(operation, self._resolved, self._failed, initiator="case")

    def _told(self) -> None:
        self.saved_at.emit(self.clock.now_ms())
        self._soon.start()

    def _failed(self, fault: Exception) -> None:
        self.trouble.emit(fault)


class Opening:
    """One dossier on its way to the screen: read, and shown when its audit entry stands."""

    def __init__(self, model: CaseModel, view: reads.CaseView | reads.ContactView) -> None:
        self._model, self.view = model, view

    def done(self, _nothing: None) -> None:
        """COMMIT returned."""
        self._model.show_opened(self)

    def failed(self, fault: Exception) -> None:
        """Nothing was written."""
        self._model.not_opened(self, fault)


class Attached:
    """One attaching on its way."""

    def __init__(self, model: CaseModel, call_id: str) -> None:
        self._model, self._call_id = model, call_id

    def done(self, _nothing: None) -> None:
        """COMMIT returned."""
        self._model.saved_at.emit(self._model.clock.now_ms())
        self._model.attached.emit(self._call_id)
