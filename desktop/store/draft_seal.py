"""A draft is closed to its owner and to recovery: whoever signs in next at this desk cannot read it (settled 24)."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from desktop.store import wraps
from desktop.store.wraps import DoesNotOpen
from sync.decoding import known

SEALED: Final = "sealed:"
"""How a closed draft's text begins; one written before drafts were closed begins with a brace."""

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class DraftKeys:
    """What drafts are closed and opened with while somebody is signed in, and restricted cases. `public_of` gives a
    colleague's public key, or None for one who is not of this desk; `custodians` are the public keys of those who
    open restricted cases two together."""

    staff: str
    private: X25519PrivateKey
    recovery: bytes
    public_of: Callable[[str], bytes | None]
    custodians: tuple[bytes, ...] = ()

    def __repr__(self) -> str:  # a key must not stand in a message
        return f"DraftKeys(staff={self.staff!r})"


class _Closed(msgspec.Struct, frozen=True):
    box: bytes
    owner: bytes
    recovery: bytes


class _Words(msgspec.Struct, frozen=True):
    data: dict[str, Any]
    bases: dict[str, Any]


def close(keys: DraftKeys, draft_id: str, data: Mapping[str, Any], bases: Mapping[str, Any]) -> str:
    """A draft of whoever is signed in, closed under a key of its own."""
    key = os.urandom(wraps.KEY_BYTES)
    head = _head(draft_id)
    box = wraps.close(key, _encode(_Words(dict(data), dict(bases))), head)
    owner = wraps.seal(keys.private.public_key().public_bytes_raw(), key, head)
    return _text(_Closed(box, owner, wraps.seal(keys.recovery, key, head)))


def opened(private: X25519PrivateKey, draft_id: str, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values and bases of a draft that was closed to this key. Raises DoesNotOpen."""
    closed = _closed(text)
    head = _head(draft_id)
    try:
        words = wraps.opened(wraps.unseal(private, closed.owner, head), closed.box, head)
        held = msgspec.json.decode(words, type=known(_Words))
    except msgspec.MsgspecError:
        raise DoesNotOpen from None
    return held.data, held.bases


def closed_to(public: bytes, private: X25519PrivateKey, draft_id: str, text: str) -> str:
    """The same draft for another owner, given by the one it belongs to. Raises DoesNotOpen."""
    closed, head = _closed(text), _head(draft_id)
    key = wraps.unseal(private, closed.owner, head)
    return _text(msgspec.structs.replace(closed, owner=wraps.seal(public, key, head)))


def given_back(public: bytes, recovery: X25519PrivateKey, draft_id: str, text: str) -> str:
    """The same draft for its owner's new key, by the recovery key. Raises DoesNotOpen."""
    closed, head = _closed(text), _head(draft_id)
    key = wraps.unseal(recovery, closed.recovery, head)
    return _text(msgspec.structs.replace(closed, owner=wraps.seal(public, key, head)))


def _head(draft_id: str) -> bytes:
    return b"tram111/draft/1\x00" + wraps.bound_to(draft_id)


def _text(closed: _Closed) -> str:
    return SEALED + base64.b64encode(msgspec.msgpack.encode(closed)).decode()


def _closed(text: str) -> _Closed:
    try:
        return msgspec.msgpack.decode(base64.b64decode(text.removeprefix(SEALED)), type=known(_Closed))
    except (ValueError, msgspec.MsgspecError):
        raise DoesNotOpen from None
