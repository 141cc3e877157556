"""A key that the centre called lost is sealed to no more, also where the desk or an old list still knows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.store.case_keys import shares_of
from sync.replica import read
from tests.desktop.cases.closed import ClosedDesk, public_of

ME, LEAD, SEAT = "nv07", "truong-ca", "AG03"
LOST = public_of(LEAD, SEAT).hex()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ClosedDesk]:
    made = ClosedDesk(tmp_path / "desk", ME, LEAD)
    yield made
    made.close()


def keys_under(desk: ClosedDesk, case_id: str) -> dict[str, set[str]]:
    """Number of each key of the case → the public keys that it is sealed to."""
    stored = desk.bench.read(lambda c: read.one(c, "case", case_id))
    assert stored is not None
    contact = str(stored.record.contact_id)
    found: dict[str, set[str]] = {}
    for share in desk.bench.read(lambda c: shares_of(c, contact)):
        found.setdefault(share.number, set()).add(share.opens_with)
    return found


@pytest.mark.parametrize("listed", [False, True], ids=["known at this desk only", "still on the centre's list"])
def test_what_is_written_after_a_key_was_called_lost_does_not_open_with_it(desk: ClosedDesk, listed: bool) -> None:
    office = {"roles": ("shift_lead",), "centre": "an_giang", "desks": (SEAT,)}
    desk.hire(LEAD, {SEAT: LEAD}, **office)
    case_id = desk.restricted()
    (before,) = keys_under(desk, case_id).items()
    assert LOST in before[1], "the key was vouched for until now"
    desk.hire(LEAD, {SEAT: LEAD} if listed else {}, lost_keys=(LOST,), **office)
    desk.note(case_id, "Chị đã đưa bé sang chỗ khác.")
    after = keys_under(desk, case_id)
    assert len(after) == 2, "there is a new key for what comes now"
    assert LOST not in after[max(after)]
    assert after.pop(before[0]) == before[1]
    desk.note(case_id, "Bé đã ngủ yên.")
    assert len(keys_under(desk, case_id)) == 2, "one new key is enough"
