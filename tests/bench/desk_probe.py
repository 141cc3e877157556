"""One desk process measured: `python -m tests.bench.desk_probe window|start|switch|arriving HOME EXEC_TIME`."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import desktop.loaded_first  # noqa: F401 - as the program does: before Qt
from sync.interpreter import share

if __name__ == "__main__":
    share()  # as the program does: before all the rest

# isort: split
from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from desktop.app import Desk, build
from desktop.home import Home
from desktop.operations.calls import PbxCallEvent
from desktop.protection import protect
from desktop.running import Session
from desktop.store import reads
from desktop.ui.main_window import MainWindow
from desktop.ui.signin.window import SignInWindow
from desktop.ui.sweeping import Sweeping
from sync.replica import tables
from sync.transport import HttpTransport
from tests.bench.big_store import FREQUENT, NOON, PASSPHRASE, STAFF
from tests.bench.road_desk import NEVER

PRESSES = 300
PRESSES_FREQUENT = 60
WAIT_S = 30.0
BEAT_MS = 2
ARRIVING_S = 600.0
QUERIES = (
    "nguyen thi", "Đặng", "dang thi", "tran van an", "lo thi mai", "hoang", "quach", "vang thi", "0900", "123456",
    "900012", "AG03", "bo uong ruou", "lop ban", "thay co", "ngo duc", "bui my", "le", "pham ngoc linh", "do",
)  # fmt: skip


class NoonClock:
    """The noon after the store's ninety days, going on with the machine's own pace."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now_ms(self) -> int:
        """UTC milliseconds."""
        return NOON + int((time.monotonic() - self._start) * 1000)

    def monotonic_ms(self) -> int:
        """Milliseconds that never jump."""
        return int(time.monotonic() * 1000)


class Watch:
    """Remembers when the store thread came back from COMMIT."""

    def __init__(self) -> None:
        self.at = 0.0

    def committed(self) -> None:
        """Called on the store thread, after COMMIT returned."""
        self.at = time.perf_counter()


def until(app: QApplication, fact: Callable[[], bool], patience_s: float = WAIT_S) -> None:
    """Turn the event loop until the fact holds, looking where the window has done something. It sleeps between two
    events as the program does: a wait with a time returns at once and spins, and takes the GIL from the store's
    thread."""
    late = QTimer()
    late.setSingleShot(True)
    late.start(round(patience_s * 1000))  # wakes the loop
    while not fact():
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if not late.isActive() and not fact():
            raise TimeoutError("what was waited for did not come")


def _cases(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(tables.records["case"])).scalar_one())


def press(window: QWidget, key: Qt.Key) -> None:
    """A key pressed and released in the window."""
    target = QApplication.focusWidget() or window
    for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(target, event)


class Painting(QObject):
    """Whether any part of the window was painted after an outcome was shown."""

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        self._app = app
        self._painted = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt calls it by this name
        """Seen before the widget paints; the backing store is flushed before the loop's turn ends."""
        if event.type() == QEvent.Type.Paint:
            self._painted = True
        return False

    def begin(self) -> None:
        """What was painted before does not count."""
        self._painted = False
        self._app.installEventFilter(self)

    def painted(self) -> bool:
        """Whether it was; if so, no more is looked at until it begins again."""
        if self._painted:
            self._app.removeEventFilter(self)
        return self._painted


class Heard:
    """Counts what the calls view-model says."""

    def __init__(self, window: MainWindow, painting: Painting | None = None) -> None:
        self.labelled = self.searched = 0
        self._painting = painting
        window.calls.labelled.connect(self.on_labelled)
        window.search_model.found.connect(self.on_found)

    def on_labelled(self, _offer: object) -> None:
        """An outcome is saved, and the window, which heard of it before, has changed what it shows."""
        self.labelled += 1
        if self._painting is not None:
            self._painting.begin()

    def at_least(self, count: int) -> bool:
        """Whether so many outcomes were shown."""
        return self.labelled >= count

    def found_since(self, count: int) -> bool:
        """Whether an answer came after so many."""
        return self.searched > count

    def on_found(self) -> None:
        """Hits are shown."""
        self.searched += 1


def quantile(taken: list[float], part: float) -> float:
    """The value below which `part` of them lie."""
    return sorted(taken)[min(len(taken) - 1, int(len(taken) * part))]


def open_window(root: Path) -> tuple[QApplication, Desk, MainWindow]:
    """The desk as a counsellor starts it."""
    app = QApplication(sys.argv[:1])
    sweeping = Sweeping(app)
    desk = build(Home(root), STAFF, PASSPHRASE, clock=NoonClock())
    window = MainWindow(desk)
    window.warm.connect(sweeping.settle)
    window.show()
    return app, desk, window


def measure_start(root: Path, exec_at: float) -> dict[str, float]:
    """Seconds from exec to the first accepted key: window painted, F2 pressed, the row durable."""
    app, desk, window = open_window(root)
    heard, watch = Heard(window), Watch()
    desk.lane.committed = watch.committed
    until(app, window.isActiveWindow)
    shown = time.time() - exec_at
    press(window, Qt.Key.Key_F2)
    until(app, lambda: heard.labelled == 1)
    taken = time.time() - exec_at
    window.close()
    desk.close()
    return {"desk.start_s": taken, "desk.shown_s": shown}


def measure_switch(root: Path) -> dict[str, float]:
    """Seconds from Enter on the passphrase to the first accepted F2 (settled 17), in the process that comes after the
    sealed lock: the whole program as it runs, its keys derived at their production cost, no server answering."""
    app = QApplication(sys.argv[:1])
    Sweeping(app)
    protect()
    session = Session(app, Home(root))
    session.ask()
    signin = app.topLevelWidgets()
    (window,) = [one for one in signin if isinstance(one, SignInWindow)]
    until(app, window.isActiveWindow)
    window.staff.setText(STAFF)
    window.passphrase.setText(PASSPHRASE)
    window.passphrase.setFocus()
    start = time.perf_counter()
    press(window.passphrase, Qt.Key.Key_Return)
    until(app, lambda: session.window is not None and session.window.isActiveWindow(), ARRIVING_S)
    assert session.window is not None, "it was waited for"
    shown = time.perf_counter() - start
    heard = Heard(session.window)
    press(session.window, Qt.Key.Key_F2)
    until(app, lambda: heard.labelled == 1, ARRIVING_S)
    taken = time.perf_counter() - start
    session.close()
    return {"desk.switch_s": taken, "desk.switch_shown_s": shown}


def measure_window(root: Path) -> dict[str, float]:
    """Presses, searches and histories in one running desk."""
    app, desk, window = open_window(root)
    painting = Painting(app)
    heard, watch = Heard(window, painting), Watch()
    desk.lane.committed = watch.committed
    until(app, lambda: bool(window.calls.rows) and window.places_warm)
    rows: list[float] = []
    paints: list[float] = []

    def labelled(caller: str) -> tuple[float, float]:
        """A call is answered and F2 pressed at once: ms until its row is durable, and until that is painted."""
        now, before = desk.clock.now_ms(), heard.labelled
        window.calls.answered(PbxCallEvent("111", f"probe.{time.time_ns()}", caller, "", now - 5_000, now))
        until(app, lambda: window.calls.current is not None and window.calls.current.saved)
        start = time.perf_counter()
        press(window, Qt.Key.Key_F2)
        until(app, partial(heard.at_least, before + 1))
        until(app, painting.painted)
        return (watch.at - start) * 1000, (time.perf_counter() - start) * 1000

    # A kept store holds the presses of earlier runs, at the same noon: numbers of a run are its own, or each run
    # would find a third silent call, and more calls to count, than the one before.
    first = int(time.time() * 60) % 90_000_000
    for number in range(PRESSES):
        row, paint = labelled(f"03{first + number:08d}")
        rows.append(row)
        paints.append(paint)
    frequent = [labelled(FREQUENT)[0] for _ in range(PRESSES_FREQUENT)]
    searches: list[float] = []
    for _ in range(3):
        for query in QUERIES:
            before = heard.searched
            start = time.perf_counter()
            window.search_model.ask(query)
            until(app, partial(heard.found_since, before))
            searches.append((time.perf_counter() - start) * 1000)
    got: list[object] = []
    box = Box(got)

    def history(number: str) -> float:
        """Milliseconds until what is known of a caller is there."""
        start = time.perf_counter()
        read = partial(reads.caller_history, number=number, now_ms=desk.clock.now_ms())
        so_far = len(got)
        desk.lane.query(read, box.put)
        until(app, partial(box.holds, so_far + 1))
        return (time.perf_counter() - start) * 1000

    histories = [history(f"+8490{number * 37:07d}") for number in range(60)]
    of_frequent = [history(FREQUENT) for _ in range(60)]
    rss = _rss_mb()
    window.close()
    desk.close()
    return {
        "desk.key_to_row_ms.p50": statistics.median(rows),
        "desk.key_to_row_ms.p95": quantile(rows, 0.95),
        "desk.key_to_row_frequent_ms.p50": statistics.median(frequent),
        "desk.paint_ms.p95": quantile(paints, 0.95),
        "desk.search_ms.p50": statistics.median(searches),
        "desk.search_ms.p95": quantile(searches, 0.95),
        "desk.history_ms.p95": quantile(histories, 0.95),
        "desk.history_frequent_ms.p95": quantile(of_frequent, 0.95),
        "desk.history_frequent_calls": float(got[-1].calls_30d),  # type: ignore[attr-defined]  # a CallerHistory
        "desk.rss_mb": rss,
    }


class Beat(QObject):
    """Notes how late each turn of the window's event loop comes."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._turn)

    def start(self) -> None:
        """From now on."""
        self._last = time.perf_counter()
        self._timer.start(BEAT_MS)

    @Slot()
    def _turn(self) -> None:
        now = time.perf_counter()
        self.late.append(max(0.0, (now - self._last) * 1000 - BEAT_MS))
        self._last = now


def measure_arriving(root: Path) -> dict[str, float]:
    """How long the window does not answer while everything that waits at the centre arrives."""
    app = QApplication(sys.argv[:1])
    sweeping = Sweeping(app)  # as in the program: else Python looks for garbage on any thread, 100 ms at a time
    desk = build(Home(root), STAFF, PASSPHRASE, transport_factory=HttpTransport, fill_from=NEVER)
    driver = desk.driver
    assert driver is not None
    window = MainWindow(desk)
    window.warm.connect(sweeping.settle)
    window.show()
    beat = Beat()
    until(app, window.isActiveWindow, ARRIVING_S)
    beat.start()
    start = time.perf_counter()
    until(app, lambda: driver.status.equal is True, ARRIVING_S)
    took = time.perf_counter() - start
    got: list[object] = []
    desk.lane.query(_cases, Box(got).put)
    until(app, lambda: bool(got))
    window.close()
    desk.close()
    return {
        "desk.arrived": float(str(got[0])),
        "desk.arriving_s": took,
        "desk.stall_ms.p999": quantile(beat.late, 0.999),
        "desk.stall_ms.max": max(beat.late),
    }


class Box:
    """Where answers of the reader lane are put."""

    def __init__(self, got: list[object]) -> None:
        self._got = got

    def holds(self, count: int) -> bool:
        """Whether so many answers came."""
        return len(self._got) >= count

    def put(self, answer: object) -> None:
        """One more."""
        self._got.append(answer)


def _rss_mb() -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return -1.0


if __name__ == "__main__":
    what, where, exec_at = sys.argv[1:4]
    home = Path(where)
    if what == "start":
        figures = measure_start(home, float(exec_at))
    elif what == "switch":
        figures = measure_switch(home)
    else:
        figures = measure_arriving(home) if what == "arriving" else measure_window(home)
    sys.stdout.write(json.dumps(figures) + "\n")
