"""What the queue screen knows and does: headers, the item held here, its words once somebody asked to read them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.background.change_bus import ChangeBus, Changes
from desktop.operations import queue, queue_claims
from desktop.operations.queue_claims import Standing, State
from desktop.store.reads_queue import MOST, Place, QueueCounts, QueueRow, QueueView, queue_rows, queue_view
from domain.clock import Clock
from domain.rules.queue import Agreed

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane

_SOON_MS: Final = 250
UNDO_MS: Final = 10_000
_LAPSE_MS: Final = 30_000
_KINDS: Final = ("queue_item", "claim", "incoming", "app_report", "call")


class QueueModel(QObject):
    """`changed` after every reading; `taken` carries the item in hand or None; `saved_at` each COMMIT; `lost` how the
    item in hand, or one that was reached for, stands for somebody else; `turned` the place in its list of the first
    row of another page; `due` carries the rows of promised call-backs whose time has come near, or is past, since the
    last reading."""

    changed = Signal()
    taken = Signal(object)
    saved_at = Signal(object)
    ended = Signal(object)
    reopened = Signal(bool)
    lost = Signal(object)
    trouble = Signal(object)
    due = Signal(object)
    turned = Signal(int)

    def __init__(self, lane: StoreLane, bus: ChangeBus, clock: Clock, centre: str, seat: str) -> None:
        super().__init__()
        self._lane, self._bus, self._clock, self._centre, self._seat = lane, bus, clock, centre, seat
        self.rows: list[QueueRow] = []
        self.promises: list[QueueRow] = []
        """Promised call-backs alone, by their time."""
        self.counts = QueueCounts()
        """How much waits, however many rows are here."""
        self._pages = {False: 1, True: 1}
        """Pages of all and of the promised call-backs that were asked for."""
        self._read_at = 0
        self._turning = False
        self.in_hand: QueueRow | None = None
        self.words: queue.Words | None = None
        self.offer: tuple[QueueRow, int] | None = None
        """The item ended last without a file, and until when (monotonic ms) that is taken back."""
        self._ending: QueueRow | None = None
        self._told: Standing | None = None
        self._warned: dict[tuple[str, int | None], Agreed] = {}
        self._closed = self._reading = self._again = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self.refresh)
        self._lapse = QTimer(self)  # leases run out without any record changing
        self._lapse.setInterval(_LAPSE_MS)
        self._lapse.timeout.connect(self.refresh)
        self._lapse.start()
        bus.changed.connect(self._records_changed)

    def close(self) -> None:
        """The window closes: nothing more is read."""
        self._closed = True
        self._soon.stop()
        self._lapse.stop()
        self._bus.changed.disconnect(self._records_changed)

    @Slot(object)
    def _records_changed(self, changes: Changes) -> None:
        if any(changes.ids.get(kind) for kind in _KINDS) and not self._soon.isActive():
            self._soon.start()

    @Slot()
    def refresh(self) -> None:
        """Read the headers again on a reader's thread."""
        if self._closed:
            return
        if self._reading:
            self._again = True
            return
        self._reading = True
        held = self.in_hand.id if self.in_hand is not None else None
        asked = Asked(self, self._clock.now_ms(), held)
        whole, promised = self._pages[False] * MOST, self._pages[True] * MOST
        read = partial(
            queue_view, centre=self._centre, now_ms=asked.now_ms, rows=whole, promises=promised, item=held
        )
        self._lane.query(read, asked.read, self._failed)

    def take_view(self, view: QueueView, now_ms: int, asked: str | None) -> None:
        """It was read for this moment (UTC ms), with the item that was in hand then."""
        self._reading, self._read_at = False, now_ms
        self.rows, self.promises, self.counts = list(view.rows), list(view.promises), view.counts
        held = self.in_hand
        if held is not None and held.id != asked and self.row(held.id) is None:
            self._again = True  # taken meanwhile, from below these rows
        elif held is not None:
            self.in_hand = view.item if held.id == asked else self.row(held.id)
            if self.in_hand is None:
                self.words = None
                self._say_lost(Standing(held.id, State.DONE))
            elif self.in_hand.held_by is not None and not self.is_mine(self.in_hand):
                self._say_lost(_held(self.in_hand))
        self.changed.emit()
        self._warn()
        if self._again:
            self._again = False
            self._soon.start()

    def _warn(self) -> None:
        """Once when the time is near and once when it is past, for each time that was agreed."""
        now, before = self._clock.now_ms(), self._warned
        found = {(row.id, row.due_at): (row, row.agreed(now)) for row in self.promises if row.held_by is None}
        self._warned = {key: how for key, (_, how) in found.items() if how in (Agreed.SOON, Agreed.OVERDUE)}
        fresh = tuple(found[key][0] for key, how in self._warned.items() if before.get(key) is not how)
        if fresh:
            self.due.emit(fresh)

    def row(self, item_id: str) -> QueueRow | None:
        """The header of an item that waits, as it was read last."""
        held = [self.in_hand] if self.in_hand is not None else []
        return next((row for row in (*self.rows, *self.promises, *held) if row.id == item_id), None)

    def beyond(self, *, promises: bool) -> int:
        """How many more wait than are here."""
        there = self.counts.promises - len(self.promises) if promises else self.counts.all - len(self.rows)
        return max(0, there)

    def turn(self, *, promises: bool) -> None:
        """Read the next page of a list, behind its last row and for the moment of that."""
        rows = self.promises if promises else self.rows
        if self._closed or self._turning or not rows or not self.beyond(promises=promises):
            return
        self._turning = True
        after = rows[-1].place
        page = NextPage(self, after, promises=promises)
        read = partial(queue_rows, centre=self._centre, now_ms=self._read_at, after=after, promises=promises)
        self._lane.query(read, page.read, self._failed)

    def add_page(self, fresh: list[QueueRow], after: Place, *, promises: bool) -> None:
        """The page behind this place; where the list was read anew meanwhile, all of it is."""
        self._turning = False
        self._pages[promises] += 1
        rows = self.promises if promises else self.rows
        there = len(rows)
        if not rows or rows[-1].place != after:
            self.refresh()
            return
        rows += fresh
        self.changed.emit()
        self.turned.emit(there)

    def _say_lost(self, how: Standing) -> None:
        """Once for each who holds it: their claim is renewed without a word here."""
        known = self._told
        if known is None or (known.item_id, known.state, known.staff) != (how.item_id, how.state, how.staff):
            self._told = how
            self.lost.emit(how)

    def is_mine(self, row: QueueRow) -> bool:
        """Whether this person holds it at this seat."""
        return row.held_by == self._lane.staff and row.held_at_seat == self._seat

    def take_next(self) -> None:
        """Take the next item that nobody holds."""
        self._lane.submit(queue.take_next(), self._taken, self._failed, initiator="queue")

    def take(self, row: QueueRow) -> None:
        """Take this item, unless somebody else holds it."""
        if row.held_by is None or self.is_mine(row):
            self.in_hand, self.words = row, None
            self._lane.submit(queue_claims.claim(row.id), self._claimed, self._failed, initiator="queue")
        else:
            self.lost.emit(_held(row))

    def _claimed(self, how: Standing) -> None:
        row = self.in_hand
        if row is None or row.id != how.item_id:
            return
        if how.state is State.MINE:
            self._taken(row)
        else:
            self._not_mine(how)

    def _not_mine(self, how: Standing) -> None:
        """Somebody else was first, and the news of it had not come to the list: theirs it stays."""
        if self.in_hand is not None and self.in_hand.id == how.item_id:
            self.in_hand = self.words = None
        self.lost.emit(how)
        self.changed.emit()
        self.refresh()

    def _taken(self, row: QueueRow | None) -> None:
        if row is not None:
            self.in_hand, self.words, self._told = row, None, None
            self.saved_at.emit(self._clock.now_ms())
        self.taken.emit(row)
        self.refresh()

    def read_words(self) -> None:
        """"Đọc": only now are the words read from the store."""
        if self.in_hand is not None and self.words is None:
            opened = queue.open_words(self.in_hand.id)
            self._lane.submit(opened, self._opened, self._failed, initiator="queue")

    def _opened(self, words: queue.Words | Standing) -> None:
        if isinstance(words, Standing):
            self._not_mine(words)
        elif self.in_hand is not None and words.item_id == self.in_hand.id:
            self.words = words
            self.changed.emit()

    def keep(self, item_id: str) -> None:
        """Work on this item goes on: its claim is renewed where that is due."""
        self._lane.submit(queue_claims.renew(item_id), self._kept, self._failed, initiator="queue")

    def _kept(self, how: Standing) -> None:
        if how.state is not State.MINE:
            self._say_lost(how)

    def give_back(self) -> None:
        """The next desk may take it."""
        if self.in_hand is not None:
            given = queue_claims.give_back(self.in_hand.id)
            self._lane.submit(given, self._let_go, self._failed, initiator="queue")

    def finish(self, why: str) -> None:
        """The item in hand needs no file."""
        if self.in_hand is not None:
            self._ending = self.in_hand
            done = queue.finish(self.in_hand.id, why)
            self._lane.submit(done, self._finished, self._failed, initiator="queue")

    def became_file(self, item_id: str) -> None:
        """A file of this item stands, saved here: it is nobody's loss that it waits no more."""
        if self.in_hand is not None and self.in_hand.id == item_id:
            self._let_go(None)

    def _finished(self, how: Standing | None) -> None:
        row, self._ending = self._ending, None
        if how is not None:
            self._not_mine(how)
            return
        self._let_go(None)
        if row is not None:
            self.offer = (row, self._clock.monotonic_ms() + UNDO_MS)
            self.ended.emit(row)

    def undo(self) -> bool:
        """Take the last "needs no file" back, if its ten seconds are not over. Answers whether there was one."""
        offer, self.offer = self.offer, None
        if offer is None or self._clock.monotonic_ms() > offer[1]:
            return False
        self.in_hand, self.words = offer[0], None
        self._lane.submit(queue.reopen(offer[0].id), self._reopened, self._failed, initiator="queue")
        return True

    def forget_offer(self) -> None:
        """Something newer can be taken back."""
        self.offer = None

    def _reopened(self, was_there: bool) -> None:
        if not was_there:
            self.in_hand = None
        self.saved_at.emit(self._clock.now_ms())
        self.reopened.emit(was_there)
        self.changed.emit()
        self.refresh()

    def _let_go(self, _nothing: None) -> None:
        self.in_hand = self.words = None
        self.saved_at.emit(self._clock.now_ms())
        self.changed.emit()
        self.refresh()

    def _failed(self, fault: Exception) -> None:
        self._reading = self._turning = False
        self.trouble.emit(fault)


class Asked:
    """One reading on its way: for which moment, and which item was in hand."""

    def __init__(self, model: QueueModel, now_ms: int, item: str | None) -> None:
        self._model, self.now_ms, self._item = model, now_ms, item

    def read(self, view: QueueView) -> None:
        """It is read."""
        self._model.take_view(view, self.now_ms, self._item)


class NextPage:
    """One page on its way: behind which place, of which list."""

    def __init__(self, model: QueueModel, after: Place, *, promises: bool) -> None:
        self._model, self._after, self._promises = model, after, promises

    def read(self, rows: list[QueueRow]) -> None:
        """It is read."""
        self._model.add_page(rows, self._after, promises=self._promises)


def _held(row: QueueRow) -> Standing:
    """What a header says of who holds the item."""
    who, where = row.held_by or "", row.held_at_seat or ""
    return Standing(row.id, State.HELD, who, where, row.held_until or 0)
