"""What the page of a restricted case says of it: how many read it, and that whoever sits here may lack the key."""

from __future__ import annotations

from desktop.store.reads_readers import Closed
from desktop.ui.theme.tokens import Status
from desktop.ui.words import tr


def closed_words(closed: Closed) -> tuple[Status, str]:
    """Shape and words of the banner."""
    if closed.mine:
        return Status.GOOD, tr("Hồ sơ hạn chế · {count} người đọc được").format(count=closed.readers)
    words = tr(
        "Hồ sơ hạn chế · {count} người đọc được. Chị/anh chưa được trao khóa nên chữ hiện là dấu chấm: nhờ người phụ "
        "trách ca trao khóa."
    )
    return Status.WAITING, words.format(count=closed.readers)
