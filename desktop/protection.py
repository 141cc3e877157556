"""What the desk's process asks of the operating system: no memory in core files, none for other programs to read."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4
_PR_GET_DUMPABLE: Final = 3


def protect() -> None:
    """Set it, also again after a restart; it lasts until this process ends. On Windows nothing is asked: memory of a
    process is closed to other accounts there, and to programs of the same account it is not (SECURITY.md)."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not there on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def dumpable() -> bool:
    """Whether other programs of this account may read this process's memory (Linux)."""
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0))
