"""An emergency read at a whole desk: it comes for one person, and its copy ends with or without a line."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.app import Desk
from desktop.background.emergency import EmergencyWatch
from desktop.home import Home
from desktop.operations import intake
from desktop.store import reads, search_query
from desktop.store.emergency import copies
from desktop.store.sight import Viewer, looking
from domain.rules.emergency import READ_MS
from server.operations.emergency import end_over, reviews
from server.store import granted
from sync.engine import Pace
from sync.replica import read, sums
from sync.transport import HttpTransport
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock, reference
from tests.server.ground import Desk as Bare
from tests.server.ground import Running, enrol_desk, running
from tests.server.test_emergency_reads import CODE, WORDS, founded

PATIENCE_MS = 60_000


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre") as one:
        yield one


@pytest.fixture
def owner(centre: Running) -> Iterator[Bare]:
    """A desk of An Giang whose file it is."""
    one = enrol_desk(centre, "AG01")
    founded(one)
    yield one
    one.close()


class Seat:
    """A whole desk of Hà Nội; its run time is in the test's hand."""

    def __init__(self, home: Home, centre: Running) -> None:
        self.desk: Desk = app.build(
            home, STAFF, PASSPHRASE, clock=SetClock(centre.clock.now_ms()), transport_factory=HttpTransport,
            reference=reference(), key_cost=CHEAP, pace=Pace(base=20, cap=100),
        )  # fmt: skip
        self.ran_ms = 0
        desk = self.desk
        assert desk.driver is not None
        self.watch = EmergencyWatch(
            desk.lane, desk.store, desk.bus, desk.clock, desk.driver.saved, mono=lambda: self.ran_ms
        )

    def elsewhere(self, work: Callable[[], Any]) -> Any:
        """The GUI thread waits for no store."""
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(work()))
        thread.start()
        thread.join(60)
        return found[0]

    def read(self, work: Callable[[Any], Any]) -> Any:
        return self.elsewhere(lambda: self.desk.lane.read(work))

    def ask(self, qtbot: QtBot) -> None:
        driver = self.desk.driver
        assert driver is not None
        qtbot.waitUntil(lambda: driver.status.last_contact_ms is not None, timeout=PATIENCE_MS)
        self.elsewhere(lambda: driver.emergency(CODE, STAFF, "on_the_line", WORDS))

    def has_file(self) -> bool:
        def work(connection: Any) -> bool:
            told = read.where(connection, "emergency_read", "staff", STAFF)
            return bool(told) and read.one(connection, "case", "case-k1") is not None

        return bool(self.read(work))

    def digest_is_the_centres(self, centre: Running) -> bool:
        device = self.desk.seat.device
        theirs = centre.centre.read(lambda c: granted.digest_of(c, device, "hanoi").text())
        mine = self.read(lambda c: reads.road_view(c).waiting == 0 and _whole(c))
        return bool(theirs == mine)


def _whole(connection: Any) -> str:
    return sums.of_audiences(connection, [""]).text()


@pytest.fixture
def sit(tmp_path: Path, centre: Running, qtbot: QtBot) -> Iterator[Callable[[], Seat]]:
    made: list[Seat] = []

    def one() -> Seat:
        home = Home(tmp_path / "desk")
        if not home.slots.exists():
            app.enrol(home, centre.url, centre.code("HN01"), STAFF, PASSPHRASE, key_cost=CHEAP)
        made.append(Seat(home, centre))
        return made[-1]

    yield one
    for seat in made:
        seat.desk.close()


def test_the_copy_is_wiped_after_an_hour_of_run_time_and_both_ends_count_the_same(
    owner: Bare, sit: Callable[[], Seat], centre: Running, qtbot: QtBot
) -> None:
    seat = sit()
    seat.ask(qtbot)
    qtbot.waitUntil(seat.has_file, timeout=PATIENCE_MS)
    assert seat.elsewhere(seat.watch.look) == 0
    seat.ran_ms += READ_MS - 1
    assert seat.elsewhere(seat.watch.look) == 0
    assert seat.has_file()
    seat.ran_ms += 1
    assert seat.elsewhere(seat.watch.look) == 1
    assert not seat.has_file()
    assert seat.read(copies) == []
    qtbot.waitUntil(lambda: seat.digest_is_the_centres(centre), timeout=PATIENCE_MS)
    grants = centre.centre.read(lambda c: read.where(c, "grant", "granted_scope", "dossier:k1"))
    assert [one.record.withdrawn_at is not None for one in grants] == [True]
    assert len(centre.centre.read(reviews)) == 1
    assert seat.elsewhere(seat.watch.look) == 0


def test_the_centres_withdrawal_takes_it_too_with_one_receipt(
    owner: Bare, sit: Callable[[], Seat], centre: Running, qtbot: QtBot
) -> None:
    seat = sit()
    seat.ask(qtbot)
    qtbot.waitUntil(seat.has_file, timeout=PATIENCE_MS)
    centre.clock.pass_ms(READ_MS)
    news = end_over(centre.centre)
    assert centre.centre.publish is not None
    centre.centre.publish(news)
    qtbot.waitUntil(lambda: not seat.has_file(), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: seat.digest_is_the_centres(centre), timeout=PATIENCE_MS)
    seat.ran_ms += 2 * READ_MS
    assert seat.elsewhere(seat.watch.look) == 0


def test_without_a_line_nothing_is_left_at_the_next_start(
    owner: Bare, sit: Callable[[], Seat], centre: Running, qtbot: QtBot
) -> None:
    first = sit()
    first.ask(qtbot)
    qtbot.waitUntil(first.has_file, timeout=PATIENCE_MS)
    home = first.desk.home
    first.desk.close()
    ready = first.elsewhere(lambda: app.unlock(home, STAFF, PASSPHRASE, reference=reference(), key_cost=CHEAP))
    try:
        with ready.store.read() as connection:
            assert copies(connection) == []
            assert read.one(connection, "contact", "k1") is None
            (wiped,) = read.where(connection, "wiped", "wiped_scope", "dossier:k1")
            assert wiped.record.digest.startswith("3:"), "contact, case and the read itself"
    finally:
        ready.store.close()


def test_the_file_is_open_to_who_asked_and_to_nobody_else_at_the_desk(
    owner: Bare, sit: Callable[[], Seat], qtbot: QtBot
) -> None:
    seat = sit()
    seat.ask(qtbot)
    qtbot.waitUntil(seat.has_file, timeout=PATIENCE_MS)
    policy = seat.desk.reference.policy

    def sees(staff: str) -> tuple[bool, int, list[str]]:
        def work(connection: Any) -> tuple[bool, int, list[str]]:
            view = looking(connection, Viewer(staff, "hanoi", policy))
            file = reads.case_view(view, "case-k1")
            return file is not None, len(reads.cases_open(view)), [h.id for h in search_query.find(view, CODE)]

        found: tuple[bool, int, list[str]] = seat.read(work)
        return found

    assert sees(STAFF)[:2] == (True, 1)
    assert sees(STAFF)[2]
    assert sees("somebody.else")[:2] == (False, 0)
    until = seat.read(lambda c: reads.case_view(c, "case-k1")).emergency_until
    assert until == seat.read(copies)[0].until


def test_words_written_into_it_are_not_lost_when_it_goes(
    owner: Bare, sit: Callable[[], Seat], centre: Running, qtbot: QtBot
) -> None:
    seat = sit()
    seat.ask(qtbot)
    qtbot.waitUntil(seat.has_file, timeout=PATIENCE_MS)
    view = seat.read(lambda c: reads.case_view(c, "case-k1"))
    change = intake.change_file("k1", {"summary": "Mẹ cháu gọi lại, cháu đã an toàn"}, opened=dict(view.opened))
    seat.elsewhere(lambda: seat.desk.lane.call(change))
    seat.elsewhere(seat.watch.look)
    seat.ran_ms += READ_MS
    assert seat.elsewhere(seat.watch.look) == 1

    def arrived() -> bool:
        stored = centre.centre.read(lambda c: read.one(c, "contact", "k1"))
        return stored is not None and "an toàn" in stored.record.summary

    qtbot.waitUntil(arrived, timeout=PATIENCE_MS)
