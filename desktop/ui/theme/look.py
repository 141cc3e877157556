"""Puts a theme on the application: bundled fonts, palette, style sheet, zoom, Vietnamese words of Qt itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from PySide6.QtCore import QLocale, QObject, QTranslator, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from desktop.ui.theme.sheet import style_sheet
from desktop.ui.theme.tokens import BODY, LIGHT, THEMES, ZOOMS, Tokens
from desktop.ui.words import ENGLISH, language

FAMILY = "Be Vietnam Pro"
_FACES = ("BeVietnamPro-Regular.ttf", "BeVietnamPro-SemiBold.ttf")
RESOURCES = Path(__file__).resolve().parents[3] / "resources"


class Look(QObject):
    """The look of one application; `worn` tells of another theme or size. Keep the object: Qt does not own the
    translator."""

    worn = Signal()

    def __init__(self, app: QApplication, theme: str = LIGHT.name, zoom: float = 1.0) -> None:
        super().__init__()
        self._app = app
        self.tokens: Tokens = THEMES[theme]
        self.zoom = zoom
        self.qt_words = QTranslator()
        # Qt's store of rules dies with the last style sheet, and forgets which widgets it had to be told the end of:
        # later it reads the rules of dead ones. This widget, never shown, always has a sheet.
        self._always = QWidget()
        self._always.setStyleSheet("QWidget { }")
        self._always.ensurePolished()
        self._load_fonts()
        QLocale.setDefault(QLocale("vi_VN"))
        self.qt_words.load(str(RESOURCES / "i18n" / "qt_vi.qm"))
        self.speak()
        style = QStyleFactory.create("Fusion")
        if style is not None:
            app.setStyle(style)
        # A caret that blinks makes the screen repaint all night; a steady one is as easy to find.
        app.setCursorFlashTime(0)
        self.put_on()

    def _load_fonts(self) -> None:
        if FAMILY in QFontDatabase.families():
            return
        folder = files("fontpkg_be_vietnam_pro") / "files"
        for face in _FACES:
            with as_file(folder / face) as path:
                QFontDatabase.addApplicationFont(str(path))

    def speak(self) -> None:
        """Qt's own words in the language of the desk; Qt's source is English."""
        if language() == ENGLISH:
            self._app.removeTranslator(self.qt_words)
        elif not self.qt_words.isEmpty():
            self._app.installTranslator(self.qt_words)

    def wear(self, theme: str) -> None:
        """Change to another theme: `light`, `dark` or `contrast`."""
        self.tokens = THEMES[theme]
        self.put_on()

    def next_theme(self) -> None:
        """The theme after the present one."""
        names = list(THEMES)
        self.wear(names[(names.index(self.tokens.name) + 1) % len(names)])

    def step_zoom(self, step: int) -> None:
        """Larger (1), smaller (-1) or back to the normal size (0)."""
        place = min(range(len(ZOOMS)), key=self._distance)
        self.zoom = 1.0 if step == 0 else ZOOMS[max(0, min(len(ZOOMS) - 1, place + step))]
        self.put_on()

    def _distance(self, place: int) -> float:
        return abs(ZOOMS[place] - self.zoom)

    @contextmanager
    def off(self) -> Iterator[None]:
        """While a window is built: the application wears no style sheet. With one, Qt styles a widget and all that
        lies in it anew each time it is laid into another, eight times and more until the window is whole: two thirds
        of the time that building the main window took. Nothing is painted meanwhile."""
        self._app.setStyleSheet("")
        try:
            yield
        finally:
            self._app.setStyleSheet(style_sheet(self.tokens, self.zoom, FAMILY))

    def put_on(self) -> None:
        """Set font, palette and style sheet."""
        font = QFont(FAMILY)
        font.setPixelSize(round(BODY * self.zoom))
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        self._app.setFont(font)
        self._app.setPalette(_palette(self.tokens))
        self._app.setStyleSheet(style_sheet(self.tokens, self.zoom, FAMILY))
        self.worn.emit()


def _palette(t: Tokens) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for where, colour in (
        (role.Window, t.ground), (role.WindowText, t.text), (role.Base, t.surface), (role.AlternateBase, t.band),
        (role.Text, t.text), (role.Button, t.surface), (role.ButtonText, t.text), (role.Highlight, t.accent),
        (role.HighlightedText, t.on_accent), (role.PlaceholderText, t.muted), (role.ToolTipBase, t.text),
        (role.ToolTipText, t.surface), (role.Link, t.accent), (role.Mid, t.border), (role.BrightText, t.urgent),
    ):  # fmt: skip
        palette.setColor(where, QColor(colour))
    return palette
