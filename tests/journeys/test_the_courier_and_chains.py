"""Sticks of desks with a past: several incarnations, a hub beside the centre, an older copy, a left server."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.operations.courier import NotOurReply
from desktop.store import courier as kept
from domain.records.kinds import SCHEMA
from server.operations.centre import Centre
from server.operations.courier import import_stick, reply
from server.store import accounts
from sync import wire
from sync.courier.troubles import NotForUs
from sync.engine import Carried, Engine, Now, Pull, PullAnswered, Push, Started
from sync.replica import node
from sync.replica.own_chains import acked_key
from sync.wire import PullHead, PushAnswer
from tests.journeys.by_stick import Desk, carry, has, logged, open_centre, whole

HUB = "aabbccddeeff0011"


def test_what_was_written_before_a_fork_travels_too_and_every_incarnation_is_answered(
    desks: Callable[..., Desk], usb: Callable[[str], Path], tmp_path: Path, small_batches: None
) -> None:
    old = open_centre(tmp_path / "c")
    here = desks(old)
    old.close()
    shutil.copytree(tmp_path / "c", tmp_path / "restored")
    here.centre = old = open_centre(tmp_path / "c")
    first = [here.call() for _ in range(7)]
    here.push_by_line()
    second = [here.call() for _ in range(4)]
    here.road.fork(8)
    here.push_by_line()
    assert (here.view().incarnation, here.view().waiting) == (2, 0)
    old.close()
    restored = open_centre(tmp_path / "restored")
    try:
        restored.lane.do(lambda c: node.put_key(c, "lineage", "00112233445566aa"))
        restored.close()
        here.centre = restored = open_centre(tmp_path / "restored")
        carry(here, restored, usb("a"))
        third = here.call()
        assert here.view().waiting == 12
        done = here.export(usb("up"), most=4_000)
        assert (done.operations, done.first, done.last) == (12, 1, 5), "numbers are those of the last incarnation"
        assert len(done.volumes) > 2
        (usb("up") / done.volumes[0]).rename(usb("up") / "aside")
        found = import_stick(restored, usb("up"))
        assert found.kept["gap"] >= 1
        assert (2, 5) in logged(restored, here.device), "one incarnation does not wait for the other"
        reply(restored, usb("down"))
        assert 0 < here.take(usb("down")).waiting < 12
        (usb("up") / "aside").rename(usb("up") / done.volumes[0])
        import_stick(restored, usb("up"))
        reply(restored, usb("down2"))
        taken = here.take(usb("down2"))
        assert (taken.acked, taken.waiting, taken.again) == (12, 0, False)
        assert all(has(restored, "call", one) for one in [*first, *second, third])
        assert logged(restored, here.device) == [(1, n) for n in range(1, 8)] + [(2, n) for n in range(1, 6)]
        assert here.is_equal()
        assert whole(restored)
    finally:
        restored.close()


def test_a_desk_that_is_an_older_copy_of_itself_learns_it_from_a_stick_and_loses_nothing(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path], tmp_path: Path
) -> None:
    first = desks(centre)
    shared = [first.call() for _ in range(3)]
    first.push_by_line()
    first.export(usb("before"))
    (tmp_path / "older").mkdir()
    older = first.cloned(tmp_path / "older")
    try:
        gone = [first.call() for _ in range(5)]
        first.push_by_line()
        older.export(usb("a"))  # nothing of its own is unsent: it does not know that it is behind itself
        import_stick(centre, usb("a"))
        (answer,) = reply(centre, usb("down"))
        assert answer.fork == 0
        taken = older.take(usb("down"))
        assert taken.again
        assert (older.view().incarnation, older.view().cursor) == (2, 0)
        assert not any(older.has("call", one) for one in gone), "those pages were read as another incarnation"
        own = [older.call() for _ in range(2)]
        carry(older, centre, usb("b"))
        assert all(older.has("call", one) for one in gone)
        assert all(has(centre, "call", one) for one in [*shared, *gone, *own])
        assert (older.view().waiting, older.view().incarnation) == (0, 2)
        assert older.is_equal()
        assert whole(centre)
    finally:
        older.close()


# ---------------------------------------------------------------- a hub beside the centre


def at_hub(here: Desk, centre: Centre) -> None:
    """As after a day on a hub's line: it was met last, and told of its centre."""
    here.road.meet(HUB)
    here.run(lambda c: node.put_key(c, f"centre_of:{HUB}", centre.lineage))
    here.run(lambda c: node.put_key(c, acked_key(HUB, 1), "2"))
    here.run(lambda c: node.put_key(c, f"cursor:{HUB}", "9"))


def test_the_centres_reply_reaches_a_desk_that_stands_at_a_hub_and_keeps_both_servers_marks_apart(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here, other = desks(centre, "AG03"), desks(centre, "AG04")
    theirs = other.report()
    other.push_by_line()
    for _ in range(5):
        here.call()
    here.export(usb("up"))
    import_stick(centre, usb("up"))
    reply(centre, usb("down"))
    at_hub(here, centre)
    assert here.view().waiting == 3
    taken = here.take(usb("down"))
    assert (taken.acked_before, taken.acked, taken.waiting, taken.missing) == (0, 5, 0, False)
    assert here.has("case", theirs.case_id)
    assert here.view().lineage == centre.lineage
    assert here.is_equal()
    here.road.meet(HUB)
    assert (here.view().waiting, here.view().cursor) == (3, 9), "the hub's marks are as they were"


def test_a_desk_of_a_hub_seals_for_the_centre_and_stands_there_by_the_centres_own_numbers(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here, other = desks(centre, "AG03"), desks(centre, "AG04")
    carry(here, centre, usb("first"))
    theirs = other.call()
    other.push_by_line()
    for _ in range(5):
        here.call()
    at_hub(here, centre)
    here.run(lambda c: node.put_key(c, f"cursor:{HUB}", "5000"))
    named = centre.lineage
    done = here.export(usb("up"))
    assert (done.operations, done.is_hub) == (5, False), "what the centre has not, whatever the hub has"
    assert import_stick(centre, usb("up")).taken == 5
    assert centre.lineage == named, "the hub's numbers are no proof that the centre lost its history"
    (answer,) = reply(centre, usb("down"))
    assert answer.operations == 1, "only what came after the centre's cursor"
    taken = here.take(usb("down"))
    assert (taken.acked, taken.waiting, taken.missing) == (5, 0, False)
    assert here.has("call", theirs)
    assert here.is_equal()


def test_where_only_the_hubs_key_is_known_the_stick_is_for_the_hub_and_says_so(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path], tmp_path: Path
) -> None:
    here = desks(centre)
    here.call()
    at_hub(here, centre)
    hub = open_centre(tmp_path / "hub")
    try:
        key = wire.text64(hub.courier_key.public_key().public_bytes_raw())
        here.run(lambda c: kept.learn_receiver(c, HUB, key))
        assert not here.export(usb("a")).is_hub
        here.run(lambda c: node.put_key(c, f"courier_key:{centre.lineage}", ""))
        assert here.export(usb("b")).is_hub
        with pytest.raises(NotForUs):
            import_stick(centre, usb("b"))
    finally:
        hub.close()


def test_beside_a_hubs_line_nothing_is_pushed_by_the_centres_marks(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here = desks(centre)
    for _ in range(5):
        here.call()
    at_hub(here, centre)
    engine = Engine(here.road, here.device, lambda: 0.0, SCHEMA)
    now = Now(0, here.bench.clock.now)
    begun = engine.step(Started(), now)
    (pushed,) = [one for one in begun if isinstance(one, Push)]
    (asked,) = [one for one in begun if isinstance(one, Pull)]
    assert (asked.lineage, asked.cursor) == (HUB, 9)
    head = here.read(lambda c: here.bench.store.replica.head(c, here.road.identity(c)))
    said = PushAnswer(lineage=centre.lineage, acked=4, centre_acked=4, last_seq=4)
    after = engine.step(Carried(incarnation=1, answer=said), now)
    assert head[0] == 5
    assert here.view().waiting == 1, "by the centre's marks"
    assert not any(isinstance(one, Push) for one in after), "who is at the line's end is not known yet"
    (again,) = [one for one in after if isinstance(one, Pull)]
    late = PullHead(lineage=HUB, next=12, more=False, count=0, acked=2, centre_acked=2)
    assert engine.step(PullAnswered(asked.request, late), now) == [], "an answer to what was asked before"
    assert here.view().cursor == 0
    after = engine.step(PullAnswered(again.request, late), now)
    assert here.view().lineage == HUB
    (once_more,) = [one for one in after if isinstance(one, Push)]
    assert once_more.data == pushed.data, "what the hub has not, by the hub's own marks"
    (asked,) = [one for one in after if isinstance(one, Pull)]
    assert (asked.lineage, asked.cursor) == (HUB, 9)


def test_the_reply_of_a_server_that_was_left_is_not_believed(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here = desks(centre)
    here.call()
    here.export(usb("up"))
    import_stick(centre, usb("up"))
    reply(centre, usb("down"))
    here.road.meet("00112233445566aa")
    before = here.view()
    with pytest.raises(NotOurReply):
        here.take(usb("down"))
    assert here.view() == before
    assert before.waiting == 1


def test_a_revoked_desk_is_told_what_was_taken_from_it_and_nothing_else(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here, other = desks(centre, "AG03"), desks(centre, "AG04")
    here.call()
    here.export(usb("up"))
    import_stick(centre, usb("up"))
    theirs = other.call()
    other.push_by_line()
    centre.lane.do(
        lambda c: c.execute(accounts.device.update().where(accounts.device.c.id == here.device).values(revoked_at=1))
    )
    (answer,) = reply(centre, usb("down"))
    assert answer.operations == 0
    taken = here.take(usb("down"))
    assert (taken.acked, taken.came, taken.waiting) == (1, 0, 0)
    assert not here.has("call", theirs)
