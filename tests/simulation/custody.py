"""Laws of dossiers that changed hands and of records that were erased: told once more, from the log alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, literal_column, select, table, text

from desktop.store.reads_audit import audit_view
from server.store import audit, audit_log
from server.store.troubles import StoreUnavailable
from sync.audit import Findings
from sync.operation import ERASE, Body, Undecodable, decode_body
from sync.replica import removal, scopes, tables
from tests.simulation.place import Reset
from tests.simulation.trace import Broken

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

ERASABLE = ("contact", "person", "note", "case", "attachment")
AFTER_WITHDRAWAL = "after_withdrawal"
TWICE = "a second entry in one place (a copied or restored desk)"


def hold(world: World) -> None:
    """All of them. Raises Broken."""
    the_audit_finds_nothing(world)
    withdrawn_is_wiped_with_a_receipt(world)
    what_was_done_is_told_whole(world)
    late_is_kept_and_flagged(world)
    erased_stays_erased(world)


def erasable(connection: Connection) -> list[tuple[str, str]]:
    """What the centre could be ordered to erase: kind and id."""
    return [
        (kind, row.id)
        for kind in ERASABLE
        for row in connection.execute(select(tables.records[kind].c.id).order_by(tables.records[kind].c.id))
    ]


def the_audit_finds_nothing(world: World) -> None:
    """The centre's own examination of its digests, chains and numbers (`python -m server verify`)."""
    found = audit.Findings()
    for part in (audit._digests, audit._chains, audit._numbers):  # all but the pages, which lie in no file here
        world.place.read(partial(part, found=found))
    if found.differences:
        raise Broken("audit chain whole", found.differences[0])


def what_was_done_is_told_whole(world: World) -> None:
    """Every device's audit chain, counted anew at the centre and, with its receipt, at the desk. Only a desk that was
    copied or put back may have gone on twice from one place, and then it is told."""
    if not world.weather.audited:
        return
    copied = {world.machines[one].device for one in world.copies if one >= 0}
    _told_whole("the centre", world.place.read(audit_log.verify).values(), copied)
    for machine in world.machines:
        if not machine.revoked:
            _told_whole(machine.seat, machine.look(audit_view).findings, copied)
    world.meet("audit chains counted")


def _told_whole(who: str, found: Iterable[Findings], copied: set[str]) -> None:
    for one in found:
        wrong = [line for line in one.broken if not (one.device in copied and line.endswith(TWICE))]
        if wrong:
            raise Broken("audit chain whole", f"{who}: {one.device} {wrong[0]}")


def withdrawn_is_wiped_with_a_receipt(world: World) -> None:
    """Whoever was told to give a dossier up says so once it is done (that it is: `laws.everybody_has_the_same`)."""
    for machine in world.machines:
        if machine.revoked:
            continue
        withdrawn, receipts = world.place.read(partial(_withdrawals, machine=machine))
        for scope, grants in sorted(withdrawn.items()):
            if not grants & receipts:
                raise Broken("wiped with a receipt", f"{machine.seat} has not said that it gave {scope} up")
            world.meet("dossiers given up")


def _withdrawals(connection: Connection, machine: Machine) -> tuple[dict[str, set[str]], set[str]]:
    """Withdrawn grants by scope, of the scopes that the device may not hold now; ids of its receipts."""
    grant, receipt = tables.records["grant"].c, tables.records["wiped"].c
    found: dict[str, set[str]] = {}
    for row in connection.execute(select(tables.records["grant"]).where(grant.device == machine.device)):
        if row.withdrawn_at is not None and row.scope == scopes.device_scope(machine.device):
            found.setdefault(row.granted_scope, set()).add(row.id)
    standing = scopes.granted(connection, machine.device)
    mine = select(receipt.id).where(receipt.device == machine.device)
    gone = {scope: ids for scope, ids in found.items() if scope not in standing}
    return gone, {str(row.id) for row in connection.execute(mine)}


def late_is_kept_and_flagged(world: World) -> None:
    """Beside each record that a desk wrote to after its dossier had gone lies a review that says so, and beside no
    other. (That the words are kept: `laws.every_value_stands`.)"""
    centres = {machine.device: machine.told.centre for machine in world.machines}
    hub = {world.hub.device: world.hub.told.centre} if world.hub is not None else {}
    wanted = world.place.read(lambda c: set(_late(c, centres, hub)))
    review = tables.records["review"].c
    flagged = select(review.about_kind, review.about, review.device).where(review.reason == AFTER_WITHDRAWAL)
    found = {tuple(row) for row in world.place.read(lambda c: c.execute(flagged).all())}
    lost, more = wanted - found, {one for one in found - wanted if one[:2] not in world.ledger.erased}
    if lost:
        raise Broken("late words are flagged", f"nobody is told of {sorted(lost)}")
    if more:
        raise Broken("late words are flagged", f"these came in time: {sorted(more)}")
    for _ in wanted:
        world.meet("late words kept and flagged")


def _late(connection: Connection, desks: dict[str, str], hub: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Kind, record and device of what was taken when its dossier was no more its author's, from the log in the order
    in which it came. What the hub wrote it took over from one of its desks, and may write what any of them may."""
    centres = {**desks, **hub}
    homes: dict[str, list[str]] = {}
    grants: dict[str, tuple[str, str]] = {}
    standing: set[str] = set()
    log = tables.log.c
    rows = connection.execute(select(tables.log).where(log.body.is_not(None)).order_by(log.seq)).all()
    for row in _as_they_came(rows):
        body = decode_body(bytes(row.body))
        if body.kind == "grant":
            _granted(body, grants, standing)
        elif body.kind == "custody":
            if "centre" in body.values:
                homes.setdefault(body.scope, []).append(body.values["centre"])
        elif row.device in centres and body.scope.startswith(scopes.DOSSIER):
            if row.held is not None and (row.held != "ungranted_scope" or body.scope not in homes):
                continue
            mine = centres[row.device]
            home = homes.setdefault(body.scope, [mine])
            given = {grants[one] for one in standing}
            authors = [row.device] if row.device in desks else [one for one in desks if desks[one] == mine]
            if home[-1] != mine and not any((one, body.scope) in given for one in authors) and mine in home:
                yield body.kind, body.id, row.device


def _as_they_came(rows: Sequence[Any]) -> list[Any]:
    """What was held got a later number when it was released: it had come no later than what its desk wrote next."""
    came: dict[int, int] = {}
    first: dict[tuple[str, int], int] = {}
    for row in sorted(rows, key=lambda one: -one.n):
        chain = row.device, row.incarnation
        came[row.seq] = first[chain] = min(row.seq, first.get(chain, row.seq))
    return sorted(rows, key=lambda one: (came[one.seq], one.n))


def _granted(body: Body, grants: dict[str, tuple[str, str]], standing: set[str]) -> None:
    if "granted_scope" in body.values:
        grants[body.id] = (body.values["device"], body.values["granted_scope"])
        standing.add(body.id)
    if body.values.get("withdrawn_at"):
        standing.discard(body.id)


def erased_stays_erased(world: World) -> None:
    """No row and no word of an erased record, in no table of any node."""
    if not world.ledger.erased:
        return
    wanted = [re.escape(f'"{word}"') + "|^" + re.escape(word) + "$" for word in sorted(world.ledger.erased_words())]
    words = re.compile("|".join(wanted) or r"(?!)")
    world.place.read(partial(_nothing_of, who="the centre", erased=world.ledger.erased, words=words))
    for one in world.machines:
        if not one.revoked:
            one.look(partial(_nothing_of, who=one.seat, erased=world.ledger.erased, words=words))


def _nothing_of(connection: Connection, who: str, erased: set[tuple[str, str]], words: re.Pattern[str]) -> None:
    for kind, record in sorted(erased):
        for aside in (tables.sibling, tables.waiting):
            beside = select(aside.c.record).where(aside.c.record == record, aside.c.kind == kind)
            if connection.execute(beside).first():
                raise Broken("erased stays erased", f"{who} has {kind} {record} in {aside.name}")
        if connection.execute(select(tables.records[kind].c.id).where(tables.records[kind].c.id == record)).first():
            raise Broken("erased stays erased", f"{who} shows {kind} {record}")
    for name, value in _everything(connection):
        if words.search(value) and not _is_order(value):
            raise Broken("erased stays erased", f"{who} has a word of it in {name}")


def _everything(connection: Connection) -> Iterator[tuple[str, str]]:
    """Every text and every line of bytes of a store, with its table."""
    names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
    for name in names:
        rows: Iterable[Any] = connection.execute(select(literal_column("*")).select_from(table(name)))
        for row in rows:
            for value in row:
                if isinstance(value, (str, bytes)):
                    yield name, _read(value)


def _read(value: Any) -> str:
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")


def _is_order(value: str) -> bool:
    try:
        return decode_body(value.encode()).action == ERASE
    except Undecodable:
        return False


def erase(world: World) -> None:
    """The centre erases a record for ever: whichever it has, drawn by lot."""
    found = world.place.read(erasable)
    if not found:
        return
    kind, record = world.lab.choice(found)
    try:
        world.place.erase(kind, record)
    except Reset:
        world.restart(world.place)
    except StoreUnavailable:
        world.say("centre", "cannot erase: disk full")
    if world.place.read(lambda c: removal.known_among(c, [record])):
        world.say("centre", "erases", kind, record)
        world.meet("records erased")
        world.ledger.erased.add((kind, record))
