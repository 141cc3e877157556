"""The engine's store over a hub: its desks' chains go up as they are, the centre's feed comes down whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, func, select

from domain.clock import HOUR
from sync import authorship, chain
from sync.digest import NOTHING, Digest
from sync.door import Devices, Receipt
from sync.operation import Placed
from sync.proof import Ledger, Verdict
from sync.replica import feed, node, scopes, signed, sql, tables, upstream
from sync.replica.changes import Folded
from sync.replica.desk_road import EQUAL, EQUAL_AT
from sync.replica.given import backfill, withdrawal
from sync.replica.ledger import Runner
from sync.replica.relay import RelayReplica
from sync.replica.replica import Identity
from sync.replica.upstream import Known
from sync.signals import Backfill, Carried, View
from sync.wire import BadMessage, PullHead, PushAnswer, raw64

INCARNATION = "hub_incarnation"
OF_LINEAGE = "hub_incarnation_of"
"""Under which lineage of its own the hub took its present incarnation: a restored hub takes the next."""

REREAD_AT = "up_reread_at"
REREAD_MS = HOUR
"""Least time (ms) between two readings of the whole feed because of a difference."""

_SEGMENTS = 64
"""How many signed numbers are looked at for the next batch."""


class HubRoad:
    """Implements `sync.engine.RoadStore` for a hub.

    `follow` is run inside the fold's transaction with what changed and the devices whose grants did; `folded`
    after the commit; `reached` after the commit with the devices of whose chains the centre holds more now.
    """

    def __init__(
        self,
        run: Runner,
        replica: RelayReplica,
        device: str,
        centre: str,
        key: Ed25519PrivateKey,
        centre_key: Ed25519PublicKey,
        follow: Callable[[Connection, Folded, frozenset[str]], None],
        folded: Callable[[Folded], None],
        reached: Callable[[frozenset[str]], None],
    ) -> None:
        self._run = run
        self._replica = replica
        self._device = device
        self._centre = centre
        self._key = key
        self._centre_key = centre_key
        self._follow = follow
        self._folded = folded
        self._reached = reached
        self._homes: Mapping[str, str] = {}
        self._proofs: Mapping[str, str] = {}
        self._flight = (Identity("", 0), 0, 0)
        self.met = 0
        """How often another centre, or a restored one, was met since this object was made."""

    def begin(self, own_lineage: str) -> int:
        """The incarnation to go on under: the next one where this hub's own history was named anew."""

        def work(connection: Connection) -> int:
            now = int(node.get(connection, INCARNATION, "0"))
            if not now or node.get(connection, OF_LINEAGE) != own_lineage:
                now += 1
                node.put(connection, **{INCARNATION: str(now), OF_LINEAGE: own_lineage})
            return now

        return self._run(work)

    def identity(self, connection: Connection) -> Identity:
        """Under which name the hub itself writes: only what it rescued from chains that parted."""
        return Identity(self._device, int(node.get(connection, INCARNATION, "1")))

    # ------------------------------------------------------------ up

    def _unsent(self, connection: Connection) -> dict[tuple[str, int], int]:
        """Chains with signed operations that the centre is not known to hold, each with what it is known to."""
        reached = upstream.every(connection, upstream.lineage(connection))
        found: dict[tuple[str, int], int] = {}
        for key, last in signed.last_by_chain(connection).items():
            acked = reached.get(key, Known()).acked
            if last > acked:
                found[key] = acked
        return found

    def view(self) -> View:
        """Where this hub stands; `waiting` counts all chains."""

        def work(connection: Connection) -> View:
            known = upstream.lineage(connection)
            last = signed.last_by_chain(connection)
            rows = connection.execute(select(backfill).order_by(backfill.c.scope))
            wipes = connection.execute(select(withdrawal.c.scope).order_by(withdrawal.c.scope))
            return View(
                incarnation=self.identity(connection).incarnation,
                lineage=known,
                cursor=int(node.get(connection, f"up_cursor:{known}", "0")),
                waiting=sum(last[key] - acked for key, acked in self._unsent(connection).items()),
                backfills=[Backfill(row.scope, row.upto, row.past) for row in rows],
                wipes=[str(row.scope) for row in wipes],
            )

        return self._run(work)

    def pending(self, limit: int, max_bytes: int, past: int) -> list[Placed]:
        """The next stretch of one chain that ends at a signed number: of the chain that waits longest. A hub has one
        push under way at a time, so `past` says nothing new."""
        del past

        def work(connection: Connection) -> list[Placed]:
            unsent = self._unsent(connection)
            if not unsent:
                return []
            log = tables.log.c
            since: dict[tuple[str, int], int] = {}
            for (device, incarnation), acked in unsent.items():
                seq = connection.execute(
                    select(func.min(log.seq)).where(
                        log.device == device, log.incarnation == incarnation, log.n == acked + 1
                    )
                ).scalar_one_or_none()
                if seq is not None:
                    since[device, incarnation] = int(seq)
            if not since:
                return []
            key = min(since, key=lambda one: since[one])
            return self._stretch(connection, key, unsent[key], limit, max_bytes)

        return self._run(work)

    def _stretch(
        self, connection: Connection, key: tuple[str, int], acked: int, limit: int, max_bytes: int
    ) -> list[Placed]:
        ends = signed.ends_after(connection, *key, acked, _SEGMENTS)
        rows = feed.own_after(connection, *key, acked, limit=ends[-1] - acked, max_bytes=1 << 40)
        taken = 0
        for end in ends:
            size = sum(len(one.body) + 80 for one in rows[: end - acked])
            if taken and (end - acked > limit or size > max_bytes):
                break
            taken = end - acked
        return rows[:taken]

    def fresh(self, past: int, most: int, max_bytes: int) -> list[Placed]:
        """A hub has chains of many desks, and sends what waits longest first: nothing goes ahead of its turn."""
        del past, most, max_bytes
        return []

    def sign(self, placed: Sequence[Placed]) -> tuple[bytes, bytes]:
        """The chain's hash before these operations, and the author's own signature behind them."""

        def work(connection: Connection) -> tuple[bytes, bytes]:
            of = Identity(placed[0].device, placed[0].incarnation)
            self._flight = (of, placed[0].n, placed[-1].n)
            signature = signed.of(connection, of.device, of.incarnation, placed[-1].n)
            assert signature is not None, "a stretch ends at a signed number"
            return self._replica.hash_at(connection, of, placed[0].n - 1), signature

        return self._run(work)

    def settle(self, answer: PushAnswer, upto: int) -> None:
        """Remember what the centre has of the chain that was sent."""
        of, _, _ = self._flight

        def work(connection: Connection) -> tuple[bool, Folded]:
            known = upstream.lineage(connection)
            before = upstream.of(connection, known, of.device, of.incarnation)
            acked = max(before.acked, self._believed(connection, of, answer.acked, answer.head, upto))
            now = Known(acked, max(before.backed_up, min(answer.backed_up, acked)))
            upstream.put(connection, known, of.device, of.incarnation, now)
            if answer.last_seq > int(node.get(connection, f"up_own_seq:{known}", "0")):
                node.put_key(connection, f"up_own_seq:{known}", str(answer.last_seq))
            if now.backed_up > before.backed_up:
                signed.thin_before(connection, of.device, of.incarnation, now.backed_up)
            return now != before, self._replica.forget_carried(connection, of, acked)

        further, gone = self._run(work)
        if gone.changes:
            self._folded(gone)
        if further:
            self._reached(frozenset({of.device}))

    def _believed(self, connection: Connection, of: Identity, acked: int, head: str, sent: int) -> int:
        """How far the centre's chain is proven to be this one: what was sent, or as far as the hashes agree."""
        n, _ = self._replica.head(connection, of)
        if head and 0 < acked <= n and self._replica.hash_at(connection, of, acked).hex() == head:
            return acked
        return min(acked, sent)

    def behind(self, acked: int) -> None:
        """The centre has only this many of the chain that was sent."""
        of, _, _ = self._flight
        self._set_acked(of, acked)

    def _set_acked(self, of: Identity, acked: int) -> None:
        def work(connection: Connection) -> None:
            known = upstream.lineage(connection)
            before = upstream.of(connection, known, of.device, of.incarnation)
            upstream.put(connection, known, of.device, of.incarnation, Known(acked, min(before.backed_up, acked)))

        self._run(work)

    def carried(self, came: Carried) -> None:
        """A hub writes no stick, so none is answered: what comes to it by stick is a desk's push."""

    def fork(self, n: int) -> None:
        """The centre holds other operations of the chain that was sent from n on: this hub's go on under its own
        name. Where the parting lies before what was sent, all of it is sent again and compared."""
        of, first, _ = self._flight
        if n == 1 and first > 1:
            self._set_acked(of, 0)
            return
        self._run(lambda connection: self._rescue(connection, of, n - 1))
        self._reached(frozenset({of.device}))

    def _rescue(self, connection: Connection, of: Identity, keep: int) -> None:
        me = self.identity(connection)
        if of.device == me.device:
            # Another hub goes by this name, or this one was restored: it goes on under the next incarnation.
            me = Identity(me.device, max(me.incarnation, of.incarnation) + 1)
            node.put(connection, **{INCARNATION: str(me.incarnation)})
        known = upstream.lineage(connection)
        ends = self._replica.rescue(connection, of, keep, me)
        for end in ends:
            head = self._replica.hash_at(connection, me, end)
            signature = chain.sign_head(self._key, me.device, me.incarnation, end, head)
            signed.keep(connection, me.device, me.incarnation, end, signature)
        signed.forget_after(connection, of.device, of.incarnation, keep)
        reached = upstream.of(connection, known, of.device, of.incarnation)
        now = Known(min(reached.acked, keep), min(reached.backed_up, keep))
        upstream.put(connection, known, of.device, of.incarnation, now)
        upstream.part(connection, of.device, of.incarnation, keep + 1)

    # ------------------------------------------------------------ down

    def meet(self, lineage: str) -> None:
        """Another centre, or a restored one: its own cursor and acknowledgements hold from now."""

        def work(connection: Connection) -> None:
            node.put(connection, **{upstream.LINEAGE: lineage})
            # Numbers of a back-fill are the former feed's; the new one is read from its beginning.
            connection.execute(backfill.delete())

        self._run(work)
        self.met += 1

    def told(self, head: PullHead) -> None:
        """What the centre says about the operations of its answer."""
        self._homes, self._proofs = head.homes, head.proofs

    def noted(self, head: PullHead) -> bool:
        """The hub's own chain is only what it rescued; a lost part of it shows as a gap or a fork."""
        del head
        return False

    def _proven(self, one: Placed) -> bool:
        try:
            signature = raw64(self._proofs.get(authorship.key_of(one), ""))
        except BadMessage:
            return False
        return authorship.is_proven(self._centre_key, one, signature)

    def receive(self, placed: Sequence[Placed], cursor: int) -> None:
        """Take a chunk, note new grants for back-fill, and move the cursor, in one transaction."""

        def work(connection: Connection) -> Folded:
            known = upstream.lineage(connection)
            folded = self._take(connection, placed, known)
            self._note_grants(connection, folded, cursor)
            node.put_key(connection, f"up_cursor:{known}", str(cursor))
            return folded

        self._folded(self._run(work))

    def receive_scope(self, scope: str, placed: Sequence[Placed], past: int, done: bool) -> None:
        """Take a page of a scope's history and remember how far it came, in one transaction."""

        def work(connection: Connection) -> Folded:
            here = backfill.c.scope == scope
            if connection.execute(select(backfill.c.scope).where(here)).first() is None:
                return Folded()  # withdrawn, or asked of a centre that is another now
            folded = self._take(connection, placed, upstream.lineage(connection))
            if placed:
                self._follow(connection, Folded(), self._replica.tell_again(connection, scope))
            if done:
                connection.execute(backfill.delete().where(here))
            else:
                connection.execute(backfill.update().where(here).values(past=past))
            return folded

        self._folded(self._run(work))

    def _note_grants(self, connection: Connection, folded: Folded, cursor: int) -> None:
        """Scopes granted to a desk are to be fetched; what no desk of this hub may hold is to be wiped."""
        for change in folded.changes:
            row = change.after
            if row is None and scopes.was_given(change) and change.before is not None:
                gone = str(change.before["granted_scope"])
                if self._nobody_holds(connection, gone):
                    sql.upsert_many(connection, withdrawal, [(gone, change.id)])
                    sql.delete_in(connection, backfill, "scope", [gone])
            if row is None or not scopes.stands_rightly(change):
                continue
            scope = str(row["granted_scope"])
            if scopes.grant_stands(connection, str(row["device"]), scope):
                if change.before is None:
                    sql.upsert_many(connection, backfill, [(scope, cursor, 0)])
                sql.delete_in(connection, withdrawal, "scope", [scope])
            elif self._nobody_holds(connection, scope):
                sql.upsert_many(connection, withdrawal, [(scope, str(row["id"]))])
                sql.delete_in(connection, backfill, "scope", [scope])

    def _nobody_holds(self, connection: Connection, scope: str) -> bool:
        if scopes.homes(connection, [scope]).get(scope) == self._centre:
            return False  # taken from one desk: the others of the centre hold it
        g = scopes.scope_grant.c
        return connection.execute(select(g.scope).where(g.scope == scope).limit(1)).first() is None

    def wipe(self, scope: str) -> None:
        """Take a scope that was withdrawn from every desk out of this hub; nothing happens while something waits to
        be sent. The desks themselves write the receipts."""

        def work(connection: Connection) -> Folded:
            mine = withdrawal.c.scope == scope
            known = connection.execute(select(withdrawal.c.scope).where(mine)).first() is not None
            if not known or self._unsent(connection):
                return Folded()
            connection.execute(withdrawal.delete().where(mine))
            if not self._nobody_holds(connection, scope):
                return Folded()
            return self._replica.forget_scope(connection, scope)

        self._folded(self._run(work))

    def _take(self, connection: Connection, placed: Sequence[Placed], known: str) -> Folded:
        for device, incarnation in sorted(self._replica.clashing(connection, placed)):
            keep = upstream.of(connection, known, device, incarnation).acked
            self._rescue(connection, Identity(device, incarnation), keep)
        folded = self._replica.carry(connection, placed, self._homes, self._proven, self._centre, known)
        regranted = frozenset(
            str(row["device"])
            for change in folded.changes
            for row in [change.after or change.before]
            if row is not None and (scopes.stands_rightly(change) or scopes.was_given(change))
        )
        self._follow(connection, folded, regranted)
        return folded

    def learn(self, devices: Devices) -> frozenset[str]:
        """Compare the centre's chains with those held here; answers the devices of which it holds more than known."""

        def work(connection: Connection) -> tuple[frozenset[str], Folded]:
            gone = Folded()
            if devices.lineage != upstream.lineage(connection):
                return frozenset(), gone
            further: set[str] = set()
            for one in devices.devices:
                for told in one.chains:
                    of = Identity(one.device, told.incarnation)
                    before = upstream.of(connection, devices.lineage, of.device, of.incarnation)
                    acked = max(before.acked, self._believed(connection, of, told.n, told.head, before.acked))
                    now = Known(acked, max(before.backed_up, min(told.backed_up, acked)))
                    if now != before:
                        upstream.put(connection, devices.lineage, of.device, of.incarnation, now)
                        further.add(one.device)
                        gone.changes += self._replica.forget_carried(connection, of, acked).changes
            return frozenset(further), gone

        further, gone = self._run(work)
        if gone.changes:
            self._folded(gone)
        if further:
            self._reached(further)
        return further

    # ------------------------------------------------------------ equal?

    def ledger(self) -> Ledger:
        """Never asked for: the hub's engine does not narrow (`Engine.narrows`)."""
        raise AssertionError("a hub reads its feed again, it does not narrow")

    def mended(self, verdict: Verdict, wall_ms: int) -> None:
        """Never called, for the same reason."""

    def keep_receipt(self, receipt: Receipt) -> None:
        """Never called: receipts are the desks' affair."""

    def digest_at(self, seq: int) -> str | None:
        """The digest of all that is held here, or None where own news lies beyond that feed number."""

        def work(connection: Connection) -> str | None:
            known = upstream.lineage(connection)
            if self._unsent(connection) or int(node.get(connection, f"up_own_seq:{known}", "0")) > seq:
                return None
            total = NOTHING
            for row in connection.execute(select(tables.audience_digest)):
                total = total.plus(Digest(int(row[1]), int(row[2], 16)))
            return total.text()

        return self._run(work)

    def compared(self, equal: bool, wall_ms: int) -> None:
        """Remember the outcome of the last comparison, and when it last was equality; a difference makes the hub
        read the centre's feed from its beginning, once an hour at most."""

        def work(connection: Connection) -> None:
            node.put(connection, **{EQUAL: "1" if equal else "0"})
            if equal:
                node.put(connection, **{EQUAL_AT: str(wall_ms)})
            elif wall_ms - int(node.get(connection, REREAD_AT, "0")) >= REREAD_MS:
                # What is there already is passed over, what is missing is taken: all of the feed once more.
                node.put(connection, **{REREAD_AT: str(wall_ms)})
                node.put_key(connection, f"up_cursor:{upstream.lineage(connection)}", "0")

        self._run(work)
