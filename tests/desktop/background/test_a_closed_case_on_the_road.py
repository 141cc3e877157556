"""A restricted case with a file goes over a real centre to who may read it, and on to another centre; the centre, its
files and its backup hold no word, no name and no byte of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.app import Desk
from desktop.home import Home
from desktop.operations import case, intake, restricting
from desktop.store import blobs
from desktop.store.blobs import AttachmentRow
from desktop.store.case_keys import shares_of
from desktop.store.engine import connect
from desktop.store.reads import case_view
from desktop.store.troubles import NotFound
from server.operations.backup import make_backup
from server.operations.enrolment import make_code
from server.operations.staff import write
from server.store import backup_file
from server.store.engine import DATABASE, store_key
from sync.replica import read
from sync.transport import BlobRoad, HttpTransport
from tests.desktop.background.hearing import Ear
from tests.desktop.background.test_keys_are_handed_on import PACE, WAIT_MS, elsewhere, has_key
from tests.desktop.cases.scan import pages, tables_with
from tests.desktop.leaks.scanner import Canaries, files
from tests.desktop.store.kit import CHEAP, PASSPHRASE, SetClock, reference
from tests.server.ground import Running, running

REASON = "Người nhà làm việc tại cơ quan"
PEOPLE = {
    "cg-1": ("counsellor", "an_giang", "AG01"),
    "cg-2": ("counsellor", "an_giang", "AG02"),
    "truong-ca": ("shift_lead", "an_giang", "AG04"),
    "truong-ca-dn": ("shift_lead", "da_nang", "DN01"),
    "cg-dn": ("counsellor", "da_nang", "DN02"),
    "cg-dn-2": ("counsellor", "da_nang", "DN03"),
}


class Room:
    """A centre, and desks that are opened for a person each."""

    def __init__(self, centre: Running, root: Path, qtbot: QtBot) -> None:
        self.centre, self.root, self.qtbot = centre, root, qtbot
        self.desks: dict[str, Desk] = {}
        for staff, (role, of, seat) in PEOPLE.items():
            write(centre.centre, staff, roles=(role,), centre=of, desks=(seat,))

    def open(self, staff: str) -> Desk:
        _, of, seat = PEOPLE[staff]
        home = Home(self.root / seat)
        code = make_code(self.centre.centre, of, seat)
        elsewhere(partial(app.enrol, home, self.centre.url, code, staff, PASSPHRASE, key_cost=CHEAP))
        self.desks[staff] = app.build(
            home, staff, PASSPHRASE, clock=SetClock(self.centre.clock.now_ms()), transport_factory=HttpTransport,
            blob_transport_factory=BlobRoad, reference=reference(), key_cost=CHEAP, pace=PACE,
        )  # fmt: skip
        return self.desks[staff]

    def until(self, fact: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(fact, timeout=WAIT_MS)

    def do(self, staff: str, operation: Callable[[Any], Any]) -> Any:
        return elsewhere(partial(self.desks[staff].lane.call, operation))

    def raw(self, staff: str, look: Callable[[Any], Any]) -> Any:
        """A read of this person's desk with their keys, whatever the table of roles says."""

        def work() -> Any:
            with self.desks[staff].store.read() as connection:
                return look(connection)

        return elsewhere(work)

    def words(self, staff: str, case_id: str) -> str:
        view = self.raw(staff, partial(case_view, case_id=case_id))
        return "" if view is None else "\n".join([str(view.contact.summary), *(one.text for one in view.timeline)])

    def files(self, staff: str, contact: str) -> list[AttachmentRow]:
        found: list[AttachmentRow] = self.raw(staff, partial(blobs.of_contact, contact_id=contact))
        return found

    def attach(self, staff: str, path: Path, contact: str) -> str:
        ear = Ear()
        self.desks[staff].blobs.attach(path, contact, None, ear.done, ear.failed)
        self.until(lambda: bool(ear.heard or ear.faults))
        assert not ear.faults, ear.faults
        return str(ear.heard[0].id)

    def opened(self, staff: str, record: str) -> bytes | Exception:
        """The bytes as the desk gives them to whoever is signed in, or why it does not."""
        ear = Ear()
        self.desks[staff].blobs.open(record, ear.done, ear.failed)
        self.until(lambda: bool(ear.heard or ear.faults))
        return ear.faults[0] if ear.faults else bytes(ear.heard[0])

    def let_in(self, staff: str, case_id: str, whom: str) -> None:
        self.until(lambda: has_key(self.desks[staff], whom))
        self.do(staff, restricting.let_in(case_id, whom))


class Closed:
    """A case at AG01 that was restricted before anything was told in it: a story, a note and a file."""

    def __init__(self, room: Room, said: Canaries, root: Path) -> None:
        room.open("cg-1")
        self.case = room.do("cg-1", intake.save_report({"urgency": "high"}, None)).case_id
        room.do("cg-1", restricting.restrict(self.case, REASON))
        found = room.raw("cg-1", partial(read.one, kind="case", record_id=self.case))
        self.contact = str(found.record.contact_id)
        self.story, self.note = said.word("kể"), said.word("ghi")
        room.do("cg-1", intake.set_fields(self.case, {"summary": self.story, "child_name": said.word("tên")}))
        room.do("cg-1", case.add_note(self.note, self.case))
        self.bytes = b"%PDF-1.4\n" + "\n".join(said.word("trong tệp") for _ in range(500)).encode()
        path = root / f"{said.word('tệp')}.pdf"
        path.write_bytes(self.bytes)
        self.title = path.name
        self.file = room.attach("cg-1", path, self.contact)
        path.unlink()
        room.until(lambda: room.files("cg-1", self.contact)[0].centre_at is not None)


@pytest.fixture
def room(tmp_path: Path, qtbot: QtBot) -> Iterator[Room]:
    with running(tmp_path / "centre") as centre:
        made = Room(centre, tmp_path, qtbot)
        yield made
        for desk in made.desks.values():
            desk.close()


def fetch(room: Room, staff: str, closed: Closed) -> None:
    """The file comes to this person's desk."""
    room.until(lambda: len(room.files(staff, closed.contact)) == 1)
    room.desks[staff].blobs.opened_dossier([closed.file])
    room.until(lambda: room.files(staff, closed.contact)[0].here)


def test_a_restricted_case_passed_on_is_read_by_those_named_there_and_by_nobody_at_the_old_desks(
    room: Room, tmp_path: Path
) -> None:
    closed = Closed(room, Canaries(), tmp_path)
    for staff in PEOPLE.keys() - {"cg-1"}:
        room.open(staff)
    room.until(lambda: closed.note in room.words("truong-ca", closed.case))
    room.let_in("cg-1", closed.case, "cg-2")
    room.until(lambda: closed.note in room.words("cg-2", closed.case))
    room.until(lambda: has_key(room.desks["cg-1"], "truong-ca-dn"))
    room.do("cg-1", intake.set_fields(closed.case, {"centre": "da_nang"}))
    room.until(lambda: closed.note in room.words("truong-ca-dn", closed.case))
    room.let_in("truong-ca-dn", closed.case, "cg-dn")
    room.until(lambda: closed.note in room.words("cg-dn", closed.case))
    assert closed.story in room.words("cg-dn", closed.case)
    fetch(room, "cg-dn", closed)
    assert room.files("cg-dn", closed.contact)[0].title == closed.title
    assert room.opened("cg-dn", closed.file) == closed.bytes
    room.until(lambda: room.words("truong-ca", closed.case) == "")
    assert room.raw("truong-ca", partial(shares_of, contact=closed.contact)) == [], "no key stays"
    assert room.files("truong-ca", closed.contact) == []
    assert room.words("cg-dn-2", closed.case) == "", "a colleague's desk there does not even get it"


def test_a_reader_who_is_put_out_has_neither_the_file_nor_its_sealed_bytes_any_more(
    room: Room, tmp_path: Path
) -> None:
    closed = Closed(room, Canaries(), tmp_path)
    room.open("cg-2")
    room.let_in("cg-1", closed.case, "cg-2")
    fetch(room, "cg-2", closed)
    room.until(lambda: closed.note in room.words("cg-2", closed.case))
    assert room.opened("cg-2", closed.file) == closed.bytes
    shelf = room.desks["cg-2"].blobs.shelf
    assert set(shelf.names())
    room.do("cg-1", restricting.put_out(closed.case, "cg-2"))
    room.until(lambda: room.files("cg-2", closed.contact) == [])
    assert isinstance(room.opened("cg-2", closed.file), NotFound)
    room.until(lambda: not set(shelf.names()))


def test_the_centre_its_files_and_its_backup_hold_no_word_name_or_byte_of_it(room: Room, tmp_path: Path) -> None:
    said, plain = Canaries(), Canaries()
    closed = Closed(room, said, tmp_path)
    open_to_all = {"summary": plain.word(), "child_name": plain.word(), "urgency": "high"}
    room.do("cg-1", intake.save_report(open_to_all, None))
    data, key_file = tmp_path / "centre", tmp_path / "backup.key"
    key = store_key(data)
    room.until(lambda: _in_rows(data / DATABASE, key, plain))
    made = make_backup(room.centre.centre, data, tmp_path / "b", key_file, embedded=True)
    backup_key = backup_file.backup_key(key_file, make=False)
    assert "r_attachment" in tables_with(data / DATABASE, key, closed.file), "the case is at the centre"
    for store, opens in ((data / DATABASE, key), (made.path, backup_key)):
        assert _in_rows(store, opens, plain), "the scan finds what was told in a case that is not restricted"
        assert not _in_rows(store, opens, said), store.name
        assert any(plain.found_in(page) for page in pages(store, opens))
        assert not any(said.found_in(page) for page in pages(store, opens)), store.name
    for path in files(data, tmp_path / "b"):
        assert not said.found_in(path.read_bytes()), path.name
        assert not said.found_in(path.name.encode())


def _in_rows(store: Path, key: bytes, said: Canaries) -> bool:
    """Whether a cell of any table holds one of these, in any of the scanner's writings, packed or not."""
    connection = connect(store, key, "query_only = ON")
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            for row in connection.execute(f'SELECT * FROM "{name}"'):  # sql-names-only: names from sqlite_master
                for cell in row:
                    if said.found_in(cell if isinstance(cell, bytes) else str(cell).encode()):
                        return True
        return False
    finally:
        connection.close()
