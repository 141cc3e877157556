"""`python -m server devices | approve | revoke | left | admit`: who may enter, who no more, what such a one sent."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from server.operations import approval
from server.operations.admitting import NotRevoked, admit
from server.operations.centre import ROLE, Centre
from server.operations.revocation import NeedsReason, NoSuchDevice, revoke
from server.store import held, newcomers, revoked
from server.wall_clock import WallClock

WORLD = 2

Add = Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]


def commands_of_devices(add: Add) -> None:
    """Hang the five commands on the parser."""
    add("devices", "Liệt kê mọi máy đã đăng ký, và máy nào đã bị thu hồi.", _devices)
    approving = add("approve", "Duyệt một máy mới: nghe tám từ của máy qua điện thoại rồi gõ lại.", _approve)
    approving.add_argument("--seat", required=True, help="ghế của máy, ví dụ AG01")
    approving.add_argument("--words", required=True, help="tám từ, có dấu hay không dấu đều được")
    approving.add_argument("--by", required=True, help="tên đăng nhập của trưởng ca duyệt máy")
    revoking = add("revoke", "Thu hồi một máy trạm hoặc trạm vùng: máy gửi nốt, rồi tự xóa.", _revoke)
    revoking.add_argument("device", help="mã máy (xem lệnh devices)")
    revoking.add_argument("--reason", required=True, help="lý do, ví dụ 'mất máy'; không ghi tên người")
    leaving = add("left", "In ra các bản nháp mà một máy bị thu hồi để lại (có dữ liệu cá nhân).", _left)
    leaving.add_argument("device", help="mã máy (xem lệnh devices)")
    admitting = add("admit", "Đưa vào hồ sơ những gì một máy gửi sau khi bị thu hồi, sau khi đã duyệt.", _admit)
    admitting.add_argument("device", help="mã máy (xem lệnh devices)")


def _at_centre(folder: Path, database: str | None, work: Callable[[Centre], object]) -> int:
    centre = Centre.opened(folder, database, WallClock(), ROLE)
    try:
        _say(work(centre))
    except (NoSuchDevice, NeedsReason, NotRevoked, approval.NotLetIn) as trouble:
        print(trouble, file=sys.stderr)
        return WORLD
    finally:
        centre.close()
    return 0


def _say(answer: object) -> None:
    for line in answer if isinstance(answer, list) else [answer]:
        print(json.dumps(line, ensure_ascii=False), flush=True)


def _devices(asked: argparse.Namespace) -> int:
    def work(centre: Centre) -> object:
        had_to_wait = centre.read(newcomers.approvals)
        told = []
        for one in centre.read(revoked.devices):
            waited = had_to_wait.get(one.device)
            more = {"waits": waited.approved_at is None, "approved_by": waited.by} if waited is not None else {}
            told.append(one._asdict() | more)
        return told

    return _at_centre(asked.data, asked.database, work)


def _approve(asked: argparse.Namespace) -> int:
    def work(centre: Centre) -> object:
        device = approval.approve_here(centre, asked.by, asked.seat, asked.words)
        return {"device": device.id, "seat": device.seat, "approved_by": asked.by}

    return _at_centre(asked.data, asked.database, work)


def _revoke(asked: argparse.Namespace) -> int:
    def work(centre: Centre) -> object:
        order = revoke(centre, asked.device, asked.reason)
        return {"device": order.device, "revoked": order.since}

    return _at_centre(asked.data, asked.database, work)


def _left(asked: argparse.Namespace) -> int:
    def work(centre: Centre) -> object:
        return centre.read(lambda connection: held.drafts_left(connection, asked.device))

    return _at_centre(asked.data, asked.database, work)


def _admit(asked: argparse.Namespace) -> int:
    def work(centre: Centre) -> object:
        return {"device": asked.device, "admitted": admit(centre, asked.device)}

    return _at_centre(asked.data, asked.database, work)
