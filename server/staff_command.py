"""`python -m server staff | staff-set | staff-leave | staff-keys | staff-key`: who works here, where, by what key."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any, Final

from server.operations import person_keys
from server.operations.centre import ROLE, Centre
from server.operations.person_keys import NoKeyWaits
from server.operations.staff import NobodyOfThatName, NotInTheList, leave, listed, write
from server.wall_clock import WallClock

WORLD: Final = 2
_LISTS: Final = ("roles", "desks", "books", "assignments", "conflicts")

Add = Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]


def commands_of_staff(add: Add) -> None:
    """Hang the five commands on the parser."""
    add("staff", "Liệt kê nhân viên: vai trò, trung tâm, bàn làm việc.", _list)
    setting = add("staff-set", "Ghi hoặc sửa một nhân viên; quyền trên mọi máy được tính lại ngay.", _set)
    setting.add_argument("staff", help="mã nhân viên")
    setting.add_argument("--name")
    setting.add_argument("--centre", help="mã trung tâm")
    for one, what in zip(
        _LISTS,
        ("vai trò", "số bàn, ví dụ AG03", "sổ được đọc", "hồ sơ được giao thêm", "hồ sơ phải tránh"),
        strict=True,
    ):
        setting.add_argument(f"--{one}", nargs="*", help=f"{what}; thay cho danh sách cũ")
    leaving = add("staff-leave", "Ghi rằng một nhân viên đã thôi việc.", _leave)
    leaving.add_argument("staff", help="mã nhân viên")
    add("staff-keys", "Liệt kê khóa mới của nhân viên đang chờ được nhận (sau khi đặt lại mật khẩu).", _keys)
    taking = add("staff-key", "Nhận khóa mới của một nhân viên ở một bàn, sau khi đã hỏi chính người đó.", _key)
    taking.add_argument("staff", help="mã nhân viên")
    taking.add_argument("--seat", required=True, help="số bàn, ví dụ AG03")


def _list(asked: argparse.Namespace) -> int:
    def work(centre: Centre) -> None:
        for one in centre.read(listed):
            told: dict[str, Any] = {"staff": one.staff, "name": one.name, "centre": one.centre, "left": one.ended_at}
            told |= {name: list(getattr(one, name)) for name in _LISTS}
            print(json.dumps(told, ensure_ascii=False), flush=True)

    return _do(asked, work)


def _set(asked: argparse.Namespace) -> int:
    said = {name: getattr(asked, name) for name in ("name", "centre") if getattr(asked, name) is not None}
    said |= {name: tuple(getattr(asked, name)) for name in _LISTS if getattr(asked, name) is not None}
    return _do(asked, lambda centre: write(centre, asked.staff, **said))


def _leave(asked: argparse.Namespace) -> int:
    return _do(asked, lambda centre: leave(centre, asked.staff))


def _keys(asked: argparse.Namespace) -> int:
    def work(centre: Centre) -> None:
        for one in centre.read(person_keys.waiting):
            told = {"staff": one.staff, "seat": one.seat, "new": one.public, "instead_of": one.instead_of}
            print(json.dumps(told, ensure_ascii=False), flush=True)

    return _do(asked, work)


def _key(asked: argparse.Namespace) -> int:
    return _do(asked, lambda centre: person_keys.replace(centre, asked.staff, asked.seat))


def _do(asked: argparse.Namespace, work: Callable[[Centre], object]) -> int:
    centre = Centre.opened(asked.data, asked.database, WallClock(), ROLE)
    try:
        work(centre)
    except (NobodyOfThatName, NotInTheList, NoKeyWaits) as trouble:
        print(trouble, file=sys.stderr)
        return WORLD
    finally:
        centre.close()
    return 0
