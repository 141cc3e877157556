"""What keeps records or ends them: a legal hold on a file, and a run that proposes what is over and erases it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_SAID = Merge.APPEND
_RULED = Merge.RESPONSIBILITY
_P1 = DataClass.P1


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHold:
    """A file or a data subject's request (`file`: its id) must stay, whatever its period says: written by the centre
    into its own scope. `paper` is the number of the paper that asks for it (court, police, inspection), never a
    person. Times are UTC ms."""

    id: str
    file: str | None = declare(_SAID, _P1, indexed=True)
    paper: str | None = declare(_SAID, _P1)
    set_by: str | None = declare(_SAID, _P1)
    set_at: int | None = declare(_SAID, _P1, Column.INTEGER)
    lifted_by: str | None = declare(_RULED, _P1)
    lifted_at: int | None = declare(_RULED, _P1, Column.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRun:
    """One run at the centre: proposed by the program, agreed to by two people of different names, then erased.

    `items` holds pairs (class of resources/policy/retention.toml, scope of a file or id of a record). `erased` counts
    the records, `seq` is the feed number behind the last of them: a device proven equal there holds none.
    """

    id: str
    centre: str | None = declare(_SAID, _P1, indexed=True)
    proposed_at: int | None = declare(_SAID, _P1, Column.INTEGER)
    items: tuple[object, ...] = declare(_SAID, _P1, Column.JSON, default=())
    first_by: str | None = declare(_RULED, _P1)
    first_at: int | None = declare(_RULED, _P1, Column.INTEGER)
    second_by: str | None = declare(_RULED, _P1)
    second_at: int | None = declare(_RULED, _P1, Column.INTEGER)
    erased: int | None = declare(_RULED, _P1, Column.INTEGER)
    seq: int | None = declare(_RULED, _P1, Column.INTEGER)
    finished_at: int | None = declare(_RULED, _P1, Column.INTEGER)
