"""What can go wrong with a stick, each as one sentence for the person who holds it."""

from __future__ import annotations

import errno
from typing import Final

from sync.troubles import Trouble

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StickFull(Trouble):
    """The stick has no room; nothing was left on it that looks whole."""

    advice = (
        "USB đã đầy nên chưa ghi được gì lên đó; dữ liệu vẫn nguyên trên máy này. "
        "Chị/anh dọn bớt hoặc đổi USB khác rồi ghi lại."
    )


class StickGone(Trouble):
    """The folder is not there, may not be written or read, or the stick was pulled out."""

    advice = (
        "Không đọc hoặc ghi được thư mục này (USB bị rút, bị khóa chống ghi hoặc hỏng); dữ liệu vẫn nguyên "
        "trên máy này. Chị/anh cắm lại USB, chọn lại thư mục rồi thử lại."
    )


class NothingOnStick(Trouble):
    """No volume of ours lies in the folder."""

    advice = "Thư mục này không có tập tin nào của Trạm 111 (đuôi .t111): hãy chọn đúng thư mục trên USB."


class NotForUs(Trouble):
    """Every volume is sealed for another receiver."""

    advice = (
        "Những gì trên USB này được niêm phong cho nơi khác nên ở đây không mở được: "
        "hãy mang đúng USB, hoặc mang USB này đến đúng nơi nhận."
    )


class AllDamaged(Trouble):
    """Volumes are for us, and nothing in them can be read."""

    advice = "USB hỏng, không đọc được phần nào: hãy ghi lại ra USB khác từ máy đã xuất, dữ liệu ở đó vẫn còn."


def of_stick(fault: OSError) -> Trouble:
    """The trouble behind a fault of the stick's file system."""
    return StickFull() if fault.errno in _FULL else StickGone()
