"""What a form was opened on, kept beside its draft: an edit is based on what its author saw, also hours later and
after a restart (settled 4, 24). What somebody else wrote meanwhile stands beside it and is never written over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from domain.records.fields import Merge
from domain.records.kinds import KINDS
from sync.merge import FieldState, Head, seen_versions
from sync.replica.read import Stored

Seen = Mapping[str, Mapping[str, Iterable[str]]]
"""Record id → field (or element of a set) → the versions that an edit made then would have superseded."""

_WRITTEN: Final = frozenset({"case", "contact", "person", "party", "answer"})
"""Kinds of records that a form over a file changes; notes, steps and clocks are only ever added."""


class _Unknown:
    """The value of a version that was replaced meanwhile: no longer known, and equal to none."""


_NO_LONGER_KNOWN: Final = _Unknown()


def seen_in(opened: Mapping[str, Stored]) -> dict[str, dict[str, list[str]]]:
    """What a form opened now on these records sees of them; plain enough for a draft."""
    found: dict[str, dict[str, list[str]]] = {}
    for stored in opened.values():
        if stored.kind in _WRITTEN:
            versions = ((field, _versions(stored.kind, field, held)) for field, held in stored.state.items())
            found[stored.id] = {field: some for field, some in versions if some}
    return found


def as_seen(now: Mapping[str, Stored], seen: Seen) -> dict[str, Stored]:
    """The records of now with the states that were seen: what came since is not among them, and a version that was
    replaced since still counts as the one that an edit is based on. A record that was not there then has no state."""
    found = dict(now)
    for stored in now.values():
        if stored.kind in _WRITTEN:
            known = seen.get(stored.id, {})
            state = {field: _as_seen(stored.state.get(field), versions) for field, versions in known.items()}
            found[stored.id] = replace(stored, state=state)
    return found


def _versions(kind: str, field: str, held: FieldState) -> list[str]:
    spec = KINDS[kind].fields.get(field)
    if spec is None or spec.merge is Merge.SET:  # an element of a set, or a field of a newer program
        return sorted(held.heads)
    return seen_versions(spec.merge, held.heads)


def _as_seen(held: FieldState | None, versions: Iterable[str]) -> FieldState:
    heads = held.heads if held is not None else {}
    stands = {one: heads[one] for one in versions if one in heads}
    return FieldState(stands or {one: Head(_NO_LONGER_KNOWN) for one in versions})
