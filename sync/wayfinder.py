"""Which of a desk's servers it speaks to: the hub first, the centre when that is dead, the hub when it lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sync.troubles import Offline, Revoked, ServerLied, ServerTrouble, Trouble

SLOW_FAILURES: Final = 2
"""A server that is only slow or busy is left after so many failures in a row; one that refuses, at once."""
PROBE_MS: Final = 15_000
"""How often (ms, monotonic) a desk away from its first server looks whether that lives again."""


@dataclass(slots=True)
class Wayfinder:
    """Pure: told what came back, answers where to go. `servers` is how many there are, best first.

    `at` is the present one's place in the list. When every server has failed since the last answer, the engine's
    own back-off rules: the turn goes on, but no faster than it.
    """

    servers: int
    at: int = 0
    _failures: int = 0
    _dead: int = 0
    _probe_at: int = 0

    def answered(self) -> None:
        """The present server has answered."""
        self._failures = self._dead = 0

    def failed(self, trouble: Trouble, mono: int) -> bool | None:
        """The present server has not. Answers None to stay; else `at` is another now, and the answer says whether
        to ask it at once (False: all are dead, ask it when the engine would have asked again)."""
        sent_away = isinstance(trouble, Revoked) and not trouble.lineage
        if self.servers < 2 or not (sent_away or isinstance(trouble, Offline | ServerTrouble | ServerLied)):
            return None
        self._failures += 1
        # A hub does not take a revoked desk's last words: the centre does.
        refused = sent_away or (isinstance(trouble, Offline) and not trouble.timed_out)
        if not refused and self._failures < SLOW_FAILURES:
            return None
        self._failures = 0
        self._dead += 1
        self._go((self.at + 1) % self.servers, mono)
        return self._dead < self.servers

    def probe_at(self) -> int | None:
        """When (monotonic ms) to look at the first server, or None while it is the present one."""
        return self._probe_at if self.at else None

    def look_now(self, mono: int) -> None:
        """Somebody says that the network is back: look at the first server without waiting for the next time, and
        ask the others as well if that fails, for what was dead before may live again."""
        self._probe_at = mono
        self._dead = 0

    def probed(self, alive: bool, mono: int) -> bool:
        """The first server was looked at; answers whether to go back to it, and then `at` is 0."""
        if not self.at:
            return False
        if alive:
            self._failures = self._dead = 0
            self._go(0, mono)
            return True
        self._probe_at = mono + PROBE_MS
        return False

    def _go(self, to: int, mono: int) -> None:
        self.at = to
        self._probe_at = mono + PROBE_MS
