"""Own words closed to the centre: nobody else reads them, their hash stays, and nothing else is taken for such."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync import chain, closing
from sync.operation import CLOSED, Placed

BODY = '{"k":"note","i":"1","v":{"text":"lời của trẻ"}}'.encode()
SALT = bytes(range(16))


def closed(key: X25519PrivateKey) -> Placed:
    salt, body = closing.close(key.public_key(), SALT, BODY)
    return Placed("d", 1, 1, 1, salt, body)


def test_only_the_centre_reads_it_and_the_chain_is_the_same_as_before() -> None:
    key = X25519PrivateKey.generate()
    one, plain = closed(key), Placed("d", 1, 1, 1, SALT, BODY)
    assert "lời".encode() not in one.body
    assert SALT not in one.body + one.salt
    assert b"\n" not in one.body
    assert chain.advance(chain.GENESIS, [one]) == chain.advance(chain.GENESIS, [plain])
    assert closing.opened(key, one) == plain
    assert closing.opened(X25519PrivateKey.generate(), one) is one
    assert closing.close(key.public_key(), one.salt, one.body) == (one.salt, one.body), "never twice"


@pytest.mark.parametrize("place", [len(CLOSED), len(CLOSED) + 60, -3])
def test_a_changed_byte_opens_nothing(place: int) -> None:
    key = X25519PrivateKey.generate()
    one = closed(key)
    raw = bytearray(one.body)
    raw[place] = ord("B") if raw[place] != ord("B") else ord("C")
    bad = Placed("d", 1, 1, 1, one.salt, bytes(raw))
    assert closing.opened(key, bad) is bad


def test_no_other_spelling_of_the_last_letters_is_taken() -> None:
    key, letters = X25519PrivateKey.generate(), b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    filled = set()
    for length in range(3):
        salt, body = closing.close(key.public_key(), SALT, BODY + b" " * length)
        end = len(body.rstrip(b"="))
        filled.add(len(body) - end)
        spelt = [Placed("d", 1, 1, 1, salt, body[: end - 1] + bytes([one]) + body[end:]) for one in letters]
        assert sum(closing.opened(key, one) is not one for one in spelt) == 1, "its own spelling and nothing else"
    assert filled == {0, 1, 2}


def test_words_under_another_hash_than_their_own_are_not_believed() -> None:
    key = X25519PrivateKey.generate()
    one = Placed("d", 1, 1, 1, bytes(32), closed(key).body)
    assert closing.opened(key, one) is one


def test_what_is_erased_stays_erased() -> None:
    key = X25519PrivateKey.generate()
    assert closing.close(key.public_key(), bytes(32), b"") == (bytes(32), b"")
