"""S-06 in what sync ships: over real HTTP each role's desk holds exactly what the hand-written table lets it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from domain.records.case import Case
from domain.records.contact import Contact
from domain.rules.privacy import Person, Policy, Thing, ships
from domain.rules.privacy.policy import FILE, read
from server.operations import need_to_know
from server.operations.staff import NotInTheList, leave, write
from server.store import granted
from server.store.engine import Connection
from sync import proof
from sync.act import Act
from sync.replica import read as stored
from sync.replica import scopes, sums
from tests.conftest import Rounds
from tests.domain.test_roles import OURS, other_cells
from tests.privacy_table import BEHIND_THE_WALL, PLAIN, RESTRICTED, ROLES, STATES, expected
from tests.server.ground import PATIENCE_S, Desk, Running
from tests.server.hub_ground import has, running_hub, until

MakeDesk = Callable[..., Desk]
RESOURCES = Path(__file__).resolve().parents[2] / "resources"
SAID = tomllib.loads((RESOURCES / "policy" / FILE).read_text("utf-8"))
BOOKS = {
    "plain": scopes.DOSSIER,
    "restricted": scopes.DOSSIER,
    "therapy": scopes.THERAPY,
    "trafficking": scopes.TRAFFICKING,
}
PLACES = {"own": "hanoi", "centre": "an_giang", "region": "da_nang", "elsewhere": "hanoi"}
KINDS_OF_PERSON = ("plain", "named", "conflict", "gone")


def policy_of(said: dict[str, Any]) -> Policy:
    return read(said | {"regions": OURS})


def shipped(table: str, role: str, state: str, person: str) -> bool:
    """What the hand-written table says of one file and one desk: opened, or found masked where nothing is walled."""
    if person in ("gone", "conflict") or (table == "trafficking" and person != "named"):
        return False
    written = {"restricted": RESTRICTED, "therapy": BEHIND_THE_WALL}.get(table, PLAIN)
    opened = expected(written, "open", role, state) in "ALR"
    return opened or (table in ("plain", "trafficking") and expected(written, "search", role, state) != "-")


@dataclass
class Ground:
    """A centre with a file of every table, state and person, and a desk for each kind of person of each role."""

    centre: Running
    desks: dict[tuple[str, str], Desk]
    names: dict[str, tuple[str, str, str, str]]
    """File → its table, whose role it is of, state, whose kind of person it is of."""

    def differences(self, role: str, person: str) -> list[str]:
        """What this desk holds otherwise than the table says, by every road that ships."""
        desk = self.desks[role, person]
        desk.pull()
        wrong = []
        for name, (table, whose, state, of) in self.names.items():
            if (whose, of) != (role, person):
                continue
            scope = BOOKS[table] + name
            _, placed = desk.road.scope(scope, desk.cursor, 0, PATIENCE_S)
            told = desk.road.proof(proof.Ask(step=proof.RECORDS, scope=scope, kind="contact"), PATIENCE_S)
            ways = (desk.node.has("contact", name), bool(placed), bool(told.told.lines))
            if ways != (shipped(table, role, state, person),) * 3:
                wrong.append(f"{role} ({person}) {table} {state}: {ways}")
        return wrong


def staff_of(role: str, person: str) -> str:
    return f"{role}-{person}"


def hire(centre: Running, key: tuple[str, str], seat: str, names: dict[str, tuple[str, str, str, str]]) -> None:
    """The person of one kind and role, at a desk of their own."""
    role, person = key
    mine = tuple(name for name, (_, whose, _, of) in names.items() if (whose, of) == key)
    books, conflicts = ("trafficking",) if person == "named" else (), mine if person == "conflict" else ()
    write(
        centre.centre, staff_of(role, person), roles=(role,), centre="an_giang", desks=(seat,), books=books,
        conflicts=conflicts,
    )  # fmt: skip
    if person == "gone":
        leave(centre.centre, staff_of(role, person))


@pytest.fixture
def ground(embedded: Running, desks: MakeDesk) -> Ground:
    """Files are pushed over HTTP by desks of their centres; desks of every kind of person are enrolled after."""
    embedded.centre.policy = policy_of(SAID)
    writers = {}
    for seat, centre in (("AG01", "an_giang"), ("DN01", "da_nang"), ("HN01", "hanoi")):
        writers[centre] = desks(embedded, seat)
        write(
            embedded.centre, f"w-{centre}", roles=("counsellor", "therapist"), centre=centre, desks=(seat,),
            books=("trafficking",),
        )  # fmt: skip
    of = [(role, person) for role in ROLES for person in KINDS_OF_PERSON]
    seats = {key: f"AG{number:02d}" for number, key in enumerate(of, start=10)}
    names = {
        f"{role}-{person}-{table}-{state}": (table, role, state, person)
        for role, person in of
        for table in BOOKS
        for state in STATES
        if person in ("plain", "named") or table in ("plain", "restricted")
    }
    # Half of the desks and people are there before the files, half come after: both ways lead to the same.
    early = [key for key in of if key[1] in ("plain", "gone")]
    made = {key: desks(embedded, seats[key]) for key in early}
    for key in early:
        hire(embedded, key, seats[key], names)
    for name, (table, role, state, person) in names.items():
        author, receiver = writers[PLACES[state]], f"w-{PLACES[state]}"
        act = Act(receiver, author.node.clock.next(author.node.wall))
        act.create(BOOKS[table] + name, Contact(id=name, receiver=receiver, received_at=author.node.wall))
        mine = staff_of(role, person) if state == "own" else None
        hidden = table == "restricted"
        act.create(
            BOOKS[table] + name, Case(id=f"case-{name}", contact_id=name, assigned_to=mine, restricted=hidden)
        )
        author.node.write(act)
    for author in writers.values():
        author.push()
    for key in of:
        if key not in made:
            hire(embedded, key, seats[key], names)
            made[key] = desks(embedded, seats[key])
    return Ground(embedded, made, names)


def figures_agree(ground: Ground) -> bool:
    """The centre's running figures are those of its rows and of each desk's grants."""
    def work(connection: Connection) -> bool:
        devices = [one.enrolled.device for one in ground.desks.values()]
        rows = sums.by_scope_and_kind(connection) == sums.recount(connection)
        return rows and all(granted.running(connection, one) == granted.recount(connection, one) for one in devices)

    return ground.centre.centre.read(work)


def flipped(row: str, role: str, cell: str) -> Policy:
    said = deepcopy(SAID)
    said["rows"][row][ROLES.index(role)] = cell
    return policy_of(said)


def test_each_desk_is_given_what_the_table_says_and_a_changed_table_is_found(ground: Ground, rounds: Rounds) -> None:
    centre = ground.centre.centre
    for role, person in ground.desks:
        assert ground.differences(role, person) == []
    print(f"S-06 shipped: {len(ground.names)} files, three ways each, no difference")
    assert figures_agree(ground)
    assert all(desk.own_digest() == desk.digest for desk in ground.desks.values())
    flips = [("open", "inspector", "region"), ("search", "counsellor", "none"), ("open_restricted", "analyst", "all"),
             ("therapy_note", "shift_lead", "centre"), ("open", "regional_lead", "own"),
             ("search", "it_admin", "centre masked"), ("open_restricted", "therapist", "none")]  # fmt: skip
    for row, role, cell in flips[: rounds(len(flips)) + 1]:
        centre.policy = flipped(row, role, cell)
        centre.lane.do(lambda c: need_to_know.settle_all(centre, c))
        assert ground.differences(role, "plain"), f"{row} of {role} as {cell!r} ships what the table says"
        assert figures_agree(ground)


def effect(said: dict[str, Any], role: str, table: str) -> tuple[bool, ...]:
    """Which states' files a role's desk holds by the words of the file alone, read without the engine."""
    rows = {"restricted": ("open_restricted",), "therapy": ("therapy_note",)}.get(table, ("open", "search"))
    found = [False] * len(STATES)
    for row in rows:
        reach, _, condition = said["rows"][row][ROLES.index(role)].partition(" ")
        masked_is_enough = row == "search"
        if condition in ("masked", "two") and not masked_is_enough:
            continue
        far = {"none": (), "own": (0,), "centre": (0, 1), "region": (0, 1, 2), "all": (0, 1, 2, 3)}[reach]
        found = [one or at in far for at, one in enumerate(found)]
    return tuple(found)


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
