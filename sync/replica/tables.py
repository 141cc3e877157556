"""Tables of a replica: the record tables are derived from the registry of kinds, never typed twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, Integer, LargeBinary, MetaData, Table, Text

from domain.records import fields
from domain.records.kinds import KINDS, Kind

_TYPES = {
    fields.Column.TEXT: Text,
    fields.Column.INTEGER: BigInteger,
    fields.Column.BOOLEAN: Boolean,
    fields.Column.JSON: Text,
}

RECORD_PREFIX = "r_"
INDEX_PREFIX = f"ix_{RECORD_PREFIX}"
FILLED: Final = "filled"
"""Under this name an index says which column its rows must fill."""


def record_table(metadata: MetaData, kind: Kind) -> Table:
    """The table of one kind: id, scope, one column a field, versions (heads), parked (what is not understood).

    A field whose spec says so is indexed (see `indexes_of`). JSON is text, so that SQLite and PostgreSQL hold the
    same bytes.
    """
    columns: list[Column[object]] = [
        Column("id", Text, primary_key=True),
        Column("scope", Text, nullable=False, index=True),
    ]
    columns += [Column(spec.name, _TYPES[spec.column], nullable=True) for spec in kind.fields.values()]
    columns += [Column("versions", Text, nullable=False), Column("parked", Text, nullable=True)]
    table = Table(f"{RECORD_PREFIX}{kind.name}", metadata, *columns)
    indexes_of(kind, table)
    return table


def indexes_of(kind: Kind, table: Table) -> None:
    """Put on a kind's table the indexes its fields ask for. What an index is stands in its name, so that a store
    that has one by this name has this one (`refold.missing_columns`)."""
    for spec in kind.fields.values():
        if not spec.indexed:
            continue
        names = [spec.name] if spec.then is None else [spec.name, spec.then]
        Index(f"{INDEX_PREFIX}{kind.name}_{'_'.join(names)}", *(table.c[name] for name in names))
        if spec.among is not None:
            name = f"{INDEX_PREFIX}{kind.name}_{spec.name}_among_{spec.among}"
            among = table.c[spec.among]
            Index(name, table.c[spec.name], among, sqlite_where=among.is_not(None), info={FILLED: among})


def partial_on_postgresql(connection: Connection) -> None:
    """What makes an index partial there, said when tables are made or mended: said with the index, it would load that
    whole dialect into every desk (50 ms of a start)."""
    if connection.dialect.name != "postgresql":
        return
    for table in records.values():
        for index in table.indexes:
            if FILLED in index.info:
                index.dialect_options["postgresql"]["where"] = index.info[FILLED].is_not(None)


metadata = MetaData()

records: Mapping[str, Table] = {name: record_table(metadata, kind) for name, kind in KINDS.items()}

parked_record = Table(
    "parked_record",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False, index=True),
    Column("state", Text, nullable=False),
)
"""Records of kinds this program does not know: kept whole, materialised after an upgrade."""

log = Table(
    "log",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("device", Text, nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("grp", BigInteger, nullable=False),
    Column("scope", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("salt", LargeBinary, nullable=True),
    Column("body", LargeBinary, nullable=True),
    Column("hash", LargeBinary, nullable=False),
    Column("held", Text, nullable=True),
)
"""Operations in the order this node took them. A server holds whole logs, a desk only its own operations.

`seq` is gap-free: it comes from the counter row of `node`, locked to the commit (sync.md §3.5). `held` says why
an operation is not applied (empty: applied). Erasing empties salt and body and keeps the hash.
"""
Index("ux_log_place", log.c.device, log.c.incarnation, log.c.n, unique=True)
Index("ix_log_scope", log.c.scope, log.c.seq)
Index("ix_log_record", log.c.record)

waiting = Table(
    "waiting",
    metadata,
    Column("device", Text, primary_key=True),
    Column("incarnation", Integer, primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("grp", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("why", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("scope", Text, nullable=False),
)
"""Held operations, with the reason: retried when what they miss arrives, never dropped, shown on the screen."""
Index("ix_waiting_record", waiting.c.record)

sibling = Table(
    "sibling",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("record", Text, nullable=False, index=True),
    Column("scope", Text, nullable=False, index=True),
    Column("field", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("value", Text, nullable=False),
)
"""Values that stand beside the present one until a person decides; id = hash(record, field, version)."""

said_by = Table(
    "said_by",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("record", Text, nullable=False, index=True),
    Column("scope", Text, nullable=False, index=True),
    Column("version", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("staff", Text, nullable=False),
    Column("bases", Text, nullable=False),
)
"""Who wrote a version that met another, at which device, over which versions (JSON, by field); id: version,
record, data class. A desk's log holds only its own operations, and who decides between values must know whose they
are."""

digest = Table(
    "digest",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("total", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Running digest per scope and kind (sync.md §3.13); `total` is 64 hexadecimal digits."""

audience_digest = Table(
    "audience_digest",
    metadata,
    Column("audience", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("total", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Running digest per audience: what all desks of one centre are to hold, so that comparing costs one read."""

chain = Table(
    "chain",
    metadata,
    Column("device", Text, primary_key=True),
    Column("incarnation", Integer, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""Head of each device's chain as this node holds it."""

node = Table(
    "node",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What this node knows of itself: store version, identity, feed counter, last stamp, cursors, acknowledgements."""


def create(connection: Connection) -> None:
    """Make what is missing of these tables."""
    partial_on_postgresql(connection)
    metadata.create_all(connection)
