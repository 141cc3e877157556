"""A revoked desk's last act: forms begun become words for the centre, and what it may still lack is sealed to it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from desktop.operations import courier
from desktop.operations.courier import CourierDesk, NoReceiver
from desktop.store import courier as kept
from desktop.store.engine import Connection
from desktop.store.parting import chunks_only_here, take_drafts
from desktop.store.reads import road_view
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.left_draft import LeftDraft
from sync.operation import APPEND
from sync.replica import scopes


def leave_drafts() -> Operation[int]:
    """Every draft of every person here becomes an operation, so that it travels or is sealed like any other word;
    answers how many those were."""

    def operation(uow: UnitOfWork) -> int:
        rows = take_drafts(uow.connection)
        if not rows:
            return 0
        act = uow.act()
        for row in rows:
            record = LeftDraft(
                id=uow.new_id(),
                staff=row["staff"],
                form=row["form"],
                content=msgspec.json.encode({name: _told(value) for name, value in row.items()}).decode(),
                saved_at=row["saved_at"],
            )
            act.create(scopes.device_scope(uow.seat.device), record, action=APPEND)
        uow.write(act)
        return len(rows)

    return operation


def _told(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


@dataclass(frozen=True, slots=True)
class LastWords:
    """What stays behind for the centre: operations in sealed volumes, names of sealed chunks that only lie here."""

    operations: int
    chunks: tuple[str, ...]


def seal_last_words(desk: CourierDesk, folder: Path) -> LastWords:
    """Seal to the centre every own operation that is in no verified backup of it yet (settled 10).

    Raises NoReceiver where something never reached the centre and its key is not known: then nothing may be wiped;
    StickFull, StickGone, and the store's.
    """
    chunks = tuple(desk.read(chunks_only_here))
    if desk.read(kept.receiver) is None:
        if desk.read(_beyond_centre):
            raise NoReceiver
        return LastWords(0, chunks)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.glob("*.part"):
        old.unlink()
    return LastWords(courier.export(desk, folder, unbacked=True).operations, chunks)


def _beyond_centre(connection: Connection) -> int:
    view = road_view(connection)
    return view.saved_here - view.at_centre
