"""What a test process says that dies: its threads' stacks, at the end of the whole run, where they are read."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key  # pytest names no public door to it

_FOLDER: Final = "TRAM111_LAST_WORDS"
_MOST: Final = 6_000
"""Letters of one process: a crash names the thread it came from first, a hang shows the main thread last."""
_WIDE: Final = 200
_THEIRS: Final = ("site-packages", "/lib/python", 'File "<string>"')
"""Lines of the test runner and the standard library: what is kept of a long output is its end."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Each worker of xdist writes into a file of its own instead of the middle of everybody's output; after pytest
    has turned its watch on. Without workers it stays on stderr."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        os.environ[_FOLDER] = tempfile.mkdtemp(prefix="t111-last-words-")
    elif _FOLDER in os.environ:
        with (Path(os.environ[_FOLDER]) / worker).open("ab") as paper:
            os.dup2(paper.fileno(), config.stash[fault_handler_stderr_fd_key])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Read out what was written, as the very last: of a long output often only the end is kept. A run in which nobody
    died says nothing."""
    yield
    if "PYTEST_XDIST_WORKER" in os.environ or _FOLDER not in os.environ:
        return
    folder = Path(os.environ.pop(_FOLDER))
    for paper in sorted(folder.iterdir()):
        if words := _ours(paper.read_text("utf-8", "replace")):
            terminalreporter.section(f"last words of {paper.name}")
            half = _MOST // 2
            terminalreporter.write_line(words if len(words) <= _MOST else f"{words[:half]}\n…\n{words[-half:]}")
    shutil.rmtree(folder, ignore_errors=True)


def _ours(words: str) -> str:
    kept = (line for line in words.splitlines() if line and not any(one in line for one in _THEIRS))
    return "\n".join(line[:_WIDE] for line in kept)
