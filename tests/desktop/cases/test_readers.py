"""The list behind the screen that restricts: who reads and why, and whom one could let in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.operations import restricting
from desktop.operations.restricting import NoKeyOfTheirs
from desktop.store.case_keys import shares_of
from desktop.store.reads_readers import Readers, Why, closed_to, readers_of
from desktop.store.sight import Viewer, looking
from sync.replica import read
from tests.desktop.cases.closed import ClosedDesk
from tests.desktop.store.kit import reference

ME, COLLEAGUE, LEAD = "nv07", "nv08", "truong-ca"
REASON = "Người nhà của nạn nhân làm việc tại cơ quan"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ClosedDesk]:
    made = ClosedDesk(tmp_path / "desk", ME, COLLEAGUE)
    yield made
    made.close()


def contact_of(desk: ClosedDesk, case_id: str) -> str:
    found = desk.bench.read(lambda c: read.one(c, "case", case_id))
    assert found is not None
    return str(found.record.contact_id)


def readers(desk: ClosedDesk, case_id: str, *here: str) -> Readers | None:
    viewer = Viewer(desk.bench.staff, desk.bench.seat.centre, reference().policy)
    contact = contact_of(desk, case_id)
    return desk.bench.read(lambda c: readers_of(looking(c, viewer), contact, here))


def why(found: Readers | None) -> dict[str, tuple[Why, bool, bool]]:
    assert found is not None
    return {one.staff: (one.why, one.holds, one.known) for one in found.rows}


def test_colleagues_are_listed_by_why_they_read_and_roles_that_never_do_are_left_out(desk: ClosedDesk) -> None:
    desk.hire(LEAD, {"AG03": LEAD}, name="Trần Thị Bé", roles=("shift_lead",), centre="an_giang", desks=("AG03",))
    desk.hire("cham", {"AG03": "cham"}, roles=("analyst",), centre="an_giang", desks=("AG03",))
    desk.hire("nv30", roles=("counsellor",), centre="an_giang", desks=("AG05",))
    case_id = desk.report()
    before = readers(desk, case_id, ME, COLLEAGUE)
    assert why(before) == {
        ME: (Why.ME, False, True),
        LEAD: (Why.OFFICE, False, True),
        COLLEAGUE: (Why.NOBODY, False, True),
        "nv30": (Why.NOBODY, False, False),
    }
    assert before is not None
    assert (before.restricted, before.allowed, before.mine, before.count) == (False, True, False, 0)
    desk.bench.run(restricting.restrict_to(case_id, REASON, [COLLEAGUE]))
    after = readers(desk, case_id, ME, COLLEAGUE)
    assert why(after) | {"nv30": ()} == {
        ME: (Why.ME, True, True),
        LEAD: (Why.OFFICE, True, True),
        COLLEAGUE: (Why.NAMED, True, True),
        "nv30": (),
    }
    assert after is not None
    assert (after.restricted, after.allowed, after.mine, after.count) == (True, True, True, 3)
    assert [one.name for one in after.rows if one.staff == LEAD] == ["Trần Thị Bé"]


def test_a_case_is_restricted_whole_or_not_at_all_where_a_key_is_not_known(desk: ClosedDesk) -> None:
    case_id = desk.report()
    with pytest.raises(NoKeyOfTheirs):
        desk.bench.run(restricting.restrict_to(case_id, REASON, [COLLEAGUE, "nobody-here"]))
    stored = desk.bench.read(lambda c: read.one(c, "case", case_id))
    assert stored is not None
    assert not stored.record.restricted
    assert desk.bench.read(lambda c: shares_of(c, contact_of(desk, case_id))) == []


def test_who_has_no_key_of_it_is_told_so_and_lists_nobody(desk: ClosedDesk) -> None:
    case_id = desk.restricted()
    contact = contact_of(desk, case_id)
    assert desk.bench.read(lambda c: closed_to(c, contact)).mine
    desk.sit(COLLEAGUE)
    closed = desk.bench.read(lambda c: closed_to(c, contact))
    assert (closed.readers, closed.mine) == (1, False)
    assert readers(desk, case_id, ME, COLLEAGUE) is None
