"""Need to know: which desk holds which file is decided by the engine for the people of the desk, file by file.

A file that only some desks of its centre may hold (restricted, of a book with named readers or a wall, shunned by
somebody) is *closed*: its home is its own name, and grants alone give it. All that the engine decides is written as
the centre's grants and withdrawals, so a hub, which believes nobody else, enforces it and can widen nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from domain.records.road import Custody, Grant
from domain.rules.emergency import GRANTED
from domain.rules.privacy import Decision, Person, Thing, may, ships
from server.operations.centre import Centre, News, log
from server.store import accounts, granted, hubs, staffed
from server.store.accounts import Device
from server.store.engine import Connection
from server.store.staffed import Everybody
from sync.operation import CREATE, GRANT, PATCH, WITHDRAW
from sync.replica import node, read, scopes, sql, sums, tables
from sync.replica.batch import Batch
from sync.replica.changes import Folded, RowChange
from sync.replica.read import Stored

REASON: Final = "need_to_know"
_ACT: Final = 200
"""Grants in one act of the centre: a desk folds that many at a time (settled 12)."""
_DECIDES: Final[Mapping[str, tuple[str, ...]]] = {
    "contact": ("centre", "receiver", "retracted"),
    "case": ("restricted", "opened_by", "assigned_to", "centre", "retracted"),
    "case_reader": ("staff", "ended_at", "retracted"),
    "custody": ("centre",),
    "subject_request": ("received_by", "retracted"),
}
"""Fields of a file on which the engine's answer depends."""
_PLACES: Final = ("staff", "roles", "centre", "desks", "books", "assignments", "conflicts", "ended_at", "retracted")
_POLICY: Final = "policy_of_grants"
"""Under which table of roles the grants were last decided as a whole."""
_RULES: Final = 2
"""Raised when this program decides otherwise under the same table: what was granted before is decided anew."""


@dataclass(slots=True)
class _Told:
    """What one settling did: scopes given and taken by device, and devices whose figures must be counted anew."""

    given: dict[str, list[str]]
    taken: dict[str, list[str]]
    anew: set[str]
    audiences: set[str]


def follow(centre: Centre, connection: Connection, folded: Folded, new: Collection[str] = ()) -> News:
    """Decide anew what these changes touch: `new` files, those whose facts changed, all for people whose own did."""
    touched = {*new, *(one.scope for one in folded.changes if _decides(one, _DECIDES))}
    touched = {scope for scope in touched if scope.startswith(scopes.FILES)}
    hired = [one for one in folded.changes if one.kind == "staff" and _decides(one, {"staff": _PLACES})]
    if not touched and not hired:
        return News()
    people = staffed.everybody(connection, centre.policy)
    if not people.staff and not any(one.startswith(scopes.WALLED) for one in touched):
        # Nobody is listed: only what became restricted, or was, is decided by more than whose file it is.
        touched = {one.scope for one in folded.changes if one.scope in touched and _was_or_is_restricted(one)} | {
            scope for scope, home in scopes.homes(connection, touched).items() if scopes.is_closed(scope, home)
        }
    news = _settle(centre, connection, people, touched, _desks(connection)) if touched else News()
    return news.with_more(_follow_hired(centre, connection, people, hired)) if hired else news


def _follow_hired(
    centre: Centre, connection: Connection, people: Everybody, hired: Sequence[RowChange]
) -> News:
    """Every file is decided anew for the desks that a changed record names, or named; for the others only what is
    closed, or what somebody is to keep away from or was."""
    seats, files = _named(hired, "desks"), {*_named(hired, "conflicts"), *_named(hired, "assignments")}
    homes = staffed.files(connection)
    narrower = {
        scope for scope, home in homes.items() if scopes.is_closed(scope, home) or scopes.file_of(scope) in files
    }
    desks = _desks(connection)
    there = [one for one in desks if one.seat in seats]
    # Homes move where all desks are decided, and not before: who held a file by its home is told that it is taken.
    news = _settle(centre, connection, people, narrower, desks)
    return news.with_more(_settle_desks(centre, connection, people, homes, there))


def _named(hired: Iterable[RowChange], field: str) -> set[str]:
    """What a list of these records names, before or since."""
    rows = (row for one in hired for row in (one.before, one.after) if row is not None and row.get(field))
    return {str(one) for row in rows for one in msgspec.json.decode(str(row[field]))}


def settle_all(centre: Centre, connection: Connection) -> News:
    """Decide every file for every desk: the table of roles changed."""
    people = staffed.everybody(connection, centre.policy)
    return _settle_desks(centre, connection, people, staffed.files(connection), _desks(connection))


def _settle_desks(
    centre: Centre, connection: Connection, people: Everybody, files: Collection[str], desks: Sequence[Device]
) -> News:
    news = News()
    homes = scopes.homes(connection, files)
    held = _held(connection, desks, homes)
    wide = [one for one in desks if not granted.is_narrowed(connection, one.id)]
    for device in desks:
        news = news.with_more(_narrow(centre, connection, people, device))
    # What came with all files of its centre comes no more: what such a desk keeps is granted one by one.
    narrower = [one for one in wide if granted.is_narrowed(connection, one.id)]
    lasting = held | _held(connection, narrower, homes) if narrower else held
    return news.with_more(_settle(centre, connection, people, files, desks, held, lasting))


def settle_new_policy(centre: Centre) -> None:
    """At the start: what was decided under another table of roles is decided anew. Raises StoreUnavailable."""
    name = _name_of(centre)

    def job(connection: Connection) -> News:
        if node.get(connection, _POLICY) == name:
            return News()
        node.put_key(connection, _POLICY, name)
        return settle_all(centre, connection)

    centre.lane.do(job)


def _name_of(centre: Centre) -> str:
    """A short name of the table of roles as it reads, and of how this program reads it."""
    policy = centre.policy
    said = (
        {
            action: {role: (int(cell.reach), int(cell.decision)) for role, cell in row.items()}
            for action, row in policy.rows.items()
        },
        dict(policy.restricted),
        {one.name: (one.prefix, one.named, dict(one.rows or {}), one.rows is None) for one in policy.books.values()},
        {name: sorted(region) for name, region in policy.regions.items()},
        policy.unlisted,
        _RULES,
    )
    return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()


def settle_desk(centre: Centre, connection: Connection, device: Device) -> News:
    """Decide every file for one desk: it was enrolled just now."""
    people = staffed.everybody(connection, centre.policy)
    if not people.staff:
        return News()
    return _settle_desks(centre, connection, people, staffed.files(connection), [device])


def settle_files(centre: Centre, connection: Connection, files: Collection[str]) -> News:
    """Decide these files for every desk: they were passed on by no push."""
    return _settle(centre, connection, staffed.everybody(connection, centre.policy), files, _desks(connection))


def found(centre: Centre, connection: Connection, author: Device, batch: Batch) -> frozenset[str]:
    """Before a push is taken: who may write behind a wall founds a file there, and their desk is granted it. Answers
    the files founded so, to be decided for all desks once the push is taken."""
    named: dict[str, set[str]] = {}
    for _, body, _ in batch.reads:
        if body is not None and body.scope.startswith(scopes.WALLED):
            named.setdefault(body.scope, set()).add(body.staff)
    if not named:
        return frozenset()
    people = staffed.everybody(connection, centre.policy)
    known = scopes.homes(connection, named)
    told = _Told({}, {}, set(), set())
    for scope, writers in sorted(named.items()):
        thing = Thing(author.centre, frozenset(writers), scopes.file_of(scope), centre.policy.book_of(scope))
        asked = [people.who(one, author) for one in writers]
        if scope not in known and any(
            one is not None and may(centre.policy, one, "write", thing) is Decision.ALLOWED for one in asked
        ):
            told.given.setdefault(author.id, []).append(scope)
    new = told.given.get(author.id, [])
    scopes.settle(connection, {scope: scope for scope in new})
    _write(centre, connection, told, {author.id: author})
    return frozenset(new)


def _decides(change: RowChange, fields: Mapping[str, tuple[str, ...]]) -> bool:
    named = fields.get(change.kind)
    if not named:
        return False
    before, after = change.before or {}, change.after or {}
    return [before.get(one) for one in named] != [after.get(one) for one in named]


def _was_or_is_restricted(change: RowChange) -> bool:
    before, after = change.before, change.after
    return bool((before and before.get("restricted")) or (after and after.get("restricted")))


def _desks(connection: Connection) -> list[Device]:
    """Desks that stand; a hub holds what its desks may hold, and is granted nothing itself."""
    return [one for one in accounts.devices(connection) if not hubs.is_hub(connection, one.id)]


def _narrow(centre: Centre, connection: Connection, people: Everybody, device: Device) -> News:
    """Take all files of its centre from a desk at which nobody may see them as such. What the centre holds without
    words of any child (its log of calls, its duty, the desk's own audit) stays, by a grant of its own."""
    sees = device.all_cases or ships(centre.policy, people.at(device), Thing(centre=device.centre))
    if sees is not granted.is_narrowed(connection, device.id):
        return News()
    told = _Told({}, {}, {device.id}, set())
    every = scopes.files_of(device.centre)
    if sees:
        told.given[device.id] = [every]
    else:
        told.given[device.id], told.taken[device.id] = [scopes.centre(device.centre)], [every]
    return _write(centre, connection, told, {device.id: device})


def _settle(
    centre: Centre,
    connection: Connection,
    people: Everybody,
    wanted: Collection[str],
    desks: Sequence[Device],
    held: Mapping[str, set[str]] | None = None,
    lasting: Mapping[str, set[str]] | None = None,
) -> News:
    """Bring homes and grants of these files in step with what the engine says of them. `held`: what the desks hold,
    where that was counted before something else changed it; `lasting`: what of it that change left in their hands."""
    homes = dict(scopes.homes(connection, wanted))
    facts = staffed.things(connection, centre.policy, homes)
    shunned = people.shunned
    told = _Told({}, {}, set(), set())
    if held is None:
        held = _held(connection, desks, homes)
    lasting = held if lasting is None else lasting
    at = {one.id: people.at(one) for one in desks}
    moved: dict[str, str] = {}
    shut = {
        scope
        for scope, thing in facts.items()
        if scope.startswith(scopes.WALLED) or thing.restricted or thing.dossier in shunned
    }
    wrote = staffed.authors(connection, shut)
    of_cases = staffed.with_cases(connection, facts) if any(one.all_cases for one in desks) else frozenset[str]()
    for scope, thing in facts.items():
        closed = scope in shut
        home = scope if closed else thing.centre
        if home and home != homes[scope]:
            moved[scope] = home
        for device in desks:
            if device.all_cases and not closed:  # it was enrolled for every case, whoever sits there
                if scope not in lasting[device.id] and (scope in of_cases or thing.centre == device.centre):
                    told.given.setdefault(device.id, []).append(scope)
                continue
            there = _with_authors(people, at[device.id], device, wrote.get(scope, {}).get(device.id, ()))
            wants = ships(centre.policy, there, thing)
            if wants and (scope not in lasting[device.id] or (closed and scope in moved)):
                told.given.setdefault(device.id, []).append(scope)
            elif not wants and scope in held[device.id]:
                told.taken.setdefault(device.id, []).append(scope)
    for scope, home in moved.items():
        told.audiences |= {home, homes[scope]}
        _move(centre, connection, scope, homes[scope], home, facts[scope].centre)
        told.anew |= granted.holders(connection, [scope])
    return _write(centre, connection, told, {one.id: one for one in desks})


def _with_authors(people: Everybody, there: list[Person], device: Device, wrote: Iterable[str]) -> list[Person]:
    """The people of a desk, and who wrote into a closed file there: they evidently sit there too."""
    if not wrote:
        return there
    found = (people.who(one, device) for one in wrote)
    return [*there, *(one for one in found if one is not None)]


def _held(connection: Connection, desks: Sequence[Device], homes: Mapping[str, str]) -> dict[str, set[str]]:
    """Which of these files each desk holds as far as the centre knows, what is lent for an emergency left out."""
    standing: dict[str, set[str]] = {one.id: set() for one in desks}
    lost: dict[str, set[str]] = {one.id: set() for one in desks}
    for row in sql.select_in(connection, tables.records["grant"], "granted_scope", homes):
        device, scope = str(row["device"]), str(row["granted_scope"])
        if device not in standing or row["retracted"] is not None or row["scope"] != scopes.device_scope(device):
            continue
        if row["withdrawn_at"]:
            lost[device].add(scope)
        elif row["reason"] != GRANTED:
            standing[device].add(scope)
    shared: dict[str, set[str]] = {}
    for scope, home in homes.items():
        shared.setdefault(home, set()).add(scope)
    return {
        one.id: standing[one.id]
        if granted.is_narrowed(connection, one.id)
        else standing[one.id] | (shared.get(one.centre, set()) - lost[one.id])
        for one in desks
    }


def _stands(one: Stored) -> bool:
    return one.record.withdrawn_at is None and one.retracted is None


def _standing(connection: Connection, device: str, scope: str) -> list[Stored]:
    """Grants of a scope to a device that stand, those of an emergency left out: they end by themselves."""
    control = scopes.device_scope(device)
    return [
        one
        for one in read.where(connection, "grant", "granted_scope", scope)
        if one.scope == control and _stands(one) and one.record.reason != GRANTED
    ]


def _move(centre: Centre, connection: Connection, scope: str, before: str, home: str, owner: str) -> None:
    """Another home; and custody written into a dossier, so that every hub that holds it learns of the new home."""
    sql.upsert_many(connection, scopes.scope_home, [(scope, home)])
    sums.move(connection, scope, before, home)
    if scope.startswith(scopes.DOSSIER):
        contact = scopes.file_of(scope)
        now = centre.now_ms()
        stored = read.one(connection, "custody", contact)
        later = max(now, (stored.record.moved_at or 0) + 1 if stored is not None else 0)  # only what differs travels
        if stored is None:
            record = Custody(id=contact, centre=owner, previous=owner, moved_at=now)
            folded = centre.author(connection, scope, [record], CREATE)
        else:
            folded = centre.change(connection, stored, {"centre": owner, "moved_at": later}, PATCH)
        granted.follow(connection, folded.deltas)


def _write(centre: Centre, connection: Connection, told: _Told, desks: Mapping[str, Device]) -> News:
    """Write what was decided: grants before withdrawals, so that no hub ever finds a file in nobody's hands."""
    anew = told.anew & accounts.device_centres(connection).keys()
    for device, given in sorted(told.given.items()):
        new = _give(centre, connection, device, sorted(given))
        if device not in anew:
            granted.widen(connection, device, new)
    for device, taken in sorted(told.taken.items()):
        for scope in sorted(taken):
            _take(centre, connection, device, scope)
        anew.add(device)
    for device in sorted(anew):
        granted.count_anew(connection, device)
    touched = {*told.given, *told.taken}
    if touched:
        log.info("need to know: %d desks given, %d desks taken from", len(told.given), len(told.taken))
    return News(frozenset(told.audiences) | {scopes.device_scope(one) for one in touched & desks.keys()})


def _give(centre: Centre, connection: Connection, device: str, wanted: Sequence[str]) -> list[str]:
    known = granted.granted_among(connection, device, wanted)
    for start in range(0, len(wanted), _ACT):
        records = [
            Grant(id=centre.new_id(), device=device, granted_scope=scope, reason=REASON)
            for scope in wanted[start : start + _ACT]
        ]
        folded = centre.author(connection, scopes.device_scope(device), records, GRANT)
        granted.follow(connection, {key: one for key, one in folded.deltas.items() if key[0] in wanted})
    return [scope for scope in wanted if scope not in known]


def _take(centre: Centre, connection: Connection, device: str, scope: str) -> None:
    """Withdraw every standing grant but an emergency's; what was held without one is withdrawn by a record of its
    own, unless it is lent for an emergency now."""
    now = centre.now_ms()
    standing = _standing(connection, device, scope)
    for one in standing:
        centre.change(connection, one, {"withdrawn_at": now}, WITHDRAW)
    if not standing and not granted.granted_among(connection, device, [scope]):
        record = Grant(id=centre.new_id(), device=device, granted_scope=scope, reason=REASON, withdrawn_at=now)
        centre.author(connection, scopes.device_scope(device), [record], WITHDRAW)
