"""Attachments that only this desk has lie beside its backups, and outlive store and folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desktop.operations.attachments import attach
from desktop.store import blobs
from desktop.store.copies import Copy, make_copy
from desktop.store.recovery import recover
from desktop.store.sealing import SealedFile, open_sealed, seal_file
from domain.clock import HOUR
from sync.blobs.shelf import Shelf
from sync.blobs.signals import Want
from sync.replica import read
from tests.desktop.store.kit import NOON, STORE_KEY, Bench
from tests.desktop.store.test_blobs import contact, wants, write
from tests.sync.blobs.files import SECRET, made_up


@pytest.fixture(autouse=True)
def shelf(bench: Bench) -> None:
    Shelf(bench.home.blobs).prepare()


@pytest.fixture
def put_in(bench: Bench, tmp_path: Path) -> Callable[..., str]:
    """Puts a file into a dossier as a person does; answers the attachment's id."""
    dossier = bench.run(contact)

    def one(content: bytes) -> str:
        path = tmp_path / "ảnh.bin"
        path.write_bytes(content)
        sealed = seal_file(path, SECRET, Shelf(bench.home.blobs))
        assert isinstance(sealed, SealedFile)
        return str(bench.run(attach(sealed, dossier)).id)

    return one


def copied(bench: Bench, at_ms: int = NOON) -> Copy:
    return make_copy(bench.store, bench.home.slots, bench.home.backups, at_ms, shelf=Shelf(bench.home.blobs))


def chunks_beside(bench: Bench) -> set[str]:
    return {path.name for path in (bench.home.backups / "blobs").glob("*/*") if path.parent.name != "parts"}


def plain(bench: Bench, record: str) -> bytes:
    found = bench.read(lambda c: blobs.readable(c, record))
    assert found is not None
    return open_sealed(found, Shelf(bench.home.blobs))


def damage(bench: Bench) -> None:
    """The store's file is spoilt behind its first pages."""
    bench.store.close()
    raw = bytearray(bench.home.db.read_bytes())
    for place in range(8_192, len(raw), 4_096):
        raw[place] ^= 0xFF
    bench.home.db.write_bytes(raw)


def go_on_from(bench: Bench, copy: Copy) -> Any:
    found = recover(bench.home, copy, STORE_KEY, NOON + HOUR)
    bench.reopen()
    return found


def swept(bench: Bench) -> None:
    """What every start of the desk does with chunks that no row means."""
    shelf = Shelf(bench.home.blobs)
    there = set(shelf.names())
    shelf.drop(bench.read(lambda c: blobs.left_over(c, there)))


def test_a_file_that_only_this_desk_has_survives_the_loss_of_store_and_folder(
    bench: Bench, put_in: Callable[..., str]
) -> None:
    content = made_up(1_300_000)
    record = put_in(content)
    copy = copied(bench)
    assert len(chunks_beside(bench)) == 2
    damage(bench)
    shutil.rmtree(bench.home.blobs)
    found = go_on_from(bench, copy)
    assert (found.files, found.files_lost) == (0, 0), "its row was in the backup"
    swept(bench)
    assert plain(bench, record) == content
    assert wants(bench) == [Want.UP], "it is still to be sent"


def test_what_the_centre_has_verified_is_not_kept_twice(bench: Bench, put_in: Callable[..., str]) -> None:
    record = put_in(made_up(5_000))
    found = bench.read(lambda c: blobs.readable(c, record))
    assert found is not None
    write(bench, lambda c: blobs.at_centre(c, str(found.row.blob), NOON))
    copy = copied(bench)
    assert chunks_beside(bench) == set()
    assert sorted(path.name for path in bench.home.backups.iterdir()) == [copy.path.name, copy.slots.name]


def test_a_file_attached_after_the_backup_is_found_by_its_chunks_and_still_sent(
    bench: Bench, put_in: Callable[..., str]
) -> None:
    copy = copied(bench)
    content = made_up(4_000, seed=5)
    record = put_in(content)
    bench.store.close()  # the store is whole here: what was written after the backup is carried over
    found = go_on_from(bench, copy)
    assert found.files == 1
    assert bench.read(lambda c: read.one(c, "attachment", record)) is not None
    swept(bench)
    assert plain(bench, record) == content, "the sweep of the next start leaves it alone"
    assert wants(bench) == [Want.UP]


def test_a_chunk_that_is_nowhere_whole_is_said(bench: Bench, put_in: Callable[..., str]) -> None:
    put_in(made_up(3_000, seed=7))
    copy = copied(bench)
    (path,) = (path for path in (bench.home.backups / "blobs").glob("*/*") if path.is_file())
    path.write_bytes(b"?" + path.read_bytes()[1:])
    damage(bench)
    shutil.rmtree(bench.home.blobs)
    assert go_on_from(bench, copy).files_lost == 1


def test_chunks_go_when_no_backup_needs_them_any_more(bench: Bench, put_in: Callable[..., str]) -> None:
    record = put_in(made_up(2_000))
    first = copied(bench)
    found = bench.read(lambda c: blobs.readable(c, record))
    assert found is not None
    write(bench, lambda c: blobs.at_centre(c, str(found.row.blob), NOON))
    copied(bench, NOON + HOUR)
    assert chunks_beside(bench) == set(found.plan.chunks), "the first backup needs it"
    first.path.unlink()
    copied(bench, NOON + 2 * HOUR)
    assert chunks_beside(bench) == set()
    assert not first.path.with_suffix(".chunks").exists()
