"""`seat` (hidden): one desk of a day as its own process, told what to do by JSON lines on standard input."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections import deque
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from desktop import app
from desktop.background.change_bus import Changes, Origin, RoadStatus
from desktop.day.checker import KILL_LOG
from desktop.day.counsellor import Asked, Counsellor
from desktop.day.waiting import StuckError, until
from desktop.diary import close_diary, open_diary
from desktop.home import Home
from desktop.operations.reconcile import reconcile
from desktop.store.device_secret import FILE
from desktop.store.reads import RoadView, road_view
from desktop.ui.intake.sheet import advice_of
from desktop.ui.main_window import MainWindow
from desktop.ui.sweeping import Sweeping
from desktop.ui.theme.look import Look
from domain.cdr import read_cdr
from sync.transport import HttpTransport
from sync.troubles import Trouble

_SEARCHED: Final = "nguyen"
"""What the picture of the search page looks for: a name typed without tones."""


LOOK_MS: Final = 100
"""How often (ms) the store is looked at while a fact is waited for: what a hub says of the centre moves no word of
the road, and the day's clock stands still."""


class DayClock:
    """The day's own clock: it shows what it was set to. Its monotonic time is the day's too, so that what lasts
    ten seconds (undo, F7 that becomes F8) is over when the day's next entry comes."""

    def __init__(self, now: int) -> None:
        self._now = self._most = now

    def set(self, now: int) -> None:
        """Show this time from now on (UTC ms)."""
        self._now = now
        self._most = max(self._most, now)

    def now_ms(self) -> int:
        """UTC milliseconds of the day."""
        return self._now

    def monotonic_ms(self) -> int:
        """Milliseconds that only grow."""
        return self._most


class Commands(QObject):
    """Reads standard input beside the GUI and hands each line over to it; the end of input is a command too."""

    came = Signal(str)

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            self.came.emit(line)
        self.came.emit("")


class Seat(QObject):
    """Carries out one command after the other; every answer repeats the question's `id`."""

    told = Signal()

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self._app = application
        self._look = Look(application)
        self._waiting: deque[dict[str, Any]] = deque()
        self._busy = False
        self._desk: app.Desk | None = None
        self._window: MainWindow | None = None
        self._counsellor: Counsellor | None = None
        self._clock = DayClock(0)
        self._view: RoadView | None = None
        self._diary: Any = None
        self._heard_road = False
        self._home = Home(Path())

    # ---------------------------------------------------------------- talking

    @Slot(str)
    def take(self, line: str) -> None:
        """One more command; end of input means that the driver is gone."""
        if not line:
            self._end()
            return
        self._waiting.append(json.loads(line))
        if not self._busy:
            self._work()

    def _work(self) -> None:
        self._busy = True
        try:
            while self._waiting:
                command = self._waiting.popleft()
                try:
                    answer = getattr(self, f"do_{command['do']}")(command)
                except (StuckError, Trouble) as fault:
                    answer = {"fault": str(fault)}
                except Exception as fault:
                    answer = {"fault": f"lỗi chương trình {type(fault).__name__}"}
                    self._say({"id": command["id"], **answer})
                    raise
                self._say({"id": command["id"], **(answer or {})})
                if command["do"] == "stop":
                    self._end()
        finally:
            self._busy = False

    def _say(self, said: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    # ---------------------------------------------------------------- life

    def do_open(self, command: dict[str, Any]) -> dict[str, Any]:
        """Enrol where a code is given, then open the desk and its window."""
        self._home = Home(Path(command["home"]))
        self._home.prepare()
        self._diary = open_diary(self._home.logs)
        staff, passphrase = command["staff"], command["passphrase"]
        self._clock.set(int(command["now"]))
        if command.get("code"):
            app.enrol(self._home, command["url"], command["code"], staff, passphrase, keeper=FILE)
        desk = app.build(self._home, staff, passphrase, clock=self._clock, transport_factory=HttpTransport)
        self._desk = desk
        desk.bus.changed.connect(self._changed)
        window = self._window = MainWindow(desk, self._look)
        window.show()
        window.activateWindow()
        shots = Path(command["shots"]) if command.get("shots") else None
        self._counsellor = Counsellor(desk, window, self._clock.set, shots)
        return {"device": desk.seat.device}

    def do_stop(self, _command: dict[str, Any]) -> None:
        """Close the window as a person does, then the desk."""
        if self._window is not None:
            self._window.close()
        if self._desk is not None:
            self._desk.close()
            self._desk = None
        if self._diary is not None:
            close_diary(self._diary)

    def _end(self) -> None:
        if self._desk is not None:
            self._desk.close()
            self._desk = None
        QTimer.singleShot(0, self._app.quit)

    @Slot(object)
    def _changed(self, changes: Changes) -> None:
        if changes.origin is Origin.CENTRE:
            self._say({"event": "changed"})

    # ---------------------------------------------------------------- work

    def do_feed(self, command: dict[str, Any]) -> None:
        """Make the entries in order; each is told as saved only after the window showed it."""
        assert self._desk is not None
        assert self._counsellor is not None
        for entry in command["entries"]:
            if entry["index"] == command["dies"]:
                self._counsellor.before_press = partial(self._arm, entry["index"])
            wrong = self._counsellor.make(entry)
            for words in wrong:
                self._say({"event": "fault", "entry": entry["index"], "words": words})
            self._say({"event": "saved", "entry": entry["index"]})

    def _arm(self, index: int) -> None:
        """From now on the next act's transaction ends this process between its insert and its COMMIT."""
        assert self._desk is not None
        self._desk.lane.before_commit = partial(self._die, index)

    def _die(self, index: int) -> None:
        path = self._home.logs / KILL_LOG
        with path.open("a", encoding="utf-8") as log:
            log.write(f"before_commit entry={index} pid={os.getpid()}\n")
            log.flush()
            os.fsync(log.fileno())
        os.kill(os.getpid(), signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        threading.Event().wait()  # nothing after the kill may run, the COMMIT least of all

    def do_clock(self, command: dict[str, Any]) -> None:
        """Set the day's clock."""
        self._clock.set(int(command["now"]))

    def do_nudge(self, _command: dict[str, Any]) -> None:
        """The network is back: what the machine tells the desk then."""
        assert self._desk is not None
        if self._desk.driver is not None:
            self._desk.driver.nudge()

    def do_reconcile(self, command: dict[str, Any]) -> dict[str, Any]:
        """Reconcile with the exchange's lines of this centre."""
        assert self._desk is not None
        reading = read_cdr(command["lines"])
        asked = Asked()
        operation = reconcile(reading, command["centre"], command["sha256"])
        self._desk.lane.submit(operation, asked.done, asked.failed, initiator="reconcile")
        until("đối soát xong", partial(_heard, asked), asked.came)
        if asked.fault is not None:
            return {"fault": advice_of(asked.fault)}
        done = asked.answers[0]
        return {"made": done.made, "missed": done.missed, "damaged": done.damaged, "repeated": done.repeated}

    def do_cases(self, _command: dict[str, Any]) -> dict[str, Any]:
        """Digest of each dossier here that has a case."""
        return {"cases": self._ask(_case_digests)}

    def _ask(self, read: Any) -> Any:
        assert self._desk is not None
        asked = Asked()
        self._desk.lane.query(read, asked.done, asked.failed)
        until("đọc kho", partial(_heard, asked), asked.came)
        if asked.fault is not None:
            raise asked.fault
        return asked.answers[0]

    # ---------------------------------------------------------------- facts

    def do_until(self, command: dict[str, Any]) -> None:
        """Wait until the desk itself says: `down`, `equal`, at the `hub` or at the `centre`."""
        assert self._desk is not None
        assert self._desk.driver is not None
        self._view = None
        again = QTimer()
        again.timeout.connect(self._look_again)
        self._desk.bus.road.connect(self._told_of_road)
        try:
            self._look_again()
            again.start(LOOK_MS)
            until(command["fact"], partial(self._is, command["fact"]), self.told)
        finally:
            again.stop()
            self._desk.bus.road.disconnect(self._told_of_road)

    @Slot(object)
    def _told_of_road(self, _status: RoadStatus) -> None:
        self._look_again()

    @Slot()
    def _look_again(self) -> None:
        assert self._desk is not None
        self._desk.lane.query(road_view, self._seen)

    def _seen(self, view: RoadView) -> None:
        self._view = view
        self.told.emit()

    def _is(self, fact: str) -> bool:
        assert self._desk is not None
        assert self._desk.driver is not None
        status = self._desk.driver.status
        if self._view is None:
            return False
        if fact == "down":
            return status.line_down_since_ms is not None
        if fact in ("hub", "centre"):
            return status.line_down_since_ms is None and (self._view.at_hub is None) == (fact == "centre")
        arrived = self._view.waiting == 0 and self._view.at_centre == self._view.saved_here
        return arrived and status.equal is True

    # ---------------------------------------------------------------- pictures

    def do_picture(self, command: dict[str, Any]) -> None:
        """Turn to a page and save its picture."""
        assert self._window is not None
        assert self._counsellor is not None
        page = command["page"]
        if page == "search":
            self._counsellor.search(_SEARCHED)
        elif page == "case":
            self._counsellor.show_a_case()
        else:
            self._window.go(page)
        if page == "road":
            self._heard_road = False
            self._window.road_model.changed.connect(self._road_shown)
            self._window.road_model.refresh()
            until("đường truyền hiện ra", self._road_is_shown, self.told)
            self._window.road_model.changed.disconnect(self._road_shown)
        self._counsellor.picture(Path(command["path"]))

    @Slot()
    def _road_shown(self) -> None:
        self._heard_road = True
        self.told.emit()

    def _road_is_shown(self) -> bool:
        return self._heard_road


def _heard(asked: Asked) -> bool:
    return bool(asked.answers) or asked.fault is not None


def _case_digests(connection: Any) -> dict[str, str]:
    rows = connection.exec_driver_sql(
        "SELECT scope, kind, count, total FROM digest WHERE scope IN (SELECT scope FROM r_case)"
        " AND count > 0 ORDER BY scope, kind"
    )
    found: dict[str, str] = {}
    for scope, kind, count, total in rows:
        found[scope] = f"{found.get(scope, '')}{kind}={count}:{total};"
    return found


def main() -> int:
    """Run until told to stop or until the driver is gone."""
    application = QApplication.instance() or QApplication(["tram111"])
    assert isinstance(application, QApplication)
    application.setQuitOnLastWindowClosed(False)
    Sweeping(application)
    seat = Seat(application)
    commands = Commands()
    commands.came.connect(seat.take)
    commands.start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's: it stops its desks cleanly
    return application.exec()
