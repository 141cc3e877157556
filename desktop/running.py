"""A real desk on a screen: sign-in or enrolment, then the window, with the door for ringing numbers open."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from PySide6.QtCore import QObject, QSocketNotifier, Slot
from PySide6.QtWidgets import QApplication

from desktop import app
from desktop.background.exchange.line import ExchangeLine
from desktop.background.road_parts import health_of
from desktop.call_door import CallDoor, door_name
from desktop.diary import close_diary, open_diary
from desktop.ending import Ending
from desktop.enrolling import greet, register
from desktop.exchange_command import place_of
from desktop.home import Home
from desktop.operations.calls import LINE, PbxCallEvent
from desktop.operations.rings import fold_rings
from desktop.protection import protect
from desktop.reference import RESOURCES
from desktop.store import inbox
from desktop.store.inbox import Ring
from desktop.store.keys import KeySlots
from desktop.store.parting import finish, gone
from desktop.ui.calls.exchange import ExchangeDesk
from desktop.ui.forms.definition import FormError
from desktop.ui.liking import remembered, wear
from desktop.ui.main_window import MainWindow, load_forms
from desktop.ui.signin.parting import said_of
from desktop.ui.signin.window import SignInWindow
from desktop.ui.sweeping import Sweeping
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.tray import Tray, out_of_sight
from desktop.ui.words import speak
from desktop.wall_clock import WallClock
from domain.clock import Clock
from domain.codes.catalogue import Catalogue
from domain.ids import RANDOM_BYTES, uuid7
from sync.transport import BlobRoad, HttpTransport
from sync.troubles import Trouble

_log = logging.getLogger(__name__)

BAD_FORMS = 3
"""Exit code of a program whose forms are broken; the sentence that names file and line is on stderr."""


def own_home() -> Path:
    """Where this person's desk lies when no `--home` is given."""
    return user_data_path("tram111", appauthor=False)


class Ringing(QObject):
    """Brings a number from the local door into the window as a call that is being taken now.

    The launcher names no call of the exchange, so the row gets an identity of its own, like one made by hand;
    reconciliation links it to the exchange's record.
    """

    def __init__(self, window: MainWindow, clock: Clock) -> None:
        super().__init__()
        self._window, self._clock = window, clock

    @Slot(str)
    def rang(self, number: str) -> None:
        """The row is made at once; the window comes to the front."""
        if not out_of_sight(self._window):  # else the row itself brings the window, without taking the keys
            self._window.raise_()
            self._window.activateWindow()
        exchange = self._window.exchange_line
        if exchange is not None and exchange.stands:
            return  # the exchange itself says when the call is taken: one call, one row
        now = self._clock.now_ms()
        own = f"door.{uuid7(now, os.urandom(RANDOM_BYTES))}"
        self._window.calls.answered(PbxCallEvent("", own, number, LINE, now, now))


class EndOfProcess(QObject):
    """Lets a request to end (logging off, Ctrl-C, the service manager) close the desk as a person does."""

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self._app = application
        self._ear, self._mouth = socket.socketpair()
        self._mouth.setblocking(False)
        signal.set_wakeup_fd(self._mouth.fileno())
        self._notifier = QSocketNotifier(self._ear.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._woke)
        for asked in (signal.SIGINT, signal.SIGTERM):
            signal.signal(asked, self._asked)

    def _asked(self, _number: int, _frame: object) -> None:
        self._app.quit()

    @Slot()
    def _woke(self) -> None:
        self._ear.recv(64)  # by now Python has run the handler

    def close(self) -> None:
        """Give the signals back."""
        signal.set_wakeup_fd(-1)
        for asked in (signal.SIGINT, signal.SIGTERM):
            signal.signal(asked, signal.SIG_DFL)
        self._notifier.setEnabled(False)
        self._ear.close()
        self._mouth.close()


class Session(QObject):
    """From sign-in to the closed window. Keeps everything that Qt does not own."""

    def __init__(self, application: QApplication, home: Home) -> None:
        super().__init__()
        self._app, self._home = application, home
        speak(remembered(home))
        self.look = Look(application)
        self.desk: app.Desk | None = None
        self.window: MainWindow | None = None
        self._signin: SignInWindow | None = None
        self._door: CallDoor | None = None
        self._ringing: Ringing | None = None
        self._line: ExchangeLine | None = None
        self._tray: Tray | None = None
        self.ending: Ending | None = None
        self.again = False
        """Sealed: this process goes and a new one asks who is there, so that no word of a case stays in memory."""
        application.lastWindowClosed.connect(self.close)

    def ask(self) -> None:
        """Show the sign-in window (the enrolment page on a new home)."""
        home = self._home
        unlock, restore = partial(app.unlock, home), partial(app.restore, home)
        self._signin = SignInWindow(
            home, unlock, partial(register, home), self.look, restore, partial(greet, home)
        )
        self._signin.unlocked.connect(self._unlocked)
        wiped = gone(self._home)
        if wiped is not None:
            self._signin.first.state.say(Status.QUIET, said_of(wiped, WallClock().now_ms()))
        self._signin.show()
        self._open_door()

    def _open_door(self) -> None:
        """From sign-in on: a ring is never turned away because nobody is there."""
        self._door = CallDoor(door_name())
        self._door.rang.connect(self._rang)
        self._door.open()

    @Slot(str)
    def _rang(self, number: str) -> None:
        if self._ringing is not None:
            self._ringing.rang(number)
            return
        now = WallClock().now_ms()
        try:
            public = KeySlots(self._home.slots).inbox_public()
            if public:
                inbox.put(self._home.rings, public, Ring(uuid7(now, os.urandom(RANDOM_BYTES)), number, now))
        except (OSError, Trouble) as fault:
            _log.error("a ring was not kept: %s", type(fault).__name__)

    @Slot(object)
    def _unlocked(self, ready: Any) -> None:
        trust = self._home.trust
        desk = app.build(
            self._home,
            ready.staff,
            "",
            unlocked=ready,
            transport_factory=partial(HttpTransport, trust=trust),
            blob_transport_factory=partial(BlobRoad, trust=trust),
            ask_health=partial(health_of, trust=trust),
        )
        if ready.revoked is not None:
            self.desk = desk
            self._revoked(ready.revoked)
        else:
            watch = self.show(desk).watch
            desk.aside.submit(partial(desk.people.rings, self._home), self._rings_read, self._rings_failed)
            watch.sealing.connect(self.seal)
            watch.start()
        if self._signin is not None:
            self._signin.close()

    def show(self, desk: app.Desk) -> MainWindow:
        """Open the window of a desk and the local door beside it."""
        self.desk = desk
        desk.bus.revoked.connect(self._revoked)
        wear(self.look, desk.settings)
        self.window = MainWindow(desk, self.look)
        for sweeping in self._app.findChildren(Sweeping):
            self.window.warm.connect(sweeping.settle)
        self.window.gone.connect(self._window_gone)
        self._tray = Tray(self.window)
        self.window.show()
        self._ringing = Ringing(self.window, desk.clock)
        if self._door is None:
            self._open_door()
        place = place_of(desk.settings)
        if place is not None:
            self._line = ExchangeLine(place, desk.clock)
            ExchangeDesk(self._line, self.window)
            self._line.start()
        return self.window

    @Slot()
    def _window_gone(self) -> None:
        if self.ending is None:  # a hidden window that is closed is no last window to Qt
            self._app.quit()

    def _rings_read(self, rings: tuple[Ring, ...]) -> None:
        if rings and self.desk is not None:
            self.desk.lane.submit(fold_rings(rings), self._rings_folded, self._rings_failed, initiator="rings")

    def _rings_folded(self, _made: int) -> None:
        inbox.clear(self._home.rings)

    def _rings_failed(self, fault: Exception) -> None:
        _log.error("rings stay in the inbox: %s", type(fault).__name__)

    @Slot()
    def seal(self) -> None:
        """Every draft is safe: close the desk and let a new process ask who is there."""
        if not self.again and self.ending is None:
            self.again = True
            self._app.quit()

    @Slot(object)
    def _revoked(self, since: int) -> None:
        if self.desk is None or self.ending is not None:
            return
        self.ending = Ending(self.desk, since, self._put_away)
        self.ending.begin()

    def _put_away(self) -> None:
        self._hang_up()
        if self._door is not None:
            self._door.close()
            self._door = None
        if self.window is not None:
            self.window.close()

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    @Slot()
    def close(self) -> None:
        """The last window is closed, or the process is to end: keep drafts, end the door, then the desk."""
        self._hang_up()
        if self._door is not None:
            self._door.close()
        if self.window is not None and not self.window.closed:  # also one that is hidden behind the tray's icon
            self.window.close()
        if self.desk is not None:
            self.desk.close()
            self.desk = None


def run(folder: Path) -> int:
    """Open the desk in a folder and stay until its window is closed; `BAD_FORMS` where a form is broken."""
    application = QApplication.instance() or QApplication(["tram111"])
    assert isinstance(application, QApplication)
    Sweeping(application)
    try:
        load_forms(Catalogue.load(RESOURCES / "codes"))
    except FormError as fault:  # a form that leads nowhere asks nothing rightly: better no desk than a wrong one
        print(f"Forms cannot be used: {fault}", file=sys.stderr)
        return BAD_FORMS
    home = Home(folder)
    home.prepare()
    protect()
    diary = open_diary(home.logs)
    wiped = gone(home)
    if wiped is not None and not wiped.wiped:
        finish(home)
        home.prepare()
    session, ending = Session(application, home), EndOfProcess(application)
    session.ask()
    try:
        code = application.exec()
    finally:
        session.close()
        ending.close()
        close_diary(diary)
    if session.again:
        start_anew()
    return code


def start_anew() -> None:
    """Replace this process by the same program: what it held in memory is gone with it."""
    given = sys.argv[1:] if getattr(sys, "frozen", False) else sys.orig_argv[1:]
    os.execv(sys.executable, [sys.executable, *given])  # noqa: S606 - no shell is wanted: the same program, again
