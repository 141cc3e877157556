"""A request of a data subject: to see, correct, erase or restrict what is kept about them or about their child."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_SAID = Merge.APPEND
_FACT = Merge.FACT
_RULED = Merge.RESPONSIBILITY
_P1 = DataClass.P1
_P2 = DataClass.P2
_P3 = DataClass.P3


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRequest:
    """One line of the register. Its scope is its own (`request:<id>`), of the centre that took it down.

    `wish` is a code of list `data_request`; `answer` one of `domain.rules.subject_requests.ANSWERS`, with its reason
    in `answer_words`. `asker` acts for themselves or as representative (`relation`); `known_by` says how it was made
    sure who asks; `code` names the file as the asker knows it. `shared`: third parties hold the data too. `due_at`
    (reply) and `carry_due_at` (carrying it out) are counted by rule from `received_at`; times are UTC ms.
    """

    id: str
    wish: str | None = declare(_SAID, _P1, indexed=True)
    centre: str | None = declare(_SAID, _P1, indexed=True)
    received_at: int | None = declare(_SAID, _P1, Column.INTEGER)
    received_by: str | None = declare(_SAID, _P1)
    due_at: int | None = declare(_SAID, _P1, Column.INTEGER, indexed=True)
    carry_due_at: int | None = declare(_FACT, _P1, Column.INTEGER)
    shared: bool | None = declare(_FACT, _P1, Column.BOOLEAN)
    asker: str | None = declare(_FACT, _P2)
    relation: str | None = declare(_FACT, _P2)
    reach: str | None = declare(_FACT, _P2)
    code: str | None = declare(_FACT, _P2)
    words: str | None = declare(Merge.LONG_TEXT, _P3)
    known_by: str | None = declare(_FACT, _P2)
    known_at: int | None = declare(_RULED, _P1, Column.INTEGER)
    known_staff: str | None = declare(_RULED, _P1)
    answer: str | None = declare(_RULED, _P1)
    answer_words: str | None = declare(Merge.LONG_TEXT, _P3)
    decided_by: str | None = declare(_RULED, _P1)
    decided_at: int | None = declare(_RULED, _P1, Column.INTEGER)
    extended_by: str | None = declare(_RULED, _P1)
    extended_why: str | None = declare(Merge.LONG_TEXT, _P3)
    answered_how: str | None = declare(_FACT, _P2)
    answered_by: str | None = declare(_RULED, _P1)
    answered_at: int | None = declare(_RULED, _P1, Column.INTEGER)
    done_by: str | None = declare(_RULED, _P1)
    done_at: int | None = declare(_RULED, _P1, Column.INTEGER)
