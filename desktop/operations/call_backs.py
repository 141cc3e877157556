"""A promised call-back: an item of the queue as soon as the outcome stands, its safe time and words after it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from desktop.store import drafts
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.ids import derived_id
from domain.records.call import UNCLASSIFIED, Call
from domain.records.queue import Incoming, QueueItem
from sync.act import Act
from sync.replica import scopes

CALL_BACK: Final = "callback_scheduled"
OUTBOUND_CHANNEL: Final = "outbound_call"
"""Code of `contact_channel` under which a promised call-back waits in the queue."""
WITHDRAWN: Final = "no_longer_promised"
"""Why a call-back waits no more whose outcome was taken back or changed: no file of that call brings it back."""
FORM: Final = "call_back"
"""What the draft of an unfinished answer is called."""


class How(StrEnum):
    """What came of an answer."""

    KEPT = "kept"
    OTHER_TIME = "other_time"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Told:
    """`due_at` (UTC ms): the time that stands now. Nothing was written unless KEPT: OTHER_TIME where it was changed
    elsewhere since it was shown, GONE where the promise waits no more."""

    how: How
    due_at: int | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """A call-back that waits, as its question shows it; `words` only where they may be shown."""

    item_id: str
    due_at: int | None = None
    words: str = ""


def promise_of(call_id: str) -> str:
    """Id of the item in which the call-back promised in this call waits."""
    return derived_id("queue_item", CALL_BACK, call_id)


def draft_of(item_id: str, staff: str) -> str:
    """Id of the draft of this person's unfinished answer."""
    return derived_id("draft", FORM, staff, item_id)


def promise(act: Act, uow: UnitOfWork, call_id: str, number: str | None) -> None:
    """The promised call-back as an item of the queue, once a call. The queue shows it while the call's outcome says
    so: an undone outcome leaves no promise behind. Promised anew it waits anew, and its time is asked anew."""
    known = uow.read("queue_item", promise_of(call_id))
    if known is not None:
        begun_anew(act, uow, call_id)
        waits = dict.fromkeys(("done_at", "done_by", "done_why"))
        act.change("queue_item", known.id, known.scope, known.state, waits)
        return
    centre = uow.seat.centre
    item = QueueItem(
        id=promise_of(call_id),
        channel=OUTBOUND_CHANNEL,
        centre=centre,
        arrived_at=uow.now_ms,
        entered_by=uow.staff,
        call_id=call_id,
        number=number,
    )
    act.create(scopes.centre(centre), item)


def withdraw(act: Act, uow: UnitOfWork, call_id: str) -> None:
    """The outcome was taken back, or another one says that nobody is to be called back."""
    known = uow.read("queue_item", promise_of(call_id))
    if known is not None and known.record.done_at is None:
        gone = {"done_at": uow.now_ms, "done_by": uow.staff, "done_why": WITHDRAWN}
        act.change("queue_item", known.id, known.scope, known.state, gone)


def stands_again(act: Act, uow: UnitOfWork, call_id: str) -> None:
    """What withdrew it was a slip: it waits with its time and words as before."""
    known = uow.read("queue_item", promise_of(call_id))
    if known is not None and known.record.done_why == WITHDRAWN:
        waits = dict.fromkeys(("done_at", "done_by", "done_why"))
        act.change("queue_item", known.id, known.scope, known.state, waits)


def begun_anew(act: Act, uow: UnitOfWork, call_id: str) -> None:
    """The outcome was undone, or is given again: time, words and the unfinished answer go with it."""
    item_id = promise_of(call_id)
    drafts.drop(uow.connection, draft_of(item_id, uow.staff))
    for kind, name in (("queue_item", "due_at"), ("incoming", "body")):
        known = uow.read(kind, item_id)
        if known is not None:
            act.change(kind, known.id, known.scope, known.state, {name: None})


def agree(shown: Promise, due_at: int | None, words: str) -> Operation[Told]:
    """The caller's safe time (UTC ms; None: still none) and how to call safely; `shown` is what stood there when this
    was asked. Its header carries the time for every desk of the centre, a scope of its own the words, as those of a
    letter: they are read with "Đọc". Words that stand there unseen stay above these."""

    def operation(uow: UnitOfWork) -> Told:
        item = uow.read("queue_item", shown.item_id)
        call = uow.read("call", item.record.call_id) if item is not None and item.record.call_id else None
        if item is None or call is None or not _stands(item.record, call.record):
            return Told(How.GONE)
        there = item.record.due_at
        if there not in (shown.due_at, due_at):
            return Told(How.OTHER_TIME, there)
        act = uow.act()
        act.change("queue_item", item.id, item.scope, item.state, {"due_at": due_at})
        _put_words(act, uow, shown, words.strip())
        uow.write(act)
        drafts.drop(uow.connection, draft_of(item.id, uow.staff))
        return Told(How.KEPT, due_at)

    return operation


def _stands(item: QueueItem, call: Call) -> bool:
    """As `reads_queue` finds it: a call that became a file still owes its call-back."""
    filed = call.contact_id is not None and call.outcome != UNCLASSIFIED
    return item.done_at is None and item.contact_id is None and (call.outcome == CALL_BACK or filed)


def _put_words(act: Act, uow: UnitOfWork, shown: Promise, words: str) -> None:
    known = uow.read("incoming", shown.item_id)
    if known is None:
        if words:
            act.create(scopes.dossier(shown.item_id), Incoming(id=shown.item_id, body=words))
        return
    there = said_words(known)
    if there != shown.words:
        words = "\n".join(dict.fromkeys(filter(None, (there, words))))
    act.change("incoming", known.id, known.scope, known.state, {"body": words or None})


def said_words(incoming: Any) -> str:
    """How to call safely, as every desk said it: two that wrote without a line both stand, none is hidden."""
    held = incoming.state.get("body")
    texts = [held.heads[version].value for version in sorted(held.heads)] if held is not None else []
    return "\n".join(dict.fromkeys(text for text in texts if text))
