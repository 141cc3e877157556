"""The history of a dossier: who changed what, when, where, from what to what.

A desk's log holds its own operations whole; of what others wrote it holds the values that stand (with the time in
their stamp), and the author only where values met. The log of a server holds every step of everybody: operations
that it told for a moment (`told`) name the rest. They are read here, for the person for whom the connection reads,
and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from desktop.store.case_keys import UNREAD, opened_values
from desktop.store.reads_case import case_view
from desktop.store.reads_conflicts import place_of
from desktop.store.reads_file import contact_view, veil_over
from domain.records.fields import Merge
from domain.records.kinds import KINDS
from domain.records.sealed import SEALED_FIELDS, is_sealed
from sync.operation import PATCH, Body, Placed, Undecodable, decode_body
from sync.replica import node, sql, tables
from sync.replica.read import Stored
from sync.stamp import Stamp

MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Step:
    """One field changed. `staff` is None where nobody here knows who wrote it; `before` counts only where
    `before_known`.

    `at_ms` is the time in the operation's stamp (UTC ms). `stands` says that this value is one of those that stand.
    `here`: written at this desk; `place` is a seat or a code of list `centres`, empty where it is not known.
    `version` is that stamp.
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
    version: str
    here: bool
    place: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """An operation as whoever reads may read it, and the device that wrote it."""

    body: Body
    device: str


Written = Mapping[tuple[str, str], Mapping[str, Any]]
"""Every value that an operation at hand wrote: by record and field, by version."""

Authors = Mapping[tuple[str, str], tuple[str, bool]]
"""Who wrote a version of a record, and whether at this desk."""


def history_of(connection: Connection, contact_id: str, told: Sequence[Placed] = ()) -> tuple[Step, ...] | None:
    """Steps of a file, its case and everything in them, newest first; None where the person may not open it. While
    the file's names are masked they are here too, in every value that ever stood. `told`: operations of its scope
    from a server's log."""
    view = contact_view(connection, contact_id)
    if view is None:
        return None
    case = case_view(connection, view.case_id) if view.case_id is not None else None
    opened = dict(view.opened) | (dict(case.opened) if case is not None else {})
    steps, said = steps_of(connection, opened, told)
    if view.shown:
        return tuple(steps)
    veil = veil_over(connection, opened, said)
    return tuple(
        replace(
            step,
            before=veil.field(step.kind, step.field, step.before),
            after=veil.field(step.kind, step.field, step.after),
        )
        for step in steps
    )


def steps_of(
    connection: Connection, opened: Mapping[str, Stored], told: Sequence[Placed]
) -> tuple[list[Step], list[Body]]:
    """Steps of these records, newest first, at most `MOST`, and the operations that told them, both in words and
    unmasked: whoever asks has made sure that the person may see them, and masks."""
    device = node.get(connection, "device")
    said = _said(connection, opened, told)
    written = _written(said)
    steps: list[Step] = []
    for one in said:
        steps += _steps(one, opened[one.body.id], written, device)
    met = sql.select_in(connection, tables.said_by, "record", opened)
    authors = {(str(row["record"]), str(row["version"])): (str(row["staff"]), row["device"] == device) for row in met}
    for stored in opened.values():
        steps += _from_elsewhere(stored, written, authors)
    steps.sort(key=lambda step: (step.kind, step.record, step.field))
    steps.sort(key=lambda step: step.version if step.at_ms else "", reverse=True)
    return _placed(connection, _kept_closed(steps[:MOST], opened)), [one.body for one in said]


def _said(connection: Connection, opened: Mapping[str, Stored], told: Sequence[Placed]) -> list[_Said]:
    """Operations of these records that count, each once: from this desk's log, then from what was told."""
    rows = sql.select_in(connection, tables.log, "record", opened)
    own = sorted(
        (row["seq"], bytes(row["body"]), row["device"])
        for row in rows
        if row["body"] is not None and row["held"] is None
    )
    lines: dict[bytes, str] = {}
    for _, data, device in own:
        lines.setdefault(data, device)
    for one in sorted(told, key=lambda one: one.seq):
        if one.body:
            lines.setdefault(bytes(one.body), one.device)
    found: list[_Said] = []
    for data, device in lines.items():
        try:
            body = decode_body(data)
        except Undecodable:  # kept and held, shown on the road page; it changed nothing here
            continue
        stored = opened.get(body.id)
        if stored is not None and (stored.kind, stored.scope) == (body.kind, body.scope):
            words = msgspec.structs.replace(body, values=opened_values(connection, body))
            found.append(_Said(words, device))
    return found


def _written(said: Sequence[_Said]) -> Written:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in said:
        for field, value in one.body.values.items():
            found.setdefault((one.body.id, field), {})[one.body.stamp] = value
        for field in {*one.body.adds, *one.body.drops}:
            found.setdefault((one.body.id, field), {})[one.body.stamp] = True
    return found


def _steps(said: _Said, stored: Stored, written: Written, device: str) -> Iterator[Step]:
    body, here = said.body, said.device == device
    at_ms = Stamp.parse(body.stamp).ms
    for field, value in body.values.items():
        known = written[body.id, field]
        bases = [known[version] for version in sorted(body.bases.get(field, ())) if version in known]
        if body.action == PATCH and bases and bases[-1] == value != UNREAD:
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
            before_known=bool(bases) or not body.bases.get(field),
            action=body.action,
            stands=state is not None and body.stamp in state.heads,
            version=body.stamp,
            here=here,
        )
    for field in sorted({*body.adds, *body.drops}):
        dropped, added = tuple(body.drops.get(field, ())), tuple(body.adds.get(field, ()))
        yield Step(
            at_ms, body.staff, body.kind, body.id, field, dropped, added, True, body.action, True, body.stamp, here
        )


def _from_elsewhere(stored: Stored, written: Written, authors: Authors) -> Iterator[Step]:
    """Values that stand and that no operation at hand wrote; of one that met another the author is known."""
    fields = KINDS[stored.kind].fields
    for field, held in stored.state.items():
        spec = fields.get(field)
        if spec is None or spec.merge is Merge.SET:
            continue
        for version, head in held.heads.items():
            if version not in written.get((stored.id, field), {}):
                at_ms = Stamp.parse(version).ms if len(version) == 29 else 0
                staff, here = authors.get((stored.id, version), (None, False))
                yield Step(
                    at_ms, staff, stored.kind, stored.id, field, None, head.value, False, "", True, version, here
                )


def _kept_closed(steps: Sequence[Step], opened: Mapping[str, Stored]) -> list[Step]:
    """Where the words that stand are sealed to somebody else, those that they replaced stay closed too: a server's
    log keeps what was written before the case was restricted."""
    shut = {
        (stored.id, field)
        for stored in opened.values()
        for field in SEALED_FIELDS.get(stored.kind, ())
        if field in stored.state and any(is_sealed(head.value) for head in stored.state[field].heads.values())
    }
    return [_shut(step) if (step.record, step.field) in shut else step for step in steps]


def _shut(step: Step) -> Step:
    before = UNREAD if step.before is not None else None
    return replace(step, before=before, after=step.after if step.stands else UNREAD)


def _placed(connection: Connection, steps: Sequence[Step]) -> list[Step]:
    known: dict[tuple[str, int], str] = {}

    def place(staff: str, at_ms: int) -> str:
        if (staff, at_ms) not in known:
            known[staff, at_ms] = place_of(connection, staff, at_ms)
        return known[staff, at_ms]

    return [
        step if step.staff is None or step.here else replace(step, place=place(step.staff, step.at_ms))
        for step in steps
    ]
