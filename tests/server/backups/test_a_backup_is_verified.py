"""A backup counts only when it was opened and counted anew, and desks hear how much of theirs it holds."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from server.cli import main
from server.operations.backup import Verified, make_backup, verify_backup
from server.store import backup_file
from server.store.audit import audit
from server.store.troubles import BackupIncomplete, BackupUnreadable, KeyMissing
from sync.operation import Placed
from sync.wire import PullHead
from tests.server.ground import Desk, InThread, Running

MakeDesk = Callable[..., Desk]


def backup(centre: Running, tmp_path: Path, database: str | None) -> Verified:
    data, into = tmp_path / "data", tmp_path / "backups"
    return make_backup(centre.centre, data, into, tmp_path / "away" / "backup.key", embedded=database is None)


def key_of(tmp_path: Path) -> bytes:
    return backup_file.backup_key(tmp_path / "away" / "backup.key", make=False)


def test_a_backup_holds_the_whole_store_and_nobody_else_can_read_it(
    centre: Running, desks: MakeDesk, tmp_path: Path, database: str | None
) -> None:
    one = desks(centre)
    one.write_contact("a", "Chuyện không ai khác được đọc", case=True)
    one.write_calls(range(30))
    one.push()
    made = backup(centre, tmp_path, database)
    assert [path.name for path in made.path.parent.iterdir()] == [made.path.name], "nothing beside it"
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "away" / "backup.key").stat().st_mode) == 0o600
    raw = made.path.read_bytes()
    assert not raw.startswith(b"SQLite format 3")
    assert "Chuyện không ai".encode() not in raw
    here = centre.centre.read(audit)
    again = verify_backup(made.path, key_of(tmp_path))
    assert again.sound
    assert (again.found.records, again.found.operations) == (here.records, here.operations)
    assert (again.lineage, again.chains[one.enrolled.device, 1]) == (centre.centre.lineage, one.acked)
    with backup_file.reading(made.path, key_of(tmp_path)) as connection:
        words = connection.execute(text("SELECT summary FROM r_contact WHERE id = 'a'")).scalar_one()
    assert words == "Chuyện không ai khác được đọc"


def test_desks_hear_what_a_verified_backup_holds_and_no_more(
    centre: Running, desks: MakeDesk, tmp_path: Path, database: str | None
) -> None:
    one, two = desks(centre), desks(centre, "AG02")
    one.write_calls(range(3))
    assert one.push().backed_up == 0
    backup(centre, tmp_path, database)
    one.write_calls(range(3, 5))
    answer = one.push()
    assert (answer.acked, answer.backed_up) == (5, 3)
    told = one.road.pull("", 0, 10, 0, 10)
    assert told is not None
    assert (told[0].acked, told[0].backed_up) == (5, 3)
    other = two.road.pull("", 0, 10, 0, 10)
    assert other is not None
    assert other[0].backed_up == 0, "each device hears of its own chain"


def test_a_held_pull_ends_with_the_news_of_a_backup(
    embedded: Running, desks: MakeDesk, tmp_path: Path
) -> None:
    one = desks(embedded)
    one.write_calls(range(3))
    one.push()
    one.pull()

    def hear() -> tuple[PullHead, list[Placed]]:
        while (answer := one.road.pull(one.lineage, one.cursor, 10, 0.2, 20)) is None:
            pass
        return answer

    held = InThread(hear)
    embedded.held_pulls(1)
    backup(embedded, tmp_path, None)
    answer = held.outcome()
    assert isinstance(answer, tuple)
    assert (answer[0].backed_up, answer[1]) == (3, [])
    assert one.road.pull(one.lineage, one.cursor, 10, 0.05, 20) is None, "it is told once"


def test_what_differs_from_itself_makes_no_backup(
    centre: Running, desks: MakeDesk, tmp_path: Path, database: str | None
) -> None:
    one = desks(centre)
    one.write_calls(range(3))
    one.push()
    first = backup(centre, tmp_path, database)
    one.write_calls(range(3, 6))
    one.push()
    with centre.centre.store.writing() as connection:
        connection.execute(text("DELETE FROM r_call WHERE id = (SELECT min(id) FROM r_call)"))
    with pytest.raises(BackupIncomplete, match="chưa được tính"):
        backup(centre, tmp_path, database)
    assert [path.name for path in first.path.parent.iterdir()] == [first.path.name]
    told = one.road.pull("", 0, 10, 0, 10)
    assert told is not None
    assert told[0].backed_up == 3


def test_every_damaged_byte_of_a_backup_is_found(embedded: Running, desks: MakeDesk, tmp_path: Path) -> None:
    one = desks(embedded)
    one.write_calls(range(20))
    one.push()
    made = backup(embedded, tmp_path, None)
    key, whole = key_of(tmp_path), made.path.read_bytes()
    missed = []
    spoilt = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(20, len(whole), len(whole) // 40)]
    for place, damaged in enumerate([*spoilt, whole[: len(whole) // 2]]):
        made.path.write_bytes(damaged)
        try:
            if verify_backup(made.path, key).sound:
                missed.append(place)
        except BackupUnreadable:
            continue
    assert missed == []
    made.path.write_bytes(whole)
    assert verify_backup(made.path, key).sound


def test_a_backup_opens_with_its_own_key_only(embedded: Running, tmp_path: Path) -> None:
    made = backup(embedded, tmp_path, None)
    with pytest.raises(BackupUnreadable, match="--key"):
        verify_backup(made.path, bytes(32))
    with pytest.raises(BackupUnreadable):
        verify_backup(tmp_path / "nowhere.t111", key_of(tmp_path))
    (tmp_path / "away" / "backup.key").unlink()
    with pytest.raises(KeyMissing, match=r"backup\.key"):
        key_of(tmp_path)


def test_the_commands_back_up_beside_a_serving_centre_and_verify(
    embedded: Running, desks: MakeDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = desks(embedded)
    one.write_calls(range(4))
    one.push()
    where = ["--data", str(tmp_path / "data")]
    assert main(["backup", *where, "--to", str(tmp_path / "b")]) == 0
    told = json.loads(capsys.readouterr().out)
    path = tmp_path / "b" / told["backup"]
    assert (told["operations"], told["lineage"]) == (5, embedded.centre.lineage)
    answer = one.road.pull("", 0, 10, 0, 10)
    assert answer is not None
    assert answer[0].backed_up == 4, "the serving centre reports what the command has verified"
    assert main(["verify", *where, "--backup", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["differences"] == []
    raw = bytearray(path.read_bytes())
    raw[-100] ^= 1
    path.write_bytes(raw)
    assert main(["verify", *where, "--backup", str(path)]) != 0
    assert main(["backup", *where, "--to", str(tmp_path / "data" / "server.key")]) == 2
    assert main(["restore", *where, "--from", str(path)]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if " tram111." not in line]
    assert "Không đọc được bản sao lưu" in lines[-1]
