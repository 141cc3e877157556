"""Contact codes that two records bear (a cloned desk): both are found by it, and all but one get a second code."""

from __future__ import annotations

from collections.abc import Sequence

from domain.numbering import NumberingError, second_code
from server.operations.centre import Centre, News, log
from server.store import granted
from server.store.engine import Connection
from sync.operation import PATCH
from sync.replica import read, scopes
from sync.replica.changes import RowChange


def follow(centre: Centre, connection: Connection, changes: Sequence[RowChange]) -> News:
    """Of the contacts that bear one code, the one with the smallest id keeps it alone, whichever came first; each
    other is given a code of its own beside it (decision 11)."""
    codes = {
        str(change.after["code"])
        for change in changes
        if change.kind == "contact"
        and change.after is not None
        and change.after.get("code")
        and (change.before is None or change.before.get("code") != change.after["code"])
    }
    news = News()
    for code in read.codes_borne_twice(connection, codes) if codes else ():
        bearers = read.where(connection, "contact", "code", code)
        for one in bearers[1:]:
            if one.record.second_code is None:
                news = news.with_more(_give(centre, connection, one, code))
    return news


def _give(centre: Centre, connection: Connection, one: read.Stored, code: str) -> News:
    try:
        turn, second = 0, second_code(code, one.id)
        while _is_taken(connection, second):
            turn += 1
            second = second_code(code, one.id, turn)
    except NumberingError:
        return News()  # no code of ours: what a person typed is left as it is
    folded = centre.change(connection, one, {"second_code": second}, PATCH)
    granted.follow(connection, folded.deltas)
    log.info("a second code was given")
    homes = scopes.homes(connection, [one.scope])
    return News(frozenset(homes.values()), granted.holders(connection, [one.scope]))


def _is_taken(connection: Connection, code: str) -> bool:
    return any(read.where(connection, "contact", field, code) for field in ("code", "second_code"))
