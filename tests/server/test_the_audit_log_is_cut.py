"""Audit entries go after ten years: cut by two people's word behind a mark the centre signs, at every node, up to a
file under a legal hold; what is left of the chain verifies, and any other cut is found."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Executable, delete, update

from domain.clock import DAY
from domain.records.audit import OPEN, AuditEntry
from domain.records.retention import RetentionRun
from server.operations.retention import agree, hold, lift, propose
from server.operations.staff import write
from server.store import audit_log
from server.store.engine import Connection
from sync import audit, wire
from sync.audit import Findings, Head, Said
from sync.door import cut_claim
from sync.operation import APPEND
from sync.replica import scopes, tables
from tests.server.ground import PATIENCE_S, Desk, Running
from tests.server.test_audit_log import Undone, done_and_undone

MakeDesk = Callable[..., Desk]
YEAR = 366 * DAY
AN_GIANG = "an_giang"


def acts(desk: Desk, files: Sequence[str], at_ms: int, head: Head | None = None) -> Head:
    """One audited act of this desk for each of these files, sent; answers where its chain ends."""
    head = head or Head()
    act = desk.node.act()
    for file in files:
        name = f"{desk.enrolled.device}-{head.n}"
        said = Said("tvv-1", OPEN, "contact", file, "P3", f"Lý do xem {file}")
        entry, words = audit.write(said, desk.enrolled.device, 1, at_ms, head, name, os.urandom)
        assert words is not None
        for one in (entry, words):
            act.create(scopes.centre(desk.enrolled.centre), one, action=APPEND)
        head = Head(entry.n or 0, entry.link or "")
    desk.node.write(act)
    desk.push()
    return head


def leads(centre: Running) -> None:
    for staff in ("v-1", "v-2"):
        write(centre.centre, staff, roles=("regional_lead",), centre=AN_GIANG)


def runs(centre: Running) -> RetentionRun | None:
    """A run that is proposed now, agreed to by two."""
    run = propose(centre.centre, AN_GIANG)
    if run is None:
        return None
    agree(centre.centre, run.id, "v-1")
    return agree(centre.centre, run.id, "v-2")


def here(desk: Desk) -> dict[str, Findings]:
    """The chains as this desk counts them from its own rows."""

    def work(connection: Any) -> dict[str, Findings]:
        entries = [
            audit.entry_of(row) for row in connection.execute(tables.records["audit_entry"].select()).mappings()
        ]
        cuts = [audit.cut_of(row) for row in connection.execute(tables.records["audit_cut"].select()).mappings()]
        return audit.verify(entries, cuts=cuts, key=wire.raw64(desk.enrolled.centre_key))

    return desk.node.run(work)


def found(centre: Running, desk: Desk) -> Findings:
    return centre.centre.read(audit_log.verify)[desk.enrolled.device]


def test_what_is_ten_years_old_is_cut_everywhere_and_the_rest_of_the_chain_verifies(
    centre: Running, desks: MakeDesk
) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    leads(centre)
    head = acts(one, [f"k{i}" for i in range(120)], centre.clock.now_ms())
    other.pull()
    centre.clock.pass_ms(5 * YEAR)
    head = acts(one, ["k-later"] * 3, centre.clock.now_ms(), head)
    assert runs(centre) is None, "nothing is ten years old"
    centre.clock.pass_ms(5 * YEAR + DAY)
    run = propose(centre.centre, AN_GIANG)
    assert run is not None
    assert run.items == (["audit", f"{one.enrolled.device}:120"],)
    agree(centre.centre, run.id, "v-1")
    assert found(centre, one).cut == 0, "one person is not enough"
    assert agree(centre.centre, run.id, "v-2").erased == 120
    at_centre = found(centre, one)
    assert (at_centre.whole, at_centre.cut, at_centre.entries, at_centre.head.n) == (True, 120, 3, 123)
    for desk in (one, other):
        desk.pull()
        seen = here(desk)[one.enrolled.device]
        assert (seen.whole, seen.cut, seen.entries, seen.head) == (True, 120, 3, head), seen.broken
        for kind in ("audit_entry", "audit_note"):
            assert not desk.node.has(kind, f"{one.enrolled.device}-0"), "entry and words are gone"
            assert desk.node.has(kind, f"{one.enrolled.device}-120")
        assert desk.own_digest() == desk.digest
    assert runs(centre) is None, "what is gone is not proposed again"


def test_a_chain_of_which_nothing_is_left_goes_on_where_it_ended(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded, "AG01")
    leads(embedded)
    head = acts(one, ["k1"] * 4, embedded.clock.now_ms())
    one.pull()
    assert one.road.receipt(one.own_digest(), PATIENCE_S) is not None
    embedded.clock.pass_ms(11 * YEAR)
    assert runs(embedded) is not None
    one.pull()
    given = one.road.receipt(one.own_digest(), PATIENCE_S)
    assert given is not None
    assert (given.audit_n, given.audit_head) == (4, head.link), "the centre countersigns where it ended"
    assert found(embedded, one).whole
    acts(one, ["k2"], embedded.clock.now_ms(), head)
    seen = found(embedded, one)
    assert (seen.whole, seen.cut, seen.entries, seen.head.n) == (True, 4, 1, 5), seen.broken
    embedded.clock.pass_ms(11 * YEAR)
    assert runs(embedded) is not None
    seen = found(embedded, one)
    assert (seen.whole, seen.cut, seen.entries) == (True, 5, 0), "the mark moves with the next cut"
    one.pull()
    assert here(one)[one.enrolled.device].whole
    assert one.own_digest() == one.digest


def test_nothing_is_cut_from_the_first_entry_on_that_is_about_a_file_under_a_legal_hold(
    embedded: Running, desks: MakeDesk
) -> None:
    one = desks(embedded, "AG01")
    leads(embedded)
    one.write_contact("kept", case=True)
    one.push()
    about = ["k1", "k2", "kept", "k3"]
    acts(one, about, embedded.clock.now_ms())
    embedded.clock.pass_ms(11 * YEAR)
    held = hold(embedded.centre, "kept", "12/CV-TA", "v-1")
    assert runs(embedded) is not None
    assert (found(embedded, one).cut, found(embedded, one).entries) == (2, 2)
    assert runs(embedded) is None
    lift(embedded.centre, held.id, "v-1")
    assert runs(embedded) is not None
    assert found(embedded, one).cut == 4


def test_a_hold_set_on_the_file_of_a_case_after_the_proposal_keeps_the_entries_about_the_case(
    embedded: Running, desks: MakeDesk
) -> None:
    one = desks(embedded, "AG01")
    leads(embedded)
    one.write_contact("kept", case=True)
    said = Said("tvv-1", OPEN, "case", "case-kept", "P3")
    entry, _ = audit.write(said, one.enrolled.device, 1, embedded.clock.now_ms(), Head(), "muc", os.urandom)
    act = one.node.act()
    act.create(scopes.centre(AN_GIANG), entry, action=APPEND)
    one.node.write(act)
    one.push()
    embedded.clock.pass_ms(11 * YEAR)
    run = propose(embedded.centre, AN_GIANG)
    assert run is not None
    agree(embedded.centre, run.id, "v-1")
    hold(embedded.centre, "kept", "12/CV-TA", "v-1")
    assert agree(embedded.centre, run.id, "v-2").erased == 0
    assert found(embedded, one).entries == 1


def test_a_desks_clock_makes_no_entry_older_than_the_desk_or_than_the_entries_before_it(
    embedded: Running, desks: MakeDesk
) -> None:
    one, other = desks(embedded, "AG01"), desks(embedded, "AG02")
    leads(embedded)
    acts(one, ["k1"], 0)
    head = acts(other, ["k1"], embedded.clock.now_ms() + 5 * YEAR)
    acts(other, ["k2"], 0, head)
    assert runs(embedded) is None, "the desks were enrolled today"
    embedded.clock.pass_ms(11 * YEAR)
    assert runs(embedded) is not None
    assert (found(embedded, one).entries, found(embedded, other).entries) == (0, 2)


def test_a_chain_that_is_not_whole_is_evidence_and_keeps_every_entry(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded, "AG01")
    leads(embedded)
    acts(one, ["k1"] * 5, embedded.clock.now_ms())
    embedded.clock.pass_ms(11 * YEAR)
    entry = tables.records["audit_entry"]
    embedded.centre.lane.do(lambda c: c.execute(update(entry).where(entry.c.n == 4).values(actor="khac")))
    assert runs(embedded) is None
    assert found(embedded, one).entries == 5


def test_whatever_else_is_done_to_a_chain_that_was_cut_is_found_at_the_centre(
    centre: Running, desks: MakeDesk
) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    leads(centre)
    for desk in (one, other):
        head = acts(desk, ["k1"] * 6, centre.clock.now_ms())
        centre.clock.pass_ms(DAY)
        acts(desk, ["k2"] * 4, centre.clock.now_ms() + 5 * YEAR, head)
    one.pull()
    assert one.road.receipt(one.own_digest(), PATIENCE_S) is not None
    centre.clock.pass_ms(11 * YEAR)
    assert runs(centre) is not None
    entry, mark = tables.records["audit_entry"], tables.records["audit_cut"]
    mine, device = entry.c.device == one.enrolled.device, one.enrolled.device
    eighth = _entry(centre, device, 8)
    stranger, at = Ed25519PrivateKey.generate(), centre.clock.now_ms()
    link = str(eighth.link)
    forged = wire.text64(stranger.sign(cut_claim(device, 8, link, at)))
    of_mine = mark.c.device == device
    deeds: dict[str, list[Executable]] = {
        "the mark is gone": [delete(mark).where(of_mine)],
        "cut further": [delete(entry).where(mine, entry.c.n <= 8)],
        "the mark moved": [
            delete(entry).where(mine, entry.c.n <= 8),
            update(mark).where(of_mine).values(n=8, link=link),
        ],
        "a forged mark": [
            delete(entry).where(mine, entry.c.n <= 8),
            update(mark).where(of_mine).values(n=8, link=link, at=at, signature=forged),
        ],
        "another desk's mark": [
            delete(mark).where(of_mine),
            update(mark).where(mark.c.device == other.enrolled.device).values(device=device),
        ],
        "all cut off": [delete(entry).where(mine)],
    }
    for name, deed in deeds.items():
        broken: list[str] = []
        *before, last = deed
        with pytest.raises(Undone):
            centre.centre.lane.do(partial(_all_done, before=before, last=last, device=device, broken=broken))
        assert broken != [], name
    assert found(centre, one).whole


def _entry(centre: Running, device: str, n: int) -> AuditEntry:
    table = tables.records["audit_entry"]
    wanted = table.select().where(table.c.device == device, table.c.n == n)
    return centre.centre.read(lambda c: audit.entry_of(c.execute(wanted).mappings().one()))


def _all_done(
    connection: Connection, before: Sequence[Executable], last: Executable, device: str, broken: list[str]
) -> None:
    for one in before:
        connection.execute(one)
    done_and_undone(connection, last, device, broken)
