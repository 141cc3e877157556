"""The checker: opens what a day kept, compares it with the paper, and counts from the stores (settled point 27)."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from desktop.day.compare import compare, listed, national
from desktop.day.expected import Dossier, dossiers
from desktop.day.hub_kept import examine_hubs, lived_through
from desktop.day.kept import Node, Row, UnreadableStoreError, open_kept
from desktop.day.paper import CENTRES, CUT_CENTRE, MISSED, UNCLASSIFIED, Paper, vn_hour
from desktop.day.proof import prove
from desktop.day.schedule import hub_dies_after
from desktop.day.standing import standing
from sync.operation import decode_body

RUN: Final = "run.json"
"""In the kept folder: what only the run itself can know (times, kills, the cut)."""

MASS_CALLER: Final = 15
"""Who rings more often than this in one day is a mass caller (the two made-up days have one each, with 29 and 25
calls of all outcomes, and their expectation names another number as the repeated silent one)."""

NOTHING_COUNTED: Final[dict[str, Any]] = {
    "answered": 0, "missed": 0, "files": 0, "cases": 0, "outcome": {}, "centre": {}, "channel": {},
    "cases_by_type": {}, "urgency": {}, "hour": {}, "repeat_silent": {"number": "", "times": 0}, "unclassified": 0,
    "extra_notes": 0, "cdr_damaged": 0, "cdr_repeated": 0, "lost": 0, "duplicated": 0, "held": 0, "siblings": 0,
    "digests_equal": False, "outage_s": 0, "desk_kills": 0, "hubs": 0, "hub_kills": 0, "wall_s": 0,
}  # fmt: skip
"""What is printed where nothing could be counted."""


@dataclass(slots=True)
class Verdict:
    """The counts to print, and every fault in words; the day holds when there is none."""

    counts: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything holds."""
        return not self.faults


def check(kept: Path, paper: Paper) -> Verdict:
    """Examine the kept folder of a day. Raises UnreadableStoreError."""
    return examine(open_kept(kept), paper, _run(kept))


def examine(nodes: list[Node], paper: Paper, run: dict[str, Any]) -> Verdict:
    """Compare opened nodes (the centre first) with the paper. `run` is what only the run could know.

    A value that cannot even be read (no number, no JSON, no operation) is a fault like any other.
    """
    try:
        return _examine(nodes, paper, run)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as fault:
        reason = f"một kho có giá trị không đọc được ({type(fault).__name__}): không kiểm tiếp được"
        return Verdict(dict(NOTHING_COUNTED), [*paper.faults, reason])


def _examine(nodes: list[Node], paper: Paper, run: dict[str, Any]) -> Verdict:
    centre = nodes[0]
    hubs, desks = [n for n in nodes if n.role == "hub"], [n for n in nodes if n.role == "desk"]
    if centre.role != "centre" or {d.centre for d in desks} != set(CENTRES.values()):
        raise UnreadableStoreError("Thư mục giữ lại thiếu nút: cần một trung tâm và bàn của cả ba nơi.")
    proof = prove(centre, desks, hubs)
    examine_hubs(centre, hubs, desks, proof)
    expected = dossiers(paper)
    verdict = Verdict(faults=[*paper.faults, *map(str, run.get("faults", [])), *proof.faults])
    verdict.faults += standing(centre, desks, hubs)
    lost, duplicated = proof.lost, proof.duplicated
    for node, where in [(centre, ""), *((node, node.centre) for node in (*hubs, *desks))]:
        found = compare(node, paper, expected, where)
        verdict.faults += found.faults
        lost += found.lost
        duplicated += found.duplicated
    counts = count(centre, expected)
    _urgency(centre, expected, counts, verdict)
    _reconciled(centre, paper, counts, verdict)
    _whole(paper, expected, counts, verdict)
    _cut_was_real(centre, desks, paper, verdict)
    if hubs:
        verdict.faults += lived_through(centre, hubs, desks, paper)
    counts |= {
        "lost": lost,
        "duplicated": duplicated,
        "held": proof.held,
        "siblings": proof.siblings,
        "digests_equal": proof.digests_equal,
        "outage_s": run.get("outage_s", 0),
        "desk_kills": _kills(desks, run, verdict),
        "hubs": len(hubs),
        "hub_kills": _hub_kills(hubs, paper, run, verdict),
        "wall_s": run.get("wall_s", 0),
    }
    if proof.siblings != sum(len(v) for d in expected for v in d.siblings().values()):
        verdict.faults.append(f"{centre.name}: số bản song song không như các lần sửa ở hai nơi để lại")
    verdict.counts = counts
    return verdict


def count(centre: Node, expected: list[Dossier]) -> dict[str, Any]:
    """The day's figures, counted from the centre's rows."""
    calls, contacts, cases = centre.records("call"), centre.records("contact"), centre.records("case")
    answered = [c for c in calls if c["answer_at"] is not None and c["outcome"] != MISSED]
    number, times = repeat_silent(calls)
    made = [c["outcome"] for c in calls if c["outcome"] not in (MISSED, UNCLASSIFIED, None)]
    return {
        "answered": len(answered),
        "missed": sum(c["outcome"] == MISSED for c in calls),
        "files": len(contacts),
        "cases": len(cases),
        "outcome": _sorted(Counter(made)),
        "centre": _sorted(Counter(c["centre"] for c in answered)),
        "channel": _sorted(Counter(c["primary_channel"] for c in contacts)),
        "cases_by_type": _sorted(Counter(kind for c in cases for kind in listed(c["abuse_types"]))),
        "urgency": {},
        "hour": _sorted(Counter(vn_hour(c["ring_at"]) for c in calls if c["ring_at"] is not None)),
        "repeat_silent": {"number": number, "times": times},
        "unclassified": sum(c["outcome"] == UNCLASSIFIED for c in calls),
        "extra_notes": len(centre.records("note"))
        - sum(len((d.entry.case or {}).get("notes", [])) for d in expected),
        "cdr_damaged": 0,
        "cdr_repeated": 0,
    }


def repeat_silent(calls: list[Row]) -> tuple[str, int]:
    """The number that rang silently most often, and how often: whom the yes/no-by-keypad script is for
    (hotline.md §2.8). A mass caller rings with every outcome and is left out."""
    named = [(national(c["number"]), c["outcome"]) for c in calls if c["number"]]
    often = {n for n, rings in Counter(n for n, _ in named).items() if rings > MASS_CALLER}
    silent = Counter(n for n, outcome in named if outcome == "silent" and n not in often)
    return min(((n, times) for n, times in silent.items()), key=lambda one: (-one[1], one[0]), default=("", 0))


def _sorted(counter: Counter[Any]) -> dict[str, int]:
    return {str(key): counter[key] for key in sorted(counter, key=str)}


def _urgency(centre: Node, expected: list[Dossier], counts: dict[str, Any], verdict: Verdict) -> None:
    """Urgency as first recorded: what the operation that made the case says, whatever was edited later."""
    first: dict[str, str] = {}
    for row in centre.rows("log"):
        if row["kind"] == "case":
            body = decode_body(row["body"])
            if body.action == "create" and "urgency" in body.values:
                first.setdefault(body.id, str(body.values["urgency"]))
    counts["urgency"] = _sorted(Counter(first.get(row["id"], "") for row in centre.records("case")))
    wanted = Counter(d.first_urgency for d in expected if d.entry.case is not None)
    if counts["urgency"] != _sorted(wanted):
        verdict.faults.append(f"{centre.name}: mức khẩn cấp ghi lần đầu không như đã nhập")


def _reconciled(centre: Node, paper: Paper, counts: dict[str, Any], verdict: Verdict) -> None:
    """Each centre's last reading of the exchange's file: damaged lines by number, repeated lines."""
    last: dict[str, Row] = {}
    for row in sorted(centre.records("reconciliation"), key=lambda r: (r["read_at"] or 0, r["id"])):
        last[str(row["centre"])] = row
    if set(last) != set(CENTRES.values()):
        verdict.faults.append(f"{centre.name}: chưa đối soát tệp tổng đài ở đủ ba nơi")
    damaged = sorted(int(pair[0]) for row in last.values() for pair in listed(row["damaged"]))
    counts["cdr_damaged"] = len(damaged)
    counts["cdr_repeated"] = sum(row["repeated"] or 0 for row in last.values())
    if damaged != sorted(paper.damaged):
        verdict.faults.append(f"{centre.name}: các dòng hỏng đã ghi lại không phải các dòng hỏng của tệp")
    if counts["cdr_repeated"] != paper.repeated:
        verdict.faults.append(f"{centre.name}: số dòng lặp đã ghi lại không đúng với tệp")
    answered = sum(r.answer_at is not None for r in paper.rings.values())
    if sum(row["answered"] or 0 for row in last.values()) != answered:
        verdict.faults.append(f"{centre.name}: số cuộc nghe máy đối soát được không đúng với tệp")


def _whole(paper: Paper, expected: list[Dossier], counts: dict[str, Any], verdict: Verdict) -> None:
    """The sums close: what was counted in the store is what stands on the paper."""
    entries = {e.uniqueid: e for e in paper.entries if e.kind == "call"}
    missed = sum(r.answer_at is None for r in paper.rings.values())
    due = {
        "answered": len(paper.rings) - missed + len(entries.keys() - paper.rings.keys()),
        "missed": missed,
        "files": len(expected),
        "cases": sum(d.entry.case is not None for d in expected),
        "outcome": _sorted(Counter(str(e.data["outcome"]) for e in entries.values())),
        "unclassified": sum(r.answer_at is not None and u not in entries for u, r in paper.rings.items()),
        "extra_notes": sum(e.kind == "note" for e in paper.entries),
    }
    for name, value in due.items():
        if counts[name] != value:
            verdict.faults.append(f"đếm được {name} không như hai tệp của ngày nói")


def _run(kept: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((kept / RUN).read_text("utf-8")))
    except (OSError, ValueError):
        return {"faults": ["thư mục giữ lại không có tệp run.json nguyên vẹn"]}


def _cut_was_real(centre: Node, desks: list[Node], paper: Paper, verdict: Verdict) -> None:
    """Nothing that the cut desk wrote during the cut reached the centre before the others' writing of it had."""
    begin, end = paper.cut
    cut = {d.device for d in desks if d.centre == CUT_CENTRE}
    others = {d.device for d in desks} - cut

    def given(devices: set[str]) -> list[int]:
        rows = (row for row in centre.rows("log") if row["device"] in devices)
        return [int(row["seq"]) for row in rows if begin <= _stamp_ms(row) < end]

    mine, theirs = given(cut), given(others)
    if mine and theirs and min(mine) < max(theirs):
        verdict.faults.append("đường truyền không thật sự bị cắt: việc làm trong lúc cắt đã tới trung tâm")


def _stamp_ms(row: Row) -> int:
    return int(decode_body(row["body"]).stamp[:12], 16)


def _kills(desks: list[Node], run: dict[str, Any], verdict: Verdict) -> int:
    """Kills that a desk's own log shows: its last line was written between insert and commit."""
    shown = 0
    for desk in desks:
        path = desk.folder / "logs" / KILL_LOG
        if path.is_file():
            shown += sum("before_commit" in line for line in path.read_text("utf-8").splitlines())
    if shown != run.get("desk_kills", 0) or not shown:
        verdict.faults.append("nhật ký của bàn không cho thấy đúng lần bị ngắt giữa chừng lúc lưu")
    return shown


def _hub_kills(hubs: list[Node], paper: Paper, run: dict[str, Any], verdict: Verdict) -> int:
    """Kills that a hub's own log shows: it began to serve once more than it ended."""
    shown = 0
    for hub in hubs:
        path = hub.folder / "logs" / "hub.log"
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        begun, ended = (sum(line.endswith(words) for line in lines) for words in ("serving begun", "serving ended"))
        shown += begun - ended
    due = int(bool(hubs) and hub_dies_after(paper) is not None)
    if not shown == run.get("hub_kills", 0) == due:
        verdict.faults.append("nhật ký của trạm vùng không cho thấy đúng lần bị ngắt")
    return shown


KILL_LOG: Final = "killed.log"
"""Written and fsynced by a desk right before it kills itself between insert and commit."""
