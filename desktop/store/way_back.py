"""The way back into a desk that nobody can open: two of the centre's three custodians bring their keys."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from desktop.store import device_secret, wraps
from desktop.store.device_secret import DeviceSecretLost
from desktop.store.key_file import KeyFile, Pair, is_marked, read_file
from desktop.store.keys import KeySlots, recovery_head
from desktop.store.troubles import Damaged
from desktop.store.wraps import KEY_BYTES, DoesNotOpen
from sync.disk import replace_whole
from sync.troubles import Trouble

_PUBLIC: Final = "x25519/"
_MOST_KEY: Final = 64 << 10
"""Most bytes that are read of a file somebody says is a key."""


class NotCustodians(Trouble):
    """The two keys are not those of two different custodians of this desk."""

    advice = (
        "Hai chìa khóa này không mở được máy: cần chìa của hai người giữ khóa khác nhau thuộc trung tâm của máy. "
        "Chị/anh kiểm tra lại tệp; dữ liệu trên máy vẫn nguyên vẹn."
    )


class UnreadableKey(Trouble):
    """A custodian's key file is not one, or its passphrase is wrong."""

    advice = "Không đọc được tệp chìa khóa khôi phục: sai mật khẩu của tệp hoặc không phải tệp chìa khóa."


@dataclass(frozen=True, slots=True)
class Regained:
    """What two custodians opened: the store's key and the recovery key, which gives drafts back to their owners."""

    key: bytes
    recovery: X25519PrivateKey
    previous: bytes | None = None

    def __repr__(self) -> str:  # a key must not stand in a message
        return "Regained()"


def make_custodian_key(path: Path, passphrase: str) -> str:
    """A new key of a custodian in a file of their own, under its passphrase; answers the line for the provisioning
    file. Raises FileExistsError."""
    if path.exists():
        raise FileExistsError(path.name)
    made = X25519PrivateKey.generate()
    closing = serialization.BestAvailableEncryption(passphrase.encode())
    pem = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, closing)
    replace_whole(path, pem)
    return _PUBLIC + base64.b64encode(made.public_key().public_bytes_raw()).decode()


def read_custodian_key(path: Path, passphrase: str) -> X25519PrivateKey:
    """A custodian's key out of their file. Raises UnreadableKey."""
    try:
        with path.open("rb") as file:
            found = serialization.load_pem_private_key(file.read(_MOST_KEY), passphrase.encode() or None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise UnreadableKey from None
    if not isinstance(found, X25519PrivateKey):
        raise UnreadableKey
    return found


def held(slots: KeySlots, key: bytes) -> X25519PrivateKey | None:
    """The recovery key while it lies under the store's key: no custodians yet, or drafts are to be given back."""
    file = slots.known(key)
    if file.recovery is None or not file.recovery.held:
        return None
    try:
        raw = wraps.opened(wraps.under(key, "recovery"), file.recovery.held, b"recovery")
    except DoesNotOpen:
        raise Damaged from None
    return X25519PrivateKey.from_private_bytes(raw)


def entrust(slots: KeySlots, key: bytes, custodians: Sequence[bytes]) -> bool:
    """Nest the recovery key to every two of the custodians and keep it here no longer; answers whether it is so now.
    Waits while somebody still needs it to get their drafts back."""
    file = slots.known(key)
    recovery, private = file.recovery, held(slots, key)
    if recovery is None or private is None:
        return recovery is not None and bool(recovery.pairs)
    if not custodians and not recovery.pairs:
        return False
    pairs, known = recovery.pairs, recovery.custodians
    if custodians and not pairs:
        known = list(custodians)
        places = itertools.combinations(range(len(known)), 2)
        raw, head = private.private_bytes_raw(), _pair_head(file)
        pairs = [Pair(i, j, wraps.nest(known[i], known[j], raw, head)) for i, j in places]
    waiting = any(one.lost for one in file.people)
    kept = recovery.held if waiting else b""
    now = msgspec.structs.replace(recovery, custodians=known, pairs=pairs, held=kept)
    slots.write(msgspec.structs.replace(file, recovery=now), key)
    return not waiting


def regain(path: Path, first: X25519PrivateKey, second: X25519PrivateKey) -> Regained:
    """What the keys of two custodians open, in any order. Raises NotCustodians, Damaged, NewerStore."""
    file = read_file(path)
    if file.recovery is None:
        raise NotCustodians
    places = {public: place for place, public in enumerate(file.recovery.custodians)}
    keys = {places.get(one.public_key().public_bytes_raw(), -1): one for one in (first, second)}
    for pair in file.recovery.pairs:
        if {pair.first, pair.second} != set(keys):
            continue
        try:
            raw = wraps.unnest(keys[pair.first], keys[pair.second], pair.sealed, _pair_head(file))
            private = X25519PrivateKey.from_private_bytes(raw)
            found = wraps.unseal(private, file.recovery.store, recovery_head(file))
        except (DoesNotOpen, ValueError):
            raise Damaged from None
        if not is_marked(file, found[:KEY_BYTES]):
            raise Damaged
        return Regained(found[:KEY_BYTES], private, found[KEY_BYTES:] or None)
    raise NotCustodians


def let_in(slots: KeySlots, regained: Regained, folder: Path, staff: str, passphrase: str) -> bytes:
    """Make a person of this desk anew with what two custodians opened; answers their public key. Where the device's
    secret is gone it is made anew: everybody else then needs a one-time code. Raises the keyring's troubles."""
    key = regained.key
    file = slots.known(key)
    try:
        slots.secret()
        people = file.people
    except DeviceSecretLost:
        keeper = device_secret.secrets_of(file.keeper, folder)
        keeper.put(file.reference, device_secret.new_secret())
        people = [msgspec.structs.replace(one, lost=True) for one in file.people]
    recovery = file.recovery
    if recovery is not None:
        closed = wraps.close(wraps.under(key, "recovery"), regained.recovery.private_bytes_raw(), b"recovery")
        recovery = msgspec.structs.replace(recovery, held=closed)
    file = msgspec.structs.replace(file, people=people, recovery=recovery)
    # A change of the store's key that was cut off is finished by whoever comes in next: they need both keys.
    sealed = key + (regained.previous or b"")
    person = slots.wrapped(file, staff, passphrase, X25519PrivateKey.generate(), sealed, _initials(file, staff))
    slots.write(file.with_person(person), key)
    return person.public


def _initials(file: KeyFile, staff: str) -> str:
    known = file.person(staff)
    return known.initials if known else ""


def _pair_head(file: KeyFile) -> bytes:
    assert file.recovery is not None
    return b"tram111/custodians/1\x00" + wraps.bound_to(file.reference, file.recovery.public)
