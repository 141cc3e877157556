"""Wrong passphrases make their own person wait and nobody else, never for ever, whatever the wall clock says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desktop.home import Home
from desktop.store.entering import enter
from desktop.store.keys import KeySlots
from desktop.store.throttle import FREE, WAITS_S, Throttle, TooSoon, uptime
from desktop.store.troubles import WrongPassphrase
from domain.rules.lease import RunTime
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF

SECRET = bytes(range(32))


class Hand:
    """A machine's running time, moved by hand."""

    def __init__(self) -> None:
        self.boot, self.now = "first", 10_000.0

    def __call__(self) -> RunTime:
        return RunTime(self.boot, self.now)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def throttle(tmp_path: Path, hand: Hand) -> Throttle:
    made = Throttle(tmp_path / "tries.json", SECRET, hand)
    made.passed("a")
    made.passed("b")
    return made


def wait_of(throttle: Throttle, staff: str) -> int:
    with pytest.raises(TooSoon) as soon:
        throttle.begin(staff)
    return soon.value.wait_s


def test_five_tries_are_free_then_each_wait_is_longer_and_the_longest_stays(throttle: Throttle, hand: Hand) -> None:
    for _ in range(FREE):
        throttle.begin("a")
    throttle.begin("a")
    waits = []
    for _ in range(len(WAITS_S) + 2):
        waits.append(wait_of(throttle, "a"))
        hand.now += waits[-1]
        throttle.begin("a")
    assert waits == [*WAITS_S, WAITS_S[-1], WAITS_S[-1]]


def test_a_thousand_wrong_tries_of_one_person_delay_nobody_else(throttle: Throttle, hand: Hand) -> None:
    longest = 0
    for _ in range(1_000):
        try:
            throttle.begin("b")
        except TooSoon as soon:
            longest = max(longest, soon.wait_s)
            hand.now += soon.wait_s
    assert longest == 900
    throttle.begin("a")
    throttle.passed("a")
    for _ in range(FREE):
        throttle.begin("a")


def test_a_new_program_or_machine_goes_on_waiting_and_a_right_passphrase_ends_it(
    throttle: Throttle, hand: Hand, tmp_path: Path
) -> None:
    for _ in range(FREE + 1):
        throttle.begin("a")
    hand.now += 20
    again = Throttle(tmp_path / "tries.json", SECRET, hand)
    assert wait_of(again, "a") == 10
    hand.boot, hand.now = "second", 3.0
    assert wait_of(again, "a") == 30
    hand.now += 30
    again.begin("a")
    again.passed("a")
    for _ in range(FREE):
        again.begin("a")


def test_a_count_written_by_somebody_else_or_taken_away_gives_no_free_tries(
    throttle: Throttle, hand: Hand, tmp_path: Path
) -> None:
    path = tmp_path / "tries.json"
    held = json.loads(path.read_text("utf-8"))
    held["people"]["a"]["count"] = -1_000
    path.write_text(json.dumps(held), "utf-8")
    throttle.begin("a")
    assert wait_of(throttle, "a") == 30
    path.unlink()
    throttle.begin("b")
    assert wait_of(throttle, "b") == 30
    hand.now += 30
    throttle.begin("b")


def test_the_machines_own_running_time_moves_on() -> None:
    one, other = uptime(), uptime()
    assert one.boot == other.boot
    assert other.seconds >= one.seconds > 0


def test_a_wrong_passphrase_counts_before_it_is_tried_and_unknown_names_share_one_count(tmp_path: Path) -> None:
    home = Home(tmp_path)
    slots = KeySlots(home.slots, CHEAP, calibrate=False)
    key = slots.create(STAFF, PASSPHRASE)
    assert enter(home, slots, STAFF, PASSPHRASE, 0).key == key
    for number in range(FREE + 1):
        with pytest.raises(WrongPassphrase):
            enter(home, slots, f"nobody{number % 2}", "sai", 0)
        if number == 0:
            enter(home, slots, STAFF, PASSPHRASE, 0)
            slots.add("nv08", "mưa rào tháng bảy", key)
    with pytest.raises(TooSoon) as soon:
        enter(home, slots, "nobody9", "sai", 0)
    assert "người khác vẫn vào ca" in soon.value.advice
    assert enter(home, slots, "nv08", "mưa rào tháng bảy", 0).key == key
