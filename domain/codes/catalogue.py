"""The catalogue of code lists: strict loading with file and line, dated codes, trees, and search without
tones.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final

from domain.codes.schema import BASE_COLUMNS, EXTRA_COLUMNS, REFERENCES, REQUIRED_LISTS, STATES
from domain.text import fold, match_query

_CODE: Final = re.compile(r"[a-z0-9_]+")


class CatalogueError(ValueError):
    """A code list or place list that must not be used. Holds `file` (name only), `line` (0: the whole file),
    `problem`.
    """

    def __init__(self, file: str, line: int, problem: str) -> None:
        super().__init__(f"{file}:{line}: {problem}")
        self.file = file
        self.line = line
        self.problem = problem


class UnknownCodeError(KeyError):
    """A code or list that the catalogue does not hold."""

    def __init__(self, list_name: str, code: str) -> None:
        super().__init__(f"{list_name}/{code}")
        self.list_name = list_name
        self.code = code


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a code list. `valid_from` and `valid_to` are both inclusive; None leaves that side open."""

    list_name: str
    code: str
    label_vi: str
    label_en: str
    parent: str
    sort: int
    basis: str
    valid_from: date | None
    valid_to: date | None
    extra: Mapping[str, str]

    def valid_on(self, day: date) -> bool:
        """Whether the code may be chosen for something that happened on that day (Vietnam date)."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class CodeList:
    """One list, in its own order. A retired code is not offered, but still reads."""

    def __init__(
        self, name: str, codes: tuple[Code, ...], unverified: tuple[Code, ...] = (), *, english: bool = False
    ) -> None:
        self.name, self._english = name, english
        self.codes = tuple(sorted(codes, key=lambda code: code.sort))
        self.unverified = unverified
        self._by_code = {code.code: code for code in self.codes}
        self._folded: list[tuple[str, tuple[str, ...], Code]] = []

    def __getitem__(self, code: str) -> Code:
        found = self._by_code.get(code)
        if found is None:
            raise UnknownCodeError(self.name, code)
        return found

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __iter__(self) -> Iterator[Code]:
        return iter(self.codes)

    def __len__(self) -> int:
        return len(self.codes)

    def get(self, code: str | None) -> Code | None:
        """The code, or None."""
        return self._by_code.get(code) if code else None

    def label(self, code: str | None) -> str:
        """The label for a screen or page, Vietnamese unless the list speaks English; a code of a newer list shows as
        itself instead of failing.
        """
        if not code:
            return ""
        found = self._by_code.get(code)
        if self._english:
            return found.label_en if found else f"{code} (a code this desk's lists do not have yet)"
        return found.label_vi if found else f"{code} (mã chưa có trong danh mục của máy này)"

    def in_english(self) -> CodeList:
        """The same list with English labels; codes, order and search are the same."""
        return CodeList(self.name, self.codes, self.unverified, english=True)

    def valid(self, day: date) -> tuple[Code, ...]:
        """The codes that may be chosen on that day, in order."""
        return tuple(code for code in self.codes if code.valid_on(day))

    def children(self, parent: str = "") -> tuple[Code, ...]:
        """The direct children in order; the top level for an empty parent."""
        return tuple(code for code in self.codes if code.parent == parent)

    def is_a(self, code: str, ancestor: str) -> bool:
        """Whether the code is the ancestor or stands under it; False for codes the list does not hold."""
        current = self._by_code.get(code)
        while current is not None:
            if current.code == ancestor:
                return True
            current = self._by_code.get(current.parent)
        return False

    def find(self, query: str, on: date | None = None) -> tuple[Code, ...]:
        """Codes whose label (Vietnamese, English, other names) holds every typed word's beginning, best
        first.

        Rank: same label, label begins so, the first words, any words, then a match in the code or other
        names only. An empty query gives the whole list in its order. With `on`, only codes valid on that day.
        """
        if not self._folded:
            self._folded = [(fold(code.label_vi), _search_words(code), code) for code in self.codes]
        wanted = match_query(query)
        asked = fold(query)
        found: list[tuple[int, int, Code]] = []
        for label, words, code in self._folded:
            if on is not None and not code.valid_on(on):
                continue
            if not all(any(word.startswith(want) for word in words) for want in wanted):
                continue
            own = match_query(label)
            if label == asked:
                rank = 0
            elif label.startswith(asked):
                rank = 1
            elif all(have.startswith(want) for have, want in zip(own, wanted, strict=False)):
                rank = 2
            elif all(any(have.startswith(want) for have in own) for want in wanted):
                rank = 3
            else:
                rank = 4
            found.append((rank if wanted else 0, code.sort, code))
        found.sort(key=lambda hit: (hit[0], hit[1]))
        return tuple(code for _, _, code in found)


def _search_words(code: Code) -> tuple[str, ...]:
    names = (code.label_vi, code.label_en, code.code.replace("_", " "), code.extra.get("aliases", ""))
    return tuple(match_query(" ".join(names)))


class Catalogue:
    """All code lists of one moment, by list name (the file's name without `.csv`)."""

    def __init__(self, lists: Mapping[str, CodeList]) -> None:
        self._lists = dict(lists)

    @classmethod
    def load(cls, folder: Path) -> Catalogue:
        """Read every `*.csv` of the folder. Raises `CatalogueError` (file, line) on the first fault; see
        module `schema`.
        """
        lists: dict[str, CodeList] = {}
        lines: dict[tuple[str, str], int] = {}
        for path in sorted(folder.glob("*.csv")):
            lists[path.stem] = _load_list(path, lines)
        for name in REQUIRED_LISTS:
            if name not in lists:
                raise CatalogueError(f"{name}.csv", 0, "the list is missing")
        for (name, column), target in REFERENCES.items():
            for code in lists[name]:
                for value in code.extra[column].split("|"):
                    if value and value not in lists[target]:
                        problem = f"{column} '{value}' is not a code of {target}"
                        raise CatalogueError(f"{name}.csv", lines[name, code.code], problem)
        return cls(lists)

    def in_english(self) -> Catalogue:
        """The same lists with English labels."""
        return Catalogue({name: codes.in_english() for name, codes in self._lists.items()})

    def __getitem__(self, name: str) -> CodeList:
        found = self._lists.get(name)
        if found is None:
            raise UnknownCodeError(name, "")
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._lists

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def find(self, name: str, query: str, on: date | None = None) -> tuple[Code, ...]:
        """`CodeList.find` of the named list."""
        return self[name].find(query, on)


def load_last_good(primary: Path, last_good: Path) -> tuple[Catalogue, str | None]:
    """The primary catalogue, or the last good one with a Vietnamese sentence that says so (settled point 26).

    Raises the primary's `CatalogueError` when both are damaged. Copying a good primary aside is the caller's
    work.
    """
    try:
        return Catalogue.load(primary), None
    except CatalogueError as fault:
        try:
            kept = Catalogue.load(last_good)
        except CatalogueError:
            raise fault from None
        place = f" ở dòng {fault.line}" if fault.line else ""
        return kept, (
            f"Danh mục {fault.file} bị hỏng{place}, nên máy đang dùng bản tốt gần nhất: "
            "anh/chị cứ tiếp tục nhận cuộc gọi và báo quản trị viên cập nhật lại danh mục."
        )


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a reference CSV with their line numbers, after checking encoding, header, width and NFC.

    Raises `CatalogueError` with the file's name and line.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise CatalogueError(path.name, 0, f"cannot be read ({type(error).__name__})") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise CatalogueError(path.name, line, "is not UTF-8") from error
    all_nfc = unicodedata.is_normalized("NFC", text)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for place, row in enumerate(reader):
            line = reader.line_num
            if place == 0:
                if tuple(row) != columns:
                    raise CatalogueError(path.name, 1, f"the columns must be {','.join(columns)}")
                continue
            if len(row) != len(columns):
                raise CatalogueError(path.name, line, f"{len(row)} columns instead of {len(columns)}")
            if not all_nfc and not all(unicodedata.is_normalized("NFC", cell) for cell in row):
                raise CatalogueError(path.name, line, "text is not in NFC")
            yield line, row
    except csv.Error as error:
        raise CatalogueError(path.name, reader.line_num, f"is not valid CSV ({error})") from error
    if reader.line_num == 0:
        raise CatalogueError(path.name, 1, f"the columns must be {','.join(columns)}")


def read_named_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """The same with each row's cells by the names of their columns."""
    for line, row in read_rows(path, columns):
        yield line, dict(zip(columns, row, strict=True))


def read_date(file: str, line: int, column: str, value: str) -> date | None:
    """An ISO date or None for an empty cell; raises `CatalogueError`."""
    if not value:
        return None
    if len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise CatalogueError(file, line, f"{column} '{value}' is not a date like 2026-11-23")


def _load_list(path: Path, lines: dict[tuple[str, str], int]) -> CodeList:
    name = path.stem
    extras = EXTRA_COLUMNS.get(name, ())
    codes: list[Code] = []
    aside: list[Code] = []
    for line, row in read_rows(path, BASE_COLUMNS + extras):
        code = _read_code(path.name, line, name, row, extras)
        if (name, code.code) in lines:
            raise CatalogueError(path.name, line, f"code '{code.code}' stands twice")
        lines[name, code.code] = line
        # A deadline that nobody has verified in the law's text must not be built on; it is kept out of reach.
        (codes if code.extra.get("verified", "yes") == "yes" else aside).append(code)
    if not codes:
        raise CatalogueError(path.name, 0, "the list is empty")
    by_code = {code.code: code for code in codes}
    for code in codes:
        _check_parents(path.name, lines[name, code.code], code, by_code)
    return CodeList(name, tuple(codes), tuple(aside))


def _read_code(file: str, line: int, name: str, row: list[str], extras: tuple[str, ...]) -> Code:
    code, label_vi, label_en, parent, sort, basis, first, last = row[:8]
    if _CODE.fullmatch(code) is None:
        raise CatalogueError(file, line, f"code '{code}' is not made of a-z, 0-9 and _")
    if code in STATES.get(name, ()):
        raise CatalogueError(file, line, f"'{code}' is a state of a record and not a code of this list")
    if label_vi.strip() != label_vi or not label_vi:
        raise CatalogueError(file, line, "label_vi is empty or has spaces around it")
    if not sort.isdecimal():
        raise CatalogueError(file, line, f"sort '{sort}' is not a whole number")
    valid_from = read_date(file, line, "valid_from", first)
    valid_to = read_date(file, line, "valid_to", last)
    if valid_from and valid_to and valid_to < valid_from:
        raise CatalogueError(file, line, "valid_to is before valid_from")
    extra = MappingProxyType(dict(zip(extras, row[8:], strict=True)))
    return Code(name, code, label_vi, label_en, parent, int(sort), basis, valid_from, valid_to, extra)


def _check_parents(file: str, line: int, code: Code, by_code: Mapping[str, Code]) -> None:
    seen = {code.code}
    current = code
    while current.parent:
        if current.parent not in by_code:
            raise CatalogueError(file, line, f"parent '{current.parent}' is not a code of this list")
        if current.parent in seen:
            raise CatalogueError(file, line, f"parent '{code.parent}' leads back to the code itself")
        seen.add(current.parent)
        current = by_code[current.parent]
