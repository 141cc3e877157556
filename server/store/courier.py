"""What the centre keeps of couriers: its sealing key, who wrote last, what waits for a missing part, who did what."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Table, Text, func, select

from server.store import accounts
from server.store.engine import Connection
from sync import chain
from sync.operation import Placed
from sync.replica import node, sql, tables, upstream

KEY: Final = "courier_key"
"""Under which name the node table keeps the private X25519 half (64 hexadecimal digits)."""

OTHER: Final = "courier_key:"
"""Before a lineage: under which name the node table keeps the public key (base64) of another server."""

GAP: Final = "gap"
"""Numbers before it are missing: tried again whenever the chain has grown."""
FORK: Final = "fork"
"""Its numbers are known with other bytes: the desk sends them again under a new incarnation."""

stick = Table(
    "courier_stick",
    accounts.metadata,
    Column("device", Text, primary_key=True),
    Column("incarnation", Integer, primary_key=True),
    Column("bundle", Text, nullable=False),
    Column("lineage", Text, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("backfills", Text, nullable=False),
    Column("chains", Text, nullable=False),
    Column("reply_key", LargeBinary, nullable=False),
    Column("reply_secret", LargeBinary, nullable=False),
    Column("came_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger, nullable=True),
)
"""Where each desk that came by stick stood, and how it may be answered. `chains`: [incarnation, last
number] of all it wrote under."""

spool = Table(
    "courier_spool",
    accounts.metadata,
    Column("device", Text, primary_key=True),
    Column("incarnation", Integer, primary_key=True),
    Column("last", BigInteger, primary_key=True),
    Column("head", Text, primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("fork", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("came_at", BigInteger, nullable=False),
)
"""Push bodies that could not be taken yet (gap, fork, revoked): kept until they are, never dropped. `head` is the
chain's signature behind them, so that two chains with the same numbers both stay. `fork`: 0, or the least number
that this centre knows with other bytes."""

_NEXT: Final = (
    "SELECT device, incarnation, first, last, head, why, fork, body, came_at FROM courier_spool"
    " WHERE device = ? AND incarnation = ? AND why = ? AND first <= ? ORDER BY first LIMIT 1"
)

brought_file = Table(
    "courier_file",
    accounts.metadata,
    Column("device", Text, primary_key=True),
    Column("record", Text, primary_key=True),
)
"""Attachments whose bytes came whole by stick, until the desk was told so."""

journal = Table(
    "courier_audit",
    accounts.metadata,
    Column("id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("what", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("bundle", Text, nullable=False),
    Column("taken", BigInteger, nullable=False),
    Column("kept", BigInteger, nullable=False),
    Column("damaged", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("whole", Boolean, nullable=False),
)
"""Audit: every import and every reply, with counts and ids only (`taken` operations; the rest are letters)."""


def made_key(connection: Connection) -> X25519PrivateKey:
    """The key that sticks are sealed to, made when there is none. Runs in a write transaction."""
    known = node.get(connection, KEY)
    if known:
        return X25519PrivateKey.from_private_bytes(bytes.fromhex(known))
    key = X25519PrivateKey.generate()
    node.put_key(connection, KEY, key.private_bytes_raw().hex())
    return key


def learn(connection: Connection, lineage: str, key: str) -> None:
    """Remember the key (base64) that sticks for another server are sealed to: a hub tells it its desks."""
    if lineage and key and node.get(connection, OTHER + lineage) != key:
        node.put_key(connection, OTHER + lineage, key)


def others(connection: Connection) -> dict[str, str]:
    """Keys of other servers by lineage: of the centre this hub stands under, and nobody else."""
    centre = upstream.lineage(connection)
    key = node.get(connection, OTHER + centre) if centre else ""
    return {centre: key} if key else {}


@dataclass(frozen=True, slots=True)
class Came:
    """The last stick of a desk's incarnation (see the table)."""

    device: str
    incarnation: int
    bundle: str
    lineage: str
    cursor: int
    backfills: list[tuple[str, int, int]]
    chains: list[tuple[int, int]]
    reply_key: bytes
    reply_secret: bytes
    came_at: int
    answered_at: int | None


def _came(row: Any) -> Came:
    return Came(
        **{
            **row,
            "backfills": msgspec.json.decode(row["backfills"], type=list[tuple[str, int, int]]),
            "chains": msgspec.json.decode(row["chains"], type=list[tuple[int, int]]),
            "reply_key": bytes(row["reply_key"]),
            "reply_secret": bytes(row["reply_secret"]),
        }
    )


def all_sticks(connection: Connection) -> list[Came]:
    """The last stick of every incarnation of every device, in order."""
    rows = connection.execute(select(stick).order_by(stick.c.device, stick.c.incarnation)).mappings()
    return [_came(row) for row in rows]


def put_stick(connection: Connection, one: Came) -> None:
    """Remember where a desk stands."""
    values = {name: getattr(one, name) for name in Came.__dataclass_fields__}
    for name in ("backfills", "chains"):
        values[name] = msgspec.json.encode(values[name]).decode()
    sql.upsert_many(connection, stick, [tuple(values[column.name] for column in stick.columns)])


def file_came(connection: Connection, device: str, record: str) -> None:
    """Every chunk of an attachment is here since a stick of this device brought some."""
    if record not in files_of(connection, device):
        sql.insert_many(connection, brought_file, [(device, record)])


def files_of(connection: Connection, device: str) -> list[str]:
    """Attachments of which the device is still to be told."""
    f = brought_file.c
    return list(connection.execute(select(f.record).where(f.device == device).order_by(f.record)).scalars())


def answered(connection: Connection, one: Came, now_ms: int, files: Collection[str] = ()) -> None:
    """A reply was written that names these files: should it be lost, the desk's next stick brings them again."""
    f = brought_file.c
    connection.execute(brought_file.delete().where(f.device == one.device, f.record.in_(files)))
    where = (stick.c.device == one.device, stick.c.incarnation == one.incarnation)
    connection.execute(stick.update().where(*where).values(answered_at=now_ms))


@dataclass(frozen=True, slots=True)
class Kept:
    """One push body in the spool."""

    device: str
    incarnation: int
    first: int
    last: int
    head: str
    why: str
    fork: int
    body: bytes
    came_at: int


def keep(connection: Connection, one: Kept) -> None:
    """Put a body into the spool; the same one again changes only why it waits."""
    sql.upsert_many(connection, spool, [tuple(getattr(one, column.name) for column in spool.columns)])


def _same(one: Kept) -> tuple[Any, ...]:
    s = spool.c
    return s.device == one.device, s.incarnation == one.incarnation, s.last == one.last, s.head == one.head


def drop(connection: Connection, one: Kept) -> None:
    """It was taken into the log."""
    connection.execute(spool.delete().where(*_same(one)))


def kept_of(connection: Connection, device: str, why: str) -> list[Kept]:
    """All bodies of a device that lie here for this reason, in the order of its chains."""
    s = spool.c
    rows = connection.execute(
        select(spool).where(s.device == device, s.why == why).order_by(s.incarnation, s.last)
    ).mappings()
    return [Kept(**{**row, "body": bytes(row["body"])}) for row in rows]


def next_kept(connection: Connection, device: str, incarnation: int, acked: int) -> Kept | None:
    """The first body that waited for a gap and now follows on, or None (one look-up by key for every push)."""
    row = sql.first(connection, _NEXT, device, incarnation, GAP, acked + 1)
    if row is None:
        return None
    device, at, first, last, head, why, fork, body, came_at = row
    return Kept(device, at, first, last, head, why, fork, bytes(body), came_at)


def all_kept(connection: Connection) -> Iterator[Kept]:
    """Everything in the spool, by device and number."""
    s = spool.c
    for row in connection.execute(select(spool).order_by(s.device, s.incarnation, s.first)).mappings().all():
        yield Kept(**{**row, "body": bytes(row["body"])})


def waits(connection: Connection, device: str, incarnation: int, why: str) -> bool:
    """Whether something of this chain waits in the spool for this reason."""
    s = spool.c
    found = select(func.count()).where(s.device == device, s.incarnation == incarnation, s.why == why)
    return bool(connection.execute(found).scalar_one())


def forked_at(connection: Connection, device: str, incarnation: int) -> int:
    """0, or from where on this chain is known with other bytes than some stick brought."""
    s = spool.c
    found = select(func.min(s.fork)).where(s.device == device, s.incarnation == incarnation, s.why == FORK)
    return int(connection.execute(found).scalar_one() or 0)


def is_logged(connection: Connection, one: Placed, record: str) -> bool:
    """Whether the log has this author's bytes, or the hash that is left of them, under any number of the device."""
    log = tables.log.c
    rows = connection.execute(
        select(log.salt, log.body).where(log.record == record, log.device == one.device)
    )
    content = chain.content_hash(one)
    return any(chain.content_of(bytes(row.salt), bytes(row.body or b"")) == content for row in rows)


def note(connection: Connection, line: tuple[object, ...]) -> None:
    """One line of the audit, in the table's order."""
    sql.insert_many(connection, journal, [line])
