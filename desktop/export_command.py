"""`tram111 export figures|calls|queue`: a table of one month into a file, by the roles of the export sheet."""

from __future__ import annotations

import argparse
import getpass
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from desktop import app
from desktop.home import Home
from desktop.operations import figures, lists, sheets
from desktop.operations.sheets import Sheet, UnknownKind
from desktop.signin_command import add_person, signed_in
from desktop.store.keys import Cost
from desktop.store.sight import Viewer, looking
from desktop.store.throttle import uptime
from desktop.store.unit_of_work import UnitOfWork
from desktop.telling import said, tell
from desktop.wall_clock import WallClock
from domain.clock import Clock
from sync.troubles import Trouble

WORLD: Final = 2
"""Exit code when the world is at fault: the one line on standard error says what to do."""
FIGURES: Final = "figures"
_MONTH: Final = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
_ENDINGS: Final = (".xlsx", ".csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `export` takes."""
    parser.add_argument("what", choices=[FIGURES, *lists.KINDS], metavar="figures|calls|queue")
    parser.add_argument("--month", required=True, help=said("tháng, ví dụ 2026-10"))
    parser.add_argument("--to", type=Path, required=True, help=said("tệp .xlsx hoặc .csv; không được mã hoá"))
    add_person(parser)


def run(
    asked: argparse.Namespace,
    home: Home,
    ask: Callable[[str], str] = getpass.getpass,
    key_cost: Cost | None = None,
    clock: Clock | None = None,
) -> int:
    """Do it; the passphrase is asked for and stands in no argument. Answers the exit code."""
    found = _MONTH.fullmatch(asked.month)
    if found is None:
        tell("Tháng viết như 2026-10: năm bốn chữ số, gạch ngang, tháng hai chữ số.", sys.stderr)
        return WORLD
    try:
        if asked.to.suffix.lower() not in _ENDINGS:
            raise UnknownKind  # before anything is noted: no entry of an export that cannot be
        with signed_in(asked, home, ask, key_cost) as ready:
            sheet = _made(asked.what, int(found[1]), int(found[2]), ready, clock or WallClock())
        sheets.write(sheet, asked.to)
    except Trouble as trouble:
        tell(trouble.advice, sys.stderr)
        return WORLD
    tell(f"{sheet.title}: đã ghi {len(sheet.rows)} dòng. Tệp không được mã hoá: nhớ xoá sau khi dùng.")
    return 0


def _made(what: str, year: int, month: int, ready: app.Unlocked, clock: Clock) -> Sheet:
    """The table, once the entry of who takes it out is committed."""
    seat, reference = ready.enrolment.seat, ready.reference
    with UnitOfWork(ready.store, clock=clock, staff=ready.staff, seat=seat, reference=reference) as uow:
        if what == FIGURES:
            sheet = figures.of_month(year, month)(uow)
            uow.commit()
            return sheet
        draw = lists.take_out(what, year, month)(uow)
        uow.commit()
    viewer = Viewer(ready.staff, seat.centre, reference.policy, wall_ms=clock.now_ms(), run=uptime())
    with ready.store.read() as connection:
        return draw(looking(connection, viewer))
