"""The history of a dossier: who changed what, when, from what to what, as far as this desk knows it.

A desk's log holds its own operations whole; of what others wrote it holds the values that stand (with the time in
their stamp), so such a step names no author here. The centre's log holds every step of everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from desktop.store.case_keys import opened_values
from desktop.store.reads_case import case_view
from desktop.store.reads_file import contact_view, veil_over
from domain.records.fields import Merge
from domain.records.kinds import KINDS
from sync.operation import PATCH, Body, Undecodable, decode_body
from sync.replica import sql, tables
from sync.replica.read import Stored
from sync.stamp import Stamp

MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Step:
    """One field changed. `staff` is None for what came from elsewhere; `before` counts only where `before_known`.

    `at_ms` is the time in the operation's stamp (UTC ms). `stands` says that this value is one of those that stand.
    """

    at_ms: int
    staff: str | None
    kind: str
    record: str
    field: str
    before: Any
    after: Any
    before_known: bool
    action: str
    stands: bool


def history_of(connection: Connection, contact_id: str) -> tuple[Step, ...] | None:
    """Steps of a file, its case and everything in them, newest first; None where the person may not open it. While
    the file's names are masked they are here too, in every value that ever stood."""
    view = contact_view(connection, contact_id)
    if view is None:
        return None
    case = case_view(connection, view.case_id) if view.case_id is not None else None
    opened = dict(view.opened) | (dict(case.opened) if case is not None else {})
    written: dict[tuple[str, str], dict[str, Any]] = {}
    steps: list[Step] = []
    for body in _own(connection, opened):
        steps += _steps(body, opened[body.id], written)
    for stored in opened.values():
        steps += _from_elsewhere(stored, written)
    steps.sort(key=lambda step: (-step.at_ms, step.kind, step.record, step.field))
    if view.shown:
        return tuple(steps[:MOST])
    veil = veil_over(connection, opened)
    return tuple(
        replace(
            step,
            before=veil.field(step.kind, step.field, step.before),
            after=veil.field(step.kind, step.field, step.after),
        )
        for step in steps[:MOST]
    )


def _own(connection: Connection, ids: Iterable[str]) -> Iterator[Body]:
    rows = sql.select_in(connection, tables.log, "record", ids)
    found = [(row["seq"], bytes(row["body"])) for row in rows if row["body"] is not None and row["held"] is None]
    for _, data in sorted(found):
        try:
            body = decode_body(data)
            yield msgspec.structs.replace(body, values=opened_values(connection, body))
        except Undecodable:  # kept and held, shown on the road page; it changed nothing here
            continue


def _steps(body: Body, stored: Stored, written: dict[tuple[str, str], dict[str, Any]]) -> Iterator[Step]:
    at_ms = Stamp.parse(body.stamp).ms
    for field, value in body.values.items():
        known = written.setdefault((body.id, field), {})
        bases = [known[version] for version in sorted(body.bases.get(field, ())) if version in known]
        created = not body.bases.get(field)
        known[body.stamp] = value
        if body.action == PATCH and bases and bases[-1] == value:
            continue  # the same words, sealed since
        state = stored.state.get(field)
        yield Step(
            at_ms=at_ms,
            staff=body.staff,
            kind=body.kind,
            record=body.id,
            field=field,
            before=bases[-1] if bases else None,
            after=value,
            before_known=bool(bases) or created,
            action=body.action,
            stands=state is not None and body.stamp in state.heads,
        )
    for field in sorted({*body.adds, *body.drops}):
        written.setdefault((body.id, field), {})[body.stamp] = True
        dropped, added = tuple(body.drops.get(field, ())), tuple(body.adds.get(field, ()))
        yield Step(at_ms, body.staff, body.kind, body.id, field, dropped, added, True, body.action, True)


def _from_elsewhere(stored: Stored, written: Mapping[tuple[str, str], Mapping[str, Any]]) -> Iterator[Step]:
    fields = KINDS[stored.kind].fields
    for field, held in stored.state.items():
        spec = fields.get(field)
        if spec is None or spec.merge is Merge.SET:
            continue
        for version, head in held.heads.items():
            if version not in written.get((stored.id, field), {}):
                at_ms = Stamp.parse(version).ms if len(version) == 29 else 0
                yield Step(at_ms, None, stored.kind, stored.id, field, None, head.value, False, "", True)
