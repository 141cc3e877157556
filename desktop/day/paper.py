"""What a day's two files say, read by readers of the day's own: the driver feeds it, the checker compares with it.

Deliberately not `domain.cdr`: what the desk reads and what the checker expects must not share a mistake.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

CENTRES: Final = {"HN": "hanoi", "DN": "da_nang", "AG": "an_giang"}
"""Centre by the two letters that a seat begins with."""

CUT_CENTRE: Final = "an_giang"
CUT_FROM: Final = "09:00"
CUT_TO: Final = "16:00"
"""The line of `CUT_CENTRE` is down from and to these times of the day (Vietnam)."""

UNCLASSIFIED: Final = "unclassified"
MISSED: Final = "missed"

_COLUMNS: Final = 18
_ZONE: Final = timedelta(hours=7)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS: Final = ("call", "contact", "edit", "note")


class UnreadableDayError(Exception):
    """The day cannot be lived from these files; the text is one Vietnamese sentence that says what to do."""


def to_ms(text: str) -> int:
    """UTC milliseconds of a Vietnam time like "2026-11-20 00:02:06". Raises ValueError."""
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) - _ZONE
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def vn_hour(ms: int) -> str:
    """The hour of the day in Vietnam, "00" to "23"."""
    return (_EPOCH + timedelta(milliseconds=ms) + _ZONE).strftime("%H")


@dataclass(frozen=True, slots=True)
class Ring:
    """One call of the exchange's file. Times are UTC ms; `answer_at` is None for a missed one."""

    line: int
    raw: str
    uniqueid: str
    number: str
    centre: str
    seat: str
    ring_at: int
    answer_at: int | None
    end_at: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing a counsellor did. `data` is the line's own object; `index` counts entries from 0."""

    index: int
    line: int
    kind: str
    at: int
    centre: str
    seat: str
    data: Mapping[str, Any]

    @property
    def uniqueid(self) -> str:
        """The call it was made on, or that it is about; empty for a file without a call."""
        return str(self.data.get("uniqueid") or self.data.get("of") or "")

    @property
    def file(self) -> Mapping[str, Any] | None:
        """The consulted file it makes, if any."""
        found = self.data.get("contact")
        return found if isinstance(found, Mapping) else None

    @property
    def case(self) -> Mapping[str, Any] | None:
        """The case it opens, if any."""
        found = self.data.get("case")
        return found if isinstance(found, Mapping) else None


@dataclass(slots=True)
class Paper:
    """Both files of a day. `faults` are sentences about entries that cannot be taken as they stand."""

    rings: dict[str, Ring] = field(default_factory=dict)
    damaged: list[int] = field(default_factory=list)
    repeated: int = 0
    entries: list[Entry] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    cdr_lines: list[str] = field(default_factory=list)
    date: str = ""
    """yyyy-mm-dd: the day that most entries and calls are of."""

    @property
    def cut(self) -> tuple[int, int]:
        """UTC ms from and to which the line is down."""
        return to_ms(f"{self.date} {CUT_FROM}:00"), to_ms(f"{self.date} {CUT_TO}:00")


def read_paper(cdr: Path, day: Path) -> Paper:
    """Both files. Raises UnreadableDayError."""
    paper = Paper()
    _read_rings(cdr, paper)
    _read_entries(day, paper)
    times = [*(e.at for e in paper.entries), *(r.ring_at for r in paper.rings.values())]
    days = Counter((_EPOCH + timedelta(milliseconds=ms) + _ZONE).strftime("%Y-%m-%d") for ms in times)
    paper.date = max(sorted(days), key=days.__getitem__)
    return paper


def _text(path: Path, what: str) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError as fault:
        reason = f"Không đọc được {what} «{path.name}»: xem lại tên tệp và quyền đọc rồi chạy lại."
        raise UnreadableDayError(reason) from fault


def _read_rings(path: Path, paper: Paper) -> None:
    seen: dict[str, list[str]] = {}
    paper.cdr_lines = _text(path, "tệp tổng đài").split("\n")
    for number, raw in enumerate(paper.cdr_lines, start=1):
        line = raw.strip("\ufeff\r")
        if not line.strip():
            continue
        ring = _ring(number, line)
        if ring is None:
            paper.damaged.append(number)
            continue
        before = paper.rings.get(ring.uniqueid)
        if line in seen.get(ring.uniqueid, []):
            paper.repeated += 1
            continue
        if before is not None:
            if before.number != ring.number or (before.answer_at is None) == (ring.answer_at is None):
                paper.damaged.append(number)
                continue
            taken = before if before.answer_at is not None else ring
            ring = _merged(before, ring, taken)
        paper.rings[ring.uniqueid] = ring
        seen.setdefault(ring.uniqueid, []).append(line)


def _merged(first: Ring, second: Ring, taken: Ring) -> Ring:
    return Ring(
        first.line, taken.raw, taken.uniqueid, taken.number, taken.centre, taken.seat,
        min(first.ring_at, second.ring_at), taken.answer_at, taken.end_at,
    )  # fmt: skip


def _ring(number: int, line: str) -> Ring | None:
    """The call of one line, or None where anything in it cannot be true."""
    try:
        (row,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError):
        return None
    if len(row) != _COLUMNS or "\ufffd" in line or "\x00" in line or not row[16].strip():
        return None
    answered = row[14] == "ANSWERED"
    if row[14] not in {"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION"} or answered != bool(row[10]):
        return None
    try:
        ring_at, end_at = to_ms(row[9]), to_ms(row[11])
        answer_at = to_ms(row[10]) if answered else None
        lasted, talked = int(row[12]) * 1000, int(row[13]) * 1000
    except ValueError:
        return None
    if not ring_at <= (ring_at if answer_at is None else answer_at) <= end_at:
        return None
    spoke = 0 if answer_at is None else end_at - answer_at
    if abs(lasted - (end_at - ring_at)) > 1000 or abs(talked - spoke) > 1000:
        return None
    if row[1].strip().lower() not in _WITHHELD and not row[1].removeprefix("+").isdigit():
        return None
    seat, centre = _whose(row)
    if not centre:
        return None
    return Ring(number, line, row[16], row[1], centre, seat, ring_at, answer_at, end_at)


_WITHHELD: Final = {"", "anonymous", "unknown", "restricted", "unavailable", "private", "withheld"}


def _whose(row: list[str]) -> tuple[str, str]:
    seat = row[6].partition("/")[2].partition("-")[0]
    if len(seat) == 4 and seat[:2] in CENTRES and seat[2:].isdigit():
        return seat, CENTRES[seat[:2]]
    queue = row[8].partition(",")[0].removeprefix("q111-").upper()
    trunk = row[5].partition("trunk-")[2].partition("-")[0].upper()
    return "", CENTRES.get(queue) or CENTRES.get(trunk) or ""


def _read_entries(path: Path, paper: Paper) -> None:
    for number, raw in enumerate(_text(path, "tệp việc làm").split("\n"), start=1):
        if not raw.strip():
            continue
        try:
            data = json.loads(raw)
        except ValueError as fault:
            reason = (
                f"Tệp việc làm «{path.name}» hỏng ở dòng {number} (không phải một bản ghi JSON trọn vẹn): "
                "hãy lấy lại tệp rồi chạy lại."
            )
            raise UnreadableDayError(reason) from fault
        entry = _entry(len(paper.entries), number, data)
        if isinstance(entry, str):
            paper.faults.append(entry)
        else:
            paper.entries.append(entry)
    if not paper.entries:
        raise UnreadableDayError(f"Tệp việc làm «{path.name}» không có việc nào: xem lại tên tệp rồi chạy lại.")
    paper.entries.sort(key=lambda e: (e.at, e.line))
    paper.entries = [Entry(i, e.line, e.kind, e.at, e.centre, e.seat, e.data) for i, e in enumerate(paper.entries)]


def _entry(index: int, line: int, data: object) -> Entry | str:
    if not isinstance(data, dict) or data.get("kind") not in _KINDS:
        return f"Việc ở dòng {line} thuộc loại không biết nên chưa làm được: xem lại trường «kind»."
    kind, seat = str(data["kind"]), str(data.get("seat", ""))
    if CENTRES.get(seat[:2]) is None or CENTRES[seat[:2]] != data.get("centre"):
        return f"Việc ở dòng {line} ghi bàn và trung tâm không khớp nhau nên chưa làm được: xem lại «seat», «centre»."
    try:
        at = to_ms(str(data.get("at")))
    except ValueError:
        return f"Việc ở dòng {line} không có giờ đúng dạng nên chưa làm được: xem lại trường «at»."
    lacking = [name for name in _NEEDED[kind] if not data.get(name)]
    if lacking:
        return f"Việc ở dòng {line} thiếu «{lacking[0]}» nên chưa làm được: bổ sung rồi chạy lại."
    return Entry(index, line, kind, at, str(data["centre"]), seat, data)


_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "call": ("uniqueid", "outcome"),
    "contact": ("contact",),
    "edit": ("record", "of", "set"),
    "note": ("of", "text"),
}


def files_of(paper: Paper) -> Iterator[Entry]:
    """Entries that make a consulted file, in order."""
    return (entry for entry in paper.entries if entry.file is not None)
