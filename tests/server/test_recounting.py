"""A server counts its digests anew each week, makes damaged rows again from its log, and says what it found."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from server.operations import recounting
from server.store.audit import audit
from server.store.granted import granted_digest
from sync.replica import recount, scopes, tables
from sync.replica.recount import EVERY_MS
from tests.server.ground import Running, enrol_desk


def filled(centre: Running) -> None:
    """A day of one centre, and a case that a desk of another was granted."""
    ag, hn = enrol_desk(centre, "AG01"), enrol_desk(centre, "HN01", all_cases=True)
    ag.write_calls(range(20))
    ag.write_contact("k1", case=True)
    ag.write_contact("k2")
    ag.push()
    for desk in (ag, hn):
        desk.pull()
        desk.close()


def spoil(c: Connection) -> None:
    contact, calls = tables.records["contact"], tables.records["call"]
    c.execute(contact.update().where(contact.c.id == "k2").values(summary="không ai viết"))
    c.execute(calls.delete().where(calls.c.number == "0900000007"))
    sums = tables.audience_digest
    c.execute(sums.update().where(sums.c.audience == "an_giang").values(count=999))
    c.execute(granted_digest.update().values(count=7))


def test_damaged_rows_come_back_from_the_log_and_every_slip_is_named_once(centre: Running) -> None:
    filled(centre)
    assert recounting.whole(centre.centre).slipped == []
    centre.centre.lane.do(spoil)
    assert len(centre.centre.read(audit).differences) > 3, "the planted faults are there"
    found = recounting.whole(centre.centre)
    assert found.slipped == [("centre:an_giang", "call"), (scopes.dossier("k2"), "contact")]
    assert "an_giang" in found.sums
    assert len(found.sums) == 2, "the audience's and the granted desk's"
    assert centre.centre.read(audit).differences == []
    kept = tables.records["contact"].select().where(tables.records["contact"].c.id == "k2")
    row = centre.centre.read(lambda c: c.execute(kept).one())
    assert row.summary == "Trẻ cần được lắng nghe"
    assert centre.centre.read(recount.state).last == 4
    again = recounting.whole(centre.centre)
    assert (again.slipped, again.sums) == ([], [])


def test_a_served_centre_counts_when_a_week_is_over_and_goes_on_where_it_was_stopped(
    embedded: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(embedded)
    monkeypatch.setattr(recount.part, "__defaults__", (1, None))
    parts = iter([False, False, True])
    recounting.go_on(embedded.centre, lambda: next(parts))
    half = embedded.centre.read(recount.state)
    assert (half.at_ms, half.after is not None) == (None, True)
    recounting.go_on(embedded.centre, bool)
    ended = embedded.centre.read(recount.state)
    assert (ended.at_ms, ended.after, ended.last) == (embedded.clock.now_ms(), None, 0)
    embedded.centre.lane.do(spoil)
    recounting.go_on(embedded.centre, bool)
    assert embedded.centre.read(audit).differences, "a week is not over"
    embedded.clock.pass_ms(EVERY_MS)
    recounting.go_on(embedded.centre, bool)
    assert embedded.centre.read(audit).differences == []
