"""Two of three custodians bring back a desk that nobody can open, with every call and draft on it."""

from __future__ import annotations

import argparse
import base64
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop import app, recover_command
from desktop.home import Home
from desktop.operations import calls, drafts
from desktop.store import drafts as kept
from desktop.store import way_back
from desktop.store.device_secret import FILE_NAME, DeviceSecretLost
from desktop.store.engine import Store
from desktop.store.keys import KeySlots
from desktop.store.people import People
from desktop.store.troubles import NeedsCode, WrongPassphrase
from desktop.store.unit_of_work import Operation, UnitOfWork
from desktop.store.way_back import NotCustodians, UnreadableKey
from tests.desktop.store.kit import CHEAP, NOON, PASSPHRASE, STAFF, SetClock, reference
from tests.desktop.ui.conftest import given

NEW = "mùa thu lá vàng rơi"
KEY_WORDS = "chìa của một người"
OTHER = "nv08"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An enrolled desk of two people with custodians, a call and a draft of each person."""
    home = Home(tmp_path / "desk")
    home.prepare()
    lines = [way_back.make_custodian_key(tmp_path / f"custodian{i}.pem", KEY_WORDS) for i in range(3)]
    listed = ", ".join(f'"{line}"' for line in lines)
    (home.root / "provisioning.toml").write_text(f"custodians = [{listed}]\n", "utf-8")
    app.enrol(home, "http://centre.invalid", "code", STAFF, PASSPHRASE, enroller=given, key_cost=CHEAP)
    work_at(home, STAFF, PASSPHRASE, calls.by_hand(), drafts.keep("mine", "file", "", {"summary": "Em của tôi"}))
    ready = app.unlock(home, STAFF, PASSPHRASE, reference=reference(), key_cost=CHEAP)
    code = ready.people.invite(OTHER, "L.V.K", 0).code
    ready.store.close()
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr(app, "WallClock", lambda: SetClock(NOON - 365 * 24 * 3_600_000 * 60))
        work_at(home, OTHER, code, drafts.keep("theirs", "note", "case", {"text": "Chữ của người khác"}))
    return home


def work_at(home: Home, staff: str, passphrase: str, *operations: Operation[object]) -> None:
    ready = app.unlock(home, staff, passphrase, reference=reference(), key_cost=CHEAP)
    try:
        for operation in operations:
            with UnitOfWork(
                ready.store, clock=SetClock(), staff=staff, seat=ready.enrolment.seat, reference=reference()
            ) as uow:
                operation(uow)
                uow.commit()
    finally:
        ready.store.close()


def looked(home: Home, staff: str, passphrase: str, look: Callable[[Store, People], object]) -> object:
    ready = app.unlock(home, staff, passphrase, reference=reference(), key_cost=CHEAP)
    try:
        return look(ready.store, ready.people)
    finally:
        ready.store.close()


def what_is_here(store: Store, people: People) -> tuple[int, list[str]]:
    with store.read() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM r_call").scalar_one()
        return count, [one.id for one in kept.all_of(connection, people.staff)]


def recover(home: Home, *places: int, staff: str = STAFF) -> int:
    asked = argparse.Namespace(
        make_key=None, key=[home.root.parent / f"custodian{i}.pem" for i in places], staff=staff, only_cases=False
    )
    words = {True: KEY_WORDS, False: NEW}
    return recover_command.run(asked, home, lambda question: words["tệp" in question], CHEAP, reference())


@pytest.mark.parametrize("pair", list(itertools.permutations(range(3), 2)))
def test_any_two_custodians_bring_back_a_person_who_forgot_their_passphrase(
    home: Home, pair: tuple[int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert recover(home, *pair) == 0
    assert looked(home, STAFF, NEW, what_is_here) == (1, ["mine"])
    assert "1 bản nháp" in capsys.readouterr().out


def test_a_lost_keyring_costs_no_call_and_no_draft_of_anybody(home: Home) -> None:
    (home.root / FILE_NAME).unlink()
    with pytest.raises(DeviceSecretLost):
        app.unlock(home, STAFF, PASSPHRASE, reference=reference(), key_cost=CHEAP)
    assert recover(home, 2, 0) == 0
    assert looked(home, STAFF, NEW, what_is_here) == (1, ["mine"])
    with pytest.raises(NeedsCode):
        app.unlock(home, OTHER, "code", reference=reference(), key_cost=CHEAP)

    def let_back_in(store: Store, people: People) -> str:
        now = people.invite(OTHER, "", 1 << 50)
        assert now.recovery is not None
        with store.write() as connection:
            assert kept.give_back(connection, now.staff, now.public, now.recovery) == 1
            connection.commit()
        return now.code

    code = str(looked(home, STAFF, NEW, let_back_in))
    assert looked(home, OTHER, code, what_is_here) == (1, ["theirs"])
    looked(home, STAFF, NEW, lambda _store, people: people.tiles())
    slots = KeySlots(home.slots, CHEAP)
    assert way_back.held(slots, slots.open(STAFF, NEW)) is None


def test_one_custodian_twice_or_a_stranger_opens_nothing(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = home.slots.read_bytes()
    assert recover(home, 1, 1) == 2
    assert NotCustodians.advice in capsys.readouterr().err
    line = way_back.make_custodian_key(tmp_path / "custodian7.pem", KEY_WORDS)
    assert base64.b64decode(line.removeprefix("x25519/"))
    assert recover(home, 1, 7) == 2
    assert NotCustodians.advice in capsys.readouterr().err
    assert home.slots.read_bytes() == before
    with pytest.raises(UnreadableKey):
        way_back.read_custodian_key(tmp_path / "custodian1.pem", "sai")


def test_once_given_to_custodians_the_recovery_key_is_here_no_more(home: Home) -> None:
    slots = KeySlots(home.slots, CHEAP)
    key = slots.open(STAFF, PASSPHRASE)
    assert way_back.held(slots, key) is None
    assert slots.known(key).recovery is not None


def test_a_draft_of_one_person_is_not_the_next_persons(home: Home) -> None:
    assert looked(home, STAFF, PASSPHRASE, what_is_here) == (1, ["mine"])

    seen: list[object] = []

    def theirs(store: Store, _people: People) -> None:
        with store.read() as connection:
            raw = connection.exec_driver_sql("SELECT data FROM draft WHERE id = 'theirs'").scalar_one()
            seen.extend((kept.one(connection, "theirs"), "Chữ" in raw, raw.startswith("sealed:")))

    looked(home, STAFF, PASSPHRASE, theirs)
    assert seen == [None, False, True]


def test_drafts_handed_over_are_their_acceptors_and_nobody_elses(home: Home) -> None:
    work_at(home, STAFF, PASSPHRASE, drafts.hand_over(["mine", "theirs"], OTHER))
    assert looked(home, STAFF, PASSPHRASE, what_is_here) == (1, [])

    def another(_store: Store, people: People) -> None:
        people.change("mưa rào tháng bảy")

    looked(home, STAFF, PASSPHRASE, another)
    with pytest.raises(WrongPassphrase):
        app.unlock(home, STAFF, PASSPHRASE, reference=reference(), key_cost=CHEAP)
    assert recover(home, 0, 1, staff=OTHER) == 0
    assert looked(home, OTHER, NEW, what_is_here) == (1, ["mine", "theirs"])
