"""Files of a dossier through real windows: added, listed, looked at, exported, and what is never shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.store import blobs
from desktop.store.reads_audit import audit_view
from desktop.ui.case import pictures
from desktop.ui.case.attachments import size_text
from desktop.ui.case.pictures import NotShown, PictureDamaged, PictureTooLarge, shown
from desktop.ui.main_window import MainWindow
from domain.records.audit import EXPORT
from domain.records.contact import Contact
from sync.blobs.shelf import offset_of
from sync.replica import scopes
from tests.desktop.ui.conftest import HandClock, named, press, stored

LETTER = "Con không muốn về nhà.\nCon sợ lắm.\n"


def png(width: int = 640, height: int = 400) -> bytes:
    """A picture with two colours."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#335577"))
    for x in range(width // 2):
        image.setPixelColor(x, height // 2, QColor("#ffcc00"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs say bytes, PySide takes text only
    return bytes(buffer.data().data())


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = {"bức vẽ của bé.png": png(), "thư.txt": LETTER.encode(), "băng ghi.ogg": b"OggS" + bytes(4_000)}
    for name, data in found.items():
        (tmp_path / name).write_bytes(data)
    return {name: tmp_path / name for name in found}


@pytest.fixture
def dossier(desk: Desk, show: Callable[[Desk], MainWindow], qtbot: QtBot) -> MainWindow:
    """A window with one dossier open."""
    made: list[str] = []

    def write(uow: Any) -> str:
        act = uow.act()
        contact = uow.new_id()
        act.create(scopes.dossier(contact), Contact(id=contact, received_at=uow.now_ms, summary="Bé gái 9 tuổi"))
        uow.write(act)
        return str(contact)

    window = show(desk)
    heard = Heard(made)
    desk.lane.submit(write, heard.take)
    qtbot.waitUntil(lambda: bool(made))
    window.go("case")
    window.case_model.open_contact(made[0])
    qtbot.waitUntil(lambda: window.case_model.view is not None and window.attachments.ready)
    return window


class Heard:
    """Takes one answer."""

    def __init__(self, into: list[str]) -> None:
        self._into = into

    def take(self, value: str) -> None:
        self._into.append(value)


def add(window: MainWindow, qtbot: QtBot, *paths: Path) -> None:
    card = window.case_page.attachments
    for path in paths:
        before = len(card.table_model.rows)
        assert isinstance(window.attachments.clock, HandClock)
        window.attachments.clock.pass_ms(1_000)
        card.add_file(str(path))
        qtbot.waitUntil(lambda before=before: len(card.table_model.rows) > before)  # type: ignore[misc]  # binds the loop's value


def shown_rows(window: MainWindow) -> list[list[str]]:
    table = window.case_page.attachments.table_model
    return [[str(table.data(table.index(r, c))) for c in range(3)] for r in range(table.rowCount())]


def test_a_file_is_chosen_by_keyboard_and_listed_with_size_and_place(
    dossier: MainWindow, qtbot: QtBot, files: dict[str, Path], desk: Desk
) -> None:
    assert dossier.case_page.attachments.detail.text() == "Chưa có tệp nào."
    press(dossier, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    dialog = dossier.case_page.attachments.findChild(QFileDialog, "dialog.attach")
    assert isinstance(dialog, QFileDialog)
    assert dialog.isVisible()
    dialog.setDirectory(str(files["thư.txt"].parent))
    dialog.selectFile(str(files["thư.txt"]))
    dialog.accept()
    card = dossier.case_page.attachments
    qtbot.waitUntil(lambda: bool(card.table_model.rows))
    qtbot.waitUntil(lambda: card.said.text() == "Đã lưu tệp trên máy này")
    assert shown_rows(dossier) == [["thư.txt", f"{len(LETTER.encode())} B", "Chờ gửi"]]
    assert card.detail.text() == "thư.txt: chỉ ở máy này, chờ gửi về trung tâm"
    (row,) = stored(desk, lambda c: blobs.of_contact(c, dossier.case_model.view.contact.id))  # type: ignore[union-attr]  # it is open
    assert (row.title, row.by, row.here, row.want) == ("thư.txt", "an.nguyen", True, "up")
    QApplication.processEvents()


def test_a_picture_and_a_letter_are_shown_inside_the_program_and_forgotten_on_escape(
    dossier: MainWindow, qtbot: QtBot, files: dict[str, Path]
) -> None:
    add(dossier, qtbot, files["bức vẽ của bé.png"], files["thư.txt"])
    card, viewer = dossier.case_page.attachments, dossier.case_page.viewer
    card.table.setFocus()
    press(dossier, Qt.Key.Key_Return)
    qtbot.waitUntil(viewer.isVisible)
    assert viewer.head.text() == "bức vẽ của bé.png"
    assert "640 × 400" in viewer.what.text()
    shown_image = viewer.pixmap.toImage()
    assert shown_image.pixelColor(5, 5).name() == "#335577"
    press(dossier, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not viewer.isVisible())
    assert viewer.pixmap.isNull()
    assert viewer.head.text() == ""
    assert card.table.hasFocus()
    press(dossier, Qt.Key.Key_Down)
    press(dossier, Qt.Key.Key_Return)
    qtbot.waitUntil(viewer.isVisible)
    assert viewer.text.toPlainText() == LETTER
    assert viewer.text.isReadOnly()
    assert dossier.windowTitle() == "Trạm 111"
    press(dossier, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not viewer.isVisible())
    assert viewer.text.toPlainText() == ""


def test_the_same_file_again_makes_no_second_row_and_says_so(
    dossier: MainWindow, qtbot: QtBot, files: dict[str, Path]
) -> None:
    add(dossier, qtbot, files["thư.txt"])
    card = dossier.case_page.attachments
    card.add_file(str(files["thư.txt"]))
    qtbot.waitUntil(lambda: card.said.text() == "Hồ sơ này đã có tệp đó")
    assert len(card.table_model.rows) == 1


def test_export_warns_first_and_names_the_file_by_nothing_of_its_own(
    dossier: MainWindow, qtbot: QtBot, files: dict[str, Path], tmp_path: Path, desk: Desk
) -> None:
    add(dossier, qtbot, files["băng ghi.ogg"])
    card = dossier.case_page.attachments
    card.see.click()
    qtbot.waitUntil(lambda: "Xuất ra" in card.said.text())
    assert not dossier.case_page.viewer.isVisible()
    card.out.click()
    assert card.rather_not.isVisible()
    press(dossier, Qt.Key.Key_Escape)
    assert not card.rather_not.isVisible()
    card.out.click()
    card.sure.click()
    dialog = card.findChild(QFileDialog, "dialog.export")
    assert isinstance(dialog, QFileDialog)
    assert [Path(name).name for name in dialog.selectedFiles()] == ["tep-dinh-kem.ogg"]
    dialog.reject()
    target = tmp_path / "ra.ogg"
    card.export_to(str(target))
    qtbot.waitUntil(lambda: "nhớ xoá" in card.said.text())
    assert target.read_bytes() == files["băng ghi.ogg"].read_bytes()
    entries = [one for one in stored(desk, audit_view).newest if one.action == EXPORT]
    assert [one.object_id for one in entries] == [card.table_model.rows[0].id]


def test_what_is_not_on_this_desk_says_so_and_is_asked_for(
    dossier: MainWindow, qtbot: QtBot, files: dict[str, Path], desk: Desk
) -> None:
    add(dossier, qtbot, files["thư.txt"])
    card = dossier.case_page.attachments
    row = card.table_model.rows[0]
    done: list[str] = []

    def lose(uow: Any) -> str:
        blobs.at_centre(uow.connection, row.blob, uow.now_ms)
        blobs.spoilt_here(uow.connection, row.blob)
        return "lost"

    desk.lane.submit(lose, Heard(done).take)
    qtbot.waitUntil(lambda: bool(done))
    plan = stored(desk, lambda c: blobs.plan(c, row.blob))
    desk.blobs.shelf.drop(plan.chunks)
    assert offset_of(desk.blobs.shelf, plan) == 0
    dossier.attachments.refresh()
    qtbot.waitUntil(lambda: shown_rows(dossier)[0][2] == "Chờ lấy")
    card.see.click()
    qtbot.waitUntil(lambda: "đang lấy từ trung tâm" in card.said.text())
    assert not dossier.case_page.viewer.isVisible()


def test_a_pixel_bomb_a_broken_picture_and_a_page_from_outside_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = shown(png(3_000, 60))
    assert isinstance(picture, QImage)
    assert picture.width() == pictures.LONGEST_SIDE, "read smaller"
    monkeypatch.setattr(pictures, "MOST_PIXELS", 3_000 * 60 - 1)
    with pytest.raises(PictureTooLarge):
        shown(png(3_000, 60))
    monkeypatch.undo()
    with pytest.raises(PictureDamaged):
        shown(png()[:200])
    for other in (b"%PDF-1.7 \x00", b"PK\x03\x04\x00", b"\x00\x01\x02", b"MZ\x90\x00"):
        with pytest.raises(NotShown):
            shown(other)
    page = "<svg onload='x'><script>alert(1)</script></svg>"
    assert shown(page.encode()) == page, "as letters, never as a page"


def test_sizes_are_said_as_people_say_them() -> None:
    assert [size_text(n) for n in (0, 999, 14_400, 3_240_000)] == ["0 B", "999 B", "14 KB", "3,2 MB"]


def test_without_a_dossier_the_key_attaches_nothing_and_says_why(window: MainWindow) -> None:
    window.go("case")
    window.act("attach_file")
    assert "Mở một hồ sơ" in window.status.news.text()
    assert not window.case_page.attachments.findChildren(QFileDialog)
    assert named(window, "table.cases")
