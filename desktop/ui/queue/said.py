"""Who has an item of the queue, in one sentence for the person who reached for it or writes of it."""

from __future__ import annotations

from desktop.operations.queue_claims import Standing, State
from desktop.ui.words import minute_text, tr


def how_it_stands(how: Standing) -> str:
    """One sentence: who holds the item and until when, or who ended it, when, and the file it became."""
    at = minute_text(how.at)
    if how.state is State.HELD:
        return tr("{staff} ở {seat} đang làm mục này, đến {until}.").format(staff=how.staff, seat=how.seat, until=at)
    if not how.staff:
        return tr("Mục này không còn chờ trong hàng đợi: đã có người xử lý.")
    if how.code:
        words = tr("{staff} đã lập hồ sơ {code} từ mục này lúc {time}.")
        return words.format(staff=how.staff, code=how.code, time=at)
    return tr("{staff} đã xử lý xong mục này lúc {time}.").format(staff=how.staff, time=at)
