"""How long records are kept: which period holds for what, when it is over, and that a legal hold stops it. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from domain.clock import DAY, vn_date, vn_midnight_ms

FILE: Final = "retention.toml"
CALL, COUNSELLING, INTERVENTION, REQUEST = "call", "counselling", "intervention", "request"
LETTER: Final = "letter"
DRAFT: Final = "draft"
AUDIT: Final = "audit"
STANDS: Final = "stands"
"""The part of the table that names kinds of records which no run erases."""
ADULT: Final = 18
"""Years; a child is whoever is younger than 16 by the law on children of 2016: two years more on the safe side."""

_UNITS: Final = ("days", "years")
_SHAPE: Final = {
    CALL: ("rang", "number"),
    COUNSELLING: ("received", "file"),
    INTERVENTION: ("closed_or_adult", "file"),
    REQUEST: ("request_over", "file"),
    LETTER: ("done", "item"),
    DRAFT: ("revoked", "draft"),
    AUDIT: ("written", "entries"),
}
"""Class → from when it counts and what it erases: what this module knows how to count."""


class BadRetention(ValueError):
    """A table of periods that must not be used."""


@dataclass(frozen=True, slots=True)
class Period:
    """One class: how long, and where that is said. `confirmed`: somebody who may has said that it is lawful."""

    name: str
    says: str
    amount: int
    unit: str
    basis: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What decides about one file. Times are UTC ms; `closed_at` is the last closing of its cases, None while one is
    open; `born` the latest birth date that a child of it can have; `held` whether a legal hold stands."""

    scope: str
    received_at: int
    has_case: bool = False
    closed_at: int | None = None
    born: date | None = None
    held: bool = False


class Retention:
    """The periods, by class; `stands` is kind of record → why no run erases it."""

    def __init__(self, periods: Mapping[str, Period], stands: Mapping[str, str] | None = None) -> None:
        self.periods = MappingProxyType(dict(periods))
        self.stands = MappingProxyType(dict(stands or {}))

    @classmethod
    def load(cls, folder: Path) -> Retention:
        """The table in this folder, checked whole. Raises BadRetention."""
        try:
            said = tomllib.loads((folder / FILE).read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as fault:
            raise BadRetention(f"{FILE} cannot be read") from fault
        return read(said)

    def over_at(self, name: str, start_ms: int) -> int:
        """When the period of a class is over that began then (UTC ms); years end at a Vietnam midnight."""
        period = self.periods[name]
        if period.unit == "days":
            return start_ms + period.amount * DAY
        return vn_midnight_ms(_years_after(vn_date(start_ms), period.amount))

    def began_before(self, name: str, now_ms: int) -> int:
        """Before which time (UTC ms) a period of this class has to have begun to be over now for certain: with years
        a day later than `over_at` says, never earlier."""
        period = self.periods[name]
        if period.unit == "days":
            return now_ms - period.amount * DAY
        today = vn_date(now_ms)
        return vn_midnight_ms(_years_after(today, -period.amount)) if today.year > period.amount else 0

    def file_over_at(self, one: FileFacts) -> int | None:
        """When a file's period is over; None while a case is open or a legal hold stands."""
        if one.held or (one.has_case and one.closed_at is None):
            return None
        if not one.has_case:
            return self.over_at(COUNSELLING, one.received_at)
        born = one.born or vn_date(one.received_at)
        adult = vn_midnight_ms(_years_after(born, ADULT))
        assert one.closed_at is not None, "an open case was answered above"
        return self.over_at(INTERVENTION, max(one.closed_at, adult))

    def is_due(self, one: FileFacts, now_ms: int) -> bool:
        """Whether the file is to go."""
        over = self.file_over_at(one)
        return over is not None and over <= now_ms


def read(said: Mapping[str, Any]) -> Retention:
    """The periods of a parsed file. Raises BadRetention for the first thing that is not right."""
    if said.get("format") != 1:
        raise BadRetention(f"{FILE}: unknown format")
    stands = said.get(STANDS)
    if not isinstance(stands, Mapping) or not all(isinstance(why, str) and why for why in stands.values()):
        raise BadRetention(f"{FILE}: {STANDS} does not say why")
    named = {name: one for name, one in said.items() if name not in ("format", STANDS)}
    if named.keys() != _SHAPE.keys():
        raise BadRetention(f"{FILE}: the classes are not {sorted(_SHAPE)}")
    return Retention({name: _period(name, one) for name, one in named.items()}, stands)


def _period(name: str, said: Any) -> Period:
    try:
        shape = (said["counts_from"], said["erases"])
        made = Period(name, said["says"], said["amount"], said["unit"], said["basis"], said["confirmed"])
    except (KeyError, TypeError) as fault:
        raise BadRetention(f"{FILE}: {name} does not say {fault}") from fault
    if shape != _SHAPE[name]:
        raise BadRetention(f"{FILE}: {name} counts and erases {_SHAPE[name]}")
    amount: object = said["amount"]
    right = type(amount) is int and amount >= 1 and made.unit in _UNITS and said["confirmed"] in (True, False)
    if not right or not made.says or not made.basis:
        raise BadRetention(f"{FILE}: {name} is not right")
    return made


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)
