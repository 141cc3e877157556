"""Taking a push: decoded, checked, logged, folded, counted and answered in one transaction of the accept lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.operations import grants, history, leases, transfers
from server.operations.centre import Centre, News, log
from server.operations.refusals import Refusal, bad_message
from server.operations.sessions import Session
from server.store import backed_up, granted, held
from server.store.engine import Connection
from sync import chain, wire
from sync.operation import Placed
from sync.replica import node, scopes
from sync.replica.replica import Accepted, BadSignature, Fork, Gap, Peer
from sync.wire import BadMessage, HeldNotice, PushAnswer, PushHead

MOST_INCARNATION: Final = (1 << 31) - 1
MOST_NUMBER: Final = (1 << 53) - 1
"""Largest n of an operation: what every program on the road counts exactly."""

_HASH_BYTES: Final = 32
_SALT_BYTES: Final = 64


class _Scope(msgspec.Struct):
    c: str


_scope = msgspec.json.Decoder(_Scope)


@dataclass(frozen=True, slots=True)
class Pushed:
    """The answer to the sender, whom the commit concerns, and the highest feed number given."""

    answer: PushAnswer
    news: News
    feed: int


def accept_push(centre: Centre, session: Session, data: bytes, urgent: bool = False) -> Pushed:
    """Take a batch of a device: every operation once, what cannot be applied is held and told. An urgent
    one is committed before all that wait.

    Raises Refusal (bad_message, newer_protocol, too_large, unknown_device, bad_signature, gap, fork) with
    nothing written, StoreUnavailable.
    """
    head, placed, previous, signature = _read(data)
    if head.device != session.device.id:
        raise Refusal(403, "unknown_device")
    peer = Peer(head.device, session.device.centre, Ed25519PublicKey.from_public_bytes(session.device.public_key))
    wanted = _scopes_of(placed)

    def job(connection: Connection) -> Pushed:
        return _accept(centre, connection, session, head, placed, peer, previous, signature, wanted)

    try:
        pushed = centre.lane.do(job, urgent=urgent)
    except Gap as gap:
        # Only the sender's word that more was acknowledged: it sends again from there. The history is named anew
        # for a cursor beyond the feed, which nobody but this centre can have given out.
        log.error("gap device=%s from=%d here=%d; was a backup restored?", head.device, head.first, gap.acked)
        raise Refusal(409, "gap", acked=gap.acked) from gap
    except Fork as fork:
        log.warning("fork device=%s incarnation=%d n=%d", head.device, head.incarnation, fork.n)
        raise Refusal(409, "fork", n=fork.n) from fork
    except BadSignature as bad:
        log.warning("signature device=%s incarnation=%d first=%d", head.device, head.incarnation, head.first)
        raise Refusal(403, "bad_signature") from bad
    if head.lineage == centre.lineage and head.cursor > pushed.feed:
        history.lost(centre, head.device, head.lineage, head.cursor, pushed.feed)
    return pushed


def _read(data: bytes) -> tuple[PushHead, list[Placed], bytes, bytes]:
    try:
        head, placed = wire.decode_push(data)
        signature = wire.raw64(head.signature)
    except BadMessage as bad:
        if str(bad) == "size":
            raise Refusal(413, "too_large") from bad
        raise bad_message() from bad
    if head.p > wire.PROTOCOL:
        raise Refusal(400, "newer_protocol")
    try:
        previous = bytes.fromhex(head.previous)
    except ValueError as bad:
        raise bad_message() from bad
    if (
        len(previous) != _HASH_BYTES
        or not 1 <= head.incarnation <= MOST_INCARNATION
        or placed[-1].n > MOST_NUMBER
        or any(len(one.salt) > _SALT_BYTES for one in placed)
        or (head.first == 1 and previous != chain.GENESIS)
    ):
        raise bad_message()
    return head, placed, previous, signature


def _scopes_of(placed: Sequence[Placed]) -> frozenset[str]:
    found: set[str] = set()
    for one in placed:
        try:
            found.add(_scope.decode(one.body).c)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
    return frozenset(scope for scope in found if "\x00" not in scope)


def _accept(
    centre: Centre,
    connection: Connection,
    session: Session,
    head: PushHead,
    placed: Sequence[Placed],
    peer: Peer,
    previous: bytes,
    signature: bytes,
    wanted: frozenset[str],
) -> Pushed:
    mine = granted.granted_among(connection, head.device, wanted)
    lost = scopes.withdrawn_among(connection, head.device, wanted - mine)
    accepted = centre.replica.accept(connection, peer, placed, previous, signature, mine, lost)
    told = _follow(centre, connection, session, head, accepted)
    notices = held.of_sender(connection, head.device, head.incarnation, placed[0].n, placed[-1].n)
    answer = PushAnswer(
        lineage=centre.lineage,
        acked=accepted.acked,
        centre_acked=accepted.acked,
        backed_up=backed_up.of(connection, head.device, head.incarnation),
        last_seq=accepted.last_seq,
        held=[HeldNotice(n, why) for n, why in notices],
        time=centre.now_ms(),
    )
    return Pushed(answer, told, node.feed(connection))


def _follow(
    centre: Centre, connection: Connection, session: Session, head: PushHead, accepted: Accepted
) -> News:
    """What an accepted batch brings about in the same transaction: digests of grants, new grants, numbers."""
    folded = accepted.folded
    granted.follow(connection, folded.deltas)
    touched = {change.scope for change in folded.changes}
    audiences = set(scopes.homes(connection, touched).values())
    devices = granted.holders(connection, touched) | {head.device}
    told = News(frozenset(audiences), devices)
    told = told.with_more(grants.grant_new_cases(centre, connection, folded))
    told = told.with_more(transfers.follow(centre, connection, folded, accepted.late))
    told = told.with_more(transfers.note_late(centre, connection, head.device, accepted.late))
    return told.with_more(
        leases.renew_if_short(centre, connection, session.device, head.incarnation, folded.changes)
    )
