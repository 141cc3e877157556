"""Drafts: what a person has begun, kept on this desk only until the act is saved (settled 24)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from desktop.store.schema import draft
from sync.replica import sql

_encode = msgspec.json.Encoder(order="deterministic").encode


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
    """Keep the form as it stands, one row a form instance; the moment it was begun stays."""
    begun = connection.execute(select(draft.c.begun_at).where(draft.c.id == draft_id)).scalar_one_or_none()
    row = (
        draft_id,
        staff,
        form,
        about,
        _encode(dict(data)).decode(),
        _encode(dict(bases)).decode(),
        now_ms if begun is None else begun,
        now_ms,
    )
    sql.upsert_many(connection, draft, [row])


def one(connection: Connection, draft_id: str) -> Draft | None:
    """The draft, or None."""
    row = connection.execute(select(draft).where(draft.c.id == draft_id)).first()
    return None if row is None else _draft(row)


def all_of(connection: Connection, staff: str) -> list[Draft]:
    """All drafts of a person, oldest first."""
    rows = connection.execute(select(draft).where(draft.c.staff == staff).order_by(draft.c.begun_at, draft.c.id))
    return [_draft(row) for row in rows]


def drop(connection: Connection, draft_id: str) -> None:
    """The act is saved, or the person put the draft away."""
    connection.execute(draft.delete().where(draft.c.id == draft_id))


def _draft(row: Row[Any]) -> Draft:
    return Draft(
        row.id,
        row.staff,
        row.form,
        row.about,
        msgspec.json.decode(row.data),
        msgspec.json.decode(row.bases),
        row.begun_at,
        row.saved_at,
    )
