"""A letter leaves by keys only: its name tells of nobody, the entry stands, roles decide, a call comes first."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.store.reads_audit import audit_view
from desktop.ui.leaving.letters import MAU_01
from desktop.ui.main_window import MainWindow
from domain.records.audit import EXPORT
from tests.desktop.ui.conftest import STAFF, HandClock, press, stored
from tests.desktop.ui.leaving import hire, save_letter
from tests.desktop.ui.seat import Seat, with_a_case


@pytest.fixture
def seat(window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot) -> Seat:
    one = Seat(window, desk, clock, qtbot)
    with_a_case(one)
    return one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [(Qt.Key.Key_1, "mau-01.docx", "BÁO CÁO"), (Qt.Key.Key_2, "chuyen-tin.docx", "Kính gửi")],
)
def test_a_letter_is_saved_by_keys_for_its_owner_only_under_a_name_that_names_nobody(
    seat: Seat, folder: Path, kind: Qt.Key, name: str, said: str
) -> None:
    target = save_letter(seat, "letter", folder, kind)
    assert target.name == name
    assert os.listdir(folder) == [name]
    if os.name == "posix":
        assert target.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(io.BytesIO(target.read_bytes())) as made:
        words = made.read("word/document.xml").decode()
    assert "Cháu bị đánh ở trường" in words
    assert said.lower() in words.lower()
    (entry,) = [one for one in stored(seat.desk, audit_view).newest if one.action == EXPORT]
    assert (entry.actor, entry.object_kind, entry.object_id) == (STAFF, "case", seat.window.case_model.case_id)


def test_without_an_open_file_there_is_a_sentence_and_the_button_does_as_the_key(seat: Seat) -> None:
    seat.window.go("road")
    seat.strike("letter")
    assert "Mở một hồ sơ" in seat.news()
    seat.window.go("case")
    seat.window.case_page.letter.click()
    seat.until(seat.window.call_deeds.sheet.isVisible)
    press(seat.window, Qt.Key.Key_Escape)
    assert not [one for one in stored(seat.desk, audit_view).newest if one.action == EXPORT]


def test_a_role_that_prints_nothing_is_told_so_before_anything_is_asked(seat: Seat) -> None:
    hire(seat, "inspector")
    seat.strike("letter")
    seat.until(lambda: "trưởng ca" in seat.news())
    assert not seat.window.call_deeds.sheet.isVisible()
    assert not [one for one in stored(seat.desk, audit_view).newest if one.action == EXPORT]


def test_a_role_that_is_lost_while_the_dialog_stands_writes_no_file(seat: Seat, folder: Path) -> None:
    seat.strike("letter")
    seat.until(seat.window.call_deeds.sheet.isVisible)
    seat.window.sheets.letters._kind_chosen(MAU_01)
    seat.window.sheets.letters._purpose_chosen("pass_on")
    hire(seat, "it_admin")
    seat.window.sheets.letters.save_to(str(folder / "x.docx"))
    seat.until(lambda: "trưởng ca" in seat.news())
    assert os.listdir(folder) == []
    assert not [one for one in stored(seat.desk, audit_view).newest if one.action == EXPORT]


@pytest.mark.parametrize("comes", ["a call", "a lock"])
def test_a_dialog_gives_way_to_a_call_and_to_a_lock(seat: Seat, comes: str) -> None:
    for action in ("letter", "attach_file"):
        seat.window.go("case")
        seat.until(lambda: seat.window.attachments.ready)
        if action == "letter":
            seat.window.sheets.letters._kind_chosen(MAU_01)
            press(seat.window, Qt.Key.Key_1)
        else:
            seat.window.case_page.attachments.choose()
        (dialog,) = seat.window.findChildren(QFileDialog)
        assert dialog.isVisible()
        if comes == "a call":
            seat.ring()
        else:
            seat.window.act("privacy")
        assert not [one for one in seat.window.findChildren(QFileDialog) if one.isVisible()]
        if comes == "a call":
            seat.free()
            seat.until(lambda: seat.window.case_model.view is not None)
        else:
            press(seat.window, Qt.Key.Key_Space)
        seat.until(lambda: not seat.window.findChildren(QFileDialog))
