"""The centre's commands about backups: backup, verify of one, restore, new-lineage."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from server.operations import history
from server.operations.backup import make_backup, restore, restore_chunks, verify_backup, verify_chunks
from server.operations.centre import Centre
from server.store import backup_file
from server.wall_clock import WallClock

Add = Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]

DIFFERENT: Final = 1
"""Exit code of `verify` when something differs, and where chunks of attachments are damaged or lost."""


def commands_of_backups(add: Add, verify: argparse.ArgumentParser) -> None:
    """Add the commands, and to `verify` the way to a backup."""
    verify.add_argument("--backup", type=Path, help="kiểm bản sao lưu này thay cho kho")
    backup = add("backup", "Sao lưu kho (trung tâm vẫn chạy), kiểm lại bằng cách mở ra, rồi mới tính.", _backup)
    backup.add_argument("--to", type=Path, required=True, help="thư mục chứa các bản sao lưu")
    restoring = add("restore", "Đặt một bản sao lưu vào chỗ của kho, dưới một dòng dữ liệu mới.", _restore)
    restoring.add_argument("--from", type=Path, required=True, dest="backup", help="tệp sao lưu .t111")
    restoring.add_argument("--force", action="store_true", help="kho đang có ở đó được cất sang bên")
    for one in (verify, backup, restoring):
        one.add_argument("--key", type=Path, help="tệp khóa sao lưu (mặc định: backup.key trong thư mục dữ liệu)")
    add("new-lineage", "Đặt tên dòng dữ liệu mới sau khi kho được khôi phục bằng cách khác.", _new_lineage)


def _key_file(asked: argparse.Namespace) -> Path:
    found: Path = asked.key or asked.data / backup_file.KEY
    return found


def _say(answer: object) -> None:
    print(json.dumps(answer, ensure_ascii=False), flush=True)


def _backup(asked: argparse.Namespace) -> int:
    centre = Centre.opened(asked.data, asked.database, WallClock())
    try:
        made = make_backup(centre, asked.data, asked.to, _key_file(asked), embedded=not asked.database)
    finally:
        centre.close()
    _say(
        {
            "backup": made.path.name,
            "lineage": made.lineage,
            "feed": made.feed,
            "operations": made.found.operations,
            "chains": len(made.chains),
            "differences": [],
            "chunks": made.chunks.held,
            "chunks_not_here": made.chunks.absent,
            "chunks_damaged": made.chunks.damaged,
        }
    )
    return DIFFERENT if made.chunks.damaged else 0


def verify_one(asked: argparse.Namespace) -> int:
    """`verify --backup FILE`: what is in it, and every difference. Raises BackupUnreadable, KeyMissing."""
    made = verify_backup(asked.backup, backup_file.backup_key(_key_file(asked), make=False))
    differences = [*made.found.differences, *verify_chunks(asked.backup)]
    _say(
        {
            "backup": made.path.name,
            "lineage": made.lineage,
            "feed": made.feed,
            "records": made.found.records,
            "operations": made.found.operations,
            "chains": made.found.chains,
            "held": made.found.held,
            "differences": differences,
        }
    )
    return DIFFERENT if differences else 0


def _restore(asked: argparse.Namespace) -> int:
    key = backup_file.backup_key(_key_file(asked), make=False)
    name = restore(asked.backup, key, asked.data, asked.database, WallClock(), force=asked.force)
    given = restore_chunks(asked.backup, asked.data)
    _say({"lineage": name, "chunks_put_back": given.put, "chunks_lost": given.lost})
    return DIFFERENT if given.lost else 0


def _new_lineage(asked: argparse.Namespace) -> int:
    centre = Centre.opened(asked.data, asked.database, WallClock())
    try:
        _say({"lineage": history.renew(centre)})
    finally:
        centre.close()
    return 0
