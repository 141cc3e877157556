"""Places on two maps: 63 provinces and old communes before 1 July 2025, 34 provinces and 3,321 communes
since.

A province code alone is no key: seven codes name another province since the merger. A place is always (set,
code), with set "63" or "34" (communes: "63" for those of before, "34" for those of today).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final

from domain.codes.catalogue import CatalogueError, read_date, read_rows
from domain.codes.commune_index import CommuneHit, CommuneIndex, IndexRow
from domain.text import fold, match_query, sort_key

OLD: Final = "63"
NOW: Final = "34"
MERGER_DAY: Final = date(2025, 7, 1)
"""From this day (Vietnam date) the 34 provinces and today's communes hold (Nghị quyết 202/2025/QH15)."""

_SETS: Final = (OLD, NOW)
_TYPE_WORDS: Final = ("Thị trấn ", "Đặc khu ", "Phường ", "Xã ")
_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "provinces_63.csv": (
        "code", "name_vi", "name_full_vi", "type", "region", "region8", "centre", "valid_from", "valid_to",
        "aliases", "note",
    ),
    "provinces_34.csv": (
        "code", "name_vi", "name_full_vi", "type", "type_2025_07_01", "name_full_2025_07_01", "type_from",
        "region", "centre", "valid_from", "valid_to", "merged_from", "wards", "communes", "special_zones",
        "commune_level_total", "aliases", "note",
    ),
    "province_mergers.csv": (
        "old_code", "new_code", "old_name_vi", "new_name_vi", "kind", "old_code_after_merger", "effective",
        "legal_basis", "old_centre", "new_centre",
    ),
    "province_changes.csv": (
        "code", "set", "effective", "old_name_full_vi", "new_name_full_vi", "old_type", "new_type",
        "legal_basis", "verified", "source",
    ),
    "communes_3321.csv": ("code", "province_code_34", "name_vi", "name_full_vi", "type"),
    "communes_legacy.csv": ("code", "province_code_63", "district_name_vi", "name_full_vi", "new_codes"),
    "commune_type_changes.csv": (
        "code", "province_code", "old_name_vi", "new_name_vi", "old_type", "new_type", "legal_basis",
        "issued", "effective",
    ),
    "regions.csv": ("scheme", "code", "label_vi", "label_en", "centre", "legal_basis", "province_count"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Province:
    """A province of one set. `valid_from` and `valid_to` are inclusive; None is open."""

    set: str
    code: str
    name_vi: str
    name_full_vi: str
    type: str
    region: str
    centre: str
    valid_from: date | None
    valid_to: date | None
    aliases: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        """What a record stores: (set, code)."""
        return (self.set, self.code)


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune-level unit: of today (set "34", no district) or of before the merger (set "63", with its
    district).
    """

    set: str
    code: str
    province: tuple[str, str]
    name_vi: str
    name_full_vi: str
    type: str
    district: str

    @property
    def key(self) -> tuple[str, str]:
        """What a record stores: (set, code)."""
        return (self.set, self.code)


@dataclass(frozen=True, slots=True)
class Renaming:
    """A change of full name and type that took effect on a day; the code stayed."""

    effective: date
    old_name_full_vi: str
    new_name_full_vi: str


class Places:
    """Both maps, read lazily: nothing is read before it is asked for, and the commune index only for a
    search.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _rows(self, file: str) -> Iterator[tuple[int, list[str]]]:
        return read_rows(self._folder / file, _COLUMNS[file])

    # Provinces
    # -----------------------------------------------------------------------------------------------------

    @cached_property
    def _provinces(self) -> dict[tuple[str, str], Province]:
        found: dict[tuple[str, str], Province] = {}
        for province_set in _SETS:
            file = f"provinces_{province_set}.csv"
            header = _COLUMNS[file]
            for line, values in self._rows(file):
                row = dict(zip(header, values, strict=True))
                key = (province_set, row["code"])
                if key in found:
                    raise CatalogueError(file, line, f"code '{row['code']}' stands twice")
                found[key] = Province(
                    province_set,
                    row["code"],
                    row["name_vi"],
                    row["name_full_vi"],
                    row["type"],
                    row["region"],
                    row["centre"],
                    read_date(file, line, "valid_from", row["valid_from"]),
                    read_date(file, line, "valid_to", row["valid_to"]),
                    tuple(alias for alias in row["aliases"].split("|") if alias),
                )
        return found

    @cached_property
    def _mergers(self) -> dict[str, str]:
        merged: dict[str, str] = {}
        for line, row in self._rows("province_mergers.csv"):
            if (OLD, row[0]) not in self._provinces or (NOW, row[1]) not in self._provinces:
                raise CatalogueError("province_mergers.csv", line, f"'{row[0]}' or '{row[1]}' is no province")
            merged[row[0]] = row[1]
        return merged

    def province(self, province_set: str, code: str) -> Province | None:
        """The province of that set, or None. Never ask by code alone."""
        return self._provinces.get((province_set, code))

    def provinces(self, province_set: str = NOW) -> tuple[Province, ...]:
        """All provinces of the set, in Vietnamese order of their names."""
        own = [province for province in self._provinces.values() if province.set == province_set]
        return tuple(sorted(own, key=lambda province: sort_key(province.name_vi)))

    def province_of_day(self, code: str, day: date) -> Province | None:
        """The province that the code named on that Vietnam date."""
        return self.province(set_of_day(day), code)

    def new_province(self, old_code: str) -> Province | None:
        """The province of today in which one of the 63 lies, or None for an unknown code."""
        code = self._mergers.get(old_code)
        return self.province(NOW, code) if code else None

    def old_provinces(self, new_code: str) -> tuple[Province, ...]:
        """The provinces of the 63 that went into one of the 34: one to three candidates, the namesake
        first.
        """
        olds = [self._provinces[OLD, old] for old, new in self._mergers.items() if new == new_code]
        now = self.province(NOW, new_code)
        return tuple(sorted(olds, key=lambda old: (now is None or old.name_vi != now.name_vi, old.code)))

    def centre_of(self, province_set: str, code: str) -> str | None:
        """The hotline centre (code of list `centres`) that serves the province, or None for an unknown
        one.
        """
        province = self.province(province_set, code)
        return province.centre if province else None

    def find_province(self, query: str, province_set: str = NOW) -> tuple[Province, ...]:
        """Provinces by the beginning of every typed word, without tones, other names included; best first.

        In today's set a province that swallowed the one typed is found too ("Bình Dương" finds Hồ Chí Minh).
        """
        wanted = match_query(query)
        asked = fold(query)
        found: list[tuple[int, str, Province]] = []
        for province in self.provinces(province_set):
            names = [province.name_vi, province.name_full_vi, *province.aliases]
            if province_set == NOW:
                names += [old.name_vi for old in self.old_provinces(province.code)]
            words = match_query(" ".join(names))
            if all(any(word.startswith(want) for word in words) for want in wanted):
                own = fold(province.name_vi)
                rank = 0 if own == asked else 1 if own.startswith(asked) else 2
                found.append((rank, sort_key(province.name_vi), province))
        return tuple(province for _, _, province in sorted(found, key=lambda hit: hit[:2]))

    # Communes
    # ------------------------------------------------------------------------------------------------------

    @cached_property
    def _now_rows(self) -> dict[str, list[str]]:
        return {row[0]: row for _, row in self._rows("communes_3321.csv")}

    @cached_property
    def _old_rows(self) -> dict[str, list[str]]:
        # Five island districts had no commune: their rows have no code and cannot be chosen.
        return {row[0]: row for _, row in self._rows("communes_legacy.csv") if row[0]}

    def commune(self, commune_set: str, code: str) -> Commune | None:
        """The commune of today ("34") or of before ("63"), or None."""
        if commune_set == NOW:
            row = self._now_rows.get(code)
            return Commune(NOW, row[0], (NOW, row[1]), row[2], row[3], row[4], "") if row else None
        if commune_set == OLD:
            row = self._old_rows.get(code)
            if row:
                return Commune(OLD, row[0], (OLD, row[1]), short_name(row[3]), row[3], _type(row[3]), row[2])
        return None

    def communes(self, province_code: str) -> tuple[Commune, ...]:
        """Today's communes of one of the 34 provinces, in Vietnamese order."""
        codes = [row[0] for row in self._now_rows.values() if row[1] == province_code]
        communes = [commune for code in codes if (commune := self.commune(NOW, code))]
        return tuple(sorted(communes, key=lambda commune: sort_key(commune.name_vi)))

    def new_communes(self, old_code: str) -> tuple[Commune, ...]:
        """Where an old commune lies today, the default first; several when it was divided: let the person
        choose.
        """
        row = self._old_rows.get(old_code)
        if row is None:
            return ()
        return tuple(commune for code in row[4].split("|") if (commune := self.commune(NOW, code)))

    @cached_property
    def _index(self) -> CommuneIndex:
        return CommuneIndex(self._index_rows())

    def _index_rows(self) -> Iterator[IndexRow]:
        provinces = {key: " ".join((one.name_full_vi, *one.aliases)) for key, one in self._provinces.items()}
        earlier = {code: change.old_name_full_vi for code, change in self._commune_changes.items()}
        for code, row in self._now_rows.items():
            yield IndexRow(code, row[2], f"{row[3]} {earlier.get(code, '')}", provinces.get((NOW, row[1]), ""), "")
        for row in self._old_rows.values():
            around = f"{row[2]} {provinces.get((OLD, row[1]), '')}"
            reason = f"tên cũ: {row[3]}, {row[2]}, {self._provinces[OLD, row[1]].name_vi}"
            for code in row[4].split("|"):
                if code:
                    yield IndexRow(code, short_name(row[3]), row[3], around, reason)

    def find_commune(
        self, query: str, *, province: tuple[str, str] | None = None, limit: int = 20
    ) -> tuple[CommuneHit, ...]:
        """Communes of today by their new or any old name, without tones; words of district and province
        narrow.

        `province` (a key of either set) keeps to one province of today. The reason of a hit says why it is
        there: empty for its own name, "tên cũ: …" for an old one. A divided commune gives one hit for each
        of its parts.
        """
        within: frozenset[str] | None = None
        if province is not None:
            code = self._mergers.get(province[1]) if province[0] == OLD else province[1]
            within = frozenset(one for one, row in self._now_rows.items() if row[1] == code)
        return self._index.find(query, limit, within)

    def warm(self) -> None:
        """Build the commune index now, so that the first search does not wait for it (for a background
        lane).
        """
        self._index.find("a", 1)

    # Names in time
    # -------------------------------------------------------------------------------------------------

    @cached_property
    def _commune_changes(self) -> dict[str, Renaming]:
        return {
            row[0]: Renaming(_day("commune_type_changes.csv", line, row[8]), row[2], row[3])
            for line, row in self._rows("commune_type_changes.csv")
        }

    @cached_property
    def _province_changes(self) -> dict[tuple[str, str], Renaming]:
        return {
            (row[1], row[0]): Renaming(_day("province_changes.csv", line, row[2]), row[3], row[4])
            for line, row in self._rows("province_changes.csv")
        }

    def province_name(self, province_set: str, code: str, day: date) -> str | None:
        """The full name on that day: Đồng Nai is a "Tỉnh" until 29/04/2026 and a "Thành phố" from the day
        after.
        """
        province = self.province(province_set, code)
        change = self._province_changes.get((province_set, code))
        if province and change and day < change.effective:
            return change.old_name_full_vi
        return province.name_full_vi if province else None

    def commune_name(self, commune_set: str, code: str, day: date) -> str | None:
        """The full name on that day; 22 communes became wards in 2026."""
        commune = self.commune(commune_set, code)
        change = self._commune_changes.get(code) if commune_set == NOW else None
        if commune and change and day < change.effective:
            return change.old_name_full_vi
        return commune.name_full_vi if commune else None

    @cached_property
    def regions(self) -> dict[tuple[str, str], str]:
        """(scheme, code) → Vietnamese label of the regions used in reports."""
        return {(row[0], row[1]): row[2] for _, row in self._rows("regions.csv")}

    def check(self) -> None:
        """Read everything and follow every reference; raises `CatalogueError` with file and line (the
        build's gate).
        """
        if len(self._mergers) != sum(key[0] == OLD for key in self._provinces):
            raise CatalogueError("province_mergers.csv", 0, "not every province of the 63 has its new one")
        for file, province_set, known in (
            ("communes_3321.csv", NOW, self._now_rows),
            ("communes_legacy.csv", OLD, self._old_rows),
        ):
            if len(known) != sum(1 for _, row in self._rows(file) if row[0]):
                raise CatalogueError(file, 0, "a code stands twice")
            for line, row in self._rows(file):
                if (province_set, row[1]) not in self._provinces:
                    raise CatalogueError(file, line, f"province '{row[1]}' is not one of the {province_set}")
                for code in row[4].split("|") if province_set == OLD else ():
                    if code and code not in self._now_rows:
                        raise CatalogueError(file, line, f"'{code}' is no commune of today")
        for line, row in self._rows("commune_type_changes.csv"):
            # Folded: the two sources write Hiệp Hòa and Hiệp Hoà.
            if fold(self._now_rows.get(row[0], [""] * 5)[3]) != fold(row[3]):
                raise CatalogueError("commune_type_changes.csv", line, f"'{row[0]}' does not bear that name")
        if not self._province_changes or not self.regions:
            raise CatalogueError("regions.csv", 0, "the list is empty")


def set_of_day(day: date) -> str:
    """Which set of provinces holds on that Vietnam date."""
    return NOW if day >= MERGER_DAY else OLD


def short_name(full_name: str) -> str:
    """A commune's name without its type: "Phường Cống Vị" → "Cống Vị"; "Phường 4" stays whole, a number says
    nothing.
    """
    for word in _TYPE_WORDS:
        if full_name.casefold().startswith(word.casefold()) and not full_name[len(word) :].isdecimal():
            return full_name[len(word) :]
    return full_name


def _type(full_name: str) -> str:
    for word, kind in zip(_TYPE_WORDS, ("township", "special_zone", "ward", "commune"), strict=True):
        if full_name.casefold().startswith(word.casefold()):
            return kind
    return "commune"


def _day(file: str, line: int, value: str) -> date:
    day = read_date(file, line, "effective", value)
    if day is None:
        raise CatalogueError(file, line, "effective is empty")
    return day
