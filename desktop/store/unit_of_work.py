"""One act's transaction on the store: everything it writes stands after COMMIT, or nothing does."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, select

from desktop.reference import Reference
from desktop.store import numbers
from desktop.store.case_keys import case_keys_of, is_locked, sealed_bodies, share_record
from desktop.store.case_lock import CaseLock, Given
from desktop.store.engine import Store
from domain.clock import Clock, vn_date
from domain.ids import RANDOM_BYTES, uuid7
from domain.records.kinds import KINDS
from domain.records.sealed import SEALED_FIELDS
from sync.act import Act
from sync.replica import node, read, scopes, tables
from sync.replica.changes import Folded
from sync.replica.own_chains import INCARNATION
from sync.replica.read import Stored
from sync.replica.replica import Identity

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Seat:
    """Where acts are made: centre (list `centres`), seat like AG03, the centre's digit, device, incarnation.

    `incarnation` is that of the moment the store was opened; the one that is written under is read anew in
    every transaction, since a fork raises it.
    """

    centre: str
    seat_code: str
    digit: int
    device: str
    incarnation: int = 1


class UnitOfWork:
    """A context: rolls back unless `commit` was called. `before_commit` runs between the last insert and COMMIT."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        staff: str,
        seat: Seat,
        reference: Reference,
        before_commit: Callable[[], None] | None = None,
    ) -> None:
        self._store = store
        self._writing = store.write()
        self._connection: Connection | None = None
        self._incarnation = 0
        self._stamp = store.stamps.last
        self.now_ms = clock.now_ms()
        self.staff = staff
        self.seat = seat
        self.reference = reference
        self.before_commit = before_commit
        self.folded: list[Folded] = []

    def __enter__(self) -> Self:
        self._connection = self._writing.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection = None
        self._writing.__exit__(kind, fault, trace)

    @property
    def connection(self) -> Connection:
        """The write connection. Raises AssertionError outside the context."""
        assert self._connection is not None, "a unit of work is a context"
        return self._connection

    def identity(self) -> Identity:
        """Device and incarnation that this transaction writes under."""
        if not self._incarnation:
            self._incarnation = int(node.get(self.connection, INCARNATION, "1"))
        return Identity(self.seat.device, self._incarnation)

    def new_id(self) -> str:
        """A new record's id, ordered by time."""
        return uuid7(max(self.now_ms, 0), os.urandom(RANDOM_BYTES))

    def act(self) -> Act:
        """A new act of this person, with its stamp taken."""
        return Act(self.staff, self._store.stamps.next(self.now_ms))

    def write(self, act: Act) -> None:
        """Log and fold an act as one group. An act that changes nothing writes nothing."""
        if not act.bodies:
            return
        locked = self._locked(act)
        for contact, scope in locked.items():
            self._seal(act, contact, scope)
        self._author(act)
        for contact, scope in locked.items():
            after = self.act()  # what the act changed may make somebody a reader: the key goes with it
            self.give(after, scope, self.lock(contact).missing())
            self._author(after)

    def _author(self, act: Act) -> None:
        if act.bodies:
            self.folded.append(self._store.replica.author(self.connection, self.identity(), act.bodies))

    def lock(self, contact: str) -> CaseLock:
        """The keys of a restricted file as they stand. Raises AssertionError where nobody is signed in."""
        keys = case_keys_of(self.connection)
        assert keys is not None, "a restricted case is written only while somebody is signed in"
        return CaseLock(self.connection, self.reference.policy, self.seat.centre, keys, contact)

    def give(self, act: Act, scope: str, given: Sequence[Given]) -> None:
        """Write keys of a restricted file for those who are to hold them."""
        for one in given:
            contact = scopes.file_of(scope)
            record = share_record(self.new_id(), contact, one.number, one.share, self.staff, self.now_ms)
            act.create(scope, record)

    def _locked(self, act: Act) -> dict[str, str]:
        """Files of this act whose words are sealed, with their scopes."""
        files = {scopes.file_of(body.scope): body.scope for body in act.bodies if body.scope.startswith(scopes.FILES)}
        closing = {
            scopes.file_of(body.scope) for body in act.bodies if body.kind == "case" and body.values.get("restricted")
        }
        return {
            contact: scope
            for contact, scope in sorted(files.items())
            if contact in closing or is_locked(self.connection, contact)
        }

    def _seal(self, act: Act, contact: str, scope: str) -> None:
        """Seal every word of this file; the key travels in the same act as what is written under it."""
        if any(body.scope == scope and body.kind in SEALED_FIELDS for body in act.bodies):
            key = self.lock(contact).to_write(self.new_id())
            self.give(act, scope, key.given)
            act.bodies = sealed_bodies(self.connection, act.bodies, scope, key.number, key.key)

    def read(self, kind: str, record_id: str) -> Stored | None:
        """The record as it stands in this transaction, or None."""
        return read.one(self.connection, kind, record_id)

    def stored(self, value: Any) -> Stored | None:
        """The record that a frozen record object is the present value of, or None when it is not here."""
        return self.read(KINDS.kind_of(value).name, value.id)

    def wrote(self, record_id: str) -> bool:
        """Whether this device wrote anything of the record: a desk's log holds only its own operations."""
        log = tables.log.c
        found = self.connection.execute(
            select(log.n).where(log.record == record_id, log.device == self.seat.device).limit(1)
        )
        return found.first() is not None

    def contact_code(self, received_at_ms: int) -> str:
        """The next contact code of this seat for the Vietnam day of `received_at_ms`; final, made offline."""
        return numbers.contact_code(self.connection, self.seat.seat_code, vn_date(received_at_ms))

    def case_code(self, series: str = "CT") -> str | None:
        """The next case code from the blocks leased to this device and incarnation, or None when none is left."""
        return numbers.case_code(self.connection, self.identity(), series, vn_date(self.now_ms).year)

    def commit(self) -> None:
        """COMMIT, the clock's last stamp included; when this returns, everything written is durable."""
        if self._store.stamps.last != self._stamp:
            node.put_key(self.connection, node.STAMP, self._store.stamps.last)
        if self.before_commit is not None:
            self.before_commit()
        self.connection.commit()

    def touched(self) -> dict[str, frozenset[str]]:
        """Ids of the records changed so far, by kind."""
        found: dict[str, frozenset[str]] = {}
        for folded in self.folded:
            for kind, ids in folded.touched().items():
                found[kind] = found.get(kind, frozenset()) | ids
        return found


Operation = Callable[[UnitOfWork], R]
"""What a person does, as a function that runs whole on the store lane."""
