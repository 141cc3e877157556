"""The smooth day through real processes and real windows: counted by the checker, pictured, nothing left running."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]  # it brings no types
import pytest

from tests.conftest import SOAK, Rounds
from tests.journeys.living import ROOT, live
from tests.journeys.small_day import DEMO, EVERY, expected

if TYPE_CHECKING:
    from tests.postgres import PostgresServer


DAYS = [(name, store) for name in ("day", "day_rough") for store in ("embedded", "postgres")]
"""A soak lives all four; the suite lives the other three in tests of their own."""


@pytest.mark.slow
def test_the_smooth_day_holds_and_is_counted_as_its_files_say(tmp_path: Path) -> None:
    lived = live("day", tmp_path)
    due = expected(lived.cdr, lived.day)
    assert {name: lived.counts[name] for name in due} == due
    assert 0 < lived.counts["wall_s"] <= 180
    pages = {picture.name.partition("-")[0] for picture in lived.pictures}
    assert pages == {"calls", "file", "report", "case", "search", "road"}
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in lived.pictures)


@pytest.mark.soak("day")
@pytest.mark.slow
@pytest.mark.parametrize(("name", "store"), DAYS if SOAK else [("day_rough", "postgres")])
def test_whole_days_hold_on_both_stores_again_and_again(
    name: str, store: str, rounds: Rounds, postgres: PostgresServer, tmp_path: Path
) -> None:
    for turn in range(rounds(10)):
        with postgres.database() as url:
            database = url if store == "postgres" else None
            lived = live(name, tmp_path / str(turn), every=1 if SOAK else EVERY, database=database)
        due = expected(lived.cdr, lived.day)
        assert {key: lived.counts[key] for key in due} == due
        print(f"{name} {store} {turn + 1}: {lived.counts['wall_s']} s", flush=True)


def _seats_of(day: int) -> list[psutil.Process]:
    """The desks among a day's processes; one that ended between being listed and being asked is none."""
    seats = []
    for child in psutil.Process(day).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "seat" in child.cmdline():
                seats.append(child)
    return seats


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell that starts this suite in the background has it ignore SIGINT, and so would every child."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_day_that_is_stopped_leaves_no_process_behind(how: signal.Signals, tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    kept = tmp_path / "kept"
    arguments = ["day", "--cdr", DEMO / "day" / "cdr.csv", "--day", DEMO / "day" / "day.jsonl", "--keep", kept]
    running = subprocess.Popen(
        [sys.executable, "-m", "desktop", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
        cwd=ROOT,
    )
    try:
        children: list[psutil.Process] = []
        born = threading.Event()
        while not children and running.poll() is None:
            children = _seats_of(running.pid)
            born.wait(0.05)
        running.send_signal(how)
        _, said = running.communicate(timeout=180)
    finally:
        if running.poll() is None:  # the test failed: what it watched does not go on for ever
            for one in [*psutil.Process(running.pid).children(recursive=True), running]:
                one.kill()
            running.communicate()
    assert running.returncode == 130, said
    assert "không tiến trình nào còn chạy" in said
    gone, alive = psutil.wait_procs(children, timeout=5)
    assert gone
    assert not alive
