"""`python -m server retention…`, `hold`, `lift`: what is over is proposed, agreed to by two, erased everywhere."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Final

from domain.numbering import CENTRES
from server.operations import retention
from server.operations.centre import ROLE, Centre
from server.operations.erasure import NotHere
from server.operations.retention import MayNotErase, NoSuchRun
from server.wall_clock import WallClock

WORLD: Final = 2

Add = Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]


def commands_of_retention(add: Add) -> None:
    """Hang the commands on the parser."""
    add("retention", "Liệt kê các đợt xóa theo thời hạn lưu giữ và số máy đã chứng minh xóa.", _list)
    proposing = add("retention-propose", "Đề xuất những gì đã hết thời hạn lưu giữ; chưa xóa gì.", _propose)
    proposing.add_argument("--centre", required=True, choices=sorted(CENTRES.values()))
    agreeing = add("retention-agree", "Đồng ý một đợt; người thứ hai đồng ý thì xóa ở mọi nơi.", _agree)
    agreeing.add_argument("run", help="mã đợt (xem lệnh retention)")
    agreeing.add_argument("--by", required=True, help="mã nhân viên")
    holding = add("hold", "Giữ một hồ sơ hay một yêu cầu dữ liệu theo yêu cầu pháp lý, bất kể thời hạn.", _hold)
    holding.add_argument("file", help="mã định danh của hồ sơ hoặc yêu cầu")
    holding.add_argument("--paper", required=True, help="số văn bản yêu cầu; không ghi tên người")
    holding.add_argument("--by", required=True, help="mã nhân viên")
    lifting = add("lift", "Thôi giữ một hồ sơ hay một yêu cầu.", _lift)
    lifting.add_argument("hold", help="mã của lần giữ")
    lifting.add_argument("--by", required=True, help="mã nhân viên")


def _list(asked: argparse.Namespace) -> int:
    def work(centre: Centre) -> None:
        for one in centre.read(retention.runs):
            run, sure = one.record, retention.receipts(centre, one.record)
            told = {
                "run": run.id, "centre": run.centre, "items": len(run.items), "first": run.first_by,
                "second": run.second_by, "erased": run.erased, "proven_at": f"{sure.proven}/{sure.all}",
            }  # fmt: skip
            print(json.dumps(told, ensure_ascii=False), flush=True)

    return _do(asked, work)


def _propose(asked: argparse.Namespace) -> int:
    def work(centre: Centre) -> None:
        retention.resume(centre)
        run = retention.propose(centre, asked.centre)
        found = {"run": run.id, "items": len(run.items)} if run is not None else {"run": None, "items": 0}
        print(json.dumps(found), flush=True)

    return _do(asked, work)


def _agree(asked: argparse.Namespace) -> int:
    def work(centre: Centre) -> None:
        run = retention.agree(centre, asked.run, asked.by)
        print(json.dumps({"run": run.id, "erased": run.erased}), flush=True)

    return _do(asked, work)


def _hold(asked: argparse.Namespace) -> int:
    return _do(asked, lambda centre: print(retention.hold(centre, asked.file, asked.paper, asked.by).id, flush=True))


def _lift(asked: argparse.Namespace) -> int:
    return _do(asked, lambda centre: retention.lift(centre, asked.hold, asked.by))


def _do(asked: argparse.Namespace, work: Callable[[Centre], object]) -> int:
    centre = Centre.opened(asked.data, asked.database, WallClock(), ROLE)
    try:
        work(centre)
    except (MayNotErase, NoSuchRun, NotHere) as trouble:
        print(trouble, file=sys.stderr)
        return WORLD
    finally:
        centre.close()
    return 0
