"""Which version of the tables a store has: new ones are made, older ones upgraded, newer ones left alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, inspect

from desktop.store import schema
from desktop.store.search import SearchIndex
from desktop.store.troubles import NewerStore
from sync.replica import node, refold, tables
from sync.replica.node import STORE_VERSION
from sync.replica.replica import Replica

VERSION_KEY: Final = "store_version"
SHAPE_KEY: Final = "record_shape"
INDEX_KEY: Final = "search_version"
INDEX_VERSION: Final = "2"
SAME_ROWS: Final = frozenset({"1", INDEX_VERSION})
"""Index versions with the rows of today: between 1 and 2 only two indexes over them fell away. A rebuild at a million
calls keeps a desk closed for minutes."""
MIGRATIONS: Final = Path(__file__).parent / "migrations"

OWN_TABLES: Final = (schema.draft, schema.secret, schema.setting, schema.courier_log)


def refuse_newer(connect: Callable[[], Any]) -> None:
    """Raises NewerStore when a newer program wrote the store; reads it only, and changes no byte of it."""
    connection = connect()
    try:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'node'").fetchone() is None:
            return
        row = connection.execute("SELECT value FROM node WHERE key = ?", (VERSION_KEY,)).fetchone()
    finally:
        connection.close()
    if row is not None and int(row[0]) > STORE_VERSION:
        raise NewerStore


def aside_name(path: Path) -> Path:
    """A free name for the copy made before an upgrade; it says nothing but the order."""
    folder = path.parent / "backups"
    number = 1 + max((int(p.stem.rsplit("-", 1)[-1]) for p in folder.glob("before-upgrade-*.db")), default=0)
    return folder / f"before-upgrade-{number:04d}.db"


def bring_up_to_date(writer: Engine, replica: Replica, index: SearchIndex, set_aside: Callable[[], None]) -> None:
    """Make or upgrade every table in one transaction. An older store is copied aside first."""
    with writer.connect() as connection:
        version = _version(connection)
    if version is not None and version < STORE_VERSION:
        set_aside()
        _migrate(writer)
    with writer.connect() as connection:
        if _version(connection) == STORE_VERSION and node.get(connection, SHAPE_KEY) == shape():
            return
        replica.create(connection)
        if version is not None:
            refold.missing_columns(connection)
            refold.parked(connection)
            if node.get(connection, INDEX_KEY) not in SAME_ROWS or version < STORE_VERSION:
                index.rebuild(connection)
        node.put(
            connection, **{VERSION_KEY: str(STORE_VERSION), SHAPE_KEY: shape(), INDEX_KEY: INDEX_VERSION}
        )
        connection.commit()


def shape() -> str:
    """A short name of the record tables as this program derives them, and of the index over them."""
    text = ";".join(refold.described(table) for table in tables.metadata.sorted_tables)
    return hashlib.sha256(f"{text};{INDEX_VERSION}".encode()).hexdigest()[:16]


def _version(connection: Connection) -> int | None:
    """None for a store without tables; 0 for one whose version was never written."""
    if not inspect(connection).has_table("node"):
        return None
    return int(node.get(connection, VERSION_KEY, "0"))


def _migrate(writer: Engine) -> None:
    # Imported here: a start without an upgrade must not pay for it (0.11 s).
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writer.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
