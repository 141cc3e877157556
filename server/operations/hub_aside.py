"""Chains that the centre does not take from a hub now: their words wait here, and hold up nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from server.store.engine import Connection
from sync.operation import Placed
from sync.replica.hub_road import HubRoad
from sync.troubles import ServerTrouble

ASIDE_MS: Final = 15_000
"""How long (ms) a chain that the centre refused rests: enrolled again or let in, its desk should not wait long."""


class NotTaken(ServerTrouble):
    """The centre knows this hub, and not the desk whose chain was brought (a restore has forgotten it, it waits to be
    let in), or not by this key: the others' words go on at once."""

    def __init__(self) -> None:
        super().__init__(retry_after_ms=0)


class PatientRoad(HubRoad):
    """The road of every hub; what was sent last can be put aside for a while. Used by the engine's thread only;
    times in monotonic ms."""

    _aside: Mapping[str, int] = MappingProxyType({})
    _choosing: bool = False
    _now: int = 0

    def put_aside(self, until: int) -> str:
        """The device whose chain was sent last rests till then; answers which it is, or nothing where it was so
        before and has not been taken since."""
        device = self._flight[0].device
        new = device not in self._aside
        self._aside = {**self._aside, device: until}
        return device if new else ""

    def passed(self, now: int) -> None:
        """So late it is."""
        self._now = now

    def next_try(self, now: int) -> int | None:
        """When the next of those that rest may be sent again, or None where none rests."""
        return min((until for until in self._aside.values() if until > now), default=None)

    def taken(self) -> None:
        """The centre took what was sent last."""
        device = self._flight[0].device
        self._aside = {one: until for one, until in self._aside.items() if one != device}

    def pending(self, limit: int, max_bytes: int, past: int) -> list[Placed]:
        """As every hub, of the chains that do not rest: else the oldest one would be tried for ever before all."""
        self._choosing = True
        try:
            return super().pending(limit, max_bytes, past)
        finally:
            self._choosing = False

    def _unsent(self, connection: Connection) -> dict[tuple[str, int], int]:
        found = super()._unsent(connection)
        if not self._choosing:
            return found  # it waits here all the same, and is counted
        return {key: acked for key, acked in found.items() if self._aside.get(key[0], 0) <= self._now}
