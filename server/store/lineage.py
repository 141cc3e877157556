"""Naming a store's history anew: what a centre must change of itself when it goes on from an older state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import func, select

from domain.numbering import CENTRE_DIGITS
from server.store.engine import Connection
from sync.replica import node, tables

LINEAGE: Final = "lineage"
RENEWED: Final = "lineage_renewed"
"""How many times this history was named anew."""
OWN_INCARNATION: Final = "own_incarnation"
"""Under which incarnation the centre writes its own operations (1 where nothing is kept)."""

LINEAGE_BYTES: Final = 8

NUMBERS_LEFT_OUT: Final = 5_000
"""Case numbers left out of every series at a renewal (25 blocks). The lost part of the history may have leased
blocks whose codes desks go on giving; leasing the same numbers again would give two children one code. A heavy
day of all desks of a centre leases fewer than ten blocks, and a year's series has 99,999 numbers."""


def new_name(random: Callable[[int], bytes]) -> str:
    """A lineage: 16 hexadecimal digits."""
    return random(LINEAGE_BYTES).hex()


def own_incarnation(connection: Connection) -> int:
    """The incarnation the centre writes under."""
    return int(node.get(connection, OWN_INCARNATION, "1"))


def floor_key(series: str, year: int, centre_digit: int) -> str:
    """The key under which the numbers left out are kept: the next block begins behind it."""
    return f"lease_floor:{series}:{year}:{centre_digit}"


def renew(connection: Connection, random: Callable[[int], bytes], series: str, year: int) -> str:
    """Give this store's history a new name, so that every desk meets it anew; answers the name.

    The centre goes on under a new incarnation of its own, since the lost part may have been seen under the
    present one, and leaves out case numbers that the lost part may have leased (of `series`, for `year` and
    every later year that is known).
    """
    block = tables.records["number_block"].c
    rows = connection.execute(
        select(block.year, block.centre_digit, func.max(block.last))
        .where(block.series == series, block.year >= year)
        .group_by(block.year, block.centre_digit)
    )
    last = {(year, digit): 0 for digit in CENTRE_DIGITS.values()}
    last |= {(int(row[0]), int(row[1])): int(row[2]) for row in rows}
    for (of_year, digit), number in last.items():
        key = floor_key(series, of_year, digit)
        floor = max(number, int(node.get(connection, key, "0"))) + NUMBERS_LEFT_OUT
        node.put_key(connection, key, str(floor))
    name = new_name(random)
    renewed = int(node.get(connection, RENEWED, "0")) + 1
    values = {LINEAGE: name, RENEWED: str(renewed), OWN_INCARNATION: str(own_incarnation(connection) + 1)}
    node.put(connection, **values)
    return name
