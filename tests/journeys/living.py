"""Lives a day through the command line, as a person does, and keeps its nodes for a test to look at."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil  # type: ignore[import-untyped]  # it brings no types

from tests.journeys.small_day import EVERY, cut_down

ROOT = Path(__file__).parents[2]
LONGEST_S = 300
_LAST: Final = 4_000
"""Letters of the end of each log that a day which failed is told with."""


@dataclass(frozen=True)
class LivedDay:
    """A day that was lived: its two files, what was kept, what was printed."""

    cdr: Path
    day: Path
    kept: Path
    counts: dict[str, Any]
    pictures: tuple[Path, ...]


def command(*arguments: str | Path, timeout: float = LONGEST_S) -> subprocess.CompletedProcess[str]:
    """Run `python -m desktop …` as its own process. One that does not end is made to say where each of its processes
    stands, and fails with that."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PYTHONFAULTHANDLER": "1"}
    running = subprocess.Popen(
        [sys.executable, "-m", "desktop", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=environ,
        cwd=ROOT,
    )
    try:
        out, err = running.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        started = psutil.Process(running.pid)
        for one in (*started.children(recursive=True), started):  # its nodes first: their logs are what is read
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGABRT)
        _, err = running.communicate(timeout=60)
        named = " ".join(map(str, arguments[:1]))
        raise AssertionError(f"«{named}» did not end within {timeout:.0f} s\n{err[-_LAST:]}") from None
    finally:
        running.kill()  # where it has ended there is nothing to kill
    return subprocess.CompletedProcess(running.args, running.returncode, out, err)


def _last_words(kept: Path) -> Iterator[str]:
    """The end of each log in the folders of a day's nodes."""
    for log in sorted(kept.glob("*/logs/*.log")):
        if words := log.read_text("utf-8", "replace")[-_LAST:].strip():
            yield f"--- {log.parent.parent.name}/{log.name}\n{words}"


def live(
    name: str, folder: Path, *, every: int = EVERY, database: str | None = None, hubs: bool = False
) -> LivedDay:
    """Live a demo day (cut down to each `every`-th call), with a hub for each regional centre where asked; fails
    with what the day said when it does not hold."""
    cdr, day = cut_down(name, folder / "paper", every)
    kept, shots = folder / "kept", folder / "shots"
    more = [*(["--database", database] if database else []), *(["--hubs"] if hubs else [])]
    try:
        done = command("day", "--cdr", cdr, "--day", day, "--json", "--keep", kept, "--shots", shots, *more)
    except AssertionError as hung:
        raise AssertionError("\n".join([str(hung), *_last_words(kept)])) from None
    assert done.returncode == 0, "\n".join([done.stderr, *_last_words(kept)])
    counts = json.loads(done.stdout.strip().splitlines()[-1])
    return LivedDay(cdr, day, kept, counts, tuple(sorted(shots.glob("*.png"))))
