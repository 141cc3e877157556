"""The law that nothing has to be mended: a record made anew must be what the road had made of it already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, select

from domain.records.kinds import KINDS
from sync.digest import Digest, of_state
from sync.merge import State
from sync.operation import Undecodable, decode_body
from sync.proof import MEND, Ask
from sync.replica import proof, tables
from sync.replica.rows import parked_state, state_of
from sync.stays import NOTHING
from tests.simulation.trace import Broken

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.place import Place


class Made(NamedTuple):
    """What a record is made of: every version that stands in it or is known to be superseded, and its digest."""

    scope: str
    versions: frozenset[str]
    digest: Digest


Records = Mapping[tuple[str, str], Made]
"""By kind and id."""


def records(connection: Connection) -> Records:
    """Every record of a node, those of kinds unknown to its program too."""
    found: dict[tuple[str, str], Made] = {}
    for name, table in tables.records.items():
        for row in connection.execute(select(table)).mappings():
            found[name, row["id"]] = _made(name, row, state_of(KINDS[name], dict(row)))
    for row in connection.execute(select(tables.parked_record)).mappings():
        found[row["kind"], row["id"]] = _made(row["kind"], row, parked_state(row["state"]))
    return found


def _made(kind: str, row: Mapping[Any, Any], state: State) -> Made:
    versions = frozenset(version for held in state.values() for version in (*held.heads, *held.gone))
    return Made(row["scope"], versions, of_state(kind, row["id"], row["scope"], state))


def nothing_was_lost(machine: Machine) -> None:
    """A desk that made a record anew has found nothing in it that the road should have brought already.

    That it differs from its server is no fault: a server that was put back, or a hub that was away, may know less
    than its desks, and what the server took since the comparison comes with the next page. But what stands at the
    server before the desk's cursor, or in the desk's own log, must be in its rows, and the same versions must make
    the same record."""
    view = machine.road.view()
    coming = {one.scope for one in view.backfills}
    after = machine.look(records)
    for key, now in after.items():
        before = machine.before_mending.get(key, Made("", frozenset(), Digest(0, 0)))
        new = now.versions - before.versions
        if not new and now.digest != before.digest:
            raise Broken("nothing to mend", f"{machine.seat} had folded {key} wrongly")
        if not new or now.scope in coming:
            continue
        there, own = machine.server.read(partial(_applied, key=key)), machine.look(partial(_applied, key=key))
        read = {stamp for stamp, seq in there if seq <= view.cursor}
        lost = new & (read | {stamp for stamp, _ in own})
        if lost:
            raise Broken("nothing to mend", f"{machine.seat} at {view.cursor} had lost {sorted(lost)} of {key}")


def _applied(connection: Connection, key: tuple[str, str]) -> list[tuple[str, int]]:
    """Stamp and feed number of what the log holds of a record and has applied."""
    log = tables.log.c
    mine = (log.kind == key[0], log.record == key[1], log.held.is_(None), log.body.is_not(None))
    found: list[tuple[str, int]] = []
    for row in connection.execute(select(log.seq, log.body).where(*mine)):
        try:
            found.append((decode_body(bytes(row.body)).stamp, row.seq))
        except Undecodable:
            continue  # closed to the centre: nobody here can read it
    return found


@contextmanager
def nothing_to_mend(place: Place, ask: Ask) -> Iterator[None]:
    """A server that is asked to count a kind anew, and to make a record of it anew, had both right."""
    if ask.step != MEND:
        yield
        return
    if place.read(lambda c: proof.slipped(c, (ask.scope, ask.kind))):
        raise Broken("digests are counted from rows", f"a server counts {ask.kind} in {ask.scope} wrong")
    before = place.read(lambda c: proof.figure(c, ask.kind, ask.scope, ask.id))
    yield
    if before not in (NOTHING, place.read(lambda c: proof.figure(c, ask.kind, ask.scope, ask.id))):
        raise Broken("nothing to mend", f"a server had folded {ask.kind} {ask.id} wrongly")
