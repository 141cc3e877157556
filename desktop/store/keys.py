"""The desk's key file at work: the store's random key sealed to each person, whose own key needs the passphrase
and the device's secret."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop.store import device_secret, wraps
from desktop.store.device_secret import DeviceSecrets
from desktop.store.key_file import (
    FORMAT,
    MOST_KIB,
    KeyFile,
    OldSlot,
    Person,
    Recovery,
    is_marked,
    marked,
    read_file,
    write_file,
)
from desktop.store.troubles import CodeExpired, Damaged, LastPerson, NeedsCode, WrongPassphrase
from desktop.store.wraps import KEY_BYTES, Cost, DoesNotOpen
from sync.disk import flush, flush_folder

__all__ = ["FORMAT", "KEY_BYTES", "Cost", "KeySlots", "Opened", "Tile"]

_SHORTEST_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Tile:
    """A person of this desk as the sign-in window shows them. `once`: they come with a one-time code first."""

    staff: str
    initials: str = ""
    once: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """What a right passphrase gave: the store's key and the person's own. `previous` is the store's key before a
    rotation that was cut off. `once`: they came with a one-time code and choose a passphrase of their own now."""

    staff: str
    key: bytes
    person: X25519PrivateKey
    previous: bytes | None = None
    once: bool = False

    def __repr__(self) -> str:  # a key must not stand in a message
        return f"Opened(staff={self.staff!r})"


class KeySlots:
    """The key file of one desk. `floor` is the least cost; calibrating raises memory until a try takes a quarter of
    a second or more (so about 250-500 ms on the machine where the wrap is made). `folder`: the desk's own, where the
    file lies beside a backup; `keeper`: where a desk made now keeps its secret (`device_secret.OS`, `FILE`)."""

    def __init__(
        self,
        path: Path,
        floor: Cost | None = None,
        *,
        calibrate: bool = True,
        timer: Callable[[], float] = time.perf_counter,
        folder: Path | None = None,
        keeper: str = "",
    ) -> None:
        self._path = path
        self._floor = floor or Cost()
        self._calibrate = calibrate
        self._timer = timer
        self._folder = folder or path.parent
        self._keeper = keeper
        self._secret: tuple[str, bytes] | None = None

    # ---------------------------------------------------------------- who is here

    def exists(self) -> bool:
        """Whether any person can sign in here."""
        return self._path.exists()

    def names(self) -> tuple[str, ...]:
        """Staff ids of this desk's people."""
        return tuple(tile.staff for tile in self.people())

    def people(self) -> tuple[Tile, ...]:
        """The desk's people in the order they came. Raises NewerStore, Damaged."""
        if not self.exists():
            return ()
        file = read_file(self._path)
        old = [Tile(slot.staff) for slot in file.slots]
        return (*(Tile(one.staff, one.initials, one.once) for one in file.people), *old)

    def inbox_public(self) -> bytes:
        """What a ring is sealed to while nobody is signed in; empty before the file has its second format."""
        return read_file(self._path).inbox_public if self.exists() else b""

    @property
    def keeper(self) -> str:
        """Where the device's secret lies (`device_secret.OS`, `FILE`); empty before it has one."""
        return read_file(self._path).keeper if self.exists() else ""

    def secret(self) -> bytes | None:
        """The device's secret, or None before it has one. Raises KeyringRefused, KeyringShut, DeviceSecretLost."""
        file = read_file(self._path) if self.exists() else KeyFile()
        return self._secret_of(file) if file.reference else None

    def _secret_of(self, file: KeyFile) -> bytes:
        if self._secret is None or self._secret[0] != file.reference:
            found = device_secret.secrets_of(file.keeper, self._folder).get(file.reference)
            self._secret = file.reference, found
        return self._secret[1]

    # ---------------------------------------------------------------- opening

    def create(self, staff: str, passphrase: str, initials: str = "") -> bytes:
        """A new random store key and its first person. Raises FileExistsError, KeyringRefused, KeyringShut."""
        if self.exists():
            raise FileExistsError("this desk has a key file already")
        key = secrets.token_bytes(KEY_BYTES)
        self._first(KeyFile(), staff, passphrase, key, initials)
        return key

    def open(self, staff: str, passphrase: str, now_ms: int = 0) -> bytes:
        """The store's key alone; see `enter`."""
        return self.enter(staff, passphrase, now_ms).key

    def enter(self, staff: str, passphrase: str, now_ms: int = 0) -> Opened:
        """What this passphrase opens. `now_ms` (UTC) ends a one-time code. A slot of format 1 becomes a person.

        Raises WrongPassphrase (also for an unknown person: the answer does not say which), CodeExpired, NeedsCode,
        KeyringRefused, KeyringShut, DeviceSecretLost, NewerStore, Damaged.
        """
        file = read_file(self._path) if self.exists() else KeyFile()
        person, old = file.person(staff), file.old(staff)
        if person is None and old is not None:
            return self._migrated(file, old, passphrase)
        if person is None:
            # As slow as a wrong passphrase, so that the time does not tell who is at home here.
            wraps.stretch(passphrase, os.urandom(wraps.SALT_BYTES), self._floor)
            raise WrongPassphrase
        return self._entered(file, person, passphrase, now_ms)

    def _entered(self, file: KeyFile, person: Person, passphrase: str, now_ms: int) -> Opened:
        if person.lost:
            raise NeedsCode
        secret = self._secret_of(file)
        stretched = wraps.stretch(passphrase, person.salt, person.cost)
        try:
            head = _person_head(file, person)
            raw = wraps.opened(wraps.both(stretched, secret, head), person.wrapped, head)
            private = X25519PrivateKey.from_private_bytes(raw)
        except (DoesNotOpen, ValueError):
            raise WrongPassphrase from None
        if person.once and now_ms > person.until_ms:
            raise CodeExpired
        try:
            keys = wraps.unseal(private, person.store, _store_head(file, person.staff))
        except DoesNotOpen:
            raise Damaged from None
        if not is_marked(file, keys[:KEY_BYTES]):
            raise Damaged  # somebody without the store's key changed who may come in
        return Opened(person.staff, keys[:KEY_BYTES], private, keys[KEY_BYTES:] or None, person.once)

    # ---------------------------------------------------------------- people

    def invite(self, key: bytes, staff: str, code: str, until_ms: int, initials: str = "") -> None:
        """Let somebody in with a one-time code (until UTC ms), anew where they were here: who is signed in vouches
        for them. Their own key is a new one. Raises Damaged, the keyring's troubles."""
        file = self.known(key)
        before = file.person(staff)
        named = initials or (before.initials if before else "")
        person = self.wrapped(file, staff, code, X25519PrivateKey.generate(), key, named)
        self.write(file.with_person(msgspec.structs.replace(person, once=True, until_ms=until_ms)), key)

    def change(self, opened: Opened, passphrase: str) -> None:
        """Another passphrase for whoever is signed in; their own key stays, so all that is sealed to it opens."""
        file = self.known(opened.key)
        before = file.person(opened.staff)
        named = before.initials if before else ""
        person = self.wrapped(file, opened.staff, passphrase, opened.person, opened.key, named)
        self.write(file.with_person(person), opened.key)

    def add(self, staff: str, passphrase: str, key: bytes, initials: str = "") -> None:
        """One more person with a passphrase of their own choice, typed at this desk while somebody is signed in."""
        file = self.known(key)
        person = self.wrapped(file, staff, passphrase, X25519PrivateKey.generate(), key, initials)
        self.write(file.with_person(person), key)

    def remove(self, key: bytes, staff: str) -> None:
        """Let a person in no more. The store's key is changed before the store is opened next. Raises LastPerson
        where nobody else could come in."""
        left = _without(self.known(key), staff)
        if not _lets_in(left):
            raise LastPerson
        self.write(msgspec.structs.replace(left, rotate=True), key)

    def is_last(self, key: bytes, staff: str) -> bool:
        """Whether nobody else could come in without this person: `remove` would refuse. Raises Damaged."""
        return not _lets_in(_without(self.known(key), staff))

    # ---------------------------------------------------------------- rotation

    def must_rotate(self) -> bool:
        """Whether the store's key is to be changed before the store is opened. Not while somebody still has a slot
        of format 1, which cannot be sealed to without them."""
        file = read_file(self._path)
        return file.rotate and not file.slots

    def begin_rotation(self, key: bytes) -> bytes:
        """A new store key, sealed with the old one to everybody: whatever happens now, both are found again."""
        file = self.known(key)
        new = secrets.token_bytes(KEY_BYTES)
        self.write(_with_store_key(file, key, new, new + key, file.epoch + 1), new)
        return new

    def end_rotation(self, new: bytes) -> None:
        """The store opens with the new key only: the old one is forgotten."""
        file = self.known(new)
        file = _with_store_key(file, new, new, new, file.epoch)
        self.write(msgspec.structs.replace(file, rotate=False), new)

    # ---------------------------------------------------------------- inside

    def inbox_key(self, key: bytes) -> X25519PrivateKey:
        """What opens the rings that came while nobody was signed in. Raises Damaged."""
        file = self.known(key)
        try:
            raw = wraps.opened(wraps.under(key, "inbox"), file.inbox, b"inbox")
        except DoesNotOpen:
            raise Damaged from None
        return X25519PrivateKey.from_private_bytes(raw)

    def known(self, key: bytes) -> KeyFile:
        """The file as one who knows the store's key wrote it. Raises Damaged."""
        file = read_file(self._path)
        if not is_marked(file, key):
            raise Damaged
        return file

    def write(self, file: KeyFile, key: bytes) -> None:
        """Write the file, marked. Raises OSError."""
        write_file(self._path, marked(file, key))

    def _first(self, before: KeyFile, staff: str, passphrase: str, key: bytes, initials: str = "") -> KeyFile:
        keeper: DeviceSecrets = device_secret.chosen(self._folder, self._keeper)
        reference, secret = secrets.token_hex(8), device_secret.new_secret()
        keeper.put(reference, secret)
        inbox, recovery = X25519PrivateKey.generate(), X25519PrivateKey.generate()
        file = KeyFile(
            FORMAT,
            reference,
            keeper.kind,
            inbox_public=inbox.public_key().public_bytes_raw(),
            inbox=wraps.close(wraps.under(key, "inbox"), inbox.private_bytes_raw(), b"inbox"),
            slots=before.slots,
        )
        public = recovery.public_key().public_bytes_raw()
        file = msgspec.structs.replace(
            file,
            recovery=Recovery(
                public,
                wraps.seal(public, key, recovery_head(file)),
                wraps.close(wraps.under(key, "recovery"), recovery.private_bytes_raw(), b"recovery"),
            ),
        )
        person = self.wrapped(file, staff, passphrase, X25519PrivateKey.generate(), key, initials)
        file = file.with_person(person)
        self.write(file, key)
        return file

    def _migrated(self, file: KeyFile, slot: OldSlot, passphrase: str) -> Opened:
        """From the passphrase alone to both: the old file lies beside until the new one was seen to open."""
        cost = Cost(slot.memory_kib, slot.passes, slot.lanes)
        bound = msgspec.json.encode((1, slot.staff, cost.memory_kib, cost.passes, cost.lanes))
        try:
            key = AESGCM(wraps.stretch(passphrase, slot.salt, cost)).decrypt(slot.nonce, slot.wrapped, bound)
        except (InvalidTag, ValueError):
            raise WrongPassphrase from None
        aside = self._path.with_suffix(".v1.json")
        shutil.copyfile(self._path, aside)
        aside.chmod(0o600)
        flush(aside)
        if file.format < FORMAT or not file.reference:
            self._first(file, slot.staff, passphrase, key)
        else:
            self.add(slot.staff, passphrase, key)
        now = read_file(self._path)
        person = now.person(slot.staff)
        if person is None:
            raise Damaged
        opened = self._entered(now, person, passphrase, 0)
        if opened.key != key:
            raise Damaged
        aside.unlink()
        flush_folder(aside.parent)
        return opened

    def wrapped(
        self, file: KeyFile, staff: str, passphrase: str, private: X25519PrivateKey, key: bytes, initials: str
    ) -> Person:
        """A person as the file holds them: their key under passphrase and device secret, the store's sealed to it."""
        secret = self._secret_of(file)
        salt = os.urandom(wraps.SALT_BYTES)
        cost, stretched = self._priced(passphrase, salt)
        public = private.public_key().public_bytes_raw()
        store = wraps.seal(public, key, _store_head(file, staff))
        person = Person(staff, public, cost.memory_kib, cost.passes, cost.lanes, salt, b"", store, initials)
        head = _person_head(file, person)
        closed = wraps.close(wraps.both(stretched, secret, head), private.private_bytes_raw(), head)
        return msgspec.structs.replace(person, wrapped=closed)

    def _priced(self, passphrase: str, salt: bytes) -> tuple[Cost, bytes]:
        cost = self._floor
        while True:
            begun = self._timer()
            derived = wraps.stretch(passphrase, salt, cost)
            if not self._calibrate or self._timer() - begun >= _SHORTEST_S or cost.memory_kib * 2 > MOST_KIB:
                return cost, derived
            cost = Cost(cost.memory_kib * 2, cost.passes, cost.lanes)


def _person_head(file: KeyFile, person: Person) -> bytes:
    """What a person's wrap is bound to: desk, person, key and cost cannot be exchanged in the file."""
    return wraps.bound_to(
        FORMAT, file.reference, person.staff, person.public, person.memory_kib, person.passes, person.lanes
    )


def _store_head(file: KeyFile, staff: str) -> bytes:
    return b"tram111/store/2\x00" + wraps.bound_to(file.reference, staff, file.epoch)


def recovery_head(file: KeyFile) -> bytes:
    """What the store's key is bound to when it is sealed to the recovery key."""
    return b"tram111/recovery/2\x00" + wraps.bound_to(file.reference, file.epoch)


def _without(file: KeyFile, staff: str) -> KeyFile:
    return msgspec.structs.replace(
        file,
        people=[one for one in file.people if one.staff != staff],
        slots=[one for one in file.slots if one.staff != staff],
    )


def _lets_in(file: KeyFile) -> bool:
    """Whether anybody of these could come in: a one-time code runs out, so who has no more than that is nobody."""
    return any(not one.once and not one.lost for one in file.people) or bool(file.slots)


def _with_store_key(file: KeyFile, before: bytes, key: bytes, sealed: bytes, epoch: int) -> KeyFile:
    """The same people with `sealed` (the new key, maybe the old one behind it) instead of what they had; nobody of
    them needs to be there. What lay under the old key lies under the new one."""
    inbox = wraps.opened(wraps.under(before, "inbox"), file.inbox, b"inbox")
    file = msgspec.structs.replace(
        file, epoch=epoch, inbox=wraps.close(wraps.under(key, "inbox"), inbox, b"inbox")
    )
    people = [
        msgspec.structs.replace(one, store=wraps.seal(one.public, sealed, _store_head(file, one.staff)))
        for one in file.people
    ]
    recovery = file.recovery
    if recovery is not None:
        held = recovery.held
        if held:
            raw = wraps.opened(wraps.under(before, "recovery"), held, b"recovery")
            held = wraps.close(wraps.under(key, "recovery"), raw, b"recovery")
        store = wraps.seal(recovery.public, sealed, recovery_head(file))
        recovery = msgspec.structs.replace(recovery, store=store, held=held)
    return msgspec.structs.replace(file, people=people, recovery=recovery)
