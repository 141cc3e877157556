"""An error that C code raises in a method that Qt calls is an error, not the end of the process (decision 0006)."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject

import desktop
from desktop.overrides import overridden
from tests.house.reading import ROOT

SEGMENTATION = -11
RAISING = """
import sys
{guard}
from PySide6.QtWidgets import QApplication, QLabel, QWidget
import shiboken6

def gone():
    label = QLabel()
    shiboken6.delete(label)
    label.isVisible()

RAISES = {{"int": lambda: int("x"), "index": lambda: [][1], "gone": gone}}

class Window(QWidget):
    def closeEvent(self, event):
        RAISES[sys.argv[1]]()

application = QApplication([])
window = Window()
window.show()
try:
    window.close()
except (RuntimeError, ValueError, IndexError) as fault:
    print("raised", type(fault).__name__)
"""


def _ends(what: str, guard: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", RAISING.format(guard=guard), what]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("what", ["int", "index", "gone"])
def test_an_error_of_c_code_in_a_window_is_raised_and_the_program_lives(what: str) -> None:
    done = _ends(what, "import desktop.overrides")
    assert (done.returncode, done.stdout.split()[:1]) == (0, ["raised"]), done.stderr


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="from Python 3.12 on an error is whole from the beginning")
def test_without_the_guard_it_kills_the_process() -> None:
    """Why there is one. When this fails, the binding was mended and the guard can go."""
    assert _ends("index", "").returncode == SEGMENTATION


def test_every_method_of_ours_that_qt_calls_is_guarded() -> None:
    for module in pkgutil.walk_packages(desktop.__path__, "desktop."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)
    ours = [one for one in _below(QObject) if one.__module__.startswith("desktop.")]
    bare = [f"{one.__module__}.{one.__name__}.{name}" for one in ours for name in _bare(one)]
    assert len(ours) > 150
    assert sum(len(overridden(one)) for one in ours) > 100
    assert not bare, "\n".join(bare)


def _bare(cls: type) -> list[str]:
    return [name for name, method in overridden(cls).items() if not hasattr(method, "__wrapped__")]


def _below(cls: type) -> Iterator[type]:
    below: list[type] = cls.__subclasses__()
    for one in below:
        yield one
        yield from _below(one)
