"""What a person did, out of the audit entries of all desks, and what was noted about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import func, select

from domain.rules.unusual import RULES, Done, Rule
from server.store.engine import Connection
from sync.replica import read, scopes, sql, tables
from sync.replica.read import Stored

PERSON: Final = "staff"
"""What a note is about: `about` is a staff id."""


def done(connection: Connection, rule: Rule, actor: str, from_ms: int, until_ms: int) -> list[Done]:
    """Acts of this person that a rule counts, whichever desk they sat at; both ends are among them."""
    entry = tables.records["audit_entry"].c
    wanted = select(entry.id, entry.at, entry.object_kind, entry.object_id).where(
        entry.at >= from_ms, entry.at <= until_ms, entry.actor == actor, entry.action == rule.action,
        entry.scope.startswith(scopes.CENTRE),
    )  # fmt: skip
    rows = [row for row in connection.execute(wanted) if not rule.files or row.object_kind in ("contact", "case")]
    cases = {row.object_id for row in rows if row.object_kind == "case" and row.object_id}
    files = {
        one["id"]: one["contact_id"]
        for one in sql.select_in(connection, tables.records["case"], "id", sorted(cases))
        if one["contact_id"]
    }
    return [Done(row.at, files.get(row.object_id, row.object_id or ""), row.id) for row in rows]


def noted(connection: Connection, rule: Rule, actor: str) -> list[int]:
    """For which times (UTC ms) it was noted already that this person did too much by a rule."""
    review = tables.records["review"].c
    rows = connection.execute(
        select(review.noted_at).where(
            review.about == actor, review.about_kind == PERSON, review.reason == rule.reason,
            review.noted_at.is_not(None),
        )
    )  # fmt: skip
    return [int(row.noted_at) for row in rows]


def unseen(connection: Connection) -> list[Stored]:
    """Notes about persons that nobody has looked at, oldest first."""
    found: Iterable[Stored] = read.where(connection, "review", "about_kind", PERSON)
    waiting = (one for one in found if one.record.seen_at is None and one.retracted is None)
    return sorted(waiting, key=lambda one: (one.record.noted_at or 0, one.id))


def count_unseen(connection: Connection) -> dict[str, int]:
    """How many notes about persons nobody has looked at, by rule."""
    review = tables.records["review"].c
    rows = connection.execute(
        select(review.reason, func.count().label("many"))
        .where(review.about_kind == PERSON, review.seen_at.is_(None), review.retracted.is_(None))
        .group_by(review.reason)
    )
    return {rule.reason: 0 for rule in RULES} | {str(row.reason): int(row.many) for row in rows}
