"""What a desk is given and told to give up: scopes to be fetched, scopes to be wiped, as the grants say."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Connection, Table, Text

from sync.operation import ERASE, Placed, Undecodable, decode_body
from sync.replica import sql, tables
from sync.replica.changes import Folded
from sync.replica.scopes import closed_here, given_up, grant_stands, stands_rightly, was_given

backfill = Table(
    "backfill",
    tables.metadata,
    Column("scope", Text, primary_key=True),
    Column("upto", BigInteger, nullable=False),
    Column("past", BigInteger, nullable=False),
)
"""Granted scopes whose history is still to be fetched."""

withdrawal = Table(
    "withdrawal",
    tables.metadata,
    Column("scope", Text, primary_key=True),
    Column("grant_id", Text, nullable=False),
)
"""Scopes to be wiped as soon as nothing written here waits to be sent; `grant_id` names the withdrawn grant."""


def still_ours(connection: Connection, placed: Sequence[Placed]) -> Sequence[Placed]:
    """A page without what this desk was told to give up: it is not made here again, whoever shows it. Where it is
    granted anew, its history is fetched whole. An order to erase counts also there: for the own log."""
    gone = given_up(connection)
    return [one for one in placed if not _is_of(one, gone)] if gone else placed


def _is_of(one: Placed, scopes: frozenset[str]) -> bool:
    try:
        body = decode_body(one.body)
    except Undecodable:
        return False
    return body.scope in scopes and body.action != ERASE


def note_grants(connection: Connection, device: str, folded: Folded, seq: int) -> None:
    """New grants are to be fetched, withdrawn scopes to be wiped; a scope given anew is not wiped. A grant that was
    erased is taken back for ever: the centre lost it in a restore (decision 15)."""
    for change in folded.changes:
        row, before = change.after, change.before
        if before is not None and was_given(change, device):
            _give_up(connection, device, str(before["granted_scope"]), change.id)
        if row is None or not stands_rightly(change) or row["device"] != device:
            continue
        scope = str(row["granted_scope"])
        if grant_stands(connection, device, scope):
            # Also a grant known from another server: what lies in the scope here may never have been there.
            if not row.get("withdrawn_at") and not (row.get("until") and closed_here(connection, str(row["id"]))):
                sql.upsert_many(connection, backfill, [(scope, seq, 0)])
            sql.delete_in(connection, withdrawal, "scope", [scope])
        else:
            _give_up(connection, device, scope, str(row["id"]))


def _give_up(connection: Connection, device: str, scope: str, grant: str) -> None:
    if not grant_stands(connection, device, scope):
        sql.upsert_many(connection, withdrawal, [(scope, grant)])
        sql.delete_in(connection, backfill, "scope", [scope])
