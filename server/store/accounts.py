"""Accounts of devices and the one-time codes that make them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, MetaData, Table, Text, func, select

from server.store.engine import Connection
from sync.replica import sql

metadata = MetaData()

device = Table(
    "device",
    metadata,
    Column("id", Text, primary_key=True),
    Column("centre", Text, nullable=False),
    Column("seat", Text, nullable=False),
    Column("centre_digit", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("all_cases", Boolean, nullable=False),
    Column("enrolled_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger, nullable=True),
)

code = Table(
    "code",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("centre", Text, nullable=False),
    Column("seat", Text, nullable=False),
    Column("all_cases", Boolean, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=True),
    Column("device", Text, nullable=True),
)
"""Only the hash of a code is kept. `device` is the one it made, so that a lost answer can be given again."""


@dataclass(frozen=True, slots=True)
class Device:
    """One enrolled desk. `public_key` is raw Ed25519 (32 bytes); times are UTC ms."""

    id: str
    centre: str
    seat: str
    centre_digit: int
    name: str
    public_key: bytes
    all_cases: bool
    enrolled_at: int
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class Code:
    """One one-time code, by its hash; times are UTC ms."""

    sha256: str
    centre: str
    seat: str
    all_cases: bool
    expires: int
    used_at: int | None
    device: str | None


def device_of(row: Any) -> Device:
    """The device of a row mapping of its table."""
    return Device(**{**row, "public_key": bytes(row["public_key"]), "all_cases": bool(row["all_cases"])})


def count_revoked(connection: Connection) -> int:
    """How many devices were revoked."""
    wanted = select(func.count()).select_from(device).where(device.c.revoked_at.is_not(None))
    return int(connection.execute(wanted).scalar_one())


def find_device(connection: Connection, device_id: str) -> Device | None:
    """The device with this id, or None."""
    row = connection.execute(select(device).where(device.c.id == device_id)).mappings().first()
    return None if row is None else device_of(row)


def devices(connection: Connection) -> list[Device]:
    """Every device that stands, by id."""
    rows = connection.execute(select(device).where(device.c.revoked_at.is_(None)).order_by(device.c.id))
    return [device_of(row) for row in rows.mappings()]


def all_cases_devices(connection: Connection) -> list[Device]:
    """Devices that are granted every case and stand, by id."""
    if not sql.fetch(connection, "SELECT 1 FROM device WHERE all_cases AND revoked_at IS NULL LIMIT 1"):
        return []
    rows = connection.execute(
        select(device).where(device.c.all_cases, device.c.revoked_at.is_(None)).order_by(device.c.id)
    )
    return [device_of(row) for row in rows.mappings()]


def device_centres(connection: Connection) -> dict[str, str]:
    """Centre by device id, for every device ever enrolled."""
    return {row.id: row.centre for row in connection.execute(select(device.c.id, device.c.centre))}


def add_device(connection: Connection, one: Device) -> None:
    """Write a newly enrolled device."""
    connection.execute(
        device.insert().values({name: getattr(one, name) for name in Device.__dataclass_fields__})
    )


def put_devices(connection: Connection, devices: Iterable[Device]) -> None:
    """Write devices as another server knows them, over what was known of them."""
    lines = [tuple(getattr(one, column.name) for column in device.columns) for one in devices]
    sql.upsert_many(connection, device, lines)


def find_code(connection: Connection, sha256: str) -> Code | None:
    """The code with this hash, or None."""
    row = connection.execute(select(code).where(code.c.sha256 == sha256)).mappings().first()
    return None if row is None else Code(**{**row, "all_cases": bool(row["all_cases"])})


def add_code(connection: Connection, one: Code) -> None:
    """Write a new code."""
    connection.execute(code.insert().values({name: getattr(one, name) for name in Code.__dataclass_fields__}))


def use_code(connection: Connection, sha256: str, device_id: str, now_ms: int) -> None:
    """The code has made this device and makes no other."""
    connection.execute(code.update().where(code.c.sha256 == sha256).values(used_at=now_ms, device=device_id))
