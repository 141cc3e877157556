"""One try to come in: counted before it is made, forgotten when the passphrase was right."""

from __future__ import annotations

from desktop.home import Home
from desktop.store.keys import KeySlots, Opened
from desktop.store.throttle import Throttle

NOBODY = ""
"""Names that no person of this desk has share one count, so that guessing names fills no file."""


def enter(home: Home, slots: KeySlots, staff: str, passphrase: str, now_ms: int) -> Opened:
    """What this passphrase opens at this desk. Raises TooSoon and what `KeySlots.enter` raises."""
    secret = slots.secret()
    if secret is None:  # a key file of the first format: there is nothing yet to mark a count with
        opened = slots.enter(staff, passphrase, now_ms)
        begin_counting(home, slots)
        return opened
    throttle = Throttle(home.tries, secret)
    name = staff if staff in slots.names() else NOBODY
    throttle.begin(name)
    opened = slots.enter(staff, passphrase, now_ms)
    throttle.passed(name)
    return opened


def begin_counting(home: Home, slots: KeySlots) -> None:
    """Nobody mistyped anything yet: the count is there from the first day, so that a file that is gone later is
    known to have been taken away."""
    secret = slots.secret()
    if secret is not None and not home.tries.exists():
        Throttle(home.tries, secret).passed(NOBODY)
