"""Passing a dossier on to another centre: its desks get it with all its history, the others give it up.

A person says so with an ordinary edit of the case's field `centre`, also without a line; it takes effect here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from domain.records.road import Custody, Grant, Review
from server.operations import need_to_know
from server.operations.centre import Centre, News, log
from server.store import accounts, granted, hubs, staffed
from server.store.accounts import Device
from server.store.engine import Connection
from sync.operation import APPEND, CREATE, GRANT, PATCH, WITHDRAW, Body
from sync.replica import read, scopes
from sync.replica.changes import Folded, RowChange

PASSED_ON: Final = "transfer"
AFTER_WITHDRAWAL: Final = "after_withdrawal"


def follow(centre: Centre, connection: Connection, folded: Folded, late: Sequence[Body]) -> News:
    """Pass on the dossiers whose case now names another centre. What a desk wrote after its dossier had been
    withdrawn decides nothing: it is only shown."""
    outdated = {(body.kind, body.id) for body in late}
    news = News()
    for change in folded.changes:
        if change.kind == "case" and (change.kind, change.id) not in outdated:
            wanted = _wanted(change)
            if wanted and wanted in set(accounts.device_centres(connection).values()):
                news = news.with_more(pass_on(centre, connection, change.scope, wanted))
    return news


def take_up(centre: Centre, connection: Connection, device: Device) -> News:
    """The first device of a centre was enrolled just now: what was passed on to that centre while it had none goes
    there. What a desk only wrote after its dossier had been withdrawn decides nothing here either."""
    known = accounts.device_centres(connection)
    if any(code == device.centre and one != device.id for one, code in known.items()):
        return News()
    moved = staffed.meant_for(connection, device.centre, AFTER_WITHDRAWAL)
    news = News()
    for scope in moved:
        news = news.with_more(pass_on(centre, connection, scope, device.centre))
    return news.with_more(need_to_know.settle_files(centre, connection, moved)) if moved else news


def _wanted(change: RowChange) -> str:
    before = change.before.get("centre") if change.before else None
    after = change.after.get("centre") if change.after else None
    return str(after) if after and before and after != before else ""


def pass_on(centre: Centre, connection: Connection, scope: str, to: str) -> News:
    """One dossier changes hands, in one transaction: custody, grants to its new desks, withdrawal from the old
    ones that do not hold every case. Nothing happens where it is there already or is no dossier."""
    home = scopes.homes(connection, [scope]).get(scope)
    if home is None or home == to or not scope.startswith(scopes.DOSSIER):
        return News()
    contact = scope.removeprefix(scopes.DOSSIER)
    closed = scopes.is_closed(scope, home)
    stored = read.one(connection, "custody", contact)
    if closed:
        home = str(stored.record.centre) if stored is not None else ""
    now = centre.now_ms()
    if stored is None:
        records = [Custody(id=contact, centre=to, previous=home, moved_at=now)]
        folded = centre.author(connection, scope, records, CREATE)
    else:
        values = {"centre": to, "previous": home, "moved_at": now}
        folded = centre.change(connection, stored, values, PATCH)
    if closed:  # which desks hold it is decided by more than its centre (`need_to_know`)
        granted.follow(connection, folded.deltas)
        return News(devices=granted.holders(connection, [scope]))
    told: set[str] = {to, home}
    held = granted.holders(connection, [scope])
    for device in accounts.devices(connection):
        if hubs.is_hub(connection, device.id):
            continue  # it holds what its desks may hold, and no more
        if device.centre == to:
            told |= _give(centre, connection, device, scope)
        elif device.centre == home:
            told |= (
                _give(centre, connection, device, scope)
                if device.all_cases
                else _take(centre, connection, device, scope)
            )
    # Also who holds it no more: at a desk that sees none of its centre's files as such the grant alone was counted.
    for holder in sorted(held | granted.holders(connection, [scope])):
        granted.count_anew(connection, holder)
    log.info("passed on: %d audiences told", len(told))
    return News(audiences=frozenset(told))


def _give(centre: Centre, connection: Connection, device: Device, scope: str) -> set[str]:
    grant = Grant(id=centre.new_id(), device=device.id, granted_scope=scope, reason=PASSED_ON)
    centre.author(connection, scopes.device_scope(device.id), [grant], GRANT)
    return {scopes.device_scope(device.id)}


def _take(centre: Centre, connection: Connection, device: Device, scope: str) -> set[str]:
    """Withdraw every standing grant; a scope seen without one is withdrawn by a record of its own."""
    now = centre.now_ms()
    control = scopes.device_scope(device.id)
    standing = [
        one
        for one in read.where(connection, "grant", "granted_scope", scope)
        if one.scope == control and one.record.withdrawn_at is None and one.retracted is None
    ]
    for one in standing:
        centre.change(connection, one, {"withdrawn_at": now}, WITHDRAW)
    if not standing:
        record = Grant(id=centre.new_id(), device=device.id, granted_scope=scope, reason=PASSED_ON, withdrawn_at=now)
        centre.author(connection, control, [record], WITHDRAW)
    return {control}


def note_late(centre: Centre, connection: Connection, device: str, late: Iterable[Body]) -> News:
    """Lay a review beside each record that a desk wrote to after its dossier had been withdrawn from it."""
    about = sorted({(body.scope, body.kind, body.id) for body in late})
    for scope, kind, record in about:
        review = Review(
            id=centre.new_id(),
            about_kind=kind,
            about=record,
            reason=AFTER_WITHDRAWAL,
            device=device,
            noted_at=centre.now_ms(),
        )
        folded = centre.author(connection, scope, [review], APPEND)
        granted.follow(connection, folded.deltas)
    touched = {scope for scope, _, _ in about}
    return News(frozenset(scopes.homes(connection, touched).values()), granted.holders(connection, touched))
