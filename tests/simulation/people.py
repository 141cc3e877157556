"""What people do at the desks of a simulated world: acts drawn by lot, made as the desk's operations make them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from domain.records.call import UNCLASSIFIED, Call
from domain.records.case import Case
from domain.records.contact import Contact
from domain.records.note import Note
from domain.records.person import Person, Phone
from domain.records.road import Link
from sync.act import Act
from sync.operation import LINK
from sync.replica import scopes
from sync.replica.read import Stored
from tests.simulation.ledger import WORDS
from tests.simulation.machine import Machine

TOPICS = ("psychology", "violence", "law", "health")
URGENCY = {"low": 0, "medium": 1, "high": 2}
OUTCOMES = ("silent", "prank", "consulted")


class People:
    """Draws acts. Every value is new, so that a value found later names the act that wrote it.

    `centres`: codes between which cases are passed on; none where nobody does.
    """

    def __init__(self, dice: random.Random, centres: Sequence[str] = ()) -> None:
        self._dice = dice
        self._centres = centres
        self._count = 0
        self._rings: list[str] = []
        self._kinds: list[tuple[int, Callable[[Machine, Act], None]]] = [
            (5, self._found),
            (10, self._edit),
            (5, self._topics),
            (3, self._outcome),
            (3, self._note),
            (2, self._ring),
            (2, self._open_case),
            (4, self._resolve),
            (1, self._retract),
            (1, self._link),
        ]
        if centres:
            self._kinds += [(2, self._pass_on), (2, self._open_case)]

    def something(self, machine: Machine) -> tuple[Act, str]:
        """One act, not yet saved, and its name; it may be empty where there was nothing to do."""
        work = self._dice.choices([one for _, one in self._kinds], [weight for weight, _ in self._kinds])[0]
        act = machine.act("tvv-1")
        work(machine, act)
        if not act.bodies:
            work = self._found
            work(machine, act)
        return act, work.__name__.strip("_")

    def blind_note(self, machine: Machine, contact: str) -> Act:
        """A note into a dossier that this desk was told of by telephone and may not hold yet."""
        act = machine.act("tvv-2")
        act.create(scopes.dossier(contact), Note(id=self._new("note"), contact_id=contact, text=self._words()))
        return act

    def passes_on(self, machine: Machine) -> Act:
        """A case goes to another centre; where there is none yet one is opened."""
        act = machine.act("tvv-1")
        self._pass_on(machine, act)
        if not act.bodies:
            self._open_case(machine, act)
        return act

    def writes_on(self, machine: Machine) -> Act:
        """Somebody goes on writing in a file that this desk shows."""
        act = machine.act("tvv-1")
        self._dice.choice([self._edit, self._note, self._open_case])(machine, act)
        return act

    def _new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._count}"

    def _words(self) -> str:
        self._count += 1
        return f"{WORDS}{self._count}"

    def _some(self, machine: Machine, kind: str) -> Stored | None:
        """A record of the kind; a few are chosen far more often, so that two desks meet over one."""
        found = [one for one in machine.stored(kind) if one.scope.startswith(("dossier:", "centre:"))]
        if not found:
            return None
        return found[min(self._dice.randrange(len(found)), self._dice.randrange(len(found)))]

    def _found(self, machine: Machine, act: Act) -> None:
        """A call became a file: call, contact, person and more, one group (settled 2)."""
        dice = self._dice
        contact = self._new("contact")
        act.create(
            scopes.dossier(contact),
            Contact(
                id=contact,
                received_at=machine.clock.now_ms(),
                summary=self._words(),
                topics=tuple(dice.sample(TOPICS, dice.randint(0, 2))),
                urgency="medium",
            ),
            ranks={"urgency": 1},
        )
        if dice.random() < 0.7:
            call = Call(id=self._new("call"), number="0900000001", outcome="consulted", contact_id=contact)
            act.create(scopes.centre(machine.told.centre), call)
        for _ in range(dice.randint(0, 2)):
            person = Person(id=self._new("person"), full_name=self._words())
            act.create(scopes.dossier(contact), person)
            if dice.random() < 0.5:
                phone = Phone(id=self._new("phone"), person_id=person.id, number=self._words())
                act.create(scopes.dossier(contact), phone)

    def _edit(self, machine: Machine, act: Act) -> None:
        one = self._some(machine, "contact")
        if one is None:
            return
        values: dict[str, object] = {}
        ranks: dict[str, int] = {}
        if self._dice.random() < 0.7:
            values["summary"] = self._words()
        if self._dice.random() < 0.4 and "language" in machine.registry["contact"].fields:
            values["language"] = self._words()
        if self._dice.random() < 0.4:
            urgency = self._dice.choice(sorted(URGENCY))
            values["urgency"], ranks["urgency"] = urgency, URGENCY[urgency]
        act.change("contact", one.id, one.scope, one.state, values, ranks=ranks)

    def _topics(self, machine: Machine, act: Act) -> None:
        one = self._some(machine, "contact")
        if one is not None:
            wanted = tuple(self._dice.sample(TOPICS, self._dice.randint(0, 3)))
            act.change("contact", one.id, one.scope, one.state, {"topics": wanted})

    def _outcome(self, machine: Machine, act: Act) -> None:
        one = self._some(machine, "call")
        if one is not None:
            values = {"outcome": self._dice.choice(OUTCOMES), "outcome_by": self._words()}
            act.change("call", one.id, one.scope, one.state, values)

    def _ring(self, machine: Machine, act: Act) -> None:
        """One ring at two desks: both make the row of the same call (settled 7)."""
        centre = machine.told.centre
        if not self._rings or self._dice.random() < 0.5:
            self._rings.append(self._new("ring"))
        call = Call(id=f"{centre}-{self._rings[-1]}", number="0900000002", outcome=UNCLASSIFIED)
        if all(one.id != call.id for one in machine.stored("call")):
            act.create(scopes.centre(centre), call, ranks={"outcome": -1})

    def _note(self, machine: Machine, act: Act) -> None:
        one = self._some(machine, "contact")
        if one is not None and "note" in machine.registry:
            act.create(one.scope, Note(id=self._new("note"), contact_id=one.id, text=self._words()))

    def _open_case(self, machine: Machine, act: Act) -> None:
        one = self._some(machine, "contact")
        if one is not None:
            centre = machine.told.centre if self._centres else None
            case = Case(
                id=self._new("case"), contact_id=one.id, incident=self._words(), status="open", centre=centre
            )
            act.create(one.scope, case, ranks={"centre": 1})

    def _pass_on(self, machine: Machine, act: Act) -> None:
        one = self._some(machine, "case")
        if one is not None and one.record.centre:
            others = [code for code in self._centres if code != one.record.centre]
            to = {"centre": self._dice.choice(others)}
            act.change("case", one.id, one.scope, one.state, to, ranks={"centre": 1})

    def _resolve(self, machine: Machine, act: Act) -> None:
        waiting = machine.conflicts()
        if not waiting:
            self._edit(machine, act)
            return
        one = self._dice.choice(waiting)
        for stored in machine.stored(one.kind):
            if stored.id == one.record:
                act.resolve(one.kind, one.record, one.scope, stored.state, one.field, one.value)

    def _retract(self, machine: Machine, act: Act) -> None:
        one = self._some(machine, "person")
        if one is not None and one.retracted is None:
            act.retract("person", one.id, one.scope, one.state, self._words())

    def _link(self, machine: Machine, act: Act) -> None:
        one, other = self._some(machine, "person"), self._some(machine, "person")
        if one is not None and other is not None and one.id != other.id and "link" in machine.registry:
            link = Link(id=self._new("link"), one=one.id, other=other.id, reason=self._words())
            act.create(one.scope, link, action=LINK)
