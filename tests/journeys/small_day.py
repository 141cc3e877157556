"""A real day cut down for the suite, and what must be counted in it: worked out from the input alone."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

DEMO = Path(__file__).parents[2] / "resources" / "demo"
EVERY = 12
"""Of plain calls and plain files one in this many stays."""


def cut_down(name: str, folder: Path, every: int = EVERY) -> tuple[Path, Path]:
    """Files of a demo day with each `every`-th call; all cases, files without a call, edits and notes, and
    all damaged and repeated lines stay."""
    entries = [json.loads(line) for line in (DEMO / name / "day.jsonl").read_text("utf-8").splitlines()]
    kept = [e for place, e in enumerate(entries) if e["kind"] != "call" or "case" in e or place % every == 0]
    made = {e["uniqueid"] for e in entries if e["kind"] == "call"}
    stays = {e["uniqueid"] for e in kept if e["kind"] == "call"}
    lines = (DEMO / name / "cdr.csv").read_text("utf-8").splitlines()
    times = Counter(lines)
    chosen = []
    for place, line in enumerate(lines):
        row = next(csv.reader([line]))
        uniqueid = row[16] if len(row) == 18 else ""
        odd = len(row) != 18 or times[line] > 1 or uniqueid not in made
        if uniqueid in stays or (odd and (row[14:15] != ["NO ANSWER"] or place % every == 0)):
            chosen.append(line)
    # A repeated line whose entry was left out would be an unclassified call: keep the entry with it.
    repeated = {next(csv.reader([line]))[16] for line in chosen if times[line] > 1}
    kept = [e for e in entries if e in kept or e.get("uniqueid") in repeated]
    folder.mkdir(parents=True, exist_ok=True)
    cdr, day = folder / "cdr.csv", folder / "day.jsonl"
    cdr.write_text("\n".join(chosen) + "\n", "utf-8")
    day.write_text("".join(json.dumps(e, ensure_ascii=False) + "\n" for e in kept), "utf-8")
    return cdr, day


def true_rows(cdr: Path) -> tuple[dict[str, list[str]], int, int]:
    """Rows by uniqueid, how many lines are damaged and how many repeat one: the plain way, for these days."""
    rows: dict[str, list[str]] = {}
    seen: set[str] = set()
    damaged = repeated = 0
    for line in cdr.read_text("utf-8").splitlines():
        row = next(csv.reader([line]))
        if len(row) != 18 or "2026" not in row[9] or int(row[9][11:13]) > 23:
            damaged += 1
        elif line in seen:
            repeated += 1
        else:
            rows[row[16]] = row
            seen.add(line)
    return rows, damaged, repeated


def expected(cdr: Path, day: Path) -> dict[str, Any]:
    """The counts of a day whose edits make two siblings or none (as the two demo days do)."""
    rows, damaged, repeated = true_rows(cdr)
    entries = [json.loads(line) for line in day.read_text("utf-8").splitlines()]
    calls = {e["uniqueid"]: e for e in entries if e["kind"] == "call"}
    answered = [r for r in rows.values() if r[14] == "ANSWERED"]
    files = [e["contact"] for e in entries if "contact" in e]
    cases = [e["case"] for e in entries if "case" in e]
    of = {"HN": "hanoi", "DN": "da_nang", "AG": "an_giang"}
    rings = Counter(r[1] for r in rows.values())
    silent = Counter(e["number"] for e in calls.values() if e["outcome"] == "silent" and rings[e["number"]] <= 15)
    most = min(silent, key=lambda number: (-silent[number], number))
    return {
        "answered": len(answered),
        "missed": len(rows) - len(answered),
        "files": len(files),
        "cases": len(cases),
        "outcome": dict(sorted(Counter(e["outcome"] for e in calls.values()).items())),
        "centre": dict(sorted(Counter(of[r[6].split("/")[1][:2]] for r in answered).items())),
        "channel": dict(sorted(Counter(f["primary_channel"] for f in files).items())),
        "cases_by_type": dict(sorted(Counter(c["type"] for c in cases).items())),
        "urgency": dict(sorted(Counter(c["urgency"] for c in cases).items())),
        "hour": dict(sorted(Counter(r[9][11:13] for r in rows.values()).items())),
        "repeat_silent": {"number": most, "times": silent[most]},
        "unclassified": sum(r[16] not in calls for r in answered),
        "extra_notes": sum(e["kind"] == "note" for e in entries),
        "cdr_damaged": damaged,
        "cdr_repeated": repeated,
        "siblings": 2 if any(e["kind"] == "edit" for e in entries) else 0,
        "lost": 0,
        "duplicated": 0,
        "held": 0,
        "digests_equal": True,
        "desk_kills": 1,
        "outage_s": 7 * 3600,
    }
