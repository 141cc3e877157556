"""Numbers people read aloud: contact codes made offline, case codes from leased blocks, and their check
digit.

Check digit: ISO 7064 MOD 11,10; it catches every single wrong digit and nearly all swaps of two neighbours.
A code is a label and the record's id is its identity: two records may bear one code (a cloned desk), both
are found by it. Sources: settled point 15, hotline.md §7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Final

CENTRE_DIGITS: Final = {"HN": 1, "DN": 2, "AG": 3}
"""Seat prefix → digit that stands for the centre in every code (settled 15; also in `centres.csv`)."""

CENTRES: Final = {"HN": "hanoi", "DN": "da_nang", "AG": "an_giang"}
"""Seat prefix → code of list `centres`."""

SERIES: Final = {"CT": "ca can thiệp", "MB": "ca mua bán người", "TL": "ca trị liệu"}
"""Series of case codes: children, trafficking, therapy."""

_SEAT: Final = re.compile(r"([A-Z]{2})([0-9]{2})")
_CONTACT: Final = re.compile(r"([A-Z]{2})([0-9]{2})([0-9]{6})([0-9]{3,}?)([0-9])")
_CASE: Final = re.compile(r"([A-Z]{2})([0-9]{2})([0-9])([0-9]{5,}?)([0-9])")
_SEPARATORS: Final = re.compile(r"[\s.\-\u2010-\u2015_/]+")


class NumberingError(ValueError):
    """A code that cannot be right. Its text is the Vietnamese sentence for the screen and never holds the
    code.
    """


def check_digit(digits: str) -> str:
    """The ISO 7064 MOD 11,10 check digit of a non-empty string of digits 0-9. Raises ValueError for anything
    else.
    """
    if not digits or not (digits.isascii() and digits.isdecimal()):
        raise ValueError("a check digit needs digits")
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


@dataclass(frozen=True, slots=True)
class ContactCode:
    """The parts of a contact code. `sequence` counts the files of one seat on one Vietnam day, from 1."""

    seat: str
    day: date
    sequence: int

    @property
    def centre(self) -> str:
        """Code of list `centres`."""
        return CENTRES[self.seat[:2]]

    def __str__(self) -> str:
        return contact_code(self.seat, self.day, self.sequence)


def contact_code(seat: str, day: date, sequence: int) -> str:
    """The final code of a contact, e.g. seat AG03, 23/11/2026, sequence 42 → "AG03-261123-0422".

    The sequence has three digits; past 999 files at one seat on one day it grows to four and more (1000 gives
    "AG03-261123-10003"), and nothing is refused. Raises NumberingError for a seat of no centre, ValueError
    for a sequence below 1 or a year outside 2000-2099.
    """
    prefix, number = seat_parts(seat)
    if sequence < 1 or not 2000 <= day.year <= 2099:
        raise ValueError("sequence below 1 or year outside 2000-2099")
    counted = f"{day:%y%m%d}", f"{sequence:03d}"
    check = check_digit(str(CENTRE_DIGITS[prefix]) + number + counted[0] + counted[1])
    return f"{seat}-{counted[0]}-{counted[1]}{check}"


_SECOND_FROM, _SECOND_COUNT = 5_000, 4_000
"""Where second codes lie: no seat counts so many files in a day."""


def second_code(code: str, record: str, turn: int = 0) -> str:
    """The code of its own for a record that bears `code` together with another one (decision 11): the same from the
    same record id at every server. `turn` steps on where somebody bears that one already. Raises NumberingError."""
    first = parse_contact_code(code)
    place = int.from_bytes(sha256(record.encode()).digest()[:8], "big") + turn
    return contact_code(first.seat, first.day, _SECOND_FROM + place % _SECOND_COUNT)


def seat_parts(seat: str) -> tuple[str, str]:
    """The centre prefix and the two-digit number of a seat like "AG03". Raises NumberingError for other
    text.
    """
    match = _SEAT.fullmatch(seat)
    if match is None or match[1] not in CENTRE_DIGITS:
        raise NumberingError("Ghế không đúng dạng: hãy dùng HN, DN hoặc AG và hai chữ số, ví dụ AG03.")
    return match[1], match[2]


def centre_of_seat(seat: str) -> str:
    """Code of list `centres` for a seat. Raises NumberingError."""
    return CENTRES[seat_parts(seat)[0]]


def _squeeze(text: str) -> str:
    return _SEPARATORS.sub("", text).upper()


def parse_contact_code(text: str) -> ContactCode:
    """The parts of a code as typed or heard (any case, any separators), after checking its digit. Raises
    NumberingError.
    """
    match = _CONTACT.fullmatch(_squeeze(text))
    if match is None:
        raise NumberingError("Mã hồ sơ không đúng dạng: hãy nhập như AG03-261123-0422.")
    prefix, number, written, sequence, check = match.groups()
    if prefix not in CENTRE_DIGITS:
        raise NumberingError("Mã hồ sơ phải bắt đầu bằng HN, DN hoặc AG: hãy hỏi lại hai chữ đầu.")
    if check_digit(str(CENTRE_DIGITS[prefix]) + number + written + sequence) != check:
        raise NumberingError("Mã hồ sơ có chữ số sai: hãy đọc lại từng số với người gọi.")
    if int(sequence) < 1 or (len(sequence) > 3 and sequence[0] == "0"):
        raise NumberingError("Mã hồ sơ có số thứ tự không đúng: hãy đọc lại bốn số cuối.")
    try:
        day = date(2000 + int(written[:2]), int(written[2:4]), int(written[4:]))
    except ValueError:
        raise NumberingError("Mã hồ sơ có ngày không có thật: hãy đọc lại sáu số ở giữa.") from None
    return ContactCode(prefix + number, day, int(sequence))


@dataclass(frozen=True, slots=True)
class CaseCode:
    """The parts of a case code: series (CT, MB, TL), year 2000-2099, centre digit, running number from 1."""

    series: str
    year: int
    centre_digit: int
    number: int

    def __str__(self) -> str:
        return case_code(self.series, self.year, self.centre_digit, self.number)


def case_code(series: str, year: int, centre_digit: int, number: int) -> str:
    """A case code, e.g. ("CT", 2026, 3, 123) → "CT26-3-00123-4"; past 99999 the number grows.

    Raises ValueError for an unknown series or centre digit, a year outside 2000-2099 or a number below 1.
    """
    if series not in SERIES or centre_digit not in CENTRE_DIGITS.values():
        raise ValueError("unknown series or centre digit")
    if not 2000 <= year <= 2099 or number < 1:
        raise ValueError("year outside 2000-2099 or number below 1")
    short, counted = f"{year % 100:02d}", f"{number:05d}"
    return f"{series}{short}-{centre_digit}-{counted}-{check_digit(f'{short}{centre_digit}{counted}')}"


def parse_case_code(text: str) -> CaseCode:
    """The parts of a case code as typed or heard, after checking its digit. Raises NumberingError."""
    match = _CASE.fullmatch(_squeeze(text))
    if match is None:
        raise NumberingError("Mã ca không đúng dạng: hãy nhập như CT26-3-00123-4.")
    series, year, centre, number, check = match.groups()
    if series not in SERIES:
        raise NumberingError("Mã ca phải bắt đầu bằng CT, MB hoặc TL: hãy hỏi lại hai chữ đầu.")
    if check_digit(year + centre + number) != check:
        raise NumberingError("Mã ca có chữ số sai: hãy đọc lại từng số với người gọi.")
    if int(centre) not in CENTRE_DIGITS.values() or int(number) < 1 or (len(number) > 5 and number[0] == "0"):
        raise NumberingError("Mã ca có số không đúng: hãy đọc lại mã với người gọi.")
    return CaseCode(series, 2000 + int(year), int(centre), int(number))


@dataclass(frozen=True, slots=True)
class NumberBlock:
    """A leased run of case numbers, `first` to `last` inclusive, of which `used` are taken.

    It is bound to one incarnation of a desk: a restored or cloned store is another incarnation and must not
    go on numbering from the same block. A value: `next` gives the code and the block that is left.
    """

    series: str
    year: int
    centre_digit: int
    first: int
    last: int
    incarnation: int
    used: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last or not 0 <= self.used <= self.last - self.first + 1:
            raise ValueError("a block runs from 1 upwards and cannot have given more than it holds")
        case_code(self.series, self.year, self.centre_digit, self.first)

    @property
    def left(self) -> int:
        """How many numbers are still free."""
        return self.last - self.first + 1 - self.used

    def next(self, incarnation: int) -> tuple[str, NumberBlock] | None:
        """The next code and the block after it; None when the block is empty or belongs to another
        incarnation.

        None is no error: the case then lives under its contact code and gets its own at the next sync
        (hotline.md §7).
        """
        if self.left == 0 or incarnation != self.incarnation:
            return None
        code = case_code(self.series, self.year, self.centre_digit, self.first + self.used)
        return code, replace(self, used=self.used + 1)
