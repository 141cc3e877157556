"""Each note of a restricted case opens for exactly those who were given its key, whatever happens to keys and people;
two custodians bring every note back to who may read it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from desktop.operations import intake, restricting
from desktop.operations.regaining import regain
from desktop.operations.restricting import NotYours
from desktop.store.case_lock import lacking
from tests.conftest import Rounds
from tests.desktop.cases.closed import ClosedDesk, key_of, public_of
from tests.desktop.store.kit import reference

ME, FIRST, SECOND, LEAD, FAR = "nv07", "nv08", "nv09", "truong-ca", "truong-ca-dn"
COLLEAGUES = (FIRST, SECOND)
HERE = (ME, *COLLEAGUES)
SEAT = "AG03"
CUSTODIANS = [key_of(f"custodian{place}") for place in range(3)]
STEPS = 16
EXAMPLES = 40


class Case(RuleBasedStateMachine):
    """A real store with a restricted case, beside a model of who holds which key of it. `inside`: who may open it;
    `given`: whose present key somebody vouches for (it was sealed to, or the centre's list names it)."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="t111-case-"))
        publics = tuple(one.public_key().public_bytes_raw() for one in CUSTODIANS)
        self.desk = ClosedDesk(self.folder / "desk", *HERE, custodians=publics)
        self.age = dict.fromkeys((*HERE, LEAD, FAR), 0)
        self.inside, self.given = {ME}, {ME, FAR}
        self.centre, self.employed = "an_giang", False
        self.lost: set[tuple[str, int]] = set()
        self.holds: dict[str, set[int]] = {one: set() for one in (*HERE, LEAD, FAR)}
        self.shares: dict[int, set[tuple[str, int]]] = {}
        self.newest = 0
        self.notes: dict[str, int] = {}
        self.sit(ME)
        self.desk.hire(FAR, {SEAT: f"{FAR} 0"}, roles=("shift_lead",), centre="da_nang", desks=("DN01",))
        self.case_id = self.desk.report()
        self.desk.bench.run(restricting.restrict(self.case_id, "Người nhà của nạn nhân làm việc tại cơ quan"))
        self.write_under(ME)

    # The model ---------------------------------------------------------------------------------------------

    def wanted(self, who: str) -> set[str]:
        return (self.inside & self.given) | {who}

    def give(self, number: int, staff: str) -> None:
        self.holds[staff].add(number)
        self.shares.setdefault(number, set()).add((staff, self.age[staff]))

    def spread(self, who: str) -> None:
        for number in tuple(self.holds[who]):
            for staff in self.wanted(who):
                self.give(number, staff)

    def write_under(self, who: str) -> None:
        """Which key is written under now: another one where the newest is not theirs, somebody has it who is to have
        it no more, or it lies under a key that was lost."""
        there = self.shares.get(self.newest, set())
        stale = bool({staff for staff, _ in there} - self.wanted(who)) or bool(there & self.lost)
        if self.newest not in self.holds[who] or stale:
            self.newest += 1
            for staff in self.wanted(who):
                self.give(self.newest, staff)
        self.given.add(who)
        self.spread(who)

    # The desk ----------------------------------------------------------------------------------------------

    def key(self, staff: str) -> X25519PrivateKey:
        return key_of(f"{staff} {self.age[staff]}", SEAT)

    def sit(self, staff: str) -> None:
        for one in HERE:
            self.desk.people[one] = public_of(f"{one} {self.age[one]}", SEAT)
        self.desk.sit(staff, self.key(staff))

    @rule(who=st.sampled_from(HERE))
    def writes_a_note(self, who: str) -> None:
        if who in self.inside:
            self.sit(who)
            words = f"Ghi chép số {len(self.notes)}."
            self.desk.note(self.case_id, words)
            self.write_under(who)
            self.notes[words] = self.newest

    @rule(staff=st.sampled_from(COLLEAGUES))
    def lets_in(self, staff: str) -> None:
        self.sit(ME)
        if not self.holds[ME]:
            with pytest.raises(NotYours):
                self.desk.bench.run(restricting.let_in(self.case_id, staff))
            return
        self.desk.bench.run(restricting.let_in(self.case_id, staff))
        self.inside.add(staff)
        self.given.add(staff)
        for number in tuple(self.holds[ME]):
            self.give(number, staff)
        self.spread(ME)

    @precondition(lambda self: self.holds[ME] and self.inside & set(COLLEAGUES))
    @rule(data=st.data())
    def puts_out(self, data: st.DataObject) -> None:
        staff = data.draw(st.sampled_from(sorted(self.inside & set(COLLEAGUES))))
        self.sit(ME)
        self.desk.bench.run(restricting.put_out(self.case_id, staff))
        self.inside.discard(staff)
        self.write_under(ME)
        self.writes_a_note(ME)

    @rule(staff=st.sampled_from(HERE))
    def loses_keyring_or_passphrase(self, staff: str) -> None:
        self.age[staff] += 1
        self.holds[staff].clear()
        self.given.discard(staff)

    @rule(staff=st.sampled_from(HERE), pair=st.permutations(range(3)))
    def comes_with_two_custodians(self, staff: str, pair: list[int]) -> None:
        self.sit(staff)
        done = self.desk.bench.run(regain(CUSTODIANS[pair[0]], CUSTODIANS[pair[1]]))
        every = set(range(1, self.newest + 1))
        lacks = staff in self.inside and self.holds[staff] != every
        assert done == lacks
        if lacks:
            self.given.add(staff)
            for number in every:
                self.give(number, staff)
            self.spread(staff)

    @rule()
    def becomes_lead(self) -> None:
        if LEAD not in self.given:
            self.age[LEAD] += 1
            self.holds[LEAD].clear()
        self.sit(ME)
        self.hire(ended_at=None)
        self.employed = True
        self.given.add(LEAD)
        self.by_office()
        self.writes_a_note(ME)

    @precondition(lambda self: LEAD in self.given)
    @rule()
    def leaves_the_hotline(self) -> None:
        self.hire(ended_at=self.desk.bench.clock.now)
        self.employed = False
        self.by_office()
        self.writes_a_note(ME)

    @rule(centre=st.sampled_from(("an_giang", "da_nang")))
    def is_passed_on(self, centre: str) -> None:
        self.sit(ME)
        self.desk.bench.clock.now += 1_000
        if centre != self.centre:
            self.desk.bench.run(intake.set_fields(self.case_id, {"centre": centre}))
            self.write_under(ME)
            self.centre = centre
            self.by_office()
            self.spread(ME)
        self.writes_a_note(ME)

    def by_office(self) -> None:
        """Who reads by office: the lead of the centre whose case it is."""
        self.inside -= {LEAD, FAR}
        self.inside |= {FAR} if self.centre == "da_nang" else {LEAD} if self.employed else set()

    @precondition(lambda self: LEAD in self.given)
    @rule()
    def has_their_device_revoked(self) -> None:
        self.lost.add((LEAD, self.age[LEAD]))
        self.given.discard(LEAD)
        self.hire(keys=False)
        self.writes_a_note(ME)

    def hire(self, *, keys: bool = True, **values: object) -> None:
        lost = tuple(public_of(f"{staff} {age}", SEAT).hex() for staff, age in sorted(self.lost))
        named = {SEAT: f"{LEAD} {self.age[LEAD]}"} if keys else {}
        whole = {"roles": ("shift_lead",), "centre": "an_giang", "desks": (SEAT,), "lost_keys": lost, **values}
        self.desk.hire(LEAD, named, **whole)

    @rule(who=st.sampled_from(HERE))
    def signs_in_and_hands_on(self, who: str) -> None:
        self.sit(who)
        bench = self.desk.bench
        files = bench.read(lambda c: lacking(c, reference().policy, bench.seat.centre))
        bench.run(restricting.hand_on(files))
        if who in self.inside:
            self.spread(who)

    # What has to hold --------------------------------------------------------------------------------------

    @invariant()
    def each_note_opens_for_whoever_was_given_its_key_and_nobody_else(self) -> None:
        for staff, held in self.holds.items():
            self.sit(staff)
            seen = self.desk.words(self.case_id)
            for words, number in self.notes.items():
                assert (words in seen) == (number in held), (staff, words)

    def teardown(self) -> None:
        try:
            self.loses_keyring_or_passphrase(ME)
            self.comes_with_two_custodians(ME, [2, 0, 1])
            seen = self.desk.words(self.case_id)
            assert all(words in seen for words in self.notes), "nothing is lost for ever"
        finally:
            self.desk.close()
            shutil.rmtree(self.folder)


@pytest.mark.soak("cases")
def test_a_note_opens_for_whoever_may_read_it_whatever_happens_to_keys_and_people(rounds: Rounds) -> None:
    """Whole count: `./tram111 soak cases`."""
    count = rounds(EXAMPLES)
    machine = settings(max_examples=count, stateful_step_count=STEPS, deadline=None)
    run_state_machine_as_test(Case, settings=machine)
    print(f"restricted case: {count} lives of {STEPS} steps each")
