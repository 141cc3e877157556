"""The clocks that start when a report is received: how soon to act, by which law, and when to warn.

All are counted from `received_at`, the legal zero, never from the time of sync. Rules are data
(`resources/calendar/clock_rules.csv`); deadlines of the law that nobody verified never reach this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from domain.clock import HOUR, MINUTE, vn_date, vn_midnight_ms
from domain.codes.catalogue import CatalogueError, read_rows
from domain.rules.calendar import WorkingCalendar

COLUMNS: Final = (
    "rule", "urgency", "amount", "unit", "warn_minutes", "owed_by_hotline", "stops_at", "label_vi",
    "legal_basis", "basis",
)  # fmt: skip
FORWARD: Final = "forward_to_commune"
EMERGENCY: Final = "emergency_measures"
PLAN: Final = "plan_draft"
PLAN_APPROVAL: Final = "plan_approval"
REFERRAL_REPLY: Final = "referral_reply"
REFERRAL_CHASE: Final = "referral_chase"
SUBJECT_REQUEST: Final = "data_subject_request"
SUBJECT_STOP: Final = "data_subject_stop"
SUBJECT_STOP_SHARED: Final = "data_subject_stop_shared"
SUBJECT_OTHER: Final = "data_subject_other"

_UNITS: Final = ("minutes", "hours", "days", "working_days")
DEFAULT_URGENCY: Final = "emergency"
"""A report without an urgency runs on the shortest target: nobody has yet said that it can wait."""


@dataclass(frozen=True, slots=True)
class ClockRule:
    """One rule. `urgency` is empty when it holds for all. `warn_minutes` count from the start.

    `amount` of `unit` (minutes, hours, days, working days); `owed_by_hotline` is False for duties that 111 only
    follows. `stops_at` names the act that stops it; `basis` is `law` (quoted in list `deadlines`) or
    `practice` (our target).
    """

    rule: str
    urgency: str
    amount: int
    unit: str
    warn_minutes: tuple[int, ...]
    owed_by_hotline: bool
    stops_at: str
    label_vi: str
    legal_basis: str
    basis: str


@dataclass(frozen=True, slots=True)
class ClockSpec:
    """A clock to run: UTC milliseconds of start, due and warnings (ascending, each before due)."""

    rule: str
    start: int
    due: int
    warnings: tuple[int, ...]


class ClockRules:
    """All rules, by (rule, urgency)."""

    def __init__(self, rules: tuple[ClockRule, ...]) -> None:
        self.rules = rules
        self._by_key = {(rule.rule, rule.urgency): rule for rule in rules}

    @classmethod
    def load(cls, path: Path) -> ClockRules:
        """Read the rules file. Raises `CatalogueError` with file and line."""
        rules: dict[tuple[str, str], ClockRule] = {}
        for line, row in read_rows(path, COLUMNS):
            rule = _read_rule(path.name, line, row)
            if (rule.rule, rule.urgency) in rules:
                raise CatalogueError(path.name, line, f"rule '{rule.rule}' stands twice for one urgency")
            rules[rule.rule, rule.urgency] = rule
        for needed in ((FORWARD, DEFAULT_URGENCY), (EMERGENCY, "emergency")):
            if needed not in rules:
                raise CatalogueError(path.name, 0, f"rule '{needed[0]}' is missing")
        return cls(tuple(rules.values()))

    def rule(self, name: str, urgency: str = "") -> ClockRule | None:
        """The rule for that urgency, else the one that holds for all."""
        return self._by_key.get((name, urgency)) or self._by_key.get((name, ""))

    def spec(self, name: str, start: int, calendar: WorkingCalendar, urgency: str = "") -> ClockSpec | None:
        """The clock of one rule started at `start` (UTC ms), or None when no such rule holds for the
        urgency.
        """
        rule = self.rule(name, urgency)
        if rule is None:
            return None
        due = _due(rule, start, calendar)
        warnings = tuple(start + minutes * MINUTE for minutes in rule.warn_minutes)
        return ClockSpec(name, start, due, tuple(at for at in warnings if at < due))

    def due_clocks(self, received_at_ms: int, urgency: str | None, calendar: WorkingCalendar) -> list[ClockSpec]:
        """The clocks a report starts: passing it on to the commune, and for an emergency the twelve hours.

        An absent or unknown urgency runs on the emergency target for passing on, but the twelve hours of the
        law start only when someone called it an emergency. Pure: the same arguments give the same clocks.
        """
        known = urgency if urgency and (FORWARD, urgency) in self._by_key else DEFAULT_URGENCY
        wanted = [self.spec(FORWARD, received_at_ms, calendar, known)]
        if urgency == "emergency":
            wanted.append(self.spec(EMERGENCY, received_at_ms, calendar, urgency))
        return [spec for spec in wanted if spec is not None]


def end_of_working_day_ms(day: date) -> int:
    """UTC milliseconds of the end of a deadline in days: the last moment of that Vietnam date, as
    midnight after it.
    """
    return vn_midnight_ms(day + timedelta(days=1))


def _due(rule: ClockRule, start: int, calendar: WorkingCalendar) -> int:
    if rule.unit == "minutes":
        return start + rule.amount * MINUTE
    if rule.unit == "hours":
        return start + rule.amount * HOUR
    if rule.unit == "days":
        return end_of_working_day_ms(vn_date(start) + timedelta(days=rule.amount))
    return end_of_working_day_ms(calendar.add_working_days(vn_date(start), rule.amount))


def _read_rule(file: str, line: int, row: list[str]) -> ClockRule:
    name, urgency, amount, unit, warn, owed, stops_at, label, legal_basis, basis = row
    minutes = [one for one in warn.split("|") if one]
    if not name or not label or not amount.isdecimal() or int(amount) < 1:
        raise CatalogueError(file, line, "rule, label or amount is not right")
    if unit not in _UNITS or owed not in ("yes", "no") or basis not in ("law", "practice"):
        raise CatalogueError(file, line, "unit, owed_by_hotline or basis is not right")
    if not all(one.isdecimal() for one in minutes):
        raise CatalogueError(file, line, "warn_minutes must be whole minutes joined by |")
    warnings = tuple(sorted(int(one) for one in minutes))
    return ClockRule(name, urgency, int(amount), unit, warnings, owed == "yes", stops_at, label, legal_basis, basis)
