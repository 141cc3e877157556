"""The whole table of permissions, written by hand from the hotline's matrix and never from roles.toml.

Four letters a cell: what a person may do with a thing of their own, of their centre, of another centre of
their region, and of elsewhere. A allowed, M masked, L after one logged key, R with a reason, 2 with a second
person, - not at all.
Columns: counsellor, shift lead, regional lead, therapist, national analyst, IT, inspector.
"""

from __future__ import annotations

from typing import Final

ROLES: Final = ("counsellor", "shift_lead", "regional_lead", "therapist", "analyst", "it_admin", "inspector")
STATES: Final = ("own", "centre", "region", "elsewhere")

PLAIN: Final = {
    "log_call": "AA-- AA-- AAA- ---- ---- ---- ----",
    "see_queue": "MM-- AA-- AAA- ---- ---- ---- ----",
    "open": "A--- AA-- AAA- A--- ---- ---- ----",
    "open_restricted": "A--- RR-- RRR- A--- ---- ---- ----",
    "unmask": "L--- RR-- RRR- A--- ---- ---- ----",
    "search": "MM-- AA-- AAA- A--- ---- ---- ----",
    "search_restricted": "A--- A--- A--- A--- ---- ---- ----",
    "write": "A--- AA-- AAA- A--- ---- ---- ----",
    "append": "AA-- AA-- AAA- A--- ---- ---- ----",
    "write_restricted": "A--- A--- A--- A--- ---- ---- ----",
    "assign": "A--- AA-- AAA- ---- ---- ---- ----",
    "resolve": "A--- AA-- AAA- A--- ---- ---- ----",
    "break_glass": "RRRR RRRR RRRR RRRR ---- ---- ----",
    "review_break_glass": "---- ---- AAA- ---- ---- ---- AAAA",
    "print_case": "A--- AA-- AAA- A--- ---- ---- ----",
    "export_deidentified": "---- ---- AAA- ---- AAAA ---- AAAA",
    "export_lists": "---- MM-- MMM- ---- ---- ---- MMMM",
    "export_identifiable": "---- ---- 222- ---- ---- ---- 2222",
    "propose_erasure": "---- AA-- AAA- ---- ---- ---- ----",
    "erase": "---- ---- 222- ---- ---- ---- 2222",
    "see_report": "AA-- AA-- AAA- A--- AAAA ---- AAAA",
    "take_subject_request": "AA-- AA-- AAA- A--- ---- ---- AAAA",
    "see_subject_request": "A--- AA-- AAA- A--- ---- ---- AAAA",
    "answer_subject_request": "---- ---- AAA- ---- ---- ---- AAAA",
    "therapy_note": "M--- MM-- MMM- A--- ---- ---- ----",
    "therapy_write": "---- ---- ---- A--- ---- ---- ----",
    "therapy_search": "---- ---- ---- A--- ---- ---- ----",
    "reset_staff": "---- 22-- ---- ---- ---- ---- ----",
    "assign_role": "---- ---- AAA- ---- ---- ---- ----",
    "let_go": "---- AA-- AAA- ---- ---- ---- ----",
    "see_staff": "---- AA-- AAA- ---- ---- ---- AAAA",
    "prepare_device": "---- ---- ---- ---- ---- AAAA ----",
    "approve_device": "---- AA-- AAA- ---- ---- ---- ----",
    "revoke_device": "---- ---- AAA- ---- ---- AAAA ----",
    "see_devices": "---- AA-- AAA- ---- ---- AAAA AAAA",
    "settings": "---- ---- ---- ---- ---- AAAA ----",
    "read_audit": "A--- AA-- AAA- A--- ---- ---- AAAA",
    "read_technical_log": "---- ---- ---- ---- ---- AAAA AAAA",
}

RESTRICTED: Final = {
    "open": "A--- RR-- RRR- A--- ---- ---- ----",
    "unmask": "L--- RR-- RRR- A--- ---- ---- ----",
    "search": "A--- A--- A--- A--- ---- ---- ----",
    "write": "A--- A--- A--- A--- ---- ---- ----",
    "append": "A--- A--- A--- A--- ---- ---- ----",
    "assign": "A--- AA-- AAA- ---- ---- ---- ----",
    "resolve": "A--- A--- A--- A--- ---- ---- ----",
    "break_glass": "RRRR RRRR RRRR RRRR ---- ---- ----",
    "review_break_glass": "---- ---- AAA- ---- ---- ---- AAAA",
    "print_case": "A--- A--- A--- A--- ---- ---- ----",
    "export_identifiable": "---- ---- 222- ---- ---- ---- 2222",
    "propose_erasure": "---- AA-- AAA- ---- ---- ---- ----",
    "erase": "---- ---- 222- ---- ---- ---- 2222",
    "take_subject_request": "AA-- AA-- AAA- A--- ---- ---- AAAA",
    "answer_subject_request": "---- ---- AAA- ---- ---- ---- AAAA",
    "see_report": "AA-- AA-- AAA- A--- AAAA ---- AAAA",
    "read_audit": "A--- AA-- AAA- A--- ---- ---- AAAA",
}
"""On something restricted; what is not here may nobody do."""

BEHIND_THE_WALL: Final = {
    "open": "M--- MM-- MMM- A--- ---- ---- ----",
    "search": "---- ---- ---- A--- ---- ---- ----",
    "write": "---- ---- ---- A--- ---- ---- ----",
    "append": "---- ---- ---- A--- ---- ---- ----",
    "resolve": "---- ---- ---- A--- ---- ---- ----",
    "unmask": "---- ---- ---- A--- ---- ---- ----",
    "print_case": "---- ---- ---- A--- ---- ---- ----",
    "see_report": "---- ---- ---- A--- ---- ---- ----",
    "read_audit": "A--- AA-- AAA- A--- ---- ---- AAAA",
    "erase": "---- ---- 222- ---- ---- ---- 2222",
    "take_subject_request": "AA-- AA-- AAA- A--- ---- ---- AAAA",
    "answer_subject_request": "---- ---- AAA- ---- ---- ---- AAAA",
}
"""On something of the therapy book; what is not here may nobody do."""

THE_REGISTER: Final = {
    "open": "A--- AA-- AAA- A--- ---- ---- AAAA",
    "write": "AA-- AA-- AAA- A--- ---- ---- AAAA",
    "read_audit": "A--- AA-- AAA- A--- ---- ---- AAAA",
    "take_subject_request": "AA-- AA-- AAA- A--- ---- ---- AAAA",
    "see_subject_request": "A--- AA-- AAA- A--- ---- ---- AAAA",
    "answer_subject_request": "---- ---- AAA- ---- ---- ---- AAAA",
}
"""On a request of a data subject; what is not here may nobody do."""

NOBODY: Final = "---- ---- ---- ---- ---- ---- ----"


def expected(table: dict[str, str], action: str, role: str, state: str) -> str:
    """One letter of a table."""
    return table.get(action, NOBODY).split()[ROLES.index(role)][STATES.index(state)]
