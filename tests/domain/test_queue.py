"""Who holds an item of the queue: the earliest living claim, the same at every desk, for ten minutes."""

from __future__ import annotations

from itertools import permutations

from domain.clock import MINUTE
from domain.records.queue import Claim
from domain.rules.queue import LEASE_MS, holder


def claim(name: str, at: int) -> Claim:
    return Claim(id=name, item_id="item", staff=name, seat="AG01", at=at, until=at + LEASE_MS)


def test_two_desks_that_took_one_item_agree_on_the_winner_in_any_order() -> None:
    claims = [claim("c", 1_000), claim("a", 2_000), claim("b", 1_000)]
    winners = {one.id for order in permutations(claims) if (one := holder(order, 2_000)) is not None}
    assert winners == {"b"}


def test_a_claim_is_over_after_ten_minutes() -> None:
    assert LEASE_MS == 10 * MINUTE
    assert holder([claim("a", 0)], LEASE_MS - 1) is not None
    assert holder([claim("a", 0)], LEASE_MS) is None
    assert holder([], 0) is None
