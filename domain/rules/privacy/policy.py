"""The table of roles × actions as data: read once from `roles.toml`, checked whole, frozen."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

FORMAT: Final = 1
FILE: Final = "roles.toml"


class BadPolicy(ValueError):
    """A table of roles that must not be used: it names something that is not there, or says nothing readable."""


class Decision(IntEnum):
    """What the engine answers, from the least to the most. `logged`: after one key, which is logged; `two_person`:
    after a second person of another name agreed."""

    NONE = 0
    MASKED = 1
    TWO_PERSON = 2
    REASON = 3
    LOGGED = 4
    ALLOWED = 5


class Reach(IntEnum):
    """How far a cell reaches, each step holding the ones before it."""

    NONE = 0
    OWN = 1
    CENTRE = 2
    REGION = 3
    ALL = 4


CONDITIONS: Final = MappingProxyType(
    {
        "": Decision.ALLOWED,
        "masked": Decision.MASKED,
        "logged": Decision.LOGGED,
        "reason": Decision.REASON,
        "two": Decision.TWO_PERSON,
    }
)
"""Second word of a cell → what it makes of it."""

CHILDREN: Final = "children"
TRAFFICKING: Final = "trafficking"
THERAPY: Final = "therapy"
REQUESTS: Final = "requests"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: how far it reaches, and under which condition."""

    reach: Reach
    decision: Decision


NOTHING: Final = Cell(Reach.NONE, Decision.NONE)


@dataclass(frozen=True, slots=True)
class Book:
    """One book: the prefix of its scopes, whether only named persons read it, and its own rows (None: no wall)."""

    name: str
    says: str
    prefix: str
    named: bool
    rows: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Policy:
    """Rows (action → role → cell), what stands in for them, and the regions. Frozen: every lane may read it."""

    roles: Mapping[str, str]
    unlisted: str
    rows: Mapping[str, Mapping[str, Cell]]
    restricted: Mapping[str, str]
    books: Mapping[str, Book]
    regions: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, centres: Collection[str] = ()) -> Policy:
        """The table in this folder, checked; `centres` are the codes its regions may name (none given: any).

        Raises BadPolicy.
        """
        try:
            said = tomllib.loads((folder / FILE).read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as fault:
            raise BadPolicy(f"{FILE} cannot be read") from fault
        return read(said, centres)

    def region_of(self, centre: str) -> frozenset[str]:
        """The centres of the region that this centre lies in; itself at least."""
        return next((found for found in self.regions.values() if centre in found), frozenset({centre}))

    def book_of(self, scope: str) -> str:
        """The book that a scope belongs to; the children's where its name says no other."""
        return next((one.name for one in self.books.values() if scope.startswith(one.prefix)), CHILDREN)


def read(said: Mapping[str, Any], centres: Collection[str] = ()) -> Policy:
    """The policy in a parsed file. Raises BadPolicy for the first thing that leads nowhere."""
    try:
        return _read(said, centres)
    except (KeyError, TypeError, AttributeError) as fault:
        raise BadPolicy(f"{FILE}: {fault!r} is missing or is not what it should be") from fault


def _read(said: Mapping[str, Any], centres: Collection[str]) -> Policy:
    if said["format"] != FORMAT:
        raise BadPolicy(f"{FILE}: format {said['format']} is not {FORMAT}")
    roles: dict[str, str] = dict(said["roles"])
    columns: list[str] = list(said["columns"])
    if sorted(columns) != sorted(roles):
        raise BadPolicy(f"{FILE}: columns and roles name different roles")
    if said["unlisted"] not in roles:
        raise BadPolicy(f"{FILE}: unlisted names no role")
    rows = {action: _row(action, cells, columns) for action, cells in said["rows"].items()}
    restricted = _through("restricted", said["restricted"], rows)
    books = {
        name: Book(
            name,
            one["says"],
            one["prefix"],
            bool(one["named"]),
            _through(f"books.{name}", one["rows"], rows) if "rows" in one else None,
        )
        for name, one in said["books"].items()
    }
    if not {CHILDREN, TRAFFICKING, THERAPY, REQUESTS} <= books.keys():
        raise BadPolicy(f"{FILE}: a book is missing")
    if len({one.prefix for one in books.values()}) != len(books):
        raise BadPolicy(f"{FILE}: two books have one prefix")
    regions = {name: frozenset(found) for name, found in said["regions"].items()}
    named = [centre for found in regions.values() for centre in found]
    if len(named) != len(set(named)):
        raise BadPolicy(f"{FILE}: a centre lies in two regions")
    if centres and (unknown := set(named) - set(centres)):
        raise BadPolicy(f"{FILE}: regions name no centre: {sorted(unknown)}")
    return Policy(
        MappingProxyType(roles),
        said["unlisted"],
        MappingProxyType(rows),
        MappingProxyType(restricted),
        MappingProxyType(books),
        MappingProxyType(regions),
    )


def _row(action: str, cells: list[str], columns: list[str]) -> Mapping[str, Cell]:
    if len(cells) != len(columns):
        raise BadPolicy(f"{FILE}: row {action} has {len(cells)} cells for {len(columns)} roles")
    return MappingProxyType({role: _cell(action, cell) for role, cell in zip(columns, cells, strict=True)})


def _cell(action: str, said: str) -> Cell:
    reach, _, condition = said.partition(" ")
    if reach.upper() not in Reach.__members__ or condition not in CONDITIONS:
        raise BadPolicy(f"{FILE}: row {action} says {said!r}")
    if reach == "none":
        if condition:
            raise BadPolicy(f"{FILE}: row {action} says {said!r}")
        return NOTHING
    return Cell(Reach[reach.upper()], CONDITIONS[condition])


def _through(where: str, said: Mapping[str, str], rows: Mapping[str, Any]) -> Mapping[str, str]:
    for action, row in said.items():
        if action not in rows or row not in rows:
            raise BadPolicy(f"{FILE}: {where} leads {action} to {row}, and there is no such row")
    return MappingProxyType(dict(said))
