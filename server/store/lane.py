"""The accept lane: everything the centre writes passes here one after the other, committed in groups."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from server.store.engine import CentreStore, Connection, as_troubles
from server.store.troubles import StoreUnavailable

R = TypeVar("R")

MOST_TOGETHER = 16
"""How many waiting jobs share one commit, and so one fsync (settled 12)."""
TOGETHER_S = 0.1
"""After so long (seconds) no further job is taken into a commit: an urgent one waits for the commit under way."""


class _Order(Generic[R]):
    def __init__(self, job: Callable[[Connection], R]) -> None:
        self._job = job
        self._answer: R | None = None
        self._fault: BaseException | None = None
        self.done: Future[R] = Future()

    def run(self, connection: Connection, *, alone: bool) -> None:
        """Do the job; in company its fault undoes its own writes only."""
        if alone:
            self._answer = self._job(connection)
            return
        try:
            with as_troubles(), connection.begin_nested():
                self._answer = self._job(connection)
        except StoreUnavailable:
            raise  # a full disk may have undone the whole transaction: nobody of this company may go on in it
        except Exception as fault:  # noqa: BLE001  # whose job it is, answers for it
            self._fault = fault

    def finish(self) -> None:
        """The commit has returned: only now does anyone hear of success."""
        if self._fault is not None:
            self.done.set_exception(self._fault)
        else:
            self.done.set_result(self._answer)  # type: ignore[arg-type]  # the job's own answer, None if R is None


class WriteLane:
    """One thread with the writing connection. `do` blocks the caller until its job is committed."""

    def __init__(self, store: CentreStore) -> None:
        self._store = store
        self._urgent: deque[_Order[object]] = deque()
        self._orders: deque[_Order[object]] = deque()
        self._door = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="centre-write-lane", daemon=True)
        self._thread.start()

    def do(self, job: Callable[[Connection], R], *, urgent: bool = False) -> R:
        """Run the job in a write transaction and answer after COMMIT; an urgent one before all that wait. Raises
        what the job raised (nothing of it is written then), or StoreUnavailable."""
        order = _Order(job)
        with self._door:
            if self._closed:
                raise StoreUnavailable
            (self._urgent if urgent else self._orders).append(order)  # type: ignore[arg-type]  # the queue mixes jobs of many answers
            self._door.notify()
        return order.done.result()

    def close(self) -> None:
        """Finish what was ordered, then end."""
        with self._door:
            self._closed = True
            self._door.notify()
        self._thread.join()

    def _work(self) -> None:
        while (first := self._next()) is not None:
            self._commit(*first)

    def _next(self) -> tuple[_Order[object], deque[_Order[object]], bool] | None:
        """What the next commit begins with, where more of its kind wait, and whether any do; None when all is
        over."""
        with self._door:
            while not (self._urgent or self._orders or self._closed):
                self._door.wait()
            waiting = self._urgent or self._orders
            return (waiting.popleft(), waiting, bool(waiting)) if waiting else None

    def _further(self, waiting: deque[_Order[object]]) -> _Order[object] | None:
        """The next one for the same commit; none of a backlog while an urgent one waits."""
        with self._door:
            may = waiting and (waiting is self._urgent or not self._urgent)
            return waiting.popleft() if may else None

    def _commit(self, first: _Order[object], waiting: deque[_Order[object]], company: bool) -> None:
        orders, until = [first], time.monotonic() + TOGETHER_S
        try:
            with self._store.writing() as connection:
                first.run(connection, alone=not company)
                while company and len(orders) < MOST_TOGETHER and time.monotonic() < until:
                    order = self._further(waiting)
                    if order is None:
                        break
                    orders.append(order)
                    order.run(connection, alone=False)
        except Exception as fault:  # noqa: BLE001  # nothing was committed: each caller hears it
            for order in orders:
                order.done.set_exception(fault)
            return
        for order in orders:
            order.finish()
