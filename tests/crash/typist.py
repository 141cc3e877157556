"""Typists, each a process with a window: five keys a second, with composition, until somebody kills them."""

from __future__ import annotations

import json
import os
import select
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

KEY_MS: Final = 200
"""Five keys a second."""

WORDS: Final = (
    "Cháu", "bé", "tám", "tuổi", "kể", "rằng", "bố", "dượng", "hay", "uống", "rượu", "rồi", "đánh", "cả", "hai", "mẹ",
    "con", "hàng", "xóm", "nghe", "tiếng", "khóc", "mỗi", "đêm", "nhưng", "không", "dám", "gọi", "công", "an",
)  # fmt: skip


def keystrokes() -> Iterator[tuple[str, str]]:
    """What an input method sends for each key: text being composed, and text it hands over. A word is composed letter
    by letter and handed over with the space behind it; it never ends."""
    while True:
        for word in WORDS:
            for length in range(1, len(word) + 1):
                yield word[:length], ""
            yield "", word + " "


def say(*words: object) -> None:
    """One line in one write, past every buffer: what was said before SIGKILL has arrived."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def type_until_killed(number: int, home: Path) -> None:
    """A real window on a real store: F8, the caret in the summary, then key after key. Says what stands, and when."""
    from PySide6.QtCore import QObject, Qt, QTimer, Slot
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from desktop.app import build
    from desktop.home import Home
    from desktop.ui.main_window import MainWindow
    from desktop.wall_clock import WallClock
    from tests.desktop.ui.conftest import CHEAP, PASSPHRASE, STAFF, compose, press
    from tests.desktop.ui.test_forms_lose_nothing import go_to

    app = QApplication(["typist"])
    desk = build(Home(home), STAFF, PASSPHRASE, clock=WallClock(), key_cost=CHEAP)
    window = MainWindow(desk)
    window.show()
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window, 60_000)
    press(window, Qt.Key.Key_F8)
    go_to(window, "summary")

    class Typist(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.keys = keystrokes()
            self.timer = QTimer(self)
            self.timer.setTimerType(Qt.TimerType.PreciseTimer)
            self.timer.timeout.connect(self.key)

        @Slot()
        def key(self) -> None:
            composed, handed_over = next(self.keys)
            compose(composed, handed_over)
            sheet = window.file_page.current
            assert sheet is not None
            stands = sheet.form.values().get("summary", "")
            say("typed", number, time.monotonic_ns() // 1_000_000, json.dumps(stands))

    typist = Typist()
    say("ready", number, os.getpid())
    select.select([0], [], [])
    os.read(0, 1)
    typist.timer.start(KEY_MS)
    app.exec()


def main() -> None:
    """Load everything once, then bear one process for each home given."""
    import tests.desktop.ui.test_forms_lose_nothing  # noqa: F401 - read before the first fork: it makes them warm

    homes = [Path(name) for name in sys.argv[1:]]
    for number, home in enumerate(homes):
        if os.fork() == 0:
            try:
                type_until_killed(number, home)
            except BaseException:  # noqa: BLE001 - a child has nobody to raise to: it says so and ends
                traceback.print_exc()
            os._exit(1)
    for _ in homes:
        os.wait()


if __name__ == "__main__":
    main()
