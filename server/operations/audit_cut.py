"""Audit entries whose years are over go from the beginning of a desk's chain, behind a cut that the centre signs."""

from __future__ import annotations

from functools import partial
from typing import Final

from domain.ids import derived_id
from domain.records.audit import AuditCut
from server.operations.centre import Centre, News, log
from server.store import audit_due, audit_log, granted
from server.store.engine import Connection
from sync import wire
from sync.audit import Head
from sync.door import cut_claim
from sync.operation import CREATE, PATCH
from sync.replica import read, scopes

MOST: Final = 10_000
"""Entries of one desk that one run proposes at most."""
_ACT: Final = 95
"""Entries in one act of the centre, each with its words: a desk folds no more than 200 operations at a time."""


def proposed(centre: Centre, code: str, before_ms: int) -> list[str]:
    """Of each desk of this centre whose entries up to some number were written before this time: `device:number`.
    A chain that is not whole is evidence and keeps every entry."""

    def ends(connection: Connection) -> list[tuple[str, Head]]:
        found = []
        for device in audit_due.chains(connection, code):
            end = audit_due.over(connection, code, device, before_ms, MOST)
            if end.n > audit_log.begins_at(connection, device).n:
                found.append((device, end))
        return found

    return [f"{device}:{end.n}" for device, end in centre.read(ends) if _is_whole(centre, device)]


def carry_out(centre: Centre, code: str, item: str, before_ms: int, why: str) -> int:
    """Cut one desk's chain as far as was proposed and as it may still go; answers how many entries went.

    Raises StoreUnavailable."""
    device, _, number = item.rpartition(":")
    if not _is_whole(centre, device):
        return 0
    gone = 0
    while True:
        now, news = centre.lane.do(partial(_cut, centre, code, device, int(number), before_ms, why))
        if not now:
            return gone
        gone += now
        if centre.publish is not None:
            centre.publish(news)


def _is_whole(centre: Centre, device: str) -> bool:
    found = centre.read(lambda c: audit_log.verify(c, device))
    whole = all(one.whole for one in found.values())
    if not whole:
        log.warning("audit chain not whole, nothing is cut device=%s", device)
    return whole


def _cut(
    centre: Centre, code: str, device: str, upto: int, before_ms: int, why: str, connection: Connection
) -> tuple[int, News]:
    """One act: where the chain begins from now on, and the orders to erase what stood before."""
    start = audit_log.begins_at(connection, device)
    most = min(_ACT, upto - start.n)
    end = audit_due.over(connection, code, device, before_ms, most) if most > 0 else start
    if end.n == start.n:
        return 0, News()
    scope, at = scopes.centre(code), centre.now_ms()
    signature = wire.text64(centre.key.sign(cut_claim(device, end.n, end.link, at)))
    record = AuditCut(
        id=derived_id("audit cut", device), device=device, n=end.n, link=end.link, at=at, signature=signature
    )
    stored = read.one(connection, "audit_cut", record.id)
    if stored is None:
        act = centre.act()
        act.create(scope, record, action=CREATE)
    else:
        act = centre.act(stamp for held in stored.state.values() for stamp in held.heads)
        values = {"n": end.n, "link": end.link, "at": at, "signature": signature}
        act.change("audit_cut", record.id, scope, stored.state, values, action=PATCH)
    targets = audit_due.between(connection, code, device, start.n, end.n)
    orders = [centre.order(act, kind, one, scope, why) for kind, one in targets]
    folded = centre.write(connection, [*act.bodies, *orders])
    granted.follow(connection, folded.deltas)
    homes = scopes.homes(connection, [scope])
    return end.n - start.n, News(frozenset(homes.values()), granted.holders(connection, [scope]))
