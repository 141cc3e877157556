"""Answering a pull: what a device may see after its cursor, in one read transaction, with the digest at its end."""

from __future__ import annotations

from dataclasses import dataclass

from server.operations import carriage, history
from server.operations.centre import Centre
from server.operations.reach import reach
from server.operations.sessions import Session
from server.store import accounts, granted, hubs, revoked
from server.store.engine import Connection
from sync import door, wire
from sync.replica import feed, read, scopes
from sync.replica.replica import Identity
from sync.wire import PullHead


@dataclass(frozen=True, slots=True)
class Pulled:
    """A pull's body, how many operations it holds, whether it says anything the asker does not know, and how
    much of the asker's chain it says is in a verified backup. `revoked`: the asker gets no news any more, the body is
    an empty page that moves nothing."""

    body: bytes
    count: int
    news: bool
    backed_up: int = 0
    centre_acked: int = 0
    revoked: bool = False


def answer_pull(centre: Centre, session: Session, lineage: str, cursor: int, limit: int) -> Pulled:
    """Operations after the cursor (at most `limit`, 1-1,000, groups whole), own ones left out.

    A cursor of another lineage means nothing here: the answer names this lineage and holds no operation, so
    that the device asks again with the cursor it keeps for it. Raises StoreUnavailable.
    """
    if lineage not in ("", centre.lineage):
        return _begin_anew(centre)
    device, incarnation = session.device, session.incarnation

    def work(connection: Connection) -> Pulled | int:
        if revoked.is_revoked(connection, device.id):
            return _nothing_more(centre, cursor)
        if session.hub:
            page, digest = carriage.page_of(connection, session, cursor, limit)
        else:
            page = feed.after(
                connection,
                cursor,
                device=device.id,
                incarnation=incarnation,
                audiences=granted.audiences_of(connection, device.id, device.centre),
                limit=limit,
            )
            digest = "" if page.more else granted.digest_of(connection, device.id, device.centre).text()
        if lineage and page.next < cursor:
            return page.next  # the asker read further under this name than there is
        acked, _ = centre.replica.head(connection, Identity(device.id, incarnation))
        beyond = reach(centre, connection, device.id, incarnation, acked)
        head = PullHead(
            lineage=centre.lineage,
            next=page.next,
            more=page.more,
            count=len(page.placed),
            acked=acked,
            centre_acked=beyond.centre_acked,
            backed_up=beyond.backed_up,
            digest=digest,
            time=centre.now_ms(),
            centre=beyond.centre,
            homes=carriage.homes_in(connection, page.placed) if session.hub else {},
            proofs=carriage.proofs_in(centre, page.placed) if session.hub else {},
        )
        body = wire.encode_pull(head, page.placed)
        return Pulled(body, len(page.placed), page.next != cursor, beyond.backed_up, beyond.centre_acked)

    found = centre.read(work)
    if isinstance(found, int):
        history.lost(centre, device.id, lineage, cursor, found)
        return _begin_anew(centre)
    return found


def _begin_anew(centre: Centre) -> Pulled:
    """Names this lineage and moves a cursor of the same name back to the beginning."""
    head = PullHead(
        lineage=centre.lineage, next=0, more=True, count=0, acked=0, centre_acked=0, time=centre.now_ms()
    )
    return Pulled(wire.encode_pull(head, []), 0, news=True)


def _nothing_more(centre: Centre, cursor: int) -> Pulled:
    head = PullHead(
        lineage=centre.lineage, next=cursor, more=False, count=0, acked=0, centre_acked=0, time=centre.now_ms()
    )
    return Pulled(wire.encode_pull(head, []), 0, news=True, revoked=True)


def answer_scope(centre: Centre, session: Session, scope: str, upto: int, past: int) -> Pulled:
    """One page of a scope's history with past < seq ≤ upto, its own device's operations too.

    A scope that the device may not see is an empty one, so that asking tells nothing. Raises
    StoreUnavailable.
    """
    device = session.device

    def work(connection: Connection) -> Pulled:
        home = scopes.homes(connection, [scope]).get(scope)
        if session.hub:
            may = hubs.may_see(connection, scope, device.centre)
        else:
            may = home in granted.audiences_of(connection, device.id, device.centre) or bool(
                granted.granted_among(connection, device.id, [scope])
            )
        page = feed.of_scope(connection, scope, upto=upto, past=past) if may else feed.Page([], upto, False)
        acked, _ = centre.replica.head(connection, Identity(device.id, session.incarnation))
        beyond = reach(centre, connection, device.id, session.incarnation, acked)
        head = PullHead(
            lineage=centre.lineage,
            next=page.next,
            more=page.more,
            count=len(page.placed),
            acked=acked,
            centre_acked=beyond.centre_acked,
            backed_up=beyond.backed_up,
            time=centre.now_ms(),
            centre=beyond.centre,
            homes=carriage.homes_in(connection, page.placed) if session.hub else {},
            proofs=carriage.proofs_in(centre, page.placed) if session.hub else {},
        )
        return Pulled(wire.encode_pull(head, page.placed), len(page.placed), news=True)

    return centre.read(work)


def list_held(centre: Centre, session: Session) -> list[door.HeldOperation]:
    """Held operations of the device's centre, of every centre for a device that holds all cases; no contents."""

    def work(connection: Connection) -> list[door.HeldOperation]:
        homes = accounts.device_centres(connection)
        return [
            door.HeldOperation(device=one.device, n=one.n, why=one.why, kind=one.kind)
            for one in read.held(connection, limit=10_000)
            if session.device.all_cases or homes.get(one.device) == session.device.centre
        ]

    return centre.read(work)
