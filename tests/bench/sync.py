"""The road against the floor and PouchDB: five interleaved pairs, live changes, bytes, growth, a month's backlog."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any, Final

from tests.bench import bootstrap, road_bytes, road_growth, road_reconnect
from tests.bench.peers_run import Peers
from tests.bench.road_ends import Centre, DeskProcess, emptied, founded

RECORDS: Final = int(os.environ.get("TRAM111_BENCH_RECORDS", "50000"))
PAIRS: Final = int(os.environ.get("TRAM111_BENCH_PAIRS", "5"))
CHANGES: Final = 60

Runs = dict[str, list[float]]


def measure(folder: Path) -> dict[str, float]:
    """Every figure of the road. Records have 18 filled columns, go through the production fold with indexes,
    search, digests and encryption on, from a desk process to a served centre to a desk process."""
    peers = Peers(folder)
    versions = peers.prepare()
    _say("versions " + " ".join(f"{name}={version}" for name, version in versions.items()))
    runs: Runs = {}
    with emptied(folder / "sync-pairs") as there:
        port = _template(there / "template")
        for number in range(1, PAIRS + 1):
            _say(f"pair {number} of {PAIRS}, load {os.getloadavg()[0]:.2f}")
            _ours(there, port, runs)
            _theirs("floor", peers.floor(RECORDS), runs)
            _theirs("pouchdb", peers.pouch(RECORDS), runs)
    found = {"sync.records": float(RECORDS), "sync.pairs": float(PAIRS)}
    for what in ("push", "pull"):
        found[f"sync.{what}_per_s"] = statistics.median(runs[f"ours.{what}"])
        found[f"sync.{what}_cpu_s_per_10k"] = statistics.median(runs[f"ours.{what}_cpu"])
        for peer in ("floor", "pouchdb"):
            found[f"sync.{what}_per_s.{peer}"] = statistics.median(runs[f"{peer}.{what}"])
            found |= _ratio(f"sync.{what}_ratio_{peer}", runs[f"ours.{what}"], runs[f"{peer}.{what}"])
    found["sync.live_ms.p50"] = statistics.median(runs["ours.live"])
    found["sync.live_ms.p95"] = statistics.median(runs["ours.live_p95"])
    found["sync.live_ms.floor"] = statistics.median(runs["floor.live"])
    found |= _ratio("sync.live_ratio_floor", runs["ours.live"], runs["floor.live"])
    found |= road_bytes.measure(folder)
    found |= road_growth.measure(folder)
    found |= road_reconnect.measure(found["sync.push_cpu_s_per_10k"] / 10_000)
    found |= bootstrap.measure(folder=folder)
    if "sync.bootstrap_rows_s" in found:
        found["sync.bootstrap_ratio_pouchdb"] = found["sync.bootstrap_rows_s"] / found["sync.pull_per_s.pouchdb"]
    return found


def _say(text: str) -> None:
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()


def _template(folder: Path) -> int:
    """A centre, a desk with everything to send and an empty one, copied for each pair; answers the port."""
    _say(f"filling a desk with {RECORDS} records, each an act of its own")
    with Centre(folder / "centre") as centre:
        for name, seat in (("one", "AG01"), ("two", "AG02")):
            with DeskProcess(folder / name) as desk:
                desk.do("enrol", url=centre.url, code=centre.code(seat))
        founded(folder / "one", folder / "two", RECORDS)
        with DeskProcess(folder / "one") as desk:
            desk.do("fill", count=RECORDS)
        return centre.port


def _ours(there: Path, port: int, runs: Runs) -> None:
    pair = there / "pair"
    shutil.rmtree(pair, ignore_errors=True)
    shutil.copytree(there / "template", pair)
    with Centre(pair / "centre", port) as centre, DeskProcess(pair / "one") as one, DeskProcess(pair / "two") as two:
        before = centre.cpu()
        sent = one.do("open")
        served = centre.cpu()
        taken = two.do("open")
        if (sent["records"], taken["records"]) != (RECORDS, RECORDS):
            raise AssertionError("not every record arrived")
        _note(runs, "ours.push", RECORDS / sent["sent"])
        _note(runs, "ours.push_cpu", (sent["sent_cpu"] + served - before) * 10_000 / RECORDS)
        _note(runs, "ours.pull", RECORDS / taken["wall"])
        _note(runs, "ours.pull_cpu", (taken["cpu"] + centre.cpu() - served) * 10_000 / RECORDS)
        lives = live(one, two)
        _note(runs, "ours.live", statistics.median(lives))
        _note(runs, "ours.live_p95", sorted(lives)[int(len(lives) * 0.95)])
        one.do("close")
        two.do("close")
    _say("  ours " + " ".join(f"{name[5:]}={values[-1]:.4g}" for name, values in runs.items() if name[:4] == "ours"))


def live(one: DeskProcess, two: DeskProcess, changes: int = CHANGES) -> list[float]:
    """Milliseconds from the beginning of a save at one desk until the other has it durable and tells its screens.
    Each change begins when both ends know of the last one that they are equal, and are at rest."""
    two.do("watch")
    taken: list[float] = []
    for _ in range(changes):
        one.do("settled")
        two.do("settled")
        saved = one.do("save")
        taken.append((two.do("seen", record=saved["record"])["at"] - saved["start"]) * 1_000)
    return taken


def _theirs(name: str, run: dict[str, Any], runs: Runs) -> None:
    for what in ("push", "pull"):
        _note(runs, f"{name}.{what}", run[what]["docs_s"])
    _note(runs, f"{name}.live", run["one_change_live_ms"]["median"])
    _say(f"  {name} " + " ".join(f"{what}={runs[f'{name}.{what}'][-1]:.4g}" for what in ("push", "pull", "live")))


def _note(runs: Runs, name: str, value: float) -> None:
    runs.setdefault(name, []).append(value)


def _ratio(name: str, ours: list[float], theirs: list[float]) -> dict[str, float]:
    """The median of the pairs' ratios, and the smallest and largest of them."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return {name: statistics.median(ratios), f"{name}.least": min(ratios), f"{name}.most": max(ratios)}


