"""Erasing a record for ever at every node, by order of the centre."""

from __future__ import annotations

from domain.records.kinds import KINDS
from server.operations import blobs
from server.operations.centre import Centre, News, log
from server.store import attachments, due, erased_bytes, granted
from server.store.engine import Connection
from sync.replica import read, scopes


class NotHere(Exception):
    """There is no such record at this centre."""

    def __init__(self) -> None:
        super().__init__("Không có bản ghi này ở trung tâm: hãy kiểm tra lại loại và mã định danh.")


def erase(centre: Centre, kind: str, record: str, why: str) -> News:
    """Destroy what was ever written of one record: rows, words in the log, here and wherever it was shipped.

    Only hashes stay, so that chains verify; what comes later of it leaves only its hash. `why` names the order
    (a number of a request), never a person. Raises NotHere, StoreUnavailable.
    """

    def job(connection: Connection) -> News:
        if kind == due.LEFT:
            return _left(centre, connection, record, why)
        stored = read.one(connection, kind, record) if kind in KINDS else None
        if stored is None:
            raise NotHere
        if kind == attachments.KIND:
            found = attachments.described(connection, record)
            if found is not None:
                erased_bytes.note(connection, found)
        folded = centre.erase(connection, kind, record, stored.scope, why)
        granted.follow(connection, folded.deltas)
        homes = scopes.homes(connection, [stored.scope])
        return News(frozenset(homes.values()), granted.holders(connection, [stored.scope]))

    news = centre.lane.do(job)
    blobs.finish_erasing(centre)  # a crash before this: the centre does it when it next serves
    log.info("erased one %s", kind)
    return news


def _left(centre: Centre, connection: Connection, record: str, why: str) -> News:
    """A form begun on a desk that was taken out of service: it is held in that desk's stream and no row anywhere."""
    scope = due.left_scope(connection, record)
    if scope is None:
        raise NotHere
    folded = centre.erase(connection, due.LEFT, record, scope, why)
    granted.follow(connection, folded.deltas)
    homes = scopes.homes(connection, [scope])
    return News(frozenset(homes.values()), granted.holders(connection, [scope]))
