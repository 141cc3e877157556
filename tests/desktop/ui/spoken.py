"""What a screen says, all of it: for the eye, for the ear, in tables, tabs and menus; and what the sources say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QWidget,
)

ROOT = Path(__file__).resolve().parents[3]
MARKED = frozenset("ăâđêôơưáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ")
"""Letters that only Vietnamese has here."""

NOT_ON_SCREENS = (
    "desktop/day/", "desktop/gallery/", "desktop/doctor.py", "desktop/self_check.py", "desktop/restoring.py",
)  # fmt: skip
"""What speaks on a terminal, to technicians, or about made-up days."""

_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)


def is_vietnamese(text: str) -> bool:
    """Whether a text has a letter that only Vietnamese has."""
    return not MARKED.isdisjoint(text.lower())


def heard_and_seen(window: QWidget) -> Iterator[tuple[str, str]]:
    """(where, words) of everything below a window that is there now, what a person typed left out."""
    for widget in [window, *window.findChildren(QWidget)]:
        where = f"{type(widget).__name__} {widget.objectName()}".strip()
        found = [widget.accessibleName(), widget.accessibleDescription(), widget.toolTip(), widget.windowTitle()]
        if isinstance(widget, QLabel | QAbstractButton):
            found.append(widget.text())
        if isinstance(widget, QLineEdit | QPlainTextEdit):
            found.append(widget.placeholderText())
        if isinstance(widget, QTabBar):
            found += [widget.tabText(place) for place in range(widget.count())]
        if isinstance(widget, QAbstractItemView) and (model := widget.model()) is not None:
            found += _cells(model)
        yield from ((where, words) for words in found if words)
    for action in window.findChildren(QAction):
        yield f"QAction {action.objectName()}", action.text()


def _cells(model: QAbstractItemModel) -> Iterator[str]:
    across = Qt.Orientation.Horizontal
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount()
    for column in range(columns):
        yield str(model.headerData(column, across, Qt.ItemDataRole.DisplayRole) or "")
        for row in range(min(model.rowCount(), 25)):
            index = model.index(row, column)
            yield from (str(model.data(index, role) or "") for role in _ROLES)


def top_windows() -> list[QWidget]:
    """Every window of the program that is open."""
    return [one for one in QApplication.topLevelWidgets() if one.isVisible()]


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
            if not name.startswith(NOT_ON_SCREENS) and not name.endswith(("_command.py", "__main__.py")):
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
