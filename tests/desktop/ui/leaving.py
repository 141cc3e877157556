"""What leaves the program, as the table of actions and the tests of exports drive it: by keys, into a folder."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from tests.desktop.ui.conftest import press
from tests.desktop.ui.seat import Seat, with_a_case


def makes_a_letter(seat: Seat, action_id: str) -> None:
    """Mau 01 for the agency that acts, into a file."""
    with_a_case(seat)
    with tempfile.TemporaryDirectory() as folder:
        target = save_letter(seat, action_id, Path(folder))
        assert target.read_bytes()[:2] == b"PK"


def save_letter(seat: Seat, action_id: str, folder: Path, kind: Qt.Key = Qt.Key.Key_1) -> Path:
    """By keys up to the dialog, which proposes the name; answers what was written."""
    sheet = seat.window.call_deeds.sheet
    seat.strike(action_id)
    seat.until(sheet.isVisible)
    press(seat.window, kind)
    assert "không được mã hoá" in sheet.title.text()
    press(seat.window, Qt.Key.Key_1)
    return accept(seat, folder)


def accept(seat: Seat, folder: Path) -> Path:
    """The dialog's own name, in this folder; answers the file once it is there."""
    (dialog,) = seat.window.findChildren(QFileDialog, "dialog.save_as")
    assert isinstance(dialog, QFileDialog)
    assert dialog.isVisible()
    (proposed,) = dialog.selectedFiles()
    dialog.setDirectory(str(folder))
    target = folder / Path(proposed).name
    dialog.selectFile(target.name)
    dialog.accept()
    seat.window.activateWindow()
    seat.until(target.exists)
    seat.until(lambda: "Đã ghi" in seat.news())
    seat.until(seat.window.isActiveWindow)
    return target
