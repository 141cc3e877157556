"""The engine on a virtual line: whatever is lost, doubled, delayed or cut, nothing saved is lost or doubled."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from domain.records.road import Grant
from sync import engine
from sync.operation import GRANT, Placed
from sync.replica import read, scopes, sql
from sync.replica.given import backfill
from sync.replica.replica import Identity
from sync.troubles import Offline
from sync.wire import PullHead
from tests.sync.line import Centre, Desk, Faults, Line, chains_are_whole, proven_equal
from tests.sync.nodes import Node, call, contact, memory_engine

HOUR = 3_600_000


def _centre() -> Centre:
    return Centre(Node(memory_engine(), "centre", "ref", serving=True))


def _found(line: Line, desk: Desk, number: int) -> None:
    act = desk.at.act()
    act.create(scopes.dossier(f"contact-{number}"), contact(number))
    act.create(scopes.centre(desk.at.centre), call(number, contact_id=f"contact-{number}"))
    desk.at.write(act)
    line.tell(desk, engine.Saved())


def test_a_save_travels_and_both_ends_prove_equal() -> None:
    line = Line(_centre())
    one, two = line.join(Node(memory_engine(), "ag01")), line.join(Node(memory_engine(), "ag02"))
    _found(line, one, 1)
    line.run_until(HOUR, lambda: proven_equal([one, two], line.centre))
    assert proven_equal([one, two], line.centre)
    assert two.at.stored("contact", "contact-1").record == one.at.stored("contact", "contact-1").record


def test_the_mark_of_equality_goes_as_soon_as_something_waits() -> None:
    line = Line(_centre())
    desk = line.join(Node(memory_engine(), "ag01"))
    line.run_until(HOUR, lambda: desk.engine.road.equal is True)
    shown = desk.reports[-1]
    assert shown.equal is True
    line.faults.cut = lambda _ms: True
    _found(line, desk, 1)
    now_shown = desk.reports[-1]
    assert now_shown.equal is None
    assert now_shown.waiting > 0


def test_a_line_cut_for_seven_hours_loses_nothing_and_says_since_when() -> None:
    line = Line(_centre())
    desk = line.join(Node(memory_engine(), "ag01"))
    line.run_until(60_000)
    cut_from, cut_to = line.now, line.now + 7 * HOUR
    line.faults.cut = lambda ms: cut_from <= ms < cut_to
    for number in range(1, 40):
        line.at(cut_from + number * 600_000, partial(_found, line, desk, number))
    line.run_until(cut_to - 1)
    assert desk.engine.road.up is False
    assert desk.engine.road.down_since is not None
    assert desk.engine.road.down_since - cut_from <= 60_000
    assert desk.engine.road.waiting > 0
    line.run_until(cut_to + HOUR, lambda: proven_equal([desk], line.centre))
    assert proven_equal([desk], line.centre)
    assert desk.engine.road.down_since is None


def test_with_nothing_new_a_desk_asks_only_once_a_hold() -> None:
    line = Line(_centre())
    desk = line.join(Node(memory_engine(), "ag01"))
    line.run_until(HOUR, lambda: desk.engine.road.equal is True)
    before, start = line.requests, line.now
    line.run_until(start + 100_000)
    assert 1 <= line.requests - before <= 5


def test_a_delay_grows_with_failures_and_a_nudge_ends_it() -> None:
    line = Line(_centre(), seed=3)
    line.faults.cut = lambda _ms: True
    desk = line.join(Node(memory_engine(), "ag01"))
    line.run_until(HOUR)
    assert line.requests < 1_000
    line.faults.cut = lambda _ms: False
    line.tell(desk, engine.Nudged())
    line.run_until(line.now + 1_000, lambda: desk.engine.road.up is True)
    assert desk.engine.road.up is True


@pytest.mark.parametrize("seed", range(12))
def test_a_nudge_while_a_request_is_dying_is_no_nudge_lost(seed: int) -> None:
    """Somebody asks to try again while what was asked before still waits for its time-out: the line is back then."""
    line = Line(_centre(), seed=seed)
    line.faults.cut = lambda _ms: True
    desk = line.join(Node(memory_engine(), "ag01"))
    line.run_until(HOUR)
    line.faults.cut = lambda _ms: False
    line.faults.lose_request = 1.0  # what goes out now is heard of no more
    line.run_until(line.now + 120_000, lambda: desk.engine._pull.busy)
    line.tell(desk, engine.Nudged())
    line.faults.lose_request = 0.0
    line.run_until(line.now + 30_000, lambda: desk.engine.road.up is True)
    assert desk.engine.road.up is True


def test_a_time_out_halves_the_batch_and_success_brings_it_back() -> None:
    line = Line(_centre())
    desk = line.join(Node(memory_engine(), "ag01"))
    line.run_until(100)
    line.faults.lose_request = 1.0
    for number in range(1, 9):
        _found(line, desk, number)
    line.run_until(line.now + 10 * 60_000)
    assert desk.engine._pushing.limit == 1
    line.faults.lose_request = 0.0
    line.run_until(line.now + HOUR, lambda: proven_equal([desk], line.centre))
    assert proven_equal([desk], line.centre)


@pytest.mark.parametrize(("attended", "largest"), [(True, 6), (False, 9)])
def test_a_page_is_folded_in_small_parts_while_somebody_is_there_and_else_whole(
    attended: bool, largest: int
) -> None:
    line = Line(_centre())
    line.attended = attended
    one = line.join(Node(memory_engine(), "ag01"))
    for number in range(1, 20):
        _found(line, one, number)
    line.run_until(HOUR, lambda: proven_equal([one], line.centre))
    two, sizes = line.join(Node(memory_engine(), "ag02")), []
    receive = two.road.receive

    def counted(placed: Sequence[Placed], cursor: int) -> None:
        sizes.append(len(placed))
        receive(placed, cursor)

    two.road.receive = counted  # type: ignore[method-assign]  # only looked at on its way
    line.run_until(line.now + HOUR, lambda: proven_equal([one, two], line.centre))
    assert proven_equal([one, two], line.centre)
    assert max(sizes) == largest  # an act of three operations is never split, so of four six are made


def test_an_answer_of_a_request_given_up_long_ago_is_ignored() -> None:
    line = Line(_centre())
    desk = line.join(Node(memory_engine(), "ag01"))
    line.run_until(200)
    road = desk.engine.road
    assert desk.engine.step(engine.Failed(99_999, Offline()), engine.Now(line.now, line.now)) == []
    assert desk.engine.road == road


def test_a_granted_scope_is_back_filled_and_then_followed() -> None:
    line = Line(_centre())
    owner = line.join(Node(memory_engine(), "ag01"))
    reader = line.join(Node(memory_engine(), "hn01", "hanoi"))
    for number in range(1, 30):
        _found(line, owner, number)
    line.run_until(HOUR, lambda: proven_equal([owner, reader], line.centre))
    centre = line.centre.at
    for number in (3, 4):
        act = centre.act()
        grant = Grant(id=f"g{number}", device="hn01", granted_scope=f"dossier:contact-{number}", reason="chuyển ca")
        act.create("device:hn01", grant, action=GRANT)
        centre.run(partial(centre.replica.author, identity=Identity("centre"), bodies=act.bodies))
    line.run_until(line.now + HOUR, lambda: proven_equal([owner, reader], line.centre))
    assert proven_equal([owner, reader], line.centre)
    assert reader.at.stored("contact", "contact-3").record.summary == "Ghi chép số 3"
    assert not reader.at.has("contact", "contact-5")
    owner.at.change("contact", "contact-4", summary="mới")
    line.tell(owner, engine.Saved())
    line.run_until(line.now + HOUR, lambda: proven_equal([owner, reader], line.centre))
    assert reader.at.stored("contact", "contact-4").record.summary == "mới"


def test_a_history_asked_for_before_the_scope_was_given_anew_does_not_count_for_what_is_asked_now() -> None:
    line = Line(_centre())
    desk = line.join(Node(memory_engine(), "hn01", "hanoi"))
    line.run_until(200)

    def wants(upto: int) -> None:
        desk.at.run(lambda c: sql.upsert_many(c, backfill, [("dossier:a", upto, 0)]))

    wants(5)
    effects = desk.engine.step(engine.Saved(), engine.Now(line.now, line.now))
    asked = next(one for one in effects if isinstance(one, engine.FetchScope))
    wants(9)
    lineage = desk.road.view().lineage
    head = PullHead(lineage=lineage, next=5, more=False, count=0, acked=0, centre_acked=0, time=line.now)
    answer = engine.ScopeAnswered(asked.request, "dossier:a", head, [])
    effects = desk.engine.step(answer, engine.Now(line.now, line.now))
    assert [(one.upto, one.past) for one in effects if isinstance(one, engine.FetchScope)] == [(9, 0)]
    desk.road.receive_scope("dossier:a", [], 5, done=True)
    assert [(one.upto, one.past) for one in desk.road.view().backfills] == [(9, 5)]
    desk.road.receive_scope("dossier:a", [], 9, done=True)
    assert desk.road.view().backfills == []


def test_a_cloned_desk_is_found_and_both_twins_words_are_kept() -> None:
    line = Line(_centre())
    first = line.join(Node(memory_engine(), "ag01"))
    _found(line, first, 1)
    line.run_until(HOUR, lambda: proven_equal([first], line.centre))
    twin = Node(memory_engine(), "ag01", key=first.at.key)
    twin.run(lambda c: twin.replica.receive(c, first.at.outbox()))
    twin.run(lambda c: twin.replica.replace(c, first.at.outbox()))
    second = line.join(twin)
    _found(line, second, 2)
    _found(line, first, 3)
    line.run_until(line.now + HOUR)
    second.at.incarnation = second.road.view().incarnation
    first.at.incarnation = first.road.view().incarnation
    assert {first.road.view().incarnation, second.road.view().incarnation} == {1, 2}
    for desk in (first, second):
        for number in (1, 2, 3):
            assert desk.at.stored("contact", f"contact-{number}").record.received_at == number
    assert proven_equal([first, second], line.centre)
    assert chains_are_whole(line.centre)


@pytest.mark.parametrize("block", range(4))
def test_many_seeds_of_bad_lines_and_crashes_end_equal_with_nothing_lost(
    block: int, rounds: Callable[[int], int]
) -> None:
    count = rounds(80)
    for seed in range(block * 1_000, block * 1_000 + count):
        _one_seed(seed)


def _one_seed(seed: int) -> None:
    dice = random.Random(seed)
    cuts = [(t, t + dice.randrange(HOUR // 4)) for t in (dice.randrange(HOUR // 2) for _ in range(dice.randrange(4)))]
    calm = 3 * HOUR // 4
    faults = Faults(
        lose_request=dice.random() * 0.3,
        lose_answer=dice.random() * 0.3,
        twice=dice.random() * 0.3,
        busy=dice.random() * 0.2,
        delay_ms=dice.choice([5, 200, 40_000]),
    )
    faults.cut = lambda ms: ms < calm and any(a <= ms < b for a, b in cuts)
    line = Line(_centre(), seed, faults)
    desks = [line.join(Node(memory_engine(), f"ag{i:02d}")) for i in range(dice.randint(1, 3))]
    made: set[str] = set()

    def save(number: int) -> None:
        desk = dice.choice(desks)
        known = sorted(one for one in made if desk.at.has("contact", one))
        if known and dice.random() < 0.5:
            values: dict[str, Any] = {"summary": f"sửa {number}", "urgency": dice.choice(["low", "high"])}
            desk.at.change("contact", dice.choice(known), **values)
            line.tell(desk, engine.Saved())
        else:
            made.add(f"contact-{number}")
            _found(line, desk, number)

    for number in range(dice.randint(3, 25)):
        line.at(dice.randrange(HOUR // 2), partial(save, number))
    for _ in range(dice.randrange(5)):
        line.at(dice.randrange(HOUR // 2), lambda: line.crash(dice.choice(desks)))
    line.run_until(calm)
    line.faults = Faults()
    line.run_until(calm + HOUR, lambda: proven_equal(desks, line.centre))
    said = f"seed {seed}"
    assert proven_equal(desks, line.centre), said
    for desk in desks:
        for contact_id in made:
            assert desk.at.has("contact", contact_id), said
        assert desk.at.digests() == desks[0].at.digests(), said
        assert desk.at.run(read.held) == [], said
    assert chains_are_whole(line.centre), said
