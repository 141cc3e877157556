"""Meets a server for the first time before the first pull goes out: what both hold already does not travel again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol, runtime_checkable

from sync.door import Health
from sync.engine import Pull
from sync.meeting import Whole, meet
from sync.operation import Placed
from sync.proof import Answer, Ask
from sync.replica.guest import DeskGuest
from sync.troubles import Offline, Trouble
from sync.wire import PullHead

_log = logging.getLogger(__name__)

EACH_S: Final = 25.0
"""How long (seconds) one question may take."""


@runtime_checkable
class Host(Protocol):
    """What is needed of a transport; every method raises only `sync.troubles`."""

    def proof(self, ask: Ask, timeout_s: float) -> Answer:
        """One question of the comparison."""

    def scope(self, scope: str, upto: int, past: int, timeout_s: float) -> tuple[PullHead, list[Placed]]:
        """One page of a scope's history."""


class FirstMeeting:
    """Called with every pull before it goes out; after a server was met once it does nothing.

    `health` answers which server is spoken to and how far its feed stands; `control` is this desk's own device
    scope. Whatever fails here, the feed from its beginning is right.
    """

    def __init__(self, guest: DeskGuest, health: Callable[[], Health], control: str) -> None:
        self._guest = guest
        self._health = health
        self._control = control
        self._met: set[str] = set()

    def __call__(self, host: object, pull: Pull) -> Pull:
        """The pull to be made: this one, or the one that goes on behind what is equal. Raises Offline where the line
        failed in the middle of it: then it is met at the next pull."""
        if pull.cursor or not pull.lineage or pull.lineage in self._met or not isinstance(host, Host):
            return pull
        try:
            there = self._health()
        except Trouble:
            # Not known to the pull's own road: where that stands, the road must not wait for this question.
            return pull
        try:
            met = there.lineage == pull.lineage and self._meet(host, there.feed)
        except Offline:
            raise
        except Trouble as trouble:
            _log.info("a first meeting was not to be: %s", type(trouble).__name__)
            met = False
        self._met.add(pull.lineage)
        if not met or not self._guest.begin_at(pull.lineage, there.feed):
            return pull
        _log.info("met: the feed is read from %d on", there.feed)
        return replace(pull, cursor=there.feed, wait_ms=0)

    def _meet(self, host: Host, feed: int) -> bool:
        meeting = meet(self._guest, self._control, feed)
        try:
            asked = next(meeting)
            while True:
                asked = meeting.send(self._asked(host, asked, feed))
        except StopIteration as ended:
            return bool(ended.value)

    def _asked(self, host: Host, asked: Ask | Whole, feed: int) -> Answer:
        if isinstance(asked, Ask):
            return host.proof(asked, EACH_S)
        found: list[Placed] = []
        past, more = 0, True
        while more:
            head, placed = host.scope(asked.scope, feed, past, EACH_S)
            found += placed
            past, more = head.next, head.more
        return Answer(placed=found)
