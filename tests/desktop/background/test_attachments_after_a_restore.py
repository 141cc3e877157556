"""A centre put back from an older backup gets the files it had verified since again, from desks that have a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import Connection

from desktop import app
from desktop.background.blob_driver import STAY_MS
from desktop.home import Home
from desktop.store import blobs
from desktop.store.schema import blob_copy
from server.operations.backup import make_backup, restore
from server.store import backup_file
from sync.blobs.seal import Plan
from sync.blobs.shelf import Shelf, offset_of
from sync.replica import scopes, tables
from tests.desktop.background.attachment_desks import PICTURE, WORDS, Place
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock
from tests.server.ground import HandClock, Running, running
from tests.server.hub_ground import Gate


class Centre:
    """A centre behind one address, before and after it is put back from a backup into an empty folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run = running(folder / "data")
        self.now: Running = self._run.__enter__()
        self.gate = Gate(self.now.url)
        self._made = Path()

    def back_up(self) -> None:
        folder = self._folder
        self._made = make_backup(
            self.now.centre, folder / "data", folder / "b", folder / "backup.key", embedded=True
        ).path

    def put_back(self) -> None:
        self._run.__exit__(None, None, None)
        key = backup_file.backup_key(self._folder / "backup.key", make=False)
        restore(self._made, key, self._folder / "else", None, HandClock(), force=False)
        self._run = running(self._folder / "else")
        self.now = self._run.__enter__()
        self.gate.lead_to(self.now.url)

    def end(self) -> None:
        self._run.__exit__(None, None, None)
        self.gate.close()

    @property
    def shelf(self) -> Shelf:
        return self.now.centre.blobs


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    one = Centre(tmp_path / "centre")
    yield one
    one.end()


@pytest.fixture
def desk(tmp_path: Path, centre: Centre, qtbot: QtBot) -> Iterator[Callable[[str], Place]]:
    made: list[Place] = []

    def enrol(seat: str) -> Place:
        home = Home(tmp_path / seat)
        app.enrol(home, centre.gate.url, centre.now.code(seat), STAFF, PASSPHRASE, key_cost=CHEAP)
        made.append(Place(home, SetClock(centre.now.clock.now_ms()), qtbot))
        return made[-1]

    yield enrol
    for one in made:
        one.close()


def put_in(desk: Place, folder: Path, contact: str, name: str, data: bytes) -> tuple[str, Plan]:
    path = folder / name
    path.write_bytes(data)
    made = desk.attach(path, contact).id
    return made, desk.read(partial(blobs.readable, record_id=made)).plan


def verified(desk: Place, contact: str) -> bool:
    """Every copy of this desk, by the centre as it is now."""
    return all(row.centre_at is not None and not row.want for row in desk.rows(contact) if row.here)


def test_files_verified_since_the_backup_reach_the_restored_centre_again_from_whichever_desk_has_a_copy(
    centre: Centre, desk: Callable[[str], Place], tmp_path: Path
) -> None:
    one, other = desk("AG01"), desk("AG02")
    one.open()
    contact = one.contact()
    centre.back_up()
    gone, big = put_in(one, tmp_path, contact, "ảnh.png", PICTURE)
    one.until(lambda: verified(one, contact))
    other.open()
    other.until(lambda: bool(other.rows(contact)))
    other.now.blobs.ask_for(gone)
    other.until(lambda: other.rows(contact)[0].here)
    # The desk that put it in has let go of its copy; of the next file it alone has one.
    driver = one.now.blob_driver
    assert driver is not None
    driver._space = 0
    one.clock.now += STAY_MS + 1
    driver.changed()
    one.until(lambda: not one.rows(contact)[0].here)
    _, small = put_in(one, tmp_path, contact, "lời kể.txt", WORDS)
    one.until(lambda: len(one.rows(contact)) == 2 and verified(one, contact))
    centre.put_back()
    assert offset_of(centre.shelf, big) == offset_of(centre.shelf, small) == 0, "no server has them"
    for plan in (big, small):
        one.until(partial(lambda p: offset_of(centre.shelf, p) == p.sealed, plan))
    other.until(lambda: verified(other, contact))
    assert other.open_bytes(gone) == PICTURE


def test_a_copy_from_elsewhere_that_waits_to_be_offered_again_goes_with_its_wiped_scope(
    desk: Callable[[str], Place], tmp_path: Path
) -> None:
    one = desk("AG01")
    one.open(road=False)
    contact = one.contact()
    own, plan = put_in(one, tmp_path, contact, "ảnh.png", PICTURE)
    fetched, _ = put_in(one, tmp_path, contact, "lời kể.txt", WORDS)

    def fetched_from_the_centre(connection: Connection) -> None:
        connection.execute(tables.log.delete().where(tables.log.c.record == fetched))
        connection.execute(blob_copy.update().values(want="", centre_at=1))

    one.write(fetched_from_the_centre)
    assert one.write(partial(blobs.offer_anew, centre="a lineage")) == 2
    assert one.write(partial(blobs.offer_anew, centre="a lineage")) == 0
    assert {row.id for row in one.rows(contact) if row.want == "up"} == {own, fetched}
    one.write(lambda c: one.now.store.replica.wipe(c, scopes.dossier(contact)))
    one.now.blobs.sweep()
    one.swept()
    assert set(one.now.blobs.shelf.names()) == set(plan.chunks), "only its author's desk may still send it"
