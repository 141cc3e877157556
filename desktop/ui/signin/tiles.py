"""The people of this desk as tiles: one press puts the name in, the passphrase is all that is typed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from desktop.store.keys import Tile
from desktop.ui.widgets.said import toggle
from desktop.ui.words import tr

IN_A_ROW: Final = 3
LONGEST: Final = 14
"""Letters of a sign-in name on a tile; the whole name goes into the box below it."""


class Tiles(QWidget):
    """`chosen` carries a staff id. Hidden where fewer than two persons work here: there is nothing to choose."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("tiles.people")
        self.setAccessibleName(tr("Người ở máy này"))
        self.buttons: dict[str, QPushButton] = {}
        self._presses: list[Press] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self.hide()

    def show_people(self, people: Sequence[Tile]) -> None:
        """Lay a tile for each person, in the order they came to this desk."""
        for old in self.buttons.values():
            old.hide()
            old.deleteLater()
        self.buttons, self._presses = {}, []
        for place, one in enumerate(people):
            made = toggle(f"tile.{place}", tile_words(one))
            made.setToolTip(one.staff)
            made.setAccessibleName(one.staff)
            press = Press(self, one.staff)
            made.clicked.connect(press.pressed)
            self._presses.append(press)
            self.buttons[one.staff] = made
            self._grid.addWidget(made, place // IN_A_ROW, place % IN_A_ROW)
        self.setVisible(len(people) > 1)

    def choose(self, staff: str) -> None:
        """Mark one tile and say whose it is."""
        self.mark(staff)
        self.chosen.emit(staff)

    @Slot(str)
    def mark(self, staff: str) -> None:
        """Mark the tile of this person, if there is one."""
        for name, made in self.buttons.items():
            made.setChecked(name == staff)


class Press(QObject):
    """One tile's press."""

    def __init__(self, tiles: Tiles, staff: str) -> None:
        super().__init__(tiles)
        self._choose = partial(tiles.choose, staff)

    @Slot()
    def pressed(self) -> None:
        """This person comes in."""
        self._choose()


def tile_words(one: Tile) -> str:
    """What stands on a tile: initials (or the sign-in name), and that they come with a code."""
    name = one.initials or _short(one.staff)
    return tr("{name} · mã mới").format(name=name) if one.once else name


def _short(staff: str) -> str:
    return staff if len(staff) <= LONGEST else staff[: LONGEST - 1] + "…"
