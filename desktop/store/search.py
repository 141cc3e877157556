"""The search index: a projection of the record tables, kept in step inside every fold, never synced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from domain.phones import tail_key
from domain.records.sealed import is_sealed
from domain.text import fold
from sync.replica import scopes, sql, tables
from sync.replica.changes import RowChange

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "person": ("full_name", ""),
    "alias": ("name", ""),
    "contact": ("", "summary"),
}
"""Kind → the field that is a name, the field that is prose."""

CODES: Final[Mapping[str, tuple[str, ...]]] = {"contact": ("code", "second_code"), "case": ("code",)}
NUMBERS: Final[Mapping[str, str]] = {"call": "number", "phone": "number"}

_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS search_entry
    (no INTEGER PRIMARY KEY, record TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, contact TEXT NOT NULL)""",
    """CREATE VIRTUAL TABLE IF NOT EXISTS search_text USING fts5(exact, name, prose, content='',
    contentless_delete=1, tokenize="unicode61 remove_diacritics 0")""",
    """CREATE TABLE IF NOT EXISTS search_code
    (key TEXT NOT NULL, record TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (key, record)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS search_phone
    (tail TEXT NOT NULL, record TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (tail, record)) WITHOUT ROWID""",
)
_FORMER: Final = ("DROP INDEX IF EXISTS ix_search_code_record", "DROP INDEX IF EXISTS ix_search_phone_record")
"""Indexes of index version 1: what is taken out is named by its key, which the row before the change tells. They cost
as much as the codes themselves."""
_NO_CODES: Final = (
    "DELETE FROM search_code WHERE (key, record) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"
)
_NO_NUMBERS: Final = (
    "DELETE FROM search_phone WHERE (tail, record) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"
)
_NO_ENTRIES: Final = "DELETE FROM search_entry WHERE record IN (SELECT value FROM json_each(?))"
_CHUNK: Final = 2_000


class SearchIndex:
    """Names, other names, prose, codes and last digits of numbers. Implements `Projection`.

    FTS5 is contentless with deletes by rowid: a changed text is deleted and inserted, never replaced, because
    OR REPLACE inside an upsert leaves the old words behind (toolchain.md §0.5). `no` is a stable rowid. `kinds`:
    those it reads, so that nobody hands it the others by the hundred thousand.
    """

    kinds: Final = frozenset(TEXTS.keys() | CODES.keys() | NUMBERS.keys())

    def create(self, connection: Connection) -> None:
        """Make the index's tables; deleted words leave the file too (`secure-delete`)."""
        there = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'search_text'").first()
        for statement in _TABLES:
            connection.exec_driver_sql(statement)
        for statement in _FORMER:
            connection.exec_driver_sql(statement)
        if there is None:
            connection.exec_driver_sql("INSERT INTO search_text(search_text, rank) VALUES ('secure-delete', 1)")

    def follow(self, connection: Connection, changes: Sequence[RowChange]) -> None:
        """Bring the index in step with these changes, a few statements for all of them."""
        self.put(connection, prepare(changes))

    def put(self, connection: Connection, made: Prepared) -> None:
        """Write what `prepare` made of changes, in the transaction that makes them."""
        if made.texts:
            self._put_texts(connection, made)
        _delete(connection, _NO_CODES, made.gone_codes)
        sql.insert_lines(connection, "INSERT OR IGNORE INTO search_code", made.codes)
        _delete(connection, _NO_NUMBERS, made.gone_tails)
        sql.insert_lines(connection, "INSERT OR IGNORE INTO search_phone", made.tails)

    def rebuild(self, connection: Connection) -> None:
        """Make the whole index anew from the rows, a chunk at a time."""
        for statement in ("DELETE FROM search_entry", "DELETE FROM search_code", "DELETE FROM search_phone"):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("DROP TABLE IF EXISTS search_text")
        self.create(connection)
        for kind in sorted(TEXTS.keys() | CODES.keys() | NUMBERS.keys()):
            source = tables.records[kind]
            chunk: list[RowChange] = []
            for row in connection.execute(source.select()).mappings().all():
                chunk.append(RowChange(kind, row["id"], row["scope"], None, dict(row)))
                if len(chunk) >= _CHUNK:
                    self.follow(connection, chunk)
                    chunk = []
            self.follow(connection, chunk)

    def _put_texts(self, connection: Connection, made: Prepared) -> None:
        numbers: dict[str, int] = {}
        if made.gone:
            found = connection.exec_driver_sql(
                "SELECT record, no FROM search_entry WHERE record IN (SELECT value FROM json_each(?))",
                (_json(made.gone),),
            )
            numbers = {row[0]: row[1] for row in found}
            connection.exec_driver_sql(
                "DELETE FROM search_text WHERE rowid IN (SELECT value FROM json_each(?))",
                (_json(list(numbers.values())),),
            )
            # A record that comes again (a file given anew) is a new entry.
            left = [record for record in made.gone if made.texts[record] is None]
            connection.exec_driver_sql(_NO_ENTRIES, (_json(left),))
        next_no = connection.exec_driver_sql("SELECT coalesce(max(no), 0) FROM search_entry").scalar_one() + 1
        entries: list[tuple[Any, ...]] = []
        lines: list[tuple[Any, ...]] = []
        for record, text in made.texts.items():
            if text is None:
                continue
            number = numbers.get(record)
            if number is None:
                number, next_no = next_no, next_no + 1
                entries.append((number, record, text.kind, text.contact))
            lines.append((number, text.exact, text.name, text.prose))
        sql.insert_lines(connection, "INSERT INTO search_entry", entries)
        sql.insert_lines(connection, "INSERT INTO search_text (rowid, exact, name, prose)", lines)


class Text(NamedTuple):
    """The words of one record as the index keeps them, and the contact whose file they are in."""

    kind: str
    contact: str
    exact: str
    name: str
    prose: str


class Prepared(NamedTuple):
    """What changes do to the index: words by record (None: none any more), records whose former words go, and lines
    of codes and last digits that come and go."""

    texts: dict[str, Text | None]
    gone: list[str]
    codes: list[tuple[str, str, str]]
    gone_codes: list[tuple[str, str]]
    tails: list[tuple[str, str, str]]
    gone_tails: list[tuple[str, str]]


def prepare(changes: Sequence[RowChange]) -> Prepared:
    """All the reading and folding of words that changes ask of the index: no store is needed for it, so a new store
    has it done on another thread than the one that writes. Of several changes of one record the last counts."""
    texts: dict[str, Text | None] = {}
    codes: dict[str, tuple[str, list[str]]] = {}
    numbers: dict[str, tuple[str, str]] = {}
    gone: list[str] = []
    gone_codes: list[tuple[str, str]] = []
    gone_tails: list[tuple[str, str]] = []
    words = _Words()
    for change in changes:
        kind, before, after = change.kind, change.before, change.after
        if _same(kind, before, after):
            continue
        if before is None:  # a new record, and nearly all of a bulk: there is nothing to compare it with
            if kind in TEXTS and (new := _text(kind, after)) is not None:
                texts[change.id] = words.text(kind, change.scope, *new)
            if kind in CODES:
                codes[change.id] = (kind, _codes(kind, after))
            if kind in NUMBERS:
                numbers[change.id] = (kind, _tail(kind, after))
            continue
        if kind in TEXTS and (new := _text(kind, after)) != (old := _text(kind, before)):
            if old is not None:
                gone.append(change.id)
            texts[change.id] = None if new is None else words.text(kind, change.scope, *new)
        if kind in CODES and (new_codes := _codes(kind, after)) != (old_codes := _codes(kind, before)):
            gone_codes += [(key, change.id) for key in old_codes]
            codes[change.id] = (kind, new_codes)
        if kind in NUMBERS and (new_tail := _tail(kind, after)) != (old_tail := _tail(kind, before)):
            if old_tail:
                gone_tails.append((old_tail, change.id))
            numbers[change.id] = (kind, new_tail)
    return Prepared(
        texts,
        gone,
        [(key, record, kind) for record, (kind, keys) in codes.items() for key in keys],
        gone_codes,
        [(tail, record, kind) for record, (kind, tail) in numbers.items() if tail],
        gone_tails,
    )


def prepare_rows(kind: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Prepared:
    """What `prepare` makes of new records of one kind, from their rows in this order of columns (`id` and `scope`
    among them; a column left out is empty in each): no row is made into a mapping for it."""
    place = {name: at for at, name in enumerate(columns)}
    id_at, scope_at, retracted_at = place["id"], place["scope"], place.get("retracted")
    shown = rows if retracted_at is None else [row for row in rows if not row[retracted_at]]
    made = Prepared({}, [], [], [], [], [])
    name_at, prose_at = (place.get(field) for field in TEXTS.get(kind, ("", "")))
    if name_at is not None or prose_at is not None:
        words = _Words()
        for row in shown:
            name = "" if name_at is None else _unsealed(row[name_at])
            prose = "" if prose_at is None else _unsealed(row[prose_at])
            if name or prose:
                made.texts[row[id_at]] = words.text(kind, row[scope_at], name, prose)
    for at in (place[field] for field in CODES.get(kind, ()) if field in place):
        made.codes.extend((key, row[id_at], kind) for row in rows if row[at] for key in sorted(code_keys(row[at])))
    number_at = place.get(NUMBERS.get(kind, ""))
    if number_at is not None:
        tails = ((tail_key(_unsealed(row[number_at])), row[id_at]) for row in shown if row[number_at])
        made.tails.extend((tail, record, kind) for tail, record in tails if tail)
    return made


class _Words(dict[str, str]):
    """Folds prose word by word and remembers each word for the length of one batch: a language has few syllables,
    and letters are folded one by one, so the words together are the folded text."""

    def __missing__(self, word: str) -> str:
        folded = self[word] = fold(word)
        return folded

    def fold(self, text: str) -> str:
        """The same as `domain.text.fold`."""
        return " ".join(filter(None, map(self.__getitem__, text.split())))

    def text(self, kind: str, scope: str, name: str, prose: str) -> Text:
        """A record's words, folded."""
        return Text(kind, scopes.file_of(scope), name.lower(), self.fold(name), self.fold(prose))


_READ: Final[Mapping[str, tuple[str, ...]]] = {
    kind: (
        *(field for field in TEXTS.get(kind, ()) if field),
        *CODES.get(kind, ()),
        *((NUMBERS[kind],) if kind in NUMBERS else ()),
        "retracted",
    )
    for kind in TEXTS.keys() | CODES.keys() | NUMBERS.keys()
}
"""Kind → every field of it that the index reads."""


def _same(kind: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> bool:
    """Whether nothing changed that the index reads: an outcome key must not pay for it."""
    if kind not in _READ:
        return True
    if before is None or after is None:
        return False
    return all(before.get(field) == after.get(field) for field in _READ[kind])


def _text(kind: str, row: Mapping[str, Any] | None) -> tuple[str, str] | None:
    if row is None or row.get("retracted"):
        return None
    name, prose = TEXTS[kind]
    found = (_clear(row, name), _clear(row, prose))
    return found if any(found) else None


def _clear(row: Mapping[str, Any], field: str) -> str:
    """The words of a field; what is sealed is never searched (settled 21)."""
    return _unsealed(row.get(field)) if field else ""


def _unsealed(value: Any) -> str:
    return "" if value is None or is_sealed(value) else str(value)


def _codes(kind: str, row: Mapping[str, Any] | None) -> list[str]:
    keys: set[str] = set()
    for field in CODES[kind]:
        code = row.get(field) if row is not None else None
        if code:
            keys |= code_keys(code)
    return sorted(keys)


def code_keys(code: str) -> set[str]:
    """The beginnings a code is found by: whole, from each of its parts on, and without leading zeros."""
    parts = [part for part in code.upper().split("-") if part]
    keys: set[str] = set()
    key = ""
    for part in reversed(parts):
        key = part + key
        keys.update((key, key.lstrip("0"), key.lstrip(ascii_uppercase)))
    if len(parts) > 3:
        keys.discard(parts[-1])  # a lone check digit finds nothing worth showing
    return {key for key in keys if len(key) > 1}


def _tail(kind: str, row: Mapping[str, Any] | None) -> str:
    if row is None or row.get("retracted"):
        return ""
    number = _clear(row, NUMBERS[kind])
    return tail_key(number) if number else ""


def _delete(connection: Connection, statement: str, pairs: list[tuple[str, str]]) -> None:
    if pairs:
        connection.exec_driver_sql(statement, (_json(pairs),))


def _json(members: list[Any]) -> str:
    return msgspec.json.encode(members).decode()
