"""Frozen rows for the screens, read on a reader's connection; each from the room it belongs to."""

from desktop.store.reads_call import (
    CallerHistory,
    CallRow,
    alerts_of,
    call_row,
    caller_history,
    calls_by_hand,
    calls_missed,
    calls_today,
    calls_unclassified,
    counts_today,
    other_exchange,
    silent_calls,
)
from desktop.store.reads_case import CaseRow, CaseView, case_view, cases_open
from desktop.store.reads_file import ContactView, PersonRow, TimelineEntry, contact_view
from desktop.store.reads_road import RoadView, road_view

__all__ = [
    "CallRow",
    "CallerHistory",
    "CaseRow",
    "CaseView",
    "ContactView",
    "PersonRow",
    "RoadView",
    "TimelineEntry",
    "alerts_of",
    "call_row",
    "caller_history",
    "calls_by_hand",
    "calls_missed",
    "calls_today",
    "calls_unclassified",
    "case_view",
    "cases_open",
    "contact_view",
    "counts_today",
    "other_exchange",
    "road_view",
    "silent_calls",
]
