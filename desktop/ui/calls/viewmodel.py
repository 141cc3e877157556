"""What the calls screen knows and does: the current call, outcomes by one key, undo, today's list and counts."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.background.change_bus import ChangeBus, Changes
from desktop.operations import calls, more_calls
from desktop.store import reads
from desktop.ui.words import minute_text, tr
from domain.clock import Clock, vn_date, vn_midnight_ms
from domain.codes.catalogue import Catalogue
from domain.ids import RANDOM_BYTES, uuid7
from domain.ids import call_id as id_of_call
from domain.phones import last_digits, normalise
from domain.records.call import UNCLASSIFIED
from domain.rules.outcomes import OUTBOUND, hints_at_silent_script

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane

UNDO_MS: Final = 10_000
"""How long an outcome can be taken back by one key (settled 25)."""

SLOW_MS: Final = 40
"""How long a save may take before the screen says that it is under way. Said at once it would be painted twice for
each key, and the painting would hold up the save itself: both want the interpreter."""

PAGE_ROWS: Final = 200
FEW: Final = 20
"""Up to so many changed rows are read one by one; more, or a new one, reads the list again."""


@dataclass(frozen=True, slots=True)
class CurrentCall:
    """The call at this desk's ear. `saved` tells whether its row is committed."""

    id: str
    number: str
    ring_at: int
    answer_at: int
    saved: bool = False
    outbound: bool = False
    ended: bool = False
    """The exchange said that nobody speaks any more; it waits for its outcome."""


@dataclass(frozen=True, slots=True)
class UndoOffer:
    """An outcome that can be taken back, and the call it belongs to. `swept` holds the calls labelled at once."""

    labelled: Any
    call: CurrentCall | None
    name: str
    until: int
    swept: tuple[calls.Labelled, ...] = ()


class CallsModel(QObject):
    """View-model of the calls screen. Nothing here waits: every answer comes back as a signal."""

    current_changed = Signal()
    history_changed = Signal()
    rows_changed = Signal()
    counts_changed = Signal()
    pending = Signal(str)
    labelled = Signal(object)
    undone = Signal(str)
    saved_at = Signal(object)
    trouble = Signal(object)
    hint_silent = Signal(int)
    call_came = Signal()

    def __init__(self, lane: StoreLane, bus: ChangeBus, clock: Clock, catalogue: Catalogue, centre: str) -> None:
        super().__init__()
        self._lane, self._clock, self._catalogue, self._centre = lane, clock, catalogue, centre
        self._closed = False
        self._bus = bus
        self.current: CurrentCall | None = None
        self.history: reads.CallerHistory | None = None
        self.rows: list[reads.CallRow] = []
        self.counts: dict[str, int] = {}
        self.selected: str | None = None
        self.batch: tuple[str, ...] = ()
        self.offer: UndoOffer | None = None
        self.more = True
        self._stale: set[str] = set()
        self._unread: set[str] = set()
        self._loading = False
        self._again = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(30)
        self._soon.timeout.connect(self.refresh)
        self._few = QTimer(self)
        self._few.setSingleShot(True)
        self._few.setInterval(0)
        self._few.timeout.connect(self._read_few)
        self._under_way = 0
        self._pressed = ""
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(SLOW_MS)
        self._slow.timeout.connect(self._say_under_way)
        bus.changed.connect(self.records_changed)

    def close(self) -> None:
        """The window closes: nothing more is read."""
        self._closed = True
        self._bus.changed.disconnect(self.records_changed)
        for timer in (self._soon, self._few, self._slow):
            timer.stop()

    # A call comes in ---------------------------------------------------------------------------------------

    @Slot(object)
    def answered(self, event: calls.PbxCallEvent) -> None:
        """The exchange gave this desk a call: its row is saved at once, before anything is asked."""
        answer_at = event.answer_at if event.answer_at is not None else event.ring_at
        call_id = id_of_call(event.pbx, event.uniqueid)
        self.current = CurrentCall(call_id, normalise(event.number), event.ring_at, answer_at)
        self._lane.submit(calls.answer(event), self._answered, self._failed, initiator="calls")
        self._came()

    def dial(self, number: str, pbx: str = "", uniqueid: str = "") -> None:
        """This desk calls a number: the row is saved at once, as for a call that came in."""
        now = self._clock.now_ms()
        own = uniqueid or f"dialled.{uuid7(now, os.urandom(RANDOM_BYTES))}"
        self.current = CurrentCall(id_of_call(pbx, own), normalise(number), now, now, outbound=True)
        self._lane.submit(more_calls.dialled(number, pbx, own), self._answered, self._failed, initiator="calls")
        self._came()

    def _came(self) -> None:
        self.history = None
        self.selected = None
        self.batch = ()
        self.current_changed.emit()
        self.call_came.emit()
        self.read_history()

    def read_history(self) -> None:
        """Ask again what is known of the number at the ear (an alert was set, the call changed)."""
        if self.current is not None and self.current.number:
            read = partial(reads.caller_history, number=self.current.number, now_ms=self._clock.now_ms())
            self._lane.query(read, self._history_read, self._failed)

    def _answered(self, call_id: str) -> None:
        if self.current is not None and self.current.id == call_id:
            self.current = replace(self.current, saved=True)
            self.current_changed.emit()
        self.saved_at.emit(self._clock.now_ms())

    def _history_read(self, history: reads.CallerHistory) -> None:
        self.history = history
        self.history_changed.emit()

    @Slot(str, object)
    def ended(self, call_id: str, at: int) -> None:
        """The exchange says that the call ended (UTC ms); it stays current until it has an outcome."""
        if self.current is not None and self.current.id == call_id:
            self.current = replace(self.current, ended=True)
            self.current_changed.emit()
        self._lane.submit(calls.end(call_id, at), None, self._failed, initiator="calls")

    # Outcomes ----------------------------------------------------------------------------------------------

    @property
    def target(self) -> str | None:
        """The call that the next outcome key means: the one chosen in the list, else the current one."""
        return self.selected or (self.current.id if self.current else None)

    @property
    def outbound(self) -> bool:
        """Whether the next outcome key means a call that the hotline made: it has outcomes of its own."""
        if self.selected is not None:
            return any(row.id == self.selected and row.direction == OUTBOUND for row in self.rows)
        return not self.batch and self.current is not None and self.current.outbound

    def press(self, code: str) -> None:
        """One key: the outcome of the chosen calls or the current one, or a row of its own when there is none."""
        if self.batch:
            swept, self.batch = self.batch, ()
            self._lane.submit(more_calls.sweep(swept, code), self._swept, self._sweep_failed, initiator="calls")
            self._begun(code)
            return
        chosen, current = self.selected, self.current
        if chosen is not None:
            keeps = current if current is None or current.id != chosen else None
            operation = calls.relabel(chosen, code)
        else:
            keeps = None
            operation = calls.set_outcome(current.id if current else None, code)
        press = Press(self, current if chosen is None else None, current if keeps is None else None)
        self._lane.submit(operation, press.done, press.failed, initiator="calls")
        self.selected = None
        if keeps is None and current is not None:
            self.current = None
            self.history = None
        self._begun(code)

    def _begun(self, code: str) -> None:
        self._pressed = code
        self._under_way += 1
        self._slow.start()

    @Slot()
    def _say_under_way(self) -> None:
        self.pending.emit(self._pressed)
        self.current_changed.emit()

    def _ended_well_or_not(self) -> None:
        """An answer came: the screen shows which call is meant now, if it was not told so as the save was slow."""
        self._under_way -= 1
        if self._slow.isActive():
            if not self._under_way:
                self._slow.stop()
            self.current_changed.emit()

    def pressed(self, labelled: calls.Labelled, call: CurrentCall | None) -> None:
        """COMMIT returned for an outcome: offer to take it back, naming the call."""
        self._ended_well_or_not()
        now = self._clock.now_ms()
        row = next((one for one in self.rows if one.id == labelled.call_id), None)
        number = call.number if call else (row.number if row else None) or ""
        at = call.ring_at if call else (row.ring_at if row else None) or now
        name = f"••• {last_digits(number)}" if number else minute_text(at)
        self.offer = UndoOffer(labelled, call, name, self._clock.monotonic_ms() + UNDO_MS)
        self.saved_at.emit(now)
        self.labelled.emit(self.offer)
        if hints_at_silent_script(labelled.silent_24h):
            self.hint_silent.emit(labelled.silent_24h)

    def _swept(self, labelled: tuple[calls.Labelled, ...]) -> None:
        """COMMIT returned for several calls at once: one undo takes all of them back."""
        self._ended_well_or_not()
        now = self._clock.now_ms()
        self.saved_at.emit(now)
        if labelled:
            name = tr("{count} cuộc").format(count=len(labelled))
            until = self._clock.monotonic_ms() + UNDO_MS
            self.offer = UndoOffer(labelled[0], None, name, until, labelled)
            self.labelled.emit(self.offer)

    def press_failed(self, call: CurrentCall | None, fault: Exception) -> None:
        """The outcome was not saved: the call is current again, unless another one has come."""
        self._ended_well_or_not()
        if call is not None and self.current is None:
            self.current = call
            self.current_changed.emit()
        self._failed(fault)

    def _sweep_failed(self, fault: Exception) -> None:
        self._ended_well_or_not()
        self._failed(fault)

    def undo(self) -> bool:
        """Take the last outcome back, if its ten seconds are not over. Answers whether there was one."""
        offer = self.offer
        if offer is None or self._clock.monotonic_ms() > offer.until:
            self.offer = None
            return False
        self.offer = None
        back = TakenBack(self, offer)
        undo = more_calls.undo_sweep(offer.swept) if offer.swept else calls.undo(offer.labelled)
        self._lane.submit(undo, back.done, self._failed, initiator="calls")
        return True

    def taken_back(self, offer: UndoOffer, *, was_there: bool) -> None:
        """COMMIT returned for an undo: the call is current again unless another one has come."""
        alone = was_there and self.current is None and not offer.swept
        if alone and offer.labelled.previous in (None, UNCLASSIFIED):
            known = offer.call
            now = self._clock.now_ms()
            self.current = known or CurrentCall(offer.labelled.call_id, "", now, now, saved=True)
            self.current_changed.emit()
        self.saved_at.emit(self._clock.now_ms())
        self.undone.emit(offer.name)

    def became_file(self, call_id: str | None) -> None:
        """The call became a file or report: the desk is ready for the next one."""
        if self.current is not None and self.current.id == call_id:
            self.current = None
            self.history = None
            self.current_changed.emit()
        self._soon.start()

    def select(self, call_id: str | None) -> None:
        """Choose a row of the list for the next outcome key, or none."""
        self.selected = call_id
        self.batch = ()
        self.current_changed.emit()

    def choose_several(self, call_ids: tuple[str, ...]) -> None:
        """Choose calls that the next outcome key labels at once."""
        if call_ids != self.batch:
            self.selected, self.batch = None, call_ids
            self.current_changed.emit()

    def word(self, code: str | None) -> str:
        """The Vietnamese label of an outcome, of a call that came in or that the hotline made."""
        known = self._catalogue["contact_outcome"]
        return (known if code in known else self._catalogue["attempt_result"]).label(code)

    def _failed(self, fault: Exception) -> None:
        self.trouble.emit(fault)

    # Today's list ------------------------------------------------------------------------------------------

    def _day_start(self) -> int:
        return vn_midnight_ms(vn_date(self._clock.now_ms()))

    @Slot(object)
    def records_changed(self, changes: Changes) -> None:
        """Something was saved here or came from the centre; calls are read again soon, others are not."""
        ids = changes.ids.get("call", frozenset())
        if "staff" in changes.ids:  # rights changed: all that is shown is asked for anew (settled 23)
            self._soon.start()
            return
        if not ids:
            return
        if len(ids) <= FEW and ids <= {row.id for row in self.rows}:
            self._stale |= ids
            self._few.start()
        else:
            self._soon.start()

    @Slot()
    def _read_few(self) -> None:
        ids, self._stale = tuple(self._stale), set()
        if self._closed:
            return
        self._lane.query(partial(_rows_of, ids=ids), self._few_read, self._failed)
        self._count()

    def _few_read(self, fresh: dict[str, reads.CallRow]) -> None:
        self._unread -= fresh.keys()
        self.rows = [fresh.get(row.id, row) for row in self.rows]
        self.rows_changed.emit()

    @Slot()
    def refresh(self) -> None:
        """Read the newest rows and the counts again, on the reader lane."""
        if self._closed:
            return
        if self._loading:
            self._again = True
            return
        self._loading = True
        wanted = max(PAGE_ROWS, len(self.rows))
        read = partial(
            reads.calls_today, centre=self._centre, day_start_ms=self._day_start(), limit=wanted, before=None
        )
        self._lane.query(read, self._rows_read, self._rows_failed)
        self._count()

    def _count(self) -> None:
        count = partial(reads.counts_today, centre=self._centre, day_start_ms=self._day_start())
        self._lane.query(count, self._counts_read, self._failed)

    def _rows_read(self, rows: list[reads.CallRow]) -> None:
        self._loading = False
        self.rows = list(rows)
        self.more = len(self.rows) >= PAGE_ROWS
        self.rows_changed.emit()
        if self._again:
            self._again = False
            self._soon.start()

    def _rows_failed(self, fault: Exception) -> None:
        self._loading = False
        self.trouble.emit(fault)

    def _counts_read(self, counts: dict[str, int]) -> None:
        self.counts = dict(counts)
        self.counts_changed.emit()


def _rows_of(connection: Any, ids: tuple[str, ...]) -> dict[str, reads.CallRow]:
    found = (reads.call_row(connection, one) for one in ids)
    return {row.id: row for row in found if row is not None}


class Press:
    """One press on its way: remembers which call it meant, also when another one has come meanwhile."""

    def __init__(self, model: CallsModel, call: CurrentCall | None, restore: CurrentCall | None) -> None:
        self._model, self._call, self._restore = model, call, restore

    def done(self, labelled: calls.Labelled) -> None:
        """COMMIT returned."""
        self._model.pressed(labelled, self._call)

    def failed(self, fault: Exception) -> None:
        """Nothing was saved."""
        self._model.press_failed(self._restore, fault)


class TakenBack:
    """One undo on its way."""

    def __init__(self, model: CallsModel, offer: UndoOffer) -> None:
        self._model, self._offer = model, offer

    def done(self, was_there: bool) -> None:
        """COMMIT returned."""
        self._model.taken_back(self._offer, was_there=was_there)
