"""Apply an operation to a record's state: pure, and the same answer in any order and any number of times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from domain.records.fields import Merge
from sync.operation import Body


class Head(NamedTuple):
    """A value that nobody is known to have superseded, with its caution or authority rank."""

    value: Any
    rank: int = 0


class FieldState:
    """All heads of one field (or of one element of a set) and every version known to be superseded.

    A version named as a base is gone for good, also when it arrives later (settled 4): the state is a set of
    heads and a set of superseded versions, and merging is their union minus the superseded.
    """

    __slots__ = ("gone", "heads")

    def __init__(self, heads: dict[str, Head] | None = None, gone: set[str] | None = None) -> None:
        self.heads: dict[str, Head] = {} if heads is None else heads
        self.gone: set[str] = set() if gone is None else gone

    def supersede(self, versions: list[str]) -> None:
        """These versions were seen by a later author."""
        for version in versions:
            self.gone.add(version)
            self.heads.pop(version, None)

    def put(self, version: str, head: Head) -> None:
        """This version says so, unless a later author is already known to have seen it."""
        if version not in self.gone:
            self.heads[version] = head


State = dict[str, FieldState]
"""Field name, or `field/element` for an element of a set, to what is known of it."""


def element_key(field: str, element: str) -> str:
    """The state key of one element of a set field."""
    return f"{field}/{element}"


def apply(state: State, body: Body) -> None:
    """Fold one operation into a state, in place. Needs no registry: unknown fields fold the same way, so two
    program versions hold equal states."""
    stamp = body.stamp
    for field, versions in body.bases.items():
        state.setdefault(field, FieldState()).supersede(versions)
    for field, value in body.values.items():
        state.setdefault(field, FieldState()).put(stamp, Head(value, body.ranks.get(field, 0)))
    for field, dropped in body.drops.items():
        for element, versions in dropped.items():
            state.setdefault(element_key(field, element), FieldState()).supersede(versions)
    for field, elements in body.adds.items():
        for element in elements:
            state.setdefault(element_key(field, element), FieldState()).put(stamp, Head(True))


def is_kept(before: State, after: State) -> bool:
    """Whether a record still says all that it said: every value stands or was superseded since, and nothing that was
    superseded stands again."""
    for name, held in before.items():
        now = after.get(name, FieldState())
        if not (held.gone <= now.gone and held.heads.keys() <= now.heads.keys() | now.gone):
            return False
    return True


def _order(merge: Merge, version: str, head: Head) -> tuple[int, str]:
    if merge in (Merge.SAFETY, Merge.RESPONSIBILITY, Merge.APPEND):
        return (head.rank, version)
    return (min(head.rank, 0), version)


def present(merge: Merge, heads: Mapping[str, Head]) -> tuple[str, Head] | None:
    """The (version, head) shown: the maximum in the order of the field's class (settled 4, 5)."""
    if not heads:
        return None
    return max(heads.items(), key=lambda item: _order(merge, item[0], item[1]))


def siblings(merge: Merge, heads: Mapping[str, Head]) -> list[tuple[str, Head]]:
    """The other values that stand beside the present one until a person decides, oldest first.

    Equal values make no sibling, what is written once never does, and a placeholder (rank below 0) makes none
    beside a person's value.
    """
    if len(heads) < 2 or merge is Merge.APPEND:
        return []
    shown = present(merge, heads)
    assert shown is not None
    found: list[tuple[str, Head]] = []
    values: list[Any] = [shown[1].value]
    for version, head in sorted(heads.items(), reverse=True):
        if head.rank < 0 <= shown[1].rank or head.value in values:
            continue
        values.append(head.value)
        found.append((version, head))
    found.reverse()
    return found


def seen_versions(merge: Merge, heads: Mapping[str, Head]) -> list[str]:
    """The versions an edit made now supersedes: all heads that say what is shown, and placeholders below it.

    A sibling with another value is not among them: it stays until a person resolves it.
    """
    shown = present(merge, heads)
    if shown is None:
        return []
    return sorted(v for v, h in heads.items() if h.value == shown[1].value or h.rank < 0)
