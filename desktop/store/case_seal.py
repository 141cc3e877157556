"""How words of a restricted case are sealed: a value under the case's key, that key to a person or to two."""

from __future__ import annotations

import base64
import binascii

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from desktop.store import wraps
from desktop.store.wraps import DoesNotOpen
from domain.records.sealed import sealed_parts, sealed_text


def seal_value(key: bytes, number: str, place: tuple[str, str, str], words: str) -> str:
    """Words sealed for one place (kind, record, field): moved elsewhere they do not open."""
    box = wraps.close(key, words.encode(), _value_head(number, place))
    return sealed_text(number, base64.b64encode(box).decode())


def open_value(key: bytes, place: tuple[str, str, str], value: str) -> str:
    """The words of a sealed value. Raises DoesNotOpen."""
    parts = sealed_parts(value)
    if parts is None:
        raise DoesNotOpen
    number, box = parts
    try:
        return wraps.opened(key, base64.b64decode(box, validate=True), _value_head(number, place)).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise DoesNotOpen from None


def seal_key(public: bytes, key: bytes, number: str, contact: str) -> str:
    """A case's key for one person's public key, who need not be there."""
    return base64.b64encode(wraps.seal(public, key, _key_head(number, contact))).decode()


def open_key(private: X25519PrivateKey, sealed: str, number: str, contact: str) -> bytes:
    """The case's key that was sealed to this person. Raises DoesNotOpen."""
    return wraps.unseal(private, _raw(sealed), _key_head(number, contact))


def nest_key(first: bytes, second: bytes, key: bytes, number: str, contact: str) -> str:
    """A case's key for two custodians, who must come together."""
    return base64.b64encode(wraps.nest(first, second, key, _key_head(number, contact))).decode()


def unnest_key(first: X25519PrivateKey, second: X25519PrivateKey, sealed: str, number: str, contact: str) -> bytes:
    """The case's key that was nested to these two, in this order. Raises DoesNotOpen."""
    return wraps.unnest(first, second, _raw(sealed), _key_head(number, contact))


def _raw(sealed: str) -> bytes:
    try:
        return base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise DoesNotOpen from None


def _value_head(number: str, place: tuple[str, str, str]) -> bytes:
    return b"tram111/case value/1\x00" + wraps.bound_to(number, *place)


def _key_head(number: str, contact: str) -> bytes:
    return b"tram111/case key/1\x00" + wraps.bound_to(number, contact)
