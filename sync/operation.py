"""One immutable operation: the author's signed bytes, and the place it has in a device's chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

CREATE: Final = "create"
PATCH: Final = "patch"
APPEND: Final = "append"
RETRACT: Final = "retract"
RESOLVE: Final = "resolve"
LINK: Final = "link"
GRANT: Final = "grant"
WITHDRAW: Final = "withdraw"
ERASE: Final = "erase"

HASH_BYTES: Final = 32

CLOSED: Final = b"closed:"
"""How a body begins that is sealed to the centre (`sync.closing`); an author's bytes begin with a brace."""

FOUNDING: Final = frozenset({CREATE, APPEND, LINK, GRANT, WITHDRAW})
"""Actions that may be the first that is known of a record (a scope seen without a grant is withdrawn by a record
that was never given)."""

CHANGING: Final = frozenset({PATCH, RETRACT, RESOLVE})
"""Actions that wait, held, until their record is known."""


class Body(
    msgspec.Struct,
    frozen=True,
    gc=False,
    omit_defaults=True,
    rename={
        "kind": "k",
        "id": "i",
        "scope": "c",
        "data_class": "d",
        "action": "a",
        "staff": "b",
        "schema": "s",
        "stamp": "t",
        "values": "v",
        "bases": "p",
        "adds": "+",
        "drops": "-",
        "ranks": "r",
        "why": "w",
    },
):
    """What the author wrote. Its bytes are carried and stored unchanged on every path.

    It touches one record, one scope and one data class, so that sync ships or withholds it whole.

    values: field → present value (JSON). bases: field → versions (stamps) the author saw and supersedes.
    adds / drops: for set fields, elements put in, and elements taken out with the versions seen of each.
    ranks: field → caution (safety), authority (responsibility), or -1 for a placeholder that loses to any
    person's value without a sibling. They travel here because the fold reads no dated data (settled 5).
    """

    kind: str
    id: str
    scope: str
    data_class: str
    action: str
    staff: str
    schema: int
    stamp: str
    values: Mapping[str, Any] = {}
    bases: Mapping[str, list[str]] = {}
    adds: Mapping[str, list[str]] = {}
    drops: Mapping[str, Mapping[str, list[str]]] = {}
    ranks: Mapping[str, int] = {}
    why: str = ""


class Placed(msgspec.Struct, frozen=True, gc=False):
    """An operation in its place: outside the author's bytes stand device, incarnation, n and group.

    n counts 1, 2, 3 … per (device, incarnation) without a gap. `group` is the n of the last operation of the
    same act, so a group is whole when an operation with n == group has arrived. `seq` is the number the
    serving node gave it (0 where none has).
    """

    device: str
    incarnation: int
    n: int
    group: int
    salt: bytes
    body: bytes
    seq: int = 0

    @property
    def erased(self) -> bool:
        """Whether only the hash is left: then `salt` holds H(salt ‖ body) of what was erased (32 bytes)."""
        return not self.body and len(self.salt) == HASH_BYTES

    @property
    def closed(self) -> bool:
        """Whether the body is sealed to the centre (`sync.closing`): `salt` then holds H(salt ‖ body) as above."""
        return self.body.startswith(CLOSED) and len(self.salt) == HASH_BYTES


_encode = msgspec.json.Encoder()
_decode = msgspec.json.Decoder(Body)


class Undecodable(ValueError):
    """The bytes are no operation this program can read; they are kept and held, never dropped."""


def encode_body(body: Body) -> bytes:
    """The author's bytes: JSON, one line (JSON has no raw line feed)."""
    return _encode.encode(body)


def decode_body(data: bytes) -> Body:
    """The operation in the author's bytes. Raises Undecodable; unknown members are ignored (and kept in the
    bytes)."""
    try:
        body = _decode.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise Undecodable("not an operation") from fault
    if len(body.stamp) != 29 or not body.id or not body.kind or not body.scope:
        raise Undecodable("an operation needs kind, id, scope and stamp")
    if "\x00" in body.id + body.kind + body.scope:
        raise Undecodable("no name on the road holds a zero character")
    return body


def in_chunks(placed: Sequence[Placed], size: int) -> list[tuple[Sequence[Placed], bool]]:
    """Chunks of about this size that split no group; the last one is marked, and there is always one."""
    found: list[Sequence[Placed]] = []
    start = 0
    for index, one in enumerate(placed):
        after = placed[index + 1] if index + 1 < len(placed) else None
        if after is None:
            found.append(placed[start:])
        elif index + 1 - start >= size and (
            (after.device, after.incarnation, after.group) != (one.device, one.incarnation, one.group)
        ):
            found.append(placed[start : index + 1])
            start = index + 1
    if not found:
        found.append(())
    return [(chunk, index == len(found) - 1) for index, chunk in enumerate(found)]
