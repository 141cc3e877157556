"""What the centre does for a hub: its desks, whose chains it may bring, what it is shown and with what proof."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from server.operations.centre import Centre, log
from server.operations.refusals import Refusal
from server.operations.revocation import order_of
from server.operations.sessions import Session
from server.store import accounts, hubs, newcomers
from server.store.accounts import Device
from server.store.engine import Connection
from sync import authorship, door, wire
from sync.operation import Placed
from sync.replica import feed, scopes, sql, tables
from sync.replica.replica import Accepted
from sync.wire import PushHead


class _Scope(msgspec.Struct):
    c: str
    k: str = ""
    i: str = ""


_scope = msgspec.json.Decoder(_Scope)


def scopes_of(placed: Iterable[Placed]) -> frozenset[str]:
    """Scopes named in these operations; what cannot be read names none."""
    return frozenset(one.c for one in _named(placed) if "\x00" not in one.c)


def _named(placed: Iterable[Placed]) -> Iterator[_Scope]:
    for one in placed:
        try:
            yield _scope.decode(one.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue


def author_of(centre: Centre, session: Session, head: PushHead) -> Device:
    """Whose chain a push continues: the asker's own, or through a hub that of any desk of the hub's centre, also
    of one revoked since (the hub took it in good faith; the desk itself gets no session any more). One that enrolled
    again after a restore and was not let in yet is nobody's desk: its words wait at the hub.

    Raises Refusal (403 unknown_device).
    """
    if head.device == session.device.id:
        return session.device
    if session.hub:
        found, waits = centre.read(
            lambda c: (accounts.find_device(c, head.device), newcomers.waits(c, head.device))
        )
        if found is not None and found.centre == session.device.centre and not waits:
            return found
    raise Refusal(403, "unknown_device")


def note_brought(connection: Connection, session: Session, accepted: Accepted) -> None:
    """What a hub has brought is not sent back to it."""
    if session.hub and accepted.first_seq:
        last = accepted.last_seq - len(accepted.folded.released)
        hubs.note_brought(connection, session.device.id, session.incarnation, accepted.first_seq, last)


def page_of(connection: Connection, session: Session, cursor: int, limit: int) -> tuple[feed.Page, str]:
    """What a hub has not seen yet, and at the end the digest of all that it is to hold."""
    page = hubs.after(
        connection,
        cursor,
        device=session.device.id,
        incarnation=session.incarnation,
        centre=session.device.centre,
        limit=limit,
    )
    return page, "" if page.more else hubs.digest_of(connection, session.device.centre).text()


def homes_in(connection: Connection, placed: Sequence[Placed]) -> dict[str, str]:
    """To which audience each scope in a page belongs, and each that is granted or withdrawn in it: a hub must not
    guess it."""
    grants = {one.i for one in _named(placed) if one.k == "grant"}
    about = {row["granted_scope"] for row in sql.select_in(connection, tables.records["grant"], "id", grants)}
    return dict(scopes.homes(connection, scopes_of(placed) | {one for one in about if one}))


def proofs_in(centre: Centre, placed: Sequence[Placed]) -> dict[str, str]:
    """The centre's signature of each operation of its own in a page."""
    own = [one for one in placed if one.device == authorship.CENTRE]
    return {authorship.key_of(one): wire.text64(authorship.prove(centre.key, one)) for one in own}


def audiences_of(centre: Centre, session: Session) -> tuple[str, ...]:
    """Whose news wakes a hub's held pull: its centre's and each of its desks'."""
    home = session.device.centre
    return hubs.audiences_of([one.id for one in centre.read(lambda c: hubs.desks_of(c, home))], home)


def list_devices(centre: Centre, session: Session) -> door.Devices:
    """All desks of the asking hub's centre, with their chains. Raises Refusal (403 unknown_device) for a desk."""
    if not session.hub:
        raise Refusal(403, "unknown_device")

    def work(
        connection: Connection,
    ) -> tuple[list[Device], dict[str, str], list[tuple[str, int, int, bytes, int]]]:
        # One that waits for its approval is unknown at a hub: it could be let in there without any line to here.
        waiting = {one.id for one in newcomers.waiting(connection)}
        desks = [one for one in hubs.desks_of(connection, session.device.centre) if one.id not in waiting]
        gone = [one for one in desks if one.revoked_at is not None]
        orders = {one.id: order_of(centre, connection, one).signature for one in gone}
        return desks, orders, hubs.chains_of(connection, [*(one.id for one in desks), session.device.id])

    desks, orders, found = centre.read(work)
    chains: dict[str, list[door.KnownChain]] = {}
    for device, incarnation, n, head, safe in found:
        chains.setdefault(device, []).append(door.KnownChain(incarnation, n, head.hex(), safe))
    log.info("devices told hub=%s count=%d", session.device.id, len(desks))
    return door.Devices(
        lineage=centre.lineage,
        centre_key=wire.text64(centre.key.public_key().public_bytes_raw()),
        time=centre.now_ms(),
        devices=[
            door.KnownDevice(
                device=one.id,
                centre=one.centre,
                seat=one.seat,
                centre_digit=one.centre_digit,
                all_cases=one.all_cases,
                key=wire.text64(one.public_key),
                revoked=one.revoked_at,
                order=orders.get(one.id, ""),
                chains=chains.get(one.id, []),
            )
            for one in desks
        ],
    )
