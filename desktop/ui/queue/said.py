"""What is said of an item of the queue: who has it, what it tells line by line, and what a form of it begins with."""

from __future__ import annotations

from typing import Any, Final

from desktop.operations.queue import Words
from desktop.operations.queue_claims import Standing, State
from desktop.ui.words import minute_text, tr
from domain.phones import display

_FIELDS: Final = {"sender_kind": "caller_kind", "sender_name": "caller_name", "number": "number"}
"""What an item says to the field of a form that holds it. A newspaper or an office is no caller: it stays words."""


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


def line_of(name: str, text: str) -> str:
    """One line of what an item says, with its label; the words themselves have none."""
    labels = {
        "sender": tr("Nơi gửi"),
        "reference": tr("Số, địa chỉ"),
        "dated": tr("Ngày ghi trên văn bản"),
        "sender_kind": tr("Người báo là"),
        "sender_name": tr("Tên người báo"),
        "number": tr("Số máy"),
        "place": tr("Nơi xảy ra"),
        "safely": tr("Gọi lại thế nào cho an toàn"),
    }
    shown = display(text) if name == "number" else text
    return f"{labels[name]}: {shown}" if name in labels else shown


def begun_with(channel: str, words: Words) -> dict[str, Any]:
    """Values that a form of an item begins with, once it was read: nothing that its sender wrote is typed again."""
    said = dict(words.lines)
    values: dict[str, Any] = {field: said[name] for name, field in _FIELDS.items() if name in said}
    rest = sorted((one for one in words.lines if one[0] not in _FIELDS), key=_words_first)
    if rest:
        values["summary"] = "\n".join(line_of(name, text) for name, text in rest)
    if words.province is not None:
        values["province_set"], values["province"] = words.province
    return values | {"primary_channel": channel}


def _words_first(one: tuple[str, str]) -> bool:
    return one[0] != "body"
