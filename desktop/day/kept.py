"""Kept nodes of a day: a folder per node, opened without the program's own reads, every table by plain SQL.

The one place outside the stores that speaks to a database driver: a checker that read through the code it checks
would believe that code's mistakes. A centre on PostgreSQL is copied, table by table, into an encrypted file.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from desktop.store.keys import KeySlots

LABEL: Final = "kept.json"
"""Says what a node's folder holds: name, role, centre, device, store file, and how its key is had."""

Row = dict[str, Any]


class UnreadableStoreError(Exception):
    """A kept store cannot be opened; the text is one Vietnamese sentence."""


@dataclass(slots=True)
class Node:
    """One node as it was kept. `role` is "centre", "hub" or "desk"; `centre` is empty for the centre itself."""

    name: str
    role: str
    centre: str
    device: str
    folder: Path
    tables: dict[str, list[Row]] = field(default_factory=dict)

    def rows(self, table: str) -> list[Row]:
        """All rows of a table; none where the store has no such table."""
        return self.tables.get(table, [])

    def records(self, kind: str) -> list[Row]:
        """All rows of one kind of record."""
        return self.rows(f"r_{kind}")

    def about(self, key: str) -> str:
        """What the node knows of itself under this key."""
        return next((str(row["value"]) for row in self.rows("node") if row["key"] == key), "")


def describe(folder: Path, label: Mapping[str, Any]) -> None:
    """Write a node's label. Only a made-up day may keep its passphrase or key beside the store."""
    text = json.dumps(dict(label), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / LABEL).write_text(text + "\n", "utf-8")


def open_kept(root: Path) -> list[Node]:
    """Every node below a kept folder, the centre first. Raises UnreadableStoreError."""
    labels = sorted(root.glob(f"*/{LABEL}"))
    if not labels:
        raise UnreadableStoreError("Thư mục giữ lại không có nút nào: xem lại đường dẫn sau --check.")
    nodes = [_node(path) for path in labels]
    return sorted(nodes, key=lambda node: (node.role != "centre", node.name))


def _node(path: Path) -> Node:
    folder = path.parent
    try:
        label = json.loads(path.read_text("utf-8"))
        node = Node(label["name"], label["role"], label["centre"], label["device"], folder)
        node.tables = read_tables(folder / label["store"], _key(folder, label))
    except UnreadableStoreError:
        raise
    except Exception as fault:
        reason = f"Không mở được kho giữ lại «{folder.name}»: kho hoặc nhãn của nó đã hỏng, hãy chạy lại ngày."
        raise UnreadableStoreError(reason) from fault
    return node


def _key(folder: Path, label: Mapping[str, Any]) -> bytes:
    if "slots" in label:
        return KeySlots(folder / label["slots"]).open(label["staff"], label["passphrase"])
    if "key_file" in label:
        return read_key_file(folder / label["key_file"])
    return bytes.fromhex(label["key"])


def read_key_file(path: Path) -> bytes:
    """The 32 bytes of a key file: raw, or as 64 hexadecimal digits."""
    raw = path.read_bytes()
    return raw if len(raw) == 32 else bytes.fromhex(raw.decode("ascii").strip())


def connect(path: Path, key: bytes) -> Any:
    """A driver-level connection to an SQLCipher file. Raises the driver's error for a wrong key."""
    import sqlcipher3.dbapi2 as driver  # noqa: PLC0415 - only the checker's process needs it

    connection = driver.connect(str(path))
    connection.execute("PRAGMA cipher_log_level = NONE")
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return connection


def read_tables(path: Path, key: bytes) -> dict[str, list[Row]]:
    """Every ordinary table of an encrypted file with all its rows."""
    if not path.is_file():
        raise UnreadableStoreError(f"Thiếu tệp kho trong nút «{path.parent.name}»: hãy chạy lại ngày.")
    connection = connect(path, key)
    try:
        (whole,) = connection.execute("PRAGMA integrity_check").fetchone()
        if whole != "ok":
            raise UnreadableStoreError(f"Kho của nút «{path.parent.name}» bị hỏng: hãy chạy lại ngày.")
        listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        names = [name for (name,) in listed if _ordinary(name)]
        return {name: _rows(connection.execute, name) for name in names}
    finally:
        connection.close()


def columns_of(
    folder: Path, database: str | None, wanted: Mapping[str, tuple[str, ...]]
) -> dict[str, list[Row]]:
    """Some columns of some tables of a server that may be running: of the database with this URL, else of the
    store in the node's folder. A reader's own snapshot: it never holds up the writer."""
    if database is None:
        connection = connect(folder / "data" / "centre.db", read_key_file(folder / "data" / "server.key"))
        try:
            return {table: _chosen(connection.execute, table, names) for table, names in wanted.items()}
        finally:
            connection.close()
    import psycopg  # noqa: PLC0415 - only a day on PostgreSQL needs it

    with psycopg.connect(database.replace("postgresql+psycopg:", "postgresql:", 1)) as source:
        return {table: _chosen(source.execute, table, names) for table, names in wanted.items()}


def _chosen(execute: Callable[[Any], Any], table: str, names: tuple[str, ...]) -> list[Row]:
    listed = ", ".join(f'"{name}"' for name in names)
    # sql-names-only: names of our own tables and columns
    found = execute(f'SELECT {listed} FROM "{table}"')  # noqa: S608 - names only, no value
    return [dict(zip(names, row, strict=True)) for row in found]


_INNER: Final = ("_data", "_idx", "_content", "_docsize", "_config")


def _ordinary(name: str) -> bool:
    return not name.startswith("sqlite_") and not name.endswith(_INNER)


def _rows(execute: Callable[[str], Any], table: str) -> list[Row]:
    # sql-names-only: the table's name comes from the database's own catalogue
    found = execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name from the catalogue, no value
    names = [column[0] for column in found.description]
    return [dict(zip(names, _plain(row), strict=True)) for row in found]


def _plain(row: Iterable[Any]) -> list[Any]:
    return [bytes(value) if isinstance(value, memoryview) else value for value in row]


@contextlib.contextmanager
def in_own_schema(url: str) -> Iterator[str]:
    """The same database by a URL whose connections see only a new schema; it is dropped at the end, and nothing
    else in the database is touched. Raises UnreadableStoreError where the database cannot be used."""
    import psycopg  # noqa: PLC0415 - only a day on PostgreSQL needs it
    from psycopg import sql  # noqa: PLC0415 - only a day on PostgreSQL needs it

    plain = url.replace("postgresql+psycopg:", "postgresql:", 1)
    name = f"tram111_day_{secrets.token_hex(6)}"
    try:
        with psycopg.connect(plain, autocommit=True) as connection:
            # sql-names-only: the new schema's own made-up name
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
    except psycopg.Error as fault:
        reason = "Không dùng được cơ sở dữ liệu sau --database: xem lại địa chỉ và quyền tạo schema."
        raise UnreadableStoreError(reason) from fault
    try:
        yield url + ("&" if "?" in url else "?") + "options=" + quote(f"-csearch_path={name}", safe="")
    finally:
        with psycopg.connect(plain, autocommit=True) as connection:
            # sql-names-only: the schema that was made above
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


def copy_postgres(url: str, path: Path, key: bytes) -> None:
    """Copy every table that the connection's schema holds into a new encrypted file.

    `url` is a psycopg URL (with or without SQLAlchemy's driver name).
    """
    import psycopg  # noqa: PLC0415 - only a day on PostgreSQL needs it

    copy = connect(path, key)
    with psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:", 1)) as source, copy:
        listed = source.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
            " AND table_type = 'BASE TABLE' ORDER BY table_name"
        )
        for (name,) in listed.fetchall():
            # sql-names-only: the table's name comes from the database's own catalogue
            found = source.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - a name from the catalogue
            columns = [column.name for column in found.description or ()]
            named = ", ".join(f'"{column}"' for column in columns)
            marks = ", ".join("?" for _ in columns)
            # sql-names-only: names from the catalogue; values travel as parameters
            copy.execute(f'CREATE TABLE "{name}" ({named})')
            # sql-names-only: names from the catalogue; values travel as parameters
            insert = f'INSERT INTO "{name}" ({named}) VALUES ({marks})'  # noqa: S608 - names only
            copy.executemany(insert, [_storable(row) for row in found.fetchall()])
    copy.close()


def _storable(row: Iterable[Any]) -> list[Any]:
    return [value if isinstance(value, int | float | str | bytes | None) else str(value) for value in row]
