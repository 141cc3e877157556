"""Order-free sum of what a scope holds: two replicas with equal sums hold the same records and versions."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from sync.merge import State

MODULUS = 1 << 256

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Digest:
    """How many records, and Σ mod 2²⁵⁶ of their hashes. Adding and taking away one record is one step."""

    count: int
    total: int

    def plus(self, other: Digest) -> Digest:
        """Both together."""
        return Digest(self.count + other.count, (self.total + other.total) % MODULUS)

    def minus(self, other: Digest) -> Digest:
        """This without the other."""
        return Digest(self.count - other.count, (self.total - other.total) % MODULUS)

    def text(self) -> str:
        """`count:hex`, as sent on the wire and shown to an operator."""
        return f"{self.count}:{self.total:064x}"

    @staticmethod
    def parse(text: str) -> Digest:
        """The digest of a text. Raises ValueError."""
        count, _, total = text.partition(":")
        return Digest(int(count), int(total, 16))


NOTHING = Digest(0, 0)


def _sum(kind: str, record_id: str, scope: str, fields: list[Any]) -> Digest:
    fields.sort(key=_first)
    name = _encode((kind, record_id, scope))
    return Digest(1, int.from_bytes(sha256(name + sha256(_encode(fields)).digest()).digest(), "big"))


def _first(pair: Any) -> str:
    return str(pair[0])


def of_state(kind: str, record_id: str, scope: str, state: State) -> Digest:
    """The digest of one record: its id, and every head (version, rank, value) of every field, known or not."""
    fields = [
        (key, sorted(((v, h.rank, h.value) for v, h in held.heads.items()), key=_first))
        for key, held in state.items()
        if held.heads
    ]
    return _sum(kind, record_id, scope, fields)
