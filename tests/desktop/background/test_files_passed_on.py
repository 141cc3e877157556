"""Files of a dossier that is passed on: its bytes leave the desk with its rows, none before the centre has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.home import Home
from desktop.store import blobs
from server.operations import transfers
from server.operations.erasure import erase
from sync.blobs.shelf import offset_of
from sync.replica import scopes, tables
from sync.transport import BlobRoad
from tests.desktop.background.attachment_desks import PICTURE, WORDS, Cut, Place
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock
from tests.server.ground import Running, running


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre") as one:
        yield one


@pytest.fixture
def place(tmp_path: Path, centre: Running, qtbot: QtBot) -> Iterator[Callable[[str], Place]]:
    made: list[Place] = []

    def enrol(seat: str) -> Place:
        home = Home(tmp_path / seat)
        app.enrol(home, centre.url, centre.code(seat), STAFF, PASSPHRASE, key_cost=CHEAP)
        made.append(Place(home, SetClock(centre.clock.now_ms()), qtbot))
        return made[-1]

    yield enrol
    for one in made:
        one.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ảnh.png"
    path.write_bytes(PICTURE)
    return path


def passed_on(centre: Running, contact: str, to: str = "hanoi") -> None:
    work = partial(transfers.pass_on, centre.centre, scope=scopes.dossier(contact), to=to)
    centre.serving.counter.room.publish(centre.centre.lane.do(work))


def receipts(centre: Running) -> int:
    return len(centre.centre.read(lambda c: c.execute(tables.records["wiped"].select()).all()))


def names(one: Place) -> set[str]:
    return set(one.now.blobs.shelf.names())


def test_the_last_copy_of_a_file_passed_on_goes_up_and_then_leaves_the_desk_that_still_runs(
    place: Callable[[str], Place], file: Path, centre: Running
) -> None:
    one, new = place("AG01"), place("HN01")
    Cut.left = 0  # text reaches the centre, bytes do not
    one.open(blob_road=Cut)
    contact = one.contact()
    made = one.attach(file, contact).id
    plan = one.read(partial(blobs.readable, record_id=made)).plan
    passed_on(centre, contact)
    one.until(lambda: receipts(centre) == 1)
    one.until(lambda: one.rows(contact) == [])
    one.swept()
    assert names(one) == set(plan.chunks), "its only copy, and nothing here opens it"
    assert one.read(partial(blobs.readable, record_id=made)) is None
    one.close()
    one.open()
    one.until(lambda: offset_of(centre.centre.blobs, plan) == plan.sealed)
    one.until(lambda: names(one) == set())
    assert one.read(blobs.transfers) == []
    assert one.read(blobs.chunks_kept) == set()
    new.open()
    new.until(lambda: len(new.rows(contact)) == 1)
    new.now.blobs.opened_dossier([made])
    new.until(lambda: new.rows(contact)[0].here)
    assert new.open_bytes(made) == PICTURE


def test_what_was_erased_after_its_dossier_had_left_goes_from_the_desk_that_had_not_sent_it(
    place: Callable[[str], Place], file: Path, centre: Running
) -> None:
    one = place("AG01")
    Cut.left = 0
    one.open(blob_road=Cut)
    contact = one.contact()
    made = one.attach(file, contact).id
    passed_on(centre, contact)
    one.until(lambda: receipts(centre) == 1)
    one.until(lambda: one.rows(contact) == [])
    erase(centre.centre, "attachment", made, "yêu cầu 12")
    one.close()
    one.open()
    one.until(lambda: names(one) == set())
    assert one.read(blobs.transfers) == []
    assert list(centre.centre.blobs.names()) == []


class Meanwhile(BlobRoad):
    """The real road, on which something else happens while a part is on its way here."""

    happens: Callable[[], None] | None = None

    def fetch(self, *given: Any, **named: Any) -> bytes:
        data = super().fetch(*given, **named)
        if (then := type(self).happens) is not None:
            type(self).happens = None
            then()
        return data


def test_what_arrives_of_a_file_while_its_dossier_leaves_does_not_stay(
    place: Callable[[str], Place], file: Path, centre: Running
) -> None:
    one, other = place("AG01"), place("AG02")
    one.open()
    contact = one.contact()
    made = one.attach(file, contact).id
    one.until(lambda: one.rows(contact)[0].centre_at is not None)
    other.open(blob_road=Meanwhile)
    other.until(lambda: len(other.rows(contact)) == 1)

    def leaves() -> None:
        desk = other.now
        desk.lane.run(lambda c: desk.store.replica.wipe(c, scopes.dossier(contact)))

    Meanwhile.happens = leaves
    other.now.blobs.opened_dossier([made])
    other.until(lambda: Meanwhile.happens is None and other.rows(contact) == [])
    other.until(lambda: names(other) == set())
    assert other.read(blobs.transfers) == []


def test_a_damaged_copy_of_a_file_passed_on_is_not_fetched_for_ever(
    place: Callable[[str], Place], file: Path, centre: Running
) -> None:
    one = place("AG01")
    Cut.left = 0
    one.open(blob_road=Cut)
    contact = one.contact()
    made = one.attach(file, contact).id
    plan = one.read(partial(blobs.readable, record_id=made)).plan
    passed_on(centre, contact)
    one.until(lambda: receipts(centre) == 1)
    one.until(lambda: one.rows(contact) == [])
    (one.home.blobs / plan.chunks[0][:2] / plan.chunks[0]).write_bytes(WORDS)
    one.close()
    one.open()
    one.until(lambda: one.read(blobs.transfers) == [])
    one.until(lambda: not [path for path in one.home.blobs.rglob("*") if path.is_file()])
