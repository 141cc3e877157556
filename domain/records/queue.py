"""What waits to be read and worked on beside the telephone: App 111, letters, press, dispatches, call-backs."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_SAID = Merge.APPEND
_P2 = DataClass.P2
_P3 = DataClass.P3


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """The header of one item of the queue, without name and words: every desk of the centre may list it.

    `channel` is a code of `contact_channel`, `outbound_call` for a promised call-back (then `call_id` and `number`
    say whom). Times are UTC ms; `due_at` is when the sender was promised an answer, if at all; of a call-back the
    time at which the caller said it is safe. `contact_id` is the file it became; `done_at` also stands where it
    needed none (`done_why`).
    """

    id: str
    channel: str | None = declare(_SAID, _P2, indexed=True)
    centre: str | None = declare(Merge.RESPONSIBILITY, _P2)
    arrived_at: int | None = declare(_SAID, _P2, Column.INTEGER, indexed=True)
    due_at: int | None = declare(Merge.RESPONSIBILITY, _P2, Column.INTEGER)
    urgency: str | None = declare(Merge.SAFETY, _P2)
    province_set: str | None = declare(Merge.FACT, _P2)
    province: str | None = declare(Merge.FACT, _P2)
    entered_by: str | None = declare(_SAID, _P2)
    call_id: str | None = declare(_SAID, _P2, indexed=True)
    number: str | None = declare(_SAID, _P2)
    contact_id: str | None = declare(Merge.FACT, _P2, indexed=True)
    done_at: int | None = declare(Merge.FACT, _P2, Column.INTEGER, indexed=True)
    done_by: str | None = declare(Merge.FACT, _P2)
    done_why: str | None = declare(Merge.FACT, _P2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """The words of a letter, a press article or a dispatch as they arrived, or what a caller said of calling back
    safely (`body`); its id is that of its queue item.

    `reference` is the sender's own register number or address of the article, `dated` the date on it (ISO).
    """

    id: str
    sender: str | None = declare(_SAID, _P3)
    reference: str | None = declare(_SAID, _P3)
    dated: str | None = declare(_SAID, _P3)
    body: str | None = declare(_SAID, _P3)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppReport:
    """A report that arrived through App 111; its id is that of its queue item.

    `sender_kind` is a code of `caller_kind`; `token` is the mark by which the sender sees how it goes on, and says
    nothing of anybody.
    """

    id: str
    sender_kind: str | None = declare(_SAID, _P3)
    sender_name: str | None = declare(_SAID, _P3)
    number: str | None = declare(_SAID, _P3)
    place: str | None = declare(_SAID, _P3)
    body: str | None = declare(_SAID, _P3)
    token: str | None = declare(_SAID, _P2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A person takes an item of the queue for ten minutes. Claims are records of their own, never a field of it:
    two desks that take one item without a line leave two claims and no conflict, and `domain.rules.queue` names
    the same winner at every desk."""

    id: str
    item_id: str | None = declare(_SAID, _P2, indexed=True)
    staff: str | None = declare(_SAID, _P2)
    seat: str | None = declare(_SAID, _P2)
    at: int | None = declare(_SAID, _P2, Column.INTEGER)
    until: int | None = declare(Merge.RESPONSIBILITY, _P2, Column.INTEGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberAlert:
    """A coded alert on a number, shown on ring without a name (settled 20). `alert` is a code of `number_alert`.

    It ends at `until` (UTC ms); without, it stands until somebody takes the record back with a reason.
    """

    id: str
    number: str | None = declare(_SAID, _P2, indexed=True)
    alert: str | None = declare(_SAID, _P2)
    set_by: str | None = declare(_SAID, _P2)
    set_at: int | None = declare(_SAID, _P2, Column.INTEGER)
    until: int | None = declare(Merge.RESPONSIBILITY, _P2, Column.INTEGER)
