"""The weekly recount at a server: running digests against rows, rows against the log, sums against their parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from server.operations.centre import Centre, log
from server.store import granted, slips
from server.store.engine import Connection
from sync.proof import RECORD, Ask
from sync.replica import proof, recount, sums
from sync.replica.recount import Part, State

MOST_REMADE: Final = 2_000
"""Of a scope and kind with more records a slipped figure is put right and told; which record it was, the comparison
with the desks finds (their answers make it anew), without 2 ms a record on the write lane."""


@dataclass(slots=True)
class Counted:
    """What a recount met: records counted; scopes and kinds whose figure had slipped, and sums that had."""

    records: int = 0
    slipped: list[tuple[str, str]] = field(default_factory=list)
    sums: list[str] = field(default_factory=list)


def go_on(centre: Centre, stop: Callable[[], bool]) -> None:
    """Count on where a round is due, a few scopes at a time, until it ends or `stop` says so. Raises
    StoreUnavailable."""
    state = centre.read(recount.state)
    while state.is_due(centre.now_ms()) and not stop():
        state = _one(centre, state, Counted())


def whole(centre: Centre) -> Counted:
    """Count everything at once, and put right and remember what was found. Raises StoreUnavailable."""
    counted = Counted()
    state = replace(centre.read(recount.state), after="", found=0)
    while state.after is not None:
        state = _one(centre, state, counted)
    return counted


def _one(centre: Centre, state: State, counted: Counted) -> State:
    part = centre.read(lambda connection: recount.part(connection, state.after or ""))
    counted.records += part.records
    counted.slipped += sorted(part.slipped)
    if part.slipped:
        log.error("recount: %d running figures had slipped from their rows", len(part.slipped))
        centre.lane.do(lambda connection: _correct(centre, connection, part))
        for scope, kind in sorted(part.slipped):
            _remake(centre, scope, kind)
    if part.last is None:
        counted.sums += _sums(centre)
        state = replace(state, found=state.found + len(counted.sums))
    return centre.lane.do(lambda connection: recount.keep(connection, state, part, centre.now_ms()))


def _correct(centre: Centre, connection: Connection, part: Part) -> None:
    centre.replica.correct(connection, part.slipped)
    granted.follow(connection, part.slipped)


def _remake(centre: Centre, scope: str, kind: str) -> None:
    """Make the records of a scope and kind anew from this server's own log: a row may be what was altered or lost."""
    records = centre.read(lambda connection: slips.records(connection, scope, kind))
    if len(records) > MOST_REMADE:
        log.error("recount: %d records of kind %s are left to the comparison with the desks", len(records), kind)
        return
    for record in records:
        ask = Ask(RECORD, scope=scope, kind=kind, id=record)

        def job(connection: Connection, ask: Ask = ask) -> None:
            granted.follow(connection, proof.rebuild(connection, centre.replica, ask, []).deltas)

        centre.lane.do(job)


def _sums(centre: Centre) -> list[str]:
    """Sums of audiences and of grants against the running digests of their scopes; which had slipped."""
    deltas = centre.read(slips.of_audiences)
    if deltas:
        centre.lane.do(lambda connection: sums.add_to_audiences(connection, deltas))
    devices = centre.read(slips.of_devices)
    for device in devices:
        centre.lane.do(lambda connection, device=device: granted.count_anew(connection, device))  # type: ignore[misc]  # bound at once
    found = [*sorted(deltas), *devices]
    if found:
        log.error("recount: %d sums had slipped from their parts", len(found))
    return found
