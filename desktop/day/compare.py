"""Line by line: what the paper of a day says against the rows of one kept store."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from desktop.day.expected import SETS, Dossier
from desktop.day.kept import Node, Row
from desktop.day.paper import MISSED, UNCLASSIFIED, Entry, Paper, Ring

KNOWN_SETS: Final = ("34", "63")
MERGER_DAY: Final = "2025-07-01"
"""From this date places are those of the 34 provinces (Nghị quyết 202/2025/QH15)."""


@dataclass(slots=True)
class Findings:
    """Faults in words: entries by line number and records by id, never what they hold."""

    faults: list[str] = field(default_factory=list)
    lost: int = 0
    duplicated: int = 0

    def say(self, node: Node, words: str) -> None:
        """One more fault at a node."""
        self.faults.append(f"{node.name}: {words}")


def national(number: str | None) -> str:
    """A stored number as a person dials it: +84900… → 0900…"""
    text = number or ""
    return "0" + text[3:] if text.startswith("+84") else text


def listed(value: Any) -> list[Any]:
    """A stored JSON list, or nothing."""
    return list(json.loads(value)) if value else []


def compare(node: Node, paper: Paper, expected: Iterable[Dossier], centre: str = "") -> Findings:
    """Compare one store with the paper; with `centre`, only what is that centre's own."""
    found = Findings()
    calls = _calls(node, paper, centre, found)
    contacts = _contacts(node, [d for d in expected if not centre or d.entry.centre == centre], calls, found)
    for dossier, row in contacts:
        _file(node, paper, dossier, row, found)
        _case(node, dossier, row, found)
    if not centre:
        _nothing_more(node, [d for d, _ in contacts], found)
    return found


# ---------------------------------------------------------------- calls


def pressed(paper: Paper) -> dict[str, Entry]:
    """The last entry that gave each call an outcome, by uniqueid."""
    return {e.uniqueid: e for e in paper.entries if e.kind == "call"}


def _calls(node: Node, paper: Paper, centre: str, found: Findings) -> dict[str, Row]:
    entries = pressed(paper)
    wanted = {u: r.centre for u, r in paper.rings.items()} | {u: e.centre for u, e in entries.items()}
    rows: dict[str, list[Row]] = {}
    for row in node.records("call"):
        if not centre or row["centre"] == centre:
            rows.setdefault(row["uniqueid"] or f"id:{row['id']}", []).append(row)
    unique: dict[str, Row] = {}
    for uniqueid, where in wanted.items():
        if centre and where != centre:
            continue
        mine = rows.pop(uniqueid, [])
        if len(mine) != 1:
            found.lost += not mine
            found.duplicated += max(len(mine) - 1, 0)
            found.say(node, f"cuộc gọi {uniqueid} có {len(mine)} dòng thay vì một")
            continue
        unique[uniqueid] = mine[0]
        _call(node, mine[0], paper.rings.get(uniqueid), entries.get(uniqueid), found)
    found.duplicated += sum(map(len, rows.values()))
    for extra in rows:
        found.say(node, f"cuộc gọi {extra} không có trong tệp tổng đài và không ai nhập")
    return unique


def _call(node: Node, row: Row, ring: Ring | None, entry: Entry | None, found: Findings) -> None:
    if entry is not None:
        outcome = str(entry.data["outcome"])
    else:
        outcome = MISSED if ring is not None and ring.answer_at is None else UNCLASSIFIED
    due: dict[str, Any] = {"outcome": outcome}
    if entry is not None:
        due |= {"seat": entry.seat, "centre": entry.centre}
    if ring is not None:
        due |= {"ring_at": ring.ring_at, "answer_at": ring.answer_at, "end_at": ring.end_at, "centre": ring.centre}
        due["number"] = ring.number
        due["disposition"] = "ANSWERED" if ring.answer_at is not None else row["disposition"] or "?"
    row = {**row, "number": national(row["number"])}
    for name, value in due.items():
        if row[name] != value:
            found.say(node, f"cuộc gọi {row['uniqueid']} sai trường {name}")
    if entry is not None and row["outcome_by"] not in ("key", "list", "form"):
        found.say(node, f"cuộc gọi {row['uniqueid']} không ghi đúng ai đặt kết quả")
    if (row["contact_id"] is not None) != (entry is not None and entry.file is not None):
        found.say(node, f"cuộc gọi {row['uniqueid']} nối sai hồ sơ")


# ---------------------------------------------------------------- files


def _contacts(
    node: Node, expected: list[Dossier], calls: Mapping[str, Row], found: Findings
) -> list[tuple[Dossier, Row]]:
    """Which row each expected file is: by its call, or by seat, time and channel where it has none."""
    by_id = {row["id"]: row for row in node.records("contact")}
    pairs: list[tuple[Dossier, Row]] = []
    for dossier in expected:
        entry = dossier.entry
        row: Row | None = None
        if entry.kind == "call":
            row = by_id.get(str((calls.get(entry.uniqueid) or {}).get("contact_id")))
        else:
            alike = [
                r
                for r in by_id.values()
                if not r["call_id"] and r["seat"] == entry.seat and r["received_at"] == entry.at
            ]
            row = alike[0] if len(alike) == 1 else None
            found.duplicated += max(len(alike) - 1, 0)
        if row is None:
            found.lost += 1
            found.say(node, f"hồ sơ của dòng {entry.line} không có đúng một bản")
        else:
            pairs.append((dossier, row))
    return pairs


def _file(node: Node, paper: Paper, dossier: Dossier, row: Row, found: Findings) -> None:
    entry = dossier.entry
    wrong = [n for n in _CONTACT if not _is(row, n, dossier.present("contact", n), n in SETS)]
    if entry.kind == "call":
        ring = paper.rings.get(entry.uniqueid)
        if not (ring.ring_at if ring else entry.at) <= row["received_at"] <= entry.at:
            wrong.append("received_at")
        calls = {r["id"]: r for r in node.records("call")}
        if calls.get(row["call_id"] or "", {}).get("uniqueid") != entry.uniqueid:
            wrong.append("call_id")
        if bool(row["in_depth"]) != (entry.data["outcome"] == "in_depth_counselling"):
            wrong.append("in_depth")
    if row["seat"] != entry.seat or row["centre"] != entry.centre or not row["receiver"]:
        wrong.append("seat")
    if not row["code"]:
        wrong.append("code")
    for place in ("province", "commune"):
        due = _map_of(paper.date) if dossier.present("contact", place) else None
        if row[f"{place}_set"] != due:
            wrong.append(f"{place}_set")
    wrong += _persons(node, dossier, row)
    for name in wrong:
        found.say(node, f"hồ sơ của dòng {entry.line} sai trường {name}")


_CONTACT: Final = ("primary_channel", "caller_kind", "province", "commune", "topics", "summary", "language")
_CHILD: Final = ("full_name", "age_years", "sex", "ethnic_group")


def _map_of(date: str) -> str:
    return KNOWN_SETS[0] if date >= MERGER_DAY else KNOWN_SETS[1]


def _is(row: Row, name: str, value: Any, is_set: bool) -> bool:
    if is_set:
        wanted = value if isinstance(value, list) else [] if value is None else [value]
        return sorted(listed(row[name])) == sorted(wanted)
    return bool(row[name] == value)


def _persons(node: Node, dossier: Dossier, contact: Row) -> list[str]:
    """Fields of the child and the caller that are not as entered; more than one of a role is a fault too."""
    parties = [p for p in node.records("party") if p["contact_id"] == contact["id"]]
    people = {p["id"]: p for p in node.records("person")}
    wrong: list[str] = []
    child = _one_of(parties, people, {"child"}, wrong)
    caller = _one_of(parties, people, {"caller", "reporter"}, wrong)
    due = {name: dossier.present("child", name) for name in _CHILD}
    named = dossier.present("caller", "full_name")
    alone = dossier.present("contact", "caller_kind") == "child" and named in (None, due["full_name"])
    if dossier.present("contact", "caller_kind") == "child" and due["full_name"] is None:
        # A child who calls for itself is one person, whichever box its name went into.
        due["full_name"], alone = named, True
    wrong += [f"child.{name}" for name in _CHILD if (child or {}).get(name) != due[name]]
    if alone and child is not None and (caller or {}).get("id") != child["id"]:
        wrong.append("caller")
    if (caller or {}).get("full_name") != (due["full_name"] if alone else named):
        wrong.append("caller.full_name")
    return wrong


def _one_of(parties: list[Row], people: Mapping[str, Row], roles: set[str], wrong: list[str]) -> Row | None:
    mine = [p for p in parties if p["role"] in roles]
    if len(mine) > 1:
        wrong.append(f"{min(roles)} ({len(mine)} người)")
    return people.get(str(mine[0]["person_id"])) if mine else None


# ---------------------------------------------------------------- cases


def _case(node: Node, dossier: Dossier, contact: Row, found: Findings) -> None:
    entry = dossier.entry
    cases = [c for c in node.records("case") if c["contact_id"] == contact["id"]]
    if len(cases) != (entry.case is not None):
        found.lost += entry.case is not None and not cases
        found.duplicated += max(len(cases) - 1, 0)
        found.say(node, f"dòng {entry.line} có {len(cases)} ca")
        return
    if entry.case is None:
        return
    case = cases[0]
    for name in ("urgency", "abuse_types"):
        if not _is(case, name, dossier.present("case", name), name in SETS):
            found.say(node, f"ca của dòng {entry.line} sai trường {name}")
    notes = [n for n in node.records("note") if n["case_id"] == case["id"] or n["contact_id"] == contact["id"]]
    notes.sort(key=lambda n: (n["written_at"], n["id"]))
    _sequence(node, entry, "ghi chú", dossier.notes, [n["text"] for n in notes], found)
    if not all(n["author"] for n in notes):
        found.say(node, f"ca của dòng {entry.line} có ghi chú không rõ người viết")
    _referral(node, dossier, case, found)
    _siblings(node, dossier, {"contact": contact["id"], "case": case["id"]}, found)


def _sequence(
    node: Node, entry: Entry, what: str, wanted: list[str], held: list[Any], found: Findings
) -> None:
    if wanted == held:
        return
    want, have = Counter(wanted), Counter(held)
    found.lost += (want - have).total()
    found.duplicated += max((have - want).total() - (want - have).total(), 0)
    found.say(node, f"ca của dòng {entry.line}: {what} không đúng hoặc không đúng thứ tự")


def _referral(node: Node, dossier: Dossier, case: Row, found: Findings) -> None:
    given = (dossier.entry.case or {}).get("referral")
    referrals = [r for r in node.records("referral") if r["case_id"] == case["id"]]
    if len(referrals) != (given is not None):
        found.lost += given is not None and not referrals
        found.duplicated += max(len(referrals) - 1, 0)
        found.say(node, f"ca của dòng {dossier.entry.line} có {len(referrals)} lần chuyển tuyến")
        return
    if given is None:
        return
    if referrals[0]["to_kind"] != given["to"]:
        found.say(node, f"ca của dòng {dossier.entry.line} chuyển sai nơi nhận")
    tries = [a for a in node.records("attempt") if a["referral_id"] == referrals[0]["id"]]
    tries.sort(key=lambda a: (a["at"], a["id"]))
    _sequence(node, dossier.entry, "lần liên hệ", dossier.attempts, [a["result"] for a in tries], found)


def _siblings(node: Node, dossier: Dossier, ids: Mapping[str, str], found: Findings) -> None:
    """Both values of a concurrent edit are kept: the present one and the ones beside it."""
    for owner, record in ids.items():
        due = {col: vals for (who, col), vals in dossier.siblings().items() if who == owner}
        have: dict[str, list[Any]] = {}
        for row in node.rows("sibling"):
            if row["record"] == record:
                have.setdefault(row["field"], []).append(json.loads(row["value"]))
        if {k: sorted(map(repr, v)) for k, v in due.items()} != {
            k: sorted(map(repr, v)) for k, v in have.items()
        }:
            found.say(node, f"{owner} của dòng {dossier.entry.line}: bản song song không như đã sửa ở hai nơi")


# ---------------------------------------------------------------- nothing beyond the paper


def _nothing_more(node: Node, expected: list[Dossier], found: Findings) -> None:
    """What the paper does not know must not be there either: an act fed twice would show here."""
    cases = [d for d in expected if d.entry.case is not None]
    due = {
        "contact": len(expected),
        "case": len(cases),
        "note": sum(len(d.notes) for d in expected),
        "referral": sum("referral" in (d.entry.case or {}) for d in cases),
        "attempt": sum(len(d.attempts) for d in expected),
    }
    for kind, count in due.items():
        more = len(node.records(kind)) - count
        if more > 0:
            found.duplicated += more
            found.say(node, f"thừa {more} bản ghi {kind}")
    contacts = {r["id"] for r in node.records("contact")}
    people = {r["id"] for r in node.records("person")}
    for party in node.records("party"):
        if party["contact_id"] not in contacts or party["person_id"] not in people:
            found.say(node, f"vai trò {party['id']} không thuộc hồ sơ nào")
    if people - {p["person_id"] for p in node.records("party")}:
        found.say(node, "có người không thuộc hồ sơ nào")
    if any(row["retracted"] for kind in ("call", "contact", "case") for row in node.records(kind)):
        found.say(node, "có bản ghi đã bị rút lại")
