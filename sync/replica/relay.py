"""A hub's log and tables: operations come from its desks and from the centre, and neither may push the other out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from sync import chain
from sync.authorship import CENTRE
from sync.operation import CLOSED, Body, Placed
from sync.replica import beside, node, removal, scopes, sql, sums, tables, upstream
from sync.replica.changes import Folded, RowChange
from sync.replica.fold import forget
from sync.replica.replica import Identity, Replica
from sync.replica.upstream import Known

SIGNED_EVERY = 200
"""About how many rescued operations lie between two signatures of the hub: so much travels at once."""

NOBODY = ""
"""Audience of a dossier that was passed on to another centre: no desk of this hub's house sees it as its own."""

Chain = tuple[str, int]


class RelayReplica(Replica):
    """As every replica; and it takes what the centre shows it, and keeps apart what a cloned desk wrote twice."""

    def clashing(self, connection: Connection, placed: Sequence[Placed]) -> set[Chain]:
        """Chains of which the centre shows other bytes than this hub holds under the same number."""
        return {
            (one.device, one.incarnation)
            for one, row in beside.found(connection, placed)
            if not beside.is_same(one, row)
        }

    def carry(
        self,
        connection: Connection,
        placed: Sequence[Placed],
        homes: Mapping[str, str],
        proven: Callable[[Placed], bool],
        centre: str,
        known: str,
    ) -> Folded:
        """Take what the centre shows: each operation once, in the order given, logged under numbers of this hub.

        `homes` tells the audience of every scope in it, `proven` whether the centre signed an operation of its
        own (one that it did not is held), `centre` is the hub's centre, `known` the upper lineage.
        """
        known_here = {(one.device, one.incarnation, one.n): row for one, row in beside.found(connection, placed)}
        fresh = [one for one in placed if (one.device, one.incarnation, one.n) not in known_here]
        again = [
            one
            for one in placed
            if (row := known_here.get((one.device, one.incarnation, one.n))) is not None and row.held is not None
        ]
        forget(connection, again)

        def allowed(one: Placed, _body: Body) -> str:
            return "" if one.device != CENTRE or proven(one) else "unproven"

        folded = self._fold(connection, [*fresh, *again], allowed)
        new_homes = self._settle(connection, homes)
        sums.add(connection, folded.deltas, self._audiences)
        self._log_parts(connection, fresh, folded)
        self._open_log(connection, [one for one in again if not one.closed])
        removal.empty_log(connection, folded.erased)
        still = {(held.placed.device, held.placed.incarnation, held.placed.n) for held in folded.held}
        freed = [one for one in again if (one.device, one.incarnation, one.n) not in still]
        self._number_anew(connection, [*freed, *folded.released])
        self._prove_further(connection, placed, known)
        given = {
            (str(change.after["device"]), str(change.after["granted_scope"]))
            for change in folded.changes
            if change.after is not None and scopes.stands_rightly(change)
        }
        self.let_in(connection, given | self._waiting_for(connection, new_homes, centre), folded)
        return folded

    def _settle(self, connection: Connection, homes: Mapping[str, str]) -> set[str]:
        """Believe the centre about whose a scope is; answers the scopes that were not known so."""
        before = scopes.homes(connection, homes)
        new = {scope: home for scope, home in homes.items() if before.get(scope) != home}
        counted = {row["scope"] for row in sql.select_in(connection, tables.digest, "scope", new)}
        for scope in sorted(counted):
            sums.move(connection, scope, before.get(scope, ""), new[scope])
        sql.upsert_many(connection, scopes.scope_home, list(new.items()))
        return set(new)

    def _open_log(self, connection: Connection, placed: Sequence[Placed]) -> None:
        """What a desk brought closed to the centre, because it might not read it any more, the centre shows as it was
        written: it is somebody's to read again, and nobody here could be shown it closed."""
        log = tables.log.c
        for one, row in beside.found(connection, placed):
            body = self.read([one]).reads[0][1]
            if bytes(row.body or b"").startswith(CLOSED) and body is not None:
                named = {"scope": body.scope, "kind": body.kind, "record": body.id}
                connection.execute(
                    tables.log.update().where(log.seq == row.seq).values(salt=one.salt, body=one.body, **named)
                )

    def tell_again(self, connection: Connection, scope: str) -> frozenset[str]:
        """Number the grants of a scope anew, of which more has come: a desk that has read its grant already and found
        less here than there is meets it once more, and asks for the scope again (its own words of it are left out of
        its feed). Answers the devices that the grants are of."""
        log, grant = tables.log, tables.records["grant"]
        rows = connection.execute(
            select(log, grant.c.device.label("given"))
            .select_from(log.join(grant, grant.c.id == log.c.record))
            .where(
                log.c.kind == "grant",
                log.c.held.is_(None),
                grant.c.granted_scope == scope,
                grant.c.withdrawn_at.is_(None),
                grant.c.retracted.is_(None),
            )
            .order_by(log.c.seq)
        ).all()
        places = [Placed(row.device, row.incarnation, row.n, row.grp, bytes(row.salt), b"") for row in rows]
        self._number_anew(connection, places)
        return frozenset(str(row.given) for row in rows)

    def _log_parts(self, connection: Connection, placed: Sequence[Placed], folded: Folded) -> None:
        heads: dict[Chain, tuple[int, bytes]] = {}
        grown: set[Chain] = set()
        held = {(h.placed.device, h.placed.incarnation, h.placed.n): h.why for h in folded.held}
        rows: list[tuple[Any, ...]] = []
        seq = node.take(connection, len(placed)) if placed else 0
        for i, (one, body, _) in enumerate(self.read(placed).reads):
            key = (one.device, one.incarnation)
            n, head = heads[key] if key in heads else self._head(connection, *key)
            hash_ = beside.UNCHAINED
            if one.n == n + 1:
                hash_ = chain.advance(head, [one])[0]
                n, head = one.n, hash_
                grown.add(key)
            heads[key] = (n, head)
            named = (body.scope, body.kind, body.id) if body else ("", "", "")
            why = held.get((*key, one.n))
            rows.append((seq + i, *key, one.n, one.group, *named, one.salt, one.body or None, hash_, why))
        sql.insert_many(connection, tables.log, rows)
        sql.upsert_many(connection, tables.chain, [(*key, *heads[key]) for key in sorted(grown)])

    def _prove_further(self, connection: Connection, placed: Sequence[Placed], known: str) -> None:
        """What the centre shows of a chain right behind what it is known to hold, it holds too."""
        reached: dict[Chain, Known] = {}
        before: dict[Chain, Known] = {}
        for one in placed:
            key = (one.device, one.incarnation)
            if key not in reached:
                reached[key] = before[key] = upstream.of(connection, known, *key)
            if one.n == reached[key].acked + 1 and one.n <= self._head(connection, *key)[0]:
                reached[key] = Known(one.n, reached[key].backed_up)
        for key, now in reached.items():
            if now != before[key]:
                upstream.put(connection, known, *key, now)

    def _waiting_for(self, connection: Connection, new_homes: Iterable[str], centre: str) -> set[tuple[str, str]]:
        """Devices that wrote into scopes of which only now is known that they may."""
        found: set[tuple[str, str]] = set()
        mine = {scope for scope, home in scopes.homes(connection, new_homes).items() if home == centre}
        for row in sql.select_in(connection, tables.waiting, "scope", new_homes):
            may = row["scope"] in mine or row["scope"] in scopes.granted(connection, row["device"])
            if row["why"] == "ungranted_scope" and may:
                found.add((row["device"], row["scope"]))
        return found

    def forget_scope(self, connection: Connection, scope: str) -> Folded:
        """No desk of this hub may see the scope any more: its rows go, and nothing of it is shown to anybody. The
        log keeps what was written, sealed to the centre."""
        folded, _ = self.wipe(connection, scope)
        log = tables.log.c
        # Not applied any more: given to a desk again, it is folded again from what the centre shows.
        connection.execute(
            tables.log.update().where(log.scope == scope, log.held.is_(None)).values(held="wiped")
        )
        # Whose it is stays forgotten, not unknown: what founded it may be sent here once more.
        sql.upsert_many(connection, scopes.scope_home, [(scope, NOBODY)])
        return folded

    def forget_carried(self, connection: Connection, of: Identity, acked: int) -> Folded:
        """What a desk wrote into a dossier that had been passed on, before it heard of that, waits here for the
        centre: held, since nobody of this hub may see it. The centre has this chain as far as `acked`, and it is the
        centre's to apply or to hold: nothing of it waits here any more, and nothing names its files."""
        w, h = tables.waiting.c, scopes.scope_home.c
        passed_on = select(h.scope).where(h.scope == w.scope, h.audience == NOBODY).exists()
        mine = (w.device == of.device, w.incarnation == of.incarnation, w.n <= acked)
        rows = connection.execute(select(w.n, w.kind, w.record, w.scope).where(*mine, passed_on)).all()
        if not rows:
            return Folded()
        numbers = [row.n for row in rows]
        log = tables.log.c
        here = (log.device == of.device, log.incarnation == of.incarnation, log.n.in_(numbers))
        connection.execute(tables.waiting.delete().where(*mine, w.n.in_(numbers)))
        connection.execute(tables.log.update().where(*here).values(held="wiped"))
        return Folded(changes=[RowChange(row.kind, row.record, row.scope, None, None) for row in rows])

    def rescue(self, connection: Connection, of: Identity, keep: int, to: Identity) -> list[int]:
        """Place what this hub holds of a chain behind `keep` into its own chain, the authors' bytes unchanged: the
        centre has other operations there. Answers the numbers after which the own chain should be signed."""
        log = tables.log.c
        top, _ = self._head(connection, of.device, of.incarnation)
        n, head = self._head(connection, to.device, to.incarnation)
        rows = connection.execute(
            select(log.seq, log.n, log.grp, log.salt, log.body)
            .where(
                log.device == of.device,
                log.incarnation == of.incarnation,
                log.n.between(keep + 1, top),
                log.hash != beside.UNCHAINED,
            )
            .order_by(log.n)
        ).all()
        ends: list[int] = []
        group_ends = {row.grp: n + i for i, row in enumerate(rows, start=1)}  # the last of a group wins
        for i, row in enumerate(rows, start=n + 1):
            group = group_ends[row.grp]
            one = Placed(to.device, to.incarnation, i, group, bytes(row.salt), bytes(row.body or b""))
            head = chain.advance(head, [one])[0]
            values = {"device": to.device, "incarnation": to.incarnation, "n": i, "grp": group}
            connection.execute(tables.log.update().where(log.seq == row.seq).values(**values, hash=head))
            w = tables.waiting.c
            connection.execute(
                tables.waiting.update()
                .where(w.device == of.device, w.incarnation == of.incarnation, w.n == row.n)
                .values(**values)
            )
            if i == group and (i - (ends[-1] if ends else n) >= SIGNED_EVERY or row is rows[-1]):
                ends.append(i)
        if rows:
            sql.upsert_many(connection, tables.chain, [(to.device, to.incarnation, n + len(rows), head)])
        self._cut(connection, of, keep)
        return ends

    def _cut(self, connection: Connection, of: Identity, keep: int) -> None:
        """The chain ends at `keep` here, and goes on with what the centre has shown of it already."""
        log = tables.log.c
        mine = (log.device == of.device, log.incarnation == of.incarnation)
        n, head = keep, self._hash_at(connection, of.device, of.incarnation, keep)
        rows = connection.execute(
            select(log.seq, log.n, log.grp, log.salt, log.body).where(*mine, log.n > keep).order_by(log.n)
        ).all()
        for row in rows:
            if row.n != n + 1:
                break
            one = Placed(of.device, of.incarnation, row.n, row.grp, bytes(row.salt), bytes(row.body or b""))
            n, head = row.n, chain.advance(head, [one])[0]
            connection.execute(tables.log.update().where(log.seq == row.seq).values(hash=head))
        c = tables.chain.c
        connection.execute(
            tables.chain.delete().where(c.device == of.device, c.incarnation == of.incarnation)
        )
        if n:
            sql.upsert_many(connection, tables.chain, [(of.device, of.incarnation, n, head)])
