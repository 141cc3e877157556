"""A row that goes on in the next line where there is no room: larger letters never push a word out of sight."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class Flowing(QLayout):
    """Things side by side, in as many lines as they need. `fills`: every thing of a line grows alike; otherwise
    only those given with a stretch take what is left. Spaces are pixels."""

    def __init__(self, owner: QWidget | None = None, *, space: int = 8, lines: int = 4, fills: bool = False) -> None:
        super().__init__()
        self._things: list[QLayoutItem] = []
        self._stretching: list[QWidget] = []
        self._space, self._lines, self._fills = space, lines, fills
        self._heights: dict[int, int] = {}
        self._needs: list[tuple[QLayoutItem, int]] | None = None
        self.setContentsMargins(0, 0, 0, 0)
        if owner is not None:
            owner.setLayout(self)

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """One thing more; with a stretch it takes what is left of its line."""
        if stretch:
            self._stretching.append(widget)
        self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:
        """Asked by Qt."""
        self._things.append(item)
        self.invalidate()

    def count(self) -> int:
        """Things."""
        return len(self._held())

    def _held(self) -> list[QLayoutItem]:
        """Its things. Where a whole window goes, Python may have emptied this object before Qt, which still asks for
        them as it takes the widgets out, has deleted it: then there are none."""
        found: list[QLayoutItem] = vars(self).get("_things", [])
        return found

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The thing at this place."""
        things = self._held()
        return things[index] if 0 <= index < len(things) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take a thing out."""
        if not 0 <= index < len(self._held()):
            return None
        taken = self._things.pop(index)
        self.invalidate()
        return taken

    def expandingDirections(self) -> Qt.Orientation:
        """Sideways only."""
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        """The narrower, the higher."""
        return True

    def invalidate(self) -> None:
        """Told by Qt when a thing of it wants another size: what was reckoned counts no longer."""
        self._heights = {}
        self._needs = None
        super().invalidate()

    def heightForWidth(self, width: int) -> int:
        """How high it is at this width, in pixels; reckoned once, for Qt asks some hundred times a key."""
        height = self._heights.get(width)
        if height is None:
            height = self._heights[width] = self._lay(QRect(0, 0, width, 0), move=False)
        return height

    def setGeometry(self, rect: QRect) -> None:
        """Put everything at its place."""
        super().setGeometry(rect)
        self._lay(rect, move=True)

    def sizeHint(self) -> QSize:
        """All in one line."""
        shown = self._shown()
        width = sum(wanted for _, wanted in shown) + self._space * max(0, len(shown) - 1)
        margins = self.contentsMargins()
        height = max((one.sizeHint().height() for one, _ in shown), default=0)
        return QSize(width + margins.left() + margins.right(), height + margins.top() + margins.bottom())

    def minimumSize(self) -> QSize:
        """As wide as the widest thing."""
        margins = self.contentsMargins()
        shown = [one.minimumSize() for one in self._things if not one.isEmpty()]
        width = max((one.width() for one in shown), default=0) + margins.left() + margins.right()
        height = max((one.height() for one in shown), default=0) + margins.top() + margins.bottom()
        return QSize(width, height)

    def _shown(self) -> list[tuple[QLayoutItem, int]]:
        """What is shown and how wide it wants to be; asked of each thing once, until one wants another size."""
        if self._needs is None:
            self._needs = [(one, self._wanted(one)) for one in self._things if not one.isEmpty()]
        return self._needs

    def _wanted(self, item: QLayoutItem) -> int:
        widget = item.widget()
        one_line = getattr(widget, "one_line_width", None)
        width = one_line() if one_line is not None else item.sizeHint().width()
        return max(int(width), item.minimumSize().width())

    def _lines_of(self, room: int) -> list[list[tuple[QLayoutItem, int]]]:
        lines: list[list[tuple[QLayoutItem, int]]] = []
        used = room + 1
        for item, wanted in self._shown():
            width = min(wanted, room)
            if not lines or used + self._space + width > room:
                lines.append([])
                used = width
            else:
                used += self._space + width
            lines[-1].append((item, width))
        return lines

    def _lay(self, rect: QRect, *, move: bool) -> int:
        inside = rect.marginsRemoved(self.contentsMargins())
        top = inside.top()
        lines = self._lines_of(inside.width())
        for line in lines:
            spare = inside.width() - sum(width for _, width in line) - self._space * (len(line) - 1)
            growing = [item for item, _ in line if self._fills or item.widget() in self._stretching]
            more = spare // len(growing) if growing else 0
            placed = [(item, width + (more if item in growing else 0)) for item, width in line]
            height = max(_height(item, width) for item, width in placed)
            left = inside.left()
            for item, width in placed:
                if move:
                    own = height if self._fills else min(height, _height(item, width))
                    item.setGeometry(QRect(QPoint(left, top + (height - own) // 2), QSize(width, own)))
                left += width + self._space
            top += height + self._lines
        margins = self.contentsMargins()
        used = top - self._lines - inside.top() if lines else 0
        return used + margins.top() + margins.bottom()


def _height(item: QLayoutItem, width: int) -> int:
    if item.hasHeightForWidth():
        return item.heightForWidth(width)  # its least height is that of the narrowest it may ever be
    return max(item.sizeHint().height(), item.minimumSize().height())
