"""The key file of a desk: who may open it, each wrap beside its cost; written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from desktop.store.troubles import Damaged, NewerStore
from desktop.store.wraps import Cost, mark, same
from sync.decoding import known
from sync.disk import replace_whole

FORMAT: Final = 2

MOST_KIB: Final = 1 << 20
"""Most memory (KiB) that one guess takes: a file that asks for more would stop the machine before anybody knows
whether it is ours."""
_MOST_PASSES, _MOST_LANES = 64, 16
_SALT: Final = range(8, 65)


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """One person of this desk. `wrapped` is their private key (passphrase and device secret), `store` the store's
    key sealed to `public`. `once`: the passphrase is a one-time code of somebody else, good until `until_ms` (UTC).
    `lost`: the device's secret they were wrapped with is gone; they need a new one-time code."""

    staff: str
    public: bytes
    memory_kib: int
    passes: int
    lanes: int
    salt: bytes
    wrapped: bytes
    store: bytes
    initials: str = ""
    once: bool = False
    until_ms: int = 0
    lost: bool = False

    @property
    def cost(self) -> Cost:
        """What one guess at this person's passphrase costs."""
        return Cost(self.memory_kib, self.passes, self.lanes)


class OldSlot(msgspec.Struct, frozen=True):
    """A person's slot of format 1: the store's key under the passphrase alone. It goes at their next sign-in."""

    staff: str
    memory_kib: int
    passes: int
    lanes: int
    salt: bytes
    nonce: bytes
    wrapped: bytes


class Pair(msgspec.Struct, frozen=True):
    """The recovery key nested to two custodians, by their places in the list."""

    first: int
    second: int
    sealed: bytes


class Recovery(msgspec.Struct, frozen=True, omit_defaults=True):
    """The way back in when nobody can sign in: `store` is the store's key sealed to `public`, whose private half is
    nested to every pair of custodians. Until there are custodians (or while somebody has drafts to get back) the
    private half is `held` under the store's key."""

    public: bytes
    store: bytes
    held: bytes = b""
    custodians: list[bytes] = []
    pairs: list[Pair] = []


class KeyFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything of it. `reference` names the device's secret in the back end `keeper`; `epoch` counts store keys;
    `rotate`: somebody was removed, the store's key is to be changed before the store is opened next. `mark` proves
    that whoever wrote the rest knew the store's key."""

    format: int = 1
    reference: str = ""
    keeper: str = ""
    epoch: int = 1
    people: list[Person] = []
    inbox_public: bytes = b""
    inbox: bytes = b""
    recovery: Recovery | None = None
    rotate: bool = False
    slots: list[OldSlot] = []
    mark: bytes = b""

    def person(self, staff: str) -> Person | None:
        """The person with this staff id, or None."""
        return next((one for one in self.people if one.staff == staff), None)

    def old(self, staff: str) -> OldSlot | None:
        """Their slot of format 1, or None."""
        return next((one for one in self.slots if one.staff == staff), None)

    def with_person(self, person: Person) -> KeyFile:
        """The same with this person in the place of the one of that name."""
        people = [person if one.staff == person.staff else one for one in self.people]
        if all(one.staff != person.staff for one in self.people):
            people.append(person)
        slots = [one for one in self.slots if one.staff != person.staff]
        return msgspec.structs.replace(self, people=people, slots=slots)


def _said(file: KeyFile) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(file, mark=b""))


def marked(file: KeyFile, store_key: bytes) -> KeyFile:
    """The file as one who knows the store's key has written it."""
    return msgspec.structs.replace(file, mark=mark(store_key, "key file", _said(file)))


def is_marked(file: KeyFile, store_key: bytes) -> bool:
    """Whether one who knew this store key wrote the file as it stands."""
    return same(file.mark, mark(store_key, "key file", _said(file)))


def _can_be_tried(one: Person | OldSlot) -> bool:
    bounded = 1 <= one.passes <= _MOST_PASSES and 1 <= one.lanes <= _MOST_LANES and len(one.salt) in _SALT
    return bounded and 8 * one.lanes <= one.memory_kib <= MOST_KIB


def read_file(path: Path) -> KeyFile:
    """The key file, of format 2 or 1. Raises NewerStore, Damaged (also where there is none)."""
    try:
        held = msgspec.json.decode(path.read_bytes(), type=known(KeyFile))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, FileNotFoundError):
        raise Damaged from None
    if held.format > FORMAT:
        raise NewerStore
    wraps: list[Person | OldSlot] = [*held.people, *held.slots]
    if not all(map(_can_be_tried, wraps)):
        raise Damaged
    return held


def write_file(path: Path, file: KeyFile) -> None:
    """Whole or not at all: a new file, flushed to the disk, takes the old one's place. Raises OSError."""
    replace_whole(path, msgspec.json.encode(file))
