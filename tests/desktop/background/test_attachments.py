"""Attachments of whole desks on a real centre: sent, fetched, opened; crashes, one blob a file, the last copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.background.blob_driver import STAY_MS
from desktop.home import Home
from desktop.store import blobs
from desktop.store.sealing import CannotRead, CannotWrite, NotHere, TooBig, seal_file
from domain.records.kinds import KINDS
from server.operations.erasure import erase
from sync.blobs.seal import CHUNK, Namer
from sync.blobs.shelf import Shelf, offset_of
from sync.replica import node, scopes, tables
from sync.replica.rows import parked_text, state_of
from tests.desktop.background.attachment_desks import PICTURE, WORDS, Cut, Place
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock
from tests.server.ground import Running, running


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre") as one:
        yield one


@pytest.fixture
def place(tmp_path: Path, centre: Running, qtbot: QtBot) -> Iterator[Callable[..., Place]]:
    made: list[Place] = []

    def enrol(seat: str = "AG03") -> Place:
        home = Home(tmp_path / f"{seat}-{len(made)}")
        app.enrol(home, centre.url, centre.code(seat), STAFF, PASSPHRASE, key_cost=CHEAP)
        made.append(Place(home, SetClock(centre.clock.now_ms()), qtbot))
        return made[-1]

    yield enrol
    for one in made:
        one.close()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "Tệp của tôi"
    folder.mkdir()
    found = {"lời kể.txt": WORDS, "ảnh.png": PICTURE, "rỗng.bin": b""}
    for name, data in found.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in found}


def test_a_file_put_in_at_one_desk_is_opened_at_another_and_is_plain_on_no_disk(
    place: Callable[..., Place], files: dict[str, Path], tmp_path: Path
) -> None:
    one, other = place("AG01"), place("AG02")
    one.open()
    contact = one.contact()
    made = {name: one.attach(path, contact).id for name, path in files.items()}
    one.until(lambda: all(row.centre_at is not None and row.want == "" for row in one.rows(contact)))
    rows = {row.title: row for row in one.rows(contact)}
    assert {name: (row.media_type, row.size, row.ours, row.here) for name, row in rows.items()} == {
        "lời kể.txt": ("text/plain", len(WORDS), True, True),
        "ảnh.png": ("image/png", len(PICTURE), True, True),
        "rỗng.bin": ("text/plain", 0, True, True),
    }
    other.open()
    other.until(lambda: len(other.rows(contact)) == 3)
    assert not any(row.here or row.want for row in other.rows(contact)), "nothing is fetched before it is wanted"
    other.now.blobs.opened_dossier([row.id for row in other.rows(contact)])
    other.until(lambda: all(row.here for row in other.rows(contact)))
    assert not any(row.ours for row in other.rows(contact))
    assert other.open_bytes(made["ảnh.png"]) == PICTURE
    assert other.open_bytes(made["lời kể.txt"]) == WORDS
    assert other.open_bytes(made["rỗng.bin"]) == b""
    one.close()
    other.close()
    roots = (one.home.root, other.home.root, tmp_path / "centre")
    kept = [path for root in roots for path in root.rglob("*") if path.is_file()]
    assert sum("blobs" in p.parts for p in kept) == 12
    for path in kept:
        data = path.read_bytes()
        assert WORDS[:24] not in data, path.name
        assert PICTURE[5_000:5_024] not in data, path.name
        assert "ảnh.png" not in str(path)


def test_the_same_file_twice_is_one_blob(place: Callable[..., Place], files: dict[str, Path]) -> None:
    one = place()
    one.open(road=False)
    contact, another = one.contact(), one.contact()
    first = one.attach(files["ảnh.png"], contact)
    copy = files["ảnh.png"].with_name("bản sao.png")
    shutil.copy(files["ảnh.png"], copy)
    again = one.attach(copy, contact)
    assert (first.new, again.new, again.id) == (True, False, first.id)
    assert len(list(one.now.blobs.shelf.names())) == 2, "two chunks, once"
    elsewhere_attached = one.attach(files["ảnh.png"], another)
    assert elsewhere_attached.new
    assert len(list(one.now.blobs.shelf.names())) == 4, "another scope must not be able to tell"
    names = {row.blob for c in (contact, another) for row in one.rows(c)}
    assert len(names) == 2


def test_a_crash_between_the_chunks_and_their_row_leaves_no_row_and_no_chunk(
    place: Callable[..., Place], files: dict[str, Path]
) -> None:
    one = place()
    one.open(road=False)
    contact = one.contact()

    def dies() -> None:
        raise SystemError("the desk dies before COMMIT")

    one.now.lane.before_commit = dies
    ear = one.ask(partial(one.now.blobs.attach, files["ảnh.png"], contact, None))
    assert isinstance(ear.faults[0], SystemError)
    assert len(list(one.now.blobs.shelf.names())) == 2, "the chunks were durable before the act"
    assert one.rows(contact) == []
    one.close()
    one.open(road=False)
    one.swept()
    assert list(one.now.blobs.shelf.names()) == []
    assert one.attach(files["ảnh.png"], contact).new
    assert one.open_bytes(one.rows(contact)[0].id) == PICTURE


@pytest.mark.parametrize("requests_before", [1, 2, 3])
def test_what_was_cut_off_goes_on_after_a_restart_both_ways(
    place: Callable[..., Place], files: dict[str, Path], centre: Running, requests_before: int
) -> None:
    one, other = place("AG01"), place("AG02")
    Cut.left = requests_before
    one.open(blob_road=Cut)
    contact = one.contact()
    made = one.attach(files["ảnh.png"], contact).id
    one.until(lambda: Cut.left < 0)
    one.close()
    one.open()
    one.until(lambda: one.rows(contact)[0].centre_at is not None)
    Cut.left = requests_before
    other.open(blob_road=Cut)
    other.until(lambda: bool(other.rows(contact)))
    other.now.blobs.ask_for(made)
    other.until(lambda: Cut.left < 0)
    assert other.rows(contact)[0].want == "down"
    other.close()
    other.open()
    other.until(lambda: other.rows(contact)[0].here)
    assert other.open_bytes(made) == PICTURE


def test_a_copy_is_let_go_only_when_the_centre_says_again_that_it_has_every_chunk(
    place: Callable[..., Place], files: dict[str, Path], centre: Running
) -> None:
    one = place()
    one.open()
    contact = one.contact()
    made = one.attach(files["ảnh.png"], contact).id
    one.until(lambda: one.rows(contact)[0].centre_at is not None)
    plan = one.read(partial(blobs.readable, record_id=made)).plan
    driver = one.now.blob_driver
    assert driver is not None
    driver._space = 0
    driver.changed()
    later = one.contact()  # a whole exchange after the wish: nothing was let go of
    one.until(lambda: one.now.driver is not None and one.now.driver.status.waiting == 0)
    assert one.rows(contact)[0].here, "too young: the centre's backup has not had its turn"
    assert one.rows(later) == []

    # The centre's disk loses a chunk: its word is asked for again, and the desk sends instead of letting go.
    one.clock.now += STAY_MS + 1
    lost = centre.centre.blobs.root / plan.chunks[0][:2] / plan.chunks[0]
    lost.unlink()
    driver.changed()
    one.until(lost.exists)
    one.until(lambda: one.rows(contact)[0].want == "")
    assert one.open_bytes(made) == PICTURE

    one.clock.now += STAY_MS + 1
    driver.changed()
    one.until(lambda: not one.rows(contact)[0].here)
    one.until(lambda: not list(one.now.blobs.shelf.names()))
    assert offset_of(centre.centre.blobs, plan) == plan.sealed
    ear = one.ask(partial(one.now.blobs.open, made))
    assert isinstance(ear.faults[0], NotHere)
    driver._space = 1 << 30
    one.until(lambda: one.rows(contact)[0].here)
    assert one.open_bytes(made) == PICTURE


def test_a_chunk_the_desks_disk_altered_is_fetched_again_and_never_shown(
    place: Callable[..., Place], files: dict[str, Path]
) -> None:
    one = place()
    one.open()
    contact = one.contact()
    made = one.attach(files["ảnh.png"], contact).id
    one.until(lambda: one.rows(contact)[0].centre_at is not None)
    plan = one.read(partial(blobs.readable, record_id=made)).plan
    path = one.home.blobs / plan.chunks[1][:2] / plan.chunks[1]
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    ear = one.ask(partial(one.now.blobs.open, made))
    assert isinstance(ear.faults[0], NotHere)
    one.until(lambda: one.rows(contact)[0].here)
    assert one.open_bytes(made) == PICTURE


def test_export_writes_the_whole_file_or_none(
    place: Callable[..., Place], files: dict[str, Path], tmp_path: Path
) -> None:
    one = place()
    one.open(road=False)
    contact = one.contact()
    made = one.attach(files["ảnh.png"], contact).id
    target = tmp_path / "ra ngoài.png"
    assert one.ask(partial(one.now.blobs.export, made, target)).heard == [target]
    assert target.read_bytes() == PICTURE
    target.chmod(0o644)
    one.ask(partial(one.now.blobs.export, made, target))
    assert target.stat().st_mode & 0o777 == 0o600, "whatever stood there, the copy is its owner's only"
    ear = one.ask(partial(one.now.blobs.export, made, tmp_path / "không có" / "x.png"))
    assert isinstance(ear.faults[0], CannotWrite)
    plan = one.read(partial(blobs.readable, record_id=made)).plan
    (one.home.blobs / plan.chunks[1][:2] / plan.chunks[1]).unlink()
    half = tmp_path / "nửa.png"
    assert isinstance(one.ask(partial(one.now.blobs.export, made, half)).faults[0], NotHere)
    assert not half.exists()
    assert one.rows(contact)[0].want == "up", "what was never sent stays in the queue to be sent"


def test_an_erased_attachment_leaves_no_byte_at_the_centre_nor_at_any_desk(
    place: Callable[..., Place], files: dict[str, Path], centre: Running
) -> None:
    one, other = place("AG01"), place("AG02")
    one.open()
    other.open()
    contact = one.contact()
    erased = one.attach(files["ảnh.png"], contact).id
    kept = one.attach(files["lời kể.txt"], contact).id
    one.until(lambda: all(row.centre_at is not None for row in one.rows(contact)))
    other.until(lambda: len(other.rows(contact)) == 2)
    other.now.blobs.opened_dossier([erased, kept])
    other.until(lambda: all(row.here for row in other.rows(contact)))
    plan = one.read(partial(blobs.readable, record_id=kept)).plan
    shelves = (centre.centre.blobs, one.now.blobs.shelf, other.now.blobs.shelf)
    assert [len(list(shelf.names())) for shelf in shelves] == [3, 3, 3]
    centre.serving.counter.room.publish(erase(centre.centre, "attachment", erased, "yêu cầu 12"))
    for shelf in shelves:
        one.until(partial(lambda s: set(s.names()) == set(plan.chunks), shelf))
    for each in (one, other):
        assert [row.id for row in each.rows(contact)] == [kept]
        assert each.open_bytes(kept) == WORDS


def test_a_wiped_scope_takes_its_bytes_with_it_but_not_what_only_this_desk_has(
    place: Callable[..., Place], files: dict[str, Path], centre: Running
) -> None:
    one = place()
    one.open()
    contact = one.contact()
    one.attach(files["lời kể.txt"], contact)
    one.until(lambda: one.rows(contact)[0].centre_at is not None)
    one.close()
    Cut.left = 0  # text reaches the centre, bytes do not
    one.open(blob_road=Cut)
    unsent = one.attach(files["ảnh.png"], contact).id
    plan = one.read(partial(blobs.readable, record_id=unsent)).plan
    one.until(lambda: one.now.driver is not None and one.now.driver.status.waiting == 0)
    one.write(lambda c: one.now.store.replica.wipe(c, scopes.dossier(contact)))
    one.now.blobs.sweep()
    one.swept()
    assert one.rows(contact) == []
    assert set(one.now.blobs.shelf.names()) == set(plan.chunks), "its only copy"
    one.close()
    one.open()
    one.until(lambda: offset_of(centre.centre.blobs, plan) == plan.sealed)
    one.until(lambda: one.read(blobs.transfers) == [])
    one.close()
    one.open(road=False)
    one.swept()
    assert one.now.store is not None


def test_a_file_that_is_too_big_gone_or_changing_is_not_attached(
    tmp_path: Path, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path / "blobs")
    shelf.prepare()
    secret = bytes(32)
    for missing in (tmp_path / "không có", tmp_path):
        with pytest.raises(CannotRead):
            seal_file(missing, secret, shelf)
    monkeypatch.setattr("desktop.store.sealing.MOST", CHUNK)
    with pytest.raises(TooBig):
        seal_file(files["ảnh.png"], secret, shelf)
    monkeypatch.undo()
    growing = files["ảnh.png"]
    whole = Namer.done

    def written_meanwhile(namer: Namer) -> Any:
        with growing.open("r+b") as file:
            file.seek(100)
            file.write(b"!")
        return whole(namer)

    monkeypatch.setattr(Namer, "done", written_meanwhile)
    with pytest.raises(CannotRead):
        seal_file(growing, secret, shelf)
    assert list(shelf.names()) == []


def test_a_store_of_before_attachments_opens_and_shows_what_it_had_parked(
    place: Callable[..., Place], files: dict[str, Path]
) -> None:
    one = place()
    one.open(road=False)
    contact = one.contact()
    made = one.attach(files["lời kể.txt"], contact).id

    def as_an_older_program_left_it(connection: Any) -> None:
        for kind in ("attachment", "blob_secret"):
            table = tables.records[kind]
            row = dict(connection.execute(table.select()).mappings().one())
            held = parked_text(state_of(KINDS[kind], row))
            connection.execute(
                tables.parked_record.insert().values(kind=kind, id=row["id"], scope=row["scope"], state=held)
            )
            table.drop(connection)
        connection.exec_driver_sql("DROP TABLE blob_copy")
        node.put_key(connection, "record_shape", "an older one")

    one.write(as_an_older_program_left_it)
    one.close()
    one.open(road=False)
    (row,) = one.rows(contact)
    assert (row.id, row.title, row.here) == (made, "lời kể.txt", False)
    secret = one.read(partial(blobs.secrets_of, scope=scopes.dossier(contact)))
    assert len(secret) == 1


def test_two_desks_that_named_files_at_the_same_time_keep_both_secrets_and_open_both_files(
    place: Callable[..., Place], files: dict[str, Path]
) -> None:
    one, other = place("AG01"), place("AG02")
    one.open()
    contact = one.contact()
    other.open()
    other.until(lambda: other.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM r_contact").scalar()) == 1)
    for each in (one, other):
        each.close()
        each.open(road=False)
    first = one.attach(files["lời kể.txt"], contact).id
    second = other.attach(files["lời kể.txt"], contact).id
    for each in (one, other):
        each.close()
        each.open()
    for each in (one, other):
        each.until(partial(lambda e: len(e.rows(contact)) == 2, each))
        each.now.blobs.opened_dossier([first, second])
        each.until(partial(lambda e: all(row.here for row in e.rows(contact)), each))
        assert len(each.read(partial(blobs.secrets_of, scope=scopes.dossier(contact)))) == 2
        assert {each.open_bytes(first), each.open_bytes(second)} == {WORDS}
    assert one.read(partial(blobs.secrets_of, scope=scopes.dossier(contact))) == other.read(
        partial(blobs.secrets_of, scope=scopes.dossier(contact))
    )
