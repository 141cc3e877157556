"""Where a desk turns when its server does not answer, and when it turns back."""

from __future__ import annotations

from sync.troubles import Offline, ServerTrouble, SignedOut
from sync.wayfinder import PROBE_MS, Wayfinder

SLOW = Offline(timed_out=True)


def test_a_server_that_refuses_is_left_at_once_and_a_slow_one_after_two_failures() -> None:
    way = Wayfinder(2)
    assert way.failed(Offline(), 0) is True
    assert way.at == 1
    way = Wayfinder(2)
    assert way.failed(SLOW, 0) is None
    way.answered()
    assert way.failed(ServerTrouble(), 0) is None
    assert way.failed(SLOW, 0) is True
    assert way.at == 1


def test_when_all_are_dead_the_turn_goes_on_no_faster_than_the_engine() -> None:
    way = Wayfinder(2)
    assert [way.failed(Offline(), n) for n in range(4)] == [True, False, False, False]
    assert way.at == 0
    way.answered()
    assert way.failed(Offline(), 9) is True


def test_away_from_the_first_server_a_desk_looks_for_it_and_goes_back_when_it_lives() -> None:
    way = Wayfinder(2)
    assert way.probe_at() is None
    way.failed(Offline(), 1_000)
    assert way.probe_at() == 1_000 + PROBE_MS
    assert not way.probed(alive=False, mono=20_000)
    assert way.probe_at() == 20_000 + PROBE_MS
    way.look_now(21_000)
    assert way.probe_at() == 21_000, "somebody said that the network is back"
    assert way.probed(alive=True, mono=40_000)
    assert (way.at, way.probe_at()) == (0, None)


def test_one_server_alone_or_a_refusal_of_this_desk_changes_nothing() -> None:
    assert Wayfinder(1).failed(Offline(), 0) is None
    two = Wayfinder(2)
    assert two.failed(SignedOut(), 0) is None
    assert two.at == 0


def test_when_the_network_is_back_all_servers_are_asked_at_once() -> None:
    way = Wayfinder(2)
    assert [way.failed(Offline(), mono) for mono in (0, 1, 2, 3)] == [True, False, False, False]
    assert way.at == 0
    way.look_now(10)
    assert way.failed(Offline(), 11) is True, "the hub is dead: the centre is asked without waiting"
    assert way.at == 1
