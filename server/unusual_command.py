"""`python -m server unusual | unusual-seen`: who opened or exported so much at once that somebody should ask."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Final

from server.operations.centre import ROLE, Centre
from server.operations.unusual import MayNotLook, NoSuchNote, seen
from server.store import acts
from server.wall_clock import WallClock

WORLD: Final = 2
UNSEEN: Final = 1
"""Exit code of `unusual` while nobody has looked at one: whoever runs it by a timer is told."""

Add = Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]


def commands_of_unusual(add: Add) -> None:
    """Hang the two commands on the parser."""
    listing = "Liệt kê ai mở hơn 30 hồ sơ trong một giờ hay xuất hơn 3 lần trong một ngày; mã 1 khi chưa ai xem lại."
    add("unusual", listing, _list)
    looking = add("unusual-seen", "Ghi rằng đã hỏi lại một lần như thế.", _seen)
    looking.add_argument("note", help="mã ghi nhận (xem lệnh unusual)")
    looking.add_argument("--by", required=True, help="mã nhân viên của người xem lại")


def _list(asked: argparse.Namespace) -> int:
    centre = Centre.opened(asked.data, asked.database, WallClock(), ROLE)
    try:
        found = centre.read(acts.unseen)
    finally:
        centre.close()
    for one in found:
        note = one.record
        told = {"note": one.id, "scope": one.scope, "staff": note.about, "why": note.reason, "at": note.noted_at,
                "device": note.device}  # fmt: skip
        print(json.dumps(told, ensure_ascii=False), flush=True)
    return UNSEEN if found else 0


def _seen(asked: argparse.Namespace) -> int:
    centre = Centre.opened(asked.data, asked.database, WallClock(), ROLE)
    try:
        seen(centre, asked.note, asked.by)
    except (NoSuchNote, MayNotLook) as trouble:
        print(trouble, file=sys.stderr)
        return WORLD
    finally:
        centre.close()
    return 0
