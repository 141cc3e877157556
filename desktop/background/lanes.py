"""The store lane and its readers: one thread writes, others only read, the GUI thread does neither."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from desktop.background.change_bus import ChangeBus, Changes, Origin
from desktop.background.errand import Errand
from desktop.background.presence import Presence
from desktop.reference import Reference
from desktop.store.engine import Connection, Store
from desktop.store.sight import Regard, Viewer, looking
from desktop.store.throttle import uptime
from desktop.store.troubles import translate
from desktop.store.unit_of_work import Operation, Seat, UnitOfWork
from domain.clock import Clock
from domain.numbering import CENTRE_DIGITS, centre_of_seat

R = TypeVar("R")

_log = logging.getLogger(__name__)

READERS: Final = 2
_PATIENCE_S: Final = 30.0


class Closed(Exception):
    """The lane takes no more work: the desk is being closed."""


class _Answer:
    """Where a blocking caller waits for one result."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._result: Any = None
        self._fault: BaseException | None = None

    def put(self, result: Any) -> None:
        """The work is committed."""
        self._result = result
        self._ready.set()

    def fail(self, fault: BaseException) -> None:
        """The work was rolled back."""
        self._fault = fault
        self._ready.set()

    def take(self) -> Any:
        """Wait for the result; raises what the work raised."""
        self._ready.wait()
        if self._fault is not None:
            raise self._fault
        return self._result


class _Question:
    """One question to the readers among those that are answered by the same method of the same object.

    Two readers may answer in another order than they were asked. A screen told the newer answer first must not
    be told the older one after it: it would go on showing what was before the last save.
    """

    def __init__(self, asker: _Asker) -> None:
        self._asker = asker
        asker.open += 1
        asker.asked += 1
        self._number = asker.asked

    def is_overtaken(self) -> bool:
        """Whether a newer question was answered already; else this one counts as answered. Under the lock."""
        asker = self._asker
        asker.open -= 1
        if self._number < asker.answered:
            return True
        asker.answered = self._number
        return False


@dataclass(slots=True)
class _Asker:
    """Questions that share one answering method: how many were asked, are open, and the newest answered."""

    asked: int = 0
    open: int = 0
    answered: int = 0


@dataclass(slots=True, eq=False)
class _Work(Errand):
    initiator: str = ""
    answer: _Answer | None = None
    origin: Origin = Origin.HERE
    question: _Question | None = None


class StoreLane:
    """Takes operations in order and runs each whole on the one store thread.

    Made on the GUI thread, which may then never touch the store. `done` and `failed` must be bound methods;
    they are called on the GUI thread, `done` only after COMMIT returned. `before_commit` is handed to every
    unit of work (a test or the day kills the process there). `committed` is called on the store thread after an
    act of this desk was committed: the sync driver sets it. `regard` is put anew by the screens.
    """

    def __init__(
        self, store: Store, seat: Seat, staff: str, clock: Clock, bus: ChangeBus, reference: Reference
    ) -> None:
        if not bus.is_own_thread():
            raise AssertionError("the lane is made on the thread that owns the bus")
        self.before_commit: Callable[[], None] | None = None
        self.committed: Callable[[], None] | None = None
        self.presence = Presence()
        self.regard = Regard()
        self.staff = staff
        self.clock = clock
        self._store = store
        self._seat = seat
        self._bus = bus
        self._reference = reference
        self._gui = threading.get_ident()
        self._open = True
        self._writes: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._reads: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._order = threading.Lock()
        self._askers: dict[tuple[int, str], _Asker] = {}
        store.keep_off(self._gui)
        self._threads = [threading.Thread(target=self._write_on, name="store-lane", daemon=True)]
        self._threads += [
            threading.Thread(target=self._read_on, name=f"store-reader-{i}", daemon=True) for i in range(READERS)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def seat(self) -> Seat:
        """Where acts are made at now."""
        return self._seat

    @property
    def viewer(self) -> Viewer:
        """For whom everything is read now (settled 22)."""
        here = self._seat.centre
        policy, now = self._reference.policy, self.clock.now_ms()
        regard = self.regard
        return Viewer(self.staff, here, policy, regard.opened, wall_ms=now, run=uptime(), regard=regard)

    @property
    def bus(self) -> ChangeBus:
        """The bus it speaks on."""
        return self._bus

    def sit_at(self, seat_code: str) -> None:
        """Acts submitted from now on are made at this seat of the desk's own centre. Raises ValueError."""
        if centre_of_seat(seat_code) != self._seat.centre:
            raise ValueError("a desk sits in its own centre")
        self._seat = replace(self._seat, seat_code=seat_code, digit=CENTRE_DIGITS[seat_code[:2]])

    def submit(
        self,
        operation: Operation[R],
        done: Callable[[R], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        initiator: str = "",
    ) -> None:
        """Run an operation after those before it. Never waits. A fault without `failed` goes to `bus.failed`."""
        _must_be_bound(done, failed)
        self._put(_Work(self._as_act(operation), done, failed, initiator=initiator))

    def query(
        self,
        read: Callable[[Connection], R],
        done: Callable[[R], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Read on a reader's own connection, which never blocks a save and sees the last commit.

        Of questions answered by the same method of the same object, an answer that a newer one has overtaken
        is dropped: what a screen is told last is what was read last.
        """
        _must_be_bound(done, failed)
        if not self._open:
            raise Closed
        with self._order:
            for key in [key for key, asker in self._askers.items() if not asker.open]:
                del self._askers[key]
            key = (id(getattr(done, "__self__", None)), getattr(done, "__name__", ""))
            question = _Question(self._askers.setdefault(key, _Asker()))
            self._reads.put(_Work(read, done, failed, question=question))

    def call(self, operation: Operation[R], initiator: str = "") -> R:
        """Run an operation and wait for its result: for the net lane, never for the GUI thread."""
        result: R = self._wait(self._as_act(operation), Origin.HERE, initiator)
        return result

    def run(self, work: Callable[[Connection], R]) -> R:
        """Run a bare function of the write connection as one transaction: what the sync engine's store needs."""
        result: R = self._wait(self._as_work(work), Origin.CENTRE, "")
        return result

    def apart(self, work: Callable[[], R]) -> R:
        """Run something on the store thread between two transactions, with none open: the exchange of its file."""

        def run() -> tuple[R, dict[str, frozenset[str]]]:
            return work(), {}

        result: R = self._wait(run, Origin.CENTRE, "")
        return result

    def read(self, read: Callable[[Connection], R]) -> R:
        """Read and wait for the result: for the net lane and tests, never for the GUI thread."""
        answer = self._answer()
        if not self._open:
            raise Closed
        self._reads.put(_Work(read, answer=answer))
        result: R = answer.take()
        return result

    def peek(self, read: Callable[[Connection], R]) -> R:
        """Read on the thread that asks, without waiting for another: for the net lane, never for the GUI thread."""
        if not self._open:
            raise Closed
        try:
            with self._store.read() as connection:
                return read(looking(connection, self.viewer))
        except Exception as fault:
            if not self._open:
                raise Closed from fault
            told = translate(fault)
            if told is None:
                raise
            raise told from fault

    def close(self) -> None:
        """Finish what was submitted (a save is never dropped), end the threads, close the store."""
        if not self._open:
            return
        self._open = False
        self._writes.put(None)
        for _ in range(READERS):
            self._reads.put(None)
        for thread in self._threads:
            thread.join(_PATIENCE_S)
        self._store.close()

    def _answer(self) -> _Answer:
        if threading.get_ident() == self._gui:
            raise AssertionError("the GUI thread never waits for the store (law 1)")
        return _Answer()

    def _wait(self, run: Callable[[], Any], origin: Origin, initiator: str) -> Any:
        answer = self._answer()
        self._put(_Work(run, initiator=initiator, answer=answer, origin=origin))
        return answer.take()

    def _put(self, work: _Work) -> None:
        if not self._open:
            raise Closed
        self._writes.put(work)

    def _as_act(self, operation: Operation[Any]) -> Callable[[], tuple[Any, dict[str, frozenset[str]]]]:
        seat = self._seat

        def act() -> tuple[Any, dict[str, frozenset[str]]]:
            with UnitOfWork(
                self._store,
                clock=self.clock,
                staff=self.staff,
                seat=seat,
                reference=self._reference,
                before_commit=self.before_commit,
            ) as uow:
                result = operation(uow)
                uow.commit()
                return result, uow.touched()

        return act

    def _as_work(self, work: Callable[[Connection], Any]) -> Callable[[], tuple[Any, dict[str, frozenset[str]]]]:
        def run() -> tuple[Any, dict[str, frozenset[str]]]:
            with self._store.write() as connection:
                result = work(connection)
                connection.commit()
                return result, {}

        return run

    def _write_on(self) -> None:
        while (work := self._writes.get()) is not None:
            touched: dict[str, frozenset[str]] = {}
            try:
                work.outcome, touched = work.carry_out()
            except Exception as fault:  # noqa: BLE001 - whatever an operation raises must reach its caller
                work.fault = _told(fault)
            self._tell(work)
            if touched:
                if self.committed is not None:
                    self.committed()
                self._bus.changed.emit(Changes(work.origin, touched, work.initiator))

    def _read_on(self) -> None:
        while (work := self._reads.get()) is not None:
            try:
                with self._store.read() as connection:
                    work.outcome = work.carry_out(looking(connection, self.viewer))
            except Exception as fault:  # noqa: BLE001 - whatever a read raises must reach its caller
                work.fault = _told(fault)
            with self._order:
                work.wasted = work.question is not None and work.question.is_overtaken()
                self._tell(work)

    def _tell(self, work: _Work) -> None:
        if work.answer is None:
            self._bus.delivered.emit(work)
        elif work.fault is None:
            work.answer.put(work.outcome)
        else:
            work.answer.fail(work.fault)


def _told(fault: Exception) -> Exception:
    """What the caller is told of a fault; the diary is told of it here."""
    told = translate(fault) or fault
    if told is fault:
        _log.error("an operation failed: %s", type(fault).__name__, exc_info=fault)
    else:
        _log.warning("an operation met a trouble: %s", type(told).__name__)
    return told


def _must_be_bound(*callbacks: Callable[..., None] | None) -> None:
    for callback in callbacks:
        if callback is not None and getattr(callback, "__self__", None) is None:
            raise TypeError("done and failed are bound methods: a bare function has no thread to come back to")
