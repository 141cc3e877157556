"""Two of three custodians give a restricted case back to who may read it and lost their key, and to nobody else."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from desktop import recover_command
from desktop.home import Home
from desktop.operations import intake, restricting
from desktop.operations.regaining import regain
from desktop.store.case_keys import UNREAD
from desktop.store.engine import Store
from desktop.store.people import People
from desktop.store.reads import case_view
from desktop.store.unit_of_work import UnitOfWork
from tests.desktop.cases.closed import CANARY, ClosedDesk, key_of, public_of
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, reference
from tests.desktop.store.test_way_back import KEY_WORDS, NEW, home, looked, recover, work_at

__all__ = ["home"]
ME, COLLEAGUE = "nv07", "nv08"
CUSTODIANS = [key_of(f"custodian{place}") for place in range(3)]
PUBLICS = tuple(one.public_key().public_bytes_raw() for one in CUSTODIANS)
REASON = "Người nhà của nạn nhân làm việc tại cơ quan"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ClosedDesk]:
    made = ClosedDesk(tmp_path / "desk", ME, COLLEAGUE, custodians=PUBLICS)
    yield made
    made.close()


def with_new_key(desk: ClosedDesk, staff: str) -> X25519PrivateKey:
    """This person signs in with a key made anew: the one before is lost."""
    made = key_of(staff, "made anew")
    desk.people[staff] = public_of(staff, "made anew")
    desk.sit(staff, made)
    return made


@pytest.mark.parametrize("pair", list(itertools.permutations(range(3), 2)))
def test_any_two_give_every_word_back_to_the_only_reader_who_lost_their_key(
    desk: ClosedDesk, pair: tuple[int, int]
) -> None:
    case_id = desk.restricted()
    whole = desk.words(case_id)
    made = with_new_key(desk, ME)
    assert UNREAD in desk.words(case_id)
    assert desk.bench.run(regain(CUSTODIANS[pair[0]], CUSTODIANS[pair[1]])) == 1
    assert desk.words(case_id) == whole
    assert desk.sit(ME, made).words(case_id) == whole, "after signing in again, without any custodian"
    assert desk.bench.run(regain(CUSTODIANS[pair[0]], CUSTODIANS[pair[1]])) == 0
    desk.note(case_id, "Ghi chép sau khi có lại khóa")
    assert "Ghi chép sau khi có lại khóa" in desk.words(case_id)


def test_one_alone_or_a_stranger_opens_nothing(desk: ClosedDesk) -> None:
    case_id = desk.restricted()
    with_new_key(desk, ME)
    for first, second in ((CUSTODIANS[0], CUSTODIANS[0]), (CUSTODIANS[0], key_of("stranger"))):
        assert desk.bench.run(regain(first, second)) == 0
    assert UNREAD in desk.words(case_id)


def test_who_may_not_read_the_case_gets_no_key_also_after_being_put_out(desk: ClosedDesk) -> None:
    case_id = desk.restricted()
    desk.sit(COLLEAGUE)
    assert desk.bench.run(regain(CUSTODIANS[0], CUSTODIANS[1])) == 0
    assert UNREAD in desk.words(case_id)
    desk.sit(ME).bench.run(restricting.let_in(case_id, COLLEAGUE))
    desk.bench.run(restricting.put_out(case_id, COLLEAGUE))
    desk.note(case_id, "Chuyến xe sáng thứ ba")
    desk.sit(COLLEAGUE)
    assert desk.bench.run(regain(CUSTODIANS[0], CUSTODIANS[1])) == 0
    assert "Chuyến xe" not in desk.words(case_id)


def test_a_desk_that_nobody_can_open_comes_back_with_its_restricted_cases(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    saved: list[str] = []

    def write(uow: UnitOfWork) -> None:
        values = {"summary": CANARY, "child_name": "Loan", "urgency": "high"}
        saved.append(intake.save_report(values, None)(uow).case_id)

    def summary(store: Store, _people: People) -> str | None:
        with store.read() as connection:
            view = case_view(connection, saved[0])
        return view.contact.summary if view is not None else None

    def run_with(words: str, *places: int, only: bool) -> int:
        keys = [home.root.parent / f"custodian{place}.pem" for place in places]
        asked = argparse.Namespace(make_key=None, key=keys, staff=STAFF, only_cases=only)
        return recover_command.run(asked, home, lambda q: KEY_WORDS if "tệp" in q else words, CHEAP, reference())

    work_at(home, STAFF, PASSPHRASE, write)
    work_at(home, STAFF, PASSPHRASE, restricting.restrict(saved[0], REASON))
    assert looked(home, STAFF, PASSPHRASE, summary) == CANARY
    assert run_with(PASSPHRASE, 0, 2, only=True) == 0
    assert "0 ca hạn chế" in capsys.readouterr().out
    assert run_with(NEW, 0, 2, only=False) == 0
    assert "1 ca hạn chế" in capsys.readouterr().out
    assert looked(home, STAFF, NEW, summary) == CANARY
    assert recover(home, 1, 2) == 0, "and once more"
    assert looked(home, STAFF, NEW, summary) == CANARY
