"""What a screen says, all of it: for the eye, for the ear, in tables, tabs and menus; and what the sources say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, Qt
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QTabBar,
    QTextEdit,
    QWidget,
)

from desktop.ui.widgets.said import AS_IN_FILE

ROOT = Path(__file__).resolve().parents[3]
MARKED = frozenset("ăâđêôơưáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ")
"""Letters that only Vietnamese has here."""

NOT_ON_SCREENS = ("desktop/day/", "desktop/gallery/")
"""What speaks of made-up days, to those who build the program."""

_HEARD = (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value, QAccessible.Text.Help)
_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)


def is_vietnamese(text: str) -> bool:
    """Whether a text has a letter that only Vietnamese has."""
    return not MARKED.isdisjoint(text.lower())


KEEPS_ITS_NAME = {
    "Trạm 111": "the program's name",
    "Tiếng Việt": "a language is named in itself where languages are chosen",
    **dict.fromkeys(("Tày", "Nùng", "Mường"), "languages without another English name"),
}
"""What stays Vietnamese in the English interface, beside names of places and what people typed."""


def everything_said() -> Iterator[tuple[str, str]]:
    """(where, words) of everything that any open window says, what stands in its boxes included."""
    for window in (one for one in QApplication.topLevelWidgets() if one.isVisible()):
        yield from heard_and_seen(window)
        for widget in window.findChildren(QWidget):
            if not widget.isVisible() or is_as_in_file(widget):
                continue
            where = f"{type(widget).__name__} {widget.objectName()}".strip()
            if isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit | QComboBox | QGroupBox | QProgressBar):
                yield where, _inside(widget)
            face = QAccessible.queryAccessibleInterface(widget)
            if face.isValid():
                yield from ((f"{where} for the ear", words) for of in _HEARD if (words := face.text(of)))


def is_as_in_file(widget: QWidget) -> bool:
    """Whether it, or what it is a part of, shows words of an official file."""
    part: QWidget | None = widget
    while part is not None and not part.property(AS_IN_FILE):
        part = part.parentWidget()
    return part is not None


def _inside(widget: QWidget) -> str:
    if isinstance(widget, QLineEdit | QProgressBar):
        return widget.text()
    if isinstance(widget, QTextEdit | QPlainTextEdit):
        return widget.toPlainText()
    if isinstance(widget, QComboBox):
        return "\n".join(widget.itemText(place) for place in range(widget.count()))
    return QGroupBox.title(widget) if isinstance(widget, QGroupBox) else ""


def heard_and_seen(window: QWidget) -> Iterator[tuple[str, str]]:
    """(where, words) of everything below a window that is there now, what a person typed left out."""
    for widget in [window, *window.findChildren(QWidget)]:
        where = f"{type(widget).__name__} {widget.objectName()}".strip()
        found = [widget.accessibleName(), widget.accessibleDescription(), widget.toolTip(), widget.windowTitle()]
        if not is_as_in_file(widget):
            found += _shown(widget)
        yield from ((where, words) for words in found if words)
    for action in window.findChildren(QAction):
        yield f"QAction {action.objectName()}", action.text()


def _shown(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel | QAbstractButton):
        yield widget.text()
    if isinstance(widget, QLineEdit | QPlainTextEdit):
        yield widget.placeholderText()
    if isinstance(widget, QTabBar):
        yield from (widget.tabText(place) for place in range(widget.count()))
    if isinstance(widget, QAbstractItemView) and (model := widget.model()) is not None:
        yield from _cells(model)


def _cells(model: QAbstractItemModel) -> Iterator[str]:
    across = Qt.Orientation.Horizontal
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount()
    for column in range(columns):
        yield str(model.headerData(column, across, Qt.ItemDataRole.DisplayRole) or "")
        for row in range(min(model.rowCount(), 25)):
            index = model.index(row, column)
            yield from (str(model.data(index, role) or "") for role in _ROLES)


def shape(text: str) -> str:
    """A sentence without the names of its values."""
    return re.sub(r"\{[^{}]*\}", "{}", text)


def _words(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def sources(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    """Path and syntax tree of every module of these rooms whose words reach a screen."""
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(NOT_ON_SCREENS):
                yield name, ast.parse(path.read_text("utf-8"))


def translated(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every tr("…")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
            for argument in node.args:
                if (text := _words(argument)) is not None:
                    yield node.lineno, text


def untranslated(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every other literal with Vietnamese letters; what only explains is left out."""
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
            inside |= {id(argument) for argument in node.args}
    for node in ast.walk(tree):
        text = None if id(node) in inside else _words(node)
        if text and is_vietnamese(text):
            yield getattr(node, "lineno", 0), text
