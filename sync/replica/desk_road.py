"""The engine's store over a desk's replica: outbox, cursors, back-fills and comparisons, one transaction a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy import Connection, select

from sync import chain
from sync.door import Receipt as SignedReceipt
from sync.engine import Backfill, Carried, View
from sync.operation import Body, Placed
from sync.proof import Ledger, Verdict
from sync.replica import feed, node, own_chains, removal, sql, sums
from sync.replica.changes import Folded
from sync.replica.given import backfill, note_grants, still_ours, withdrawal
from sync.replica.ledger import DeskLedger, Runner, is_signed
from sync.replica.own_chains import INCARNATION, LINEAGE, acked_key, backed_up_key, closed_key
from sync.replica.replica import Identity, Replica
from sync.replica.scopes import awaits_withdrawal, closed_here
from sync.wire import PullHead, PushAnswer

R = TypeVar("R")

_WIPES = "SELECT scope FROM withdrawal ORDER BY scope"
_BACKFILLS = "SELECT scope, upto, past FROM backfill ORDER BY scope"

EVERYTHING = (1 << 53) - 1
"""A feed number above all that will ever be given."""

MINUTE = 60_000
EQUAL_AT = "equal_at"
EQUAL = "equal"
CENTRE_KEY = "centre_key"
"""The centre's Ed25519 public key (base64), learned at enrolment."""
RECEIPT = "receipt"
"""The last signed word of the centre that this desk holds exactly what it may (JSON)."""
AUDIT_SIGNED = "audit_signed"
"""Highest number of this desk's audit chain that a centre countersigned: a receipt for it must be here."""
MENDED = "mended"
"""When a difference was last looked into (UTC ms), how many records were mended, how many still differ."""


class Receipt(Protocol):
    """Makes the act that tells the centre of a wipe: (connection, id of the withdrawn grant, scope, digest)."""

    def __call__(self, connection: Connection, grant: str, scope: str, digest: str, /) -> Sequence[Body]:
        """The bodies to author."""


class DeskRoad:
    """Implements `sync.engine.RoadStore`.

    `learned` is told of every foreign stamp's operation batch folded here, inside the transaction, so that the
    owner's clock follows; `folded` is told after the commit what changed. `receipt` writes, in the wipe's own
    transaction, the bodies of the act that says so to the centre. `read` runs what only reads on a snapshot of its
    own, where the store has one (else it runs as writes do): no save waits for it, and it waits for none. `closes_to`
    gives the centre's key, to which own words of a wiped scope are closed (None while it is not known).
    """

    def __init__(
        self,
        run: Runner,
        replica: Replica,
        device: str,
        key: Ed25519PrivateKey,
        learned: Callable[[Connection, Sequence[Placed]], None],
        folded: Callable[[Folded], None],
        receipt: Receipt,
        read: Runner | None = None,
        closes_to: Callable[[Connection], X25519PublicKey | None] | None = None,
    ) -> None:
        self._run = run
        self._replica = replica
        self._device = device
        self._key = key
        self._learned = learned
        self._folded = folded
        self._receipt = receipt
        self._read = read or run
        self._closes_to = closes_to
        self._sent = 0
        self.renamed = 0
        """How often the incarnation was raised since this object was made: the transport belongs to one."""

    def identity(self, connection: Connection) -> Identity:
        """Device and present incarnation."""
        return Identity(self._device, int(node.get(connection, INCARNATION, "1")))

    def _chain_sent(self, connection: Connection) -> int:
        """The incarnation that the batch on its way belongs to."""
        return self._sent or self.identity(connection).incarnation

    def _cursor_key(self, connection: Connection) -> str:
        return f"cursor:{node.get(connection, LINEAGE)}"

    def pending(self, limit: int, max_bytes: int, past: int) -> list[Placed]:
        """Own operations the server has not acknowledged, whole groups, in order, of one incarnation, beyond
        number `past` of it."""

        def work(connection: Connection) -> list[Placed]:
            for one in own_chains.of(connection, self._device):
                if one.acked < one.last:
                    start = max(one.acked, past)
                    placed = feed.own_after(
                        connection, self._device, one.incarnation, start, limit=limit, max_bytes=max_bytes
                    )
                    return [part for part in placed if part.n <= one.last]
            return []

        return self._read(work)

    def fresh(self, past: int, most: int, max_bytes: int) -> list[Placed]:
        """The newest own operations beyond number `past`, whole groups, as many as fit."""

        def work(connection: Connection) -> list[Placed]:
            me = self.identity(connection)
            n, _ = self._replica.head(connection, me)
            start = max(past, n - most)
            placed = feed.own_after(connection, me.device, me.incarnation, start, limit=most, max_bytes=1 << 40)
            size, first = 0, len(placed)
            for at in range(len(placed) - 1, -1, -1):
                size += len(placed[at].body) + 80
                if size > max_bytes:
                    break
                # A group begins where the one before it ends; what stands at `past` ended its own.
                if placed[at].n == past + 1 or (at > 0 and placed[at - 1].n == placed[at - 1].group):
                    first = at
            return placed[first:]

        return self._read(work)

    def view(self) -> View:
        """Where this store stands on the road, read in one transaction."""

        def work(connection: Connection) -> View:
            known = node.everything(connection)
            lineage, incarnation = known.get(LINEAGE, ""), int(known.get(INCARNATION, "1"))
            rows = sql.fetch(connection, _BACKFILLS)
            return View(
                incarnation=incarnation,
                lineage=lineage,
                cursor=int(known.get(f"cursor:{lineage}", "0")),
                waiting=own_chains.waiting(own_chains.of(connection, self._device, known)),
                backfills=[Backfill(*row) for row in rows],
                wipes=[str(row[0]) for row in sql.fetch(connection, _WIPES)],
            )

        return self._read(work)

    def sign(self, placed: Sequence[Placed]) -> tuple[bytes, bytes]:
        """The chain's hash before these operations, and the signature of the head behind them."""

        def work(connection: Connection) -> tuple[bytes, bytes]:
            me = Identity(self._device, placed[0].incarnation)
            previous = self._replica.hash_at(connection, me, placed[0].n - 1)
            head = self._replica.hash_at(connection, me, placed[-1].n)
            return previous, chain.sign_head(self._key, me.device, me.incarnation, placed[-1].n, head)

        self._sent = placed[0].incarnation
        return self._read(work)

    def settle(self, answer: PushAnswer, upto: int) -> None:
        """Remember what the server has. An older answer that arrives late takes nothing back."""

        def work(connection: Connection) -> None:
            lineage, incarnation = node.get(connection, LINEAGE), self._chain_sent(connection)
            n, _ = self._replica.head(connection, Identity(self._device, incarnation))
            if answer.acked > n and incarnation == self.identity(connection).incarnation:
                # A twin was faster: what is written next here would bear numbers that are acknowledged already.
                self._fork(connection, incarnation, n + 1)
                return
            acked = self._believed(connection, Identity(self._device, incarnation), answer, upto)
            _raise(connection, acked_key(lineage, incarnation), acked)
            if answer.centre:
                self._reached(connection, answer.lineage, answer.centre, incarnation, min(answer.centre_acked, acked))
                _raise(connection, backed_up_key(answer.centre, incarnation), min(answer.backed_up, acked))
            _raise(connection, backed_up_key(lineage, incarnation), answer.backed_up)
            _raise(connection, self._own_key(connection), answer.last_seq)

        self._run(work)

    def noted(self, head: PullHead) -> bool:
        """Remember what a pull's head says of the own chain; True where it shows that one of both ends has lost
        part of its history: the answer is then worth nothing, and everything is asked anew.

        The server has more of the present incarnation than this store: the store is an older copy of itself (put
        back without `restore`, or cloned). The server has less than it acknowledged, at a feed number behind the
        own last one: the server was put back, and so are acknowledgements and cursor.
        """

        def work(connection: Connection) -> bool:
            me, lineage = self.identity(connection), node.get(connection, LINEAGE)
            n, _ = self._replica.head(connection, me)
            if head.acked > n:
                self._fork(connection, me.incarnation, n + 1)
                return True
            _raise(connection, backed_up_key(lineage, me.incarnation), head.backed_up)
            key = acked_key(lineage, me.incarnation)
            own = int(node.get(connection, self._own_key(connection), "0"))
            # 0 is what is said where nothing is known of the chain: the server finds that loss by cursor or gap.
            if not 0 < head.acked < int(node.get(connection, key, "0")) or not 0 < own <= head.next:
                return False
            node.put_key(connection, key, str(head.acked))
            own_chains.read_anew(connection)
            return True

        return self._read(lambda connection: self._says_more(connection, head)) and self._run(work)

    def _says_more(self, connection: Connection, head: PullHead) -> bool:
        """Whether a pull's head says anything of the own chain that is not known: nearly never."""
        me, known = self.identity(connection), node.everything(connection)
        n, _ = self._replica.head(connection, me)
        lineage = known.get(LINEAGE, "")
        acked = int(known.get(acked_key(lineage, me.incarnation), "0"))
        backed_up = int(known.get(backed_up_key(lineage, me.incarnation), "0"))
        return head.acked > n or head.acked < acked or head.backed_up > backed_up

    def _believed(self, connection: Connection, of: Identity, answer: PushAnswer, upto: int) -> int:
        """How far the server's chain is proven to be this one: as far as the hashes agree, or what was sent. A twin
        of this desk may have sent more than this one, and other things."""
        n, _ = self._replica.head(connection, of)
        same = answer.head and 0 < answer.acked <= n
        if same and self._replica.hash_at(connection, of, answer.acked).hex() == answer.head:
            return answer.acked
        return min(answer.acked, upto) if answer.head else answer.acked

    def _reached(self, connection: Connection, lineage: str, centre: str, incarnation: int, acked: int) -> None:
        """A hub says how far this chain has come at the centre: there it is waited for no longer."""
        if node.get(connection, f"centre_of:{lineage}") != centre:
            node.put_key(connection, f"centre_of:{lineage}", centre)
        _raise(connection, acked_key(centre, incarnation), acked)

    def told(self, head: PullHead) -> None:
        """A hub's answers tell how far this chain has come at the centre; the centre's own tell nothing more."""

        def work(connection: Connection) -> None:
            me = self.identity(connection)
            n, _ = self._replica.head(connection, me)
            self._reached(connection, head.lineage, head.centre, me.incarnation, min(head.centre_acked, n))
            _raise(connection, backed_up_key(head.centre, me.incarnation), min(head.backed_up, n))

        if head.centre:
            self._run(work)

    def _own_key(self, connection: Connection) -> str:
        return f"own_seq:{node.get(connection, LINEAGE)}"

    def behind(self, acked: int) -> None:
        """The server has only this many, though it had acknowledged more: send again from there, and read again
        what it numbered anew since."""

        def work(connection: Connection) -> None:
            key = acked_key(node.get(connection, LINEAGE), self._chain_sent(connection))
            node.put_key(connection, key, str(acked))
            own_chains.read_anew(connection)

        self._run(work)

    def fork(self, n: int) -> None:
        """Continue under a new incarnation: own operations from n on are placed anew, their authors' bytes
        untouched; the feed is read again from the start, since what the twin wrote was left out as our own."""
        self._run(lambda connection: self._fork(connection, self._chain_sent(connection), n))

    def carried(self, came: Carried) -> None:
        """What an answer that came by stick says of one own chain, whichever batch is on its way meanwhile."""
        sent, self._sent = self._sent, came.incarnation
        try:
            if came.fork:
                self.fork(came.fork)
            if came.answer is not None:
                if came.behind:
                    self.behind(came.answer.acked)
                # Where the hashes differ a twin wrote, and nobody here knows what of this chain was taken: nothing.
                self.settle(came.answer, 0)
        finally:
            self._sent = sent

    def _fork(self, connection: Connection, incarnation: int, n: int) -> None:
        last = max(n, 1) - 1
        again = feed.own_after(connection, self._device, incarnation, last, limit=1 << 30, max_bytes=1 << 40)
        if incarnation == self.identity(connection).incarnation:
            own_chains.rename(connection, last)
            self.renamed += 1
        else:
            # An earlier chain parts from the server's further back than was known: its rest goes the same way.
            end = int(node.get(connection, closed_key(incarnation), str(1 << 53)))
            again = [one for one in again if one.n <= end]
            node.put_key(connection, closed_key(incarnation), str(last))
        new = self.identity(connection)
        head, _ = self._replica.head(connection, new)
        shift = (again[0].n - 1 if again else 0) - head
        self._replica.replace(
            connection,
            [
                Placed(new.device, new.incarnation, one.n - shift, one.group - shift, one.salt, one.body)
                for one in again
            ],
        )
        own_chains.read_anew(connection)

    def meet(self, lineage: str) -> None:
        """Another server, or a restored one: its own cursor and acknowledgements hold from now."""

        def work(connection: Connection) -> None:
            if node.get(connection, LINEAGE) != lineage:
                # Numbers of a back-fill under way are the former server's: here it is asked for whole.
                connection.execute(backfill.update().values(past=0, upto=EVERYTHING))
            node.put(connection, **{LINEAGE: lineage})

        self._run(work)

    def receive(self, placed: Sequence[Placed], cursor: int) -> None:
        """Fold a chunk, note new grants for back-fill, and move the cursor, in one transaction."""

        def work(connection: Connection) -> Folded:
            ours = still_ours(connection, placed)
            folded = self._replica.receive(connection, ours, self._cursor_key(connection), str(cursor))
            self._note_grants(connection, folded, cursor)
            self._learned(connection, placed)
            return folded

        self._folded(self._run(work))

    def _note_grants(self, connection: Connection, folded: Folded, seq: int) -> None:
        note_grants(connection, self._device, folded, seq)

    def wipe(self, scope: str) -> None:
        """Take a withdrawn scope out of this store and write the receipt, in one transaction; nothing happens
        while own operations wait to be sent."""

        def work(connection: Connection) -> Folded | None:
            order = connection.execute(select(withdrawal).where(withdrawal.c.scope == scope)).first()
            if order is None or own_chains.waiting(own_chains.of(connection, self._device)):
                return None
            folded, held = self._replica.wipe(connection, scope)
            key = self._closes_to(connection) if self._closes_to is not None else None
            if key is not None:
                removal.close_log(connection, scope, key)
            connection.execute(withdrawal.delete().where(withdrawal.c.scope == scope))
            if closed_here(connection, order.grant_id):
                return folded  # an emergency read that ended here by itself has its receipt
            bodies = self._receipt(connection, order.grant_id, scope, held.text())
            folded.changes += self._replica.author(connection, self.identity(connection), bodies).changes
            return folded

        folded = self._run(work)
        if folded is not None:
            self._folded(folded)

    def receive_scope(self, scope: str, placed: Sequence[Placed], past: int, done: bool) -> None:
        """Fold a page of a scope's history and remember how far it came, in one transaction. A page of a scope
        that was withdrawn while it was under way is put aside; where it was given anew meanwhile, the rest up to that
        is asked for too."""

        def work(connection: Connection) -> Folded:
            wanted = connection.execute(select(backfill.c.upto).where(backfill.c.scope == scope)).first()
            if wanted is None:
                return Folded()
            folded = self._replica.receive(connection, placed)
            if done and past >= wanted.upto:
                connection.execute(backfill.delete().where(backfill.c.scope == scope))
            else:
                connection.execute(backfill.update().where(backfill.c.scope == scope).values(past=past))
            self._learned(connection, placed)
            return folded

        self._folded(self._run(work))

    def ledger(self) -> Ledger:
        """The rows of this store as figures, for the comparison."""
        return DeskLedger(self._run, self._read, self._replica, self._learned, self._folded)

    def mended(self, verdict: Verdict, wall_ms: int) -> None:
        """Remember how a comparison ended that had found a difference: an incident, for the record."""
        said = f"{wall_ms} {len(verdict.mended)} {len(verdict.left)}"
        self._run(lambda c: node.put(c, **{MENDED: said}))

    def keep_receipt(self, receipt: SignedReceipt) -> None:
        """Keep the centre's signed word, also where a hub passed it on; one whose signature is not the centre's (a
        hub's own), or of another device or server, is put aside."""

        def work(connection: Connection) -> None:
            key = node.get(connection, CENTRE_KEY)
            met = node.get(connection, LINEAGE)
            near = receipt.lineage in (met, node.get(connection, f"centre_of:{met}", met))
            if key and near and receipt.device == self._device and is_signed(key, receipt):
                node.put(connection, **{RECEIPT: msgspec.json.encode(receipt).decode()})
                _raise(connection, AUDIT_SIGNED, receipt.audit_n)

        self._run(work)

    def digest_at(self, seq: int) -> str | None:
        """The digest of all that is held here, or None where own operations lie beyond that feed number."""

        def work(connection: Connection) -> str | None:
            own = int(node.get(connection, self._own_key(connection), "0"))
            if own > seq or own_chains.waiting(own_chains.of(connection, self._device)):
                return None
            if awaits_withdrawal(connection):
                return None
            return sums.of_audiences(connection, [""]).text()

        return self._read(work)

    def compared(self, equal: bool, wall_ms: int) -> None:
        """Remember the outcome of the last comparison, and when it last was equality (to the minute)."""
        said = "1" if equal else "0"

        def known(connection: Connection) -> bool:
            kept = node.everything(connection)
            return kept.get(EQUAL) == said and (not equal or wall_ms - int(kept.get(EQUAL_AT) or "0") < MINUTE)

        def work(connection: Connection) -> None:
            node.put(connection, **{EQUAL: said})
            if equal:
                node.put(connection, **{EQUAL_AT: str(wall_ms)})

        if not self._read(known):
            self._run(work)


def _raise(connection: Connection, key: str, value: int) -> None:
    if value > int(node.get(connection, key, "0")):
        node.put_key(connection, key, str(value))
