"""Desks whose lines are dead and a centre, both on real stores, that meet only by what lies in a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from desktop.operations import courier, intake
from desktop.operations.calls import PbxCallEvent, answer, set_outcome
from desktop.operations.courier import CourierDesk, Exported, TakenReply, stepping_alone
from desktop.store import courier as kept
from desktop.store import identity
from desktop.store.engine import open_store as open_desk_store
from desktop.store.receipts import Receipts
from desktop.store.road_marks import follow
from desktop.store.unit_of_work import Seat
from domain.numbering import CENTRE_DIGITS, centre_of_seat
from server.operations.centre import Centre
from server.operations.courier import import_stick, reply
from server.operations.enrolment import Asked, enrol, make_code
from server.operations.push import accept_push
from server.operations.sessions import Session
from server.store import accounts, granted
from server.store.audit import audit
from server.store.engine import open_store
from sync import wire
from sync.blobs.shelf import Shelf
from sync.engine import View
from sync.operation import Placed
from sync.replica import read, sums
from sync.replica.changes import Folded
from sync.replica.desk_road import DeskRoad
from sync.wire import PushAnswer, PushHead
from tests.desktop.store.kit import STORE_KEY, Bench, SetClock

R = TypeVar("R")

CANARY = "Lò Thị Canary ở bản Hoàng Yến"
NUMBER = "0900081502"


def open_centre(data: Path, database: str | None = None) -> Centre:
    """A centre without a door."""
    return Centre(open_store(data, database), SetClock(), os.urandom)


class Desk:
    """One desk with a production store; its line exists only in `push_by_line`."""

    def __init__(self, root: Path, centre: Centre, seat: str = "AG03", *, all_cases: bool = False) -> None:
        home = centre_of_seat(seat)
        self.bench = Bench(root, Seat(home, seat, CENTRE_DIGITS[seat[:2]], "not-yet"))
        self.centre = centre
        key = self.read(identity.signing_key)
        assert key is not None
        self.key = key
        code = make_code(centre, home, seat, all_cases=all_cases)
        given = enrol(centre, Asked(code, key.public_key().public_bytes_raw(), "may"))
        self.bench.seat = replace(self.bench.seat, device=given.device)
        self.run(lambda c: identity.enrol(c, self.bench.seat, "", given.lineage))
        self.run(lambda c: kept.learn_receiver(c, given.lineage, given.courier_key))
        self._open()

    def _open(self) -> None:
        store = self.bench.store

        def learned(connection: Connection, placed: Sequence[Placed]) -> None:
            follow(connection, store.stamps, placed, self.bench.clock.now_ms())

        self.folded: list[Folded] = []
        receipt = Receipts(store.stamps, self.bench.seat, self.bench.clock)
        self.road = DeskRoad(
            self.run, store.replica, self.device, self.key, learned, self.folded.append, receipt
        )
        step = stepping_alone(self.road, self.device, self.bench.clock)
        self.shelf = Shelf(self.bench.home.blobs)
        self.shelf.prepare()
        self.courier = CourierDesk(
            store.replica, self.read, self.run, self.bench.clock, "nv07", step, shelf=self.shelf
        )

    def cloned(self, root: Path) -> Desk:
        """The same desk once more, as a copied disk makes it."""
        twin: Desk = object.__new__(Desk)
        self.bench.store.copy_to(root / "store.db")
        twin.bench, twin.centre, twin.key = Bench.__new__(Bench), self.centre, self.key
        twin.bench.__dict__.update(self.bench.__dict__)
        twin.bench.home = type(self.bench.home)(root)
        twin.bench.store = open_desk_store(root / "store.db", STORE_KEY)
        twin._open()
        return twin

    @property
    def device(self) -> str:
        return self.bench.seat.device

    def read(self, work: Callable[[Connection], R], /) -> R:
        return self.bench.read(work)

    def run(self, work: Callable[[Connection], R], /) -> R:
        with self.bench.store.write() as connection:
            result = work(connection)
            connection.commit()
            return result

    def call(self, code: str = "silent") -> str:
        """One call saved; answers its id."""
        self.bench.clock.now += 1_000
        return self.bench.run(set_outcome(None, code)).call_id

    def report(self, summary: str = CANARY) -> intake.SavedReport:
        """A ringing number, and a report with a child and a case."""
        now = self.bench.clock.now = self.bench.clock.now + 1_000
        call = self.bench.run(answer(PbxCallEvent("111", f"1.{now}", NUMBER, "", now, now)))
        values = {"summary": summary, "child_name": CANARY, "urgency": "high"}
        return self.bench.run(intake.save_report(values, call))

    def export(self, folder: Path, most: int = 64 << 20) -> Exported:
        return courier.export(self.courier, folder, most)

    def take(self, folder: Path) -> TakenReply:
        return courier.take_reply(self.courier, folder)

    def view(self) -> View:
        return self.road.view()

    def has(self, kind: str, record: str) -> bool:
        return self.read(lambda c: read.one(c, kind, record)) is not None

    def push_by_line(self, most: int = 1 << 20) -> PushAnswer:
        """What the engine would push now, taken by the centre as its door takes it."""
        placed = self.road.pending(most, 1 << 30, 0)
        previous, signature = self.road.sign(placed)
        view = self.view()
        head = PushHead(
            p=1, device=self.device, incarnation=view.incarnation, lineage=view.lineage, first=placed[0].n,
            count=len(placed), previous=previous.hex(), signature=wire.text64(signature), schema=1,
        )  # fmt: skip
        answer = accept_push(self.centre, self.session(), wire.encode_push(head, placed)).answer
        self.road.settle(answer, placed[-1].n)
        return answer

    def session(self) -> Session:
        device = self.centre.read(lambda c: accounts.find_device(c, self.device))
        assert device is not None
        return Session(device, self.view().incarnation, 0)

    def own_digest(self) -> str:
        return self.read(lambda c: sums.of_audiences(c, [""]).text())

    def is_equal(self) -> bool:
        """Whether the desk holds what the centre says it should, counted on both sides."""
        home = self.bench.seat.centre
        return self.own_digest() == self.centre.read(lambda c: granted.digest_of(c, self.device, home).text())

    def close(self) -> None:
        self.bench.close()


def logged(centre: Centre, device: str) -> list[tuple[int, int]]:
    """Incarnation and number of every operation of a device at the centre."""

    def work(connection: Connection) -> list[tuple[int, int]]:
        rows = connection.exec_driver_sql("SELECT device, incarnation, n FROM log ORDER BY incarnation, n")
        return [(row[1], row[2]) for row in rows if row[0] == device]

    return centre.read(work)


def has(centre: Centre, kind: str, record: str) -> bool:
    return centre.read(lambda c: read.one(c, kind, record)) is not None


def whole(centre: Centre) -> bool:
    """Whether the centre's own audit finds nothing."""
    return centre.read(audit).differences == []


def carry(desk: Desk, centre: Centre, folder: Path) -> None:
    """There and back."""
    desk.export(folder)
    import_stick(centre, folder)
    reply(centre, folder)
    desk.take(folder)
