"""The audit chain between a desk and its centre: carried, countersigned, counted anew at both ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Executable, delete, update

from domain.records.audit import OPEN, AuditEntry
from server.store import audit_log
from server.store.engine import Connection
from sync import audit, wire
from sync.audit import Head, Said
from sync.door import audit_claim
from sync.operation import APPEND
from sync.replica import scopes, tables
from sync.replica.ledger import is_signed
from tests.server.ground import PATIENCE_S, Desk, Running

MakeDesk = Callable[..., Desk]


class Undone(Exception):
    """What was tried on the centre's rows is rolled back."""


def done_and_undone(connection: Connection, deed: Executable, device: str, broken: list[str]) -> None:
    """Do something to the rows, count the chains anew, take it back."""
    connection.execute(deed)
    broken += audit_log.verify(connection)[device].broken
    raise Undone


def told(desk: Desk, count: int) -> list[AuditEntry]:
    """So many audited acts of this desk, sent."""
    head, written = Head(), []
    for number in range(count):
        said = Said("tvv-1", OPEN, "case", f"ca-{number}", "P3", f"Lý do {number}")
        name = f"{desk.enrolled.device}-muc-{number}"
        entry, words = audit.write(said, desk.enrolled.device, 1, desk.node.wall, head, name, os.urandom)
        assert words is not None
        act = desk.node.act()
        scope = scopes.centre(desk.enrolled.centre)
        act.create(scope, entry, action=APPEND)
        act.create(scope, words, action=APPEND)
        desk.node.write(act)
        head = Head(entry.n or 0, entry.link or "")
        written.append(entry)
    desk.push()
    desk.pull()
    return written


def test_a_receipt_countersigns_where_the_askers_chain_ends(centre: Running, desks: MakeDesk) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    written = told(one, 4)
    other.pull()
    given = one.road.receipt(one.own_digest(), PATIENCE_S)
    assert given is not None
    assert (given.audit_n, given.audit_head) == (4, written[-1].link)
    public = Ed25519PublicKey.from_public_bytes(wire.raw64(one.enrolled.centre_key))
    claim = audit_claim(given.device, given.audit_n, given.audit_head, given.time)
    public.verify(wire.raw64(given.audit_signature), claim)
    with pytest.raises(InvalidSignature):
        public.verify(wire.raw64(given.audit_signature), audit_claim(given.device, 3, given.audit_head, given.time))
    assert is_signed(one.enrolled.centre_key, given)
    lower = msgspec.structs.replace(given, audit_n=3, audit_head=written[2].link or "")
    assert not is_signed(one.enrolled.centre_key, lower), "a receipt for an earlier end is none"
    quiet = other.road.receipt(other.own_digest(), PATIENCE_S)
    assert quiet is not None
    assert quiet.audit_n == 0, "who wrote no entry has nothing countersigned"
    found = centre.centre.read(audit_log.verify)[one.enrolled.device]
    assert (found.whole, found.entries, found.head.n) == (True, 4, 4), found.broken


def test_an_entry_changed_taken_out_or_cut_off_at_the_centre_is_found_there(centre: Running, desks: MakeDesk) -> None:
    one = desks(centre)
    written = told(one, 5)
    assert one.road.receipt(one.own_digest(), PATIENCE_S) is not None
    entry = tables.records["audit_entry"]
    last = entry.c.id == written[-1].id
    deeds = {
        "changed": update(entry).where(entry.c.id == written[1].id).values(actor="khac"),
        "taken out": delete(entry).where(entry.c.id == written[2].id),
        "cut off": delete(entry).where(last),
        "reworded": delete(tables.records["audit_note"]).where(tables.records["audit_note"].c.id == written[0].id),
    }
    for name, deed in deeds.items():
        broken: list[str] = []
        with pytest.raises(Undone):
            centre.centre.lane.do(partial(done_and_undone, deed=deed, device=one.enrolled.device, broken=broken))
        assert broken != [], name
    assert centre.centre.read(audit_log.verify)[one.enrolled.device].whole, "nothing of that was kept"
