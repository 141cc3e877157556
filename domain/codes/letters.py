"""Letters that leave: which there are, their templates with the hash each must have, and dated letterheads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from domain.codes.catalogue import CatalogueError, read_date, read_named_rows

_KIND: Final = ("code", "file", "symbol", "title_vi", "sha256")
_HEAD: Final = ("centre", "superior_vi", "agency_vi", "symbol", "place_vi", "basis", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class LetterKind:
    """One kind of letter. `template` is the bytes of its document, checked against the hash of the list; `symbol` is
    what stands after the register number (NĐ 30/2020)."""

    code: str
    symbol: str
    title: str
    template: bytes


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the agencies above and the agency itself, line by line, the symbol in the register number, and the
    place that stands before the date. Both days of validity are inclusive, None leaves that side open."""

    centre: str
    superior: tuple[str, ...]
    agency: tuple[str, ...]
    symbol: str
    place: str
    valid_from: date | None
    valid_to: date | None

    def valid_on(self, day: date) -> bool:
        """Whether it holds on this day."""
        return not ((self.valid_from and day < self.valid_from) or (self.valid_to and day > self.valid_to))


class Letters:
    """Kinds of letters by code, and the letterhead of a centre on a day."""

    def __init__(self, kinds: Iterable[LetterKind], heads: Iterable[Letterhead]) -> None:
        self.kinds = {one.code: one for one in kinds}
        self._heads = tuple(heads)

    @classmethod
    def load(cls, folder: Path, centres: Iterable[str]) -> Letters:
        """Read and check the lists and every template. Raises `CatalogueError` (file, line): also for a template that
        is not the one whose hash the list names, and for a centre without a letterhead on some day."""
        heads = _heads(folder / "letterheads.csv", frozenset(centres))
        return cls(_kinds(folder / "kinds.csv"), heads)

    def head(self, centre: str, day: date) -> Letterhead | None:
        """The letterhead of a centre on that day, or None."""
        return next((one for one in self._heads if one.centre == centre and one.valid_on(day)), None)


def _kinds(file: Path) -> list[LetterKind]:
    found: list[LetterKind] = []
    for line, row in read_named_rows(file, _KIND):
        try:
            template = (file.parent / Path(row["file"]).name).read_bytes()
        except (OSError, ValueError) as fault:  # a name with a zero character is no name at all
            raise CatalogueError(file.name, line, f"no template {row['file']}") from fault
        if hashlib.sha256(template).hexdigest() != row["sha256"]:
            raise CatalogueError(file.name, line, f"{row['file']} is not the template that was approved")
        found.append(LetterKind(row["code"], row["symbol"], row["title_vi"], template))
    return found


def _heads(file: Path, centres: frozenset[str]) -> list[Letterhead]:
    found: list[Letterhead] = []
    for line, row in read_named_rows(file, _HEAD):
        if row["centre"] not in centres:
            raise CatalogueError(file.name, line, f"unknown centre {row['centre']}")
        one = Letterhead(
            row["centre"], tuple(row["superior_vi"].split("|")), tuple(row["agency_vi"].split("|")), row["symbol"],
            row["place_vi"], *(read_date(file.name, line, one, row[one]) for one in ("valid_from", "valid_to")),
        )  # fmt: skip
        edges = [day for day in (one.valid_from, one.valid_to) if day is not None]
        if any(other.centre == one.centre and any(map(other.valid_on, edges)) for other in found):
            raise CatalogueError(file.name, line, "two letterheads of one centre on one day")
        found.append(one)
    if missing := centres - {one.centre for one in found if one.valid_to is None}:
        raise CatalogueError(file.name, 0, f"no letterhead for {min(missing)}")
    return found
