"""While a window is built no style sheet is on: Qt would style every widget anew at every step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from desktop.ui.theme.look import Look

ROOT = Path(__file__).resolve().parents[3]

OFF_AND_ON = """
from PySide6.QtWidgets import QApplication, QPushButton, QStyle

from desktop.ui.theme.look import Look

app = QApplication([])
look = Look(app)
for _ in range(60):
    never_shown = [QPushButton(str(number)) for number in range(40)]

    def measure():
        for one in never_shown:
            one.style().pixelMetric(QStyle.PixelMetric.PM_ButtonMargin, None, one)

    measure()
    with look.off():
        pass
    measure()
    never_shown.clear()
    elsewhere = [bytes(500) for _ in range(1_000)]  # takes the place of what died
    look.put_on()
print("whole")
"""


def test_the_look_comes_off_and_on_while_widgets_live_and_die() -> None:
    done = subprocess.run([sys.executable, "-c", OFF_AND_ON], cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["whole"]


def test_a_window_that_cannot_be_built_leaves_the_look_on(qapp: QApplication, look: Look) -> None:
    before = qapp.styleSheet()
    assert before
    try:
        with look.off():
            assert qapp.styleSheet() == ""
            raise LookupError
    except LookupError:
        pass
    assert qapp.styleSheet() == before
