"""Grants to devices that hold every case: written by the centre in the transaction that brings the case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.records.road import Grant
from server.operations.centre import Centre, News
from server.store import accounts, granted
from server.store.accounts import Device
from server.store.engine import Connection
from sync.operation import GRANT
from sync.replica import scopes
from sync.replica.changes import Folded

REASON: Final = "all_cases"
_ACT: Final = 200
"""Grants in one act of the centre: a desk folds that many at a time (settled 12)."""


def grant_new_cases(centre: Centre, connection: Connection, folded: Folded) -> News:
    """Grant each dossier that got a case just now to every all-cases device whose own it is not."""
    found = {change.scope for change in folded.changes if change.kind == "case" and change.before is None}
    if not found:
        return News()
    devices = accounts.all_cases_devices(connection)
    homes = scopes.homes(connection, found) if devices else {}
    told: set[str] = set()
    for device in devices:
        wanted = sorted(scope for scope, home in homes.items() if home not in (device.centre, scope))
        if give(centre, connection, device, wanted):
            told.add(scopes.device_scope(device.id))
    return News(audiences=frozenset(told))


def grant_every_case(centre: Centre, connection: Connection, device: Device) -> None:
    """Grant every dossier of another centre that holds a case: at the enrolment of an all-cases device."""
    give(centre, connection, device, granted.dossiers_with_cases(connection, device.centre))


def give(centre: Centre, connection: Connection, device: Device, wanted: Sequence[str]) -> int:
    """Grant these scopes to the device where it has no grant yet; answers how many were new."""
    known = granted.granted_among(connection, device.id, wanted)
    new = [scope for scope in wanted if scope not in known]
    for start in range(0, len(new), _ACT):
        part = new[start : start + _ACT]
        records = [
            Grant(id=centre.new_id(), device=device.id, granted_scope=scope, reason=REASON) for scope in part
        ]
        centre.author(connection, scopes.device_scope(device.id), records, GRANT)
        granted.widen(connection, device.id, part)
    return len(new)
