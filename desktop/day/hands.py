"""A counsellor's hands: keys pressed in the real window, words through the input method, boxes by their names."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QInputMethodEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QWidget

from desktop.ui.forms.boxes import LineBox, TextBox
from desktop.ui.forms.choice import ChoiceRow
from desktop.ui.forms.form import FormView
from desktop.ui.forms.pickers import PickBox

_NO: Final = Qt.KeyboardModifier.NoModifier


class CannotEnterError(Exception):
    """A value that the desk's form does not take; the text names field and code list, never the value's words."""


def press(window: QWidget, keys: str) -> None:
    """Press a key or a combination ("F2", "Ctrl+Return") where the caret is."""
    combination: QKeyCombination = QKeySequence(keys)[0]  # type: ignore[index]  # PySide's stubs lack __getitem__
    target = QApplication.focusWidget()
    if target is None or target.window() is not window:
        target = window
    QTest.keyClick(target, combination.key(), combination.keyboardModifiers())


def type_words(box: QWidget, words: str) -> None:
    """Replace what stands in a box, the words committed by an input method as UniKey does it."""
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    if words:
        event = QInputMethodEvent()
        event.setCommitString(words)
        QApplication.sendEvent(box, event)
    else:
        QTest.keyClick(box, Qt.Key.Key_Delete)


def push(button: QWidget) -> None:
    """Press a button by the keyboard."""
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


def button_of(place: QWidget, name: str) -> QWidget:
    """The newest button `action.<name>` of a place (older ones may be on their way out). Raises
    CannotEnterError."""
    there = place.findChildren(QWidget, f"action.{name}")
    if not there:
        raise CannotEnterError(f"màn hình không có nút {name}")
    return there[-1]


def fill(form: FormView, values: dict[str, Any]) -> list[str]:
    """Fill the form's boxes, each found by `field.<name>`; answers sentences about what it did not take."""
    wrong: list[str] = []
    for name, value in values.items():
        if value is None or value == "":
            continue
        try:
            _enter(form, name, value)
        except CannotEnterError as fault:
            wrong.append(str(fault))
    return wrong


def _enter(form: FormView, name: str, value: Any) -> None:
    box = form.findChild(QWidget, f"field.{name}")
    if isinstance(box, PickBox):
        for code in value if isinstance(value, list) else [value]:
            _pick(box, name, str(code))
    elif isinstance(box, ChoiceRow):
        _choose(box, name, str(value))
    elif isinstance(box, QCheckBox):
        if box.isChecked() != bool(value):
            push(box)
    elif isinstance(box, LineBox | TextBox):
        type_words(box, str(value))
    else:
        raise CannotEnterError(f"biểu mẫu không có ô «{name}»")


def _pick(box: PickBox, name: str, code: str) -> None:
    """Type a code and choose it by Enter; a code that the list does not have leaves the box empty."""
    if box.keeps and box.key == code:
        return
    taken: list[str] = []
    box.took.connect(taken.append)
    try:
        type_words(box, code)
        QTest.keyClick(box, Qt.Key.Key_Return)
    finally:
        box.took.disconnect(taken.append)
    if taken != [code]:
        type_words(box, "")
        box.suggestions.hide()
        raise CannotEnterError(f"ô «{name}»: mã «{code}» không có trong danh mục, hãy sửa mã rồi nhập lại")


def _choose(row: ChoiceRow, name: str, code: str) -> None:
    """Choose by the button's digit."""
    codes = list(row.buttons)
    if code not in codes:
        raise CannotEnterError(f"ô «{name}»: mã «{code}» không có trong danh mục, hãy sửa mã rồi nhập lại")
    if row.value() == code:
        return
    button = row.buttons[code]
    button.setFocus()
    if codes.index(code) < 9:
        QTest.keyClick(button, Qt.Key(Qt.Key.Key_1.value + codes.index(code)), _NO)
    else:
        QTest.keyClick(button, Qt.Key.Key_Space, _NO)
