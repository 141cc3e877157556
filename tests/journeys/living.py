"""Lives a day through the command line, as a person does, and keeps its nodes for a test to look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.journeys.small_day import EVERY, cut_down

ROOT = Path(__file__).parents[2]
LONGEST_S = 300


@dataclass(frozen=True)
class LivedDay:
    """A day that was lived: its two files, what was kept, what was printed."""

    cdr: Path
    day: Path
    kept: Path
    counts: dict[str, Any]
    pictures: tuple[Path, ...]


def command(*arguments: str | Path, timeout: float = LONGEST_S) -> subprocess.CompletedProcess[str]:
    """Run `python -m desktop …` as its own process."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", "desktop", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        env=environ,
        cwd=ROOT,
    )


def live(
    name: str, folder: Path, *, every: int = EVERY, database: str | None = None, hubs: bool = False
) -> LivedDay:
    """Live a demo day (cut down to each `every`-th call), with a hub for each regional centre where asked; fails
    with what the day said when it does not hold."""
    cdr, day = cut_down(name, folder / "paper", every)
    kept, shots = folder / "kept", folder / "shots"
    more = [*(["--database", database] if database else []), *(["--hubs"] if hubs else [])]
    done = command("day", "--cdr", cdr, "--day", day, "--json", "--keep", kept, "--shots", shots, *more)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout.strip().splitlines()[-1])
    return LivedDay(cdr, day, kept, counts, tuple(sorted(shots.glob("*.png"))))
