"""The desk measured through its real window, on a store of production key derivation on a real disk."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.big_store import home_of

CALLS, FILES = 100_000, 10_000
STARTS = 5


def measure(folder: Path) -> dict[str, float]:
    """Key to durable row, key to paint, search, caller history, start and memory at 100,000 calls."""
    home, took = home_of(folder, CALLS, FILES)
    found: dict[str, float] = {"desk.calls": CALLS, "desk.files": FILES}
    if took:
        found["desk.build_s"] = took
    found.update(_probe(home.root, "window"))
    starts = [_probe(home.root, "start")["desk.start_s"] for _ in range(STARTS)]
    found["desk.start_s"] = statistics.median(starts)
    found["desk.start_s.worst"] = max(starts)
    return found


def _probe(root: Path, what: str) -> dict[str, float]:
    """One measurement in a process of its own; the start is counted from just before exec."""
    env = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    command = [sys.executable, "-m", "tests.bench.desk_probe", what, str(root), str(time.time())]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True, text=True, timeout=900)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer
