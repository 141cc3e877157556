"""The export sheet by keys: roles decide what is offered, a table is looked at before it leaves, the entry stands."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations.calls import PbxCallEvent, answer
from desktop.store.reads_audit import audit_view
from desktop.ui.main_window import MainWindow
from domain.clock import vn_to_ms
from domain.records.audit import EXPORT
from tests.desktop.ui.conftest import HandClock, press, stored
from tests.desktop.ui.leaving import accept, hire
from tests.desktop.ui.seat import Seat

NUMBER = "0900081502"


@pytest.fixture
def seat(window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot) -> Seat:
    return Seat(window, desk, clock, qtbot)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


def offered(seat: Seat) -> list[str]:
    """The sheet as it stands for whoever sits there now."""
    sheet = seat.window.sheets.exports.sheet
    seat.strike("exports")
    seat.until(sheet.table.isVisible)
    return [f"{one.kind} {one.month:02d}/{one.year}" for one in sheet.rows.rows]


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("shift_lead", ["calls", "queue"]),
        ("regional_lead", ["figures", "calls", "queue"]),
        ("inspector", ["figures", "calls", "queue"]),
        ("analyst", ["figures"]),
    ],
)
def test_only_what_the_roles_let_out_is_offered(seat: Seat, role: str, kinds: list[str]) -> None:
    hire(seat, role)
    there = offered(seat)
    assert list(dict.fromkeys(words.split(" ")[0] for words in there)) == kinds
    months = [words.split(" ")[1] for words in there if words.startswith("figures")]
    assert "11/2026" not in months, "figures of a month that still runs are not offered"
    press(seat.window, Qt.Key.Key_Escape)
    assert not seat.window.sheets.exports.sheet.isVisible()
    assert seat.window.sheets.exports.model.offers == ()


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_list_is_made_looked_at_and_saved_with_every_number_masked(seat: Seat, folder: Path, ending: str) -> None:
    seat.desk.lane.submit(answer(PbxCallEvent("111", "9.77", NUMBER, "", vn_to_ms("2026-11-20 09:00:00"), None)))
    hire(seat, "shift_lead")
    sheet = seat.window.sheets.exports.sheet
    assert offered(seat)[0] == "calls 11/2026"
    press(seat.window, Qt.Key.Key_Return)
    seat.until(sheet.card.isVisible)
    assert sheet.made_rows.index(0, 2).data() == "09•• ••• •02"
    assert "số máy được che" in sheet.head.text()
    press(seat.window, {"xlsx": Qt.Key.Key_X, "csv": Qt.Key.Key_C}[ending])
    target = accept(seat, folder, sheet.state.text)
    assert os.listdir(folder) == [f"cuoc-goi-2026-11.{ending}"]
    if os.name == "posix":
        assert target.stat().st_mode & 0o777 == 0o600
    if ending == "csv":
        lines = list(csv.reader(io.StringIO(target.read_text("utf-8-sig"))))
        assert lines[2][2] == "09•• ••• •02"
    else:
        with zipfile.ZipFile(target) as made:
            assert "09•• ••• •02" in "".join(made.read(name).decode() for name in made.namelist())
    (entry,) = [one for one in stored(seat.desk, audit_view).newest if one.action == EXPORT]
    assert (entry.object_kind, entry.object_id) == ("list_calls", "2026-11")
    press(seat.window, Qt.Key.Key_Escape)
    assert sheet.table.isVisible()
    press(seat.window, Qt.Key.Key_Escape)
    assert (sheet.isVisible(), sheet.made_rows.rowCount(), sheet.head.text()) == (False, 0, "")


def test_figures_are_shown_with_what_is_withheld_and_a_lost_role_gets_a_sentence(seat: Seat) -> None:
    hire(seat, "analyst")
    sheet = seat.window.sheets.exports.sheet
    assert offered(seat)[0] == "figures 10/2026"
    press(seat.window, Qt.Key.Key_Return)
    seat.until(sheet.card.isVisible)
    assert "Hồ sơ tháng 10/2026" in sheet.head.text()
    press(seat.window, Qt.Key.Key_Escape)
    hire(seat, "counsellor")
    press(seat.window, Qt.Key.Key_Return)
    seat.until(lambda: "không xuất số liệu" in sheet.state.text())
    assert not sheet.card.isVisible()


def test_a_call_puts_sheet_and_dialog_away(seat: Seat) -> None:
    hire(seat, "shift_lead")
    sheet = seat.window.sheets.exports.sheet
    offered(seat)
    press(seat.window, Qt.Key.Key_Return)
    seat.until(sheet.card.isVisible)
    press(seat.window, Qt.Key.Key_X)
    (dialog,) = seat.window.findChildren(QFileDialog)
    assert dialog.isVisible()
    seat.ring()
    assert not sheet.isVisible()
    assert not [one for one in seat.window.findChildren(QFileDialog) if one.isVisible()]
    seat.free()
