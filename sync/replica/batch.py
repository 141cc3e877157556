"""A batch of operations read once: what each decodes to, and the record that it makes where it is the only one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple, overload

import msgspec

from sync.operation import Body, Placed, Undecodable, decode_body
from sync.replica.fresh import Fresh

Plans = Mapping[str, Callable[[Body], Fresh | None]]


class Read(NamedTuple):
    """One operation: `body` is None where this program cannot read it, `fresh` where the long way is needed."""

    placed: Placed
    body: Body | None
    fresh: Fresh | None = None


_PLACED: Final[Callable[[Any], Placed]] = itemgetter(0)


class Batch(Sequence[Placed]):
    """Operations together with what was read of them; a slice of it is one too. Reading needs no store, so it is
    done on the thread that received them, while the store still writes the batch before."""

    __slots__ = ("reads",)

    def __init__(self, reads: Sequence[Read]) -> None:
        self.reads = reads

    def __iter__(self) -> Iterator[Placed]:
        return map(_PLACED, self.reads)

    def __len__(self) -> int:
        return len(self.reads)

    @overload
    def __getitem__(self, at: int) -> Placed: ...

    @overload
    def __getitem__(self, at: slice) -> Batch: ...

    def __getitem__(self, at: int | slice) -> Placed | Batch:
        return Batch(self.reads[at]) if isinstance(at, slice) else self.reads[at].placed


def read(placed: Sequence[Placed], plans: Plans) -> Batch:
    """The batch of these operations; what is one already stays as it is."""
    return placed if isinstance(placed, Batch) else Batch([_read(one, plans) for one in placed])


def _read(one: Placed, plans: Plans) -> Read:
    try:
        body = decode_body(one.body)
    except Undecodable:
        return Read(one, None)
    plan = plans.get(body.kind)
    return Read(one, body, plan(body) if plan is not None else None)


class _Stamped(msgspec.Struct, gc=False):
    t: str


_stamped = msgspec.json.Decoder(_Stamped)


def stamps_of(placed: Sequence[Placed]) -> list[str]:
    """The stamps of operations that can be read so far, for the owner's clock to follow."""
    if isinstance(placed, Batch):
        return [body.stamp for _, body, _ in placed.reads if body is not None]
    found: list[str] = []
    for one in placed:
        try:
            found.append(_stamped.decode(one.body).t)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
    return found
