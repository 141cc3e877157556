"""A restricted case goes from An Giang to Đà Nẵng: who leads there has its key by the same act, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.operations import restricting
from desktop.store.case_keys import Share, shares_of
from desktop.store.unit_of_work import UnitOfWork
from sync.replica import read
from tests.desktop.cases.closed import CANARY, NAME, ClosedDesk
from tests.desktop.cases.scan import pages_with, tables_with
from tests.desktop.store.kit import AN_GIANG, STORE_KEY

ME, OLD_LEAD, NEW_LEAD, THEIRS, FAR_LEAD = "nv07", "truong-ca", "truong-ca-dn", "nv21", "truong-ca-hn"
DA_NANG = replace(AN_GIANG, centre="da_nang", seat_code="DN01", digit=2, device="may-dn01")
LEADS = {OLD_LEAD: ("an_giang", "AG03"), NEW_LEAD: ("da_nang", "DN01"), FAR_LEAD: ("hanoi", "HN01")}


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[tuple[ClosedDesk, ClosedDesk]]:
    there = ClosedDesk(tmp_path / "there", NEW_LEAD, THEIRS, OLD_LEAD, FAR_LEAD, seat=DA_NANG)
    here = ClosedDesk(tmp_path / "here", ME, OLD_LEAD)
    for desk in (here, there):
        for staff, (centre, seat) in LEADS.items():
            desk.hire(staff, {seat: staff}, roles=("shift_lead",), centre=centre, desks=(seat,))
        desk.hire(THEIRS, {"DN01": THEIRS}, roles=("counsellor",), centre="da_nang", desks=("DN01",))
    yield here, there
    here.close()
    there.close()


def case_of(desk: ClosedDesk, case_id: str) -> tuple[str, str]:
    """The case's file (contact id) and scope."""
    found = desk.bench.read(lambda c: read.one(c, "case", case_id))
    assert found is not None
    return str(found.record.contact_id), found.scope


def pass_on(desk: ClosedDesk, case_id: str, centre: str) -> None:
    """The case is another centre's from now on; nothing else is done about keys."""
    desk.bench.clock.now += 1_000

    def write(uow: UnitOfWork) -> None:
        known = uow.read("case", case_id)
        assert known is not None
        act = uow.act()
        act.change("case", case_id, known.scope, known.state, {"centre": centre}, ranks={"centre": 1})
        uow.write(act)

    desk.bench.run(write)


def holders(desk: ClosedDesk, case_id: str) -> dict[str, set[str]]:
    """Who holds which key of the case: staff ids by the key's number, oldest first."""
    contact, _ = case_of(desk, case_id)
    found: dict[str, set[str]] = {}
    for share in sorted(desk.bench.read(lambda c: shares_of(c, contact)), key=_number):
        found.setdefault(share.number, set()).add(share.staff)
    return found


def _number(share: Share) -> str:
    return share.number


def test_the_lead_of_the_new_centre_reads_every_word_and_nobody_else_there_does(
    desks: tuple[ClosedDesk, ClosedDesk],
) -> None:
    here, there = desks
    case_id = here.restricted()
    whole = here.words(case_id)
    assert list(holders(here, case_id).values()) == [{ME, OLD_LEAD}], "before it is passed on nobody else has it"
    pass_on(here, case_id, "da_nang")
    here.send_to(there)
    assert there.sit(NEW_LEAD).words(case_id) == whole
    for staff in (THEIRS, FAR_LEAD):
        theirs = there.sit(staff).words(case_id)
        assert not any(one in theirs for one in (NAME, "Sóc Lu", "907123123", "Sau khi khóa")), staff
    there.sit(NEW_LEAD).bench.run(restricting.let_in(case_id, THEIRS))
    assert there.sit(THEIRS).words(case_id) == whole, "whoever is let in by name there reads it"
    assert there.view(case_id) is not None
    assert there.sit(FAR_LEAD).words(case_id) != whole


def test_what_the_new_centre_writes_lies_under_a_key_that_the_old_lead_never_gets(
    desks: tuple[ClosedDesk, ClosedDesk],
) -> None:
    here, there = desks
    case_id = here.restricted()
    pass_on(here, case_id, "da_nang")
    here.send_to(there)
    there.bench.clock.now = here.bench.clock.now + 1_000
    there.sit(NEW_LEAD).note(case_id, "Chim cu gáy ở Hòa Vang")
    first, newest = holders(there, case_id).values()
    assert first == {ME, OLD_LEAD, NEW_LEAD}
    assert newest == {ME, NEW_LEAD}, "whoever took the call still works on it by the table of roles"
    assert "Hòa Vang" in there.words(case_id)
    assert tables_with(there.bench.home.db, STORE_KEY, "Hòa Vang") == set()


def test_no_row_of_the_old_desk_has_key_or_word_of_it_after_the_withdrawal(
    desks: tuple[ClosedDesk, ClosedDesk],
) -> None:
    """What the desk wrote itself stays in its log until the centre has it in a verified backup (settled 10)."""
    here, there = desks
    case_id = here.restricted()
    contact, scope = case_of(here, case_id)
    pass_on(here, case_id, "da_nang")
    here.send_to(there)
    sealed = [share.sealed for share in here.bench.read(lambda c: shares_of(c, contact))]
    assert "r_case_key" in tables_with(here.bench.home.db, STORE_KEY, *sealed), "the scan finds what is there"
    with here.bench.store.write() as connection:
        here.bench.store.replica.wipe(connection, scope)
        connection.commit()
    assert here.bench.read(lambda c: read.one(c, "case", case_id)) is None
    assert here.bench.read(lambda c: shares_of(c, contact)) == []
    assert tables_with(here.bench.home.db, STORE_KEY, NAME, CANARY, "907123123", *sealed) <= {"log"}
    assert pages_with(there.bench.home.db, STORE_KEY, NEW_LEAD) > 0, "the scan finds what is there"
    new = "Chim cu gáy ở Hòa Vang"
    there.sit(NEW_LEAD).note(case_id, new)
    assert pages_with(there.bench.home.db, STORE_KEY, new) == 0
