"""The exchange's file of calls, as the table of actions and its own tests drive it: by keys, from a folder."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from tests.desktop.ui.seat import Seat

ANSWERED = (
    '"","{number}","111","hotline","","SIP/trunk-ag-00000001","SIP/AG03-00000001","Queue","q111-ag,t",'
    '"2026-11-20 13:0{minute}:00","2026-11-20 13:0{minute}:03","2026-11-20 13:0{minute}:40","40","37","ANSWERED",'
    '"DOCUMENTATION","{uniqueid}",""'
)
MISSED = (
    '"","0900047028","111","hotline","","SIP/trunk-ag-00000002","","Queue","q111-ag,t",'
    '"2026-11-20 13:10:00","","2026-11-20 13:10:30","30","0","NO ANSWER","DOCUMENTATION","{uniqueid}",""'
)


def exchange_file(folder: Path, *lines: str) -> Path:
    """A file as Asterisk's cdr_csv writes it."""
    path = folder / "Master.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def choose(seat: Seat, path: Path) -> None:
    """Take this file in the dialog that stands open."""
    dialog = seat.window.findChild(QFileDialog, "dialog.exchange_records")
    assert isinstance(dialog, QFileDialog)
    assert dialog.isVisible()
    dialog.setDirectory(str(path.parent))
    dialog.selectFile(str(path))
    dialog.accept()
    seat.window.activateWindow()
    seat.until(seat.window.isActiveWindow)


def compares_with_the_exchange(seat: Seat, action_id: str) -> None:
    """One answered call that no row has: it waits in the list of those without an outcome."""
    seat.free()
    with tempfile.TemporaryDirectory() as folder:
        path = exchange_file(Path(folder), ANSWERED.format(number="0900031908", minute=1, uniqueid="day.77"))
        seat.strike(action_id)
        choose(seat, path)
        hint = seat.window.calls_page.hint
        seat.until(lambda: "thêm 1 cuộc chưa phân loại" in hint.text())
    assert seat.window.calls_page.listing == "unclassified"
    seat.strike("back")
