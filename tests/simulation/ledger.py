"""The book of a world: every act a person was shown as saved, and what must have become of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sync.operation import Body, decode_body, encode_body


@dataclass
class Written:
    """One act. `sure`: its author was shown "saved", and no disk has gone since with the only copy of it."""

    device: str
    bodies: tuple[Body, ...]
    sure: bool = True
    blind: bool = False
    lines: tuple[bytes, ...] = field(default=())

    def __post_init__(self) -> None:
        self.lines = tuple(encode_body(body) for body in self.bodies)


WORDS: Final = "lời số "
"""So begins whatever people write of their own: a number follows that nothing else bears."""

Key = tuple[str, str, str]
"""Kind, record id, field (for an element of a set: `field/element`)."""


@dataclass
class Expected:
    """What one field must hold: every value that nobody superseded, by version."""

    heads: dict[str, tuple[Any, int]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


class Ledger:
    """Acts by stamp, in the order they were saved."""

    def __init__(self) -> None:
        self.acts: dict[str, Written] = {}
        self.reached: set[str] = set()
        """Stamps of acts that a centre had once, also where a restored one lacks them."""
        self.erased: set[tuple[str, str]] = set()
        """Kind and id of the records that the centre has erased for ever."""

    def add(self, device: str, bodies: Sequence[Body], *, sure: bool, blind: bool) -> None:
        """An act was committed, or perhaps (`sure` false: the machine died around the commit)."""
        self.acts[bodies[0].stamp] = Written(device, tuple(bodies), sure, blind)

    def of(self, lines: Iterable[bytes]) -> set[str]:
        """Stamps of the acts whose every operation is among these, but for what was erased."""
        known = set(lines)
        return {stamp for stamp, act in self.acts.items() if known.issuperset(self.lasting(act))}

    def lasting(self, act: Written) -> tuple[bytes, ...]:
        """The act's lines that were not erased."""
        if not self.erased:
            return act.lines
        pairs = zip(act.bodies, act.lines, strict=True)
        return tuple(line for body, line in pairs if (body.kind, body.id) not in self.erased)

    def erased_words(self) -> set[str]:
        """Every word of a person's own that stood in a record that was erased."""
        bodies = [b for act in self.acts.values() for b in act.bodies if (b.kind, b.id) in self.erased]
        values = [value for body in bodies for value in body.values.values()]
        keys = {body.values["key"] for body in bodies if body.values.get("key")}
        return {value for value in values if isinstance(value, str) and value.startswith(WORDS)} | keys

    def expected(self, stamps: Iterable[str]) -> dict[Key, Expected]:
        """What these acts make of every field: settled 4 told once more, without the code that it checks."""
        found: dict[Key, Expected] = {}
        for stamp in stamps:
            for body in self.acts[stamp].bodies:
                if (body.kind, body.id) not in self.erased:
                    _write(found, body)
        for one in found.values():
            for version in one.gone:
                one.heads.pop(version, None)
        return {key: one for key, one in found.items() if one.heads}


def _write(found: dict[Key, Expected], body: Body) -> None:
    def at(name: str) -> Expected:
        return found.setdefault((body.kind, body.id, name), Expected())

    for name, value in body.values.items():
        at(name).heads[body.stamp] = (value, body.ranks.get(name, 0))
    for name, versions in body.bases.items():
        at(name).gone.update(versions)
    for name, elements in body.adds.items():
        for element in elements:
            at(f"{name}/{element}").heads[body.stamp] = (True, 0)
    for name, dropped in body.drops.items():
        for element, versions in dropped.items():
            at(f"{name}/{element}").gone.update(versions)


def stamp_of(line: bytes) -> str:
    """The stamp in an author's bytes."""
    return decode_body(line).stamp
