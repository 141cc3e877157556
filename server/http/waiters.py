"""Held pulls: each waits for news that concerns it, is woken by a commit, and is let go at the end."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Final, Self

from server.operations.centre import News
from sync.replica.scopes import device_scope

AUTHOR_LATER_S: Final = 0.03
"""How much later (seconds) than others a desk hears of its own push: those who wait for the words go first."""
BACKLOG_LATER_S: Final = 0.2
"""The same for a push of a backlog, behind which the next one is on its way: each that comes puts it off again, for a
pull in between would be asked and answered for nothing."""
LATEST_S: Final = 2.0
"""How long (seconds) the first of them may be put off altogether."""


class Waiter:
    """One held pull. Lives on the event loop; register it before the read whose answer it waits to better."""

    def __init__(self, room: WaitingRoom, device: str, audiences: frozenset[str]) -> None:
        self._room = room
        self.device = device
        self.audiences = audiences
        self.called = asyncio.Event()
        self._later: asyncio.TimerHandle | None = None
        self._latest = 0.0

    def call_later(self, loop: asyncio.AbstractEventLoop, wait_s: float) -> None:
        """Wake it in so many seconds, counted from the last time that this is said."""
        now = loop.time()
        if self._later is None:
            self._latest = now + LATEST_S
        elif now >= self._latest:
            self.called.set()  # due in this very turn of the loop: put off now, it would be in the next one too
            return
        else:
            self._later.cancel()
        self._later = loop.call_at(min(now + wait_s, self._latest), self.called.set)

    def __enter__(self) -> Self:
        self._room.enter(self)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._room.leave(self)
        if self._later is not None:
            self._later.cancel()

    def concerns(self, news: News) -> bool:
        """Whether a commit may have something for this pull, or is the asker's own."""
        if self.device in news.devices or not self.audiences.isdisjoint(news.audiences):
            return True
        # A hub waits for what concerns any of its desks: their control streams are among its audiences.
        return any(device_scope(one) in self.audiences for one in news.devices)


class WaitingRoom:
    """All held pulls of one event loop. `publish` may be called from any thread."""

    def __init__(self) -> None:
        self._waiters: set[Waiter] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._counted = threading.Condition()

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop that pulls are held on."""
        self._loop = loop

    def waiter(self, device: str, audiences: tuple[str, ...]) -> Waiter:
        """A held pull of a device with these audiences; use it as a context."""
        return Waiter(self, device, frozenset(audiences))

    def enter(self, waiter: Waiter) -> None:
        """From now on news may wake it."""
        with self._counted:
            self._waiters.add(waiter)
            self._counted.notify_all()
        if self._closed:
            waiter.called.set()

    def leave(self, waiter: Waiter) -> None:
        """It has been answered, or its asker has gone."""
        with self._counted:
            self._waiters.discard(waiter)
            self._counted.notify_all()

    def wait_for_count(self, count: int, timeout_s: float) -> bool:
        """Block another thread until exactly this many pulls are held; False where the time ran out first."""
        with self._counted:
            return self._counted.wait_for(lambda: len(self._waiters) == count, timeout_s)

    def publish(self, news: News, author: str = "", *, backlog: bool = False) -> None:
        """Wake the pulls that a commit concerns; the author's own device a moment later, since it only learns that
        both ends are equal: after a `backlog` not before its last push."""
        if news and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, news, author, BACKLOG_LATER_S if backlog else AUTHOR_LATER_S)

    def close(self) -> None:
        """Let every held pull go, and hold no more: the server is ending. On the loop's own thread."""
        self._closed = True
        for waiter in list(self._waiters):
            waiter.called.set()

    @property
    def closed(self) -> bool:
        """Whether the server is ending."""
        return self._closed

    def _wake(self, news: News, author: str, wait_s: float = AUTHOR_LATER_S) -> None:
        for waiter in self._waiters:
            if waiter.device == author and waiter.concerns(news) and self._loop is not None:
                waiter.call_later(self._loop, wait_s)
            elif waiter.concerns(news):
                waiter.called.set()
