"""A desk in a process of its own that is killed while it is being filled: `HOME CLOCK_MS WHERE`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QTimer

from desktop.home import Home
from desktop.operations import calls
from desktop.store.building import Building
from desktop.store.engine import Store
from tests.desktop.store.kit import SetClock
from tests.server.filling import Watched, Whole


def die() -> None:
    """No farewell."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(method: Callable[..., Any]) -> Callable[..., Any]:
    """Die where the method was to be called."""

    def dying(*_given: Any, **_named: Any) -> None:
        die()

    dying.__name__ = method.__name__
    return dying


def after(method: Callable[..., Any]) -> Callable[..., Any]:
    """Die when the method has done its work."""

    def dying(*given: Any, **named: Any) -> None:
        method(*given, **named)
        die()

    return dying


def main(root: str, now: str, where: str) -> None:
    """Open the desk, save one call, say which, and die at the place named."""
    app = QCoreApplication([])
    desk = Whole(Home(Path(root)), SetClock(int(now)))
    saved = threading.Event()

    def hold(road: Watched) -> None:
        def wait(fetched: int) -> None:
            saved.wait()
            if where == "fetching" and fetched == 2:
                die()

        road.before_piece = wait

    if where == "building":
        Building.take = after(Building.take)  # type: ignore[method-assign]  # the place to die at
    elif where == "finishing":
        Store.exchange = before(Store.exchange)  # type: ignore[method-assign]  # the place to die at
    elif where == "exchanged":
        Store.exchange = after(Store.exchange)  # type: ignore[method-assign]  # the place to die at
    desk.prepare = hold
    desk.open()
    labelled = desk.call(calls.set_outcome(None, "silent"))
    sys.stdout.write(f"{labelled.call_id}\n")
    sys.stdout.flush()
    saved.set()
    QTimer.singleShot(120_000, app.quit)
    app.exec()


if __name__ == "__main__":
    main(*sys.argv[1:])
