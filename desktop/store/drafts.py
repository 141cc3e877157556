"""Drafts: what a person has begun, kept on this desk until the act is saved, closed to its owner (settled 24)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Connection, Row, select, update

from desktop.store import draft_seal, lease
from desktop.store.draft_seal import SEALED, DraftKeys
from desktop.store.schema import draft
from desktop.store.wraps import DoesNotOpen
from domain.clock import DAY
from domain.rules.lease import RunTime
from sync.replica import sql

KEPT_MS: Final = 30 * DAY
"""How long a draft is kept after its last word (term `draft` of data_classes.toml)."""
KEYS: Final = "draft_keys"
"""Under this name the store's connections carry the keys of whoever is signed in (`Store.signed_in`)."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One form instance as it stood: `data` by form field (text being composed beside it, under the form's own
    names), `bases` what it was opened on, times in UTC ms."""

    id: str
    staff: str
    form: str
    about: str
    data: Mapping[str, Any]
    bases: Mapping[str, Any]
    begun_at: int
    saved_at: int


def put(
    connection: Connection,
    draft_id: str,
    staff: str,
    form: str,
    about: str,
    data: Mapping[str, Any],
    bases: Mapping[str, Any],
    now_ms: int,
) -> None:
    """Keep the form as it stands, one row a form instance; the moment it was begun stays. Whoever is signed in is
    its owner. A slow clock dates no draft before the trusted time: with the line it would be past its term."""
    begun = connection.execute(select(draft.c.begun_at).where(draft.c.id == draft_id)).scalar_one_or_none()
    closed = draft_seal.close(_keys(connection), draft_id, data, bases)
    saved = max(now_ms, lease.kept_floor(connection))
    row = (draft_id, staff, form, about, closed, "{}", now_ms if begun is None else begun, saved)
    sql.upsert_many(connection, draft, [row])


def one(connection: Connection, draft_id: str) -> Draft | None:
    """The draft, or None; also None where it belongs to somebody else."""
    row = connection.execute(select(draft).where(draft.c.id == draft_id)).first()
    return None if row is None else _draft(_keys(connection), row)


def all_of(connection: Connection, staff: str) -> list[Draft]:
    """All drafts of a person that open to whoever is signed in, oldest first; what does not open stays."""
    rows = connection.execute(select(draft).where(draft.c.staff == staff).order_by(draft.c.begun_at, draft.c.id))
    found = (_draft(_keys(connection), row) for row in rows)
    return [one for one in found if one is not None]


def drop(connection: Connection, draft_id: str) -> None:
    """The act is saved, or the person put the draft away."""
    connection.execute(draft.delete().where(draft.c.id == draft_id))


def let_expire(connection: Connection, now: RunTime) -> int:
    """Drop what was last written longer ago than a draft is kept, by the trusted time alone: a wrong wall clock takes
    no word, and before a server signed a time nothing goes. Answers how many."""
    before = lease.least(connection, now) - KEPT_MS
    gone = connection.execute(draft.delete().where(draft.c.saved_at < before))
    return int(gone.rowcount)


def hand_over(connection: Connection, draft_id: str, to: str) -> bool:
    """Close a draft of whoever is signed in to a colleague instead, who need not be there; False where it is not
    theirs to give, or nobody of that name is at this desk."""
    keys = _keys(connection)
    row = connection.execute(select(draft).where(draft.c.id == draft_id)).first()
    public = keys.public_of(to)
    if row is None or row.staff != keys.staff or public is None:
        return False
    try:
        closed = draft_seal.closed_to(public, keys.private, draft_id, row.data)
    except DoesNotOpen:
        return False
    connection.execute(update(draft).where(draft.c.id == draft_id).values(staff=to, data=closed))
    return True


def give_back(connection: Connection, staff: str, public: bytes, recovery: X25519PrivateKey) -> int:
    """Close a person's drafts to their new key, after the old one was lost; answers how many."""
    given = 0
    for row in connection.execute(select(draft).where(draft.c.staff == staff)).all():
        try:
            closed = draft_seal.given_back(public, recovery, row.id, row.data)
        except DoesNotOpen:
            continue
        connection.execute(update(draft).where(draft.c.id == row.id).values(data=closed))
        given += 1
    return given


def close_older(connection: Connection) -> int:
    """Close what this person wrote before drafts were closed; answers how many."""
    keys = _keys(connection)
    rows = connection.execute(select(draft).where(draft.c.staff == keys.staff)).all()
    open_ones = [row for row in rows if not row.data.startswith(SEALED)]
    for row in open_ones:
        closed = draft_seal.close(keys, row.id, msgspec.json.decode(row.data), msgspec.json.decode(row.bases))
        connection.execute(update(draft).where(draft.c.id == row.id).values(data=closed, bases="{}"))
    return len(open_ones)


def in_plain_words(connection: Connection, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row of the table with its words open, where they are of whoever is signed in; else the row as it is."""
    keys = _keys(connection)
    if row["staff"] != keys.staff or not row["data"].startswith(SEALED):
        return dict(row)
    try:
        data, bases = draft_seal.opened(keys.private, row["id"], row["data"])
    except DoesNotOpen:
        return dict(row)
    return {**row, "data": data, "bases": bases}


def _keys(connection: Connection) -> DraftKeys:
    keys = connection.get_execution_options().get(KEYS)
    assert isinstance(keys, DraftKeys), "drafts are kept only while somebody is signed in"
    return keys


def _draft(keys: DraftKeys, row: Row[Any]) -> Draft | None:
    if row.staff != keys.staff:
        return None
    try:
        data, bases = draft_seal.opened(keys.private, row.id, row.data)
    except DoesNotOpen:
        return None
    return Draft(row.id, row.staff, row.form, row.about, data, bases, row.begun_at, row.saved_at)
