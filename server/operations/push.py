"""Taking a push: decoded, checked, logged, folded, counted and answered in one transaction of the accept lane."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.operations import (
    carriage,
    emergency,
    founding,
    grants,
    history,
    leases,
    need_to_know,
    person_keys,
    second_codes,
    transfers,
    unusual,
)
from server.operations.centre import HUB, Centre, News, log
from server.operations.reach import reach
from server.operations.refusals import Refusal, bad_message
from server.operations.revocation import farewell
from server.operations.sessions import Session
from server.store import courier, granted, held, hubs, revoked
from server.store.accounts import Device
from server.store.engine import Connection
from sync import chain, closing, wire
from sync.operation import Placed
from sync.replica import feed, node, scopes, signed, upstream
from sync.replica.batch import Batch
from sync.replica.replica import Accepted, BadSignature, Fork, Gap, Identity, Peer, proven
from sync.wire import BadMessage, HeldNotice, PushAnswer, PushHead

MOST_INCARNATION: Final = (1 << 31) - 1
MOST_NUMBER: Final = (1 << 53) - 1
"""Largest n of an operation: what every program on the road counts exactly."""

_HASH_BYTES: Final = 32
_SALT_BYTES: Final = 64


class _Parts(Exception):
    """A hub met a desk that was revoked while its session stood."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """The answer to the sender, whom the commit concerns, and the highest feed number given. `spooled`: what came
    by stick before its time and follows on now."""

    answer: PushAnswer
    news: News
    feed: int
    spooled: courier.Kept | None = None


def accept_push(centre: Centre, session: Session, data: bytes, urgent: bool = False) -> Pushed:
    """Take a batch of a device: every operation once, what cannot be applied is held and told. An urgent
    one is committed before all that wait.

    Raises Refusal (bad_message, newer_protocol, too_large, unknown_device, bad_signature, gap, fork) with
    nothing written, StoreUnavailable.
    """
    pushed = _accept_one(centre, session, data, None, urgent=urgent)
    while (kept := pushed.spooled) is not None:
        try:
            further = _accept_one(centre, session, kept.body, kept, urgent=False)
        except Refusal as refused:
            # It stays, and says why: what came by stick is never dropped (a clone's words, for one).
            again = replace(kept, why=refused.code, fork=max(1, refused.n) if refused.code == courier.FORK else 0)
            centre.lane.do(lambda connection, again=again: courier.keep(connection, again))  # type: ignore[misc]  # binds the loop's value
            break
        news = News(
            pushed.news.audiences | further.news.audiences, pushed.news.devices | further.news.devices
        )
        pushed = replace(further, news=news)
    return pushed


def take_spooled(centre: Centre, author: Device, kept: courier.Kept) -> None:
    """Take one body that came by stick and waits beside the log; what still does not follow on stays there."""
    try:
        _accept_one(centre, Session(author, kept.incarnation, 0), kept.body, kept, urgent=False)
    except Refusal as refused:
        log.warning("spooled body stays device=%s why=%s", author.id, refused.code)


def _accept_one(
    centre: Centre, session: Session, data: bytes, kept: courier.Kept | None, *, urgent: bool
) -> Pushed:
    """Take one body; `kept` leaves the spool in the same transaction."""
    head, placed, previous, signature = _read(centre, data)
    author = carriage.author_of(centre, session, head)
    peer = Peer(head.device, author.centre, Ed25519PublicKey.from_public_bytes(author.public_key))

    def job(connection: Connection) -> Pushed:
        done = _accept(centre, connection, session, author, head, batch, peer, previous, signature, hashes)
        if kept is not None:
            courier.drop(connection, kept)
        follows = courier.next_kept(connection, head.device, head.incarnation, done.answer.acked)
        return replace(done, spooled=follows)

    try:
        # All that needs no store is done here, while the lane still commits the batch before.
        hashes = proven(peer, placed, previous, signature)
        batch = centre.replica.read(placed)
        pushed = centre.lane.do(job, urgent=urgent)
    except Gap as gap:
        # Only the sender's word that more was acknowledged: it sends again from there. The history is named anew
        # for a cursor beyond the feed, which nobody but this centre can have given out.
        log.warning("gap device=%s from=%d here=%d", head.device, head.first, gap.acked)
        raise Refusal(409, "gap", acked=gap.acked) from gap
    except Fork as fork:
        log.warning("fork device=%s incarnation=%d n=%d", head.device, head.incarnation, fork.n)
        raise Refusal(409, "fork", n=fork.n) from fork
    except _Parts:
        raise farewell(centre, author) from None
    except BadSignature as bad:
        log.warning("signature device=%s incarnation=%d first=%d", head.device, head.incarnation, head.first)
        raise Refusal(403, "bad_signature") from bad
    if head.lineage == centre.lineage and head.cursor > pushed.feed:
        history.lost(centre, head.device, head.lineage, head.cursor, pushed.feed)
    if centre.accepted is not None:
        centre.accepted()
    return pushed


def _read(centre: Centre, data: bytes) -> tuple[PushHead, list[Placed], bytes, bytes]:
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
    # What a desk may read no longer it sends closed to the centre (settled 10); a hub carries that as it came.
    return head, [closing.opened(centre.courier_key, one) for one in placed], previous, signature


def _accept(
    centre: Centre,
    connection: Connection,
    session: Session,
    author: Device,
    head: PushHead,
    placed: Batch,
    peer: Peer,
    previous: bytes,
    signature: bytes,
    hashes: Sequence[bytes],
) -> Pushed:
    began = centre.clock.monotonic_ms()
    own = not session.hub or author.id == session.device.id
    if own and revoked.is_revoked(connection, author.id):
        # Asked anew here: the session may be older than the revocation. A hub took in good faith what it brings, and
        # so takes nothing of a desk that it knows to be revoked: last words are the centre's to hold.
        if centre.role == HUB:
            raise _Parts
        peer = replace(peer, revoked=True)
    _keeps_whole(centre, connection, head, placed)
    wanted = {body.scope for _, body, _ in placed.reads if body is not None}
    # Grants, transfers and numbers are the centre's to give; a hub holds what came behind a wall until it is told.
    new = frozenset[str]() if centre.role == HUB else need_to_know.found(centre, connection, author, placed)
    mine, lost = _given(centre, connection, author, wanted)
    accepted = centre.replica.accept(
        connection, peer, placed, previous, signature, mine, lost, hashes, ahead=head.ahead
    )
    accepted = founding.let_in(centre, connection, accepted)
    if accepted.acked >= placed[-1].n:
        signed.keep(connection, head.device, head.incarnation, placed[-1].n, signature)
    carriage.note_brought(connection, session, accepted)
    told = _follow(centre, connection, author, head, accepted, new)
    if session.hub and author.id != session.device.id and not leases.has_block(
        centre, connection, author.id, head.incarnation
    ):
        # A desk that speaks to its hub only opens no session here, where the year's first numbers are given.
        told = told.with_more(leases.lease(centre, connection, author, head.incarnation))
    notices = held.of_sender(connection, head.device, head.incarnation, placed[0].n, placed[-1].n)
    beyond = reach(centre, connection, head.device, head.incarnation, accepted.acked)
    answer = PushAnswer(
        lineage=centre.lineage,
        acked=accepted.acked,
        centre_acked=beyond.centre_acked,
        backed_up=beyond.backed_up,
        # A batch that came twice got its numbers the first time, and that answer may be lost: without them the desk
        # would compare itself with a digest from before its own words.
        last_seq=accepted.last_seq or feed.last_seq(connection, head.device, head.incarnation),
        took=centre.clock.monotonic_ms() - began,
        held=[HeldNotice(n, why) for n, why in notices],
        time=centre.now_ms(),
        head=accepted.head.hex(),
        centre=beyond.centre,
    )
    return Pushed(answer, told, node.feed(connection))


def _given(
    centre: Centre, connection: Connection, author: Device, wanted: Collection[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Which of these scopes the author was granted, and which it was told to give up: whether something came too late
    is the centre's to say, a hub holds what it may not show any more.

    A hub is granted nothing itself. All that it writes in its own name it took over from a desk of its house whose
    chain had parted, so it may write what any of those may or might once; else such words would be held for ever.
    """
    if centre.role == HUB:
        return granted.granted_among(connection, author.id, wanted), frozenset()
    mine = granted.granted_among(connection, author.id, wanted)
    whose = [author.id]
    if hubs.is_hub(connection, author.id):
        whose = [one.id for one in hubs.desks_of(connection, author.centre)]
        mine = mine.union(*(granted.granted_among(connection, one, wanted) for one in whose))
    rest = frozenset(wanted) - mine
    return mine, frozenset().union(*(scopes.withdrawn_among(connection, one, rest) for one in whose))


def _keeps_whole(centre: Centre, connection: Connection, head: PushHead, placed: Sequence[Placed]) -> None:
    """At a hub: raises Fork where the centre is known to hold other operations under these numbers, and the hub
    does not hold those yet to compare with."""
    if centre.role != HUB:
        return
    n = upstream.parted_at(connection, head.device, head.incarnation)
    here, _ = centre.replica.head(connection, Identity(head.device, head.incarnation))
    if n is not None and here < n <= placed[-1].n:
        raise Fork(n)


def _follow(
    centre: Centre, connection: Connection, author: Device, head: PushHead, accepted: Accepted, new: frozenset[str]
) -> News:
    """What an accepted batch brings about in the same transaction: digests of grants, new grants, numbers."""
    folded = accepted.folded
    granted.follow(connection, folded.deltas)
    touched = {change.scope for change in folded.changes}
    audiences = {accepted.homes[scope] for scope in touched if scope in accepted.homes}
    devices = granted.holders(connection, touched) | {head.device}
    told = News(frozenset(audiences), devices)
    if centre.role == HUB:
        return told
    told = told.with_more(emergency.follow(centre, connection, folded))
    told = told.with_more(second_codes.follow(centre, connection, folded.changes))
    told = told.with_more(person_keys.follow(centre, connection, folded.changes))
    told = told.with_more(grants.grant_new_cases(centre, connection, folded))
    told = told.with_more(transfers.follow(centre, connection, folded, accepted.late))
    told = told.with_more(need_to_know.follow(centre, connection, folded, new))
    told = told.with_more(unusual.follow(centre, connection, folded))
    told = told.with_more(transfers.note_late(centre, connection, head.device, accepted.late))
    return told.with_more(leases.renew_if_short(centre, connection, author, head.incarnation, folded.changes))
