"""Attached files on the stick: they come whole or wait, never before their words, never in the words' way."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.operations.attachments import attach
from desktop.operations.courier import Exported
from desktop.store import blobs
from desktop.store.schema import blob_copy
from desktop.store.sealing import SealedFile as Sealed
from server.operations.blobs import give, to_fetch
from server.operations.centre import Centre
from server.operations.courier import import_stick, reply
from server.operations.erasure import erase
from server.operations.reach import Reach, reach
from server.operations.revocation import revoke
from sync.blobs.seal import CHUNK, pack
from sync.blobs.shelf import offset_of
from sync.blobs.signals import Want
from sync.courier import volumes
from sync.replica import scopes
from tests.journeys.by_stick import Desk, has
from tests.sync.blobs.files import SECRET, SealedFile, made_up, sealed

FILE = sealed(made_up(2 * CHUNK + 700_000))
SMALL = sealed(b"xin ch\xc3\xa0o")
VOLUME = 3 << 19
"""Bytes of a volume here: one chunk fits, two do not."""


def given(desk: Desk, file: SealedFile = FILE) -> str:
    """A report with a file; answers the attachment's id."""
    return given_to(desk, desk.report().contact_id, file)


def given_to(desk: Desk, contact: str, file: SealedFile) -> str:
    for name, chunk in zip(file.plan.chunks, file.chunks, strict=True):
        desk.shelf.put(name, chunk)
    one = Sealed("ảnh.png", "image/png", file.naming, file.plan, SECRET)
    return desk.bench.run(attach(one, contact)).id


def waits(desk: Desk) -> list[str]:
    return [one.record for one in desk.read(blobs.transfers) if one.want is Want.UP]


def is_whole(centre: Centre, file: SealedFile = FILE) -> bool:
    return offset_of(centre.blobs, file.plan) == file.plan.sealed


def parts(stick: Path, done: Exported) -> list[Path]:
    """The volumes that hold files."""
    return sorted(path for path in stick.iterdir() if path.name not in done.volumes)


def test_a_file_goes_there_by_stick_and_the_desk_hears_that_the_centre_has_it(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here, other = desks(centre, "AG03"), desks(centre, "AG04")
    made = given(here)
    up, down = usb("up"), usb("down")
    done = here.export(up, most=VOLUME)
    assert (done.files_out, done.files) == (1, 0)
    assert len(parts(up, done)) == 3
    plain = FILE.plain[5_000:5_024]
    assert all(FILE.chunks[0][:24] not in p.read_bytes() and plain not in p.read_bytes() for p in up.iterdir())
    assert waits(here) == [made], "writing a stick acknowledges nothing"
    found = import_stick(centre, up)
    assert (found.taken, found.chunks, found.files, found.files_wait) == (done.operations, 3, {made}, set())
    assert (found.missing, found.damaged, found.refused) == (0, 0, 0)
    assert is_whole(centre)
    reply(centre, down)
    taken = here.take(down)
    assert (taken.files, taken.waiting) == (1, 0)
    assert waits(here) == []
    assert here.export(usb("again")).files_out == 0
    fetched = to_fetch(centre, other.session(), made)
    assert give(centre, made, fetched, 0, CHUNK + 16) == FILE.chunks[0]


def test_of_a_partial_stick_what_verifies_is_kept_and_the_rest_comes_with_the_next(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here = desks(centre)
    made = given(here)
    up, aside = usb("up"), usb("aside")
    done = here.export(up, most=VOLUME)
    for name in done.volumes:
        shutil.move(up / name, aside / name)
    found = import_stick(centre, up)
    assert (found.taken, found.chunks, found.files_wait) == (0, 0, {made}), "its words have not come"
    assert not list(centre.blobs.names()), "no byte that no record names"
    for name in done.volumes:
        shutil.copy(aside / name, up / name)
    _, second, third = parts(up, done)
    spoilt = bytearray(second.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    second.write_bytes(spoilt)
    third.unlink()
    found = import_stick(centre, up)
    assert (found.taken, found.chunks, found.files, found.files_wait) == (done.operations, 1, set(), {made})
    assert (found.damaged > 0, found.missing) == (True, 1)
    assert offset_of(centre.blobs, FILE.plan) == CHUNK + 16
    reply(centre, usb("down"))
    assert here.take(usb("down")).files == 0
    assert waits(here) == [made], "nothing is taken for arrived"
    next_one = usb("next")
    assert here.export(next_one).operations == 0
    assert import_stick(centre, next_one).files == {made}
    reply(centre, usb("down2"))
    assert here.take(usb("down2")).files == 1
    assert is_whole(centre)


@pytest.mark.parametrize("full", ["seen before", "found while writing"])
def test_a_stick_too_small_for_files_still_takes_every_word(
    centre: Centre,
    desks: Callable[..., Desk],
    usb: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    full: str,
) -> None:
    here = desks(centre)
    made = given(here)
    little = given(here, SMALL)
    if full == "seen before":
        usage = shutil.disk_usage(usb("up"))._replace(free=(32 << 20) + 50_000)
        monkeypatch.setattr("desktop.operations.courier_files.shutil.disk_usage", lambda _folder: usage)
    else:
        room = [1 << 20]
        real = volumes._Volume.write

        def write(self: volumes._Volume, data: bytes) -> None:
            room[0] -= len(data)
            if room[0] < 0:
                raise OSError(28, "no space left on device")
            real(self, data)

        monkeypatch.setattr(volumes._Volume, "write", write)
    done = here.export(usb("up"))
    left = (1, 1) if full == "seen before" else (0, 2)
    assert (done.files_out, done.files) == left
    monkeypatch.undo()
    assert not list(usb("up").glob("*.part"))
    found = import_stick(centre, usb("up"))
    assert found.taken == done.operations
    assert found.files == ({little} if full == "seen before" else set())
    assert set(waits(here)) == {made, little}


def test_a_chunk_is_taken_only_from_one_who_may_send_it_and_only_as_its_record_names_it(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here, stranger = desks(centre, "AG03"), desks(centre, "DN01")
    made = given(here)
    here.push_by_line()
    theirs = given(stranger, SMALL)
    row = blob_copy.update().where(blob_copy.c.record == theirs)
    stranger.run(lambda c: c.execute(row.values(record=made)))
    stranger.export(usb("theirs"))
    found = import_stick(centre, usb("theirs"))
    assert (found.chunks, found.files_wait) == (0, {made}), "as missing as none"
    here.run(
        lambda c: c.execute(
            blob_copy.update().where(blob_copy.c.record == made).values(
                size=SMALL.plan.size, chunks=pack(SMALL.plan.chunks)
            )
        )
    )
    for name, chunk in zip(SMALL.plan.chunks, SMALL.chunks, strict=True):
        here.shelf.put(name, chunk)
    here.export(usb("other"))
    found = import_stick(centre, usb("other"))
    assert (found.chunks, found.refused) == (0, 1), "signed, and of another name"
    assert not list(centre.blobs.names())


def test_what_was_erased_while_its_stick_was_under_way_does_not_come_back(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here = desks(centre)
    made = given(here)
    here.export(usb("up"))
    here.push_by_line()
    assert has(centre, "attachment", made)
    erase(centre, "attachment", made, "QD-1")
    found = import_stick(centre, usb("up"))
    assert (found.chunks, found.files, found.files_wait) == (0, set(), set())
    assert not list(centre.blobs.names())


def test_files_of_a_revoked_desk_wait_with_its_words(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here = desks(centre)
    made = given(here)
    here.export(usb("up"))
    revoke(centre, here.device, "mất máy")
    found = import_stick(centre, usb("up"))
    assert (found.taken, found.chunks, found.files_wait) == (0, 0, {made})
    assert not list(centre.blobs.names())


def test_a_copy_whose_dossier_has_left_goes_when_the_reply_says_that_it_arrived(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here = desks(centre)
    contact = here.report().contact_id
    given_to(here, contact, FILE)
    here.export(usb("up"))
    import_stick(centre, usb("up"))
    reply(centre, usb("down"))
    here.run(lambda c: here.bench.store.replica.wipe(c, scopes.dossier(contact)))
    assert len(list(here.shelf.names())) == 3, "its only copy, as far as this desk knows"
    assert here.take(usb("down")).files == 1
    assert not list(here.shelf.names())
    assert waits(here) == []


def test_a_hubs_reply_is_not_the_centres_word_for_a_file(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = desks(centre)
    made = given(here)
    here.export(usb("up"))
    import_stick(centre, usb("up"))

    def behind_another(*given: object) -> Reach:
        return dataclasses.replace(reach(*given), centre="the centre above")  # type: ignore[arg-type]  # as it is given

    monkeypatch.setattr("server.operations.courier.reach", behind_another)
    reply(centre, usb("down"))
    taken = here.take(usb("down"))
    assert (taken.waiting, taken.files) == (0, 0)
    assert waits(here) == [made]
