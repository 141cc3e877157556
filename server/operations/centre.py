"""The centre as its operations see it: store, write lane, replica, clock, and its own hand as an author."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, Self, TypeVar

from domain.clock import Clock
from domain.ids import RANDOM_BYTES, uuid7
from domain.records.kinds import SCHEMA
from domain.rules.privacy import Policy
from server.store import centre_key, courier, granted, lineage, opening, segments
from server.store.attachments import Described
from server.store.engine import CentreStore, Connection, open_store
from server.store.lane import WriteLane
from sync.act import Act
from sync.authorship import CENTRE
from sync.blobs.shelf import Shelf
from sync.door import Again, Enrolled, Receipt
from sync.operation import ERASE, Body
from sync.replica import node, scopes, sums
from sync.replica.changes import Folded, Projection
from sync.replica.fold import Fold
from sync.replica.read import Stored
from sync.replica.relay import RelayReplica
from sync.replica.replica import Identity, Replica
from sync.stamp import HybridClock
from sync.transport.blobs import There

R = TypeVar("R")

_RESOURCES: Final = Path(__file__).parents[2] / "resources"

ROLE: Final = "centre"
HUB: Final = "hub"
ME: Final = CENTRE
"""Under which name the centre writes its own operations: grants and number blocks. Its incarnation is raised
when the history is named anew."""

BLOBS: Final = "blobs"
"""Folder of attachments' sealed chunks in the data folder, whichever database stands beside it."""

log = logging.getLogger("tram111.centre")
"""Ids and counts only: no contents, no names, no addresses of persons."""


@dataclass(frozen=True, slots=True)
class News:
    """Whom a commit concerns: audiences that may see something new, devices by name."""

    audiences: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.audiences or self.devices)

    def with_more(self, other: News) -> News:
        """Both together."""
        return News(self.audiences | other.audiences, self.devices | other.devices)


class BlobsAbove(Protocol):
    """What a hub's operations ask of its road for attachments' bytes (`server.operations.blob_uplink`)."""

    def came_whole(self, record: str, found: Described) -> None:
        """A desk has brought every byte of a blob."""

    def wanted(self, record: str, found: Described) -> None:
        """A desk asked for bytes that are not here."""

    def at_centre(self, record: str, found: Described) -> bool:
        """Whether the centre says at this moment that it has every chunk."""

    def offer_above(self, record: str, sealed: int) -> There:
        """What the centre has of a blob of which nothing is known here. Raises Trouble."""

    def send_above(self, record: str, offset: int, data: bytes) -> int:
        """Bytes of such a blob, sent on at once; answers from which byte to go on. Raises Trouble."""

    def attachments_went(self) -> None:
        """An attachment was erased here, or wiped with its scope: bytes that nothing names go."""


class Above(Protocol):
    """What a hub's operations ask of its road to the centre (`server.operations.uplink`)."""

    url: str

    @property
    def blobs(self) -> BlobsAbove:
        """The road for attachments' bytes."""

    def refresh(self) -> bool:
        """Ask for the list of desks now; answers whether it came."""

    def enrol(self, code: str, key: bytes, name: str, again: Again | None = None) -> Enrolled:
        """Hand a desk's enrolment on to the centre. Raises sync.troubles."""

    def receipt(self, device: str, digest: str) -> Receipt | None:
        """The centre's signed word for one of this hub's desks, or None where it counts something else. Raises
        sync.troubles."""


class Centre:
    """Opens a store for serving: makes its tables, its lineage and its lane. `close` ends the lane and the store.

    `role` is `centre` or `hub`, or None for whichever the store has; it keeps the one it was made in.

    `random` gives that many random bytes from a cryptographic source. Raises NewerStore, WrongKey,
    WrongRole, StoreUnavailable.
    """

    def __init__(
        self, store: CentreStore, clock: Clock, random: Callable[[int], bytes], role: str | None = None
    ) -> None:
        self.store = store
        self.role = role = opening.role_of(store, role)
        self.accepted: Callable[[], None] | None = None
        """Called after each push that was taken, on the pusher's thread (a hub sends it on)."""
        self.publish: Callable[[News], None] | None = None
        """Wakes held pulls, from any thread; the door sets it."""
        self.uplink: Above | None = None
        """A hub's road to the centre; None at the centre itself."""
        self.policy = Policy.load(_RESOURCES / "policy")
        """Who may see and do what; what sync ships is decided by it too (`need_to_know`)."""
        self.retired = False
        """Whether the centre has taken this hub out of service: its desks are sent on to the centre."""
        self.clock = clock
        self.random = random
        grants = (scopes.Grants(), granted.Narrowed())
        serving: list[Projection] = [*grants, scopes.Homes(sums.move), segments.Outdated()]
        made = RelayReplica if role == HUB else Replica
        self.replica = made(Fold(projections=serving), random, scopes.homes)
        self.lineage = opening.prepare(store, self.replica, random, role)
        with store.writing() as connection:
            self.key = centre_key.made(connection)
            self.courier_key = courier.made_key(connection)
            last = node.get(connection, node.STAMP)
        self._stamps = HybridClock(random(4).hex(), last)
        self.blobs = Shelf(store.folder / BLOBS)
        self.blobs.prepare()
        self.lane = WriteLane(store)
        self.renewing = threading.Lock()
        """Held while the history is named anew because a desk proved that part of it was lost."""
        self.renewed_at: int | None = None

    @classmethod
    def opened(cls, data: Path, database: str | None, clock: Clock, role: str | None = None) -> Self:
        """The centre (or hub) of a data folder, or of the PostgreSQL database named by a URL. Raises NewerStore,
        WrongKey, KeyMissing, WrongRole, StoreUnavailable."""
        store = open_store(data, database)
        try:
            return cls(store, clock, os.urandom, role)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Finish what was ordered and end every thread and connection."""
        self.lane.close()
        self.store.close()

    def read(self, work: Callable[[Connection], R]) -> R:
        """One read transaction; never waits for a push."""
        with self.store.reading() as connection:
            return work(connection)

    def now_ms(self) -> int:
        """UTC milliseconds."""
        return self.clock.now_ms()

    def new_id(self) -> str:
        """A new record id."""
        return uuid7(self.now_ms(), self.random(RANDOM_BYTES))

    def author(
        self,
        connection: Connection,
        scope: str,
        records: Sequence[Any],
        action: str,
        after: Iterable[str] = (),
    ) -> Folded:
        """Write records of the centre's own into one scope as one act, inside the lane's transaction. `after`:
        stamps that the act follows from."""
        act = self.act(after)
        for record in records:
            act.create(scope, record, action=action)
        return self.write(connection, act.bodies)

    def author_act(
        self, connection: Connection, records: Iterable[tuple[str, Any, Mapping[str, int]]]
    ) -> Folded:
        """Write new records of the centre's own, each into its scope and with its caution ranks, as one act that no
        batch splits, inside the lane's transaction."""
        act = self.act()
        for scope, record, ranks in records:
            act.create(scope, record, ranks=ranks)
        return self.write(connection, act.bodies)

    def act(self, after: Iterable[str] = ()) -> Act:
        """An act of the centre's own that follows from these stamps; `write` logs what it collects."""
        wall = self.now_ms()
        for stamp in after:
            self._stamps.seen(stamp, wall)
        return Act(ROLE, self._stamps.next(wall))

    def change(self, connection: Connection, stored: Stored, values: Mapping[str, Any], action: str) -> Folded:
        """Change a record of the centre's own, or take it back, as one act that follows from what stands."""
        act = self.act(stamp for held in stored.state.values() for stamp in held.heads)
        act.change(stored.kind, stored.id, stored.scope, stored.state, values, action=action)
        return self.write(connection, act.bodies)

    def erase(self, connection: Connection, kind: str, record: str, scope: str, why: str) -> Folded:
        """Order that a record be erased for ever at every node; `why` holds no personal data."""
        return self.write(connection, [self.order(self.act(), kind, record, scope, why)])

    @staticmethod
    def order(act: Act, kind: str, record: str, scope: str, why: str) -> Body:
        """The order to erase a record, as part of an act."""
        return Body(
            kind=kind,
            id=record,
            scope=scope,
            data_class="P1",
            action=ERASE,
            staff=ROLE,
            schema=SCHEMA,
            stamp=act.stamp,
            why=why,
        )

    def write(self, connection: Connection, bodies: Sequence[Body]) -> Folded:
        """Log and fold bodies of the centre's own, and keep the last stamp durable with them."""
        me = Identity(ME, lineage.own_incarnation(connection))
        folded = self.replica.author(connection, me, bodies)
        node.put_key(connection, node.STAMP, self._stamps.last)
        if folded.released:
            self._count_others(connection, bodies)
        return folded

    @staticmethod
    def _count_others(connection: Connection, bodies: Sequence[Body]) -> None:
        """What a grant let in counts for all who were granted the scope before (who is granted it now is counted by
        whoever grants it)."""
        given = [body.values for body in bodies if body.kind == "grant" and "granted_scope" in body.values]
        before = granted.holders(connection, {str(one["granted_scope"]) for one in given})
        for device in sorted(before - {str(one.get("device")) for one in given}):
            granted.count_anew(connection, device)
