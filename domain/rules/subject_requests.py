"""The law's clock of a data subject's request, its steps, and what the engine has to know of one. Pure.

Nghị định 356/2025/NĐ-CP (under Luật 91/2025/QH15): an answer within 2 working days; processing stopped within 15
days, 20 where third parties must stop too; one extension of at most 15 days; other rights within 10 to 20 days, of
which the shortest is taken here. The figures stand in `resources/calendar/clock_rules.csv` and wait for a lawyer.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from domain.clock import DAY
from domain.records.subject_request import SubjectRequest
from domain.rules.calendar import WorkingCalendar
from domain.rules.clocks import SUBJECT_OTHER, SUBJECT_REQUEST, SUBJECT_STOP, SUBJECT_STOP_SHARED, ClockRules
from domain.rules.privacy.engine import Thing
from domain.rules.privacy.policy import REQUESTS

LIST: Final = "data_request"
GRANTED, PARTLY, REFUSED = "granted", "partly", "refused"
ANSWERS: Final = (GRANTED, PARTLY, REFUSED)
STOPPING: Final = frozenset({"restriction", "objection", "withdrawal"})
"""Codes of `data_request` that ask for processing to stop."""
EXTENSION_MS: Final = 15 * DAY
"""The one extension that may be taken, at most."""


class Stage(StrEnum):
    """How far it has come; each is the next one's condition, but a refusal needs no identity and ends answered."""

    RECEIVED = "received"
    KNOWN = "known"
    DECIDED = "decided"
    ANSWERED = "answered"
    OVER = "over"


def stage_of(request: SubjectRequest) -> Stage:
    """How far it has come."""
    if request.done_at is not None or (request.answered_at is not None and request.answer == REFUSED):
        return Stage.OVER
    if request.answered_at is not None:
        return Stage.ANSWERED
    if request.decided_at is not None:
        return Stage.DECIDED
    return Stage.KNOWN if request.known_at is not None else Stage.RECEIVED


def due_of(request: SubjectRequest) -> int | None:
    """When the next step is due (UTC ms): the answer, then the carrying out; None when nothing is owed any more."""
    stage = stage_of(request)
    if stage is Stage.OVER:
        return None
    return request.carry_due_at if stage is Stage.ANSWERED else request.due_at


def reply_due(received_at: int, rules: ClockRules, calendar: WorkingCalendar) -> int:
    """The end (UTC ms) of the last day on which the answer is in time. Raises KeyError where no rule says so."""
    return _due(SUBJECT_REQUEST, received_at, rules, calendar)


def carry_due(wish: str, shared: bool, received_at: int, rules: ClockRules, calendar: WorkingCalendar) -> int:
    """The end (UTC ms) of the last day on which it is carried out in time. Raises KeyError where no rule says so."""
    stop = SUBJECT_STOP_SHARED if shared else SUBJECT_STOP
    return _due(stop if wish in STOPPING else SUBJECT_OTHER, received_at, rules, calendar)


def thing_of(request_id: str, centre: str, received_by: str) -> Thing:
    """A request as the engine sees it: whose centre's, worked on by who took it down, in a book behind a wall."""
    return Thing(centre, frozenset({received_by} - {""}), request_id, REQUESTS, restricted=True)


def _due(name: str, start: int, rules: ClockRules, calendar: WorkingCalendar) -> int:
    spec = rules.spec(name, start, calendar)
    if spec is None:
        raise KeyError(name)
    return spec.due
