"""The icon beside the clock: the desk's state in one shape, a short menu, a call that comes while nobody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

from desktop.ui.theme.tokens import Status, Tokens
from desktop.ui.widgets.shapes import draw_shape
from desktop.ui.words import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

IN_MENU: Final = ("privacy", "pause", "switch_person", "leave")
"""Actions of the registry that the menu offers, below the one that opens the window."""
_ALWAYS: Final = frozenset({"switch_person", "leave"})
"""What a covered desk may still be asked for."""
_SHOWN_MS: Final = 6_000
_SIDE: Final = 32


def out_of_sight(window: MainWindow) -> bool:
    """Whether nobody can see the window: hidden behind the icon, or minimised."""
    return window.isHidden() or window.isMinimized()


def bring_forward(window: MainWindow) -> None:
    """Show the window without taking the keys: what is being typed into another program stays there."""
    without = Qt.WidgetAttribute.WA_ShowWithoutActivating
    before = window.testAttribute(without)
    window.setAttribute(without, True)
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.setAttribute(without, before)
    window.raise_()
    QApplication.alert(window)


class Tray(QObject):
    """`icon` is None on a machine without a tray: then a call still brings a minimised window back. Nothing here
    says a name, a number or a code: whoever passes by may read it."""

    def __init__(self, window: MainWindow, *, available: bool | None = None) -> None:
        super().__init__(window)
        self._window = window
        self.icon: QSystemTrayIcon | None = None
        self.menu: QMenu | None = None
        self.shown: tuple[str, str] = ("", "")
        """What the icon shows: the name of its shape, the words of its tooltip."""
        window.calls.call_came.connect(self._call_came)
        window.queue_model.due.connect(self._due)
        window.gone.connect(self.close)
        if QSystemTrayIcon.isSystemTrayAvailable() if available is None else available:
            self._lay_icon()

    def _lay_icon(self) -> None:
        window = self._window
        self.menu = QMenu(window)
        self.menu.setObjectName("menu.tray")
        self.menu.setAccessibleName(tr("Trạm 111"))
        opening = QAction(tr("Mở Trạm 111"), self.menu)
        opening.triggered.connect(self.open)
        self.menu.addAction(opening)
        self.menu.setDefaultAction(opening)
        self.menu.addSeparator()
        for name in IN_MENU:
            offered = QAction(window.registry[name].label, self.menu)
            offered.setObjectName(f"tray.{name}")
            offered.triggered.connect(self._chosen)
            self.menu.addAction(offered)
        self.menu.aboutToShow.connect(self._fit_menu)
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._clicked)
        self.icon.messageClicked.connect(self.open)
        locked, paused = window.watch.changed, window.call_deeds.pause_asked
        for told in (window.road_model.changed, locked, paused, window.look.worn):
            told.connect(self.show_state)
        self.show_state()
        self.icon.show()

    # What it shows -----------------------------------------------------------------------------------------

    @Slot()
    def show_state(self) -> None:
        """Draw the icon anew where something changed."""
        if self.icon is None:
            return
        status, words = self._window.road_model.line()
        shape = status.value
        if self._window.call_deeds.paused_at is not None:
            words = tr("Đang nghỉ · {words}").format(words=words)
        if self._window.watch.covered:
            shape, words = "locked", tr("Máy đang khóa · {words}").format(words=words)
        shown = (shape, tr("Trạm 111 · {words}").format(words=words))
        tokens = self._window.look.tokens
        if (shown, tokens.name) != (self.shown, self.property("theme")):
            self.shown = shown
            self.setProperty("theme", tokens.name)
            self.icon.setIcon(tray_icon(tokens, None if shape == "locked" else status))
            self.icon.setToolTip(shown[1])

    @Slot()
    def _fit_menu(self) -> None:
        """What the window would not do now is grey here too."""
        if self.menu is None:
            return
        for one in self.menu.actions():
            name = one.objectName().removeprefix("tray.")
            if name in IN_MENU:
                one.setEnabled(name in _ALWAYS or self._window.actions_by_id[name].isEnabled())

    # What is asked of it -----------------------------------------------------------------------------------

    @Slot()
    def _chosen(self) -> None:
        asked = self.sender()
        if isinstance(asked, QAction):
            name = asked.objectName().removeprefix("tray.")
            if name in _ALWAYS:
                self._window.act(name)
            else:
                self._window.actions_by_id[name].trigger()

    @Slot()
    def open(self) -> None:
        """A person wants the window: it comes with the keys."""
        bring_forward(self._window)
        self._window.activateWindow()

    @Slot(QSystemTrayIcon.ActivationReason)
    def _clicked(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason != QSystemTrayIcon.ActivationReason.Trigger:
            return
        if out_of_sight(self._window):
            self.open()
        else:
            self._window.keep_drafts()
            self._window.hide()

    @Slot()
    def _call_came(self) -> None:
        if out_of_sight(self._window):
            bring_forward(self._window)
            if self.icon is not None:
                self.icon.showMessage(tr("Trạm 111"), tr("Có cuộc gọi đến."), self.icon.icon(), _SHOWN_MS)

    @Slot(object)
    def _due(self, _rows: object) -> None:
        """A promised call-back is near or overdue while nobody sees the window: neither whom, nor when."""
        if out_of_sight(self._window) and self.icon is not None:
            self.icon.showMessage(tr("Trạm 111"), tr("Có lời hẹn gọi lại đến giờ."), self.icon.icon(), _SHOWN_MS)

    @Slot()
    def close(self) -> None:
        """The window is gone: so is the icon."""
        if self.icon is not None:
            self.icon.hide()
            self.icon = None


def tray_icon(tokens: Tokens, status: Status | None) -> QIcon:
    """A small sheet of paper with a status on it, seen on any ground; with a padlock where `status` is None."""
    picture = QPixmap(QSize(_SIDE, _SIDE) * 2)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens.border), 1.5))
    painter.setBrush(QColor(tokens.surface))
    painter.drawRoundedRect(QRectF(1, 1, _SIDE - 2, _SIDE - 2), 6, 6)
    if status is None:
        painter.setPen(QPen(QColor(tokens.text), 2.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawArc(QRectF(11, 6, 10, 14), 0, 180 * 16)
        painter.setBrush(QColor(tokens.text))
        painter.drawRoundedRect(QRectF(8.5, 14, 15, 11), 2, 2)
    else:
        draw_shape(painter, QRectF(7, 7, _SIDE - 14, _SIDE - 14), status, QColor(tokens.of(status)))
    painter.end()
    return QIcon(picture)
