"""Who holds an item of the queue: taken for ten minutes, renewed while somebody writes of it, passed on, ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from desktop.store.sight import Sight, Viewer
from desktop.store.troubles import NotFound
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.queue import Claim
from domain.rules.queue import LEASE_MS, holder
from sync.act import Act
from sync.replica import read
from sync.replica.read import Stored

RENEW_MS: Final = LEASE_MS // 3
"""Writing renews a claim once a third of its ten minutes is gone: an operation every few minutes, not every key."""


class State(StrEnum):
    """What is known of an item that is not free."""

    MINE = "mine"
    HELD = "held"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an item stands for this person at this seat: theirs until `at` (UTC ms), held by `staff` at `seat` until
    `at`, or ended by `staff` at `at`. `code`: of the file it became, for one who may open that file."""

    item_id: str
    state: State
    staff: str = ""
    seat: str = ""
    at: int = 0
    code: str = ""


def stands(uow: UnitOfWork, item: Stored) -> Standing | None:
    """How an item stands in this transaction; None where it waits and nobody holds it."""
    one = item.record
    if one.done_at is not None or one.contact_id is not None:
        code = _code(uow, one.contact_id) if one.contact_id else ""
        return Standing(item.id, State.DONE, one.done_by or "", "", one.done_at or 0, code)
    held = holder((known.record for known in _live(uow, item.id)), uow.now_ms)
    if held is None:
        return None
    state = State.MINE if _is_own(uow, held) else State.HELD
    return Standing(item.id, state, held.staff or "", held.seat or "", held.until or 0)


def claim(item_id: str) -> Operation[Standing]:
    """Hold an item for ten minutes from now; a claim that this person has at this seat is renewed. What somebody else
    holds or ended stays theirs, nothing is written and the answer says so. Raises NotFound."""

    def operation(uow: UnitOfWork) -> Standing:
        return hold(uow, item_id)

    return operation


def renew(item_id: str) -> Operation[Standing]:
    """Somebody writes of an item: as `claim`, but nothing is written while two thirds of the time are left. Raises
    NotFound."""

    def operation(uow: UnitOfWork) -> Standing:
        return hold(uow, item_id, spare_ms=LEASE_MS - RENEW_MS)

    return operation


def hold(uow: UnitOfWork, item_id: str, spare_ms: int | None = None) -> Standing:
    """As `claim`, within an act; with `spare_ms` a claim that holds for at least so long from now stays as it is."""
    item = uow.read("queue_item", item_id)
    if item is None:
        raise NotFound
    found = stands(uow, item)
    if found is not None and found.state is not State.MINE:
        return found
    if found is not None and spare_ms is not None and found.at - uow.now_ms >= spare_ms:
        return found
    until = uow.now_ms + LEASE_MS
    act = uow.act()
    own = [known for known in _live(uow, item_id) if _is_own(uow, known.record)]
    for known in own:
        act.change("claim", known.id, known.scope, known.state, {"until": until})
    if not own:
        act.create(item.scope, _claim(uow, item_id, uow.staff, until))
    uow.write(act)
    return Standing(item_id, State.MINE, uow.staff, uow.seat.seat_code, until)


def give_back(item_id: str) -> Operation[None]:
    """Let an item go before its ten minutes are over."""

    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        _let_go(uow, act, item_id)
        uow.write(act)

    return operation


def pass_on(uow: UnitOfWork, act: Act, item_id: str, to: str) -> None:
    """A form of this item goes to a colleague at this seat, and the item with it, where this person holds it."""
    item = uow.read("queue_item", item_id)
    found = stands(uow, item) if item is not None else None
    if item is not None and found is not None and found.state is State.MINE:
        _let_go(uow, act, item_id)
        act.create(item.scope, _claim(uow, item_id, to, uow.now_ms + LEASE_MS))


def end_with_file(uow: UnitOfWork, act: Act, item_id: str, contact_id: str) -> Standing | None:
    """The item became this file, in the act that writes it. Where somebody ended it meanwhile, nothing is written
    over and the answer says who, when and what it became; the file stands beside theirs."""
    item = uow.read("queue_item", item_id)
    if item is None or item.record.contact_id == contact_id:
        return None
    one = item.record
    if one.contact_id is not None or (one.done_at is not None and one.done_by != uow.staff):
        return stands(uow, item)
    put = {"done_at": uow.now_ms, "done_by": uow.staff, "done_why": None, "contact_id": contact_id}
    act.change("queue_item", item_id, item.scope, item.state, put)
    return None


def _live(uow: UnitOfWork, item_id: str) -> list[Stored]:
    known = read.where(uow.connection, "claim", "item_id", item_id)
    return [one for one in known if one.retracted is None and (one.record.until or 0) > uow.now_ms]


def _is_own(uow: UnitOfWork, one: Claim) -> bool:
    return one.staff == uow.staff and one.seat == uow.seat.seat_code


def _let_go(uow: UnitOfWork, act: Act, item_id: str) -> None:
    for known in _live(uow, item_id):
        if known.record.staff == uow.staff:
            act.change("claim", known.id, known.scope, known.state, {"until": uow.now_ms})


def _claim(uow: UnitOfWork, item_id: str, staff: str, until: int) -> Claim:
    seat = uow.seat.seat_code
    return Claim(id=uow.new_id(), item_id=item_id, staff=staff, seat=seat, at=uow.now_ms, until=until)


def _code(uow: UnitOfWork, contact_id: str) -> str:
    contact = uow.read("contact", contact_id)
    sight = Sight(uow.connection, Viewer(uow.staff, uow.seat.centre, uow.reference.policy))
    return (contact.record.code or "") if contact is not None and contact_id in sight.may_open([contact_id]) else ""
