"""Key slots: the store's random key, wrapped for each person by their passphrase (Argon2id, AES-256-GCM)."""

from __future__ import annotations

import os
import secrets
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop.store.troubles import Damaged, NewerStore, WrongPassphrase
from sync.disk import flush_folder

KEY_BYTES: Final = 32
FORMAT: Final = 1
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_SHORTEST_S: Final = 0.25
_MOST_KIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: Argon2id memory (KiB), passes, lanes. The default is the floor of toolchain.md §5."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 2


class _Slot(msgspec.Struct, frozen=True):
    staff: str
    memory_kib: int
    passes: int
    lanes: int
    salt: bytes
    nonce: bytes
    wrapped: bytes


class _File(msgspec.Struct, frozen=True):
    format: int
    slots: list[_Slot]


class KeySlots:
    """The slots file of one desk. `floor` is the least cost; calibrating raises memory until a try takes a
    quarter of a second or more (so about 250-500 ms on the machine where the slot is made)."""

    def __init__(
        self,
        path: Path,
        floor: Cost | None = None,
        *,
        calibrate: bool = True,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._path = path
        self._floor = floor or Cost()
        self._calibrate = calibrate
        self._timer = timer

    def exists(self) -> bool:
        """Whether any person has a slot."""
        return self._path.exists()

    def names(self) -> tuple[str, ...]:
        """Staff ids that have a slot."""
        return tuple(slot.staff for slot in self._read().slots) if self.exists() else ()

    def create(self, staff: str, passphrase: str) -> bytes:
        """A new random store key, wrapped for its first person. Raises FileExistsError when slots are there."""
        if self.exists():
            raise FileExistsError("this desk has key slots already")
        key = secrets.token_bytes(KEY_BYTES)
        self._write([self._wrap(staff, passphrase, key)])
        return key

    def add(self, staff: str, passphrase: str, key: bytes) -> None:
        """Wrap the known store key for one more person, or anew for one who chose another passphrase."""
        kept = [slot for slot in self._read().slots if slot.staff != staff]
        self._write([*kept, self._wrap(staff, passphrase, key)])

    def open(self, staff: str, passphrase: str) -> bytes:
        """The store key. Raises WrongPassphrase (also for an unknown person: the answer does not say which),
        NewerStore, Damaged."""
        slots = {slot.staff: slot for slot in self._read().slots} if self.exists() else {}
        slot = slots.get(staff)
        if slot is None:
            # As slow as a wrong passphrase, so that the time does not tell who has a slot here.
            _derive(passphrase, os.urandom(_SALT_BYTES), self._floor)
            raise WrongPassphrase
        cost = Cost(slot.memory_kib, slot.passes, slot.lanes)
        try:
            return AESGCM(_derive(passphrase, slot.salt, cost)).decrypt(
                slot.nonce, slot.wrapped, _bound_to(staff, cost)
            )
        except InvalidTag:
            raise WrongPassphrase from None

    def _wrap(self, staff: str, passphrase: str, key: bytes) -> _Slot:
        salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
        cost, wrapping = self._priced(passphrase, salt)
        wrapped = AESGCM(wrapping).encrypt(nonce, key, _bound_to(staff, cost))
        return _Slot(staff, cost.memory_kib, cost.passes, cost.lanes, salt, nonce, wrapped)

    def _priced(self, passphrase: str, salt: bytes) -> tuple[Cost, bytes]:
        cost = self._floor
        while True:
            begun = self._timer()
            derived = _derive(passphrase, salt, cost)
            if not self._calibrate or self._timer() - begun >= _SHORTEST_S or cost.memory_kib * 2 > _MOST_KIB:
                return cost, derived
            cost = Cost(cost.memory_kib * 2, cost.passes, cost.lanes)

    def _read(self) -> _File:
        try:
            held = msgspec.json.decode(self._path.read_bytes(), type=_File)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Damaged from None
        if held.format > FORMAT:
            raise NewerStore
        return held

    def _write(self, slots: list[_Slot]) -> None:
        """Whole or not at all: a new file, flushed to the disk, takes the old one's place."""
        aside = self._path.with_suffix(".new")
        handle = os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(_File(FORMAT, slots)))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._path)
        flush_folder(self._path.parent)


def _derive(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    return hash_secret_raw(
        unicodedata.normalize("NFC", passphrase).encode(),
        salt,
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def _bound_to(staff: str, cost: Cost) -> bytes:
    """What the wrapping is bound to: person and cost cannot be exchanged in the file."""
    return msgspec.json.encode((FORMAT, staff, cost.memory_kib, cost.passes, cost.lanes))
