"""A referral to the local network, and the log of attempts to reach it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_P2 = DataClass.P2
_P3 = DataClass.P3


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """To whom a case was passed on. `to_kind` is a code of `referral_agency_kind`; status one of draft, sent,
    received, accepted, rejected, done, revoked."""

    id: str
    case_id: str | None = declare(Merge.APPEND, _P2, indexed=True)
    to_kind: str | None = declare(Merge.FACT, _P2)
    to_name: str | None = declare(Merge.FACT, _P2)
    method: str | None = declare(Merge.FACT, _P2)
    legal_basis: str | None = declare(Merge.FACT, _P2)
    made_at: int | None = declare(Merge.APPEND, _P2, Column.INTEGER)
    made_by: str | None = declare(Merge.APPEND, _P2)
    sent_at: int | None = declare(Merge.RESPONSIBILITY, _P2, Column.INTEGER)
    status: str | None = declare(Merge.RESPONSIBILITY, _P2, indexed=True)
    reply_due: int | None = declare(Merge.FACT, _P2, Column.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to reach the receiver of a referral: the local reply is the bottleneck, so each try is logged.

    `result` is a code of `attempt_result`.
    """

    id: str
    referral_id: str | None = declare(Merge.APPEND, _P2, indexed=True)
    case_id: str | None = declare(Merge.APPEND, _P2, indexed=True)
    at: int | None = declare(Merge.APPEND, _P2, Column.INTEGER)
    by: str | None = declare(Merge.APPEND, _P2)
    result: str | None = declare(Merge.APPEND, _P2)
    call_again_at: int | None = declare(Merge.APPEND, _P2, Column.INTEGER)
    remark: str | None = declare(Merge.APPEND, _P3)
