"""The register of data subjects' requests as the screen sees it: what is due first, only what roles let one see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from desktop.store.sight import SHOWN, sight_of
from domain.records.kinds import KINDS
from domain.records.subject_request import SubjectRequest
from domain.rules.subject_requests import Stage, due_of, stage_of, thing_of
from sync.replica import read, sql, tables
from sync.replica.rows import values_of

MOST: Final = 500
SEE: Final = "see_subject_request"
ANSWER: Final = "answer_subject_request"

_NEWEST: Final = (
    "SELECT id FROM r_subject_request WHERE retracted IS NULL"
    " ORDER BY done_at IS NOT NULL, coalesce(due_at, received_at) DESC, id DESC LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One line without a word of the request: who took it down is a staff id; `due_at` is of the next step (UTC ms,
    None when nothing is owed any more)."""

    id: str
    wish: str
    stage: Stage
    due_at: int | None
    received_at: int
    received_by: str


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request whole, and whether the person for whom it is read may answer it."""

    request: SubjectRequest
    stage: Stage
    may_answer: bool


def request_rows(connection: Connection) -> tuple[RequestRow, ...]:
    """What waits, the first due in front; then what is over, the newest in front. Only what the person may see."""
    sight = sight_of(connection)
    ids = [str(row[0]) for row in connection.exec_driver_sql(_NEWEST, (MOST,))]
    kind = KINDS["subject_request"]
    found: list[RequestRow] = []
    for row in sql.select_in(connection, tables.records[kind.name], "id", ids):
        one: SubjectRequest = kind.make(row["id"], values_of(kind, dict(row)))
        asked = thing_of(one.id, one.centre or "", one.received_by or "")
        if sight is not None and sight.may(SEE, asked) not in SHOWN:
            continue
        found.append(
            RequestRow(
                one.id, one.wish or "", stage_of(one), due_of(one), one.received_at or 0, one.received_by or ""
            )
        )
    found.sort(key=lambda row: (row.due_at is None, row.due_at or -row.received_at, row.id))
    return tuple(found)


def request_view(connection: Connection, request_id: str) -> RequestView | None:
    """One request, or None where it is not here or the person may not see it."""
    stored = read.one(connection, "subject_request", request_id)
    if stored is None or stored.retracted is not None:
        return None
    one: SubjectRequest = stored.record
    sight = sight_of(connection)
    asked = thing_of(one.id, one.centre or "", one.received_by or "")
    if sight is not None and sight.may(SEE, asked) not in SHOWN:
        return None
    return RequestView(one, stage_of(one), sight is None or sight.may(ANSWER, asked) in SHOWN)
