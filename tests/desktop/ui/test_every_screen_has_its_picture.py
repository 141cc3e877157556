"""A picture is of a layout at rest, under a name of its own, and the sheets hold all (which screens there are:
`test_every_screen_is_walked`)."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from desktop.gallery.contact_sheet import ACROSS, DOWN, sheets
from desktop.gallery.screens import SCREENS
from desktop.gallery.settle import RestlessError, picture, save, settle
from desktop.ui.theme.look import Look


def test_names_of_screens_are_told_apart() -> None:
    assert len({screen.name for screen in SCREENS}) == len(SCREENS)


def test_a_layout_that_never_rests_is_no_picture(qapp: QApplication, look: Look) -> None:
    window = QWidget()
    label = Restless(window)
    window.show()
    with pytest.raises(RestlessError):
        settle(window, most=20)
    label.timer.stop()
    settle(window)
    window.close()
    window.deleteLater()


class Restless(QLabel):
    """Moves at every turn of the loop."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.hop)
        self.timer.start(0)

    def hop(self) -> None:
        self.move(self.x() + 1, 0)


def test_a_sheet_holds_every_picture(qapp: QApplication, look: Look, tmp_path: Path) -> None:
    window = QWidget()
    window.resize(320, 180)
    window.show()
    one = save(picture(window), tmp_path / "one.png")
    count = ACROSS * DOWN + 1
    made = sheets([(f"picture {place}", one) for place in range(count)], tmp_path / "sheets", "light-100")
    assert [path.name for path in made] == ["light-100-1.png", "light-100-2.png"]
    assert QImage(str(made[0])).height() > QImage(str(made[1])).height()
    window.close()
    window.deleteLater()
