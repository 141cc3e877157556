"""Two desks without a line take one item: both name the same holder once they meet, and no end of it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.operations import queue, queue_claims
from desktop.operations.intake import save_file, save_report
from desktop.operations.queue_claims import RENEW_MS, State
from desktop.store.reads_conflicts import what_waits
from desktop.store.reads_queue import QueueRow, queue_rows
from domain.clock import MINUTE
from domain.records.queue import Incoming, QueueItem
from domain.rules.queue import LEASE_MS
from sync.replica import read
from tests.desktop.store.kit import AN_GIANG, NOON, Bench, digest, own, take

LETTER = Incoming(id="01932c00-0000-7000-8000-0000000000b1", sender="Bà hàng xóm", body="Cháu khóc cả đêm")


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[tuple[Bench, Bench]]:
    one = Bench(tmp_path / "one", replace(AN_GIANG, device="desk-one"))
    two = Bench(tmp_path / "two", replace(AN_GIANG, seat_code="AG04", device="desk-two"))
    two.staff = "binh.tran"
    one.run(queue.enter("letter", LETTER))
    take(two, own(one))
    yield one, two
    for desk in (one, two):
        desk.close()


def meet(one: Bench, two: Bench) -> None:
    """Both take what the other wrote."""
    take(two, own(one))
    take(one, own(two))
    assert digest(one) == digest(two)


def header(desk: Bench) -> QueueRow:
    (row,) = desk.read(lambda c: queue_rows(c, "an_giang", desk.clock.now))
    return row


def item(desk: Bench) -> QueueItem:
    known = desk.read(lambda c: read.one(c, "queue_item", LETTER.id))
    assert known is not None
    assert isinstance(known.record, QueueItem)
    return known.record


def test_both_name_one_holder_and_the_other_is_told_and_takes_nothing(desks: tuple[Bench, Bench]) -> None:
    one, two = desks
    assert one.run(queue_claims.claim(LETTER.id)).state is State.MINE
    two.clock.now += MINUTE
    assert two.run(queue_claims.claim(LETTER.id)).state is State.MINE, "without a line nobody can know"
    meet(one, two)
    for desk in desks:
        row = header(desk)
        assert (row.held_by, row.held_at_seat, row.disputed) == (one.staff, "AG03", True)
    before = len(own(two))
    for operation in (queue_claims.renew(LETTER.id), queue_claims.claim(LETTER.id)):
        how = two.run(operation)
        assert (how.state, how.staff, how.seat, how.at) == (State.HELD, one.staff, "AG03", NOON + LEASE_MS)
    assert two.run(queue.take_next()) is None
    assert len(own(two)) == before
    assert one.run(queue_claims.renew(LETTER.id)).state is State.MINE


def test_two_files_of_one_item_made_apart_stand_both_and_wait_for_a_person_to_decide(
    desks: tuple[Bench, Bench],
) -> None:
    one, two = desks
    first = one.run(save_file({"summary": "một"}, None, item_id=LETTER.id))
    second = two.run(save_report({"summary": "hai"}, None, item_id=LETTER.id))
    assert (first.item, second.item) == (None, None)
    meet(one, two)
    for desk in desks:
        waits = {(found.kind, found.field): found.versions for found in desk.read(what_waits).conflicts}
        ends = {version.value for version in waits["queue_item", "contact_id"]}
        assert ends == {first.contact_id, second.contact_id}
        assert desk.read(lambda c: queue_rows(c, "an_giang", NOON)) == []


def test_a_file_after_the_news_of_another_one_leaves_the_end_as_it_was_and_says_whose_it_is(
    desks: tuple[Bench, Bench],
) -> None:
    one, two = desks
    first = one.run(save_file({"summary": "một"}, None, item_id=LETTER.id))
    meet(one, two)
    two.clock.now += MINUTE
    second = two.run(save_file({"summary": "hai"}, None, item_id=LETTER.id))
    assert second.item is not None
    assert (second.item.state, second.item.staff, second.item.at) == (State.DONE, one.staff, NOON)
    meet(one, two)
    for desk in desks:
        assert (item(desk).contact_id, item(desk).done_by) == (first.contact_id, one.staff)
        assert desk.read(what_waits).conflicts == ()
    assert two.run(queue.finish(LETTER.id, "no_file_needed")) is not None
    assert item(two).done_why is None


def test_renewing_writes_once_a_third_of_the_time_is_gone_and_no_sooner(desks: tuple[Bench, Bench]) -> None:
    one, _ = desks
    one.run(queue_claims.claim(LETTER.id))
    before = len(own(one))
    one.clock.now += RENEW_MS
    assert one.run(queue_claims.renew(LETTER.id)).at == NOON + LEASE_MS
    assert len(own(one)) == before
    one.clock.now += 1
    assert one.run(queue_claims.renew(LETTER.id)).at == one.clock.now + LEASE_MS
    assert len(own(one)) == before + 1


def test_a_file_saved_twice_ends_its_item_once(desks: tuple[Bench, Bench]) -> None:
    one, _ = desks
    first = one.run(save_file({"summary": "một"}, None, item_id=LETTER.id))
    before = item(one)
    one.clock.now += MINUTE
    again = one.run(save_file({"summary": "hai"}, None, contact_id=first.contact_id, item_id=LETTER.id))
    assert again.item is None
    assert item(one) == before
