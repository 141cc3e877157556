"""What a person does on a case: writes notes, passes it on, logs each try to reach the receiver, decides."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from desktop.operations.intake import set_fields
from desktop.operations.values import check_codes, clean, ranks_of
from desktop.store import drafts
from desktop.store.troubles import NotFound
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.ids import derived_id
from domain.records.clock_record import ClockRecord
from domain.records.note import Note
from domain.records.referral import Attempt, Referral
from domain.rules.clocks import FORWARD, REFERRAL_REPLY
from domain.text import nfc
from sync.act import Act
from sync.merge import FieldState
from sync.replica import read
from sync.replica.read import Stored

__all__ = ["TRANSFERS", "add_note", "add_referral", "log_attempt", "resolve", "set_fields"]

TRANSFERS: Final = frozenset({"spoke", "verified", "handed_over"})
"""Results of list `attempt_result` by which the information really was passed on: they stop the clock of NĐ
56/2017 Đ.26.1 (hotline.md §6)."""

_STATUS: Final = {"spoke": "received", "verified": "accepted", "handed_over": "received", "refused": "rejected"}


def add_note(
    text: str,
    case_id: str | None = None,
    contact_id: str | None = None,
    corrects: str | None = None,
    draft_id: str | None = None,
) -> Operation[str]:
    """Append a note to a case or a file; a correction names the note it corrects. Answers its id.

    The draft goes in the same transaction: a desk that dies then never offers a saved note again. Raises NotFound,
    and ValueError for an empty text or when neither case nor file is named.
    """

    def operation(uow: UnitOfWork) -> str:
        words = nfc(text).strip()
        if not words:
            raise ValueError("a note has words")
        scope, contact = _place(uow, case_id, contact_id)
        note = Note(
            id=uow.new_id(),
            case_id=case_id,
            contact_id=contact,
            text=words,
            author=uow.staff,
            written_at=uow.now_ms,
            corrects=corrects,
        )
        act = uow.act()
        act.create(scope, note)
        uow.write(act)
        if draft_id is not None:
            drafts.drop(uow.connection, draft_id)
        return note.id

    return operation


def add_referral(
    case_id: str, to_kind: str, to_name: str = "", *, method: str = "phone", legal_basis: str = ""
) -> Operation[str]:
    """Pass a case on: a referral that is a draft until a try reached its receiver. Answers its id.

    Raises UnknownCode, NotFound.
    """

    def operation(uow: UnitOfWork) -> str:
        given = clean({"to_kind": to_kind, "to_name": to_name, "method": method, "legal_basis": legal_basis})
        check_codes(given, uow.reference)
        scope, _ = _place(uow, case_id, None)
        referral = Referral(
            id=uow.new_id(), case_id=case_id, made_at=uow.now_ms, made_by=uow.staff, status="draft", **given
        )
        act = uow.act()
        act.create(scope, referral)
        uow.write(act)
        return referral.id

    return operation


def log_attempt(
    referral_id: str, result: str, remark: str = "", call_again_at: int | None = None
) -> Operation[str]:
    """Log one try to reach the receiver (time of calling again: UTC ms). Answers its id.

    The first try that really passed the information on stops the forwarding clocks of the case and starts
    that of the reply. Raises UnknownCode, NotFound.
    """

    def operation(uow: UnitOfWork) -> str:
        given = clean({"result": result, "remark": remark})
        check_codes(given, uow.reference)
        referral = uow.read("referral", referral_id)
        if referral is None:
            raise NotFound
        act = uow.act()
        attempt = Attempt(
            id=uow.new_id(),
            referral_id=referral_id,
            case_id=referral.record.case_id,
            at=uow.now_ms,
            by=uow.staff,
            call_again_at=call_again_at,
            **given,
        )
        act.create(referral.scope, attempt)
        put: dict[str, Any] = {}
        if given["result"] in _STATUS and referral.record.status in ("draft", "sent"):
            put["status"] = _STATUS[given["result"]]
        if given["result"] in TRANSFERS and referral.record.sent_at is None:
            put["sent_at"] = uow.now_ms
            put["reply_due"] = _reply_clock(uow, act, referral)
            _stop_forwarding(uow, act, referral, given["result"])
        act.change("referral", referral_id, referral.scope, referral.state, put)
        uow.write(act)
        return attempt.id

    return operation


def resolve(
    kind: str, record_id: str, field: str, value: Any, seen: Collection[str] | None = None
) -> Operation[None]:
    """A person decides between versions of one field; every other version is superseded. `seen`: the versions they
    looked at, for what came since was not decided on and stays beside the decision. Raises NotFound."""

    def operation(uow: UnitOfWork) -> None:
        known = uow.read(kind, record_id)
        if known is None:
            raise NotFound
        act = uow.act()
        rank = ranks_of(kind, {field: value}).get(field, 0)
        held = known.state.get(field, FieldState())
        heads = {one: head for one, head in held.heads.items() if seen is None or one in seen}
        act.resolve(kind, record_id, known.scope, {field: FieldState(heads)}, field, value, rank)
        uow.write(act)

    return operation


def _place(uow: UnitOfWork, case_id: str | None, contact_id: str | None) -> tuple[str, str | None]:
    """Scope of a case or a file, and the file's id."""
    if case_id is not None:
        case = uow.read("case", case_id)
        if case is None:
            raise NotFound
        return case.scope, case.record.contact_id
    if contact_id is None:
        raise ValueError("a note belongs to a case or to a file")
    contact = uow.read("contact", contact_id)
    if contact is None:
        raise NotFound
    return contact.scope, contact_id


def _reply_clock(uow: UnitOfWork, act: Act, referral: Stored) -> int | None:
    spec = uow.reference.clock_rules.spec(REFERRAL_REPLY, uow.now_ms, uow.reference.calendar)
    if spec is None:
        return None
    record = ClockRecord(
        id=derived_id("clock", referral.id, spec.rule),
        case_id=referral.record.case_id,
        rule=spec.rule,
        start_at=spec.start,
        due_at=spec.due,
        warnings=spec.warnings,
    )
    act.create(referral.scope, record)
    return spec.due


def _stop_forwarding(uow: UnitOfWork, act: Act, referral: Stored, result: str) -> None:
    for clock in read.where(uow.connection, "clock", "case_id", referral.record.case_id):
        if clock.record.rule == FORWARD and clock.record.stopped_at is None:
            stop = {"stopped_at": uow.now_ms, "reason": f"transfer:{result}"}
            act.change("clock", clock.id, clock.scope, clock.state, stop)
