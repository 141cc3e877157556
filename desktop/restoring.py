"""`tram111 restore`: going on from a backup of the desk's store, said in plain sentences on the terminal."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Final

from desktop import app
from desktop.home import Home
from desktop.store.copies import Copy, copies
from desktop.store.keys import KeySlots
from desktop.store.recovery import Recovered
from desktop.telling import said, tell
from domain.clock import vn_datetime
from sync.troubles import Trouble

WORLD: Final = 2
"""Exit code where the world is at fault: the one line on standard error says what to do."""


def run(home: Home, staff: str | None, wanted: Path | None, *, only_list: bool) -> int:
    """Ask for name and passphrase, restore, and say what came of it; answers the exit code."""
    kept = copies(home.backups)
    if only_list:
        for one in kept:
            print(f"{vn_datetime(one.made_ms):%d/%m/%Y %H:%M:%S}  {one.path.name}")
        return 0
    copy = None if wanted is None else Copy(wanted, 0)
    try:
        name = staff or _only_name(home) or input(said("Tên đăng nhập: "))
        words = getpass.getpass(said("Mật khẩu: ")) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        tell(_told(app.restore(home, name, words, copy)))
    except Trouble as trouble:
        tell(str(trouble), sys.stderr)
        return WORLD
    except OSError as fault:
        tell(
            f"Không ghi được vào thư mục của máy trạm ({fault.strerror}): chị/anh đóng trạm đang mở, kiểm tra dung "
            "lượng ổ đĩa rồi chạy lại. Kho cũ chưa bị thay đổi.",
            sys.stderr,
        )
        return WORLD
    return 0


def _only_name(home: Home) -> str:
    try:
        names = KeySlots(home.slots).names()
    except Trouble:
        return ""
    return names[0] if len(names) == 1 else ""


def _told(found: Recovered) -> str:
    whole, saved = found.in_backup, found.salvaged
    lines = [f"Đã khôi phục: {whole} mục từ bản sao lưu, {saved} mục và {found.drafts} bản nháp cứu được từ kho cũ."]
    if not found.read_to_the_end:
        lines.append("Kho cũ không đọc được hết: mục ghi sau bản sao lưu mà chưa tới trung tâm có thể thiếu.")
    if found.files:
        lines.append(f"{found.files} tệp đính kèm được đưa vào sau bản sao lưu vẫn còn và sẽ được gửi tiếp.")
    if found.files_lost:
        lines.append(f"{found.files_lost} phần của tệp đính kèm chưa gửi không còn đọc được ở đâu nữa.")
    if found.aside is not None:
        lines.append(f"Kho cũ được giữ trong thư mục backups với tên {found.aside.name}.")
    lines.append("Mở trạm như thường lệ; những gì đã tới trung tâm sẽ tự về.")
    return "\n".join(lines)
