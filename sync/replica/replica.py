"""A node's log and record tables together: author here, accept from a device, receive from a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection
from sqlalchemy.exc import NoResultFound

from domain.records.kinds import KINDS
from sync import chain
from sync.digest import NOTHING, Digest
from sync.merge import is_kept
from sync.operation import ERASE, Body, Placed, encode_body
from sync.replica import beside, node, removal, scopes, sql, sums, tables
from sync.replica.batch import Batch
from sync.replica.changes import Folded, HeldOperation
from sync.replica.fold import Fold
from sync.replica.sums import Audiences, one_audience

SALT_BYTES = 16

REVOKED = "revoked"
"""Why the words of a device that was taken out of service are held: for a person to look at."""

_HEAD = "SELECT n, head FROM chain WHERE device = ? AND incarnation = ?"
_HASH_AT = "SELECT hash FROM log WHERE device = ? AND incarnation = ? AND n = ?"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who writes here: device id and incarnation (raised when a fork is found)."""

    device: str
    incarnation: int = 1


class Fork(Exception):
    """The device has already sent other bytes under this number: a cloned or restored desk."""

    def __init__(self, n: int) -> None:
        super().__init__(f"other bytes are known under number {n}")
        self.n = n


class Gap(Exception):
    """Numbers are missing before the first of the batch; `acked` is the last one known."""

    def __init__(self, acked: int) -> None:
        super().__init__(f"continue after {acked}")
        self.acked = acked


class BadSignature(Exception):
    """The batch's head was not signed by the device's registered key."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A device as a serving node knows it. `centre` is its audience; `rules` may hold an operation back. Of one that
    is `revoked` everything is held."""

    device: str
    centre: str
    key: Ed25519PublicKey
    authority: bool = False
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a push did: the last number known of this chain and the hash there, commit numbers given, what was held,
    and what was applied though its scope had been withdrawn from the sender meanwhile."""

    acked: int
    first_seq: int
    last_seq: int
    held: tuple[HeldOperation, ...] = ()
    folded: Folded = field(default_factory=Folded)
    late: tuple[Body, ...] = ()
    head: bytes = chain.GENESIS
    homes: Mapping[str, str] = field(default_factory=dict)
    """Audience by scope, of the scopes that the batch names and that have one."""
    founded: frozenset[str] = frozenset()
    """Those of them that it founded."""


def proven(peer: Peer, placed: Sequence[Placed], previous: bytes, signature: bytes) -> list[bytes]:
    """The chain's hash after each operation of a batch whose head the device signed. Raises BadSignature."""
    first, hashes = placed[0], chain.advance(previous, placed)
    if not chain.head_is_signed(peer.key, signature, first.device, first.incarnation, placed[-1].n, hashes[-1]):
        raise BadSignature
    return hashes


class Replica:
    """Log and record tables over connections that the caller owns: each call is one transaction of the caller's.

    `random` gives that many random bytes (salts). `audiences` tells to whom a scope's digest counts.
    """

    def __init__(
        self, fold: Fold, random: Callable[[int], bytes], audiences: Audiences = one_audience
    ) -> None:
        self._fold = fold
        self._random = random
        self._audiences = audiences

    def read(self, placed: Sequence[Placed]) -> Batch:
        """The operations read once, without the store, on any thread: what is given on then is not read again."""
        return self._fold.read(placed)

    def create(self, connection: Connection) -> None:
        """Make what is missing of the tables, and the feed counter."""
        tables.create(connection)
        self._fold.create(connection)
        if not node.get(connection, node.FEED):
            node.put(connection, feed="0")

    def author(self, connection: Connection, identity: Identity, bodies: Sequence[Body]) -> Folded:
        """Write one act: its operations become one group of this device's chain, logged and folded at once."""
        n, head = self._head(connection, identity.device, identity.incarnation)
        group = n + len(bodies)
        placed = [
            Placed(identity.device, identity.incarnation, n + i, group, self._random(SALT_BYTES), encode_body(b))
            for i, b in enumerate(bodies, start=1)
        ]
        hashes = chain.advance(head, placed)
        read = self._fold.read(placed)
        folded = self._fold(connection, read)
        if self._audiences is not one_audience:
            known = scopes.homes(connection, {body.scope for body in bodies})
            scopes.settle(connection, scopes.founded_by(bodies, known, ""))
        sums.add(connection, folded.deltas, self._audiences)
        self._log(connection, read, hashes, folded)
        removal.empty_log(connection, folded.erased)
        self._retry_granted(connection, bodies, folded)
        return folded

    def _retry_granted(self, connection: Connection, bodies: Sequence[Body], folded: Folded) -> None:
        """What a device wrote into a scope before it was granted waited for this grant (settled 9)."""
        for body in bodies:
            if body.kind == "grant" and "granted_scope" in body.values:
                again = Folded()
                self.let_in(connection, [(str(body.values.get("device")), str(body.values["granted_scope"]))], again)
                folded.changes += again.changes
                folded.released += again.released

    def let_in(self, connection: Connection, pairs: Iterable[tuple[str, str]], folded: Folded) -> int:
        """Apply what these devices wrote into these scopes before they might; what came of it is added to `folded`.
        What lies in a dossier that nobody founded here goes on waiting. Answers the last feed number given, or 0."""
        last = 0
        for device, scope in sorted(pairs):
            if self._audiences is not one_audience and scopes.is_unfounded(connection, scope):
                continue
            again = self._fold.retry(connection, device, scope)
            sums.add(connection, again.deltas, self._audiences)
            last = max(last, self._number_anew(connection, again.released))
            folded.changes += again.changes
            folded.released += again.released
            for key, delta in again.deltas.items():
                folded.deltas[key] = folded.deltas[key].plus(delta) if key in folded.deltas else delta
        return last

    def _number_anew(self, connection: Connection, released: Sequence[Placed]) -> int:
        """Operations that waited and are applied now get new feed numbers: those who read past the old ones must
        still meet them. Answers the last number, or 0."""
        if not released:
            return 0
        first = node.take(connection, len(released))
        log = tables.log.c
        for seq, one in enumerate(released, start=first):
            connection.execute(
                tables.log.update()
                .where(log.device == one.device, log.incarnation == one.incarnation, log.n == one.n)
                .values(seq=seq, held=None)
            )
        moved = int(node.get(connection, node.MOVED, "0")) + len(released)
        node.put(connection, **{node.MOVED: str(moved)})
        return first + len(released) - 1

    def accept(
        self,
        connection: Connection,
        peer: Peer,
        placed: Sequence[Placed],
        previous: bytes,
        signature: bytes,
        granted: frozenset[str] = frozenset(),
        withdrawn: frozenset[str] = frozenset(),
        hashes: Sequence[bytes] | None = None,
        *,
        ahead: bool = False,
    ) -> Accepted:
        """Take a device's batch: whole, signed, contiguous, each operation exactly once.

        `previous` is the device's own hash before the batch; `hashes` those after each operation, where the caller
        has proven the signature already (`proven`). Raises Gap, Fork, BadSignature. An operation
        that may not or cannot be applied is logged and held. What the device wrote into a scope that was
        withdrawn from it is applied and told as `late` (sync.md §3.7). What comes `ahead` of its turn is taken beside
        its chain until that has come so far; what is acknowledged is the chain.
        """
        first = placed[0]
        if hashes is None:
            hashes = proven(peer, placed, previous, signature)
        n, head = self._head(connection, first.device, first.incarnation)
        if first.n > n + 1:
            if not ahead:
                raise Gap(n)
            new = self._unknown(connection, placed)
            return self._take(connection, peer, new, None, granted, withdrawn, Accepted(n, 0, 0, head=head))
        if self._hash_at(connection, first.device, first.incarnation, first.n - 1) != previous:
            # Where the chains parted lies before this batch and cannot be seen from here: all of it again.
            raise Fork(1)
        known = [one for one in placed if one.n <= n]
        new = self._fold.read(placed[len(known) :])
        for one, hash_ in zip(known, hashes, strict=False):
            if self._hash_at(connection, one.device, one.incarnation, one.n) != hash_:
                raise Fork(one.n)
        if beside.is_any(connection, first.device, first.incarnation, n):
            clash = beside.take_out(connection, new)
            if clash is not None:
                raise Fork(clash)
        said = Accepted(placed[-1].n if new else n, 0, 0, head=hashes[-1] if new else head)
        return self._take(connection, peer, new, hashes[len(known) :], granted, withdrawn, said)

    def _unknown(self, connection: Connection, placed: Sequence[Placed]) -> Batch:
        """Of a batch that comes ahead of its turn what did not come so before. Raises Fork."""
        there = {one.n: beside.is_same(one, row) for one, row in beside.found(connection, placed)}
        for n, same in there.items():
            if not same:
                raise Fork(n)
        return self._fold.read([one for one in placed if one.n not in there])

    def _take(
        self,
        connection: Connection,
        peer: Peer,
        new: Batch,
        hashes: Sequence[bytes] | None,
        granted: frozenset[str],
        withdrawn: frozenset[str],
        said: Accepted,
    ) -> Accepted:
        """Fold and log what is new; without `hashes` beside its chain. Answers `said` with what became of it."""
        if not new:
            return said
        bodies = [body for _, body, _ in new.reads if body is not None]
        homes = dict(scopes.homes(connection, {body.scope for body in bodies}))
        founded = scopes.founded_by(bodies, homes, peer.centre)
        rules = _Rules(peer, homes, founded, granted, withdrawn)
        folded = self._fold(connection, new, rules.why_held)
        scopes.settle(connection, rules.founded_rightly)
        homes |= rules.founded_rightly
        sums.add(connection, folded.deltas, self._known_homes(homes))
        first_seq, last_seq = self._log(connection, new, hashes, folded)
        removal.empty_log(connection, folded.erased)
        held, late, now = tuple(folded.held), tuple(rules.late), frozenset(rules.founded_rightly)
        return Accepted(said.acked, first_seq, last_seq, held, folded, late, said.head, homes, now)

    def waiting_scopes(self, connection: Connection, device: str, why: str) -> frozenset[str]:
        """Scopes that what is held of a device for this reason was written into."""
        return frozenset(body.scope for _, body, _ in self._fold.waits(connection, device, why).reads if body)

    def admit(
        self, connection: Connection, peer: Peer, granted: frozenset[str], withdrawn: frozenset[str]
    ) -> Accepted:
        """Apply what is held of a revoked device (`peer` as if it were none) by the same rules as a push of it."""
        read = self._fold.waits(connection, peer.device, REVOKED)
        bodies = [body for _, body, _ in read.reads if body is not None]
        homes = dict(scopes.homes(connection, {body.scope for body in bodies}))
        founded = scopes.founded_by(bodies, homes, peer.centre)
        rules = _Rules(peer, homes, founded, granted, withdrawn)
        folded = self._fold.again(connection, read, rules.why_held)
        scopes.settle(connection, rules.founded_rightly)
        homes |= rules.founded_rightly
        sums.add(connection, folded.deltas, self._known_homes(homes))
        last = self._number_anew(connection, folded.released)
        removal.empty_log(connection, folded.erased)
        held, late, now = tuple(folded.held), tuple(rules.late), frozenset(rules.founded_rightly)
        return Accepted(0, 0, last, held, folded, late, homes=homes, founded=now)

    def _known_homes(self, homes: Mapping[str, str]) -> Audiences:
        """The replica's own answer to whose a scope is, without asking again for what was read just now."""
        if self._audiences is one_audience:
            return one_audience

        def audiences(connection: Connection, wanted: Iterable[str]) -> Mapping[str, str]:
            missing = [scope for scope in wanted if scope not in homes]
            return {**homes, **self._audiences(connection, missing)} if missing else homes

        return audiences

    def receive(
        self, connection: Connection, placed: Sequence[Placed], cursor_key: str = "", cursor: str = ""
    ) -> Folded:
        """Fold operations that a server sent, and move the cursor in the same transaction."""
        folded = self._fold(connection, placed)
        sums.add(connection, folded.deltas, self._audiences)
        removal.empty_log(connection, folded.erased)
        if cursor_key:
            node.put_key(connection, cursor_key, cursor)
        return folded

    def wipe(self, connection: Connection, scope: str) -> tuple[Folded, Digest]:
        """Take every row of a scope out of this store, search and other projections included; the log stays.

        Answers what changed, and the digest that was kept of the scope.
        """
        held = {key: one for key, one in sums.by_scope_and_kind(connection).items() if key[0] == scope}
        folded = Folded(changes=removal.take_out_scope(connection, KINDS, scope))
        folded.deltas = {key: NOTHING.minus(one) for key, one in held.items()}
        sums.add(connection, folded.deltas, self._audiences)
        self._fold.follow(connection, folded.changes)
        total = NOTHING
        for one in held.values():
            total = total.plus(one)
        return folded, total

    def forget(self, connection: Connection, gone: Sequence[removal.Erased]) -> None:
        """Erase what another store of this desk erased by order of the centre: in a copy made before it."""
        changes, deltas = removal.take_out(connection, KINDS, [(one.kind, one.id) for one in gone], for_ever=True)
        sums.add(connection, deltas, self._audiences)
        self._fold.follow(connection, changes)
        removal.empty_log(connection, [(one.kind, one.id) for one in gone])
        sql.upsert_many(connection, removal.erased, list(gone))

    def correct(self, connection: Connection, deltas: Mapping[tuple[str, str], Digest]) -> None:
        """Put running figures right that had slipped from their rows."""
        sums.add(connection, deltas, self._audiences)

    def remake(self, connection: Connection, target: removal.Target, placed: Sequence[Placed]) -> Folded:
        """Make one record's row anew from these operations, in any order. A row that knows more than they bring is
        left alone: it may be the only copy of somebody's words, or all that tells that they were replaced."""
        before = self._fold.state_of(connection, target)
        with connection.begin_nested() as trial:
            changes, deltas = removal.take_out(connection, KINDS, [target], for_ever=False)
            self._fold.follow(connection, changes)
            folded = self._fold(connection, placed)
            if not is_kept(before, self._fold.state_of(connection, target)):
                trial.rollback()
                return Folded()
            for key, delta in deltas.items():
                folded.deltas[key] = folded.deltas.get(key, NOTHING).plus(delta)
            sums.add(connection, folded.deltas, self._audiences)
            trial.commit()
        folded.changes = [*changes, *folded.changes]
        return folded

    def replace(self, connection: Connection, placed: Sequence[Placed]) -> None:
        """Place own operations anew, under a new incarnation: logged and chained, not folded again."""
        if placed:
            _, head = self._head(connection, placed[0].device, placed[0].incarnation)
            hashes = chain.advance(head, placed)
            self._log(connection, self._fold.read(placed), hashes, Folded())

    def head(self, connection: Connection, identity: Identity) -> tuple[int, bytes]:
        """Last number and hash of this identity's chain."""
        return self._head(connection, identity.device, identity.incarnation)

    def hash_at(self, connection: Connection, identity: Identity, n: int) -> bytes:
        """The chain's hash after number n; GENESIS for 0. Raises sqlalchemy.exc.NoResultFound."""
        return self._hash_at(connection, identity.device, identity.incarnation, n)

    def _head(self, connection: Connection, device: str, incarnation: int) -> tuple[int, bytes]:
        row = sql.first(connection, _HEAD, device, incarnation)
        return (0, chain.GENESIS) if row is None else (int(row[0]), bytes(row[1]))

    def _hash_at(self, connection: Connection, device: str, incarnation: int, n: int) -> bytes:
        if n == 0:
            return chain.GENESIS
        row = sql.first(connection, _HASH_AT, device, incarnation, n)
        if row is None:
            raise NoResultFound
        return bytes(row[0])

    def _log(
        self,
        connection: Connection,
        placed: Batch,
        hashes: Sequence[bytes] | None,
        folded: Folded,
    ) -> tuple[int, int]:
        """Answers the first and the last feed number given. Without `hashes` they stand beside their chain."""
        held = {held.placed.n: held.why for held in folded.held}
        if hashes is None:
            hashes = [beside.UNCHAINED] * len(placed)
        else:
            head = (placed[-1].device, placed[-1].incarnation, placed[-1].n, hashes[-1])
            sql.upsert_many(connection, tables.chain, [head])
        seq = node.take(connection, len(placed))
        rows = [
            (
                seq + i,
                one.device,
                one.incarnation,
                one.n,
                one.group,
                body.scope if body else "",
                body.kind if body else "",
                body.id if body else "",
                one.salt,
                None if one.erased else one.body,
                hash_,
                held.get(one.n),
            )
            for i, ((one, body, _), hash_) in enumerate(zip(placed.reads, hashes, strict=True))
        ]
        sql.insert_many(connection, tables.log, rows)
        return seq, max(seq + len(placed) - 1, self._number_anew(connection, folded.released))


class _Rules:
    """Which operations of one device's batch may be applied: into its own scopes and into granted ones."""

    def __init__(
        self,
        peer: Peer,
        homes: Mapping[str, str],
        founded: Mapping[str, str],
        granted: frozenset[str],
        withdrawn: frozenset[str],
    ) -> None:
        self._peer = peer
        self._homes = homes
        self._founded = founded
        self._granted = granted
        self._withdrawn = withdrawn
        self.founded_rightly: dict[str, str] = {}
        self.late: list[Body] = []

    def why_held(self, _placed: Placed, body: Body) -> str:
        """Empty where the operation may be applied, else `revoked`, `centre_only` or `ungranted_scope`."""
        if self._peer.revoked:
            return REVOKED
        if not self._peer.authority:
            if body.action == ERASE or body.kind in scopes.CENTRE_ONLY:
                return "centre_only"
            if body.scope not in self._homes and body.scope not in self._founded:
                return "ungranted_scope"  # whose the dossier is will be known when the contact comes that founds it
            audience = self._homes.get(body.scope) or self._founded.get(body.scope, "")
            if audience != self._peer.centre and body.scope not in self._granted:
                if body.scope not in self._withdrawn:
                    return "ungranted_scope"
                self.late.append(body)
        if body.scope in self._founded:
            self.founded_rightly[body.scope] = self._founded[body.scope]
        return ""
