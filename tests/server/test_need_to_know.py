"""S-06 in what sync ships: over real HTTP each role's desk holds exactly what the hand-written table lets it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest

from domain.records.case import Case
from domain.records.contact import Contact
from domain.records.note import Note
from domain.rules.privacy import Person, Thing, ships
from server.operations import grants
from server.operations.need_to_know import settle_new_policy
from server.operations.staff import NotInTheList, write
from server.store import accounts
from server.store.engine import Connection
from sync.act import Act
from sync.replica import node, scopes
from sync.replica import read as stored
from tests.domain.test_roles import other_cells
from tests.privacy_table import ROLES, STATES
from tests.server.every_road import BOOKS, PLACES, SAID, effect, policy_of, shipped
from tests.server.ground import PATIENCE_S, Desk, Running
from tests.server.hub_ground import has, running_hub, until

MakeDesk = Callable[..., Desk]


def test_every_flip_that_changes_what_is_shipped_is_found_and_no_other() -> None:
    changing = 0
    for row in ("open", "search", "open_restricted", "therapy_note"):
        for role in ROLES:
            for cell in other_cells(SAID["rows"][row][ROLES.index(role)]):
                said = deepcopy(SAID)
                said["rows"][row][ROLES.index(role)] = cell
                policy = policy_of(said)
                for table in BOOKS:
                    person = Person("me", frozenset({role}), "an_giang", frozenset({"trafficking"}))
                    things = [
                        Thing(PLACES[state], frozenset({"me"} if state == "own" else ()), f"d-{state}",
                              table if table in ("therapy", "trafficking") else "children", table == "restricted")
                        for state in STATES
                    ]  # fmt: skip
                    said_now = tuple(ships(policy, [person], thing) for thing in things)
                    written = tuple(shipped(table, role, state, "named") for state in STATES)
                    changes = effect(said, role, table) != effect(SAID, role, table)
                    assert (said_now != written) is changes, f"{row} of {role} as {cell!r} on {table}"
                    changing += changes
    assert changing > 400
    print(f"S-06 shipped: {changing} of {changing} flips that change what is shipped found")


def test_a_role_that_is_taken_away_withdraws_what_it_gave(embedded: Running, desks: MakeDesk) -> None:
    writer, desk = desks(embedded, "AG01"), desks(embedded, "AG02")
    scope = writer.write_contact("k1", case=True)
    writer.push()
    write(embedded.centre, "cg", roles=("shift_lead",), centre="an_giang", desks=("AG02",))
    desk.pull()
    assert desk.node.has("contact", "k1")
    write(embedded.centre, "cg", roles=("it_admin",))
    assert desk.road.scope(scope, 10_000, 0, PATIENCE_S)[1] == []
    desk.pull()
    told = desk.node.run(lambda c: stored.where(c, "grant", "device", desk.enrolled.device))
    gone = {one.record.granted_scope for one in told if one.record.withdrawn_at}
    assert gone == {scope, scopes.files_of("an_giang")}
    for one in gone:
        desk.node.run(lambda c, one=one: desk.node.replica.wipe(c, one))  # type: ignore[misc]  # binds the loop's value
    desk.pull()
    assert desk.own_digest() == desk.digest
    writer.write_contact("k2")
    writer.write_calls(range(2))
    desk.write_calls(range(2))
    desk.push()
    writer.push()
    desk.pull()
    assert not desk.node.has("contact", "k2")
    assert desk.node.has("call", f"{writer.enrolled.device}-1"), "the log of calls holds no words of a child"
    assert desk.own_digest() == desk.digest
    write(embedded.centre, "cg", roles=("it_admin", "counsellor"))
    desk.pull()
    assert [desk.node.has("contact", one) for one in ("k1", "k2")] == [True, True]
    assert desk.own_digest() == desk.digest


def test_who_sees_only_what_is_theirs_keeps_it_when_the_files_of_their_centre_leave_the_desk(
    embedded: Running, desks: MakeDesk
) -> None:
    writer, early = desks(embedded, "AG01"), desks(embedded, "AG02")
    act = Act("tvv-1", writer.node.clock.next(writer.node.wall))
    for name, mine in (("mine", "tl-1"), ("other", None)):
        act.create(scopes.dossier(name), Contact(id=name, received_at=writer.node.wall))
        act.create(scopes.dossier(name), Case(id=f"case-{name}", contact_id=name, assigned_to=mine))
    writer.node.write(act)
    writer.push()
    write(embedded.centre, "tl-1", roles=("therapist",), centre="an_giang", desks=("AG02", "AG03"))
    late = desks(embedded, "AG03")
    for desk in (early, late):
        desk.pull()
        assert [desk.node.has("contact", one) for one in ("mine", "other")] == [True, False]
        assert desk.own_digest() == desk.digest


def test_what_was_granted_by_older_rules_is_withdrawn_at_the_next_start(embedded: Running, desks: MakeDesk) -> None:
    writer, other = desks(embedded, "AG01"), desks(embedded, "HN01")
    scope = writer.write_contact("k1", case=True)
    writer.push()

    def grant(connection: Connection) -> None:
        device = accounts.find_device(connection, other.enrolled.device)
        assert device is not None
        grants.give(embedded.centre, connection, device, [scope])
        node.put_key(connection, "policy_of_grants", "what an older program wrote")

    embedded.centre.lane.do(grant)
    other.pull()
    assert other.node.has("contact", "k1")
    settle_new_policy(embedded.centre)
    assert other.road.scope(scope, 10_000, 0, PATIENCE_S)[1] == []
    other.pull()
    (told,) = other.node.run(lambda c: stored.where(c, "grant", "granted_scope", scope))
    assert told.record.withdrawn_at
    other.node.run(lambda c: other.node.replica.wipe(c, scope))
    assert other.own_digest() == other.digest


def test_what_becomes_restricted_leaves_the_desks_of_those_who_may_not_and_comes_back(
    embedded: Running, desks: MakeDesk
) -> None:
    author, colleague = desks(embedded, "AG01"), desks(embedded, "AG02")
    scope = author.write_contact("k1", case=True)
    author.push()
    colleague.pull()
    author.pull()
    assert colleague.node.has("case", "case-k1")
    author.node.change("case", "case-k1", opened_by="tvv-1", restricted=True)
    author.push()
    assert author.road.scope(scope, 10_000, 0, PATIENCE_S)[1], "who works on it keeps it"
    assert colleague.road.scope(scope, 10_000, 0, PATIENCE_S)[1] == []
    colleague.pull()
    colleague.node.run(lambda c: colleague.node.replica.wipe(c, scope))
    author.pull()
    colleague.pull()
    assert (author.own_digest(), colleague.own_digest()) == (author.digest, colleague.digest)
    author.node.change("case", "case-k1", restricted=False)
    author.push()
    author.pull()
    colleague.pull()
    assert colleague.node.stored("case", "case-k1").record.restricted is False
    assert (author.own_digest(), colleague.own_digest()) == (author.digest, colleague.digest)


def test_nobody_gets_a_closed_file_by_writing_into_it_under_the_name_of_who_works_on_it(
    embedded: Running, desks: MakeDesk
) -> None:
    author, stranger = desks(embedded, "AG01"), desks(embedded, "HN01")
    scope = author.write_contact("k1", case=True)
    author.node.change("case", "case-k1", opened_by="tvv-1", restricted=True)
    author.push()
    stranger.pull()
    act = Act("tvv-1", stranger.node.clock.next(stranger.node.wall))
    act.create(scope, Note(id="n1", contact_id="k1", text="Tôi làm việc ở đây", written_at=stranger.node.wall))
    stranger.node.write(act)
    assert [one.n for one in stranger.push().held] == [1]
    author.node.change("case", "case-k1", urgency="emergency")
    author.node.change("case", "case-k1", assigned_to="tvv-1")
    author.push()
    stranger.pull()
    assert author.road.scope(scope, 10_000, 0, PATIENCE_S)[1], "who works on it keeps it"
    assert stranger.road.scope(scope, 10_000, 0, PATIENCE_S)[1] == []
    assert not stranger.node.has("contact", "k1")


def test_a_word_that_no_list_knows_is_no_role(embedded: Running) -> None:
    for said in ({"roles": ("king",)}, {"books": ("secrets",)}, {"centre": "atlantis"}):
        with pytest.raises(NotInTheList):
            write(embedded.centre, "cg", **said)


def test_a_hub_gives_a_desk_no_more_than_the_centre_granted_and_forgets_what_none_of_its_desks_may_hold(
    embedded: Running, desks: MakeDesk, tmp_path: Path
) -> None:
    one, other = desks(embedded, "AG01"), desks(embedded, "AG02")
    for staff, seat in (("cg-1", "AG01"), ("cg-2", "AG02")):
        write(embedded.centre, staff, roles=("counsellor",), centre="an_giang", desks=(seat,))
    with running_hub(tmp_path / "hub", embedded) as hub:
        act = Act("cg-1", hub.visiting(one).node.clock.next(one.node.wall))
        scope = scopes.dossier("a")
        act.create(scope, Contact(id="a", receiver="cg-1", received_at=one.node.wall))
        one.node.write(act)
        one.push()
        hub.settled(embedded)
        hub.visiting(other).pull()
        assert other.node.has("contact", "a")
        write(embedded.centre, "cg-2", conflicts=("a",))
        hub.settled(embedded)
        assert other.road.scope(scope, 10_000, 0, PATIENCE_S)[1] == []
        one.pull()
        assert one.own_digest() == one.digest
        act = Act("cg-1", one.node.clock.next(one.node.wall))
        act.change("contact", "a", scope, one.node.stored("contact", "a").state, {"summary": "Bé gọi lại"})
        one.node.write(act)
        one.push()
        hub.settled(embedded)
        other.pull()
        assert other.node.stored("contact", "a").record.summary != "Bé gọi lại", "it is withdrawn, and grows no more"
        write(embedded.centre, "cg-1", conflicts=("a",))
        until(lambda: not has(hub.centre, "contact", "a"), "no desk of the hub may hold it: the hub does not")
        one.write_contact("b")
        one.push()
        write(embedded.centre, "cg-2", roles=("it_admin",))
        one.write_contact("c")
        one.push()
        hub.settled(embedded)
        assert has(hub.centre, "contact", "b"), "taken from one desk, held by the other"
        other.pull()
        assert not other.node.has("contact", "c")


def test_a_closed_file_that_is_passed_on_stays_closed_at_the_other_centre(embedded: Running, desks: MakeDesk) -> None:
    author, there, lead = desks(embedded, "AG01"), desks(embedded, "DN01"), desks(embedded, "DN02")
    write(embedded.centre, "dn-lead", roles=("shift_lead",), centre="da_nang", desks=("DN02",))
    scope = author.write_contact("k1", case=True)
    author.node.change("case", "case-k1", opened_by="tvv-1", restricted=True, centre="an_giang")
    author.push()
    author.node.change("case", "case-k1", centre="da_nang")
    author.push()
    for desk, has_it in ((there, False), (lead, True)):
        desk.pull()
        assert desk.node.has("contact", "k1") is has_it
        assert desk.own_digest() == desk.digest
    assert author.road.scope(scope, 10_000, 0, PATIENCE_S)[1], "who works on it keeps it"
