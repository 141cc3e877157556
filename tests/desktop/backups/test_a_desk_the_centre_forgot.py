"""A desk enrolled after the backup that its centre went back to: it enrols again as itself, all goes up."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop import app, servers_command
from desktop.home import Home
from desktop.operations import intake
from desktop.store import identity
from desktop.store.reads import case_view, road_view
from desktop.store.unit_of_work import Seat
from server.operations.backup import make_backup, restore
from server.store import backup_file
from server.store.audit import audit
from sync import transport
from sync.door import Again, again_claim
from sync.replica import read
from sync.troubles import SignedOut
from tests.desktop.background.test_the_road import Place, settled
from tests.desktop.backups.test_restored_ends import lead_to, save
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock
from tests.server.ground import HandClock, Running, running


@pytest.fixture
def made(qapp: QApplication) -> Iterator[list[Place]]:
    assert qapp is not None
    places: list[Place] = []
    yield places
    for one in places:
        one.close()


def a_place(tmp_path: Path, centre: Running, seat: str, made: list[Place]) -> Place:
    home = Home(tmp_path / seat)
    app.enrol(home, centre.url, centre.code(seat), STAFF, PASSPHRASE, key_cost=CHEAP)
    made.append(Place(home, SetClock(centre.clock.now_ms())))
    return made[-1]


def wait(qtbot: QtBot, *places: Place) -> None:
    for one in places:
        qtbot.waitUntil(lambda one=one: settled(one), timeout=60_000)  # type: ignore[misc]  # binds the loop's value


def holds(place: Place, case: str) -> bool:
    return bool(place.read(lambda c: read.one(c, "case", case)))


def seat_of(place: Place) -> Seat:
    return place.read(identity.enrolment).seat  # type: ignore[no-any-return]  # Place reads anything


def enrol_again(home: Home, url: str, code: str) -> int:
    parser = argparse.ArgumentParser()
    servers_command.add_arguments(parser)
    asked = parser.parse_args(["enrol", url])
    return servers_command.run(asked, home, lambda prompt: code if "Mã" in prompt else PASSPHRASE, CHEAP)


def test_a_desk_enrolled_after_the_backup_enrols_again_as_itself_and_its_whole_log_goes_up(
    tmp_path: Path, made: list[Place], qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    data, key = tmp_path / "centre", tmp_path / "backup.key"
    with running(data) as centre:
        old = a_place(tmp_path, centre, "AG03", made)
        old.open()
        save(old, 2)
        wait(qtbot, old)
        backup = make_backup(centre.centre, data, tmp_path / "b", key, embedded=True)
        late = a_place(tmp_path, centre, "AG04", made)
        late.open()
        save(late, 3)
        first = late.run(intake.save_report({"summary": "chỉ máy mới có", "urgency": "high"}, None))
        qtbot.waitUntil(lambda: holds(old, first.case_id), timeout=60_000)
        qtbot.waitUntil(lambda: late.read(road_view).waiting == 0, timeout=60_000)
        wait(qtbot, late)
        before = centre.centre.read(audit)
        old.line.cut()
        late.line.cut()
        device = seat_of(late).device
        second = late.run(intake.save_report({"summary": "khi đường truyền đứt"}, None))
        old.close()
        late.close()
    restore(backup.path, backup_file.backup_key(key, make=False), data, None, HandClock(), force=True)
    with running(data) as centre:
        for desk in (old, late):
            lead_to(desk, centre.url)
            desk.line.up = True
            desk.road.heard.clear()
            desk.open()
        qtbot.waitUntil(lambda: any("đăng ký lại" in str(one) for one in late.road.heard), timeout=60_000)
        assert late.read(road_view).waiting > 0
        late.close()

        assert enrol_again(late.home, centre.url, centre.code("AG05")) == servers_command.WORLD
        assert "đúng ghế" in capsys.readouterr().err
        assert enrol_again(late.home, centre.url, centre.code("AG04")) == 0
        assert "tự gửi lên" in capsys.readouterr().out
        # Once more is harmless: it is the same device.
        assert enrol_again(late.home, centre.url, centre.code("AG04")) == 0
        thief = Ed25519PrivateKey.generate()
        raw, code = thief.public_key().public_bytes_raw(), centre.code("AG04")
        claim = Again(device, "AG04", thief.sign(again_claim(device, "AG04", code, raw)))
        with pytest.raises(SignedOut):
            transport.enrol(centre.url, code, raw, "kẻ lạ", again=claim)

        late.road.heard.clear()
        late.open()
        assert seat_of(late).device == device
        qtbot.waitUntil(lambda: holds(old, second.case_id), timeout=60_000)
        qtbot.waitUntil(lambda: late.read(road_view).waiting == 0, timeout=60_000)
        wait(qtbot, late, old)
        after = centre.centre.read(audit)
        assert after.differences == []
        assert after.records > before.records, "the words of the cut are there too"
        for desk in (late, old):
            for saved in (first, second):
                view = desk.read(lambda c, saved=saved: case_view(c, saved.case_id))  # type: ignore[misc]  # binds the loop's value
                assert view.case.contact_id == saved.contact_id
        calls = centre.centre.store.reading
        with calls() as connection:
            ids = [row[0] for row in connection.exec_driver_sql("SELECT id FROM r_call").fetchall()]
        assert len(ids) == len(set(ids)) == 5
