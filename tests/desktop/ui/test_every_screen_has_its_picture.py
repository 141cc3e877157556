"""`shots` shows every page, sheet, cover and form of the desk; a picture is of a layout at rest; sheets hold all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from desktop.gallery.contact_sheet import ACROSS, DOWN, sheets
from desktop.gallery.scene import build
from desktop.gallery.screens import SCREENS
from desktop.gallery.settle import RestlessError, picture, save, settle
from desktop.gallery.studio import Studio
from desktop.home import Home
from desktop.ui.frame import PAGES
from desktop.ui.theme.look import Look
from tests.desktop.ui.test_every_screen_is_legible import clipped


@pytest.fixture
def studio(tmp_path: Path, qapp: QApplication, look: Look) -> Iterator[Studio]:
    desk, clock = build(Home(tmp_path / "desk"))
    made = Studio(desk, clock, look)
    yield made
    made.close()
    made.window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_every_page_sheet_cover_and_form_is_shown_by_some_screen(studio: Studio) -> None:
    window, seen = studio.window, set[str]()
    covers = {cover.objectName() for cover in window.covering.covers()}
    for screen in SCREENS:
        shown = screen.show(studio)
        assert not picture(shown).isNull(), screen.name
        assert clipped(shown) == [], screen.name
        seen.add(shown.objectName())
        if shown is window:
            over = {name for name in covers if _visible(window, name)}
            seen |= over or {window.page_name}
            seen |= {one for one in ("sheet.choice", "sheet.palette", "bar.trouble") if _visible(window, one)}
            seen |= {sheet.model.form for sheet in window.file_page.sheets}
        studio.clear()
    wanted = {*PAGES, *covers, "sheet.choice", "sheet.palette", "bar.trouble", "file", "report", "signin", "parting"}
    assert wanted - seen == set()


def test_no_word_of_any_screen_is_cut_at_twice_the_size(studio: Studio, look: Look) -> None:
    while look.zoom < 2:
        look.step_zoom(1)
    cut = []
    for screen in SCREENS:
        shown = screen.show(studio)
        settle(shown)
        cut += [f"{screen.name}: {words}" for words in clipped(shown)]
        studio.clear()
    look.step_zoom(0)
    assert cut == []


def _visible(window: QWidget, name: str) -> bool:
    found = window.findChild(QWidget, name)
    return isinstance(found, QWidget) and found.isVisible()


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
