"""When a desk hears of its own pushes: after the last one of a backlog, and soon after a single one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from server.http.waiters import AUTHOR_LATER_S, BACKLOG_LATER_S, LATEST_S, Waiter, WaitingRoom
from server.operations.centre import News

NEWS = News(devices=frozenset({"ag01", "ag02"}))


class StillLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands until it is moved."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def turn(self, now: float) -> None:
        """Do what is due by then."""
        self.now = now
        self.call_soon(self.stop)
        self.run_forever()


@pytest.fixture
def loop() -> Iterator[StillLoop]:
    made = StillLoop()
    yield made
    made.close()


def _pushes(loop: StillLoop, room: WaitingRoom, waiter: Waiter, until: float) -> float:
    """Push a part of a backlog every tenth of a second; answers when the waiter was called."""
    moments = [tenth / 10 for tenth in range(int(until * 10) + 1)]
    for now in moments:
        loop.now = now
        room.publish(NEWS, "ag01", backlog=True)
        loop.turn(now)
        if waiter.called.is_set():
            return now
    loop.turn(moments[-1] + BACKLOG_LATER_S)
    assert waiter.called.is_set()
    return loop.now


def test_pushes_of_a_backlog_wake_their_author_once_behind_the_last(loop: StillLoop) -> None:
    room = WaitingRoom()
    room.open(loop)
    with room.waiter("ag01", ()) as own:
        assert _pushes(loop, room, own, 0.5) == pytest.approx(0.5 + BACKLOG_LATER_S)


def test_a_backlog_without_end_still_tells_its_author_after_a_while(loop: StillLoop) -> None:
    room = WaitingRoom()
    room.open(loop)
    with room.waiter("ag01", ()) as own:
        assert LATEST_S <= _pushes(loop, room, own, 3 * LATEST_S) < 2 * LATEST_S


def test_others_are_woken_at_once_and_a_single_push_tells_its_author_soon(loop: StillLoop) -> None:
    room = WaitingRoom()
    room.open(loop)
    with room.waiter("ag01", ()) as own, room.waiter("ag02", ()) as other:
        room.publish(NEWS, "ag01", backlog=True)
        loop.turn(0.0)
        assert other.called.is_set()
        assert not own.called.is_set()
        room.publish(NEWS, "ag01")
        loop.turn(0.0)
        loop.turn(AUTHOR_LATER_S)
        assert own.called.is_set()


def test_a_pull_that_was_answered_is_woken_no_more(loop: StillLoop) -> None:
    room = WaitingRoom()
    room.open(loop)
    with room.waiter("ag01", ()) as own:
        room.publish(NEWS, "ag01", backlog=True)
        loop.turn(0.0)
    loop.turn(LATEST_S)
    assert not own.called.is_set()
