"""The courier from both command lines: what is printed, exit codes, a passphrase that stands in no argument."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from desktop import app, courier_command
from desktop.__main__ import main as desk_main
from desktop.home import Home
from desktop.operations.calls import set_outcome
from desktop.store.unit_of_work import UnitOfWork
from desktop.wall_clock import WallClock
from server.cli import main as centre_main
from server.operations.enrolment import Asked, enrol, make_code
from sync.door import Enrolled
from tests.desktop.store.kit import CHEAP, PASSPHRASE, reference
from tests.journeys.by_stick import open_centre


def desk_home(tmp_path: Path) -> Home:
    """A desk enrolled at the centre in `centre`, with two calls unsent."""
    home = Home(tmp_path / "desk")
    made = open_centre(tmp_path / "centre")

    def ask(_url: str, code: str, key: bytes, name: str) -> Enrolled:
        return enrol(made, Asked(code, key, name))

    app.enrol(home, "", make_code(made, "an_giang", "AG03"), "nv07", PASSPHRASE, enroller=ask, key_cost=CHEAP)
    made.close()
    ready = app.unlock(home, "nv07", PASSPHRASE, reference=reference(), key_cost=CHEAP)
    for _ in range(2):
        with UnitOfWork(
            ready.store, clock=WallClock(), staff="nv07", seat=ready.enrolment.seat, reference=reference()
        ) as uow:
            set_outcome(None, "silent")(uow)
            uow.commit()
    ready.store.close()
    return home


def by_desk(home: Home, what: str, folder: Path, passphrase: str = PASSPHRASE) -> int:
    asked = argparse.Namespace(what=what, folder=folder, staff=None)
    return courier_command.run(asked, home, lambda _prompt: passphrase, CHEAP)


def by_centre(tmp_path: Path, *words: str) -> int:
    return centre_main(["courier", *words, "--data", str(tmp_path / "centre")])


def test_a_stick_goes_there_and_back_by_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home, usb = desk_home(tmp_path), tmp_path / "usb"
    usb.mkdir()
    assert by_desk(home, "export", usb) == 0
    assert "Đã ghi 2 bản ghi" in capsys.readouterr().out
    assert by_centre(tmp_path, "import", "--folder", str(usb)) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (lines[0]["whole"], lines[1]["taken"], lines[1]["said"]) == (True, 2, "Đã nhận 2 thao tác mới.")
    assert by_centre(tmp_path, "reply", "--folder", str(usb)) == 0
    assert json.loads(capsys.readouterr().out)["acked"] == 2
    assert by_desk(home, "reply", usb) == 0
    assert "đã nhận 2 bản ghi, còn 0 chờ gửi" in capsys.readouterr().out
    assert by_centre(tmp_path, "kept") == 0
    assert capsys.readouterr().out == ""


def test_what_is_wrong_is_one_sentence_and_an_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home, usb = desk_home(tmp_path), tmp_path / "usb"
    usb.mkdir()
    assert by_desk(home, "export", usb, "sai mật khẩu") == courier_command.WORLD
    assert "mật khẩu chưa đúng" in capsys.readouterr().err
    assert list(usb.iterdir()) == []
    assert by_desk(home, "reply", usb) == courier_command.WORLD
    assert "không có tập tin nào" in capsys.readouterr().err
    assert by_centre(tmp_path, "import", "--folder", str(usb)) == 2
    assert "không có tập tin nào" in capsys.readouterr().err
    assert by_centre(tmp_path, "reply", "--folder", str(usb)) == 2
    assert "courier import" in capsys.readouterr().err
    assert by_desk(home, "export", usb) == 0
    (volume,) = usb.iterdir()
    volume.write_bytes(volume.read_bytes()[:-20])
    assert by_centre(tmp_path, "import", "--folder", str(usb)) == 1
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["taken"] == 2
    assert "không đọc được" in said["said"]


def test_the_desks_program_hands_the_centres_half_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk_home(tmp_path)
    with pytest.raises(SystemExit) as ended:
        desk_main(["courier", "kept", "--data", str(tmp_path / "centre")])
    assert ended.value.code == 0
    with pytest.raises(SystemExit):
        desk_main(["courier", "export"])
    assert "--folder" in capsys.readouterr().err
