"""The history of one call: who gave it which outcome, when, where; who took it back; what the exchange said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from desktop.store.reads_call import call_row
from desktop.store.reads_history import Step, steps_of
from domain.rules.privacy import masks
from sync.operation import Placed
from sync.replica import read

KIND: Final = "call"

TOLD: Final = frozenset({"outcome", "number", "receiver", "seat", "centre", "ring_at", "answer_at", "end_at"})
"""Fields that say something to a person; the others are names of the exchange, or how an outcome was pressed."""


def history_of_call(
    connection: Connection, call_id: str, told: Sequence[Placed] = ()
) -> tuple[Step, ...] | None:
    """Steps of a call, newest first; None where the person may not see its row. Its number is masked until the logged
    step, as in the list. `told`: operations of it from a server's log."""
    row, stored = call_row(connection, call_id), read.one(connection, KIND, call_id)
    if row is None or stored is None:
        return None
    steps, _ = steps_of(connection, {call_id: stored}, told)
    found = tuple(step for step in steps if step.field in TOLD)
    return found if row.unmasked else tuple(_masked(step) for step in found)


def scope_of_call(connection: Connection, call_id: str) -> str:
    """The scope a call lies in; empty where there is none."""
    stored = read.one(connection, KIND, call_id)
    return stored.scope if stored is not None else ""


def _masked(step: Step) -> Step:
    if step.field != "number":
        return step
    before = masks.phone(step.before) if step.before else step.before
    return replace(step, before=before, after=masks.phone(step.after) if step.after else step.after)
