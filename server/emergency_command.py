"""`python -m server reviews | reviewed`: emergency reads that somebody must look at."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from domain.rules.emergency import is_overdue
from server.operations.centre import ROLE, Centre
from server.operations.emergency import MayNotReview, NoSuchReview, reviewed, reviews
from server.wall_clock import WallClock

WORLD = 2
OVERDUE = 1
"""Exit code of `reviews` while one waits longer than seven days: whoever runs it by a timer is told."""

Add = Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]


def commands_of_emergency(add: Add) -> None:
    """Hang the two commands on the parser."""
    listing = add("reviews", "Liệt kê các lần xem khẩn cấp chưa ai rà soát; mã 1 khi có lần quá 7 ngày.", _reviews)
    listing.add_argument("--words", action="store_true", help="in cả lời giải thích (có thể có dữ liệu cá nhân)")
    looking = add("reviewed", "Ghi rằng một lần xem khẩn cấp đã được rà soát.", _reviewed)
    looking.add_argument("read", help="mã lần xem (xem lệnh reviews)")
    looking.add_argument("--by", required=True, help="mã nhân viên của người rà soát")


def _reviews(asked: argparse.Namespace) -> int:
    centre = Centre.opened(asked.data, asked.database, WallClock(), ROLE)
    late = 0
    try:
        for one in centre.read(reviews):
            read = one.record
            overdue = is_overdue(read.asked_at or 0, centre.now_ms())
            late += overdue
            told = {
                "read": one.id, "file": one.scope, "staff": read.staff, "device": read.device, "why": read.why,
                "asked_at": read.asked_at, "until": read.until, "overdue": overdue,
            }  # fmt: skip
            if asked.words:
                told["words"] = read.words
            print(json.dumps(told, ensure_ascii=False), flush=True)
    finally:
        centre.close()
    if late:
        print(f"{late} lần xem khẩn cấp quá 7 ngày chưa ai rà soát: báo phụ trách vùng ngay.", file=sys.stderr)
    return OVERDUE if late else 0


def _reviewed(asked: argparse.Namespace) -> int:
    centre = Centre.opened(asked.data, asked.database, WallClock(), ROLE)
    try:
        reviewed(centre, asked.read, asked.by)
    except (NoSuchReview, MayNotReview) as trouble:
        print(trouble, file=sys.stderr)
        return WORLD
    finally:
        centre.close()
    return 0
