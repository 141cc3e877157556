"""What comes by the clipboard and by the local door: taken whole, or not at all and in words."""

from __future__ import annotations

import argparse

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop import __main__ as launcher
from desktop.call_door import NUMBER, CallDoor
from desktop.ui.forms.boxes import MOST_LETTERS, LineBox, TextBox
from desktop.ui.forms.form import FormView
from desktop.ui.main_window import MainWindow
from domain.text import nfc
from tests.desktop.ui.conftest import press

QUICK = settings(suppress_health_check=list(HealthCheck))


def pasted(words: str) -> QMimeData:
    data = QMimeData()
    data.setText(words)
    return data


@given(st.text(max_size=80), st.text(max_size=40))
@example("a\x00b\u202ec\x1b[2Jd\r\ne\u0301", "")
@QUICK
def test_whatever_is_pasted_becomes_text_that_can_be_kept(qapp: QApplication, words: str, before: str) -> None:
    assert qapp is not None
    for box in (TextBox(), LineBox()):
        QGuiApplication.clipboard().setText(words)
        box.setPlainText(before) if isinstance(box, TextBox) else box.setText(before)
        box.paste()
        kept = box.whole_text()
        assert kept == nfc(kept).strip()
        assert not set(kept) & set("\x00\x1b\u202e")
        kept.encode()
        box.deleteLater()
    QGuiApplication.clipboard().clear()


@given(st.integers(-40, 40), st.integers(0, 60), st.booleans())
@settings(parent=QUICK, max_examples=12)
def test_a_pasted_text_is_taken_up_to_the_limit_and_beyond_it_nothing_changes(
    qapp: QApplication, beyond: int, there: int, selected: bool
) -> None:
    assert qapp is not None
    box = TextBox()
    box.setPlainText("x" * there)
    if selected:
        box.selectAll()
    else:
        box.moveCursor(QTextCursor.MoveOperation.End)
    room = MOST_LETTERS - 1 - (0 if selected else there)
    box.insertFromMimeData(pasted("é" * (room + beyond)))
    if beyond > 0:
        assert (box.left_out, box.toPlainText()) == (True, "x" * there)
    else:
        assert (box.left_out, len(box.toPlainText())) == (False, MOST_LETTERS - 1 + beyond)
    box.insertPlainText("y")
    assert not box.left_out
    box.deleteLater()


def test_a_pasted_file_of_megabytes_is_one_sentence_and_the_box_goes_on(window: MainWindow) -> None:
    press(window, Qt.Key.Key_F8)
    sheet = window.file_page.current
    assert sheet is not None
    form: FormView = sheet.form
    form.set_value("summary", "Cháu kể.")
    box = form._fields["summary"].widget
    assert isinstance(box, TextBox)
    box.insertFromMimeData(pasted("base64" * 4_000_000))
    assert "đính kèm" in form.odd()["summary"]
    assert form.values()["summary"] == "Cháu kể."
    box.insertFromMimeData(pasted(" Thêm."))
    assert "summary" not in form.odd()
    assert form.values()["summary"].endswith("Thêm.") or form.values()["summary"].startswith("Thêm.")


@given(st.lists(st.binary(max_size=40) | st.from_regex(rb"\+?[0-9]{2,20}\n", fullmatch=True), max_size=3))
@settings(parent=QUICK, max_examples=25)
def test_at_the_local_door_a_number_is_taken_and_nothing_else(
    qtbot: QtBot, tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    door = CallDoor(str(tmp_path_factory.mktemp("d") / "c"))
    rung: list[str] = []
    door.rang.connect(rung.append)
    assert door.open()
    visitor = QLocalSocket()
    visitor.connectToServer(door._name)
    assert visitor.waitForConnected(20_000)
    for part in parts:
        visitor.write(part)
    visitor.flush()
    said = b"".join(parts)
    line, end, _ = said[:33].partition(b"\n")
    good = bool(end) and len(said) <= 32 and NUMBER.fullmatch(line.decode("ascii", "replace")) is not None
    if end or len(said) > 32:
        qtbot.waitUntil(lambda: visitor.state() == QLocalSocket.LocalSocketState.UnconnectedState, timeout=20_000)
    visitor.abort()
    visitor.deleteLater()
    door.close()
    assert rung == ([line.decode("ascii")] if good else [])


@given(st.text(max_size=30) | st.from_regex(r"(tram111:)?(//)?\+?[0-9]{0,24}/?", fullmatch=True))
@QUICK
def test_the_launcher_hands_over_a_number_or_says_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    handed: list[str] = []

    def hand_over(number: str, _door: str) -> bool:
        handed.append(number)
        return True

    monkeypatch.setattr("desktop.call_door.hand_over", hand_over)
    monkeypatch.setattr("desktop.call_door.door_name", lambda: "nowhere")
    capsys.readouterr()
    code = launcher._call(argparse.Namespace(number=words))
    said = capsys.readouterr().err
    if NUMBER.fullmatch(words):
        assert (code, handed, said) == (0, [words], "")
    else:
        assert (code, handed, said.count("\n")) == (2, [], 1)
        assert words.strip() not in said or len(words.strip()) < 3


def test_a_long_text_with_letters_that_only_look_right_is_marked_by_its_line_and_kept(window: MainWindow) -> None:
    press(window, Qt.Key.Key_F8)
    sheet = window.file_page.current
    assert sheet is not None
    form: FormView = sheet.form
    form.set_value("summary", "Cháu kể.\nBác \u0410n gọi.")
    assert "dòng 2" in form.odd()["summary"]
    assert form.values()["summary"] == "Cháu kể.\nBác \u0410n gọi."
    form.set_value("summary", "Cháu kể.\nBác An gọi.")
    assert "summary" not in form.odd()
