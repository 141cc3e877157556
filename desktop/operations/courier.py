"""The stick for when every line is dead: what is unsent goes onto it sealed, what the centre answered comes back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.operations import courier_files
from desktop.store import blobs, courier, identity
from desktop.store.courier import Entry, ReplyKeys
from desktop.store.engine import Connection
from desktop.store.troubles import NotEnrolled
from domain.clock import Clock
from domain.ids import RANDOM_BYTES, uuid7
from domain.records.kinds import SCHEMA
from sync import chain, wire
from sync.blobs.shelf import Shelf
from sync.courier import seal, volumes
from sync.courier.letters import VERSION, Answered, ChainSaid, FeedPage, Letter, Opening, Part, ScopePage
from sync.courier.troubles import AllDamaged, NotForUs, StickGone
from sync.courier.volumes import VolumeRead, VolumeWriter
from sync.engine import Carried, Engine, Now, View
from sync.operation import Body, Placed
from sync.replica import feed, node, own_chains
from sync.replica.desk_road import EVERYTHING, DeskRoad
from sync.replica.ledger import Runner
from sync.replica.own_chains import OwnChain
from sync.replica.replica import Identity, Replica
from sync.troubles import Trouble
from sync.wire import BadMessage, PullHead, PushAnswer, PushHead

BATCH: Final = 1_000
BATCH_BYTES: Final = 1 << 20
_BUNDLE_BYTES: Final = 8


class NoReceiver(Trouble):
    """The key of the server was never learned, so nothing can be sealed for it."""

    advice = (
        "Máy này chưa biết khóa niêm phong của trung tâm nên chưa ghi ra USB được. Dữ liệu vẫn an toàn trên máy; "
        "khi có đường truyền một lần, phần mềm tự lấy khóa. Chị/anh báo bộ phận kỹ thuật."
    )


class NotOurReply(Trouble):
    """A reply to another desk, to a clone of this one, to an older state, or none by our server."""

    advice = (
        "Hồi đáp trên USB này không dành cho máy này ở lúc này nên không dùng đến; không có gì bị thay đổi. "
        "Chị/anh ghi ra USB lần nữa và xin trung tâm hồi đáp mới."
    )


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: how many operations, `first` to `last` number of the incarnation written last (0: none),
    volumes by file name. `files_out`: attached files that went onto the stick whole, `files`: those that wait for
    another one or a line. `is_hub`: it is sealed for the hub, since the centre's key was never learned."""

    bundle: str
    operations: int
    first: int
    last: int
    volumes: tuple[str, ...]
    files: int = 0
    files_out: int = 0
    is_hub: bool = False


@dataclass(frozen=True, slots=True)
class TakenReply:
    """What a reply did: how many own operations were acknowledged before and after, how many are `waiting` still,
    how many came, whether the feed joined on (`missing`: a part before it is not here yet), whether own operations
    must be sent again under a new incarnation (`again`), places of the stick that could not be read; `files`: how
    many attached files the centre has whole now."""

    acked_before: int
    acked: int
    waiting: int
    came: int
    missing: bool
    again: bool
    damaged: int
    held: int
    files: int = 0


@dataclass(frozen=True, slots=True)
class CourierDesk:
    """The desk as its courier needs it: `read` never waits for a save, `run` is one write transaction; `step`
    hands one letter of a reply to the engine and returns when it has been taken; `shelf` is where attached files lie
    (None: they wait for a line)."""

    replica: Replica
    read: Runner
    run: Runner
    clock: Clock
    staff: str
    step: Callable[[Carried], None]
    random: Callable[[int], bytes] = os.urandom
    shelf: Shelf | None = None


@dataclass(frozen=True, slots=True)
class _Self:
    device: str
    key: Ed25519PrivateKey
    view: View
    cursor: int
    """How far the server's feed was read."""
    chains: list[OwnChain]
    """Every incarnation with what the server is known to have of it."""

    def backfills(self, lineage: str) -> list[tuple[str, int, int]]:
        """Scopes whose history is still to be fetched (scope, upto, past), by the numbers of the server with that
        lineage; another than the one met last is asked for all of each."""
        same = lineage == self.view.lineage
        return [(one.scope, *((one.upto, one.past) if same else (EVERYTHING, 0))) for one in self.view.backfills]

    @property
    def acked(self) -> int:
        """How many own operations that server is known to have."""
        return sum(one.acked for one in self.chains)


def _nothing(*_anything: object) -> None:
    """A road that is only looked at folds nothing."""


def _no_receipt(*_anything: object) -> Sequence[Body]:
    """A road that is only looked at wipes nothing."""
    return ()


def _self(desk: CourierDesk, lineage: str = "") -> _Self:
    """Where this desk stands; its chains as the server with that lineage has them (empty: the one met last)."""
    enrolled = desk.read(identity.enrolment)
    key = desk.read(identity.signing_key)
    if enrolled is None or key is None:
        raise NotEnrolled
    device = enrolled.seat.device
    view = DeskRoad(desk.read, desk.replica, device, key, _nothing, _nothing, _no_receipt).view()

    def marks(connection: Connection) -> tuple[int, list[OwnChain]]:
        known = node.everything(connection)
        of = known[own_chains.LINEAGE] = lineage or known.get(own_chains.LINEAGE, "")
        return int(known.get(own_chains.CURSOR + of, "0")), own_chains.of(connection, device, known)

    return _Self(device, key, view, *desk.read(marks))


def export(
    desk: CourierDesk, folder: Path, most: int = volumes.MOST_VOLUME, *, unbacked: bool = False
) -> Exported:
    """Write everything the server has not acknowledged into volumes in the folder, sealed for the national centre
    (or the hub met last, where only its key is known); then attached files, as many as the stick has room for.

    Nothing here changes what is sent by the line: the same again, by line or stick, is taken once. With nothing
    unsent the stick asks for news only. `unbacked`: also what it has acknowledged and no verified backup of it holds,
    from a desk that will not be there to send it again (its files stay behind as they are).

    Raises NoReceiver, NotEnrolled, StickFull, StickGone, and the store's.
    """
    found = desk.read(courier.receiver)
    if found is None:
        raise NoReceiver
    lineage, receiver, is_hub = found
    me = _self(desk, lineage)
    keys = desk.run(lambda connection: courier.make_reply_keys(connection, desk.random))
    bundle = desk.random(_BUNDLE_BYTES).hex()
    opening = Opening(
        bundle=bundle,
        device=me.device,
        incarnation=me.view.incarnation,
        p=VERSION,
        to=lineage,
        lineage=lineage,
        cursor=me.cursor,
        reply_key=wire.text64(keys.key.public_key().public_bytes_raw()),
        reply_secret=wire.text64(keys.secret),
        made=desk.clock.now_ms(),
        chains=[(one.incarnation, one.last) for one in me.chains],
        backfills=me.backfills(lineage),
    )
    if not folder.is_dir():
        raise StickGone
    count = first = last = 0
    prove = seal.signed_by(me.key)
    with VolumeWriter(folder, opening, seal.UP, receiver, prove, desk.random, most) as writer:
        for one in me.chains:
            begin = min(one.acked, one.backed_up) if unbacked else one.acked
            if begin == one.last:
                continue
            first, last = begin + 1, begin
            while last < one.last:
                head, placed = _batch(desk, me, lineage, one, last)
                part = Part(
                    bundle=bundle,
                    device=me.device,
                    incarnation=one.incarnation,
                    volume=writer.number,
                    first=head.first,
                    last=placed[-1].n,
                )
                writer.add(part, wire.encode_push(head, placed), previous=head.previous, signature=head.signature)
                last = placed[-1].n
            count += last - begin
        names = writer.finish()
    files = 0
    if desk.shelf is not None and not unbacked:
        beside = msgspec.structs.replace(opening, bundle=desk.random(_BUNDLE_BYTES).hex())
        further = VolumeWriter(folder, beside, seal.UP, receiver, prove, desk.random, most)
        files = courier_files.write(desk.read, desk.shelf, further, beside, folder)
    left = max(0, desk.read(blobs.unsent) - files)
    done = Exported(bundle, count, first, last, tuple(names), left, files, is_hub)
    _note(desk, "export", lineage, bundle, len(names), count, done.first, done.last)
    return done


def _batch(
    desk: CourierDesk, me: _Self, lineage: str, of: OwnChain, after: int
) -> tuple[PushHead, list[Placed]]:
    """One ordinary push of whole groups, signed at its last number, read in one transaction."""
    own = Identity(me.device, of.incarnation)

    def work(connection: Connection) -> tuple[bytes, list[Placed], bytes]:
        placed = feed.own_after(
            connection, own.device, own.incarnation, after, limit=BATCH, max_bytes=BATCH_BYTES
        )
        placed = [one for one in placed if one.n <= of.last]
        previous = desk.replica.hash_at(connection, own, after)
        return previous, placed, desk.replica.hash_at(connection, own, placed[-1].n)

    previous, placed, head = desk.read(work)
    signature = chain.sign_head(me.key, own.device, own.incarnation, placed[-1].n, head)
    said = PushHead(
        p=wire.PROTOCOL,
        device=own.device,
        incarnation=own.incarnation,
        lineage=lineage,
        first=placed[0].n,
        count=len(placed),
        previous=previous.hex(),
        signature=wire.text64(signature),
        schema=SCHEMA,
        cursor=me.cursor,
    )
    return said, placed


def take_reply(desk: CourierDesk, folder: Path) -> TakenReply:
    """Take what the centre answered, in any order, as often as it comes; afterwards the desk stands as if the
    line had been there. Own words written meanwhile stay unsent and go with the next stick or the line.

    Raises StickGone, NothingOnStick, NotForUs, AllDamaged, NotOurReply (all with nothing changed), the store's.
    """
    keys = desk.read(courier.reply_keys)
    paths = volumes.volumes_in(folder)
    if keys is None:
        raise NotForUs
    found = _Reply(keys, paths)
    if not any(one.ours for one in found.reports):
        raise NotForUs
    if not any(one.letters for one in found.reports):
        raise AllDamaged
    if not found.answers:
        raise NotOurReply
    answer = max(found.answers, key=lambda one: one.time)
    before = _self(desk, answer.lineage)
    events = _acknowledged(desk, before, answer)
    desk.run(lambda connection: courier.learn_receiver(connection, answer.lineage, answer.courier_key))
    for event in events:
        desk.step(event)
    # Only the centre's own word counts for files, as on a line; a hub that answers names the centre.
    named = () if answer.centre else answer.files
    files = courier_files.arrived(desk.read, desk.run, desk.shelf, named, desk.clock.now_ms())
    came, now = 0, _self(desk)
    for incarnation, page in found.pages(answer.bundle):
        if incarnation != now.view.incarnation:
            continue  # it leaves out what another incarnation wrote, and that may be unknown here
        desk.step(page)
        then, now = now, _self(desk)
        came += len(page.placed) if now.view != then.view else 0
    after = now
    top = found.tops.get((answer.bundle, after.view.incarnation), 0)
    _note(desk, "reply", answer.lineage, answer.bundle, len(paths), came, before.acked + 1, after.acked)
    return TakenReply(
        acked_before=before.acked,
        acked=after.acked,
        waiting=after.view.waiting,
        came=came,
        missing=bool(top > after.view.cursor or after.view.backfills),
        again=any(event.fork for event in events),
        damaged=sum(one.damaged for one in found.reports),
        held=sum(len(one.held) for one in answer.chains),
        files=files,
    )


def _acknowledged(desk: CourierDesk, me: _Self, answer: Answered) -> list[Carried]:
    """The events of an answer, one or two a chain. Raises NotOurReply where it is about another state of this desk,
    or about a server that it has left: believing it would call words sent that never were."""
    mine = {one.incarnation: one for one in me.chains}
    said = {one.incarnation: one for one in answer.chains}
    now = me.view.incarnation
    if (answer.device, answer.incarnation) != (me.device, now) or now not in said or not _is_near(desk, me, answer):
        raise NotOurReply
    events: list[Carried] = []
    for incarnation, one in sorted(said.items()):
        own = mine.get(incarnation, OwnChain(incarnation, 0, 0, 0))
        is_present = incarnation == now
        if _agrees(desk, me, own, one):
            behind = one.gap and answer.lineage == me.view.lineage and one.top < own.acked
            events.append(Carried(incarnation=incarnation, answer=_pushed(answer, one, one.acked), behind=behind))
            fork = own.last + 1 if is_present and one.top > own.last else 0
        else:
            fork = one.fork if one.fork <= own.last else 0
            if fork > 1:
                said_of_it = _pushed(answer, one, fork - 1)
                events.append(Carried(incarnation=incarnation, answer=said_of_it))
            elif not fork and is_present:
                raise NotOurReply
        if fork:
            events.append(Carried(incarnation=incarnation, fork=fork))
    return events


def _agrees(desk: CourierDesk, me: _Self, own: OwnChain, said: ChainSaid) -> bool:
    """Whether the server's chain is this one as far as it says."""
    if said.acked > own.last:
        return False
    hash_ = desk.read(lambda c: desk.replica.hash_at(c, Identity(me.device, own.incarnation), said.acked))
    return hash_.hex() == said.head


def _pushed(answer: Answered, said: ChainSaid, acked: int) -> PushAnswer:
    """The same as the answer to a push; the hash was compared, so none is said."""
    return PushAnswer(
        lineage=answer.lineage,
        acked=acked,
        centre_acked=min(said.centre_acked, acked),
        backed_up=min(said.backed_up, acked),
        last_seq=said.last_seq,
        held=said.held,
        time=answer.time,
        centre=answer.centre,
    )


def _is_near(desk: CourierDesk, me: _Self, answer: Answered) -> bool:
    """Whether it comes from where this desk stands: the server met last, restored or not, its centre, or a hub."""
    here = me.view.lineage
    named = {answer.asked_lineage, answer.lineage} - {""}
    known = desk.read(node.everything)
    near = {here, known.get(f"centre_of:{here}", here)}
    return bool(named & near) or any(known.get(f"centre_of:{one}") == here for one in named)


class _Reply:
    """Reads volumes twice: first who answers and how far, then letter by letter; one volume in memory at a time."""

    def __init__(self, keys: ReplyKeys, paths: Sequence[Path]) -> None:
        self._keys = keys
        self._receiver = keys.key.public_key().public_bytes_raw()
        self.answers: list[Answered] = []
        self.tops: dict[tuple[str, int], int] = {}
        self.reports: list[VolumeRead] = []
        order: list[tuple[int, str, Path]] = []
        for path in paths:
            report = VolumeRead(path.name)
            for letter, body in self._letters(path, report):
                self._learn(letter, body)
            self.reports.append(report)
            order.append((report.closed.volume if report.closed else 0, path.name, path))
        self._paths = [path for _, _, path in sorted(order)]

    def _letters(self, path: Path, report: VolumeRead) -> Iterator[tuple[Letter, bytes]]:
        for opened in volumes.read_volume(path, self._receiver, self._open, report):
            if seal.is_known_by(self._keys.secret, opened.sealed, opened.proof):
                yield opened.letter, opened.body

    def _open(self, sealed: bytes) -> bytes | None:
        return seal.unseal(seal.DOWN, self._keys.key, sealed)

    def _learn(self, letter: Letter, body: bytes) -> None:
        if isinstance(letter, Answered):
            self.answers.append(letter)
        elif isinstance(letter, FeedPage) and (page := _page(body)) is not None:
            of = letter.bundle, letter.incarnation
            self.tops[of] = max(self.tops.get(of, 0), page[0].next)

    def pages(self, bundle: str) -> Iterator[tuple[int, Carried]]:
        """The pages of one reply as they were written, each with the incarnation it was read as: the feed in order,
        then the scopes it granted."""
        for path in self._paths:
            for letter, body in self._letters(path, VolumeRead(path.name)):
                if letter.bundle != bundle or not isinstance(letter, FeedPage | ScopePage):
                    continue
                page = _page(body)
                if page is None:
                    continue
                head, placed = page
                if isinstance(letter, FeedPage):
                    yield letter.incarnation, Carried(start=letter.start, head=head, placed=placed)
                else:
                    page_of = Carried(start=letter.past, scope=letter.scope, head=head, placed=placed)
                    yield letter.incarnation, page_of


def _page(body: bytes) -> tuple[PullHead, list[Placed]] | None:
    try:
        return wire.decode_pull(body)
    except BadMessage:
        return None


def stepping_alone(road: DeskRoad, device: str, clock: Clock) -> Callable[[Carried], None]:
    """The engine's own steps for a desk without a line: what it would ask of one is left undone."""
    engine = Engine(road, device, lambda: 0.0, SCHEMA)

    def step(event: Carried) -> None:
        engine.step(event, Now(0, clock.now_ms()))

    return step


def _note(
    desk: CourierDesk,
    what: str,
    lineage: str,
    bundle: str,
    count: int,
    operations: int,
    first: int,
    last: int,
) -> None:
    now = desk.clock.now_ms()
    name = uuid7(max(now, 0), desk.random(RANDOM_BYTES))
    entry = Entry(name, now, what, desk.staff, lineage, bundle, count, operations, first, last)
    desk.run(lambda connection: courier.write_entry(connection, entry))
