"""A new store built beside the old one from a server's segments; it takes the old one's place whole or never."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, Table, create_engine, event, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from desktop.store.engine import open_store, projections
from desktop.store.search import Prepared, SearchIndex, prepare, prepare_rows
from desktop.store.troubles import translate
from domain.records.kinds import KINDS, Kind
from sync.digest import Digest, of_state
from sync.disk import flush
from sync.manifest import Manifest, Shape
from sync.merge import State
from sync.operation import Placed
from sync.replica import node, segment, sql, tables
from sync.replica.changes import Folded, Projection, RowChange
from sync.replica.fold import Fold
from sync.replica.given import backfill
from sync.replica.own_chains import INCARNATION, LINEAGE
from sync.replica.replica import Replica
from sync.replica.row_sums import RowSums
from sync.replica.rows import base_of, parked_state, parked_text, row_of, state_of
from sync.replica.segment import SegmentRows, foreign_kind, reads_alike
from sync.stamp import HybridClock
from sync.troubles import ServerLied, Trouble

ANEW: Final = "build_anew"
"""Key of the node table: a person asked for this store to be built anew from the centre's rows."""

_STATE: Final = frozenset(
    {
        *(table.name for table in tables.records.values()),
        *(table.name for table in (tables.parked_record, tables.sibling, tables.digest, tables.audience_digest)),
    }
)
"""What the segments bring; every other table but the projections' is the desk's own and is carried over."""

_FOLLOWED: Final = frozenset(
    kind for one in projections() if not isinstance(one, SearchIndex) for kind in getattr(one, "kinds", KINDS)
)
"""Kinds of which others than the search index want every row."""

TOGETHER: Final = 8
"""Segments written in one transaction: what all of them touch (the index of words and codes) is encrypted and written
once for them, 38 us a record in place of 45. SQLite attaches ten files at most."""


class Overtaken(Trouble):
    """The desk met another server, or goes on under another incarnation, since the manifest was made."""

    advice = "Máy vừa đổi máy chủ hoặc số hiệu; phần mềm đang lấy lại dữ liệu từ đầu."


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a store is to be built from segments, read in one transaction.

    `fresh`: nothing was ever pulled here. `anew`: a person asked for it. `centre_key` is base64, empty where
    the desk does not know what the centre signs with.
    """

    fresh: bool
    anew: bool
    centre_key: str
    lineage: str
    incarnation: int


def standing(connection: Connection) -> Standing:
    """How this store stands."""
    known = node.everything(connection)
    return Standing(
        fresh=not any(key.startswith("cursor:") for key in known),
        anew=known.get(ANEW) == "1",
        centre_key=known.get("centre_key", ""),
        lineage=known.get(LINEAGE, ""),
        incarnation=int(known.get(INCARNATION, "1")),
    )


def ask_anew(connection: Connection) -> None:
    """From the next pull on: build this store anew from the centre's rows, beside the old one, which is kept
    aside. Everything written here goes along, sent or not."""
    node.put(connection, **{ANEW: "1"})


@dataclass(slots=True)
class Gathered:
    """One segment read: sums of its records, what to copy as it is, what had to be written otherwise."""

    sums: RowSums = field(default_factory=RowSums)
    alike: list[tuple[str, Sequence[str]]] = field(default_factory=list)
    lines: list[tuple[Table, list[tuple[Any, ...]]]] = field(default_factory=list)
    changes: list[RowChange] = field(default_factory=list)
    words: list[Prepared] = field(default_factory=list)


def gather(path: Path, key: str, shape: Shape) -> Gathered:
    """Read a whole segment, in any thread. Raises ServerLied where it is none that this program can read."""
    try:
        rows = SegmentRows(path, key)
    except (sqlcipher.DatabaseError, ValueError) as fault:
        raise ServerLied from fault
    try:
        found = _gather(rows, shape)
        found.words.append(prepare(found.changes))
        return found
    except (sqlcipher.DatabaseError, ValueError, KeyError) as fault:
        raise ServerLied from fault
    finally:
        rows.close()


def _gather(rows: SegmentRows, shape: Shape) -> Gathered:
    found = Gathered()
    for kind, name in rows.kinds():
        columns = rows.filled(name, "id", "scope", "versions", "parked")
        listed = rows.rows(name, columns)
        if reads_alike(kind, shape):
            plain = listed
            if any(row[columns.index("parked")] for row in listed):
                plain = [row for row in listed if row[columns.index("parked")] is None]
                kept = [row for row in listed if row[columns.index("parked")] is not None]
                _rewrite(found, kind, KINDS[kind], columns, kept)
            found.alike.append((name, columns))
            found.sums.add_rows(KINDS[kind], columns, plain)
            if kind in SearchIndex.kinds:
                found.words.append(prepare_rows(kind, columns, plain))
            if kind in _FOLLOWED:
                place, scope = columns.index("id"), columns.index("scope")
                found.changes += [
                    RowChange(kind, row[place], row[scope], None, dict(zip(columns, row, strict=True)))
                    for row in plain
                ]
        else:
            _rewrite(found, kind, foreign_kind(kind, shape), columns, listed)
    if tables.parked_record.name in rows.columns:
        columns = rows.columns[tables.parked_record.name]
        for line in rows.rows(tables.parked_record.name):
            one = dict(zip(columns, line, strict=True))
            state = parked_state(one["state"])
            base = min((v for held in state.values() for v in held.heads), default="")
            _put(found, one["kind"], one["id"], one["scope"], state, base)
    if tables.sibling.name in rows.columns:
        columns = rows.columns[tables.sibling.name]
        order = [columns.index(column.name) for column in tables.sibling.columns]
        lines = [tuple(row[at] for at in order) for row in rows.rows(tables.sibling.name)]
        found.lines.append((tables.sibling, lines))
    return found


def _rewrite(
    found: Gathered, name: str, read_as: Kind, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Rows of another version of the program, or with parked fields: by their state, as an upgrade does it."""
    for row in rows:
        one = dict(zip(columns, row, strict=True))
        _put(found, name, one["id"], one["scope"], state_of(read_as, one), base_of(one))


def _put(found: Gathered, name: str, record: str, scope: str, state: State, base: str) -> None:
    found.sums.add(scope, name, of_state(name, record, scope, state))
    found.sums.seen(v for held in state.values() for v in held.heads)
    if name not in KINDS:
        found.lines.append((tables.parked_record, [(name, record, scope, parked_text(state))]))
        return
    row, table = row_of(KINDS[name], record, scope, state, base), tables.records[name]
    found.lines.append((table, [tuple(row.get(column.name) for column in table.columns)]))
    found.changes.append(RowChange(name, record, scope, None, row))


class Building:
    """The new file. `take` each segment, `check`, then on the store's own thread `finish`; else `discard`.

    Nothing is written ahead and nothing flushed while it is built: a file that was left half-built is thrown
    away. Raises DiskFull, Damaged, ServerLied, Overtaken.
    """

    def __init__(self, path: Path, key: bytes, old: Path) -> None:
        self.path = path
        self.sums = RowSums()
        self._key = key
        self._old = old
        self._projections: tuple[Projection, ...] = projections()
        discard(path)
        open_store(path, key).close()
        self._raw = segment.connect(path, key.hex())
        for pragma in (
            "journal_mode = OFF", "synchronous = OFF", "main.locking_mode = EXCLUSIVE", "temp_store = MEMORY",
            "cache_size = -65536",
        ):  # fmt: skip
            self._raw.execute(f"PRAGMA {pragma}")
        self._engine = _over(self._raw)
        self._open: Connection | None = None
        self._attached = 0

    def take(self, path: Path, key: str, rows: Gathered) -> None:
        """One segment's rows with everything derived from them, in one transaction with a few others."""
        # One that was read in a transaction cannot be let go before its end.
        name = f"seg{self._attached}"
        self._raw.execute(f"ATTACH ? AS {name} KEY ?", (str(path), f"x'{key}'"))  # sql-names-only: counted here
        self._attached += 1
        connection = self._writing()
        for table, columns in rows.alike:
            segment.copy_rows(connection, name, table, columns, "parked IS NULL")
        for target, lines in rows.lines:
            sql.upsert_many(connection, target, lines)
        for projection in self._projections:
            if isinstance(projection, SearchIndex):
                for words in rows.words:
                    projection.put(connection, words)
            else:
                projection.follow(connection, rows.changes)
        self.sums.join(rows.sums)
        if self._attached == TOGETHER:
            self._commit()

    def _writing(self) -> Connection:
        if self._open is None:
            self._open = self._engine.connect()
            self._open.begin()
        return self._open

    def _commit(self) -> None:
        if self._open is not None:
            self._open.commit()
            self._open.close()
            self._open = None
        while self._attached:
            self._attached -= 1
            self._raw.execute(f"DETACH seg{self._attached}")  # sql-names-only: counted here

    def check(self, manifest: Manifest) -> None:
        """All that the manifest promised is in the file, and every page of it can be read back. Raises
        ServerLied where the rows have another digest, Damaged where the disk did not keep them."""
        self._commit()
        if self.sums.whole() != Digest.parse(manifest.digest):
            raise ServerLied
        with self._engine.begin() as connection:
            totals = self.sums.by_scope_and_kind()
            lines = [(scope, kind, one.count, f"{one.total:064x}") for (scope, kind), one in totals.items()]
            sql.insert_many(connection, tables.digest, lines)
            whole = self.sums.whole()
            sql.insert_many(connection, tables.audience_digest, [("", whole.count, f"{whole.total:064x}")])
            counted: Counter[str] = Counter()
            for (_, kind), one in totals.items():
                counted[kind] += one.count
            for name, table in tables.records.items():
                held = connection.execute(select(func.count()).select_from(table)).scalar_one()
                if held != counted[name]:
                    raise ServerLied
        flush(self.path)
        if self._raw.execute("PRAGMA cipher_integrity_check").fetchall():
            raise sqlcipher.DatabaseError("malformed")

    def finish(self, manifest: Manifest, clock: HybridClock, wall_ms: int) -> Folded:
        """Carry over what is the desk's own from the old store as it is now, and fold what the rows do not show:
        own operations not sent or not yet in the snapshot, and what waited. Call it where nobody writes."""
        self._raw.execute("ATTACH ? AS old KEY ?", (str(self._old), f"x'{self._key.hex()}'"))
        with self._engine.begin() as connection:
            self._carry_over(connection)
            now = standing(connection)
            if (now.lineage, now.incarnation) != (manifest.lineage, manifest.incarnation):
                raise Overtaken
            replica = Replica(Fold(projections=self._projections), secrets.token_bytes)
            folded = replica.receive(connection, [*_waiting(connection), *_own(connection, manifest)])
            connection.execute(backfill.delete().where(backfill.c.upto <= manifest.seq))
            clock.seen(self.sums.latest, wall_ms)
            node.put_key(connection, f"cursor:{manifest.lineage}", str(manifest.seq))
            node.put(connection, **{node.STAMP: clock.last, ANEW: "0"})
        self._raw.execute("DETACH old")
        self.close()
        flush(self.path)
        return folded

    def _carry_over(self, connection: Connection) -> None:
        derived = _derived(self._projections)
        old = connection.exec_driver_sql("SELECT name FROM old.sqlite_master WHERE type = 'table'").scalars().all()
        for name in sorted(set(old) - _STATE - derived):
            if str(name).startswith("sqlite_"):
                continue
            found = connection.exec_driver_sql(f"PRAGMA old.table_info('{name}')")
            columns = [str(column[1]) for column in found]
            segment.empty(connection, str(name))
            segment.copy_rows(connection, "old", str(name), columns)

    def close(self) -> None:
        """Let the file go."""
        if self._open is not None:
            with suppress(DBAPIError):
                self._open.close()
            self._open = None
        self._engine.dispose()
        with suppress(sqlcipher.DatabaseError):
            self._raw.close()

    def discard(self) -> None:
        """The file is of no use."""
        self.close()
        discard(self.path)


def discard(path: Path) -> None:
    """Remove a half-built store and what SQLite left beside it."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
        path.with_name(name).unlink(missing_ok=True)


def as_trouble(fault: Exception) -> Trouble | None:
    """The trouble of disk or file behind a fault met while building; None for a bug."""
    if isinstance(fault, DBAPIError | sqlcipher.DatabaseError | OSError):
        found = translate(fault)
        return found if isinstance(found, Trouble) else None
    return fault if isinstance(fault, Trouble) else None


def _over(raw: Any) -> Engine:
    engine = create_engine(
        "sqlite://", module=sqlcipher, creator=lambda: raw, poolclass=StaticPool, hide_parameters=True
    )

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    event.listen(engine, "begin", begun)
    return engine


def _derived(projected: Sequence[Projection]) -> frozenset[str]:
    """Tables that the projections make, found by letting them make them."""
    engine = _over(sqlcipher.connect(":memory:", isolation_level=None, check_same_thread=False))
    with engine.begin() as connection:
        for one in projected:
            one.create(connection)
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
    engine.dispose()
    return frozenset(str(name) for name in found)


def _waiting(connection: Connection) -> list[Placed]:
    """What waited in the old store, taken out: the fold holds it again where it must."""
    rows = connection.execute(select(tables.waiting)).mappings().all()
    connection.execute(tables.waiting.delete())
    return [
        Placed(r["device"], r["incarnation"], r["n"], r["grp"], bytes(r["salt"]), bytes(r["body"]), r["seq"])
        for r in rows
    ]


def _own(connection: Connection, manifest: Manifest) -> list[Placed]:
    log = tables.log.c
    own = select(log.n, log.grp, log.salt, log.body).where(
        log.device == manifest.device, log.incarnation == manifest.incarnation, log.body.is_not(None)
    )
    ranges = (*manifest.own, (manifest.acked + 1, 1 << 53))
    found = [
        Placed(manifest.device, manifest.incarnation, row.n, row.grp, bytes(row.salt), bytes(row.body))
        for first, last in ranges
        for row in connection.execute(own.where(log.n.between(first, last)).order_by(log.n))
    ]
    return [one for one in found if not one.closed]
