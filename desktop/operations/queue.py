"""What a person does with the queue: puts an item in, takes the next, reads it, says that it needs no file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from desktop.operations.call_backs import said_words
from desktop.operations.queue_claims import Standing, State, hold, stands
from desktop.operations.values import ranks_of
from desktop.store import drafts
from desktop.store.reads_queue import QueueRow, every_row
from desktop.store.sight import Sight, Viewer
from desktop.store.troubles import NotFound, UnknownCode
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.queue import AppReport, Incoming, QueueItem
from domain.rules.privacy import Decision, Thing
from domain.rules.queue import Agreed
from sync.replica import scopes
from sync.troubles import Trouble


@dataclass(frozen=True, slots=True)
class Words:
    """What an item says, read only when somebody asks. Lines of (label code, text); `province`: (set, code)."""

    item_id: str
    lines: tuple[tuple[str, str], ...]
    province: tuple[str, str] | None = None


def enter(
    channel: str,
    words: Incoming | AppReport,
    *,
    due_at: int | None = None,
    urgency: str | None = None,
    draft_id: str | None = None,
) -> Operation[str]:
    """Put something that arrived into the queue of this centre: its header for all, its words in a scope of their own
    (`words.id` names both). Answers the item's id. The draft goes in the same transaction.

    Saved again as it is, it stays one item. What arrived is never written over: other words under the same name (a
    draft that outlived its desk and was written on) are an item of their own. Raises UnknownCode.
    """

    def operation(uow: UnitOfWork) -> str:
        if channel not in uow.reference.catalogue["contact_channel"]:
            raise UnknownCode("channel", "Kênh tiếp nhận")
        if draft_id is not None:
            drafts.drop(uow.connection, draft_id)
        kind = "incoming" if isinstance(words, Incoming) else "app_report"
        known, put = uow.read(kind, words.id), words
        if known is not None and known.record == words:
            return words.id
        if known is not None or uow.read("queue_item", words.id) is not None:
            put = replace(words, id=uow.new_id())
        item = QueueItem(
            id=put.id,
            channel=channel,
            centre=uow.seat.centre,
            arrived_at=uow.now_ms,
            due_at=due_at,
            urgency=urgency,
            entered_by=uow.staff,
        )
        act = uow.act()
        ranks = ranks_of("queue_item", {"urgency": urgency}) if urgency else {}
        act.create(scopes.centre(uow.seat.centre), item, ranks=ranks)
        act.create(scopes.dossier(put.id), put)
        uow.write(act)
        return put.id

    return operation


class NotYours(Trouble):
    """The role of this person does not work on the queue."""

    advice = "Vai trò của chị/anh không làm việc với hàng đợi. Chị/anh nhờ trưởng ca."


def check_right(uow: UnitOfWork) -> None:
    """Raises NotYours for one whose role does not see the queue of this centre."""
    viewer = Viewer(uow.staff, uow.seat.centre, uow.reference.policy)
    if Sight(uow.connection, viewer).may("see_queue", Thing(uow.seat.centre)) is Decision.NONE:
        raise NotYours


def take_next() -> Operation[QueueRow | None]:
    """Take the next item that nobody holds, one already held here first; answers it, or None for an empty queue. A
    call-back whose safe time is not near yet is nobody's next: it is taken from the list, by who knows why."""

    def operation(uow: UnitOfWork) -> QueueRow | None:
        check_right(uow)
        chosen = None
        for row in every_row(uow.connection, uow.seat.centre, uow.now_ms):
            if row.held_by == uow.staff and row.held_at_seat == uow.seat.seat_code:
                chosen = row
                break
            if chosen is None and row.held_by is None and row.agreed(uow.now_ms) is not Agreed.AHEAD:
                chosen = row
        if chosen is not None:
            hold(uow, chosen.id)
        return chosen

    return operation


def open_words(item_id: str) -> Operation[Words | Standing]:
    """Read what an item says, and hold it for ten more minutes: who reads works on it. What somebody else holds or
    ended is not read beside them: the answer says how it stands. Raises NotFound, NotYours."""

    def operation(uow: UnitOfWork) -> Words | Standing:
        check_right(uow)
        held = hold(uow, item_id)
        if held.state is not State.MINE:
            return held
        lines: list[tuple[str, str]] = []
        for kind, names in (
            ("incoming", ("sender", "reference", "dated", "body")),
            ("app_report", ("sender_kind", "sender_name", "number", "place", "body")),
        ):
            known = uow.read(kind, item_id)
            if known is not None:
                lines += [(name, getattr(known.record, name) or "") for name in names]
        item = uow.read("queue_item", item_id)
        if item is not None and item.record.call_id:
            known = uow.read("incoming", item_id)
            lines = [("safely", said_words(known))] if known is not None else []
        if item is not None and item.record.number:
            lines.append(("number", item.record.number))
        said = tuple((name, text) for name, text in lines if text)
        if item is None or not item.record.province_set or not item.record.province:
            return Words(item_id, said)
        return Words(item_id, said, (item.record.province_set, item.record.province))

    return operation


def reopen(item_id: str) -> Operation[bool]:
    """Take "needs no file" back: the item waits again and is held here. Answers False where it is not so any more (a
    file came of it, or somebody else ended it)."""

    def operation(uow: UnitOfWork) -> bool:
        item = uow.read("queue_item", item_id)
        if item is None or item.record.done_by != uow.staff or item.record.contact_id is not None:
            return False
        act = uow.act()
        put = {"done_at": None, "done_by": None, "done_why": None}
        act.change("queue_item", item_id, item.scope, item.state, put)
        uow.write(act)
        hold(uow, item_id)
        return True

    return operation


def finish(item_id: str, why: str) -> Operation[Standing | None]:
    """An item needs no file (`why`). What somebody else holds or ended meanwhile stays theirs, nothing is written and
    the answer says so; None when it is done. Raises NotFound."""

    def operation(uow: UnitOfWork) -> Standing | None:
        item = uow.read("queue_item", item_id)
        if item is None:
            raise NotFound
        found = stands(uow, item)
        if found is not None and found.state is not State.MINE:
            return found
        done = {"done_at": uow.now_ms, "done_by": uow.staff, "done_why": why}
        act = uow.act()
        act.change("queue_item", item_id, item.scope, item.state, done)
        uow.write(act)
        return None

    return operation
