"""The other commands: a ringing number, a look at the machine, the self-check, days that are not as they should."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop import loaded_first
from desktop.call_door import CallDoor, door_name, hand_over
from desktop.day.desk_process import lines_of
from desktop.day.paper import read_paper
from desktop.doctor import look
from desktop.home import Home
from domain.cdr import read_cdr
from tests.journeys.living import command
from tests.journeys.small_day import DEMO

# ---------------------------------------------------------------- call


@pytest.fixture
def name(tmp_path: Path) -> str:
    return door_name(tmp_path / "d")


def knocked(qtbot: QtBot, name: str, said: bytes) -> bytes:
    """Say something at the door as any program of this person could, and read its answer to the end."""
    visitor = socket.socket(socket.AF_UNIX)
    visitor.connect(name)
    visitor.sendall(said)
    visitor.setblocking(False)
    heard: list[bytes] = []

    def ended() -> bool:
        try:
            heard.append(visitor.recv(100))
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        return heard[-1] == b""

    qtbot.waitUntil(ended, timeout=4000)
    visitor.close()
    return b"".join(heard)


def test_a_number_reaches_the_open_desk_and_nothing_else_does(qtbot: QtBot, name: str) -> None:
    door = CallDoor(name)
    rung: list[str] = []
    door.rang.connect(rung.append)
    assert door.open()
    assert knocked(qtbot, name, b"0900081502\n") == b"1"
    assert knocked(qtbot, name, b"+84900081502\n") == b"1"
    for other in (b"rm -rf\n", b"09000 81502\n", b"\n", b"0" * 21 + b"\n", b"9" * 5000, b"\xff\xfe\n"):
        assert knocked(qtbot, name, other) == b""
    assert rung == ["0900081502", "+84900081502"]
    door.close()


@pytest.mark.parametrize("command_line", [("call", "0900081502")])
def test_without_an_open_desk_the_launcher_says_so_and_ends(command_line: tuple[str, ...]) -> None:
    done = command(*command_line, timeout=20)
    assert done.returncode == 1
    assert "Chưa có trạm nào đang mở" in done.stderr
    assert "0900081502" not in done.stderr + done.stdout


def test_the_launcher_takes_no_words(name: str) -> None:
    done = command("call", "Nguyễn", timeout=20)
    assert done.returncode == 2
    assert "chữ số" in done.stderr
    assert not hand_over("0900081502", name)



def test_the_door_belongs_to_its_owner_alone_and_a_second_desk_leaves_it(name: str) -> None:
    door, second = CallDoor(name), CallDoor(name)
    assert door.open()
    assert stat.S_IMODE(os.stat(name).st_mode) & 0o077 == 0
    assert stat.S_IMODE(os.stat(Path(name).parent).st_mode) == 0o700
    assert not second.open()
    door.close()
    assert second.open()
    second.close()


# ---------------------------------------------------------------- doctor and self-check


def test_the_doctor_looks_at_a_new_machine_and_names_no_person(tmp_path: Path) -> None:
    findings = list(look(Home(tmp_path / "desk"), None))
    assert all(finding.well for finding in findings)
    words = "\n".join(finding.line() for finding in findings)
    assert "SQLCipher" in words
    assert "chưa đăng ký" in words
    assert not re.search(r"09\d{8}", words)


def test_the_doctor_says_when_no_server_answers_and_when_the_key_file_is_no_key_file(tmp_path: Path) -> None:
    home = Home(tmp_path / "desk")
    home.prepare()
    home.db.write_bytes(b"")
    home.slots.write_text("?", "utf-8")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        findings = list(look(home, f"http://127.0.0.1:{nobody.getsockname()[1]}"))
    bad = [finding.words for finding in findings if not finding.well]
    assert len(bad) == 2
    assert "tệp khóa" in bad[0]
    assert "Chưa tới được máy chủ" in bad[1]


def test_the_self_check_opens_every_screen_and_saves_a_call() -> None:
    done = command("--self-check", timeout=60)
    assert done.returncode == 0, done.stderr
    for page in ("calls", "file", "case", "search", "road", "F8", "F9"):
        assert page in done.stdout
    assert "đã lưu" in done.stdout


def test_what_needs_no_qt_is_loaded_before_it_and_what_few_need_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other way round a desk takes 17 MB more (`desktop.loaded_first`); the dialect of the servers, and what
    writes a workbook, would make each start wait (50 and 35 ms)."""
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    done = command("--self-check", timeout=60)
    order = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    first_of_qt = order.index("PySide6")
    late = [name for name in loaded_first.__all__ if name not in order[:first_of_qt]]
    assert late == []
    assert "desktop.operations.sheets" in order, "the screens that export were not opened"
    assert {"sqlalchemy.dialects.postgresql", "xlsxwriter", "alembic", "docxtpl"} & set(order) == set()


# ---------------------------------------------------------------- days that are not as they should


def test_a_truncated_day_gives_one_sentence_and_no_process(tmp_path: Path) -> None:
    day = tmp_path / "day.jsonl"
    whole = (DEMO / "day" / "day.jsonl").read_bytes()
    day.write_bytes(whole[:100_001])
    done = command("day", "--cdr", DEMO / "day" / "cdr.csv", "--day", day, timeout=20)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "hỏng ở dòng" in done.stderr
    assert done.stdout == ""


def test_a_day_never_writes_over_what_was_kept(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("kept", "utf-8")
    paper = ("--cdr", DEMO / "day" / "cdr.csv", "--day", DEMO / "day" / "day.jsonl")
    done = command("day", *paper, "--keep", tmp_path, timeout=20)
    assert done.returncode == 2
    assert "chọn thư mục mới" in done.stderr


def test_each_centre_gets_its_own_lines_and_every_damaged_line_once() -> None:
    paper = read_paper(DEMO / "day_rough" / "cdr.csv", DEMO / "day_rough" / "day.jsonl")
    readings = {c: read_cdr(lines_of(paper, c)) for c in ("hanoi", "da_nang", "an_giang")}
    assert sorted(d.number for r in readings.values() for d in r.damaged) == paper.damaged
    assert sum(r.repeated for r in readings.values()) == paper.repeated
    assert {c.uniqueid for r in readings.values() for c in r.calls} == set(paper.rings)
    assert all(call.centre == centre for centre, r in readings.items() for call in r.calls)


def other_day(folder: Path) -> tuple[Path, Path]:
    """Another date, other seats, an outcome and a topic that no list holds, a letter, an edit after a night."""
    date, places = "2026-12-24", {"HN": "hanoi", "DN": "da_nang", "AG": "an_giang"}
    file = {
        "primary_channel": "phone_111", "caller_kind": "family", "caller_name": "Trần Thị Ba", "child_name": None,
        "child_age": 7, "child_sex": "female", "ethnic_group": "01", "province": "91", "commune": None,
        "topic": "no_such_topic", "summary": "Hỏi thủ tục nhập học.", "language": "vietnamese",
    }  # fmt: skip
    case = {"type": "violence", "urgency": "low", "notes": ["Một.", "Hai.", "Ba."]}
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("08:00:00", "HN09", {"outcome": "silent"}),
        ("08:10:00", "DN07", {"outcome": "no_such_outcome"}),
        ("08:20:00", "AG12", {"outcome": "test_call"}),
        ("10:00:00", "AG12", {"outcome": "hang_up"}),
        ("11:00:00", "AG11", {"outcome": "counselling", "contact": file}),
        ("17:00:00", "DN08", {"outcome": "report_of_abuse", "contact": file | {"topic": "hardship"}, "case": case}),
    ]
    lines, entries = [], []
    for place, (at, seat, more) in enumerate(told):
        number, uniqueid, short = f"09000{place:05d}", f"77.{place}", seat[:2].lower()
        end = at[:-1] + "9"
        row = ["", number, "111", "hotline", number, f"SIP/trunk-{short}-01", f"SIP/{seat}-01", "Queue",
               f"q111-{short},t", f"{date} {at}", f"{date} {at}", f"{date} {end}", "9", "9", "ANSWERED",
               "DOCUMENTATION", uniqueid, ""]  # fmt: skip
        lines.append(",".join(f'"{value}"' for value in row))
        common = {"kind": "call", "uniqueid": uniqueid, "at": f"{date} {at}", "seat": seat, "number": number}
        entries.append(common | {"centre": places[seat[:2]]} | more)
    edit = {"kind": "edit", "at": f"{date} 18:00:00", "centre": "hanoi", "seat": "HN03", "record": "case"}
    entries.append(edit | {"of": "77.5", "set": {"urgency": "high"}})
    note = {"kind": "note", "at": f"{date} 18:30:00", "centre": "da_nang", "seat": "DN07"}
    entries.append(note | {"of": "77.5", "text": "Bốn."})
    folder.mkdir()
    cdr, day = folder / "cdr.csv", folder / "day.jsonl"
    cdr.write_text("\n".join(lines) + "\n", "utf-8")
    day.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in entries), "utf-8")
    return cdr, day


@pytest.mark.slow
def test_another_day_is_lived_and_unknown_codes_are_said_while_everything_else_is_kept(tmp_path: Path) -> None:
    cdr, day = other_day(tmp_path / "paper")
    done = command("day", "--cdr", cdr, "--day", day, "--json")
    assert done.returncode == 1
    counts = json.loads(done.stdout.strip().splitlines()[-1])
    assert "dòng 2: kết quả «no_such_outcome» không có trong danh mục, hãy sửa mã" in done.stderr
    assert "dòng 5: ô «topics»: mã «no_such_topic» không có trong danh mục, hãy sửa mã" in done.stderr
    assert counts["answered"] == 6
    assert counts["files"] == 2
    assert counts["unclassified"] == 1
    assert counts["cases"] == 1
    assert counts["extra_notes"] == 1
    assert counts["urgency"] == {"low": 1}
    assert (counts["lost"], counts["duplicated"], counts["held"], counts["siblings"]) == (0, 0, 0, 0)
    assert counts["digests_equal"] is True
    assert counts["desk_kills"] == 1
    assert "Traceback" not in done.stderr
