"""Blocks of case numbers: leased to one device and incarnation, disjoint, renewed before they run out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.clock import vn_date
from domain.numbering import NumberingError, parse_case_code
from domain.records.road import NumberBlockRecord
from server.operations.centre import Centre, News
from server.store import leased
from server.store.accounts import Device
from server.store.engine import Connection
from sync.operation import CREATE
from sync.replica.changes import RowChange
from sync.replica.scopes import device_scope

SERIES: Final = "CT"
BLOCK: Final = 200
"""Numbers in one block: An Giang's desk opens about 20 cases on a heavy day, so a block lasts through an outage."""
RENEW_BELOW: Final = 60
"""Numbers left in a device's last block when the next one is leased."""


def lease(centre: Centre, connection: Connection, device: Device, incarnation: int) -> News:
    """Write the next free block of the present Vietnam year into the device's own scope."""
    year = vn_date(centre.now_ms()).year
    first = leased.last_number(connection, SERIES, year, device.centre_digit) + 1
    block = NumberBlockRecord(
        id=centre.new_id(),
        device=device.id,
        incarnation=incarnation,
        series=SERIES,
        year=year,
        centre_digit=device.centre_digit,
        first=first,
        last=first + BLOCK - 1,
    )
    scope = device_scope(device.id)
    centre.author(connection, scope, [block], CREATE)
    return News(audiences=frozenset({scope}))


def has_block(centre: Centre, connection: Connection, device: str, incarnation: int) -> bool:
    """Whether the device has a block for this Vietnam year, bound to this incarnation."""
    year = vn_date(centre.now_ms()).year
    return leased.last_of(connection, device, incarnation, SERIES, year) is not None


def renew_if_short(
    centre: Centre, connection: Connection, device: Device, incarnation: int, changes: Sequence[RowChange]
) -> News:
    """Lease the next block when a case that came in bears one of the last numbers of the device's last block."""
    year = vn_date(centre.now_ms()).year
    used = 0
    start = f"{SERIES}{year % 100:02d}-{device.centre_digit}-"
    codes = [
        str(change.after["code"])
        for change in changes
        if change.kind == "case" and change.before is None and change.after and change.after.get("code")
    ]
    # Numbers of one series and year sort by length, then by text: only the last one that is right counts.
    for text in sorted((code for code in codes if code.startswith(start)), key=_by_number, reverse=True):
        try:
            used = parse_case_code(text).number
        except NumberingError:
            continue
        break
    last = leased.last_of(connection, device.id, incarnation, SERIES, year) if used else None
    if last is None or not last - BLOCK < used <= last or last - used >= RENEW_BELOW:
        return News()
    return lease(centre, connection, device, incarnation)


def _by_number(code: str) -> tuple[int, str]:
    return len(code), code
