"""Fold operations into record tables: one read a kind, merge in memory, one write a kind, digests last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from domain.records.kinds import KINDS, Registry
from sync import digest as digests
from sync.digest import MODULUS, NOTHING, Digest
from sync.merge import State, apply, siblings
from sync.operation import CHANGING, ERASE, FOUNDING, Body, Placed
from sync.replica import batch, removal, sql, tables
from sync.replica.batch import Batch
from sync.replica.changes import Folded, HeldOperation, Projection, RowChange
from sync.replica.fresh import Fresh, plans
from sync.replica.rows import base_of, parked_state, parked_text, row_of, state_of

Allowed = Callable[[Placed, Body], str]
"""Answers why an operation must be held at this node (empty: it may be applied)."""


def _anything(_placed: Placed, _body: Body) -> str:
    return ""


_Decoded = tuple[Placed, Body, Fresh | None]


class _Entry:
    """One record while a batch is folded."""

    __slots__ = ("base", "before", "body", "fresh", "old", "scope", "state")

    def __init__(self, before: dict[str, Any] | None) -> None:
        self.before = before
        self.body: Body | None = None
        self.fresh: Fresh | None = None
        self.state: State | None = None
        self.old: Digest = NOTHING
        self.scope = before["scope"] if before else ""
        self.base = ""


class Fold:
    """Folds operations on one connection's transaction. Stateless between calls."""

    def __init__(self, registry: Registry = KINDS, projections: Sequence[Projection] = ()) -> None:
        self._registry = registry
        self._projections = projections
        self._plans = plans(registry, tables.records)

    def create(self, connection: Connection) -> None:
        """Make the projections' tables where they are missing."""
        for projection in self._projections:
            projection.create(connection)

    def read(self, placed: Sequence[Placed]) -> Batch:
        """The operations as a batch that is read once: no store is needed for that. Safe from any thread."""
        return batch.read(placed, self._plans)

    def __call__(
        self, connection: Connection, placed: Sequence[Placed], allowed: Allowed = _anything
    ) -> Folded:
        """Apply operations in the order given; any order ends in the same rows.

        Nothing is refused: what cannot be applied is in `held` and in table `waiting`, and is tried again when
        the record it misses appears. The caller owns the transaction.
        """
        result = Folded()
        decoded = self._sift(self.read(placed), allowed, result)
        gone = removal.erased_in(connection, [(one, body) for one, body, _ in decoded])
        if gone:
            decoded = [each for each in decoded if (each[1].kind, each[1].id) not in gone]
        decoded = self._begin(connection, decoded, result)
        if decoded:
            self._join(connection, decoded, result)
        gone |= self._held_for_nothing(connection, result)
        if gone:
            self._take_out(connection, gone, result)
        self._hold(connection, result)
        self.follow(connection, result.changes)
        return result

    def _join(self, connection: Connection, decoded: Sequence[_Decoded], result: Folded) -> None:
        """Merge operations with what is known of their records, and with what waited for these."""
        released = self._released(connection, [body for _, body, _ in decoded if body.action in FOUNDING])
        entries = self._read(connection, [*decoded, *released])
        self._merge(decoded, entries, result)
        late = Folded()
        self._merge(released, entries, late)
        result.released = self._unhold(connection, released, late)
        met = self._write(connection, entries, result)
        if met:
            self._remember(connection, met, [*decoded, *released])

    def follow(self, connection: Connection, changes: Sequence[RowChange]) -> None:
        """Bring the projections in step with changes made beside a fold."""
        for projection in self._projections:
            projection.follow(connection, changes)

    def state_of(self, connection: Connection, target: removal.Target) -> State:
        """All that stands here of a record or is known to be superseded; nothing where it is not here."""
        kind, record = target
        entry = self._read(connection, [(_NOWHERE, _named(kind, record), None)])[kind, record]
        if entry.before is None:
            return {}
        self._open(kind, entry)
        assert entry.state is not None
        return entry.state

    def _begin(self, connection: Connection, decoded: list[_Decoded], result: Folded) -> list[_Decoded]:
        """Write operations of which each is the first and only one of a record that nobody waits for: nearly all of
        a bulk. There is nothing to merge, so no state is built. Answers those that need the long way."""
        alone: dict[str, dict[str, tuple[Any, ...] | None]] = {}
        for _, body, fresh in decoded:
            lines = alone.setdefault(body.kind, {})
            lines[body.id] = None if fresh is None or body.id in lines else fresh.line
        waits = sql.first(connection, _ANY_WAITS) is not None
        begun: dict[str, dict[str, tuple[Any, ...]]] = {}
        for kind, lines in alone.items():
            new = {record: line for record, line in lines.items() if line is not None}
            known = set(sql.those_in(connection, tables.records[kind], "id", new)) if new else set()
            if new and waits:
                known.update(sql.those_in(connection, tables.waiting, "record", new))
            for record in known:
                del new[record]
            begun[kind] = new
            if new:
                sql.insert_many(connection, tables.records[kind], list(new.values()))
        rest: list[_Decoded] = []
        moved: dict[tuple[str, str], list[int]] = {}
        for each in decoded:
            _, body, fresh = each
            if fresh is None or body.id not in begun[body.kind]:
                rest.append(each)
                continue
            delta = moved.get((body.scope, body.kind))
            if delta is None:
                moved[body.scope, body.kind] = [1, fresh.total]
            else:
                delta[0] += 1
                delta[1] += fresh.total
            result.changes.append(RowChange(body.kind, body.id, body.scope, None, fresh.row))
        result.deltas = {key: Digest(count, total % MODULUS) for key, (count, total) in moved.items()}
        return rest

    def _take_out(self, connection: Connection, gone: frozenset[removal.Target], result: Folded) -> None:
        changes, deltas = removal.take_out(connection, self._registry, gone, for_ever=True)
        result.changes += changes
        result.erased = gone
        for key, delta in deltas.items():
            result.deltas[key] = result.deltas.get(key, NOTHING).plus(delta)

    def _sift(
        self, read: Batch, allowed: Allowed, result: Folded
    ) -> list[_Decoded]:
        decoded: list[_Decoded] = []
        for one, body, fresh in read.reads:
            if one.erased:
                continue
            if one.closed:  # at a hub: only the centre can open it, and is given it as it came
                result.held.append(HeldOperation(one, "closed"))
                continue
            if body is None:
                result.held.append(HeldOperation(one, "undecodable"))
                continue
            why = allowed(one, body)
            if not why and body.action not in FOUNDING and body.action not in CHANGING and body.action != ERASE:
                why = "unknown_action"
            if why:
                result.held.append(HeldOperation(one, why, body.kind, body.id, body.scope))
            else:
                decoded.append((one, body, fresh))
        return decoded

    def _released(self, connection: Connection, founding: Sequence[Body]) -> list[_Decoded]:
        """Operations that wait for a record which is being made now."""
        if not founding or sql.first(connection, _ANY_WAITS) is None:
            return []
        born = {(body.kind, body.id) for body in founding}
        found = [
            _waited(row)
            for row in sql.select_in(connection, tables.waiting, "record", {i for _, i in born})
            if row["why"] == "missing_target" and (row["kind"], row["record"]) in born
        ]
        return [(one, body, None) for one, body, _ in self.read(found).reads if body is not None]

    def _read(
        self, connection: Connection, decoded: Iterable[_Decoded]
    ) -> dict[tuple[str, str], _Entry]:
        wanted: dict[str, set[str]] = {}
        for _, body, _ in decoded:
            wanted.setdefault(body.kind, set()).add(body.id)
        entries: dict[tuple[str, str], _Entry] = {}
        for kind, ids in wanted.items():
            if kind in self._registry:
                rows = sql.select_in(connection, tables.records[kind], "id", ids)
            else:
                found = sql.select_in(connection, tables.parked_record, "id", ids)
                rows = (row for row in found if row["kind"] == kind)
            for row in rows:
                entries[kind, row["id"]] = _Entry(row)
            for record_id in ids:
                entries.setdefault((kind, record_id), _Entry(None))
        return entries

    def _merge(
        self, decoded: Iterable[_Decoded], entries: dict[tuple[str, str], _Entry], result: Folded
    ) -> None:
        patches: list[_Decoded] = []
        for each in decoded:
            if each[1].action in FOUNDING:
                self._put(each, entries, result)
            else:
                patches.append(each)
        for each in patches:
            self._put(each, entries, result)

    def _put(self, decoded: _Decoded, entries: Mapping[tuple[str, str], _Entry], result: Folded) -> None:
        one, body, fresh = decoded
        entry = entries[body.kind, body.id]
        known = entry.before is not None or entry.body is not None or entry.state is not None
        if not known and body.action not in FOUNDING:
            result.held.append(HeldOperation(one, "missing_target", body.kind, body.id, body.scope))
        elif known and entry.scope != body.scope:
            result.held.append(HeldOperation(one, "wrong_scope", body.kind, body.id, body.scope))
        elif not known:
            entry.body, entry.fresh, entry.scope, entry.base = body, fresh, body.scope, body.stamp
        else:
            if entry.state is None:
                self._open(body.kind, entry)
            assert entry.state is not None
            apply(entry.state, body)

    def _open(self, kind: str, entry: _Entry) -> None:
        if entry.before is None:
            assert entry.body is not None
            entry.state = {}
            apply(entry.state, entry.body)
        elif kind in self._registry:
            entry.state = state_of(self._registry[kind], entry.before)
            entry.base = base_of(entry.before)
            entry.old = digests.of_state(kind, entry.before["id"], entry.scope, entry.state)
        else:
            entry.state = parked_state(entry.before["state"])
            entry.old = digests.of_state(kind, entry.before["id"], entry.scope, entry.state)

    def _write(
        self, connection: Connection, entries: dict[tuple[str, str], _Entry], result: Folded
    ) -> frozenset[tuple[str, str]]:
        """Answers the records in which values stand beside each other now."""
        inserts: dict[str, list[tuple[Any, ...]]] = {}
        upserts: dict[str, list[tuple[Any, ...]]] = {}
        conflicts: list[tuple[Any, ...]] = []
        settled: dict[str, list[str]] = {}
        moved: dict[tuple[str, str], list[int]] = {}
        for (kind, record_id), entry in entries.items():
            if entry.body is None and entry.state is None:
                continue
            row, line, new = self._after(kind, record_id, entry)
            delta = moved.setdefault((entry.scope, kind), [0, 0])
            delta[0] += 1 - entry.old.count
            delta[1] += new - entry.old.total
            if kind not in self._registry:
                upserts.setdefault("", []).append(line)
                result.changes.append(RowChange(kind, record_id, entry.scope, None, None))
                continue
            (inserts if entry.before is None else upserts).setdefault(kind, []).append(line)
            result.changes.append(RowChange(kind, record_id, entry.scope, entry.before, row))
            if entry.state is not None:
                found = self._siblings(kind, record_id, entry.scope, entry.state)
                conflicts.extend(found)
                if entry.before is not None and '"h"' in entry.before["versions"]:
                    settled.setdefault(kind, []).append(record_id)
        for key, (count, total) in moved.items():
            result.deltas[key] = result.deltas.get(key, NOTHING).plus(Digest(count, total % MODULUS))
        for kind, lines in inserts.items():
            sql.insert_many(connection, tables.records[kind], lines)
        for kind, lines in upserts.items():
            sql.upsert_many(connection, tables.records[kind] if kind else tables.parked_record, lines)
        for kind, ids in settled.items():
            # By kind: a dossier's custody bears its contact's id.
            sql.delete_in(connection, tables.sibling, "record", ids, kind=kind)
        sql.upsert_many(connection, tables.sibling, conflicts)
        return frozenset((line[1], line[2]) for line in conflicts)

    def _remember(
        self, connection: Connection, met: frozenset[tuple[str, str]], decoded: Iterable[_Decoded]
    ) -> None:
        """Who wrote what met another value, while the operation is at hand."""
        lines = [
            (
                f"{body.stamp}.{body.id}.{body.data_class}",
                body.kind,
                body.id,
                body.scope,
                body.stamp,
                one.device,
                body.staff,
                msgspec.json.encode({field: list(versions) for field, versions in body.bases.items()}).decode(),
            )
            for one, body, _ in decoded
            if body.values and (body.kind, body.id) in met
        ]
        sql.upsert_many(connection, tables.said_by, lines)

    def _after(self, kind: str, record_id: str, entry: _Entry) -> tuple[dict[str, Any], tuple[Any, ...], int]:
        """The row after the fold, its line in the table's order, and its part of the digest."""
        known = kind in self._registry
        if entry.state is None:
            if entry.fresh is not None:
                return entry.fresh
            self._open(kind, entry)
        assert entry.state is not None
        total = digests.of_state(kind, record_id, entry.scope, entry.state).total
        if not known:
            text = parked_text(entry.state)
            return {"state": text}, (kind, record_id, entry.scope, text), total
        row = row_of(self._registry[kind], record_id, entry.scope, entry.state, entry.base)
        return row, tuple(row.get(column.name) for column in tables.records[kind].columns), total

    def _siblings(self, kind: str, record_id: str, scope: str, state: State) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        for name, held in state.items():
            spec = self._registry[kind].fields.get(name)
            if spec is None or len(held.heads) < 2:
                continue
            for version, head in siblings(spec.merge, held.heads):
                name_hash = sha256(f"{kind}\n{record_id}\n{name}\n{version}".encode()).hexdigest()
                value = msgspec.json.encode(head.value).decode()
                found.append((name_hash, kind, record_id, scope, name, version, value))
        return found

    @staticmethod
    def _held_for_nothing(connection: Connection, result: Folded) -> frozenset[removal.Target]:
        """Records erased for ever of which something would be held, for whatever reason: nothing is."""
        ids = {one.record for one in result.held if one.record}
        gone = removal.known_among(connection, ids) if ids else frozenset[removal.Target]()
        if gone:
            result.held = [one for one in result.held if (one.kind, one.record) not in gone]
        return gone

    def _hold(self, connection: Connection, result: Folded) -> None:
        sql.upsert_many(
            connection,
            tables.waiting,
            [
                (p.device, p.incarnation, p.n, p.group, p.seq, p.salt, p.body, h.why, h.kind, h.record, h.scope)
                for h in result.held
                for p in (h.placed,)
            ],
        )

    def retry(self, connection: Connection, device: str, scope: str) -> Folded:
        """Apply what this device wrote into a scope before it was granted to it."""
        return self.again(connection, self.waits(connection, device, "ungranted_scope", scope))

    def waits(self, connection: Connection, device: str, why: str, scope: str = "") -> Batch:
        """What is held of a device for this reason, in one scope or (empty) in all, in the order of its chains."""
        w = tables.waiting.c
        wanted = select(tables.waiting).where(w.device == device, w.why == why).order_by(w.incarnation, w.n)
        if scope:
            wanted = wanted.where(w.scope == scope)
        return self.read([_waited(dict(row)) for row in connection.execute(wanted).mappings()])

    def again(self, connection: Connection, placed: Batch, allowed: Allowed = _anything) -> Folded:
        """Apply what waited; what still may not or cannot be is held anew."""
        forget(connection, placed)
        folded = self(connection, placed, allowed)
        still = {_place(held.placed) for held in folded.held}
        folded.released += [one for one in placed if _place(one) not in still]
        return folded

    def _unhold(
        self, connection: Connection, released: Sequence[_Decoded], late: Folded
    ) -> list[Placed]:
        still = {_place(held.placed) for held in late.held}
        done = [one for one, _, _ in released if _place(one) not in still]
        forget(connection, done)
        return done


_ANY_WAITS = "SELECT n FROM waiting WHERE why = 'missing_target' LIMIT 1"
_NOWHERE = Placed("", 0, 0, 0, b"", b"")


def _named(kind: str, record: str) -> Body:
    return Body(kind, record, "", "", "", "", 0, "")


def _place(one: Placed) -> tuple[str, int, int]:
    return (one.device, one.incarnation, one.n)


def _waited(row: Mapping[str, Any]) -> Placed:
    salt, body = bytes(row["salt"]), bytes(row["body"])
    return Placed(row["device"], row["incarnation"], row["n"], row["grp"], salt, body, row["seq"])


def forget(connection: Connection, placed: Iterable[Placed]) -> None:
    """These operations wait no longer."""
    w = tables.waiting.c
    for one in placed:
        connection.execute(
            tables.waiting.delete().where(w.device == one.device, w.incarnation == one.incarnation, w.n == one.n)
        )
