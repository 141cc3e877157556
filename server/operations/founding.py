"""What was written into a dossier before the contact came that founds it: let in as soon as it has come."""

from __future__ import annotations

from dataclasses import replace

from server.operations.centre import Centre
from server.store import accounts
from server.store.engine import Connection
from sync.replica import scopes, sql, tables
from sync.replica.replica import Accepted


def let_in(centre: Centre, connection: Connection, accepted: Accepted) -> Accepted:
    """Apply what waits in dossiers that this batch founded, of those who may write there: the desks of the dossier's
    own centre, and whoever was granted it. The rest waits as ever (settled 9). Answers with what came of it.

    A server that was put back gets words in any order, perhaps a neighbour's note before the child's own dossier.
    """
    pairs: set[tuple[str, str]] = set()
    for row in sql.select_in(connection, tables.waiting, "scope", accepted.founded):
        device, scope = str(row["device"]), str(row["scope"])
        if row["why"] != "ungranted_scope" or (device, scope) in pairs:
            continue
        author = accounts.find_device(connection, device)
        own = author is not None and author.centre == accepted.homes[scope]
        if own or scopes.granted_among(connection, device, [scope]):
            pairs.add((device, scope))
    if not pairs:
        return accepted
    last = centre.replica.let_in(connection, pairs, accepted.folded)
    return replace(accepted, last_seq=max(accepted.last_seq, last))
