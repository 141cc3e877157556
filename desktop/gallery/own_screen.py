"""A screen without a monitor, so that real windows are drawn by a real screen at the same size everywhere."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Final

SIZE: Final = "1600x1000x24"


class NoScreenError(Exception):
    """Xvfb is not here or does not start; the text is one Vietnamese sentence that says what to do."""


@contextlib.contextmanager
def own_screen() -> Iterator[dict[str, str]]:
    """Start Xvfb; yields the environment that makes a program of ours draw there. Gone afterwards.

    Raises NoScreenError.
    """
    program = shutil.which("Xvfb")
    if program is None:
        raise NoScreenError("Chụp màn hình cần Xvfb, hãy cài rồi chạy lại: sudo apt-get install xvfb")
    reads, writes = os.pipe()
    command = [program, "-displayfd", str(writes), "-screen", "0", SIZE, "-nolisten", "tcp"]
    quiet = subprocess.DEVNULL
    screen = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, pass_fds=(writes,))
    os.close(writes)
    try:
        with os.fdopen(reads) as answer:
            number = answer.readline().strip()
        if not number:
            raise NoScreenError("Màn hình ảo Xvfb không mở được: thử lại, hoặc gõ «Xvfb» để xem lý do.")
        yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb", "WAYLAND_DISPLAY": ""}
    finally:
        screen.terminate()
        screen.wait()
