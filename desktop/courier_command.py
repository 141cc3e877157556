"""`tram111 courier export|import|reply`: the stick from the command line, at a desk whose window is closed."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from desktop import app
from desktop.home import Home
from desktop.operations import courier
from desktop.operations.courier import CourierDesk
from desktop.operations.intake import give_codes
from desktop.signin_command import add_person, signed_in
from desktop.store.engine import Connection
from desktop.store.keys import Cost
from desktop.store.unit_of_work import UnitOfWork
from desktop.telling import said, tell
from desktop.wall_clock import WallClock
from sync.blobs.shelf import Shelf
from sync.troubles import Trouble

R = TypeVar("R")

WORLD: Final = 2
"""Exit code when the world is at fault: the one line on stderr says what to do."""
INCOMPLETE: Final = 1
"""Exit code of a reply that left something out."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments. `import` and `reply` mean the same at a desk: take what the centre answered."""
    parser.add_argument("what", choices=["export", "import", "reply"], metavar="export|import|reply")
    parser.add_argument("--folder", type=Path, required=True, help=said("thư mục trên USB"))
    add_person(parser)


def run(
    asked: argparse.Namespace,
    home: Home,
    ask: Callable[[str], str] = getpass.getpass,
    key_cost: Cost | None = None,
) -> int:
    """Do it; the passphrase is asked for and stands in no argument. Answers the exit code."""
    try:
        with signed_in(asked, home, ask, key_cost) as ready:
            return _do(asked.what, asked.folder, ready, home)
    except Trouble as trouble:
        tell(trouble.advice, sys.stderr)
    return WORLD


def _do(what: str, folder: Path, ready: app.Unlocked, home: Home) -> int:
    clock = WallClock()

    def read(work: Callable[[Connection], R], /) -> R:
        with ready.store.read() as connection:
            return work(connection)

    def write(work: Callable[[Connection], R], /) -> R:
        with ready.store.write() as connection:
            result = work(connection)
            connection.commit()
            return result

    shelf = Shelf(home.blobs)
    shelf.prepare()
    step = app.alone(ready, write, clock)
    desk = CourierDesk(ready.store.replica, read, write, clock, ready.staff, step, shelf=shelf)
    if what == "export":
        done = courier.export(desk, folder)
        tell(f"Đã ghi {done.operations} bản ghi chưa gửi: {', '.join(done.volumes)}")
        if done.files_out:
            tell(f"Kèm {done.files_out} tệp đính kèm.")
        if done.files:
            tell(f"{done.files} tệp đính kèm chưa ghi được ra USB này, chờ USB khác hoặc có đường truyền.")
        return 0
    took = courier.take_reply(desk, folder)
    seat, reference = ready.enrolment.seat, ready.reference
    with UnitOfWork(ready.store, clock=clock, staff=ready.staff, seat=seat, reference=reference) as uow:
        give_codes()(uow)
        uow.commit()
    tell(
        f"Trung tâm đã nhận {max(0, took.acked - took.acked_before)} bản ghi, còn {took.waiting} chờ gửi; "
        f"đã lấy về {took.came} thao tác."
    )
    if took.files:
        tell(f"Trung tâm đã có đủ {took.files} tệp đính kèm.")
    if took.again:
        tell("Máy này từng được sao chép: chạy lại «courier export» để gửi lại phần của nó.")
    if took.missing:
        tell("Hồi đáp còn thiếu tập: chép đủ các tập rồi đọc lại.")
    return INCOMPLETE if took.again or took.missing or took.damaged else 0
