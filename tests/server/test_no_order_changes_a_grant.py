"""Which files a desk is granted follows from how things stand, in whatever order they came about: desks enrolled,
files founded, staff listed, cases restricted, assigned and passed on."""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

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
SEATS: Final = {
    "AG11": "an_giang", "AG12": "an_giang", "AG13": "an_giang", "DN11": "da_nang", "HN11": "hanoi", "HN12": "hanoi",
}  # fmt: skip
WAITING: Final = ("AG11", "HN11")
"""At these seats a desk may have to wait for its words."""
FILES: Final = ("k1", "k2", "k3", "k4", "k5")
PEOPLE: Final = ("p1", "p2", "p3")
SEED = 13
STEPS = 60
LIVES = 50


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


class Hotline:
    """A real centre and real desks over HTTP, beside how things stand. An act answers whether it changed anything."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.dice = dice
        self.ends = contextlib.ExitStack()
        self.centre = self.ends.enter_context(running(folder))
        self.centre.centre.policy = policy_of(SAID)
        self.stands = State()
        self.desks: dict[str, Desk] = {}
        self.every_case: set[str] = set()
        self.wait: set[str] = set()
        for seat in WRITERS.values():
            self.keep(seat, enrol_desk(self.centre, seat))

    def keep(self, seat: str, desk: Desk) -> None:
        self.desks[seat] = desk
        self.ends.callback(desk.close)

    def place(self) -> str:
        """Most happens at one centre: there orders differ."""
        return self.dice.choice(("an_giang", "an_giang", *sorted(WRITERS)))

    def file(self) -> str | None:
        return self.dice.choice(sorted(self.stands.files)) if self.stands.files else None

    # What happens -------------------------------------------------------------------------------------------

    def a_desk_is_enrolled(self) -> bool:
        seat = self.dice.choice(sorted(SEATS))
        if seat in self.desks:
            return False
        if seat in WAITING and self.dice.random() < 0.5:
            self.keep(seat, newcomer(self.centre, seat))
            self.wait.add(seat)
            return True
        every_case = self.dice.random() < 0.2
        self.keep(seat, enrol_desk(self.centre, seat, all_cases=every_case))
        self.every_case |= {seat} if every_case else set()
        return True

    def a_waiting_desk_is_let_in(self) -> bool:
        if not self.wait:
            return False
        seat = self.dice.choice(sorted(self.wait))
        self.hire("lead", Person("shift_lead", SEATS[seat]))
        approve_here(self.centre.centre, "lead", seat, words(self.desks[seat]))
        self.wait.discard(seat)
        return True

    def somebody_is_listed(self) -> bool:
        dice = self.dice
        made = Person(
            role=dice.choice(("therapist", "therapist", *ROLES)),
            centre=self.place(),
            desks=tuple(dice.sample(sorted(SEATS), dice.choice((0, 1, 1, 2)))),
            assignments=tuple(dice.sample(FILES, dice.choice((0, 1, 2)))),
            conflicts=tuple(dice.sample(FILES, dice.choice((0, 0, 0, 1)))),
        )
        return self.hire(dice.choice(PEOPLE), made)

    def hire(self, staff: str, made: Person) -> bool:
        before = self.stands.people.get(staff)
        made.works_here = before is None or before.works_here
        write(
            self.centre.centre, staff, roles=(made.role,), centre=made.centre, desks=made.desks,
            assignments=made.assignments, conflicts=made.conflicts,
        )  # fmt: skip
        self.stands.people[staff] = made
        return made != before

    def somebody_leaves(self) -> bool:
        staff = self.dice.choice(PEOPLE)
        if staff not in self.stands.people or self.dice.random() < 0.7:
            return False
        leave(self.centre.centre, staff)
        self.stands.people[staff].works_here = False
        return True

    def a_file_is_founded(self) -> bool:
        name, centre = self.dice.choice(FILES), self.place()
        if name in self.stands.files:
            return False
        file = File(centre, centre, self.dice.random() < 0.2, self.dice.choice((None, *PEOPLE)))
        desk = self.desks[WRITERS[centre]]
        act = Act(f"w-{centre}", desk.node.clock.next(desk.node.wall))
        scope = scopes.dossier(name)
        act.create(scope, Contact(id=name, code=name.upper(), receiver=f"w-{centre}", received_at=desk.node.wall))
        act.create(scope, Case(id=f"case-{name}", contact_id=name, centre=centre, assigned_to=file.assigned,
                               restricted=file.restricted))  # fmt: skip
        desk.node.write(act)
        assert not desk.push().held
        self.stands.files[name] = file
        return True

    def a_case_is_restricted_or_not(self) -> bool:
        name = self.file()
        return name is not None and self.change(name, restricted=not self.stands.files[name].restricted)

    def a_case_is_assigned(self) -> bool:
        name = self.file()
        return name is not None and self.change(name, assigned_to=self.dice.choice((None, *PEOPLE)))

    def a_case_is_passed_on(self) -> bool:
        name = self.file()
        return name is not None and self.change(name, centre=self.place())

    def change(self, name: str, **values: Any) -> bool:
        """At a desk that holds the file now."""
        file = self.stands.files[name]
        ((field_, value),) = values.items()
        ours = "assigned" if field_ == "assigned_to" else field_
        if getattr(file, ours) == value:
            return False
        desk = self.desks[WRITERS[file.founded if self.stands.closed(name) else file.centre]]
        desk.pull()
        stored = desk.node.stored("case", f"case-{name}")
        act = Act(f"w-{desk.enrolled.centre}", desk.node.clock.next(desk.node.wall))
        act.change("case", stored.id, stored.scope, stored.state, values)
        desk.node.write(act)
        assert not desk.push().held
        setattr(file, ours, value)
        return True

    # What must be so ----------------------------------------------------------------------------------------

    def wanted(self, seat: str) -> set[str]:
        desk = self.desks[seat]
        return {
            name
            for name in self.stands.files
            if self.stands.holds(name, seat, desk.enrolled.centre, every_case=seat in self.every_case)
        }

    def every_desk_is_granted_what_the_state_says(self, done: list[str]) -> None:
        held = self.centre.centre.read(self.granted)
        for seat in self.desks.keys() - self.wait:
            assert held[seat] == self.wanted(seat), f"{seat} holds {held[seat]} after {done}: {self.stands}"

    def granted(self, connection: Connection) -> dict[str, set[str]]:
        homes = scopes.homes(connection, [scopes.dossier(name) for name in self.stands.files])
        found = {}
        for seat, desk in self.desks.items():
            device = desk.enrolled.device
            shared = granted.audiences_of(connection, device, desk.enrolled.centre)
            given = granted.granted_among(connection, device, homes)
            found[seat] = {scopes.file_of(one) for one, home in homes.items() if home in shared or one in given}
        return found

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


OFTEN: Final = {
    Hotline.a_desk_is_enrolled: 3, Hotline.a_waiting_desk_is_let_in: 1, Hotline.somebody_is_listed: 4,
    Hotline.somebody_leaves: 1, Hotline.a_file_is_founded: 2, Hotline.a_case_is_restricted_or_not: 2,
    Hotline.a_case_is_assigned: 3, Hotline.a_case_is_passed_on: 2,
}  # fmt: skip


@pytest.mark.soak("grants")
def test_what_a_desk_is_granted_follows_from_how_things_stand_in_whatever_order_they_came(
    rounds: Rounds, tmp_path: Path
) -> None:
    """Whole count: `./tram111 soak grants`."""
    compared = 0
    for life in range(rounds(LIVES)):
        dice = random.Random(f"{SEED} {life}")
        hotline, done = Hotline(tmp_path / str(life), dice), list[str]()
        with hotline.ends:
            while len(done) < STEPS:
                (act,) = dice.choices(list(OFTEN), list(OFTEN.values()))
                if act(hotline):
                    done.append(act.__name__)
                    hotline.every_desk_is_granted_what_the_state_says(done)
                    compared += len(hotline.desks) * len(hotline.stands.files)
            hotline.arrives_and_is_answered_alike()
    print(f"grants: {rounds(LIVES)} lives of {STEPS} acts, {compared} pairs of desk and file as the table says")
