"""A hub's attachments' bytes on their way: what it must bring to the centre, fetch from it, or may keep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import BigInteger, Column, Integer, Table, Text, select

from server.store import accounts, attachments
from server.store.attachments import Described
from server.store.engine import Connection
from sync.blobs.seal import Plan, pack, plan_of
from sync.blobs.signals import Transfer, Want
from sync.replica import node, removal, sql, tables, upstream

OFFERED_TO: Final = "blobs_offered_to"
"""Lineage of the centre whose word `centre_at` is."""

KEPT: Final = ""
"""Here and at the centre: nothing of it travels."""

hub_blob = Table(
    "hub_blob",
    accounts.metadata,
    Column("blob", Text, primary_key=True),
    Column("record", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("chunks", Text, nullable=False),
    Column("chunk_count", Integer, nullable=False),
    Column("want", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("centre_at", BigInteger),
)
"""One row a blob that came whole to this hub or that a desk asked it for. It names the chunks itself: a dossier may
leave the hub before its bytes have gone up. `centre_at`: when the centre last verified every chunk (UTC ms)."""

_h = hub_blob.c


def _put(connection: Connection, record: str, found: Described, want: str, now: int) -> None:
    plan = found.plan
    line = (found.blob, record, found.scope, plan.size, pack(plan.chunks), len(plan.chunks), want, now, None)
    sql.upsert_many(connection, hub_blob, [line])


def want_of(connection: Connection, blob: str) -> str | None:
    """`up`, `down`, KEPT, or None for a blob without a row."""
    return connection.execute(select(_h.want).where(_h.blob == blob)).scalar_one_or_none()


def came_whole(connection: Connection, record: str, found: Described, now: int) -> bool:
    """A desk has brought every byte: it is to go on to the centre. Answers whether that is news."""
    if want_of(connection, found.blob) in (KEPT, Want.UP):
        return False
    _put(connection, record, found, Want.UP, now)
    return True


def wanted(connection: Connection, record: str, found: Described, now: int) -> bool:
    """A desk asked for bytes that are not here: they are to be fetched. Answers whether that is news."""
    if want_of(connection, found.blob) == Want.DOWN:
        return False
    _put(connection, record, found, Want.DOWN, now)
    return True


def transfers(connection: Connection) -> list[Transfer]:
    """All that is to travel; a desk waits for what is to come down."""
    rows = connection.execute(select(hub_blob).where(_h.want != KEPT).order_by(_h.asked_at, _h.blob))
    found = []
    for row in rows:
        plan = plan_of(int(row.bytes), row.chunks, int(row.chunk_count))
        if plan is not None:
            want = Want(row.want)
            found.append(Transfer(row.blob, row.record, plan.sealed, want, want is Want.DOWN, int(row.asked_at)))
    return found


def plan(connection: Connection, blob: str) -> Plan | None:
    """The plan of a blob that has a row."""
    row = connection.execute(select(_h.bytes, _h.chunks, _h.chunk_count).where(_h.blob == blob)).first()
    return None if row is None else plan_of(int(row.bytes), row.chunks, int(row.chunk_count))


def settle(connection: Connection, blob: str, want: str, centre_at: int | None = None) -> None:
    """What is to become of it now; `centre_at` where the centre has just verified it."""
    values: dict[str, object] = {"want": want}
    if centre_at is not None:
        values["centre_at"] = centre_at
    connection.execute(hub_blob.update().where(_h.blob == blob).values(**values))


def forget(connection: Connection, blob: str) -> None:
    """The copy here is not whole: whoever has it brings it again, whoever wants it asks again."""
    connection.execute(hub_blob.delete().where(_h.blob == blob))


def erased_above(connection: Connection, blob: str, record: str) -> None:
    """The centre says that the attachment was erased, which this hub has not heard of: its dossier had left before.
    Where nothing here names the blob it goes; where another attachment does, it travels under that one."""
    a = tables.records[attachments.KIND].c
    found = [str(row.id) for row in connection.execute(select(a.id).where(a.blob == blob).order_by(a.id))]
    if not found:
        forget(connection, blob)
    elif record not in found:
        connection.execute(hub_blob.update().where(_h.blob == blob).values(record=found[0]))


def going_up(connection: Connection, record: str) -> Described | None:
    """The blob of an attachment that came whole to this hub and has still to reach the centre, also where its dossier
    has left meanwhile."""
    row = connection.execute(select(hub_blob).where(_h.record == record, _h.want == Want.UP)).first()
    kept = None if row is None else plan_of(int(row.bytes), row.chunks, int(row.chunk_count))
    return None if row is None or kept is None else Described(str(row.scope), str(row.blob), kept)


def is_at_centre(connection: Connection, blob: str) -> bool:
    """Whether the centre once verified every chunk of what this hub brought or fetched."""
    return connection.execute(select(_h.centre_at).where(_h.blob == blob)).scalar_one_or_none() is not None


def meets_another(connection: Connection) -> bool:
    """Whether the centre above goes by another lineage than the one whose word the rows hold."""
    known = upstream.lineage(connection)
    return known != "" and node.get(connection, OFFERED_TO) != known


def offer_anew(connection: Connection) -> int:
    """A centre that was put back from an older backup lacks what it has verified since: everything that is here goes
    up once more, the former centre's word counts no longer. Answers how many."""
    node.put(connection, **{OFFERED_TO: upstream.lineage(connection)})
    again = hub_blob.update().where(_h.want == KEPT).values(want=Want.UP, centre_at=None)
    return int(connection.execute(again).rowcount)


def drop_unnamed(connection: Connection) -> frozenset[str]:
    """Forget blobs that no attachment here names any more, but for those that still have to go up; an erased one goes
    always. Answers the names of the chunks that stay."""
    named = attachments.all_named(connection)
    rows = list(connection.execute(select(hub_blob)))
    gone = removal.known_among(connection, {row.record for row in rows})
    still: set[str] = set()
    for row in rows:
        erased = (attachments.KIND, row.record) in gone
        if row.blob in named or (row.want == Want.UP and not erased):
            kept = plan_of(int(row.bytes), row.chunks, int(row.chunk_count))
            still.update(() if kept is None else kept.chunks)
        else:
            forget(connection, row.blob)
    return frozenset(still | _chunks(named.values()))


def _chunks(plans: Iterable[Plan]) -> set[str]:
    return {name for one in plans for name in one.chunks}
