"""A real desk process for the memory scan: signs in, writes what it is told, seals itself, and asks anew."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from threading import Thread
from typing import Final

from PySide6.QtCore import Signal, Slot

from desktop import app, running
from desktop.operations.calls import LINE, PbxCallEvent
from desktop.operations.intake import FORM_FILE
from desktop.protection import dumpable
from desktop.store.keys import Cost
from domain.clock import vn_to_ms

BEFORE: Final = "TRAM111_TEST_BEFORE_THE_SEAL"
AT: Final = vn_to_ms("2026-11-20 14:05:00")


class Written(running.Session):
    """The desk before the seal: what to write comes over standard input, and never in arguments."""

    told = Signal()

    def ask(self) -> None:
        """Come in and write."""
        staff, words, number, name, story = (sys.stdin.readline().rstrip("\n") for _ in range(5))
        self._unlocked(app.unlock(self._home, staff, words, key_cost=Cost(64, 1, 1)))
        window = self.window
        assert window is not None
        window.calls.answered(PbxCallEvent("", "u1", number, LINE, AT, AT))
        sheet = window.file_page.open(FORM_FILE, values={"child_name": name, "summary": story})
        sheet.model.changed(sheet.model.values)
        window.go("file")
        window.calls.labelled.connect(self._labelled)
        window.act("outcome.silent")
        self.told.connect(self._told)

    @Slot(object)
    def _labelled(self, _offer: object) -> None:
        say(f"WRITTEN {int(dumpable())} {resource.getrlimit(resource.RLIMIT_CORE)[0]}")
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        sys.stdin.readline()
        self.told.emit()

    @Slot()
    def _told(self) -> None:
        assert self.window is not None
        self.window.act("switch_person")


class Asking(running.Session):
    """The desk after it: nobody is signed in."""

    def ask(self) -> None:
        """The production sign-in window."""
        super().ask()
        assert self._signin is not None
        say(f"ASKING {int(self._signin.isVisible())} {int(dumpable())}")


def say(line: str) -> None:
    """One line to whoever scans."""
    print(line, flush=True)


def main(folder: Path) -> int:
    """Run the production desk, as the one session or the other."""
    running.Session = Written if os.environ.pop(BEFORE, None) else Asking  # type: ignore[misc]  # what run() makes
    return running.run(folder)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
