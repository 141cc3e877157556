"""The log of calls and the queue of a month as they may leave in a list: masked, by the reader's roles, no words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection

from desktop.store.sight import sight_of
from domain.rules.privacy import Decision, Thing, masks

ACTION: Final = "export_lists"
"""The row of roles.toml that decides about each line."""

_CALLS: Final = """
SELECT id, number, ring_at, answer_at, end_at, outcome, seat, contact_id, direction, centre, receiver
FROM r_call WHERE ring_at >= ? AND ring_at < ? AND same_as IS NULL AND retracted IS NULL ORDER BY ring_at, id"""
_QUEUE: Final = """
SELECT id, number, arrived_at, due_at, done_at, channel, urgency, province_set, province, contact_id, centre,
 NULL AS receiver
FROM r_queue_item WHERE arrived_at >= ? AND arrived_at < ? AND retracted IS NULL ORDER BY arrived_at, id"""


@dataclass(frozen=True, slots=True)
class ListedCall:
    """One line of the list of calls; `number` is masked whoever reads. Times are UTC ms."""

    number: str
    ring_at: int
    answer_at: int | None
    end_at: int | None
    outcome: str
    seat: str
    centre: str
    outbound: bool
    has_file: bool


@dataclass(frozen=True, slots=True)
class ListedItem:
    """One line of the list of the queue; `number` (of a promised call-back) is masked. Times are UTC ms."""

    number: str
    arrived_at: int
    due_at: int | None
    done_at: int | None
    channel: str
    urgency: str
    province_set: str
    province: str
    centre: str
    has_file: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """Lines that may leave, and how many there are beside them in the reader's centres that may not (restricted, of
    a book with named readers, a conflict of interest): a list says so and is not silently shorter."""

    calls: tuple[ListedCall, ...] = ()
    items: tuple[ListedItem, ...] = ()
    kept_back: int = 0


def may_list(connection: Connection, centre: str) -> bool:
    """Whether the person who reads may take out lists of this centre at all."""
    sight = sight_of(connection)
    return sight is not None and sight.may(ACTION, Thing(centre)) is not Decision.NONE


def calls_between(connection: Connection, since_ms: int, until_ms: int) -> Listed:
    """Calls that rang within a time (UTC ms, the end not in it), oldest first."""
    rows, kept_back = _may_leave(connection, connection.exec_driver_sql(_CALLS, (since_ms, until_ms)).mappings())
    made = (
        ListedCall(
            number=masks.phone(row["number"]) if row["number"] else "", ring_at=row["ring_at"],
            answer_at=row["answer_at"], end_at=row["end_at"], outcome=row["outcome"] or "", seat=row["seat"] or "",
            centre=row["centre"] or "", outbound=row["direction"] == "outbound",
            has_file=row["contact_id"] is not None,
        )
        for row in rows
    )  # fmt: skip
    return Listed(calls=tuple(made), kept_back=kept_back)


def queue_between(connection: Connection, since_ms: int, until_ms: int) -> Listed:
    """Items of the queue that arrived within a time (UTC ms, the end not in it), oldest first."""
    rows, kept_back = _may_leave(connection, connection.exec_driver_sql(_QUEUE, (since_ms, until_ms)).mappings())
    made = (
        ListedItem(
            number=masks.phone(row["number"]) if row["number"] else "", arrived_at=row["arrived_at"],
            due_at=row["due_at"], done_at=row["done_at"], channel=row["channel"] or "",
            urgency=row["urgency"] or "", province_set=row["province_set"] or "", province=row["province"] or "",
            centre=row["centre"] or "", has_file=row["contact_id"] is not None,
        )
        for row in rows
    )  # fmt: skip
    return Listed(items=tuple(made), kept_back=kept_back)


def _may_leave(
    connection: Connection, found: Iterable[Mapping[Any, Any]]
) -> tuple[list[Mapping[Any, Any]], int]:
    """What the engine lets this person list, and how many lines of centres within their reach it does not. A read for
    nobody lists nothing: a list is always somebody's."""
    sight = sight_of(connection)
    if sight is None:
        return [], 0
    rows = list(found)
    things = sight.things(row["contact_id"] for row in rows)
    leave: list[Mapping[Any, Any]] = []
    kept_back = 0
    for row in rows:
        centre, contact = row["centre"] or "", row["contact_id"] or ""
        workers = frozenset({row["receiver"]} - {None})
        plain = Thing(centre, workers, contact)
        thing = replace(things[contact], centre=centre) if contact in things else plain
        if sight.may(ACTION, thing) is not Decision.NONE:
            leave.append(row)
        elif sight.may(ACTION, Thing(centre)) is not Decision.NONE:
            kept_back += 1
    return leave, kept_back
