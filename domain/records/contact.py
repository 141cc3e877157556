"""A contact: one consulted file ("ca tư vấn"), from a call, a letter, the press, a dispatch or App 111."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_P2 = DataClass.P2
_P3 = DataClass.P3


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One consulted file. It founds a dossier scope; the case that grows from it keeps that scope.

    `received_at` (UTC ms) is the legal zero of every clock (NĐ 56/2017 Đ.26) and is never the time of sync.
    Codes: line `hotline_line`, channels `contact_channel`, topics `counselling_topic`, caller `caller_kind`,
    urgency `urgency`, language `languages`. Places are a pair (set, code): a code alone is no key.
    """

    id: str
    code: str | None = declare(Merge.FACT, _P2, indexed=True)
    second_code: str | None = declare(Merge.FACT, _P2, indexed=True)
    call_id: str | None = declare(Merge.FACT, _P2, indexed=True)
    line: str | None = declare(Merge.FACT, _P2)
    primary_channel: str | None = declare(Merge.FACT, _P2, indexed=True)
    secondary_channels: tuple[str, ...] = declare(Merge.SET, _P2, Column.JSON, default=())
    received_at: int | None = declare(Merge.APPEND, _P2, Column.INTEGER, indexed=True)
    receiver: str | None = declare(Merge.APPEND, _P2)
    on_behalf_of: str | None = declare(Merge.FACT, _P2)
    centre: str | None = declare(Merge.RESPONSIBILITY, _P2)
    seat: str | None = declare(Merge.APPEND, _P2)
    caller_kind: str | None = declare(Merge.FACT, _P2)
    topics: tuple[str, ...] = declare(Merge.SET, _P2, Column.JSON, default=())
    in_depth: bool | None = declare(Merge.FACT, _P2, Column.BOOLEAN)
    urgency: str | None = declare(Merge.SAFETY, _P2)
    actions: tuple[str, ...] = declare(Merge.SET, _P2, Column.JSON, default=())
    province_set: str | None = declare(Merge.FACT, _P2)
    province: str | None = declare(Merge.FACT, _P2)
    commune_set: str | None = declare(Merge.FACT, _P2)
    commune: str | None = declare(Merge.FACT, _P2)
    language: str | None = declare(Merge.FACT, _P2)
    needs_interpreter: bool | None = declare(Merge.FACT, _P2, Column.BOOLEAN)
    confidential: bool | None = declare(Merge.SAFETY, _P2, Column.BOOLEAN)
    may_call_back: bool | None = declare(Merge.SAFETY, _P2, Column.BOOLEAN)
    safe_time: str | None = declare(Merge.SAFETY, _P2)
    campaign: str | None = declare(Merge.FACT, _P2)
    form: str | None = declare(Merge.FACT, _P2)
    summary: str | None = declare(Merge.LONG_TEXT, _P3)
    child_safe_now: str | None = declare(Merge.SAFETY, _P3)
    child_whereabouts: str | None = declare(Merge.SAFETY, _P3)
    happened_when: str | None = declare(Merge.FACT, _P3)
    annex: str | None = declare(Merge.LONG_TEXT, _P3)
