"""Lists of calls and of the queue that leave: the entry of who takes one first, then the lines, masked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from desktop.operations import audit
from desktop.operations.list_words import sheet_of_calls, sheet_of_queue
from desktop.operations.sheets import Sheet
from desktop.reference import Reference
from desktop.store.engine import Connection
from desktop.store.reads_lists import calls_between, may_list, queue_between
from desktop.store.sight import Viewer, looking
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.clock import vn_to_ms
from domain.records.audit import EXPORT
from sync.audit import Said
from sync.troubles import Trouble

CALLS: Final = "calls"
QUEUE: Final = "queue"
KINDS: Final = (CALLS, QUEUE)


class MayNotList(Trouble):
    """This person's roles take no list out."""

    advice = "Vai trò của chị/anh không xuất danh sách. Chị/anh nhờ trưởng ca, phụ trách vùng hoặc thanh tra."


def take_out(kind: str, year: int, month: int) -> Operation[Callable[[Connection], Sheet]]:
    """The entry of who takes the list of this kind (`KINDS`) and month out, and the read that draws it for whoever
    the connection reads for: to be run on a reader, only after this is committed, so that no save waits for thousands
    of lines. Raises MayNotList, ValueError."""
    if kind not in KINDS:
        raise ValueError("no such list")

    def operation(uow: UnitOfWork) -> Callable[[Connection], Sheet]:
        viewer = Viewer(uow.staff, uow.seat.centre, uow.reference.policy)
        if not may_list(looking(uow.connection, viewer), uow.seat.centre):
            raise MayNotList
        act = uow.act()
        audit.note(uow, act, Said(uow.staff, EXPORT, f"list_{kind}", f"{year:04d}-{month:02d}", "P2"))
        uow.write(act)
        span = begins(year, month), begins(year + month // 12, month % 12 + 1)
        return partial(_drawn, kind, span, f"{month:02d}/{year}", uow.reference)

    return operation


def begins(year: int, month: int) -> int:
    """The first moment (UTC ms) of a month of Vietnam's calendar."""
    return vn_to_ms(f"{year:04d}-{month:02d}-01 00:00:00")


def _drawn(
    kind: str, span: tuple[int, int], month: str, reference: Reference, connection: Connection
) -> Sheet:
    listed = (calls_between if kind == CALLS else queue_between)(connection, *span)
    return (sheet_of_calls if kind == CALLS else sheet_of_queue)(listed, month, reference)
