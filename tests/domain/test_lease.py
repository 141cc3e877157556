"""Existing records close after 35 days without a server, by time that nobody can set back (settled 13)."""

from __future__ import annotations

import pytest

from domain.clock import DAY, HOUR
from domain.rules.lease import LEASE_MS, Floor, RunTime, is_over, raised, trusted

SIGNED = 1_795_000_000_000


def ran(days: float, boot: str = "a") -> RunTime:
    return RunTime(boot, 1_000 + days * 86_400)


FLOOR = Floor(SIGNED, ran(0))


@pytest.mark.parametrize(("days", "over"), [(34, False), (35, False), (36, True)])
def test_a_machine_that_runs_closes_after_thirty_five_days_whatever_its_wall_clock_says(
    days: int, over: bool
) -> None:
    for wall in (SIGNED + days * DAY, SIGNED - 400 * DAY, 0):
        assert is_over(SIGNED, FLOOR, wall, ran(days)) is over


def test_a_fast_wall_clock_closes_only_while_it_is_fast() -> None:
    assert is_over(SIGNED, FLOOR, SIGNED + 400 * DAY, ran(1))
    assert not is_over(SIGNED, raised(FLOOR, SIGNED, ran(1)), SIGNED + DAY, ran(1))


def test_the_floor_survives_restarts_and_never_falls() -> None:
    floor = raised(FLOOR, SIGNED, ran(20))
    assert floor.ms == SIGNED + 20 * DAY
    again = raised(floor, SIGNED, ran(3, boot="b"))
    assert again.ms == floor.ms, "how long the machine was off is not known"
    assert is_over(SIGNED, again, 0, ran(3 + 16, boot="b"))
    assert trusted(again, ran(2, boot="b")) == again.ms


def test_a_new_word_of_the_server_opens_again() -> None:
    late = SIGNED + 40 * DAY
    assert is_over(SIGNED, FLOOR, late, ran(40))
    floor = raised(FLOOR, late, ran(40))
    assert floor.ms == late
    assert not is_over(late, floor, late + HOUR, ran(40))
    assert LEASE_MS == 35 * DAY
