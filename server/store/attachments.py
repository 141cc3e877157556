"""Attachments as the centre's store knows them: of which scope, which chunks, and who wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.store.engine import Connection
from sync.blobs.seal import Plan, plan_of
from sync.operation import Undecodable, decode_body
from sync.replica import removal, tables

KIND = "attachment"


@dataclass(frozen=True, slots=True)
class Described:
    """What an attachment's record says of its bytes, and the scope it stands in."""

    scope: str
    blob: str
    plan: Plan


def described(connection: Connection, record: str) -> Described | None:
    """The attachment with this id, or None where it is not here or names no bytes."""
    a = tables.records[KIND].c
    row = connection.execute(
        select(a.scope, a.blob, a.bytes, a.chunks, a.chunk_count).where(a.id == record)
    ).mappings().first()
    return None if row is None else _described(row["scope"], dict(row))


def waiting_of(connection: Connection, record: str, device: str) -> Described | None:
    """An attachment that this device wrote and that is held, or None."""
    w = tables.waiting.c
    rows = connection.execute(
        select(w.scope, w.body).where(w.record == record, w.kind == KIND, w.device == device).order_by(w.n)
    )
    for row in rows:
        try:
            found = _described(row.scope, decode_body(bytes(row.body)).values)
        except Undecodable:
            continue
        if found is not None:
            return found
    return None


def is_author(connection: Connection, record: str, device: str) -> bool:
    """Whether this device wrote any operation of the record."""
    log = tables.log.c
    return connection.execute(
        select(log.n).where(log.record == record, log.device == device).limit(1)
    ).first() is not None


def is_erased(connection: Connection, record: str) -> bool:
    """Whether the attachment was erased for ever."""
    return (KIND, record) in removal.known_among(connection, {record})


def is_held(connection: Connection, record: str) -> bool:
    """Whether an operation of the attachment is held, whoever wrote it."""
    w = tables.waiting.c
    return connection.execute(select(w.n).where(w.record == record, w.kind == KIND).limit(1)).first() is not None


def naming(connection: Connection, blob: str) -> list[Described]:
    """Every attachment that names this blob."""
    a = tables.records[KIND].c
    rows = connection.execute(
        select(a.scope, a.blob, a.bytes, a.chunks, a.chunk_count).where(a.blob == blob)
    ).mappings()
    return [found for row in rows if (found := _described(row["scope"], dict(row))) is not None]


def chunk_names(connection: Connection) -> set[str]:
    """Names of all chunks that some attachment here means, held ones among them."""
    return {name for plan in all_named(connection).values() for name in plan.chunks}


def all_named(connection: Connection) -> dict[str, Plan]:
    """The plan of every blob that an attachment here names, held ones too."""
    a, w = tables.records[KIND].c, tables.waiting.c
    rows = connection.execute(select(a.scope, a.blob, a.bytes, a.chunks, a.chunk_count)).mappings()
    found = [_described(row["scope"], dict(row)) for row in rows]
    for row in connection.execute(select(w.scope, w.body).where(w.kind == KIND)):
        try:
            found.append(_described(row.scope, decode_body(bytes(row.body)).values))
        except Undecodable:
            continue
    return {one.blob: one.plan for one in found if one is not None}


def _described(scope: str, values: Mapping[str, Any]) -> Described | None:
    size, chunks, count = values.get("bytes"), values.get("chunks"), values.get("chunk_count")
    if not isinstance(size, int) or not isinstance(chunks, str) or not isinstance(count, int):
        return None
    plan = plan_of(size, chunks, count)
    return None if plan is None else Described(scope, str(values.get("blob") or ""), plan)
