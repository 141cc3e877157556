"""Answering a desk that found a difference: figures of what it may see, operations of one record, mending here."""

from __future__ import annotations

import msgspec

from server.operations.centre import Centre, log
from server.operations.refusals import Refusal, bad_message
from server.operations.sessions import Session
from server.operations.taken_back import is_about_control, take_back
from server.store import audit_log, granted, hubs, proven
from server.store.accounts import Device
from server.store.engine import Connection
from sync import proof as road
from sync import wire
from sync.decoding import known
from sync.digest import NOTHING
from sync.door import Receipt, audit_claim, receipt_claim
from sync.proof import Ask, Line, Told
from sync.replica import node, proof
from sync.replica.changes import Folded
from sync.troubles import Trouble
from sync.wire import PullHead

_LONGEST = 200


def read_ask(data: bytes) -> Ask:
    """The question in a body. Raises Refusal (bad_message)."""
    try:
        ask = msgspec.json.decode(data, type=known(Ask))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise bad_message() from fault
    names = (ask.step, ask.bucket, ask.scope, ask.kind, ask.prefix, ask.id)
    if any(len(name) > _LONGEST or "\x00" in name for name in names):
        raise bad_message()
    return ask


def answer(centre: Centre, session: Session, ask: Ask) -> bytes:
    """The answer's body: figures as JSON, or operations as a message of the road. What the asker may not see is
    as if it were not there. Raises StoreUnavailable."""
    device = session.device
    sees = proof.seen_by(device.id, lambda c: granted.audiences_of(c, device.id, device.centre))
    if ask.step == road.MEND and is_about_control(centre, session, ask):
        news = centre.lane.do(lambda c: take_back(centre, c, ask))
        if news and centre.publish is not None:
            centre.publish(news)
    if ask.step == road.MEND:
        return msgspec.json.encode(centre.lane.do(lambda c: _mend(centre, c, ask, sees)))
    if ask.step == road.RECORD:
        return centre.read(lambda c: _record(centre, c, ask, sees))
    return msgspec.json.encode(centre.read(lambda c: proof.answer(c, ask, sees)))


def _record(centre: Centre, connection: Connection, ask: Ask, sees: proof.Sees) -> bytes:
    placed = proof.operations(connection, ask) if sees(connection, [ask.scope]) else []
    head = PullHead(
        lineage=centre.lineage, next=0, more=False, count=len(placed), acked=0, centre_acked=0, time=centre.now_ms()
    )
    return wire.encode_pull(head, placed)


def _mend(centre: Centre, connection: Connection, ask: Ask, sees: proof.Sees) -> Told:
    """Count a scope and kind anew, and make the record anew from this centre's own log."""
    if not sees(connection, [ask.scope]):
        return Told()
    moved = Folded(deltas=proof.slipped(connection, (ask.scope, ask.kind)))
    centre.replica.correct(connection, moved.deltas)
    if ask.id:
        folded = proof.rebuild(connection, centre.replica, ask, [])
        for key, delta in folded.deltas.items():
            moved.deltas[key] = moved.deltas.get(key, NOTHING).plus(delta)
    slipped = {key: delta for key, delta in moved.deltas.items() if delta != NOTHING}
    if slipped:  # made anew and found as it was, it was right
        granted.follow(connection, slipped)
        log.warning("mended: %d figures of kind %s had slipped", len(slipped), ask.kind)
    count, total = proof.figure(connection, ask.kind, ask.scope, ask.id)
    return Told([Line(ask.id, "", count, total)] if count else [], leaf=True)


def give_receipt(centre: Centre, session: Session, digest: str, of: str = "") -> Receipt | None:
    """The signed word that the device holds exactly what it may, or None where this centre counts something else
    at this moment. `of`: one of its desks, for which a hub asks (empty: the asker itself). Raises StoreUnavailable,
    Refusal (403 unknown_device)."""

    def job(connection: Connection) -> Receipt | None:
        device = session.device if of in ("", session.device.id) else _desk_of(connection, session, of)
        if granted.digest_of(connection, device.id, device.centre).text() != digest:
            return None
        ends = audit_log.head_of(connection, device.id)
        plain = Receipt(
            device=device.id,
            lineage=centre.lineage,
            seq=node.feed(connection),
            digest=digest,
            time=centre.now_ms(),
        )
        signature = wire.text64(centre.key.sign(receipt_claim(plain)))
        signed = msgspec.structs.replace(plain, signature=signature)
        proven.remember(connection, signed)
        if not ends.n:
            return signed
        seen = wire.text64(centre.key.sign(audit_claim(device.id, ends.n, ends.link, plain.time)))
        audit_log.remember(connection, device.id, ends, plain.time, seen)
        return msgspec.structs.replace(signed, audit_n=ends.n, audit_head=ends.link, audit_signature=seen)

    return centre.lane.do(job)


def _desk_of(connection: Connection, hub: Session, device: str) -> Device:
    """A desk of the asking hub that was not revoked. Raises Refusal (403 unknown_device)."""
    desks = hubs.desks_of(connection, hub.device.centre) if hub.hub else []
    for one in desks:
        if one.id == device and one.revoked_at is None:
            return one
    raise Refusal(403, "unknown_device")


def receipt_from_above(centre: Centre, session: Session, digest: str) -> Receipt | None:
    """The national centre's own signed word for a desk of this hub: only that keeps existing records open for 35 days
    more. None where the centre cannot be asked now or counts something else."""
    if centre.uplink is None:
        return None
    try:
        return centre.uplink.receipt(session.device.id, digest)
    except Trouble:
        return None
