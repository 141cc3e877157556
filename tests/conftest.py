"""What every test stands on: no screen, Vietnam's clock, a home of its own, nothing left behind."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.postgres import PostgresServer

# Before any import of Qt, platformdirs or requests: they read these once.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_ACCESSIBILITY"] = "1"
os.environ.pop("QT_STYLE_OVERRIDE", None)
os.environ["TZ"] = "Asia/Ho_Chi_Minh"
if hasattr(time, "tzset"):
    time.tzset()
os.environ["PYTHONUTF8"] = "1"  # for the processes that tests start
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1"  # no proxy of the machine in between
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"  # never the developer's own secrets
os.environ["TRAM111_KEYRING"] = "file"  # desks of tests say so in so many words; without it they would be refused

_HOME = Path(tempfile.mkdtemp(prefix="t111-"))  # short: socket paths must stay under 108 bytes
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
for _name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
    _folder = _HOME / _name.removeprefix("XDG_").lower()
    _folder.mkdir(mode=0o700)
    os.environ[_name] = str(_folder)

import pytest  # noqa: E402  # the environment above comes first
from hypothesis import HealthCheck, settings  # noqa: E402  # the environment above comes first

from tests.last_words import pytest_configure, pytest_terminal_summary  # noqa: E402, F401  # hooks, found by name

SOAK = os.environ.get("TRAM111_SOAK") == "1"
"""Whether `./tram111 soak NAME` runs: full counts and fresh random seeds."""

# The suite says the same thing twice: seeds come from the test itself. A soak looks for what nobody saw yet.
settings.register_profile(
    "suite", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("soak", parent=settings.get_profile("suite"), derandomize=False, max_examples=5_000)
settings.load_profile("soak" if SOAK else "suite")

JOIN_S = 5.0
"""How long a test's own threads may take to end after it, in seconds."""

# Threads of a server or loop of a wider fixture, made at its first request, inside some test.
POOLS = ("AnyIO worker thread", "asyncio_", "pytest_timeout")


@pytest.fixture
def rounds() -> Rounds:
    """How many times to try: `rounds(500)` is 500 in a soak and a tenth of it in the suite."""
    return Rounds(full=SOAK)


class Rounds:
    """Turns the whole count a check is asked for into the count of this run."""

    def __init__(self, *, full: bool) -> None:
        self._full = full

    def __call__(self, whole: int) -> int:
        return whole if self._full else max(1, -(-whole // 10))


def living_threads() -> set[threading.Thread]:
    """Threads alive now, without pools of wider fixtures; a Qt thread counts while its kernel task exists."""
    alive = set()
    for thread in threading.enumerate():
        if thread.name.startswith(POOLS):
            continue
        if isinstance(thread, threading._DummyThread):  # stays listed after a QThread has ended
            tasks = Path("/proc/self/task")
            if not tasks.is_dir() or not (tasks / str(thread.native_id)).exists():
                continue
        alive.add(thread)
    return alive


def left_behind(before: set[threading.Thread], patience_s: float = JOIN_S) -> list[str]:
    """Names of the threads that were not there before and do not end within `patience_s` seconds."""
    until = time.monotonic() + patience_s
    while (new := living_threads() - before) and (patience := until - time.monotonic()) > 0:
        for thread in new:
            if isinstance(thread, threading._DummyThread):
                threading.Event().wait(0.002)  # Qt detaches its threads: their end can only be looked for
            else:
                thread.join(patience)
    return sorted(thread.name for thread in new)


def open_windows() -> set[str]:
    """Object names or classes of the visible top-level windows, if this process has Qt at all."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return set()
    return {
        f"{type(window).__name__} {window.objectName()} {id(window):x}"
        for window in widgets.QApplication.topLevelWidgets()
        if window.isVisible()
    }


gc.disable()  # as in the desk (desktop.ui.sweeping): a widget in a cycle may end on no thread but the GUI's
_FULL_EVERY = 20


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect on the main thread, after each test; everything at every twentieth."""
    item.config.stash[_COUNT] = count = item.config.stash.get(_COUNT, 0) + 1
    gc.collect(2 if count % _FULL_EVERY == 0 else 1)


_COUNT = pytest.StashKey[int]()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """A test fails when a thread or a visible window that it started outlives it."""
    threads, windows = living_threads(), open_windows()
    yield
    left = left_behind(threads)
    assert not left, f"threads left behind: {left}"
    left = sorted(open_windows() - windows)
    assert not left, f"windows left open: {left}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server for this test process; `new_database()` gives the URL of an empty database."""
    from tests.postgres import running_server

    with running_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty database of a test's own, dropped after it."""
    with postgres.database() as url:
        yield url
