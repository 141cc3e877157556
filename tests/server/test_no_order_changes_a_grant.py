"""Which files a desk is granted follows from how things stand, in whatever order they came about: desks enrolled, files
founded, staff listed, cases restricted, assigned and passed on."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from domain.records.case import Case
from domain.records.contact import Contact
from server.operations.approval import approve_here
from server.operations.staff import leave, write
from server.store import granted
from server.store.engine import Connection
from sync.act import Act
from sync.replica import scopes
from sync.troubles import HereAlready
from tests.conftest import Rounds
from tests.domain.test_roles import OURS
from tests.privacy_table import PLAIN, RESTRICTED, ROLES, expected
from tests.server.every_road import SAID, policy_of
from tests.server.ground import Desk, enrol_desk, running
from tests.server.test_a_new_device_waits import newcomer, words
from tests.server.test_emergency_reads import asks, figures_agree

WRITERS: Final = {"an_giang": "AG01", "da_nang": "DN01", "hanoi": "HN01"}
"""One desk of each centre, at whose seat nobody is listed: files are founded and changed there."""
SEATS: Final = {"AG11": "an_giang", "AG12": "an_giang", "DN11": "da_nang", "HN11": "hanoi"}
FILES: Final = ("k1", "k2", "k3")
PEOPLE: Final = ("p1", "p2", "p3")
STEPS = 14
EXAMPLES = 300

names, places, persons = st.sampled_from(FILES), st.sampled_from(sorted(WRITERS)), st.sampled_from(PEOPLE)
few_names = st.lists(names, max_size=1).map(tuple)


@dataclass
class File:
    """A file as it stands."""

    founded: str
    centre: str
    restricted: bool = False
    assigned: str | None = None


@dataclass
class Person:
    """A member of staff as the list stands."""

    role: str
    centre: str
    desks: tuple[str, ...] = ()
    assignments: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    works_here: bool = True


NOBODY_LISTED: Final = "counsellor"
"""As whom a person counts whom no record names: of the desk's centre."""


@dataclass
class State:
    """How things stand, and what every desk is to hold then, by the hand-written table alone."""

    files: dict[str, File] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)

    def closed(self, name: str) -> bool:
        return self.files[name].restricted or any(name in one.conflicts for one in self.people.values())

    def opens(self, name: str, person: Person, *, works: bool) -> bool:
        file = self.files[name]
        if name in person.conflicts or not person.works_here:
            return False
        region = next(found for found in OURS.values() if person.centre in found)
        state = "centre" if file.centre == person.centre else "region" if file.centre in region else "elsewhere"
        state = "own" if works or name in person.assignments else state
        if file.restricted:
            return expected(RESTRICTED, "open", person.role, state) in "ALR"
        return expected(PLAIN, "open", person.role, state) in "ALR" or (
            expected(PLAIN, "search", person.role, state) != "-"
        )

    def holds(self, name: str, seat: str, centre: str, *, every_case: bool = False) -> bool:
        file, closed = self.files[name], self.closed(name)
        if every_case and not closed:
            return True
        if closed and seat == WRITERS[file.founded]:
            return True  # who took the call evidently sits there
        here = {staff: one for staff, one in self.people.items() if seat in one.desks}
        if not here:
            return self.opens(name, Person(NOBODY_LISTED, centre), works=False)
        return any(self.opens(name, one, works=staff == file.assigned) for staff, one in here.items())


class Hotline(RuleBasedStateMachine):
    """A real centre and real desks over HTTP, beside how things stand."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="t111-grants-"))
        self.ends = contextlib.ExitStack()
        self.ends.callback(shutil.rmtree, self.folder)
        self.centre = self.ends.enter_context(running(self.folder / "data"))
        self.centre.centre.policy = policy_of(SAID)
        self.stands = State()
        self.desks: dict[str, Desk] = {}
        self.every_case: set[str] = set()
        self.wait: set[str] = set()
        self.sound = True
        for seat in WRITERS.values():
            self.keep(seat, enrol_desk(self.centre, seat))

    def keep(self, seat: str, desk: Desk) -> None:
        self.desks[seat] = desk
        self.ends.callback(desk.close)

    # What happens -------------------------------------------------------------------------------------------

    @rule(seat=st.sampled_from(sorted(SEATS)), every_case=st.sampled_from((False, False, True)))
    def a_desk_is_enrolled(self, seat: str, every_case: bool) -> None:
        if seat not in self.desks:
            self.keep(seat, enrol_desk(self.centre, seat, all_cases=every_case))
            self.every_case |= {seat} if every_case else set()

    @rule(seat=st.sampled_from(("AG11", "HN11")))
    def a_desk_waits_for_its_words(self, seat: str) -> None:
        if seat not in self.desks:
            self.keep(seat, newcomer(self.centre, seat))
            self.wait.add(seat)

    @rule(seat=st.sampled_from(("AG11", "HN11")))
    def it_is_let_in(self, seat: str) -> None:
        if seat in self.wait:
            self.lists("lead", "shift_lead", SEATS[seat], (), (), ())
            approve_here(self.centre.centre, "lead", seat, words(self.desks[seat]))
            self.wait.discard(seat)

    @rule(
        staff=persons, role=st.sampled_from(ROLES), centre=places,
        desks=st.lists(st.sampled_from(sorted(SEATS)), max_size=2, unique=True).map(tuple),
        assignments=few_names, conflicts=few_names,
    )  # fmt: skip
    def lists(
        self, staff: str, role: str, centre: str, desks: tuple[str, ...], assignments: tuple[str, ...],
        conflicts: tuple[str, ...],
    ) -> None:  # fmt: skip
        before = self.stands.people.get(staff)
        works_here = before is None or before.works_here
        write(
            self.centre.centre, staff, roles=(role,), centre=centre, desks=desks, assignments=assignments,
            conflicts=conflicts,
        )  # fmt: skip
        self.stands.people[staff] = Person(role, centre, desks, assignments, conflicts, works_here)

    @rule(staff=persons)
    def somebody_leaves(self, staff: str) -> None:
        if staff in self.stands.people:
            leave(self.centre.centre, staff)
            self.stands.people[staff].works_here = False

    @rule(name=names, centre=places, assigned=st.one_of(st.none(), persons), restricted=st.booleans())
    def a_file_is_founded(self, name: str, centre: str, assigned: str | None, restricted: bool) -> None:
        if name in self.stands.files:
            return
        desk = self.desks[WRITERS[centre]]
        act = Act(f"w-{centre}", desk.node.clock.next(desk.node.wall))
        scope = scopes.dossier(name)
        act.create(scope, Contact(id=name, code=name.upper(), receiver=f"w-{centre}", received_at=desk.node.wall))
        case = Case(id=f"case-{name}", contact_id=name, centre=centre, assigned_to=assigned, restricted=restricted)
        act.create(scope, case)
        desk.node.write(act)
        assert not desk.push().held
        self.stands.files[name] = File(centre, centre, restricted, assigned)

    @rule(name=names, restricted=st.booleans())
    def a_case_is_restricted_or_not(self, name: str, restricted: bool) -> None:
        if name in self.stands.files and self.stands.files[name].restricted is not restricted:
            self.change(name, restricted=restricted)
            self.stands.files[name].restricted = restricted

    @rule(name=names, staff=st.one_of(st.none(), persons))
    def a_case_is_assigned(self, name: str, staff: str | None) -> None:
        if name in self.stands.files and self.stands.files[name].assigned != staff:
            self.change(name, assigned_to=staff)
            self.stands.files[name].assigned = staff

    @rule(name=names, centre=places)
    def a_case_is_passed_on(self, name: str, centre: str) -> None:
        if name in self.stands.files and self.stands.files[name].centre != centre:
            self.change(name, centre=centre)
            self.stands.files[name].centre = centre

    def change(self, name: str, **values: Any) -> None:
        """At a desk that holds the file now."""
        file = self.stands.files[name]
        desk = self.desks[WRITERS[file.founded if self.stands.closed(name) else file.centre]]
        desk.pull()
        stored = desk.node.stored("case", f"case-{name}")
        act = Act(f"w-{desk.enrolled.centre}", desk.node.clock.next(desk.node.wall))
        act.change("case", stored.id, stored.scope, stored.state, values)
        desk.node.write(act)
        assert not desk.push().held

    # What must be so ----------------------------------------------------------------------------------------

    def wanted(self, seat: str) -> set[str]:
        desk = self.desks[seat]
        return {
            name
            for name in self.stands.files
            if self.stands.holds(name, seat, desk.enrolled.centre, every_case=seat in self.every_case)
        }

    @invariant()
    def every_desk_is_granted_what_the_state_says(self) -> None:
        self.sound = False
        held = self.centre.centre.read(self.granted)
        for seat in self.desks.keys() - self.wait:
            assert held[seat] == self.wanted(seat), f"{seat} holds {held[seat]}, {self.stands}"
        self.sound = True

    def granted(self, connection: Connection) -> dict[str, set[str]]:
        homes = scopes.homes(connection, [scopes.dossier(name) for name in self.stands.files])
        found = {}
        for seat, desk in self.desks.items():
            device = desk.enrolled.device
            shared = granted.audiences_of(connection, device, desk.enrolled.centre)
            given = granted.granted_among(connection, device, homes)
            found[seat] = {scopes.file_of(one) for one, home in homes.items() if home in shared or one in given}
        return found

    def teardown(self) -> None:
        with self.ends:
            if self.sound:
                self.arrives_and_is_answered_alike()

    def arrives_and_is_answered_alike(self) -> None:
        """A desk that pulls for the first time gets just these files; an emergency read of one of them is answered
        `already_here`, of any other it is given."""
        fresh = {seat: self.desks[seat] for seat in SEATS if seat in self.desks and seat not in self.wait}
        for seat, desk in fresh.items():
            desk.pull()
            assert {name for name in self.stands.files if desk.node.has("contact", name)} == self.wanted(seat)
        assert figures_agree(self.centre, *fresh.values())
        for seat, desk in fresh.items():
            for name in self.stands.files:
                try:
                    asks(desk, "ai-do", name.upper())
                    answered_here = False
                except HereAlready:
                    answered_here = True
                assert answered_here is (name in self.wanted(seat))


def test_what_a_desk_is_granted_follows_from_how_things_stand_in_whatever_order_they_came(rounds: Rounds) -> None:
    run_state_machine_as_test(
        Hotline, settings=settings(max_examples=rounds(EXAMPLES), stateful_step_count=STEPS)
    )
