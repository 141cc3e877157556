"""What leaves the program, as the table of actions and the tests of exports drive it: by keys, into a folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from desktop.store.unit_of_work import UnitOfWork
from domain.records.staff import Staff, record_of
from sync.operation import CREATE
from sync.replica import scopes
from tests.desktop.ui.conftest import STAFF, press
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


def accept(seat: Seat, folder: Path, said: Callable[[], str] | None = None) -> Path:
    """The dialog's own name, in this folder; answers the file once it is there and was told of."""
    told = said or seat.news
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
    seat.until(lambda: "Đã ghi" in told())
    seat.until(seat.window.isActiveWindow)
    return target


def lists_what_may_leave(seat: Seat, action_id: str) -> None:
    """A counsellor is told that the role takes nothing out; who may sees the tables."""
    sheet = seat.window.sheets.exports.sheet
    seat.free()
    seat.strike(action_id)
    seat.until(lambda: sheet.isVisible() and "không xuất" in sheet.state.text())
    assert not sheet.table.isVisible()
    press(seat.window, Qt.Key.Key_Escape)
    assert not sheet.isVisible()


def hire(seat: Seat, role: str) -> None:
    """The person at the desk has this role, and no other, from now on."""
    done: list[None] = []
    taken: Callable[[None], None] = done.append

    def act(uow: UnitOfWork) -> None:
        made = uow.act()
        known = uow.read("staff", record_of(STAFF))
        if known is None:
            one = Staff(id=record_of(STAFF), staff=STAFF, roles=(role,), centre=uow.seat.centre)
            made.create(scopes.REFERENCE, one, action=CREATE)
        else:
            made.change("staff", known.id, known.scope, known.state, {"roles": (role,)})
        uow.write(made)

    seat.desk.lane.submit(act, taken)
    seat.until(lambda: done)
