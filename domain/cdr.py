"""The exchange's call records: reading an Asterisk `cdr_csv` file without ever guessing at a damaged line.

Settled point 16: times in the file are Vietnam local time, uniqueid is opaque, a repeated line counts once,
a damaged line is reported with its number and set aside. What is set aside is never turned into a call.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from domain.clock import SECOND, vn_to_ms
from domain.numbering import CENTRES
from domain.phones import normalise

COLUMNS: Final = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start",
    "answer", "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield",
)  # fmt: skip
"""The eighteen columns of `cdr_csv` with uniqueid and userfield logged; the file has no header."""

DISPOSITIONS: Final = frozenset({"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION"})

_ANSWERED: Final = "ANSWERED"
_SEAT: Final = re.compile(r"[A-Za-z0-9]+/([A-Z]{2}[0-9]{2})-[0-9A-Fa-f]+(?:;[12])?")
_TRUNK: Final = re.compile(r"[A-Za-z0-9]+/trunk-([a-z]{2})-")
_QUEUE: Final = re.compile(r"q111-([a-z]{2})\b")
_NUMBER: Final = re.compile(r"\+?[0-9]{2,20}")
_ANONYMOUS: Final = frozenset({"", "anonymous", "unknown", "restricted", "unavailable", "private", "withheld"})
_COUNT: Final = re.compile(r"[0-9]{1,9}")
_LONGEST_LINE: Final = 10_000
# Start, answer and end are each cut to whole seconds, so a difference may be off by one from the counted
# seconds.
_ROUNDING_S: Final = 1


@dataclass(frozen=True, slots=True)
class PbxCall:
    """One call as the exchange recorded it. Times are UTC milliseconds; `number` is a key of `domain.phones`.

    `number` is empty for a withheld one, `seat` when no desk was reached. `line` is its first line in the
    file, from 1.
    """

    line: int
    uniqueid: str
    number: str
    seat: str
    centre: str
    ring_at: int
    answer_at: int | None
    end_at: int
    disposition: str

    @property
    def answered(self) -> bool:
        """Whether a counsellor took it: then it needs a row, at least an unclassified one."""
        return self.disposition == _ANSWERED


@dataclass(frozen=True, slots=True)
class DamagedLine:
    """A line set aside: its number in the file from 1, and a Vietnamese reason that repeats nothing the line
    holds.
    """

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class CdrReading:
    """What one file says: calls in file order, lines set aside, and how many lines repeated an earlier
    one.
    """

    calls: tuple[PbxCall, ...]
    damaged: tuple[DamagedLine, ...]
    repeated: int
    lines: int


class _DamagedError(ValueError):
    """Why a line is set aside."""


def read_cdr(lines: Iterable[str]) -> CdrReading:
    """Read the lines of a CDR file (as from `open(..., encoding="utf-8", errors="replace")`). Never raises
    on content.

    One record is one line: a quote left open damages its own line only. Empty lines are skipped. A line that
    repeats an earlier one field for field counts in `repeated`. A queue that rings several desks may write a
    call first as unanswered and then as answered: the answered line stands, so no taken call is lost. Any
    other line that bears the uniqueid of an earlier one is damaged, because which of the two is true cannot
    be known.
    """
    calls: dict[str, PbxCall] = {}
    damaged: list[DamagedLine] = []
    seen: dict[str, list[tuple[str, ...]]] = {}
    repeated = count = 0
    for number, raw in enumerate(lines, start=1):
        text = raw.strip("\r\n\ufeff")
        if not text.strip():
            continue
        count += 1
        try:
            fields = _split(text)
            call = _read_call(number, fields)
            if fields in seen.get(call.uniqueid, ()):
                repeated += 1
                continue
            calls[call.uniqueid] = _joined(calls.get(call.uniqueid), call)
        except _DamagedError as reason:
            damaged.append(DamagedLine(number, str(reason)))
            continue
        seen.setdefault(call.uniqueid, []).append(fields)
    return CdrReading(tuple(calls.values()), tuple(damaged), repeated, count)


def _joined(earlier: PbxCall | None, call: PbxCall) -> PbxCall:
    """The call after one more line of its uniqueid. Raises when the two lines cannot both be true."""
    if earlier is None:
        return call
    if earlier.number != call.number or earlier.answered == call.answered:
        raise _DamagedError("trùng mã cuộc gọi với một dòng trước nhưng nội dung khác")
    taken = earlier if earlier.answered else call
    return replace(taken, line=earlier.line, ring_at=min(earlier.ring_at, call.ring_at))


def _split(text: str) -> tuple[str, ...]:
    if len(text) > _LONGEST_LINE:
        raise _DamagedError("dòng quá dài")
    if "\x00" in text or "\ufffd" in text:
        raise _DamagedError("có ký tự không đọc được")
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error:
        raise _DamagedError("dấu ngoặc kép không khép kín") from None
    if len(rows) != 1:
        raise _DamagedError("dấu ngoặc kép không khép kín")
    if len(rows[0]) != len(COLUMNS):
        raise _DamagedError(f"có {len(rows[0])} cột thay vì {len(COLUMNS)}")
    return tuple(rows[0])


def _read_call(line: int, fields: tuple[str, ...]) -> PbxCall:
    row = dict(zip(COLUMNS, fields, strict=True))
    uniqueid = row["uniqueid"]
    if not uniqueid.strip() or not uniqueid.isprintable():
        raise _DamagedError("thiếu mã cuộc gọi (uniqueid)")
    disposition = row["disposition"]
    if disposition not in DISPOSITIONS:
        raise _DamagedError("kết quả cuộc gọi (disposition) không đúng")
    ring_at = _time(row["start"], "bắt đầu")
    end_at = _time(row["end"], "kết thúc")
    answer_at = _time(row["answer"], "nhấc máy") if row["answer"] else None
    if (disposition == _ANSWERED) != (answer_at is not None):
        raise _DamagedError("kết quả cuộc gọi không khớp với giờ nhấc máy")
    if not ring_at <= (ring_at if answer_at is None else answer_at) <= end_at:
        raise _DamagedError("giờ bắt đầu, nhấc máy và kết thúc không theo thứ tự")
    talked = 0 if answer_at is None else end_at - answer_at
    _check_seconds(row["duration"], end_at - ring_at)
    _check_seconds(row["billsec"], talked)
    seat, centre = _where(row)
    number = _number(row["src"])
    return PbxCall(line, uniqueid, number, seat, centre, ring_at, answer_at, end_at, disposition)


def _time(text: str, name: str) -> int:
    try:
        return vn_to_ms(text)
    except (ValueError, OverflowError):
        raise _DamagedError(f"giờ {name} không có thật") from None


def _check_seconds(text: str, milliseconds: int) -> None:
    if _COUNT.fullmatch(text) is None or abs(int(text) * SECOND - milliseconds) > _ROUNDING_S * SECOND:
        raise _DamagedError("số giây không khớp với giờ bắt đầu, nhấc máy và kết thúc")


def _number(src: str) -> str:
    if src.strip().lower() in _ANONYMOUS:
        return ""
    if _NUMBER.fullmatch(src) is None:
        raise _DamagedError("số gọi đến không phải là số điện thoại")
    return normalise(src)


def _where(row: dict[str, str]) -> tuple[str, str]:
    """Seat and centre. The desk that answered decides, then the queue, then the trunk the call came in by."""
    seat = _SEAT.fullmatch(row["dstchannel"])
    if seat is not None and seat[1][:2] in CENTRES:
        return seat[1], CENTRES[seat[1][:2]]
    for match in (_QUEUE.match(row["lastdata"]), _TRUNK.match(row["channel"])):
        if match is not None and match[1].upper() in CENTRES:
            return "", CENTRES[match[1].upper()]
    raise _DamagedError("không rõ cuộc gọi thuộc trung tâm nào")
