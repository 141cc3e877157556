"""Grants and blocks of numbers that a desk holds and a restored centre does not know: taken back, in the open."""

from __future__ import annotations

from typing import Final

from server.operations.centre import HUB, Centre, News, log
from server.operations.sessions import Session
from server.store import granted
from server.store.engine import Connection
from sync.proof import Ask
from sync.replica import read, removal, scopes

KINDS_TAKEN: Final = frozenset({"grant", "number_block"})

WHY: Final = "lost_in_restore"


def is_about_control(centre: Centre, session: Session, ask: Ask) -> bool:
    """Whether a desk asks this centre to mend one record of its own control stream, where only the centre writes."""
    return (
        centre.role != HUB
        and bool(ask.id)
        and ask.kind in KINDS_TAKEN
        and ask.scope == scopes.device_scope(session.device.id)
    )


def take_back(centre: Centre, connection: Connection, ask: Ask) -> News:
    """Order a record of a control stream erased that this centre knows nothing of (decision 15).

    A centre tells of a grant only after its commit, so a desk that holds one which is unknown here holds it from a
    history that a restore has cut off. Nobody but the centre gives rights, so it is not taken on the desk's word: it
    is taken back, and what the centre's own rules give is given anew. Nothing is done where the centre knows it.
    """
    known = read.one(connection, ask.kind, ask.id) is not None
    if known or (ask.kind, ask.id) in removal.known_among(connection, [ask.id]):
        return News()
    folded = centre.erase(connection, ask.kind, ask.id, ask.scope, WHY)
    granted.follow(connection, folded.deltas)
    log.warning("taken back: a %s that this centre does not know", ask.kind)
    return News(frozenset({ask.scope}))
