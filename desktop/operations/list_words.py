"""The words of a list that leaves: Vietnamese whatever the desk speaks, codes as labels, every number as it came."""

from __future__ import annotations

from typing import Final

from desktop.operations.sheets import MOST_ROWS, Sheet, Value
from desktop.reference import Reference
from desktop.store.reads_lists import Listed, ListedCall
from domain.clock import vn_datetime
from domain.records.call import UNCLASSIFIED

_SECOND: Final = 1_000
_CALLS: Final = (
    "Lúc đổ chuông", "Hướng", "Số máy (che)", "Trung tâm", "Ghế", "Chờ (giây)", "Nói (giây)", "Kết quả", "Hồ sơ",
)  # fmt: skip
_QUEUE: Final = (
    "Lúc đến", "Kênh", "Mức khẩn cấp", "Số máy (che)", "Trung tâm", "Tỉnh", "Hẹn trả lời", "Xong lúc", "Hồ sơ",
)  # fmt: skip


def sheet_of_calls(listed: Listed, month: str, reference: Reference) -> Sheet:
    """The list of calls of a month (`MM/YYYY`)."""
    return _sheet("Danh sách cuộc gọi", month, _CALLS, _of_calls(listed, reference), listed.kept_back)


def sheet_of_queue(listed: Listed, month: str, reference: Reference) -> Sheet:
    """The list of what arrived in the queue in a month (`MM/YYYY`)."""
    return _sheet("Danh sách hàng đợi", month, _QUEUE, _of_queue(listed, reference), listed.kept_back)


def _sheet(
    title: str, month: str, heads: tuple[str, ...], rows: tuple[tuple[Value, ...], ...], kept_back: int
) -> Sheet:
    said = f"{title} tháng {month}, theo dữ liệu ở máy này; số máy được che"
    if kept_back:
        said += f"; {kept_back} dòng không xuất được vì thuộc hồ sơ hạn chế hoặc sổ riêng"
    if len(rows) > MOST_ROWS:
        said += f"; chỉ {MOST_ROWS} dòng đầu trong {len(rows)} dòng"
    return Sheet(said, heads, rows)


def _of_calls(listed: Listed, reference: Reference) -> tuple[tuple[Value, ...], ...]:
    known = reference.catalogue
    return tuple(
        (
            _when(one.ring_at),
            "gọi đi" if one.outbound else "gọi đến",
            one.number,
            known["centres"].label(one.centre),
            one.seat,
            _seconds(one.ring_at, one.answer_at),
            _seconds(one.answer_at, one.end_at),
            _outcome(one, reference),
            "có" if one.has_file else "",
        )
        for one in listed.calls
    )


def _of_queue(listed: Listed, reference: Reference) -> tuple[tuple[Value, ...], ...]:
    known = reference.catalogue
    return tuple(
        (
            _when(one.arrived_at),
            known["contact_channel"].label(one.channel),
            known["urgency"].label(one.urgency),
            one.number,
            known["centres"].label(one.centre),
            _province(one.province_set, one.province, one.arrived_at, reference),
            _when(one.due_at),
            _when(one.done_at),
            "có" if one.has_file else "",
        )
        for one in listed.items
    )


def _outcome(one: ListedCall, reference: Reference) -> str:
    if one.outcome == UNCLASSIFIED:
        return "chưa phân loại"
    return reference.catalogue["attempt_result" if one.outbound else "contact_outcome"].label(one.outcome)


def _province(chosen: str, code: str, at_ms: int, reference: Reference) -> str:
    if not code:
        return ""
    return reference.places.province_name(chosen, code, vn_datetime(at_ms).date()) or code


def _when(at_ms: int | None) -> str:
    return vn_datetime(at_ms).strftime("%d/%m/%Y %H:%M") if at_ms is not None else ""


def _seconds(since_ms: int | None, until_ms: int | None) -> int | str:
    if since_ms is None or until_ms is None or until_ms < since_ms:
        return ""
    return (until_ms - since_ms) // _SECOND
