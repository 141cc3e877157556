"""A centre restored from a backup: new lineage, nothing put over what lies there, desks send again what it lost."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from domain.clock import HOUR
from server.cli import main
from server.operations.backup import make_backup, restore
from server.operations.centre import Centre
from server.store import backed_up, backup_file, lineage
from server.store.audit import audit
from server.store.engine import DATABASE, KEY
from server.store.troubles import BackupUnreadable, StoreInUse, StoreIsThere
from sync import transport
from sync.replica import read, removal
from sync.troubles import Behind
from tests.server.ground import Desk, HandClock, Running, running

MakeDesk = Callable[..., Desk]


def backup(centre: Running, tmp_path: Path, database: str | None) -> Path:
    made = make_backup(
        centre.centre, tmp_path / "data", tmp_path / "b", tmp_path / "backup.key", embedded=database is None
    )
    return made.path


def key_of(tmp_path: Path) -> bytes:
    return backup_file.backup_key(tmp_path / "backup.key", make=False)


def again(desk: Desk, centre: Running) -> None:
    """The desk finds the centre at its new address, as a name would lead it there."""
    desk.road.close()
    desk.url = centre.url
    desk.road = transport.HttpTransport(centre.url, desk.enrolled.device, 1, desk.key.sign)


def send_all(desk: Desk) -> None:
    """What the engine does on meeting another lineage: its own acknowledgements and cursor hold."""
    answer = desk.road.pull(desk.lineage, desk.cursor, 10, 0, 10)
    assert answer is not None
    if desk.lineage:
        assert (answer[0].count, answer[0].next) == (0, 0), "a cursor of another history is worth nothing"
    desk.lineage, desk.cursor, desk.acked = answer[0].lineage, 0, 0
    if desk.node.outbox():
        desk.push()
    desk.pull()


@pytest.mark.parametrize("into", ["same", "other"])
def test_desks_send_again_what_a_restored_centre_lost(
    tmp_path: Path, database: str | None, other_database: str | None, desks: MakeDesk, into: str
) -> None:
    """Also from one kind of database into the other."""
    with running(tmp_path / "data", database) as centre:
        one, two = desks(centre), desks(centre, "AG02")
        one.write_contact("a", case=True)
        one.push()
        two.pull()
        path = backup(centre, tmp_path, database)
        two.write_contact("b", case=True)
        one.write_calls(range(5))
        for desk in (one, two):
            desk.push()
        before = centre.centre.lineage
        counted = centre.centre.read(audit)
    data, target = (tmp_path / "data", database) if into == "same" else (tmp_path / "else", other_database)
    if into == "same":
        with pytest.raises(StoreIsThere, match="--force"):
            restore(path, key_of(tmp_path), data, target, HandClock(), force=False)
    name = restore(path, key_of(tmp_path), data, target, HandClock(), force=into == "same")
    assert name != before
    with running(data, target) as centre:
        assert centre.centre.lineage == name
        for desk in (one, two):
            again(desk, centre)
            send_all(desk)
        for desk in (one, two, one, two):
            desk.pull()
        assert (one.digest, two.digest) == (one.own_digest(), two.own_digest())
        found = centre.centre.read(audit)
        assert found.differences == []
        assert (found.records, found.operations) == (counted.records, counted.operations), "nothing lost or doubled"


def test_the_old_store_is_kept_aside_whole(tmp_path: Path, database: str | None, desks: MakeDesk) -> None:
    data = tmp_path / "data"
    with running(data, database) as centre:
        one = desks(centre)
        one.write_calls(range(3))
        one.push()
        path = backup(centre, tmp_path, database)
        one.write_calls(range(3, 9))
        one.push()
        with pytest.raises(StoreInUse, match="serve"):
            restore(path, key_of(tmp_path), data, database, HandClock(), force=True)
        assert centre.centre.read(audit).differences == []
    restore(path, key_of(tmp_path), data, database, HandClock(), force=True)
    restored = Centre.opened(data, database, HandClock())
    if database is None:
        (aside,) = data.glob("aside-*.db")
        with backup_file.reading(aside, bytes.fromhex((data / KEY).read_text())) as connection:
            kept = connection.execute(text("SELECT count(*) FROM r_call")).scalar_one()
    else:
        with restored.store.reading() as connection:
            schema = connection.execute(
                text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'aside-%'")
            ).scalar_one()
            # sql-names-only: the schema just found
            kept = connection.exec_driver_sql(f'SELECT count(*) FROM "{schema}".r_call').scalar_one()
    assert kept == 9
    assert restored.read(lambda c: c.execute(text("SELECT count(*) FROM r_call")).scalar_one()) == 3
    assert restored.read(lambda c: backed_up.of(c, one.enrolled.device, 1)) == 3, "what was restored is in a backup"
    restored.close()


def test_a_store_that_cannot_be_opened_is_replaced_and_kept(
    tmp_path: Path, embedded: Running, desks: MakeDesk
) -> None:
    one = desks(embedded)
    one.write_calls(range(3))
    one.push()
    path = backup(embedded, tmp_path, None)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / DATABASE).write_bytes(bytes(8192))
    (broken / KEY).write_text("ab" * 32)
    restore(path, key_of(tmp_path), broken, None, HandClock(), force=True)
    (aside,) = broken.glob("aside-*.db")
    assert aside.read_bytes() == bytes(8192)
    centre = Centre.opened(broken, None, HandClock())
    assert centre.read(audit).differences == []
    centre.close()


def test_a_damaged_backup_replaces_nothing(tmp_path: Path, embedded: Running, desks: MakeDesk) -> None:
    desks(embedded)
    path = backup(embedded, tmp_path, None)
    raw = bytearray(path.read_bytes())
    raw[-50] ^= 1
    path.write_bytes(raw)
    new = tmp_path / "new"
    with pytest.raises(BackupUnreadable):
        restore(path, key_of(tmp_path), new, None, HandClock(), force=True)
    assert not new.exists()


def test_the_lost_part_may_have_leased_numbers_so_they_are_left_out(
    tmp_path: Path, database: str | None, desks: MakeDesk
) -> None:
    data = tmp_path / "data"
    blocks = text("SELECT first, last, device FROM r_number_block WHERE centre_digit = 3 ORDER BY first")
    with running(data, database) as centre:
        desks(centre)
        path = backup(centre, tmp_path, database)
        lost = desks(centre, "AG02")
        leased = centre.centre.read(lambda c: [tuple(row) for row in c.execute(blocks)])
        assert leased[-1][2] == lost.enrolled.device
        own = centre.centre.read(lineage.own_incarnation)
    restore(path, key_of(tmp_path), data, database, HandClock(), force=True)
    with running(data, database) as centre:
        desks(centre, "AG03")
        given = centre.centre.read(lambda c: [tuple(row) for row in c.execute(blocks)])
        assert given[-1][0] > leased[-1][1], "no number of the lost block is leased again"
        assert centre.centre.read(lineage.own_incarnation) == own + 1
        assert centre.centre.read(audit).differences == []


def put_back(tmp_path: Path, path: Path) -> None:
    """Somebody copies an older database in place, without restore and without new-lineage."""
    data = tmp_path / "data"
    (data / DATABASE).unlink()
    backup_file.new_file(data / DATABASE)
    backup_file.copy_pages(path, key_of(tmp_path), data / DATABASE, bytes.fromhex((data / KEY).read_text()))


@pytest.mark.parametrize("meets", ["pull", "push"])
def test_an_older_database_put_in_place_is_found_by_the_first_desk_that_knows_more(
    tmp_path: Path, desks: MakeDesk, caplog: pytest.LogCaptureFixture, meets: str
) -> None:
    with running(tmp_path / "data") as centre:
        one, two = desks(centre), desks(centre, "AG02")
        path = backup(centre, tmp_path, None)
        one.write_calls(range(5))
        one.push()
        two.pull()
        one.pull()
        before = centre.centre.lineage
    put_back(tmp_path, path)
    caplog.clear()
    with running(tmp_path / "data") as centre, caplog.at_level(logging.WARNING):
        for desk in (one, two):
            again(desk, centre)
        assert centre.centre.lineage == before
        if meets == "pull":
            answer = two.road.pull(two.lineage, two.cursor, 10, 0, 10)
            assert answer is not None
            assert (answer[0].lineage, answer[0].next) == (centre.centre.lineage, 0)
        else:
            two.write_calls(range(1))
            assert two.push().lineage == before, "the batch itself was taken"
        assert centre.centre.lineage != before
        assert "history lost" in caplog.text
        for desk in (one, two):
            send_all(desk)
        for desk in (one, two):
            desk.pull()
        assert (one.digest, two.digest) == (one.own_digest(), two.own_digest())
        assert centre.centre.read(audit).differences == []


def test_a_gap_is_told_and_logged_but_is_one_devices_word_only(
    embedded: Running, desks: MakeDesk, caplog: pytest.LogCaptureFixture
) -> None:
    one = desks(embedded)
    one.lineage = before = embedded.centre.lineage
    one.write_calls(range(5))
    one.acked = 3
    with pytest.raises(Behind) as told:
        one.push()
    assert told.value.acked == 0
    assert "gap device=" in caplog.text
    assert embedded.centre.lineage == before
    one.acked = 0
    assert one.push().acked == 5


def test_one_device_cannot_name_the_history_anew_at_will(embedded: Running, desks: MakeDesk) -> None:
    liar = desks(embedded)
    liar.write_calls(range(2))
    liar.push()
    names = []
    for _ in range(3):
        answer = liar.road.pull(embedded.centre.lineage, 10**9, 10, 0, 10)
        assert answer is not None
        assert (answer[0].next, answer[0].more) == (0, True)
        names.append(embedded.centre.lineage)
    assert names[0] == names[1] == names[2]
    embedded.clock.pass_ms(HOUR)
    liar.road.continue_as(1)
    liar.road.pull(embedded.centre.lineage, 10**9, 10, 0, 10)
    assert embedded.centre.lineage != names[0]


def test_new_lineage_names_a_store_that_was_restored_by_other_means(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], database: str | None
) -> None:
    where = ["--data", str(tmp_path / "data"), *(["--database", database] if database else [])]
    assert main(["health", *where]) == 0
    before = json.loads(capsys.readouterr().out)["lineage"]
    assert main(["new-lineage", *where]) == 0
    told = json.loads(capsys.readouterr().out)["lineage"]
    assert main(["health", *where]) == 0
    assert json.loads(capsys.readouterr().out)["lineage"] == told != before


def test_the_command_restores_into_an_empty_folder(
    tmp_path: Path, embedded: Running, desks: MakeDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    one = desks(embedded)
    one.write_calls(range(2))
    one.push()
    path = backup(embedded, tmp_path, None)
    new = ["--data", str(tmp_path / "new")]
    wanted = ["--from", str(path), "--key", str(tmp_path / "backup.key")]
    assert main(["restore", *new, *wanted]) == 0
    told = json.loads(capsys.readouterr().out)
    assert main(["restore", *new, *wanted]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["verify", *new]) == 0
    assert json.loads(capsys.readouterr().out)["operations"] == 3
    assert main(["health", *new]) == 0
    assert json.loads(capsys.readouterr().out)["lineage"] == told["lineage"] != embedded.centre.lineage


def test_words_that_a_desk_may_read_no_longer_come_again_closed_and_only_the_centre_opens_them(
    tmp_path: Path, embedded: Running, desks: MakeDesk
) -> None:
    one = desks(embedded)
    one.write_calls(range(2))
    one.push()
    path = backup(embedded, tmp_path, None)
    scope = one.write_contact("a", "Lời riêng của trẻ", case=True)
    one.write_calls(range(2, 4))
    one.push()
    whole = one.node.outbox(0)
    key = embedded.centre.courier_key.public_key()
    assert one.node.run(lambda c: removal.close_log(c, scope, key)) == 3
    assert one.node.run(lambda c: removal.close_log(c, scope, key)) == 0
    closed = one.node.outbox(0)
    assert any(b"L\xe1\xbb\x9di ri" in each.body for each in whole)
    assert not any(b"L\xe1\xbb\x9di ri" in each.body for each in closed)
    one.acked = 0
    assert one.push().acked == 7, "a centre that has them finds the same hashes"
    data = tmp_path / "restored"
    restore(path, key_of(tmp_path), data, None, HandClock(), force=False)
    with running(data) as centre:
        again(one, centre)
        send_all(one)
        stored = centre.centre.read(lambda c: read.one(c, "contact", "a"))
        assert stored is not None
        assert stored.record.summary == "Lời riêng của trẻ"
        found = centre.centre.read(audit)
        assert (found.differences, found.held) == ([], 0)
