"""S-34: whatever happens to keys, people, keyring and clock, a desk opens for whoever may open it and nobody else,
and what only this desk holds can always be had back."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from desktop.operations.people import NotHere, let_go, let_go_who_left
from desktop.store import way_back
from desktop.store.device_secret import FILE_NAME
from desktop.store.engine import connect
from desktop.store.keys import Cost, KeySlots, Opened
from desktop.store.rotation import store_key
from desktop.store.troubles import LastPerson
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.clock import DAY
from domain.records.audit import LET_GO
from domain.records.staff import Staff, record_of
from sync.replica import read
from sync.troubles import Trouble
from tests.conftest import Rounds
from tests.desktop.store.kit import NOON, Bench

PEOPLE = ("an", "bình", "chi", "dung")
WORDS = ("trời xanh", "mưa rào", "nắng hạ", "gió mùa")
CODE_MS = DAY
WRITTEN = "một cuộc gọi chưa gửi đi"
STEPS = 50
EXAMPLES = 500
TINY = Cost(memory_kib=8, passes=1, lanes=1)


@cache
def custodians() -> tuple[X25519PrivateKey, ...]:
    return tuple(X25519PrivateKey.generate() for _ in range(3))


@dataclass(frozen=True)
class Known:
    """What a person of the model needs to come in. `secret`: which of the device's secrets they are wrapped with."""

    words: str
    secret: int
    once: bool = False
    until_ms: int = 0
    lost: bool = False


class Desk(RuleBasedStateMachine):
    """The real key file, keyring file and encrypted store of one desk, beside a model that says who may open."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="t111-keys-"))
        self.db = self.folder / "store.db"
        self.path = self.folder / "keyslots.json"
        self.now = NOON
        self.secret = 0
        """Which secret of the device the keyring holds now; -1: it lost it."""
        self.made = 0
        self.steps = 0
        self.people = {PEOPLE[0]: Known(WORDS[0], 0)}
        self.ended: set[str] = set()
        self.taken_off: list[str] = []
        key = self.slots().create(PEOPLE[0], WORDS[0])
        store = connect(self.db, key)
        store.execute("CREATE TABLE call (what TEXT)")
        store.execute("INSERT INTO call VALUES (?)", (WRITTEN,))
        store.commit()
        store.close()
        way_back.entrust(self.slots(), key, self.publics())

    def slots(self) -> KeySlots:
        return KeySlots(self.path, TINY, calibrate=False, keeper="file")

    @staticmethod
    def publics() -> tuple[bytes, ...]:
        return tuple(one.public_key().public_bytes_raw() for one in custodians())

    @cached_property
    def bench(self) -> Bench:
        """Where what is done about people is written down; made when first needed."""
        return Bench(self.folder / "log")

    def teardown(self) -> None:
        if "bench" in self.__dict__:
            self.bench.close()
        shutil.rmtree(self.folder)

    # ---------------------------------------------------------------- the model

    def may_open(self, staff: str, words: str) -> bool:
        one = self.people.get(staff)
        if one is None or one.words != words or one.lost or one.secret != self.secret:
            return False
        return not one.once or self.now <= one.until_ms

    def openers(self) -> list[str]:
        return [staff for staff, one in self.people.items() if self.may_open(staff, one.words)]

    # ---------------------------------------------------------------- coming in, as the desk does it

    def come_in(self, choice: int) -> tuple[str, Opened]:
        able = self.openers()
        staff = able[choice % len(able)]
        slots = self.slots()
        opened = slots.enter(staff, self.people[staff].words, self.now)
        opened = replace(opened, key=store_key(slots, self.db, opened), previous=None)
        way_back.entrust(slots, opened.key, self.publics())
        return staff, opened

    @precondition(lambda self: self.openers())
    @rule(who=st.integers(0, 9), staff=st.sampled_from(PEOPLE), words=st.sampled_from(WORDS))
    def add(self, who: int, staff: str, words: str) -> None:
        """A colleague chooses a passphrase at the desk; who was there already gets a new key."""
        _, opened = self.come_in(who)
        self.slots().add(staff, words, opened.key)
        self.people[staff] = Known(words, self.secret)

    @precondition(lambda self: self.openers())
    @rule(who=st.integers(0, 9), staff=st.sampled_from(PEOPLE), code=st.sampled_from(WORDS))
    def reset(self, who: int, staff: str, code: str) -> None:
        """A one-time code for a new colleague, or for one who forgot."""
        _, opened = self.come_in(who)
        self.slots().invite(opened.key, staff, code, self.now + CODE_MS)
        self.people[staff] = Known(code, self.secret, once=True, until_ms=self.now + CODE_MS)

    @precondition(lambda self: self.openers())
    @rule(who=st.integers(0, 9), words=st.sampled_from(WORDS))
    def change(self, who: int, words: str) -> None:
        """Another passphrase; after a one-time code the first of their own."""
        staff, opened = self.come_in(who)
        self.slots().change(opened, words)
        self.people[staff] = Known(words, self.secret)

    @precondition(lambda self: self.openers())
    @rule(who=st.integers(0, 9), staff=st.sampled_from(PEOPLE))
    def revoke(self, who: int, staff: str) -> None:
        """Somebody works here no more; the last who could come in stays."""
        _, opened = self.come_in(who)
        if self.somebody_comes_in_without(staff):
            self.slots().remove(opened.key, staff)
            self.people.pop(staff, None)
        else:
            with pytest.raises(LastPerson):
                self.slots().remove(opened.key, staff)

    @precondition(lambda self: self.openers())
    @rule(who=st.integers(0, 9))
    def revoke_cut_off(self, who: int) -> None:
        """The store's key begins to change and the machine dies; the next who comes in finishes it."""
        _, opened = self.come_in(who)
        self.slots().begin_rotation(opened.key)

    @precondition(lambda self: self.openers())
    @rule(who=st.integers(0, 9), staff=st.sampled_from(PEOPLE))
    def take_off(self, who: int, staff: str) -> None:
        """The same as the desk's own act does it (Ctrl+Shift+P), with its entry in the audit chain."""
        me, opened = self.come_in(who)
        self.bench.staff = me
        act = let_go(staff, self.slots().names(), partial(self.slots().remove, opened.key))
        if staff == me or staff not in self.people:
            with pytest.raises(NotHere):
                self.bench.run(act)
        else:
            self.without(staff, act)

    @precondition(lambda self: any(not self.people[one].once for one in self.openers()))
    @rule(who=st.integers(0, 9), staff=st.sampled_from(PEOPLE))
    def leave_the_hotline(self, who: int, staff: str) -> None:
        """The centre wrote that somebody left: the desk takes them off by itself, whoever is signed in."""
        if staff not in self.ended:
            self.ended.add(staff)
            self.bench.run(_left(staff))
        own = [place for place, one in enumerate(self.openers()) if not self.people[one].once]
        me, opened = self.come_in(own[who % len(own)])  # with a one-time code nobody gets past the own passphrase
        self.bench.staff = me
        who_left_is_taken_off(self.bench, self.slots(), opened.key)
        for gone in sorted(self.ended & self.people.keys() - {me}):
            if self.somebody_comes_in_without(gone):
                self.taken_off.append(gone)
                del self.people[gone]

    def without(self, gone: str, act: Operation[Any]) -> None:
        if not self.somebody_comes_in_without(gone):
            with pytest.raises(LastPerson):
                self.bench.run(act)
            return
        self.bench.run(act)
        self.taken_off.append(gone)
        del self.people[gone]

    def somebody_comes_in_without(self, gone: str) -> bool:
        return any(not one.once and not one.lost for name, one in self.people.items() if name != gone)

    @rule()
    def lose_keyring(self) -> None:
        (self.folder / FILE_NAME).unlink(missing_ok=True)
        self.secret = -1

    @rule(days=st.integers(-400, 400))
    def clock_jumps(self, days: int) -> None:
        self.now += days * DAY // 3

    @rule(pair=st.sampled_from([(0, 1), (0, 2), (2, 1)]), staff=st.sampled_from(PEOPLE), words=st.sampled_from(WORDS))
    def two_custodians_come(self, pair: tuple[int, int], staff: str, words: str) -> None:
        """The way back: also with a working keyring and people who could come in."""
        first, second = (custodians()[place] for place in pair)
        regained = way_back.regain(self.path, first, second)
        slots = self.slots()
        if self.secret < 0:
            self.made += 1
            self.secret = self.made
            self.people = {name: replace(one, lost=True) for name, one in self.people.items()}
        way_back.let_in(slots, regained, self.folder, staff, words)
        self.people[staff] = Known(words, self.secret)

    # ---------------------------------------------------------------- what must be so

    @invariant()
    def it_opens_for_whoever_may_open_it_and_nobody_else(self) -> None:
        keys = set()
        self.steps += 1
        for place, staff in enumerate(PEOPLE):
            one = self.people.get(staff)
            other = WORDS[(self.steps + place) % len(WORDS)]  # in turn: all of them within four steps
            for words in {one.words if one else other, other}:
                try:
                    opened = self.slots().enter(staff, words, self.now)
                except Trouble:
                    assert not self.may_open(staff, words), (staff, words)
                else:
                    assert self.may_open(staff, words), (staff, words)
                    keys.add((opened.key, opened.previous))
        assert len(keys) <= 1, "everybody has the same store key"
        for key, previous in keys:
            assert self.reads(key) or (previous is not None and self.reads(previous))

    @invariant()
    def what_only_this_desk_holds_can_be_had_back(self) -> None:
        first, second = custodians()[:2]
        regained = way_back.regain(self.path, first, second)
        assert self.reads(regained.key) or (regained.previous is not None and self.reads(regained.previous))

    @invariant()
    def whoever_was_taken_off_stands_in_the_audit_and_nobody_else(self) -> None:
        if "bench" in self.__dict__:
            told = self.bench.read(lambda c: read.where(c, "audit_entry", "action", LET_GO))
            assert sorted(one.record.object_id for one in told) == sorted(self.taken_off)

    @invariant()
    def one_custodian_alone_or_twice_opens_nothing(self) -> None:
        with pytest.raises(way_back.NotCustodians):
            way_back.regain(self.path, custodians()[0], custodians()[0])

    def reads(self, key: bytes) -> bool:
        try:
            store: Any = connect(self.db, key)
        except sqlcipher.DatabaseError:
            return False
        try:
            return bool(store.execute("SELECT what FROM call").fetchall() == [(WRITTEN,)])
        finally:
            store.close()


def who_left_is_taken_off(bench: Bench, slots: KeySlots, key: bytes) -> None:
    """As the desk does it: one at a time, until nobody is left to be taken off."""
    while bench.run(let_go_who_left(slots.names(), partial(slots.is_last, key), partial(slots.remove, key))):
        pass


def _left(staff: str) -> Operation[None]:
    def write(uow: UnitOfWork) -> None:
        act = uow.act()
        act.create("ref", Staff(id=record_of(staff), staff=staff, centre="an_giang", ended_at=NOON))
        uow.write(act)

    return write


def test_of_several_who_left_the_last_who_could_come_in_stays_and_the_others_go_with_their_entries(
    tmp_path: Path,
) -> None:
    slots = KeySlots(tmp_path / "keyslots.json", TINY, calibrate=False, keeper="file")
    key = slots.create("an", WORDS[0])
    for staff in ("bình", "dung"):
        slots.add(staff, WORDS[1], key)
    slots.invite(key, "chi", "k7mp-2qrs-9tvw", NOON + CODE_MS)
    bench = Bench(tmp_path / "log")
    bench.staff = "chi"  # came in with a one-time code: without the three others nobody could come in for long
    for staff in ("an", "bình", "dung"):
        bench.run(_left(staff))
    who_left_is_taken_off(bench, slots, key)
    assert slots.names() == ("dung", "chi")
    told = bench.read(lambda c: read.where(c, "audit_entry", "action", LET_GO))
    assert sorted(one.record.object_id for one in told) == ["an", "bình"]
    bench.close()


@pytest.mark.soak("keys")
def test_the_desk_opens_exactly_for_whoever_may_open_it(rounds: Rounds) -> None:
    count = rounds(EXAMPLES)
    machine = settings(max_examples=count, stateful_step_count=STEPS)
    run_state_machine_as_test(Desk, settings=machine)
    print(f"S-34: {count} lives of {STEPS} steps each")
