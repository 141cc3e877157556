"""The road as the store knows it: what is saved here, what has reached the centre, what waits for a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, func, select

from sync.replica import node, tables
from sync.replica.desk_road import EQUAL, EQUAL_AT, INCARNATION, LINEAGE

LAST_CONTACT = "last_contact"
DOWN_SINCE = "line_down_since"


@dataclass(frozen=True, slots=True)
class RoadView:
    """Counts are operations; `held` are operations from elsewhere that wait for what they miss, `siblings`
    values that wait for a person's decision. Times in UTC ms, None where it has not happened."""

    saved_here: int
    at_centre: int
    waiting: int
    held: int
    siblings: int
    last_contact_ms: int | None
    line_down_since_ms: int | None
    equal_at_ms: int | None
    equal: bool | None


def acknowledged(connection: Connection) -> int:
    """The last own operation (of the present incarnation) that the server has."""
    incarnation = node.get(connection, INCARNATION, "1")
    return int(node.get(connection, f"acked:{node.get(connection, LINEAGE)}:{incarnation}", "0"))


def saved_here(connection: Connection) -> int:
    """The last own operation of the present incarnation."""
    device, incarnation = node.get(connection, "device"), int(node.get(connection, INCARNATION, "1"))
    c = tables.chain.c
    found = connection.execute(select(c.n).where(c.device == device, c.incarnation == incarnation))
    return int(found.scalar_one_or_none() or 0)


def not_at_centre(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Those of these records of which something written here has not been acknowledged by the centre."""
    device, incarnation = node.get(connection, "device"), int(node.get(connection, INCARNATION, "1"))
    found = connection.exec_driver_sql(
        # The pluses keep the planner on the record's index: after a long outage most of the log is unsent.
        "SELECT DISTINCT record FROM log WHERE record IN (SELECT value FROM json_each(?))"
        " AND +device = ? AND +incarnation = ? AND +n > ?",
        (msgspec.json.encode(list(ids)).decode(), device, incarnation, acknowledged(connection)),
    )
    return {row[0] for row in found}


def road_view(connection: Connection) -> RoadView:
    """The road at this moment."""
    here, there = saved_here(connection), acknowledged(connection)
    waiting = max(0, here - there)
    equal = node.get(connection, EQUAL)
    return RoadView(
        saved_here=here,
        at_centre=there,
        waiting=waiting,
        held=connection.execute(select(func.count()).select_from(tables.waiting)).scalar_one(),
        siblings=connection.execute(select(func.count()).select_from(tables.sibling)).scalar_one(),
        last_contact_ms=_time(connection, LAST_CONTACT),
        line_down_since_ms=_time(connection, DOWN_SINCE),
        equal_at_ms=_time(connection, EQUAL_AT),
        equal=None if waiting or not equal else equal == "1",
    )


def _time(connection: Connection, key: str) -> int | None:
    text = node.get(connection, key)
    return int(text) if text else None
