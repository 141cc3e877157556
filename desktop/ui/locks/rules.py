"""When a desk is covered, locked or sealed (settled 17): a function of what happened and the machine's run time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

FREE_S: Final = 60.0
"""So long (seconds) after F12 one key brings everything back."""
IDLE_S: Final = 300.0
"""Nothing touched for so long: locked."""
SEAL_S: Final = 900.0
"""Locked for so long: sealed."""
WRITING_S: Final = 3_600.0
"""A form edited less than so long ago is being written: idle gives the privacy screen only."""
SLEPT_S: Final = 20.0
"""A second's tick that comes so late: the machine was suspended (or stood still as if it were)."""


class Lock(Enum):
    """From open to gone; each hides more than the one before."""

    OPEN = "open"
    COVERED = "covered"
    LOCKED = "locked"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Busy:
    """What idle must not interrupt: a call that has no end yet, a form; `written_s` seconds since its last change."""

    call: bool = False
    written_s: float | None = None

    @property
    def holds(self) -> bool:
        """Whether idle gives the privacy screen only."""
        return self.call or (self.written_s is not None and self.written_s < WRITING_S)


NOT_BUSY: Final = Busy()


class LockRules:
    """Times are seconds of the machine's own run, sleep included: no clock that a person can set has a say."""

    def __init__(self, now_s: float) -> None:
        self.lock = Lock.OPEN
        self._touched = self._since = self._ticked = now_s

    def touched(self, now_s: float) -> None:
        """Somebody pressed a key or moved the mouse; below a cover that is not work."""
        if self.lock is Lock.OPEN:
            self._touched = now_s

    def cover(self, now_s: float) -> Lock:
        """F12."""
        if self.lock is Lock.OPEN:
            self._touched = now_s
            self._to(Lock.COVERED, now_s)
        return self.lock

    def back(self, now_s: float, busy: Busy = NOT_BUSY) -> Lock:
        """A key on the privacy screen: free for a minute and during a call, else the passphrase is asked."""
        if self.lock is Lock.COVERED:
            if busy.holds or now_s - self._since <= FREE_S:
                self._touched = now_s
                self._to(Lock.OPEN, now_s)
            else:
                self._to(Lock.LOCKED, now_s)
        return self.lock

    def opened(self, now_s: float) -> Lock:
        """The passphrase was right. What is sealed stays so."""
        if self.lock is not Lock.SEALED:
            self._touched = now_s
            self._to(Lock.OPEN, now_s)
        return self.lock

    def seal(self, now_s: float) -> Lock:
        """Another person, suspend, sign-out."""
        self._to(Lock.SEALED, now_s)
        return self.lock

    def tick(self, now_s: float, busy: Busy = NOT_BUSY) -> Lock:
        """Every second."""
        slept, self._ticked = now_s - self._ticked > SLEPT_S, now_s
        if slept:
            return self.seal(now_s)
        idle = now_s - self._touched >= IDLE_S
        if self.lock is Lock.OPEN and idle:
            self._to(Lock.COVERED if busy.holds else Lock.LOCKED, now_s)
        elif self.lock is Lock.COVERED and idle and not busy.holds:
            self._to(Lock.LOCKED, now_s)
        elif self.lock is Lock.LOCKED and now_s - self._since >= SEAL_S and not busy.call:
            self._to(Lock.SEALED, now_s)
        return self.lock

    def _to(self, lock: Lock, now_s: float) -> None:
        if lock is not self.lock:
            self.lock, self._since = lock, now_s
