"""A desk with a full store meets a server for the first time: only what differs travels, and nothing is missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from desktop.background.first_meeting import FirstMeeting
from server.operations.erasure import erase
from sync import meeting
from sync.door import Health
from sync.engine import Pull
from sync.meeting import FEWEST
from sync.operation import Placed
from sync.proof import Answer, Ask
from sync.replica import node, scopes
from sync.replica.guest import DeskGuest
from sync.transport import health
from sync.wire import PullHead
from tests.server.ground import PATIENCE_S, Desk, Running

MakeDesk = Callable[..., Desk]


@dataclass
class Counted:
    """A desk's road that counts what is asked."""

    desk: Desk
    asked: list[str] = field(default_factory=list)

    def proof(self, ask: Ask, timeout_s: float) -> Answer:
        self.asked.append(ask.step)
        return self.desk.road.proof(ask, timeout_s)

    def scope(self, scope: str, upto: int, past: int, timeout_s: float) -> tuple[PullHead, list[Placed]]:
        self.asked.append("scope")
        return self.desk.road.scope(scope, upto, past, timeout_s)


def meet(desk: Desk) -> tuple[Pull, Counted]:
    """As the driver does before the first pull at a lineage."""
    here = desk.node
    there = health(desk.url)
    here.run(lambda c: node.put(c, lineage=there.lineage))
    guest = DeskGuest(here.run, here.run, here.replica, lambda _c, _placed: None, lambda _folded: None)
    first = FirstMeeting(guest, lambda: health(desk.url), scopes.device_scope(desk.enrolled.device))
    road = Counted(desk)
    pull = first(road, Pull(1, there.lineage, 0, 1_000, 0, 25_000))
    desk.lineage, desk.cursor = pull.lineage, pull.cursor
    return pull, road


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed of a few hundred is worth it here: writing thousands would take longer than all else."""
    monkeypatch.setattr(meeting, "LEAST", 200)


def full(centre: Running, desks: MakeDesk, calls: int = 300) -> tuple[Desk, Desk]:
    """Two desks of a centre that hold the same, as if they had read it elsewhere."""
    one, two = desks(centre, "AG01"), desks(centre, "AG02")
    one.write_calls(range(calls))
    for number in range(20):
        one.write_contact(f"t{number}")
    one.push()
    one.pull()
    two.pull()
    return one, two


def test_what_is_equal_does_not_travel_and_reading_goes_on_behind_it(embedded: Running, desks: MakeDesk) -> None:
    one, two = full(embedded, desks)
    pull, road = meet(two)
    assert road.asked == ["buckets"]
    assert pull.cursor == health(two.url).feed
    one.write_calls(range(10_000, 10_003))
    one.push()
    assert two.pull() == 3, "only what is new comes"
    assert two.own_digest() == two.digest


def test_what_differs_is_fetched_and_nothing_else(embedded: Running, desks: MakeDesk) -> None:
    one, two = full(embedded, desks)
    one.write_calls(range(10_000, 10_003))
    one.write_contact("t5-again", "Chỉ ở trung tâm")
    one.node.change("contact", "t5", summary="Đã đổi ở trung tâm")
    one.push()
    two.node.change("contact", "t6", summary="Chỉ ở máy này")
    two.write_calls(range(20_000, 20_002))
    pull, road = meet(two)
    assert pull.cursor == health(two.url).feed > 300
    assert len(road.asked) <= FEWEST
    assert two.node.stored("contact", "t5").record.summary == "Đã đổi ở trung tâm"
    assert two.node.stored("contact", "t6").record.summary == "Chỉ ở máy này"
    assert two.node.has("contact", "t5-again")
    two.push()
    assert two.pull() == 0
    assert two.own_digest() == two.digest


def test_what_was_erased_meanwhile_is_erased_here_too(embedded: Running, desks: MakeDesk) -> None:
    _, two = full(embedded, desks)
    erase(embedded.centre, "contact", "t3", "QD-1")
    erase(embedded.centre, "call", f"{full_author(two)}-7", "QD-2")
    pull, _ = meet(two)
    assert pull.cursor
    assert not two.node.has("contact", "t3")
    two.pull()
    assert two.own_digest() == two.digest


def full_author(two: Desk) -> str:
    """The desk that wrote the calls which this one holds."""
    call = two.node.run(lambda c: c.exec_driver_sql("SELECT id FROM r_call LIMIT 1").scalar_one())
    return str(call).rpartition("-")[0]


def test_a_desk_that_lacks_most_or_whose_grants_differ_reads_the_feed(embedded: Running, desks: MakeDesk) -> None:
    one, two = full(embedded, desks)
    new = desks(embedded, "AG03")
    pull, road = meet(new)
    assert (pull.cursor, road.asked) == (0, ["buckets"])
    seen = two.node.run(lambda c: c.exec_driver_sql("SELECT count(*) FROM r_number_block").scalar_one())
    two.node.run(lambda c: c.exec_driver_sql("DELETE FROM digest WHERE kind = 'number_block'"))
    assert seen == 1
    pull, road = meet(two)
    assert pull.cursor == 0
    assert "record" not in road.asked, "grants and numbers are acted on in the order of the feed"
    one.close()


def test_a_small_feed_and_another_server_than_the_one_asked_are_not_met(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    one.write_calls(range(5))
    one.push()
    assert meet(one)[1].asked == []
    guest = DeskGuest(one.node.run, one.node.run, one.node.replica, lambda _c, _p: None, lambda _f: None)
    other = Health(lineage="ffffffffffffffff", feed=10_000, role="hub", time=0)
    first = FirstMeeting(guest, lambda: other, scopes.device_scope(one.enrolled.device))
    road = Counted(one)
    asked = Pull(1, one.lineage or "aaaaaaaaaaaaaaaa", 0, 1_000, 0, 25_000)
    assert first(road, asked) is asked
    assert road.asked == []
    told = one.road.pull("", 0, 10, 0, PATIENCE_S)
    assert told is not None
