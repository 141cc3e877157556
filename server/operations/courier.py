"""Couriers at the centre: a desk's stick is an ordinary push, and its reply is acknowledgement and ordinary pull."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.operations import courier_files, leases
from server.operations.centre import HUB, Centre, log
from server.operations.courier_files import Became
from server.operations.pull import answer_pull, answer_scope
from server.operations.push import accept_push
from server.operations.reach import reach
from server.operations.refusals import Refusal
from server.operations.sessions import Session
from server.store import accounts, courier, held, newcomers
from server.store.accounts import Device
from server.store.courier import Came, Kept
from server.store.engine import Connection
from sync import closing, wire
from sync.courier import seal, volumes
from sync.courier.letters import Answered, ChainSaid, Chunk, Closing, FeedPage, Opening, Part, ScopePage
from sync.courier.troubles import AllDamaged, NotForUs
from sync.courier.volumes import Opened, VolumeRead, VolumeWriter
from sync.operation import Placed, Undecodable, decode_body
from sync.replica import feed
from sync.replica.replica import Identity
from sync.replica.scopes import device_scope
from sync.troubles import Trouble
from sync.wire import BadMessage, PullHead, PushHead

_PAGE: Final = 1_000
_BUNDLE_BYTES: Final = 8
_KEY_BYTES: Final = 32


class NobodyToAnswer(Trouble):
    """No desk came by stick, or not this one."""

    advice = "Chưa có máy trạm nào gửi USB đến đây để hồi đáp: hãy chạy «courier import» với USB của máy đó trước."


@dataclass(slots=True)
class Imported:
    """What one folder brought. `taken`: operations that are in the log now; letters that could not be taken yet
    are `kept` (by reason); `refused` are letters that are no device's of ours, or whose content is not what its
    device signed; `devices`: who wrote."""

    volumes: list[VolumeRead] = field(default_factory=list)
    devices: set[str] = field(default_factory=set)
    bundles: set[str] = field(default_factory=set)
    taken: int = 0
    held: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    chunks: int = 0
    """Chunks of attached files that lie on the shelf now; `files` are the attachments that are whole so, `files_wait`
    those that miss a chunk or their words still: the stick is read again when those have come."""
    files: set[str] = field(default_factory=set)
    files_wait: set[str] = field(default_factory=set)
    closings: dict[str, dict[int, int]] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Volumes that the closing letters here name and that are not here (or not to their end)."""
        return sum(max(0, max(of.values()) - len(of)) for of in self.closings.values())

    @property
    def damaged(self) -> int:
        """Stretches that could not be read."""
        return sum(one.damaged for one in self.volumes)


def import_stick(centre: Centre, folder: Path) -> Imported:
    """Take everything that can be read, in any order, as often as it comes.

    Raises StickGone, NothingOnStick, NotForUs, AllDamaged (all with nothing taken), StoreUnavailable (what was
    taken before stands; do it again).
    """
    found = Imported()
    key = centre.courier_key
    receiver = key.public_key().public_bytes_raw()
    def unseal(sealed: bytes) -> bytes | None:
        return seal.unseal(seal.UP, key, sealed)

    files: list[Path] = []
    for path in volumes.volumes_in(folder):
        report = VolumeRead(path.name)
        found.volumes.append(report)
        for opened in volumes.read_volume(path, receiver, unseal, report):
            if isinstance(opened.letter, Chunk):
                if path not in files:
                    files.append(path)
            else:
                _take(centre, opened, found)
    # Bytes after all words: what an attachment's record does not name yet cannot be taken.
    for path in files:
        for opened in volumes.read_volume(path, receiver, unseal, VolumeRead(path.name)):
            if isinstance(opened.letter, Chunk):
                _put_chunk(centre, opened, opened.letter, found)
    if not any(one.ours for one in found.volumes):
        raise NotForUs
    if not any(one.letters for one in found.volumes):
        raise AllDamaged
    _drop_resent(centre)
    _note(centre, "import", found)
    return found


def _author(centre: Centre, opened: Opened, found: Imported) -> Device | None:
    """Whose letter it is; None (and counted) for one of nobody here."""
    letter = opened.letter
    device = centre.read(lambda c: accounts.find_device(c, letter.device))
    if device is None or not seal.is_signed_by(
        Ed25519PublicKey.from_public_bytes(device.public_key), opened.sealed, opened.proof
    ):
        log.warning("courier: a letter of nobody here, bundle=%s", letter.bundle)
        found.refused += 1
        return None
    found.devices.add(device.id)
    found.bundles.add(letter.bundle)
    return device


def _take(centre: Centre, opened: Opened, found: Imported) -> None:
    letter = opened.letter
    device = _author(centre, opened, found)
    if device is None:
        return
    if isinstance(letter, Opening):
        try:
            reply_key, secret = wire.raw64(letter.reply_key), wire.raw64(letter.reply_secret)
        except BadMessage:
            found.refused += 1
            return
        if len(reply_key) != _KEY_BYTES or len(secret) != seal.SECRET_BYTES:
            found.refused += 1
            return
        _remember(centre, letter, reply_key, secret)
    elif isinstance(letter, Closing):
        found.closings.setdefault(letter.bundle, {})[letter.volume] = len(letter.volumes)
    elif isinstance(letter, Part):
        _push(centre, device, letter, opened.body, found)


def _remember(centre: Centre, letter: Opening, reply_key: bytes, secret: bytes) -> None:
    chains = {letter.incarnation: 0} | {i: last for i, last in letter.chains if 1 <= i <= letter.incarnation}
    one = Came(
        device=letter.device,
        incarnation=letter.incarnation,
        bundle=letter.bundle,
        lineage=letter.lineage,
        cursor=letter.cursor,
        backfills=letter.backfills,
        chains=sorted(chains.items()),
        reply_key=reply_key,
        reply_secret=secret,
        came_at=centre.now_ms(),
        answered_at=None,
    )
    centre.lane.do(lambda connection: courier.put_stick(connection, one))


def _push(centre: Centre, device: Device, letter: Part, body: bytes, found: Imported) -> None:
    try:
        head, _ = wire.decode_push(body)
    except BadMessage:
        found.refused += 1
        return
    if (head.device, head.incarnation) != (device.id, letter.incarnation):
        found.refused += 1
        return
    if device.revoked_at is not None:
        _keep(centre, head, body, "revoked", found)
        return
    if centre.read(lambda c: newcomers.waits(c, device.id)):
        _keep(centre, head, body, "unapproved", found)
        return
    session = Session(device, head.incarnation, 0)
    before = centre.read(lambda c: centre.replica.head(c, Identity(device.id, head.incarnation))[0])
    try:
        answer = accept_push(centre, session, body).answer
    except Refusal as refused:
        if refused.code in {courier.GAP, courier.FORK}:
            fork = max(1, refused.n) if refused.code == courier.FORK else 0
            _keep(centre, head, body, refused.code, found, fork)
        else:
            found.refused += 1
        return
    found.taken += max(0, answer.acked - before)
    found.held += len(answer.held)


def _put_chunk(centre: Centre, opened: Opened, letter: Chunk, found: Imported) -> None:
    device = _author(centre, opened, found)
    became = None if device is None else courier_files.put(centre, device, letter, opened.body)
    if became is None or became is Became.GONE:
        return
    found.chunks += became in (Became.PART, Became.WHOLE)
    found.refused += became is Became.REFUSED
    if became is Became.WHOLE:
        found.files.add(letter.record)
        found.files_wait.discard(letter.record)
    elif became is not Became.REFUSED:
        found.files_wait.add(letter.record)


def _keep(centre: Centre, head: PushHead, body: bytes, why: str, found: Imported, fork: int = 0) -> None:
    last = head.first + head.count - 1
    now = centre.now_ms()
    one = Kept(head.device, head.incarnation, head.first, last, head.signature, why, fork, body, now)
    centre.lane.do(lambda connection: courier.keep(connection, one))
    found.kept[why] = found.kept.get(why, 0) + 1
    log.warning("courier kept device=%s first=%d last=%d why=%s", head.device, head.first, last, why)


def _drop_resent(centre: Centre) -> None:
    """What a clone's stick brought under numbers of its twin is in the log by now, where its desk has sent the
    same bytes under a new incarnation: then, and only then, it leaves the spool."""

    def job(connection: Connection) -> None:
        for one in list(courier.all_kept(connection)):
            _, placed = wire.decode_push(one.body)
            opened = [closing.opened(centre.courier_key, each) for each in placed]
            if all(_is_logged(connection, each) for each in opened):
                courier.drop(connection, one)

    centre.lane.do(job)


def _is_logged(connection: Connection, one: Placed) -> bool:
    try:
        record = decode_body(one.body).id
    except Undecodable:
        record = ""
    return courier.is_logged(connection, one, record)


def _note(centre: Centre, what: str, found: Imported) -> None:
    whole = not found.damaged and not found.missing and not found.refused

    def job(connection: Connection) -> None:
        courier.note(
            connection,
            (
                centre.new_id(),
                centre.now_ms(),
                what,
                ",".join(sorted(found.devices)),
                ",".join(sorted(found.bundles)),
                found.taken,
                sum(found.kept.values()),
                found.damaged,
                found.refused,
                whole,
            ),
        )

    centre.lane.do(job)
    log.info("courier %s taken=%d kept=%d refused=%d", what, found.taken, sum(found.kept.values()), found.refused)


# ---------------------------------------------------------------- the way back


@dataclass(frozen=True, slots=True)
class Replied:
    """One desk's reply: up to which of its numbers it is acknowledged, how many operations go to it."""

    device: str
    volumes: list[str]
    acked: int
    operations: int
    fork: int


def reply(centre: Centre, folder: Path, device: str = "", most: int = volumes.MOST_VOLUME) -> list[Replied]:
    """Write what desks that came by stick are to know: to all not yet answered, or to the one named.

    Raises NobodyToAnswer, StickFull, StickGone, StoreUnavailable.
    """
    sticks = centre.read(courier.all_sticks)
    if device:
        wanted = sorted((one for one in sticks if one.device == device), key=lambda one: one.came_at)[-1:]
    else:
        wanted = [one for one in sticks if one.answered_at is None]
    if not wanted:
        raise NobodyToAnswer
    return [_reply(centre, folder, one, most) for one in wanted]


def _reply(centre: Centre, folder: Path, came: Came, most: int) -> Replied:
    device = centre.read(lambda c: accounts.find_device(c, came.device))
    if device is None:
        raise NobodyToAnswer
    bundle = centre.random(_BUNDLE_BYTES).hex()
    opening = _answered(centre, came, bundle)
    own = next(one for one in opening.chains if one.incarnation == came.incarnation)
    fork = max(one.fork for one in opening.chains)
    # A clone goes on under a new incarnation, and reads what its twin wrote from the start (protocol.md §5).
    session = Session(device, came.incarnation + 1 if own.fork else came.incarnation, 0)
    start = 0 if fork or came.lineage != centre.lineage else came.cursor
    writer = VolumeWriter(
        folder, opening, seal.DOWN, came.reply_key, seal.known_by(came.reply_secret), centre.random, most
    )
    with writer:
        # A device that is revoked, or not let in yet, is told what was taken from it, and nothing else.
        shut = device.revoked_at is not None or centre.read(lambda c: newcomers.waits(c, device.id))
        count = 0 if shut else _tell(centre, came, session, start, bundle, writer)
        names = writer.finish()
    found = Imported(devices={came.device}, bundles={bundle}, taken=count)
    centre.lane.do(lambda connection: courier.answered(connection, came, centre.now_ms(), opening.files))
    _note(centre, "reply", found)
    return Replied(came.device, names, own.acked, count, fork)


def _tell(
    centre: Centre, came: Came, session: Session, start: int, bundle: str, writer: VolumeWriter
) -> int:
    """What the desk may see and does not have; answers how many operations that are."""
    _lease(centre, session.device, session.incarnation)
    count = 0
    wanted: dict[str, int] = {scope: past for scope, _, past in came.backfills} if start else {}
    for head, body, scopes in _pages(centre, session, start):
        page = FeedPage(bundle=bundle, device=came.device, incarnation=session.incarnation, start=start)
        writer.add(page, body)
        count += head.count
        start = head.next
        wanted.update(dict.fromkeys(scopes, 0))
    for scope, past in sorted(wanted.items()):
        for head, body, begun in _history(centre, session, scope, start, past):
            one = ScopePage(
                bundle=bundle, device=came.device, incarnation=session.incarnation, scope=scope, past=begun
            )
            writer.add(one, body)
            count += head.count
    return count


def _answered(centre: Centre, came: Came, bundle: str) -> Answered:
    def work(connection: Connection) -> Answered:
        return Answered(
            bundle=bundle,
            device=came.device,
            incarnation=came.incarnation,
            asked_lineage=came.lineage,
            lineage=centre.lineage,
            chains=[_said(centre, connection, came.device, *chain) for chain in came.chains],
            centre=reach(centre, connection, came.device, came.incarnation, 0).centre,
            courier_key=wire.text64(centre.courier_key.public_key().public_bytes_raw()),
            time=centre.now_ms(),
            files=courier_files.whole(centre, connection, came.device),
        )

    return centre.read(work)


def _said(centre: Centre, connection: Connection, device: str, incarnation: int, last: int) -> ChainSaid:
    """What is known here of one chain up to the number that the stick named, by whichever way it came."""
    own = Identity(device, incarnation)
    top, _ = centre.replica.head(connection, own)
    acked = min(top, last)
    beyond = reach(centre, connection, device, incarnation, acked)
    notices = held.of_sender(connection, device, incarnation, 1, acked)
    return ChainSaid(
        incarnation=incarnation,
        top=top,
        acked=acked,
        head=centre.replica.hash_at(connection, own, acked).hex(),
        centre_acked=min(acked, beyond.centre_acked),
        backed_up=beyond.backed_up,
        last_seq=feed.last_seq(connection, device, incarnation),
        fork=courier.forked_at(connection, device, incarnation),
        gap=courier.waits(connection, device, incarnation, courier.GAP),
        held=[wire.HeldNotice(n, why) for n, why in notices],
    )


def _lease(centre: Centre, device: Device, incarnation: int) -> None:
    """As at a session: a new year or incarnation has no case numbers yet, and the reply brings them.
    A hub gives none: numbers are the centre's."""
    if centre.role == HUB:
        return

    def job(connection: Connection) -> None:
        if not leases.has_block(centre, connection, device.id, incarnation):
            leases.lease(centre, connection, device, incarnation)

    centre.lane.do(job)


def _pages(centre: Centre, session: Session, start: int) -> Iterator[tuple[PullHead, bytes, list[str]]]:
    """The feed after `start`, page by page, and which scopes each page grants to the asker."""
    while True:
        body = answer_pull(centre, session, centre.lineage, start, _PAGE).body
        head, placed = wire.decode_pull(body)
        own = device_scope(session.device.id)
        granted: list[str] = []
        for one in placed:
            try:
                said = decode_body(one.body)
            except Undecodable:
                continue
            if said.kind == "grant" and said.scope == own and said.values.get("granted_scope"):
                granted.append(str(said.values["granted_scope"]))
        yield head, body, granted
        if not head.more:
            return
        start = head.next


def _history(
    centre: Centre, session: Session, scope: str, upto: int, past: int
) -> Iterator[tuple[PullHead, bytes, int]]:
    """A granted scope's history, page by page, with the number before each."""
    while True:
        body = answer_scope(centre, session, scope, upto, past).body
        head, _ = wire.decode_pull(body)
        yield head, body, past
        if not head.more:
            return
        past = head.next
