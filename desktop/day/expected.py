"""What concurrent edits of a day must leave behind: worked out from the paper alone, by visibility in time.

An edit supersedes what its author could see. During the cut nobody sees across An Giang's line, so two different
values both stay; the present one is the more cautious (urgency) or the later (anything else).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from desktop.day.paper import CUT_CENTRE, Entry, Paper, files_of

CAUTION: Final = {"low": 1, "medium": 2, "high": 3, "emergency": 4}
"""Order of caution of the urgencies."""

FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "primary_channel": ("contact", "primary_channel"),
    "caller_kind": ("contact", "caller_kind"),
    "province": ("contact", "province"),
    "commune": ("contact", "commune"),
    "topic": ("contact", "topics"),
    "summary": ("contact", "summary"),
    "language": ("contact", "language"),
    "caller_name": ("caller", "full_name"),
    "child_name": ("child", "full_name"),
    "child_age": ("child", "age_years"),
    "child_sex": ("child", "sex"),
    "ethnic_group": ("child", "ethnic_group"),
    "urgency": ("case", "urgency"),
    "type": ("case", "abuse_types"),
}
"""Field of the paper → whose it is, and the column that holds it."""

SETS: Final = frozenset({"topics", "abuse_types"})


@dataclass(frozen=True, slots=True)
class Write:
    """One value that somebody wrote at one time."""

    value: Any
    centre: str
    at: int


@dataclass(slots=True)
class Dossier:
    """What one consulted file and its case must be at the end of the day.

    `heads` holds, by (owner, column), the values that nobody who saw them has replaced; `first_urgency` is the
    one first recorded; `notes` are all notes in order of time.
    """

    entry: Entry
    heads: dict[tuple[str, str], list[Write]] = field(default_factory=dict)
    first_urgency: str = ""
    notes: list[str] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)

    def present(self, owner: str, column: str) -> Any:
        """The value to be shown; None where nothing was entered."""
        heads = self.heads.get((owner, column), [])
        if not heads:
            return None
        if column == "urgency":
            return max(heads, key=lambda w: (CAUTION.get(str(w.value), 0), w.at)).value
        return max(heads, key=lambda w: w.at).value

    def siblings(self) -> dict[tuple[str, str], list[Any]]:
        """Values that must stand beside the present one, by (owner, column)."""
        found: dict[tuple[str, str], list[Any]] = {}
        for key, heads in self.heads.items():
            shown = self.present(*key)
            others = {repr(w.value): w.value for w in heads if w.value != shown}
            if others:
                found[key] = [others[name] for name in sorted(others)]
        return found


def dossiers(paper: Paper) -> list[Dossier]:
    """Every consulted file of the day with all that was done to it."""
    made: list[Dossier] = []
    by_call: dict[str, Dossier] = {}
    for entry in files_of(paper):
        dossier = _founded(entry)
        made.append(dossier)
        if entry.uniqueid:
            by_call[entry.uniqueid] = dossier
    for entry in paper.entries:
        target = by_call.get(entry.uniqueid)
        if target is None:
            continue
        if entry.kind == "note":
            target.notes.append(str(entry.data["text"]))
        elif entry.kind == "edit":
            for name, value in entry.data["set"].items():
                if name in FIELDS:
                    _edit(target.heads, FIELDS[name], Write(value, entry.centre, entry.at), paper.cut)
    return made


def _founded(entry: Entry) -> Dossier:
    dossier = Dossier(entry)
    case = entry.case or {}
    given = {**(entry.file or {}), **{k: case[k] for k in ("type", "urgency") if k in case}}
    for name, value in given.items():
        if name in FIELDS and value is not None and value != "":
            dossier.heads[FIELDS[name]] = [Write(value, entry.centre, entry.at)]
    dossier.first_urgency = str(case.get("urgency", ""))
    dossier.notes = [str(text) for text in case.get("notes", [])]
    dossier.attempts = [str(result) for result in (case.get("referral") or {}).get("attempts", [])]
    return dossier


def visible_from(write: Write, centre: str, cut: tuple[int, int]) -> int:
    """From when (UTC ms) a centre's desks can see a value: at once, or when the line is back."""
    across = CUT_CENTRE in (write.centre, centre) and write.centre != centre
    return cut[1] if across and cut[0] <= write.at < cut[1] else write.at


def _edit(
    heads: dict[tuple[str, str], list[Write]], key: tuple[str, str], new: Write, cut: tuple[int, int]
) -> None:
    known = heads.setdefault(key, [])
    seen = [w for w in known if visible_from(w, new.centre, cut) <= new.at]
    shown = _shown(seen, key[1])
    if shown is not None and shown.value == new.value:
        return
    replaced = [w for w in seen if shown is not None and w.value == shown.value]
    heads[key] = [w for w in known if w not in replaced] + [new]


def _shown(seen: Iterable[Write], column: str) -> Write | None:
    if column == "urgency":
        return max(seen, key=lambda w: (CAUTION.get(str(w.value), 0), w.at), default=None)
    return max(seen, key=lambda w: w.at, default=None)
