"""What stands between a person and a value: a caller to be verified first, a mask and the condition it goes on."""

from __future__ import annotations

from sqlalchemy import Connection

from desktop.store.sight import sight_of
from domain.rules.privacy import Decision

CALL = "call"
CONTACT = "contact"


def waits_for_caller(connection: Connection, case_id: str | None, contact_id: str | None) -> str:
    """The file (its contact's id) that the person may open and does not see because a call is at the ear whose caller
    was not verified for it; empty where nothing of that kind stands in the way."""
    sight = sight_of(connection)
    if sight is None:
        return ""
    found = _file_of(connection, case_id, contact_id)
    waits = found and found in sight.may_open([found]) and sight.waits_for_caller(found)
    return found if found and waits else ""


def reason_owed(connection: Connection, case_id: str | None, contact_id: str | None) -> str:
    """The file (its contact's id) that the person may open once a reason is given; empty where that is not what
    stands in the way."""
    sight = sight_of(connection)
    found = _file_of(connection, case_id, contact_id)
    return found if sight is not None and found and found in sight.owe_reason([found]) else ""


def _file_of(connection: Connection, case_id: str | None, contact_id: str | None) -> str:
    if case_id is None:
        return contact_id or ""
    asked = "SELECT contact_id FROM r_case WHERE id = ?"
    return str(connection.exec_driver_sql(asked, (case_id,)).scalar() or "")


def unmask_decision(connection: Connection, kind: str, record: str) -> Decision:
    """On which condition the person may have the masked values of this call or file shown."""
    sight = sight_of(connection)
    if sight is None:
        return Decision.ALLOWED
    if kind == CONTACT:
        return sight.unmask_of_file(record) if sight.opens([record]) else Decision.NONE
    asked = "SELECT centre, receiver, contact_id FROM r_call WHERE id = ?"
    row = connection.exec_driver_sql(asked, (record,)).mappings().first()
    return Decision.NONE if row is None else sight.unmask_of_call(dict(row))
