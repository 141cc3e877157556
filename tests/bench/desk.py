"""The desk measured through its real window, on a store of production key derivation on a real disk."""

from __future__ import annotations

import compileall
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.big_store import Built, built, copied
from tests.bench.road_ends import Centre, DeskProcess, emptied

CALLS = int(os.environ.get("TRAM111_BENCH_CALLS", "1000000"))
"""Calls in the measured store; fewer only for a trial of the bench itself."""
FILES = CALLS // 10
ARRIVE = CALLS // 20
ROOT = Path(__file__).parents[2]
STARTS = 5
WINDOWS = 3
"""So many processes are asked for the keys, searches and memory; each figure is the median of theirs."""
SWITCH_MUST_S = 5.0
"""From Enter to F2 accepted when a person takes over the desk (settled 17)."""


def compiled() -> None:
    """Give every module its bytecode, as an installed desk has it: where the machine's environment keeps Python from
    writing any (PYTHONDONTWRITEBYTECODE), each start compiled all of our sources anew (0.5 s of 2.5)."""
    for room in ("domain", "sync", "desktop", "server", "tests"):
        if not compileall.compile_dir(ROOT / room, quiet=1):
            raise RuntimeError(f"{room} cannot be compiled: a start would not be that of an installed desk")


def measure(folder: Path) -> dict[str, float]:
    """Key to durable row, key to paint, search, caller history, start, change of person, stalls and memory."""
    compiled()
    whole = built(folder, CALLS, FILES)
    found: dict[str, float] = {"desk.calls": CALLS, "desk.files": FILES}
    if whole.build_s:
        found["desk.build_s"] = whole.build_s
    windows = [_probe(whole.home.root, "window") for _ in range(WINDOWS)]
    found.update({name: statistics.median(each[name] for each in windows) for name in windows[0]})
    starts = [_probe(whole.home.root, "start")["desk.start_s"] for _ in range(STARTS)]
    found["desk.start_s"] = statistics.median(starts)
    found["desk.start_s.worst"] = max(starts)
    switches = [_probe(whole.home.root, "switch")["desk.switch_s"] for _ in range(STARTS)]
    found["desk.switch_s"] = statistics.median(switches)
    found["desk.switch_s.worst"] = max(switches)
    found["desk.switch_s.must"] = SWITCH_MUST_S
    with emptied(folder / "bench-desk-arriving") as run:
        found.update(_arriving(copied(whole, run), run))
    return found


def _arriving(whole: Built, run: Path) -> dict[str, float]:
    """The window's stalls while the records of another desk arrive: 50,000 at a million calls."""
    with Centre(whole.centre, whole.port) as server:
        with DeskProcess(run / "other") as other:
            other.do("enrol", url=server.url, code=server.code("AG09"))
            other.do("found", count=ARRIVE)
            other.do("fill", count=ARRIVE, together=10)
            other.do("send")
        found = _probe(whole.home.root, "arriving")
    if found["desk.arrived"] != ARRIVE:
        raise RuntimeError(f"{found['desk.arrived']:.0f} of {ARRIVE} cases arrived: no stall was measured")
    return found


def _probe(root: Path, what: str) -> dict[str, float]:
    """One measurement in a process of its own; the start is counted from just before exec."""
    env = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    command = [sys.executable, "-m", "tests.bench.desk_probe", what, str(root), str(time.time())]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True, text=True, timeout=900)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer
