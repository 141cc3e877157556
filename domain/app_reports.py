"""Reports of App 111: reading what the app's own server hands over, one JSON object a line, without ever guessing.

The form of a line stands in docs/app111.md. A line that cannot be taken whole is reported with its number and one
sentence, and set aside: nothing of it is kept, so that it can be mended and handed over again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.clock import DAY, MINUTE, iso_to_ms
from domain.codes.places import NOW, Places
from domain.ids import derived_id
from domain.phones import normalise
from domain.records.queue import AppReport
from domain.text import is_blank, nfc

CHANNEL: Final = "app_111"
"""Code of `contact_channel`."""
NATIONAL: Final = "hanoi"
"""Code of `centres`: who takes a report that names no province."""
LONGEST_LINE: Final = 100_000
"""Bytes of one line."""

_LENGTHS: Final[Mapping[str, int]] = {
    "id": 100, "received_at": 40, "sender_kind": 40, "sender_name": 200, "number": 40, "province_set": 2,
    "province": 10, "place": 500, "body": 20_000, "urgency": 40, "token": 200,
}  # fmt: skip
"""Members that are text, with the most letters each may have."""
_FILES: Final = "files"
"""How many pictures or recordings stay with the app: a number, no text."""
_MOST_FILES: Final = 1_000
_NEEDED: Final = ("id", "received_at", "body")
_NOTHING: Final = b" \t\r\n\xef\xbb\xbf"
"""White space and a byte order mark."""
_FAST_CLOCK_MS: Final = 5 * MINUTE
_OLDEST_MS: Final = 366 * DAY


@dataclass(frozen=True, slots=True)
class Report:
    """One report: its line from 1, its words, the centre that answers for its province, and its header. `arrived_at`
    is when the app's server had it (UTC ms): the legal zero of whatever it becomes."""

    line: int
    words: AppReport
    centre: str
    arrived_at: int
    urgency: str | None
    province_set: str | None
    province: str | None


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line set aside: its number from 1, and a Vietnamese sentence that repeats nothing of what the line says."""

    number: int
    reason: str


class _Bad(ValueError):
    """Why a line is set aside."""


class Reader:
    """Reads lines against the lists of the hotline. `kinds` and `urgencies` are the codes of `caller_kind` and
    `urgency`, `now_ms` the server's time (UTC ms)."""

    def __init__(self, places: Places, kinds: Collection[str], urgencies: Collection[str], now_ms: int) -> None:
        self._places, self._kinds, self._urgencies, self._now_ms = places, kinds, urgencies, now_ms

    def read(self, lines: Iterable[bytes]) -> Iterator[Report | BadLine]:
        """Each line as a report or as what is wrong with it; empty lines are skipped. Never raises on content."""
        for number, line in enumerate(lines, start=1):
            if not line.strip(_NOTHING):
                continue
            try:
                yield self._report(number, _members(line))
            except _Bad as bad:
                yield BadLine(number, str(bad))

    def _report(self, line: int, said: dict[str, Any]) -> Report:
        text = {name: one for name in _LENGTHS if (one := _text(name, said.get(name)))}
        missing = [name for name in _NEEDED if name not in text]
        if missing:
            raise _Bad(f"thiếu {', '.join(missing)}")
        for name, codes in (("sender_kind", self._kinds), ("urgency", self._urgencies)):
            if name in text and text[name] not in codes:
                raise _Bad(f"{name} không có trong danh mục")
        number = normalise(text.get("number", ""))
        if "number" in text and not number:
            raise _Bad("number không phải là số điện thoại")
        place_set, centre = self._place(text)
        words = AppReport(
            id=derived_id(CHANNEL, text["id"]),
            sender_kind=text.get("sender_kind"),
            sender_name=text.get("sender_name"),
            number=number or None,
            place=text.get("place"),
            body=_with_files(text["body"], said.get(_FILES)),
            token=text.get("token"),
        )
        arrived = self._arrived(text["received_at"])
        return Report(line, words, centre, arrived, text.get("urgency"), place_set, text.get("province"))

    def _place(self, text: Mapping[str, str]) -> tuple[str | None, str]:
        """Map of the province, and the centre that answers for it."""
        if "province" not in text:
            return None, NATIONAL
        place_set = text.get("province_set", NOW)
        centre = self._places.centre_of(place_set, text["province"])
        if centre is None:
            raise _Bad("province không có trong danh mục tỉnh của province_set")
        return place_set, centre

    def _arrived(self, said: str) -> int:
        try:
            at = iso_to_ms(said)
        except (ValueError, OverflowError):
            raise _Bad("received_at không phải giờ có múi giờ, như 2026-11-20T14:05:00+07:00") from None
        if at > self._now_ms + _FAST_CLOCK_MS:
            raise _Bad("received_at ở tương lai: xem lại đồng hồ của máy chủ ứng dụng")
        if at < self._now_ms - _OLDEST_MS:
            raise _Bad("received_at đã quá một năm")
        return at


def _members(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise _Bad("dòng quá dài")
    try:
        said = json.loads(line.decode("utf-8-sig"), object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise _Bad("không phải chữ UTF-8") from None
    except _Bad:
        raise
    except (ValueError, RecursionError):
        raise _Bad("không phải JSON trọn một dòng") from None
    if not isinstance(said, dict):
        raise _Bad("không phải một đối tượng JSON")
    if said.keys() - _LENGTHS.keys() - {_FILES}:
        raise _Bad("có mục không nằm trong định dạng; không bỏ bớt chữ nào nên chưa nhận")
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Bad("có mục ghi hai lần")
    return found


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Bad(f"{name} phải là chữ")
    text = nfc(value).strip()
    if "\ufffd" in text or "\x00" in value:
        raise _Bad(f"{name} có ký tự không đọc được")
    if len(text) > _LENGTHS[name]:
        raise _Bad(f"{name} dài quá {_LENGTHS[name]} chữ")
    if name != "body" and not text.isprintable():
        raise _Bad(f"{name} phải nằm trên một dòng")
    return "" if is_blank(text) else text


def _with_files(body: str, files: object) -> str:
    """What was told, and how many files stay with the app: whoever reads must know that there is more."""
    if files is None:
        return body
    if not isinstance(files, int) or isinstance(files, bool) or not 0 <= files <= _MOST_FILES:
        raise _Bad(f"{_FILES} phải là số tệp gửi kèm")
    return f"{body}\n\n(Gửi kèm {files} tệp, còn ở ứng dụng 111.)" if files else body
