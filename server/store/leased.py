"""Which case numbers are leased already, read from the number_block records themselves."""

from __future__ import annotations

from sqlalchemy import func, select

from server.store.engine import Connection
from server.store.lineage import floor_key
from sync.replica import node, sql, tables


def last_number(connection: Connection, series: str, year: int, centre_digit: int) -> int:
    """The highest number leased to anybody of this series, year and centre, or left out; 0 for none."""
    block = tables.records["number_block"].c
    found = connection.execute(
        select(func.max(block.last)).where(
            block.series == series, block.year == year, block.centre_digit == centre_digit
        )
    ).scalar_one()
    return max(int(found or 0), int(node.get(connection, floor_key(series, year, centre_digit), "0")))


def last_of(connection: Connection, device: str, incarnation: int, series: str, year: int) -> int | None:
    """The last number of the device's latest block, or None where it has none."""
    found = sql.first(
        connection,
        'SELECT max("last") FROM r_number_block WHERE device = ? AND incarnation = ? AND series = ? AND year = ?',
        device, incarnation, series, year,
    )  # fmt: skip
    return None if found[0] is None else int(found[0])
