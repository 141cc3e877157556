"""The directory: numbers and scripts by a few letters, an interpreter in three keys, faults with their line."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk, build
from desktop.home import Home
from desktop.operations.calls import PbxCallEvent
from desktop.reference import RESOURCES, Reference
from desktop.ui.main_window import MainWindow
from domain.codes.catalogue import CatalogueError
from domain.codes.directory import Directory, Entry
from tests.desktop.ui.conftest import CHEAP, PASSPHRASE, STAFF, HandClock, named, press, type_text

CTRL = Qt.KeyboardModifier.ControlModifier
DAY = date(2026, 11, 20)


def made_up(code: str, name: str, number: str, *languages: str) -> Entry:
    return Entry(
        code, "interpreter", name, number, "18:00-22:00", languages, "", "bịa cho bài kiểm", None, False, None, None
    )


MADE_UP = (
    made_up("one", "Phiên dịch viên A", "0900000001", "hmong"),
    made_up("two", "Phiên dịch viên B", "0900000002", "hmong", "tay"),
    made_up("three", "Phiên dịch viên C", "0900000003", "khmer"),
)
"""Nobody real: numbers of the range that is given to nobody."""


@pytest.fixture
def staffed(home: Home, reference: Reference, clock: HandClock, qapp: object) -> Iterator[Desk]:
    """A desk whose directory knows interpreters."""
    known = replace(reference, directory=Directory(MADE_UP, ()))
    desk = build(home, STAFF, PASSPHRASE, clock=clock, reference=known, key_cost=CHEAP)
    yield desk
    desk.close()


def test_the_desk_knows_the_emergency_numbers_from_its_first_day(reference: Reference) -> None:
    numbers = {one.number for one in reference.directory.entries(DAY)}
    assert {"111", "112", "113", "114", "115"} <= numbers
    assert all(one.source for one in reference.directory.entries(DAY))
    assert not [one for one in reference.directory.entries(DAY) if one.kind == "interpreter"]
    silent = reference.directory.script("silent")
    assert silent is not None
    assert not silent.verified


def test_a_number_is_found_by_a_few_letters_without_tones(window: MainWindow) -> None:
    press(window, Qt.Key.Key_6, CTRL)
    assert window.page_name == "directory"
    type_text("y te")
    page = window.directory_page
    assert [row.code for row in page.rows.rows] == ["emergency_115"]
    assert page.number.text() == "115"
    assert "Chưa kiểm chứng" in page.source.text()
    press(window, Qt.Key.Key_G, CTRL)
    assert window.calls.current is not None
    assert (window.calls.current.number, window.calls.current.outbound) == ("115", True)


def test_a_script_is_read_step_by_step(window: MainWindow) -> None:
    press(window, Qt.Key.Key_6, CTRL)
    type_text("im lang")
    assert window.directory_page.title.text() == "Người gọi im lặng"
    assert "5. " in window.directory_page.words.text()


def test_an_interpreter_is_named_in_three_keys(
    staffed: Desk, show: Callable[[Desk], MainWindow], clock: HandClock, qtbot: QtBot
) -> None:
    window = show(staffed)
    window.calls.answered(PbxCallEvent("111", "6.1", "0900081502", "", clock.now_ms(), clock.now_ms()))
    for key in (Qt.Key.Key_F11, Qt.Key.Key_1, Qt.Key.Key_2):
        press(window, key)
    assert "Phiên dịch viên B, 0900 000 002" in window.status.news.text()
    values = window.file_page.sheets[0].form.values()
    assert (values["needs_interpreter"], values["language"]) == (True, "hmong")
    assert window.actions_by_id["help"].isEnabled()


def test_without_an_interpreter_the_need_is_noted_all_the_same(window: MainWindow) -> None:
    press(window, Qt.Key.Key_F11)
    named(window, "list.choice")
    press(window, Qt.Key.Key_2)
    assert window.page_name == "file"
    assert "chưa có phiên dịch viên" in window.status.news.text()


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("x,friend,Ai đó,1,,,,nguồn,,no,,", r"entries.csv:7: unknown kind"),
        ("x,interpreter,Ai đó,1,,klingon,,nguồn,,no,,", r"entries.csv:7: unknown language klingon"),
        ("x,duty,Ai đó,một,,,,nguồn,,no,,", r"entries.csv:7: a number has digits only"),
        ("x,duty,Ai đó,1,,,,,,no,,", r"entries.csv:7: a fact names its source"),
        ("x,duty,Ai đó,1,,,,nguồn,hôm qua,no,,", r"entries.csv:7: source_date .hôm qua. is not a date"),
        ("x,duty,Ai đó", r"entries.csv:7: 3 columns instead of 12"),
    ],
)
def test_a_fault_is_named_by_file_and_line(tmp_path: Path, row: str, fault: str) -> None:
    folder = Path(shutil.copytree(RESOURCES / "directory", tmp_path / "directory"))
    with (folder / "entries.csv").open("a", encoding="utf-8") as file:
        file.write(row + "\n")
    with pytest.raises(CatalogueError, match=fault):
        Directory.load(folder, ["hmong"])


def test_what_is_over_is_not_shown() -> None:
    old = replace(MADE_UP[0], valid_to=date(2026, 1, 1))
    assert not Directory([old], ()).interpreters("hmong", DAY)
