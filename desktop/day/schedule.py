"""In which order the desks live a day: stages within which they work side by side, and what stands between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from desktop.day.paper import CENTRES, CUT_CENTRE, Entry, Paper

BEFORE: Final = "before"
CUT: Final = "cut"
AFTER: Final = "after"


@dataclass(slots=True)
class Stage:
    """Entries by centre that may be fed at the same time; `phase` says whether the line is cut."""

    phase: str
    by_centre: dict[str, list[Entry]] = field(default_factory=lambda: {c: [] for c in CENTRES.values()})


def stages(paper: Paper) -> list[Stage]:
    """The day in order. An edit or note that follows another centre's writing into the same dossier begins a
    new stage, so that its author has seen what was written (unless the line is cut between the two)."""
    found: list[Stage] = [Stage(BEFORE)]
    written: dict[str, set[str]] = {}
    begin, end = paper.cut
    for entry in paper.entries:
        phase = BEFORE if entry.at < begin else CUT if entry.at < end else AFTER
        others = written.get(entry.uniqueid, set()) - {entry.centre}
        if phase == CUT:
            others = others - {CUT_CENTRE} if entry.centre != CUT_CENTRE else set()
        if phase != found[-1].phase or (others and entry.kind != "call"):
            found += [Stage(p) for p in _between(found[-1].phase, phase)]
            written = {}
        found[-1].by_centre[entry.centre].append(entry)
        if entry.uniqueid:
            written.setdefault(entry.uniqueid, set()).add(entry.centre)
    found += [Stage(p) for p in _between(found[-1].phase, AFTER) if found[-1].phase != AFTER]
    return found


def _between(last: str, phase: str) -> list[str]:
    """The phases to open so that none is left out: a day without work in the cut is cut all the same."""
    order = [BEFORE, CUT, AFTER]
    if last == phase:
        return [phase]
    return order[order.index(last) + 1 : order.index(phase) + 1]


DYING_HUB: Final = "da_nang"
"""Whose hub is killed, where there are hubs: that of the centre whose line stays, so that its desk has somewhere to
go. That of the cut centre must live, or nothing there would be shared in the cut."""


def hub_dies_after(paper: Paper) -> int | None:
    """The entry after whose save the hub is killed: one in the middle of the longest stage of its desk's work, in the
    cut if there is one, so that work follows while it is dead. None where nothing would follow."""
    found = [stage for stage in stages(paper) if len(stage.by_centre[DYING_HUB]) > 1]
    chosen = [stage for stage in found if stage.phase == CUT] or found
    if not chosen:
        return None
    mine = max((stage.by_centre[DYING_HUB] for stage in chosen), key=len)
    return mine[(len(mine) - 1) // 2].index


def killed_at(paper: Paper) -> int | None:
    """The entry in the middle of whose save the cut desk is killed: a plain outcome, in the cut if there is one."""
    plain = [e for e in paper.entries if e.centre == CUT_CENTRE and e.kind == "call" and e.file is None]
    begin, end = paper.cut
    inside = [e for e in plain if begin <= e.at < end]
    chosen = inside or plain
    return chosen[len(chosen) // 2].index if chosen else None
