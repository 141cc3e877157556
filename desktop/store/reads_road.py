"""The road as the store knows it: what is saved here, what has reached the centre, what waits for a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection

from sync.replica import node, own_chains, recount
from sync.replica.desk_road import EQUAL, EQUAL_AT
from sync.replica.own_chains import OwnChain

LAST_CONTACT = "last_contact"
DOWN_SINCE = "line_down_since"
COPIED_AT = "copied_at"


@dataclass(frozen=True, slots=True)
class RoadView:
    """Counts are operations, of every incarnation of this desk; `in_backup` are those in a verified backup of the
    centre; `at_hub` is None where the centre itself is spoken to, else `waiting` is about the hub;
    `held` are operations from elsewhere that wait for what they miss, `siblings` values that wait for a
    person's decision. Times in UTC ms, None where it has not happened; `copied_at_ms` is when this desk's own last
    backup was verified; `recounted_at_ms` when the last whole recount of its rows ended, `slipped` how many figures
    were put right in it and since; `centre` is the lineage of the national centre, as last met or told by a hub."""

    saved_here: int
    at_centre: int
    in_backup: int
    waiting: int
    held: int
    siblings: int
    last_contact_ms: int | None
    line_down_since_ms: int | None
    equal_at_ms: int | None
    equal: bool | None
    copied_at_ms: int | None = None
    at_hub: int | None = None
    centre: str = ""
    recounted_at_ms: int | None = None
    slipped: int = 0


def _centre(known: dict[str, str]) -> str:
    """The lineage of the national centre, behind a hub or met itself; empty: none was met."""
    lineage = known.get(own_chains.LINEAGE, "")
    return known.get(f"centre_of:{lineage}", lineage)


def _beyond_hub(connection: Connection, known: dict[str, str]) -> list[OwnChain] | None:
    """Own chains as the national centre has them, as the hub told; None where the centre itself is spoken to."""
    centre = _centre(known)
    if centre == known.get(own_chains.LINEAGE, ""):
        return None
    return own_chains.of(connection, known.get("device", ""), {**known, own_chains.LINEAGE: centre})


def not_at_centre(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Those of these records of which something written here has not been acknowledged by the centre."""
    device = node.get(connection, "device")
    text = msgspec.json.encode(list(ids)).decode()
    found: set[str] = set()
    beyond = _beyond_hub(connection, node.everything(connection))
    for one in own_chains.of(connection, device) if beyond is None else beyond:
        if one.acked < one.last:
            rows = connection.exec_driver_sql(
                # The pluses keep the planner on the record's index: after a long outage most of the log is unsent.
                "SELECT DISTINCT record FROM log WHERE record IN (SELECT value FROM json_each(?))"
                " AND +device = ? AND +incarnation = ? AND +n > ? AND +n <= ?",
                (text, device, one.incarnation, one.acked, one.last),
            )
            found.update(row[0] for row in rows)
    return found


def road_view(connection: Connection) -> RoadView:
    """The road at this moment."""
    known = node.everything(connection)
    chains, centre = own_chains.of(connection, known.get("device", ""), known), _beyond_hub(connection, known)
    waiting = own_chains.waiting(chains)
    equal, counted = known.get(EQUAL, ""), recount.state_in(known)
    return RoadView(
        saved_here=sum(one.last for one in chains),
        at_centre=sum(one.acked for one in (chains if centre is None else centre)),
        in_backup=sum(one.backed_up for one in (chains if centre is None else centre)),
        waiting=waiting,
        held=_count(connection, "SELECT count(*) FROM waiting"),
        siblings=_count(connection, "SELECT count(*) FROM sibling"),
        last_contact_ms=_time(known, LAST_CONTACT),
        line_down_since_ms=_time(known, DOWN_SINCE),
        equal_at_ms=_time(known, EQUAL_AT),
        equal=None if waiting or not equal else equal == "1",
        copied_at_ms=_time(known, COPIED_AT),
        at_hub=None if centre is None else sum(one.acked for one in chains),
        centre=_centre(known),
        recounted_at_ms=counted.at_ms,
        slipped=counted.last + counted.found,
    )


def _time(known: dict[str, str], key: str) -> int | None:
    text = known.get(key)
    return int(text) if text else None


def _count(connection: Connection, question: str) -> int:
    return int(connection.exec_driver_sql(question).scalar_one())
