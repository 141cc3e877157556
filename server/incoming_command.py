"""`python -m server incoming | incoming-progress`: reports of App 111 come in, and how far each is goes out."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from domain.app_reports import LONGEST_LINE
from domain.clock import utc_iso
from server.operations import incoming
from server.operations.centre import ROLE, Centre
from server.wall_clock import WallClock

WORLD: Final = 2
SET_ASIDE: Final = 1
"""Exit code when a line was set aside: the others were taken."""

Add = Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]


def commands_of_incoming(add: Add) -> None:
    """Hang the two commands on the parser."""
    taking = add("incoming", "Nhận tin của Ứng dụng 111 vào hàng đợi: mỗi dòng một tin (docs/app111.md).", _take)
    taking.add_argument("files", nargs="+", type=Path, metavar="TỆP", help="tệp JSON Lines, nhận lại không nhân đôi")
    add("incoming-progress", "Cho biết từng tin của Ứng dụng 111 đang đến đâu, theo mã của người gửi.", _progress)


def _take(asked: argparse.Namespace) -> int:
    centre = Centre.opened(asked.data, asked.database, WallClock(), ROLE)
    code = 0
    try:
        for path in asked.files:
            code = max(code, _take_one(centre, path))
    finally:
        centre.close()
    return code


def _take_one(centre: Centre, path: Path) -> int:
    try:
        with path.open("rb") as file:
            done = incoming.take(centre, _lines(file))
    except OSError as fault:
        print(f"Không đọc được tệp {path.name} ({fault.strerror}): các tệp khác vẫn được nhận.", file=sys.stderr)
        return WORLD
    for one in done.bad:
        print(f"{path.name}, dòng {one.number}: {one.reason}.", file=sys.stderr)
    print(json.dumps({"file": path.name, "taken": done.taken, "known": done.known, "bad": len(done.bad)}), flush=True)
    return SET_ASIDE if done.bad else 0


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines of the file; of one that is too long its beginning, too long still. Never a whole file at once."""
    while line := file.readline(LONGEST_LINE + 1):
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE + 1)
        yield line


def _progress(asked: argparse.Namespace) -> int:
    centre = Centre.opened(asked.data, asked.database, WallClock(), ROLE)
    try:
        for one in centre.read(incoming.progress):
            print(json.dumps({"token": one.token, "state": one.state.value, "at": utc_iso(one.at)}), flush=True)
    finally:
        centre.close()
    return 0
