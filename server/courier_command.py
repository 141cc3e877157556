"""`python -m server courier import|reply|kept`: sticks of desks whose lines are dead, and what they are answered."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from server.operations.centre import Centre
from server.operations.courier import Imported, import_stick, reply
from server.store import courier
from server.wall_clock import WallClock

INCOMPLETE: Final = 1
"""Exit code of an import that left something out: the lines before say what, and nothing on the stick changed."""

AddCommand = Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]


def add_courier(add: AddCommand) -> None:
    """Add the command to the centre's own."""
    one = add("courier", "Nhận USB của máy trạm mất mọi đường truyền, và ghi hồi đáp cho máy ấy.", _run)
    one.add_argument("what", choices=["import", "reply", "kept"], metavar="import|reply|kept")
    one.add_argument("--folder", type=Path, help="thư mục trên USB")
    one.add_argument("--device", default="", help="chỉ hồi đáp máy này (mã thiết bị)")


def _run(asked: argparse.Namespace) -> int:
    if asked.what != "kept" and asked.folder is None:
        print("Thiếu --folder: hãy chỉ thư mục trên USB.")
        return INCOMPLETE
    centre = Centre.opened(asked.data, asked.database, WallClock())
    try:
        if asked.what == "import":
            return _import(centre, asked.folder)
        if asked.what == "reply":
            return _reply(centre, asked.folder, asked.device)
        for one in centre.read(lambda c: list(courier.all_kept(c))):
            _say({"device": one.device, "incarnation": one.incarnation, "first": one.first, "last": one.last,
                  "why": one.why})  # fmt: skip
        return 0
    finally:
        centre.close()


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer, ensure_ascii=False), flush=True)


def _import(centre: Centre, folder: Path) -> int:
    found = import_stick(centre, folder)
    for one in found.volumes:
        _say({"volume": one.name, "ours": one.ours, "letters": one.letters, "damaged": one.damaged,
              "whole": one.whole})  # fmt: skip
    _say({"taken": found.taken, "held": found.held, "kept": found.kept, "refused": found.refused,
          "missing_volumes": found.missing, "files": len(found.files), "files_wait": len(found.files_wait),
          "said": sentence(found)})  # fmt: skip
    left = found.kept or found.refused or found.missing or found.damaged or found.files_wait
    return INCOMPLETE if left else 0


def sentence(found: Imported) -> str:
    """What the import means, and what to do, in Vietnamese."""
    said = [f"Đã nhận {found.taken} thao tác mới."]
    if found.files:
        said.append(f"Đã nhận đủ {len(found.files)} tệp đính kèm.")
    if found.files_wait:
        said.append(
            f"{len(found.files_wait)} tệp đính kèm chưa nhận đủ: hãy giữ USB và nhận lại khi có đủ tập; "
            "tệp vẫn còn trên máy trạm."
        )
    if found.missing or found.kept.get(courier.GAP):
        said.append("Còn thiếu tập ở giữa: phần đến trước đã được giữ lại, hãy mang nốt các tập còn thiếu.")
    if found.kept.get("fork"):
        said.append("Máy này từng được sao chép: phần của nó đã được giữ lại, hãy ghi hồi đáp để máy gửi lại.")
    if found.kept.get("unapproved"):
        said.append("Máy chưa được trưởng ca duyệt: phần của nó đã được giữ lại, duyệt xong máy tự gửi lại.")
    if found.kept.get("revoked"):
        said.append("Máy đã bị thu hồi: phần của nó đã được giữ lại chờ trưởng ca xem.")
    if found.damaged:
        said.append("Có đoạn trên USB không đọc được: hãy xuất lại từ máy trạm, gửi trùng không sao.")
    if found.refused:
        said.append("Có phần không phải do máy đã đăng ký viết nên không nhận.")
    if any(not one.ours for one in found.volumes):
        said.append("Có tập niêm phong cho nơi khác, để nguyên trên USB.")
    return " ".join(said)


def _reply(centre: Centre, folder: Path, device: str) -> int:
    for one in reply(centre, folder, device):
        _say({"device": one.device, "volumes": one.volumes, "acked": one.acked, "operations": one.operations,
              "fork": one.fork})  # fmt: skip
    return 0
