"""What a lived day says to a person who waits at the console: Vietnamese, figures of the checker only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from desktop.day.checker import Verdict
from desktop.day.paper import Paper

_CENTRES: Final = {"hanoi": "Hà Nội", "da_nang": "Đà Nẵng", "an_giang": "An Giang"}
_SHOWN: Final = 30


def summary(paper: Paper, verdict: Verdict, pictures: Iterable[str] = ()) -> str:
    """The whole summary, line by line."""
    c = verdict.counts
    year, month, day = paper.date.split("-")
    centres = ", ".join(f"{_CENTRES.get(name, name)} {count}" for name, count in c["centre"].items())
    equal = "bằng nhau ở mọi nơi" if c["digests_equal"] else "KHÔNG bằng nhau"
    lines = [
        f"Một ngày ở Tổng đài 111: {day}/{month}/{year}",
        f"  Cuộc gọi nghe máy   {c['answered']:>6}   ({centres})",
        f"  Cuộc gọi nhỡ        {c['missed']:>6}",
        f"  Hồ sơ tư vấn        {c['files']:>6}   Ca can thiệp {c['cases']}",
        f"  Chưa phân loại      {c['unclassified']:>6}   (tổng đài có, tư vấn viên chưa ghi)",
        f"  Ghi chú thêm        {c['extra_notes']:>6}   Giá trị khác nhau, chờ chọn {c['siblings']}",
        f"  Dòng tổng đài hỏng  {c['cdr_damaged']:>6}   lặp {c['cdr_repeated']}",
        f"  An Giang mất mạng   {c['outage_s'] / 3600:>6.1f} giờ của ngày; ngắt giữa lúc lưu {c['desk_kills']} lần",
        *([f"  Trạm vùng           {c['hubs']:>6}   ngắt giữa lúc làm {c['hub_kills']} lần"] if c["hubs"] else []),
        f"  Mất {c['lost']}, trùng {c['duplicated']}, bị giữ {c['held']}; tổng kiểm {equal}",
        f"  Thời gian thật      {c['wall_s']:>6.1f} giây",
    ]
    shown = sorted(pictures)
    if shown:
        lines.append("  Ảnh màn hình:")
        lines += [f"    {path}" for path in shown]
    if verdict.faults:
        lines.append(f"KHÔNG ĐẠT, {len(verdict.faults)} điều sai:")
        lines += faults(verdict.faults)
    else:
        lines.append("ĐẠT: mọi nút giữ đúng những gì đã ghi.")
    return "\n".join(lines)


def faults(found: list[str]) -> list[str]:
    """The first faults, and how many more there are."""
    lines = [f"  - {words}" for words in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"  … và {len(found) - _SHOWN} điều nữa")
    return lines


def differences(counts: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """In what the counts differ from an expectation file, by name of the count."""
    return [
        f"{name}: cần {expected[name]}, đếm được {counts.get(name)}"
        for name in expected
        if counts.get(name) != expected[name]
    ]
