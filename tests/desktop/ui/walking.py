"""What is looked at on a screen: who takes keys, what the ear hears of it, which words are cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QLabel,
    QLineEdit,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QWidget,
)

from desktop.ui.widgets.said import heavy
from tests.desktop.ui.drawn_cells import cut_cells

SAYS_NOTHING = {QAccessible.Role.NoRole, QAccessible.Role.Client}
"""Roles that a screen reader passes over: a bare widget has them."""

LEAST_TYPED = "0" * 8
"""So much of what is typed has to be in sight in any box of one line."""


def settled(name: str) -> str:
    """The same name, once everything has been laid out."""
    for _ in range(3):  # a label that grows asks its row, the row its card, the card the page
        QApplication.sendPostedEvents()
        QApplication.processEvents()
    return name


def top_windows() -> list[QWidget]:
    """Every window of the program that is open."""
    return [one for one in QApplication.topLevelWidgets() if one.isVisible()]


def visible(window: QWidget, kind: type[QWidget]) -> list[QWidget]:
    """Parts of a window that can be seen, wholly or in part."""
    return [one for one in window.findChildren(kind) if one.isVisible() and not one.visibleRegion().isEmpty()]


def takes_keys() -> Iterator[QWidget]:
    """Everything in any open window that can have the keys, scrolled out of sight or not."""
    for window in top_windows():
        for widget in [window, *window.findChildren(QWidget)]:
            if widget.isVisible() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not widget.focusProxy():
                yield widget


def heard(widget: QWidget) -> tuple[str, QAccessible.Role]:
    """Name and role as a screen reader is told them."""
    face = QAccessible.queryAccessibleInterface(widget)
    return face.text(QAccessible.Text.Name), face.role()


def unheard() -> list[str]:
    """What takes keys without a name or a role for the ear."""
    found = []
    for widget in takes_keys():
        name, role = heard(widget)
        if not name.strip() or role in SAYS_NOTHING:
            found.append(f"{type(widget).__name__} {widget.objectName()}: {name!r} {role.name}")
    return found


def confused() -> list[str]:
    """Names that more than one thing has which takes keys now: the ear cannot tell them apart."""
    names = Counter(heard(widget)[0] for widget in takes_keys() if widget.isEnabled())
    return [f"{count} × {name!r}" for name, count in names.items() if count > 1]


def needed(made: QAbstractButton) -> int:
    """Pixels its words take as they are drawn: heavier while it is pressed in."""
    font = heavy(made.font()) if made.isChecked() and isinstance(made, QPushButton) else made.font()
    return QFontMetrics(font).horizontalAdvance(made.text())


def room_of(made: QAbstractButton) -> int:
    """Pixels it has for them inside its edge."""
    if not isinstance(made, QPushButton):
        return made.width()
    option = QStyleOptionButton()
    made.initStyleOption(option)
    return made.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, made).width()


def sticks_out(widget: QWidget) -> bool:
    """Whether a part of it lies outside something that holds it and does not scroll, which cuts it there."""
    box, above = widget.rect(), widget
    while not above.isWindow() and (holder := above.parentWidget()) is not None:
        box = box.translated(above.pos())
        above = holder
        if isinstance(holder.parentWidget(), QAbstractScrollArea):
            return False  # what is not seen is scrolled to
        if not holder.rect().adjusted(-2, -2, 2, 2).contains(box):
            return True
    return False


def clipped(shown: QWidget) -> list[str]:
    """Words of labels, buttons, lists and tables in this window that do not fit where they stand, also where they
    must be scrolled to; boxes in which one would not see what one types."""
    found = cut_cells(shown)
    for label in shown.findChildren(QLabel):
        if not label.isVisible() or not label.text():
            continue
        room = label.contentsRect()
        if label.wordWrap():
            fits = label.heightForWidth(label.width()) <= label.height() + 1
        else:
            fits = label.fontMetrics().horizontalAdvance(label.text()) <= room.width() + 1
        if not fits or label.fontMetrics().height() > room.height() + 2 or sticks_out(label):
            found.append(f"“{label.text()[:60]}” {room.width()}x{room.height()}")
    for made in shown.findChildren(QAbstractButton):
        if made.isVisible() and needed(made) > room_of(made):
            found.append(f"“{made.text()}” {made.width()}")
    for box in shown.findChildren(QLineEdit):
        if box.isVisible() and box.width() < box.fontMetrics().horizontalAdvance(LEAST_TYPED):
            found.append(f"{box.objectName()} is {box.width()} wide")
    return found
