"""The book of a world: every act a person was shown as saved, and what must have become of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

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

    def add(self, device: str, bodies: Sequence[Body], *, sure: bool, blind: bool) -> None:
        """An act was committed, or perhaps (`sure` false: the machine died around the commit)."""
        self.acts[bodies[0].stamp] = Written(device, tuple(bodies), sure, blind)

    def of(self, lines: Iterable[bytes]) -> set[str]:
        """Stamps of the acts whose every operation is among these."""
        known = set(lines)
        return {stamp for stamp, act in self.acts.items() if known.issuperset(act.lines)}

    def expected(self, stamps: Iterable[str]) -> dict[Key, Expected]:
        """What these acts make of every field: settled 4 told once more, without the code that it checks."""
        found: dict[Key, Expected] = {}
        for stamp in stamps:
            for body in self.acts[stamp].bodies:
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
