"""Nodes for tests of the road: real stores of each kind, and a desk and a centre that speak without a wire."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import sqlcipher3.dbapi2 as sqlcipher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from domain.records.call import Call
from domain.records.contact import Contact
from sync import chain
from sync.act import Act
from sync.operation import Placed
from sync.replica import feed, read, scopes, sums
from sync.replica.changes import Folded
from sync.replica.fold import Fold
from sync.replica.replica import Accepted, Identity, Peer, Replica
from sync.stamp import HybridClock

R = TypeVar("R")
_nodes = itertools.count(1)


def cipher_engine(path: Path) -> Engine:
    """An SQLCipher file with a raw key."""

    def connect() -> Any:
        connection = sqlcipher.connect(str(path), isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{bytes(range(32)).hex()}'\"")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    return _transactional(create_engine("sqlite://", module=sqlcipher, creator=connect, poolclass=StaticPool))


def memory_engine() -> Engine:
    """SQLite in memory, the same library as the SQLCipher file."""

    def connect() -> Any:
        return sqlcipher.connect(":memory:", isolation_level=None, check_same_thread=False)

    return _transactional(create_engine("sqlite://", module=sqlcipher, creator=connect, poolclass=StaticPool))


def _transactional(engine: Engine) -> Engine:
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def contact(number: int, **values: Any) -> Contact:
    """A made-up contact."""
    filled: dict[str, Any] = {"summary": f"Ghi chép số {number}", "topics": ("psychology",), "received_at": number}
    return Contact(id=f"contact-{number}", **{"urgency": "medium", **filled, **values})


def call(number: int, **values: Any) -> Call:
    """A made-up call."""
    filled: dict[str, Any] = {"number": f"09000{number:05d}", "ring_at": number, "outcome": "silent"}
    return Call(id=f"call-{number}", **{**filled, **values})


@dataclass
class Node:
    """A replica with its engine, identity and clock."""

    engine: Engine
    device: str = "ag01-test"
    centre: str = "an_giang"
    serving: bool = False
    wall: int = 1_000_000
    incarnation: int = 1
    replica: Replica = field(init=False)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    clock: HybridClock = field(init=False)

    def __post_init__(self) -> None:
        fold = Fold(projections=[scopes.Grants(), scopes.Homes(sums.move)] if self.serving else [])
        self.replica = Replica(fold, os.urandom, scopes.homes if self.serving else sums.one_audience)
        self.clock = HybridClock(f"{next(_nodes):08x}")
        self.run(self.replica.create)

    def run(self, work: Callable[[Connection], R]) -> R:
        """One transaction."""
        with self.engine.begin() as connection:
            return work(connection)

    @property
    def identity(self) -> Identity:
        return Identity(self.device, self.incarnation)

    def act(self) -> Act:
        """An act of a person at this node, a millisecond after the last."""
        self.wall += 1
        return Act("tvv-1", self.clock.next(self.wall))

    def write(self, act: Act) -> Folded:
        return self.run(lambda c: self.replica.author(c, self.identity, act.bodies))

    def change(self, kind: str, record_id: str, ranks: dict[str, int] | None = None, **values: Any) -> Folded:
        """One edit based on what this node shows now."""
        stored = self.stored(kind, record_id)
        act = self.act()
        act.change(kind, record_id, stored.scope, stored.state, values, ranks=ranks)
        return self.write(act)

    def stored(self, kind: str, record_id: str) -> read.Stored:
        found = self.run(lambda c: read.one(c, kind, record_id))
        assert found is not None, f"{kind} {record_id} is not here"
        return found

    def digests(self) -> dict[tuple[str, str], Any]:
        """Running digests, checked against a recount of the rows."""
        running = self.run(sums.by_scope_and_kind)
        assert running == self.run(sums.recount)
        return running

    def outbox(self, after: int = 0) -> list[Placed]:
        return self.run(
            lambda c: feed.own_after(c, self.device, self.incarnation, after, limit=1 << 30, max_bytes=1 << 40)
        )

    def peer(self) -> Peer:
        return Peer(self.device, self.centre, self.key.public_key())

    def push_to(self, server: Node, placed: Sequence[Placed] | None = None) -> Accepted:
        """Send a batch as the wire would, signed by this node's key."""
        batch = list(self.outbox() if placed is None else placed)
        previous = self.run(lambda c: self.replica.hash_at(c, self.identity, batch[0].n - 1))
        head = chain.advance(previous, batch)[-1]
        signature = chain.sign_head(self.key, self.device, self.incarnation, batch[-1].n, head)
        granted = server.run(lambda c: scopes.granted(c, self.device))
        return server.run(
            lambda c: server.replica.accept(c, self.peer(), batch, previous, signature, granted)
        )

    def pull_from(self, server: Node, cursor: int = 0, limit: int = 1_000) -> int:
        """Fold all that the server shows this node after the cursor; answers the new cursor."""
        while True:
            page = server.run(partial(self._page, cursor=cursor, limit=limit))
            self.fold(page.placed)
            cursor = page.next
            if not page.more:
                return cursor

    def _page(self, connection: Connection, cursor: int, limit: int) -> feed.Page:
        return feed.after(
            connection, cursor, device=self.device, incarnation=self.incarnation,
            audiences=[self.centre, "ref", f"device:{self.device}"], limit=limit,
        )  # fmt: skip

    def fold(self, placed: Sequence[Placed]) -> Folded:
        """Operations that came from elsewhere, in one transaction."""
        return self.run(lambda c: self.replica.receive(c, placed))

    def has(self, kind: str, record_id: str) -> bool:
        """Whether the record is here."""
        return self.run(lambda c: read.one(c, kind, record_id)) is not None
