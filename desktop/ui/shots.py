"""Pictures of every page, for the day's report and for the self-check."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget

from desktop.ui.desk import DeskWires
from desktop.ui.frame import PAGES
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.look import Look


def take(window: MainWindow, folder: Path) -> list[Path]:
    """Visit every page, the key sheet and the privacy cover; save a picture of each; come back to where it was."""
    folder.mkdir(parents=True, exist_ok=True)
    before = window.page_name
    taken: list[Path] = []
    for place, name in enumerate(PAGES, 1):
        window.go(name)
        taken.append(picture(window, folder / f"{place}-{name}.png"))
    for place, (name, action) in enumerate((("keys", "help"), ("privacy", "privacy")), len(PAGES) + 1):
        window.act(action)
        taken.append(picture(window, folder / f"{place}-{name}.png"))
        window.act("back")
    window.go(before)
    return taken


def picture(widget: QWidget, path: Path) -> Path:
    """Save what the widget shows now. Raises OSError when the picture cannot be written."""
    QApplication.sendPostedEvents()
    QApplication.processEvents()
    if not widget.grab().save(str(path)):
        raise OSError(f"no picture at {path.name}")
    return path


def every_screen(desk: DeskWires, look: Look | None = None) -> MainWindow:
    """A shown window that has opened every page, form and sheet once: the self-check of an installed desk."""
    window = MainWindow(desk, look)
    window.show()
    for name in PAGES:
        window.go(name)
        QApplication.processEvents()
    for form in ("file", "report"):
        window.file_page.open(form)
        window.go("file")
        QApplication.processEvents()
    for action in ("help", "back", "privacy", "back"):
        window.act(action)
        QApplication.processEvents()
    for cover in window.sheets.build_all():
        window.covering.lay_over(cover)
        QApplication.processEvents()
        window.covering.uncover()
    for sheet in list(window.file_page.sheets):
        sheet.model.discard()
        sheet.put_away.emit(sheet)
    window.go("calls")
    return window
