"""Stamps never go back, and a chain shows every change of what was sent."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync import chain
from sync.operation import Placed
from sync.stamp import AHEAD_MS, HybridClock, Stamp


@given(st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=50))
def test_stamps_only_grow_whatever_the_wall_clock_does(walls: list[int]) -> None:
    clock = HybridClock("00000001")
    given_out = [clock.next(wall) for wall in walls]
    assert given_out == sorted(set(given_out))


def test_a_clock_goes_on_where_the_store_left_it() -> None:
    first = HybridClock("00000001").next(5_000)
    assert HybridClock("00000002", first).next(10) > first


def test_a_foreign_stamp_is_followed_but_not_into_the_far_future() -> None:
    clock = HybridClock("00000001")
    clock.next(1_000)
    clock.seen(Stamp(60_000, 4, "00000009").text(), 1_000)
    assert Stamp.parse(clock.next(1_000)).ms == 60_000
    clock.seen(Stamp(60_001 + AHEAD_MS * 3, 0, "00000009").text(), 1_000)
    assert Stamp.parse(clock.next(1_000)).ms == 60_000
    clock.seen("nonsense", 1_000)


@pytest.mark.parametrize("text", ["", "x" * 29, "0" * 29, "0" * 20 + "." + "a" * 9])
def test_what_is_no_stamp_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"stamp|literal"):
        Stamp.parse(text)


def _chain(count: int) -> list[Placed]:
    return [Placed("ag01", 1, n, count, bytes([n]) * 16, b'{"n":%d}' % n) for n in range(1, count + 1)]


@given(st.integers(0, 4), st.sampled_from(["salt", "body", "group", "n", "device", "incarnation"]))
def test_any_altered_part_of_any_operation_breaks_the_signature(index: int, part: str) -> None:
    key = Ed25519PrivateKey.generate()
    placed = _chain(5)
    signature = chain.sign_head(key, "ag01", 1, 5, chain.advance(chain.GENESIS, placed)[-1])
    assert chain.head_is_signed(
        key.public_key(), signature, "ag01", 1, 5, chain.advance(chain.GENESIS, placed)[-1]
    )
    one = placed[index]
    changed = {
        "salt": b"x" * 16, "body": one.body + b" ", "group": 9, "n": 8, "device": "ag02", "incarnation": 2,
    }[part]  # fmt: skip
    placed[index] = Placed(**{f: getattr(one, f) for f in one.__struct_fields__} | {part: changed})
    head = chain.advance(chain.GENESIS, placed)[-1]
    assert not chain.head_is_signed(key.public_key(), signature, "ag01", 1, 5, head)


def test_dropping_or_swapping_operations_changes_the_head() -> None:
    placed = _chain(4)
    head = chain.advance(chain.GENESIS, placed)[-1]
    assert chain.advance(chain.GENESIS, placed[:2] + placed[3:])[-1] != head
    assert chain.advance(chain.GENESIS, [placed[1], placed[0], *placed[2:]])[-1] != head
