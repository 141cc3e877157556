"""Labels people read aloud: contact codes counted per seat and day, case codes from leased blocks."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, func, select

from domain.numbering import NumberBlock, NumberingError, parse_contact_code
from domain.numbering import contact_code as label_of
from sync.replica import node, tables
from sync.replica.replica import Identity


def contact_code(connection: Connection, seat: str, day: date) -> str:
    """The next code of a seat on a Vietnam day. The counter moves in the caller's transaction.

    A store whose counter is lost or old (enrolled anew, restored) goes on behind the highest code it knows.
    """
    key = f"contact_code:{seat}:{day:%y%m%d}"
    last = node.get(connection, key)
    sequence = max(int(last or "0"), _highest(connection, seat, day)) + 1
    node.put_key(connection, key, str(sequence))
    return label_of(seat, day, sequence)


def _highest(connection: Connection, seat: str, day: date) -> int:
    code = tables.records["contact"].c.code
    prefix = f"{seat}-{day:%y%m%d}-"
    # A code's sequence has a fixed width below a thousand, so the greatest text is the highest number; beyond
    # that (and for what is no code of ours) all of the day are looked at.
    wanted = select(code).where(code >= prefix, code < prefix + ":").order_by(func.length(code).desc(), code.desc())
    for (known,) in connection.execute(wanted):
        try:
            return parse_contact_code(known).sequence
        except NumberingError:
            continue
    return 0


def case_code(connection: Connection, identity: Identity, series: str, year: int) -> str | None:
    """The next case code from this identity's blocks of the year, or None: the case then goes without."""
    blocks = tables.records["number_block"]
    rows = connection.execute(
        select(blocks)
        .where(
            blocks.c.device == identity.device,
            blocks.c.incarnation == identity.incarnation,
            blocks.c.series == series,
            blocks.c.year == year,
            blocks.c.retracted.is_(None),
        )
        .order_by(blocks.c.first)
    ).mappings()
    for row in rows.all():
        key = f"block_used:{row['id']}"
        block = NumberBlock(
            series,
            year,
            row["centre_digit"],
            row["first"],
            row["last"],
            identity.incarnation,
            int(node.get(connection, key, "0")),
        )
        given = block.next(identity.incarnation)
        if given is not None:
            code, left = given
            node.put_key(connection, key, str(left.used))
            return code
    return None
