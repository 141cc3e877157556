"""Signatures a server has accepted: which numbers of a chain its author signed, so that a carrier can prove them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, MetaData, Table, func, select
from sqlalchemy import Text as Words

from sync.replica import sql

metadata = MetaData()
"""Tables of serving nodes only: a desk signs, and keeps no signature."""

signed_head = Table(
    "signed_head",
    metadata,
    Column("device", Words, primary_key=True),
    Column("incarnation", Integer, primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("signature", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""The author's Ed25519 signature (64 bytes) of the chain's head after number n."""


def keep(connection: Connection, device: str, incarnation: int, n: int, signature: bytes) -> None:
    """Remember a signature that was found good."""
    sql.upsert_many(connection, signed_head, [(device, incarnation, n, signature)])


def of(connection: Connection, device: str, incarnation: int, n: int) -> bytes | None:
    """The signature of the head after number n, or None where none was given there."""
    s = signed_head.c
    found = connection.execute(
        select(s.signature).where(s.device == device, s.incarnation == incarnation, s.n == n)
    ).scalar_one_or_none()
    return None if found is None else bytes(found)


def ends_after(connection: Connection, device: str, incarnation: int, n: int, most: int) -> list[int]:
    """The signed numbers of a chain behind n, in order, at most `most` of them."""
    s = signed_head.c
    rows = connection.execute(
        select(s.n).where(s.device == device, s.incarnation == incarnation, s.n > n).order_by(s.n).limit(most)
    )
    return [int(row.n) for row in rows]


def last_by_chain(connection: Connection) -> dict[tuple[str, int], int]:
    """The last signed number of every chain."""
    s = signed_head.c
    rows = connection.execute(
        select(s.device, s.incarnation, func.max(s.n)).group_by(s.device, s.incarnation)
    )
    return {(row[0], int(row[1])): int(row[2]) for row in rows}


def forget_after(connection: Connection, device: str, incarnation: int, n: int) -> None:
    """The chain goes on differently from n: what was signed behind it stands for it no longer."""
    s = signed_head.c
    connection.execute(
        signed_head.delete().where(s.device == device, s.incarnation == incarnation, s.n > n)
    )


KEPT_EVERY = 500
"""Of the signatures before a verified backup one in about so many operations stays."""


def thin_before(connection: Connection, device: str, incarnation: int, n: int) -> None:
    """What lies before n is in a verified backup of the centre and is hardly ever forwarded again: only where the
    centre is put back to an older one, and then in stretches that a message can hold. So some signatures stay."""
    s = signed_head.c
    mine = (s.device == device, s.incarnation == incarnation, s.n < n)
    last = select(func.max(s.n)).where(*mine).group_by(s.n // KEPT_EVERY)
    stay = list(connection.execute(last).scalars())
    connection.execute(signed_head.delete().where(*mine, s.n.not_in(stay)))
