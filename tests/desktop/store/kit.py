"""What the desk's tests stand on: a real encrypted store in a folder, a clock that is set, acts run on it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Connection

from desktop.home import Home
from desktop.reference import Reference
from desktop.store import identity
from desktop.store.draft_seal import DraftKeys
from desktop.store.engine import Store, open_store
from desktop.store.keys import Cost
from desktop.store.unit_of_work import Operation, Seat, UnitOfWork
from domain.clock import vn_to_ms
from sync.operation import Placed
from sync.replica import feed, sums

R = TypeVar("R")

NOON = vn_to_ms("2026-11-23 12:00:00")
STAFF = "nv07"
PASSPHRASE = "trời xanh mây trắng"
STORE_KEY = bytes(range(32))
CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
"""A key derivation that costs nothing; the floor of the product stays what it is."""

def _nobody(_staff: str) -> bytes | None:
    return None


PERSON_KEY = X25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
RECOVERY_KEY = X25519PrivateKey.from_private_bytes(bytes(range(64, 96)))
DRAFT_KEYS = DraftKeys(STAFF, PERSON_KEY, RECOVERY_KEY.public_key().public_bytes_raw(), _nobody)
"""What the drafts of a bench's person are closed with, the same in every process of a test."""

AN_GIANG = Seat("an_giang", "AG03", 3, "desk-ag")
HA_NOI = Seat("hanoi", "HN01", 1, "desk-hn")


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self, now_ms: int = NOON) -> None:
        self.now = now_ms

    def now_ms(self) -> int:
        """UTC milliseconds."""
        return self.now

    def monotonic_ms(self) -> int:
        """The same hand, moved only forward by tests."""
        return self.now


@functools.cache
def reference() -> Reference:
    """The real lists, read once a process."""
    return Reference.load()


class Bench:
    """A store with a seat, on which operations run one after another as the store lane would run them."""

    def __init__(self, root: Path, seat: Seat = AN_GIANG, clock: SetClock | None = None) -> None:
        self.home = Home(root)
        root.mkdir(parents=True, exist_ok=True)
        self.seat = seat
        self.clock = clock or SetClock()
        self.staff = STAFF
        self.store: Store = open_store(self.home.db, STORE_KEY)
        self.store.signed_in(DRAFT_KEYS)
        with self.store.write() as connection:
            identity.make_signing_key(connection)
            identity.enrol(connection, seat, "http://127.0.0.1:9", "")
            connection.commit()

    def run(self, operation: Operation[R], before_commit: Callable[[], None] | None = None) -> R:
        """One operation, committed."""
        with UnitOfWork(
            self.store,
            clock=self.clock,
            staff=self.staff,
            seat=self.seat,
            reference=reference(),
            before_commit=before_commit,
        ) as uow:
            result = operation(uow)
            uow.commit()
            return result

    def read(self, read: Callable[[Connection], R]) -> R:
        """One read on a reader's connection."""
        with self.store.read() as connection:
            return read(connection)

    def reopen(self) -> None:
        """Close the store and open it again."""
        self.store.close()
        self.store = open_store(self.home.db, STORE_KEY)
        self.store.signed_in(DRAFT_KEYS)

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def own(bench: Bench) -> list[Placed]:
    """Everything this desk wrote, in order."""
    device, incarnation = bench.seat.device, bench.seat.incarnation
    return bench.read(lambda c: feed.own_after(c, device, incarnation, 0, limit=1 << 20, max_bytes=1 << 30))


def take(bench: Bench, placed: Sequence[Placed]) -> None:
    """Fold what another desk wrote."""
    with bench.store.write() as connection:
        bench.store.replica.receive(connection, list(placed))
        connection.commit()


def digest(bench: Bench) -> str:
    """The digest of all that this desk holds."""
    return bench.read(lambda c: sums.of_audiences(c, [""]).text())
