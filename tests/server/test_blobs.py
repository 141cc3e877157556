"""Attachments' bytes at a real centre over HTTP: resumed at any cut, checked, hidden from who lacks the scope."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from domain.records.attachment import Attachment
from server.operations import blobs, grants
from server.operations.erasure import erase
from server.operations.refusals import Refusal
from server.operations.sessions import Session
from server.store import accounts, erased_bytes
from sync import door, wire
from sync.blobs.seal import CHUNK, TAG, pack
from sync.blobs.signals import Erased, NotThere, Spoilt
from sync.replica import scopes
from sync.transport import BlobRoad
from tests.server.ground import PATIENCE_S, Desk, Running, enrol_desk, running, signed
from tests.sync.blobs.files import SealedFile, made_up, sealed

MakeDesk = Callable[..., Desk]
FILE = sealed(made_up(CHUNK + 70_000))
SMALL = sealed(b"xin ch\xc3\xa0o")


def attach(desk: Desk, record: str, file: SealedFile = FILE, contact: str = "t1") -> str:
    """An attachment's metadata into a dossier of this desk, not yet pushed; answers its scope."""
    scope = scopes.dossier(contact)
    act = desk.node.act()
    act.create(
        scope,
        Attachment(
            id=record,
            contact_id=contact,
            title="ảnh vết thương.png",
            media_type="image/png",
            bytes=len(file.plain),
            blob=file.naming.blob,
            chunk_count=len(file.chunks),
            chunks=pack(file.plan.chunks),
            key=wire.text64(file.naming.key),
        ),
    )
    desk.node.write(act)
    return scope


def road_of(desk: Desk) -> BlobRoad:
    return BlobRoad(desk.url, desk.enrolled.device, 1, desk.key.sign)


def send_all(road: BlobRoad, record: str, file: SealedFile = FILE, part: int = 300_000) -> None:
    offset = road.offer(record, file.plan.sealed).offset
    while offset < file.plan.sealed:
        offset = road.send(record, file.plan.sealed, offset, file.whole[offset : offset + part])


def fetch_all(road: BlobRoad, record: str, file: SealedFile = FILE, part: int = 300_000) -> bytes:
    found = b""
    while len(found) < file.plan.sealed:
        found += road.fetch(record, file.plan.sealed, len(found), part)
    return found


@pytest.fixture
def with_case(centre: Running, desks: MakeDesk) -> tuple[Desk, BlobRoad]:
    """A desk of An Giang with a pushed dossier that has one attachment, nothing of its bytes sent."""
    desk = desks(centre, "AG01")
    desk.write_contact("t1", case=True)
    attach(desk, "tep-1")
    desk.push()
    return desk, road_of(desk)


def test_metadata_goes_first_and_the_bytes_follow_whole(centre: Running, desks: MakeDesk) -> None:
    desk = desks(centre, "AG01")
    desk.write_contact("t1")
    attach(desk, "tep-1")
    road = road_of(desk)
    with pytest.raises(NotThere):
        road.offer("tep-1", FILE.plan.sealed)
    desk.push()
    assert road.offer("tep-1", FILE.plan.sealed).offset == 0
    with pytest.raises(NotThere):
        road.fetch("tep-1", FILE.plan.sealed, 0, 10)
    send_all(road, "tep-1")
    told = road.offer("tep-1", FILE.plan.sealed)
    assert (told.offset, told.centre) == (FILE.plan.sealed, True)
    assert fetch_all(road, "tep-1") == FILE.whole
    road.close()


def test_another_desk_of_the_centre_fetches_it_and_opens_it(
    centre: Running, desks: MakeDesk, with_case: tuple[Desk, BlobRoad]
) -> None:
    send_all(with_case[1], "tep-1")
    other = desks(centre, "AG02")
    other.pull()
    road = road_of(other)
    assert fetch_all(road, "tep-1", part=1 << 20) == FILE.whole
    for one in (road, with_case[1]):
        one.close()


def test_without_the_scope_a_blob_is_as_missing_as_none(
    centre: Running, desks: MakeDesk, with_case: tuple[Desk, BlobRoad]
) -> None:
    _, road = with_case
    send_all(road, "tep-1")
    stranger = desks(centre, "DN01")
    stranger.pull()
    said = {}
    for record in ("tep-1", "khong-co"):
        path = f"{door.BLOB}/{record}"
        url = centre.url + path
        part = {"Range": "bytes=0-9"}
        answers = [
            requests.get(url, headers=signed(stranger.road, "GET", path) | part, timeout=PATIENCE_S),
            requests.head(url, headers=signed(stranger.road, "HEAD", path) | part, timeout=PATIENCE_S),
            requests.patch(
                url,
                data=b"x",
                timeout=PATIENCE_S,
                headers={
                    **signed(stranger.road, "PATCH", path, b"x"),
                    "Upload-Offset": "0",
                    "Upload-Checksum": f"sha256 {wire.text64(sha256(b'x').digest())}",
                    "Content-Type": door.PART_TYPE,
                },
            ),
            requests.post(
                centre.url + door.BLOB,
                timeout=PATIENCE_S,
                headers={
                    **signed(stranger.road, "POST", door.BLOB),
                    "Upload-Length": str(FILE.plan.sealed),
                    "Upload-Metadata": f"record {wire.text64(record.encode())}",
                },
            ),
        ]
        said[record] = [
            (a.status_code, a.content, sorted(k for k in a.headers if k.lower() != "x-request-id")) for a in answers
        ]
    assert said["tep-1"] == said["khong-co"]
    assert [status for status, *_ in said["tep-1"]] == [404] * 4

    # What opens it is the grant, and nothing else that the stranger could write itself.
    attach(stranger, "tep-gia", contact="t9")
    stranger.write_contact("t9")
    stranger.push()
    mine = road_of(stranger)
    with pytest.raises(NotThere):
        mine.fetch("tep-1", FILE.plan.sealed, 0, 10)

    def grant(connection: object) -> None:
        found = accounts.find_device(connection, stranger.enrolled.device)  # type: ignore[arg-type]  # the lane's own
        assert found is not None
        grants.give(centre.centre, connection, found, [scopes.dossier("t1")])  # type: ignore[arg-type]  # the lane's own

    centre.centre.lane.do(grant)
    assert mine.fetch("tep-1", FILE.plan.sealed, 0, 10) == FILE.whole[:10]
    mine.close()
    road.close()


def test_sending_is_cut_at_any_byte_and_goes_on_where_the_centre_ends(
    tmp_path: Path, rounds: Callable[[int], int]
) -> None:
    """The request itself is cut in the middle of its body; the centre is restarted in between."""
    chance = random.Random(111)
    with running(tmp_path) as centre:
        from tests.server.ground import enrol_desk

        desk = enrol_desk(centre)
        desk.write_contact("t1")
        attach(desk, "tep-1")
        desk.push()
        road = road_of(desk)
        cuts = 0
        offset = road.offer("tep-1", FILE.plan.sealed).offset
        while offset < FILE.plan.sealed:
            part = FILE.whole[offset : offset + chance.choice([9_000, 200_000, CHUNK + TAG])]
            if cuts < rounds(120):
                cuts += 1
                _cut(centre.url, road, offset, part, chance.randrange(len(part)))
                assert road.offer("tep-1", FILE.plan.sealed).offset == offset, "a cut part is no part"
            offset = road.send("tep-1", FILE.plan.sealed, offset, part)
        assert cuts == rounds(120) or FILE.plan.sealed == offset
        road.close()
        desk.close()
    with running(tmp_path) as again:
        road = BlobRoad(again.url, desk.enrolled.device, 1, desk.key.sign)
        assert road.offer("tep-1", FILE.plan.sealed).offset == FILE.plan.sealed
        assert fetch_all(road, "tep-1", part=123_457) == FILE.whole
        road.close()


def _cut(url: str, road: BlobRoad, offset: int, part: bytes, after: int) -> None:
    """Begin to send a part and hang up after so many bytes of it."""
    place = urlsplit(url)
    said = signed(road, "PATCH", f"{door.BLOB}/tep-1", part)["Authorization"]
    head = (
        f"PATCH {door.BLOB}/tep-1 HTTP/1.1\r\nHost: x\r\nAuthorization: {said}\r\n"
        f"Upload-Offset: {offset}\r\nUpload-Checksum: sha256 {wire.text64(sha256(part).digest())}\r\n"
        f"Content-Type: {door.PART_TYPE}\r\nContent-Length: {len(part)}\r\n\r\n"
    )
    with socket.create_connection((str(place.hostname), int(place.port or 0)), PATIENCE_S) as line:
        line.sendall(head.encode() + part[:after])
        line.shutdown(socket.SHUT_WR)
        while line.recv(4_096):
            pass


def test_a_flipped_byte_is_refused_and_nothing_of_the_part_is_kept(with_case: tuple[Desk, BlobRoad]) -> None:
    desk, road = with_case
    road.offer("tep-1", FILE.plan.sealed)
    part = FILE.whole[:5_000]
    answer = requests.patch(
        f"{desk.url}{door.BLOB}/tep-1",
        data=part[:-1] + b"!",
        timeout=PATIENCE_S,
        headers={
            **signed(road, "PATCH", f"{door.BLOB}/tep-1", part[:-1] + b"!"),
            "Upload-Offset": "0",
            "Upload-Checksum": f"sha256 {wire.text64(sha256(part).digest())}",
            "Content-Type": door.PART_TYPE,
        },
    )
    assert (answer.status_code, wire.decode_problem(answer.content).code) == (460, "checksum")
    assert road.offer("tep-1", FILE.plan.sealed).offset == 0
    # A sender whose own copy is altered sends a right checksum over wrong bytes: found when the chunk is full.
    wrong = FILE.chunks[0][:-1] + bytes([FILE.chunks[0][-1] ^ 1])
    with pytest.raises(Spoilt):
        road.send("tep-1", FILE.plan.sealed, 0, wrong)
    assert road.offer("tep-1", FILE.plan.sealed).offset == 0
    send_all(road, "tep-1")
    assert fetch_all(road, "tep-1") == FILE.whole
    road.close()


def test_a_chunk_the_centres_disk_altered_is_not_given_and_is_asked_for_again(
    centre: Running, with_case: tuple[Desk, BlobRoad]
) -> None:
    road = with_case[1]
    send_all(road, "tep-1")
    name = FILE.plan.chunks[0]
    path = centre.centre.blobs.root / name[:2] / name
    path.write_bytes(b"!" + path.read_bytes()[1:])
    with pytest.raises(NotThere):
        road.fetch("tep-1", FILE.plan.sealed, 0, 100)
    assert road.offer("tep-1", FILE.plan.sealed).offset == 0, "the centre no longer says that it has it"
    assert road.send("tep-1", FILE.plan.sealed, 0, FILE.chunks[0]) == FILE.plan.sealed
    assert fetch_all(road, "tep-1") == FILE.whole

    # Asked for its word, the centre looks at every byte: nobody need have fetched the spoilt one before.
    name = FILE.plan.chunks[1]
    path = centre.centre.blobs.root / name[:2] / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert road.offer("tep-1", FILE.plan.sealed).offset == CHUNK + TAG
    send_all(road, "tep-1")
    assert fetch_all(road, "tep-1") == FILE.whole
    road.close()


def test_two_attachments_of_one_file_are_one_blob_and_erasing_spares_what_another_names(
    centre: Running, with_case: tuple[Desk, BlobRoad]
) -> None:
    desk, road = with_case
    send_all(road, "tep-1")
    attach(desk, "tep-2")
    attach(desk, "tep-3", SMALL)
    desk.push()
    assert road.offer("tep-2", FILE.plan.sealed).offset == FILE.plan.sealed, "nothing is sent twice"
    send_all(road, "tep-3", SMALL)
    shelf = centre.centre.blobs
    assert len(list(shelf.names())) == 3
    erase(centre.centre, "attachment", "tep-1", "QD-1")
    assert fetch_all(road, "tep-2") == FILE.whole, "another record still names it"
    erase(centre.centre, "attachment", "tep-2", "QD-2")
    assert set(shelf.names()) == set(SMALL.plan.chunks)
    road.close()


def test_a_desk_sends_the_bytes_of_what_it_wrote_where_the_operation_is_held(
    centre: Running, desks: MakeDesk, with_case: tuple[Desk, BlobRoad]
) -> None:
    """A late edit to a case of others: its metadata waits at the centre, its bytes are not refused."""
    with_case[1].close()
    late = desks(centre, "DN01")
    late.pull()
    attach(late, "tep-muon", SMALL)  # into An Giang's dossier, without a grant
    late.push()
    assert {one.why for one in late.road.held()} == {"ungranted_scope"}
    road = road_of(late)
    send_all(road, "tep-muon", SMALL)
    assert road.offer("tep-muon", SMALL.plan.sealed).offset == SMALL.plan.sealed
    with pytest.raises(NotThere):
        road.fetch("tep-muon", SMALL.plan.sealed, 0, 10)
    other = road_of(desks(centre, "DN02"))
    with pytest.raises(NotThere):
        other.offer("tep-muon", SMALL.plan.sealed)
    other.close()
    road.close()


def test_a_part_that_is_too_large_or_beyond_the_end_is_refused(with_case: tuple[Desk, BlobRoad]) -> None:
    desk, road = with_case

    def patch(data: bytes) -> requests.Response:
        return requests.patch(
            f"{desk.url}{door.BLOB}/tep-1",
            data=data,
            timeout=PATIENCE_S,
            headers={
                **signed(road, "PATCH", f"{door.BLOB}/tep-1", data),
                "Upload-Offset": "0",
                "Upload-Checksum": f"sha256 {wire.text64(sha256(data).digest())}",
                "Content-Type": door.PART_TYPE,
            },
        )

    assert patch(b"x" * (door.MOST_PART + 1)).status_code == 413
    assert road.offer("tep-1", FILE.plan.sealed).offset == 0
    send_all(road, "tep-1")
    assert patch(b"x").status_code == 409
    past = requests.get(
        f"{desk.url}{door.BLOB}/tep-1",
        timeout=PATIENCE_S,
        headers=signed(road, "GET", f"{door.BLOB}/tep-1")
        | {"Range": f"bytes={FILE.plan.sealed}-{FILE.plan.sealed + 5}"},
    )
    assert past.status_code == 416
    road.close()


def test_a_centre_that_dies_right_after_an_erasing_keeps_none_of_its_bytes(
    tmp_path: Path, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path / "data", database) as centre:
        desk = enrol_desk(centre)
        desk.write_contact("t1")
        attach(desk, "tep-1")
        attach(desk, "tep-2", SMALL)
        desk.push()
        road = road_of(desk)
        send_all(road, "tep-1")
        send_all(road, "tep-2", SMALL)
        road.close()

        def dies(*_: object) -> None:
            raise SystemError("killed between the commit and the files")

        monkeypatch.setattr(centre.centre.blobs, "drop", dies)
        with pytest.raises(SystemError):
            erase(centre.centre, "attachment", "tep-1", "QD-1")
        assert len(list(centre.centre.blobs.names())) == 3
        desk.close()
    with running(tmp_path / "data", database) as centre:
        assert set(centre.centre.blobs.names()) == set(SMALL.plan.chunks)
        assert centre.centre.read(erased_bytes.due) == {}


def test_what_is_taken_in_the_moment_of_its_erasing_does_not_stay(
    centre: Running, with_case: tuple[Desk, BlobRoad]
) -> None:
    """The request was let in before the order, its bytes are written after it."""
    desk, road = with_case
    attach(desk, "tep-2", SMALL)
    desk.push()
    send_all(road, "tep-2", SMALL)
    session = Session(centre.centre.read(accounts.devices)[0], 1, 0)
    let_in = blobs.to_send(centre.centre, session, "tep-1")
    erase(centre.centre, "attachment", "tep-1", "QD-1")
    part = FILE.whole[: CHUNK + TAG + 9]
    with pytest.raises(Refusal) as refused:
        blobs.take(centre.centre, "tep-1", let_in, 0, part, sha256(part).digest())
    assert refused.value.code == door.ERASED
    assert set(centre.centre.blobs.names()) == set(SMALL.plan.chunks)
    with pytest.raises(Erased):
        road.offer("tep-1", FILE.plan.sealed)
    road.close()


def test_an_older_centre_that_parked_attachments_shows_them_after_its_upgrade(
    tmp_path: Path, database: str | None
) -> None:
    from sqlalchemy import delete

    from server.operations.centre import Centre
    from server.store.engine import open_store
    from sync.replica import node, tables
    from sync.replica.rows import parked_text, state_of
    from tests.server.ground import HandClock

    with running(tmp_path / "data", database) as centre:
        desk = enrol_desk(centre)
        desk.write_contact("t1")
        attach(desk, "tep-1")
        desk.push()
        table = tables.records["attachment"]

        def as_an_older_program_left_it(connection: object) -> str:
            from domain.records.kinds import KINDS

            row = dict(connection.execute(table.select()).mappings().one())  # type: ignore[attr-defined]  # the lane's own
            held = parked_text(state_of(KINDS["attachment"], row))
            connection.execute(  # type: ignore[attr-defined]  # the lane's own
                tables.parked_record.insert().values(kind="attachment", id=row["id"], scope=row["scope"], state=held)
            )
            connection.execute(delete(table))  # type: ignore[attr-defined]  # the lane's own
            table.drop(connection)  # type: ignore[arg-type]  # the lane's own
            node.put_key(connection, "record_shape", "an older one")  # type: ignore[arg-type]  # the lane's own
            return str(row["versions"])

        before = centre.centre.lane.do(as_an_older_program_left_it)
        desk.close()
    upgraded = Centre(open_store(tmp_path / "data", database), HandClock(), random.randbytes)
    try:
        row = upgraded.read(lambda c: dict(c.execute(table.select()).mappings().one()))
        assert row["blob"] == FILE.naming.blob
        assert row["title"] == "ảnh vết thương.png"
        assert before
        assert upgraded.read(lambda c: c.execute(tables.parked_record.select()).all()) == []
    finally:
        upgraded.close()
