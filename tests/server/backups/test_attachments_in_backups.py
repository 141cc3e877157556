"""Attachments' bytes are in a centre's backup: sent over HTTP, kept beside it, verified, there after a restore."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.clock import DAY
from server.cli import main
from server.operations.backup import Verified, make_backup, restore, restore_chunks, verify_backup, verify_chunks
from server.store import backup_file
from sync.blobs.shelf import Shelf
from tests.server.ground import Desk, HandClock, Running, running
from tests.server.test_blobs import FILE, SMALL, attach, fetch_all, road_of, send_all

MakeDesk = Callable[..., Desk]


def backup(centre: Running, tmp_path: Path, database: str | None = None) -> Verified:
    key = tmp_path / "backup.key"
    return make_backup(centre.centre, tmp_path / "data", tmp_path / "b", key, embedded=database is None)


def key_of(tmp_path: Path) -> bytes:
    return backup_file.backup_key(tmp_path / "backup.key", make=False)


def beside(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "b" / "blobs").glob("*/*")}


def desk_with(centre: Running, desks: MakeDesk, *, sent: bool = True) -> Desk:
    """A desk with a dossier and a file of two chunks in it."""
    desk = desks(centre, "AG01")
    desk.write_contact("t1", case=True)
    attach(desk, "tep-1")
    desk.push()
    if sent:
        send_all(road_of(desk), "tep-1")
    return desk


def test_after_the_loss_of_everything_the_files_are_there_again(
    tmp_path: Path, database: str | None, other_database: str | None, desks: MakeDesk
) -> None:
    with running(tmp_path / "data", database) as centre:
        desk = desk_with(centre, desks)
        made = backup(centre, tmp_path, database)
        assert (made.chunks.held, made.chunks.copied, made.chunks.absent) == (2, 2, 0)
        assert beside(tmp_path) == set(FILE.plan.chunks)
    shutil.rmtree(tmp_path / "data")
    new = tmp_path / "new"
    restore(made.path, key_of(tmp_path), new, other_database, HandClock(), force=False)
    given = restore_chunks(made.path, new)
    assert (given.put, given.lost) == (2, 0)
    with running(new, other_database) as centre:
        desk.url = centre.url
        assert fetch_all(road_of(desk), "tep-1") == FILE.whole


def test_a_file_that_has_not_come_yet_is_said_and_comes_with_the_next_backup(
    embedded: Running, desks: MakeDesk, tmp_path: Path
) -> None:
    desk = desk_with(embedded, desks, sent=False)
    first = backup(embedded, tmp_path)
    assert (first.chunks.held, first.chunks.absent) == (0, 2)
    assert [path.name for path in (tmp_path / "b").iterdir() if path.is_file()] == [first.path.name]
    send_all(road_of(desk), "tep-1")
    embedded.clock.pass_ms(1_000)
    second = backup(embedded, tmp_path)
    assert (second.chunks.held, second.chunks.copied) == (2, 2)
    attach(desk, "tep-2", SMALL)
    desk.push()
    send_all(road_of(desk), "tep-2", SMALL)
    third = backup(embedded, tmp_path)
    assert (third.chunks.held, third.chunks.copied) == (3, 1), "only what is new is copied"
    assert {path.suffix for path in (tmp_path / "b").iterdir() if path.is_file()} == {".t111", ".chunks"}


def test_an_old_backup_that_is_deleted_takes_along_what_only_it_needed(
    embedded: Running, desks: MakeDesk, tmp_path: Path
) -> None:
    desk = desk_with(embedded, desks)
    attach(desk, "tep-2", SMALL)
    desk.push()
    send_all(road_of(desk), "tep-2", SMALL)
    first = backup(embedded, tmp_path)
    assert main(["erase", "attachment", "tep-1", "--order", "QĐ-1", "--data", str(tmp_path / "data")]) == 0
    desk.write_calls(range(1))
    desk.push()
    second = backup(embedded, tmp_path)
    assert second.chunks.held == 1
    assert beside(tmp_path) == {*FILE.plan.chunks, *SMALL.plan.chunks}, "the first backup still means them"
    assert verify_backup(first.path, key_of(tmp_path)).sound
    assert verify_chunks(first.path) == []
    first.path.unlink()
    desk.write_calls(range(1, 2))
    desk.push()
    backup(embedded, tmp_path)
    assert beside(tmp_path) == set(SMALL.plan.chunks)


def test_damage_is_found_by_verify_and_at_the_centre_is_said_at_once(
    embedded: Running, desks: MakeDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk_with(embedded, desks)
    where = ["--data", str(tmp_path / "data")]
    assert main(["backup", *where, "--to", str(tmp_path / "b")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["chunks"], told["chunks_not_here"], told["chunks_damaged"]) == (2, 0, 0)
    path = tmp_path / "b" / told["backup"]
    assert main(["verify", *where, "--backup", str(path)]) == 0
    capsys.readouterr()
    spoilt = next(one for one in (tmp_path / "b" / "blobs").glob("*/*") if one.stat().st_size > 100)
    raw = spoilt.read_bytes()
    spoilt.write_bytes(raw[:50] + bytes([raw[50] ^ 1]) + raw[51:])
    assert main(["verify", *where, "--backup", str(path)]) == 1
    assert json.loads(capsys.readouterr().out)["differences"] == [f"chunk {spoilt.name[:16]}: damaged"]
    live = Shelf(tmp_path / "data" / "blobs")
    for name in FILE.plan.chunks:
        place = live.root / name[:2] / name
        place.write_bytes(b"?" + place.read_bytes()[1:])
    assert main(["backup", *where, "--to", str(tmp_path / "b2")]) == 1
    assert json.loads(capsys.readouterr().out)["chunks_damaged"] == 2


def test_the_command_restores_the_files_too_and_says_what_is_lost(
    embedded: Running, desks: MakeDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk_with(embedded, desks)
    path = backup(embedded, tmp_path).path
    wanted = ["--from", str(path), "--key", str(tmp_path / "backup.key")]
    assert main(["restore", "--data", str(tmp_path / "new"), *wanted]) == 0
    assert json.loads(capsys.readouterr().out)["chunks_put_back"] == 2
    assert Shelf(tmp_path / "new" / "blobs").verified(FILE.plan.chunks[0]) == FILE.chunks[0]
    (tmp_path / "b" / "blobs" / FILE.plan.chunks[1][:2] / FILE.plan.chunks[1]).unlink()
    assert main(["restore", "--data", str(tmp_path / "other"), *wanted]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["chunks_put_back"], told["chunks_lost"]) == (1, 1)
    assert main(["health", "--data", str(tmp_path / "other")]) == 0, "words are not given up for a picture"


def test_backups_past_their_term_go_once_a_newer_one_was_verified_and_the_newest_never(
    embedded: Running, desks: MakeDesk, tmp_path: Path
) -> None:
    desk = desk_with(embedded, desks)
    first = backup(embedded, tmp_path)
    folder, clock = tmp_path / "b", embedded.clock
    strange = folder / first.path.name.replace("-2", "-1", 1)
    strange.write_bytes(bytes(4096))
    mine = folder / "centre-notes.t111"
    mine.write_text("a person's own file")
    assert main(["erase", "attachment", "tep-1", "--order", "QĐ-1", "--data", str(tmp_path / "data")]) == 0
    clock.at += 14 * DAY
    desk.write_calls(range(1))
    desk.push()
    second = backup(embedded, tmp_path)
    assert first.path.exists(), "the last day belongs to the term"
    clock.at += 14 * DAY
    desk.write_calls(range(1, 2))
    desk.push()
    third = backup(embedded, tmp_path)
    assert {one.name for one in folder.glob("*.t111")} == {
        second.path.name, third.path.name, strange.name, mine.name
    }  # fmt: skip
    assert not list(folder.glob(f"{first.path.stem}*")), "its list too"
    assert beside(tmp_path) == set(), "and the chunks that only it needed"
    clock.at += 400 * DAY
    last = backup(embedded, tmp_path)
    assert {one.name for one in folder.glob("*.t111")} == {last.path.name, strange.name, mine.name}
    assert verify_backup(last.path, key_of(tmp_path)).sound
