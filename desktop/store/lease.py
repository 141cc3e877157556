"""Since when this desk's existing records are closed: read from the newest receipt that the centre signed."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from domain.ids import uuid7_ms
from domain.rules.lease import Floor, RunTime, is_over, raised
from sync.decoding import known
from sync.door import Receipt
from sync.replica import node
from sync.replica.desk_road import RECEIPT

FLOOR = "time_floor"
"""Under which key the node table keeps the trusted time: UTC ms, run of the machine, its seconds."""


def note(connection: Connection, now: RunTime) -> None:
    """Keep how far the trusted time has come; called at sign-in and every few minutes."""
    floor = raised(_floor(connection), signed_at(connection) or 0, now)
    if floor.ms:
        node.put(connection, **{FLOOR: msgspec.json.encode(floor).decode()})


def least(connection: Connection, now: RunTime) -> int:
    """The least that the time can be (UTC ms), whatever the wall clock says; 0 before a server signed any."""
    return raised(_floor(connection), signed_at(connection) or 0, now).ms


def kept_floor(connection: Connection) -> int:
    """How far the trusted time had come when it was last kept, minutes ago at most (UTC ms); 0: never."""
    floor = _floor(connection)
    return floor.ms if floor is not None else 0


def signed_at(connection: Connection) -> int | None:
    """When the centre last signed that this desk holds what it may (UTC ms); None before the first time."""
    kept = node.get(connection, RECEIPT)
    return msgspec.json.decode(kept, type=known(Receipt)).time if kept else None


def closed_before(connection: Connection, wall_ms: int, now: RunTime) -> int | None:
    """None while the lease runs (or nothing was signed yet: then nothing existing came from a server). Else the
    moment (UTC ms): records made before it are closed, new ones never are."""
    signed = signed_at(connection)
    if signed is None or not is_over(signed, _floor(connection), wall_ms, now):
        return None
    return signed


def is_new(record: str, since_ms: int) -> bool:
    """Whether a record was made here after that moment: its id says when."""
    try:
        return uuid7_ms(record) > since_ms
    except ValueError:
        return False


def _floor(connection: Connection) -> Floor | None:
    kept = node.get(connection, FLOOR)
    return msgspec.json.decode(kept, type=known(Floor)) if kept else None
