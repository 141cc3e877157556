"""Whole desks whose attachments travel to a real centre, for tests of what becomes of their bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.app import Desk
from desktop.home import Home
from desktop.store import blobs
from desktop.store.blobs import AttachmentRow
from desktop.store.troubles import NotFound
from domain.records.contact import Contact
from sync.blobs.seal import CHUNK
from sync.engine import Pace
from sync.replica import scopes
from sync.transport import BlobRoad, HttpTransport
from tests.desktop.background.hearing import Ear
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock, reference
from tests.sync.blobs.files import made_up

WORDS = "Cháu kể rằng đêm nào bác cũng vào phòng".encode()
PICTURE = b"\x89PNG\r\n\x1a\n" + made_up(CHUNK + 200_000)
PACE = Pace(base=20, cap=50)


class Place:
    """One desk's folder, and the desk while it is open."""

    def __init__(self, home: Home, clock: SetClock, qtbot: QtBot) -> None:
        self.home, self.clock, self._qtbot = home, clock, qtbot
        self.desk: Desk | None = None
        self.faults = Ear()

    def open(self, *, road: bool = True, blob_road: Any = BlobRoad) -> Desk:
        self.desk = app.build(
            self.home,
            STAFF,
            PASSPHRASE,
            clock=self.clock,
            transport_factory=HttpTransport if road else None,
            blob_transport_factory=blob_road if road else None,
            reference=reference(),
            key_cost=CHEAP,
            pace=PACE,
        )
        self.desk.bus.failed.connect(self.faults.failed)
        if self.desk.blob_driver is not None:
            # The cap has its own tests on a virtual clock; here nobody waits for politeness.
            carrier = self.desk.blob_driver._carrier
            carrier.up.floor = carrier.down.floor = 1 << 30
        return self.desk

    def close(self) -> None:
        if self.desk is not None:
            self.desk.close()
            self.desk = None

    @property
    def now(self) -> Desk:
        assert self.desk is not None
        return self.desk

    def read(self, read: Callable[[Any], Any]) -> Any:
        return elsewhere(partial(self.now.lane.read, read))

    def write(self, work: Callable[[Any], Any]) -> Any:
        return elsewhere(partial(self.now.lane.run, work))

    def do(self, operation: Callable[[Any], Any]) -> Any:
        return elsewhere(partial(self.now.lane.call, operation))

    def rows(self, contact: str) -> list[AttachmentRow]:
        found: list[AttachmentRow] = self.read(partial(blobs.of_contact, contact_id=contact))
        return found

    def until(self, fact: Callable[[], bool]) -> None:
        self._qtbot.waitUntil(fact, timeout=20_000)

    def ask(self, begin: Callable[[Any, Any], None]) -> Ear:
        """Start a job of the blob lane and wait for its end."""
        ear = Ear()
        begin(ear.done, ear.failed)
        self.until(lambda: bool(ear.heard or ear.faults))
        return ear

    def attach(self, path: Path, contact: str) -> Any:
        ear = self.ask(partial(self.now.blobs.attach, path, contact, None))
        assert not ear.faults, ear.faults
        return ear.heard[0]

    def open_bytes(self, record: str) -> bytes:
        ear = self.ask(partial(self.now.blobs.open, record))
        assert not ear.faults, ear.faults
        return bytes(ear.heard[0])

    def contact(self) -> str:
        """A file of this desk's own, saved."""

        def operation(uow: Any) -> str:
            act = uow.act()
            made = uow.new_id()
            act.create(scopes.dossier(made), Contact(id=made, received_at=uow.now_ms, summary="Trẻ cần lắng nghe"))
            uow.write(act)
            return str(made)

        return str(self.do(operation))

    def swept(self) -> None:
        """Whatever the blob lane was asked before is done."""
        with pytest.raises(NotFound):
            raise self.ask(partial(self.now.blobs.open, "không có")).faults[0]


def elsewhere(work: Callable[[], Any]) -> Any:
    """Run beside the GUI thread, which never touches the store."""
    found: list[Any] = []
    faults: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as fault:  # noqa: BLE001  # raised again where it was asked for
            faults.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    if faults:
        raise faults[0]
    return found[0]


class Cut(BlobRoad):
    """The real road of bytes that fails for good after some requests, as where the machine is switched off."""

    left = 0

    def _ask(self, *given: Any, **named: Any) -> Any:
        type(self).left -= 1
        if self.left < 0:
            self.close()
        return super()._ask(*given, **named)
