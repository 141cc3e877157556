"""A screen that is gone ends on the GUI thread, whichever lane was the last to work for it: on another thread Qt and
Python wait for each other for ever."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop.background.aside import AsideLane
from desktop.background.blob_lane import BlobLane
from desktop.background.change_bus import ChangeBus
from desktop.background.lanes import Closed, StoreLane
from desktop.store.unit_of_work import UnitOfWork
from sync.blobs.shelf import Shelf
from tests.desktop.background.hearing import Ear
from tests.desktop.store.kit import AN_GIANG, STAFF, Bench, reference

PATIENCE_S = 10.0
SCREENS = 30


class Lanes:
    """Every lane of a desk over a real store."""

    def __init__(self, root: Path) -> None:
        bench = Bench(root)
        self.bus = ChangeBus()
        self.store = StoreLane(bench.store, AN_GIANG, STAFF, bench.clock, self.bus, reference())
        attach: Any = None
        self.blobs = BlobLane(Shelf(root / "blobs"), self.store, self.bus, attach)
        self.blobs.start()
        self.aside = AsideLane(self.bus)


class Screen(Ear):
    """A screen's model: remembers on which threads such a one ended."""

    ended: list[int]

    def read(self, _connection: Any) -> int:
        return id(self)

    def act(self, _uow: UnitOfWork) -> int:
        return id(self)

    def work(self) -> int:
        return id(self)

    def fails(self, *_given: Any) -> int:
        here = self  # stands in the stack that the fault carries
        raise ValueError(type(here).__name__)

    def shape(self, _data: bytes) -> int:
        return id(self)

    def failed(self, fault: Exception) -> None:
        """Keeps no fault: its stack holds this very screen."""
        self.heard.append(type(fault).__name__)

    def __del__(self) -> None:
        self.ended.append(threading.get_ident())


@pytest.fixture
def lanes(tmp_path: Path, qtbot: QtBot) -> Iterator[Lanes]:
    made = Lanes(tmp_path / "desk")
    yield made
    made.blobs.close()
    made.store.close()
    made.aside.close()


def reads(lanes: Lanes, screen: Screen) -> None:
    lanes.store.query(screen.read, screen.done, screen.failed)


def reads_in_vain(lanes: Lanes, screen: Screen) -> None:
    lanes.store.query(screen.fails, screen.done, screen.failed)


def writes(lanes: Lanes, screen: Screen) -> None:
    lanes.store.submit(screen.act, screen.done, screen.failed)


def writes_in_vain(lanes: Lanes, screen: Screen) -> None:
    lanes.store.submit(screen.fails, screen.done, screen.failed)


def works_aside(lanes: Lanes, screen: Screen) -> None:
    lanes.aside.submit(screen.work, screen.done, screen.failed)


def works_aside_in_vain(lanes: Lanes, screen: Screen) -> None:
    lanes.aside.submit(screen.fails, screen.done, screen.failed)


def opens_a_file(lanes: Lanes, screen: Screen) -> None:
    lanes.blobs.open("01900000-0000-7000-8000-000000000001", screen.done, screen.failed, screen.shape)


@pytest.mark.parametrize(
    "ask", [reads, reads_in_vain, writes, writes_in_vain, works_aside, works_aside_in_vain, opens_a_file]
)
def test_a_screen_that_was_answered_ends_on_the_gui_thread(
    ask: Callable[[Lanes, Screen], None], lanes: Lanes, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)  # what pytest keeps of a log keeps the stack of each fault
    Screen.ended = []
    for count in range(1, SCREENS + 1):
        screen = Screen()
        ask(lanes, screen)
        qtbot.waitUntil(partial(answered, screen))
        del screen
        qtbot.waitUntil(partial(all_ended, count))
    assert set(Screen.ended) == {threading.get_ident()}


def all_ended(count: int) -> bool:
    return len(Screen.ended) == count


def answered(screen: Screen) -> bool:
    return bool(screen.heard)


def test_a_screen_that_is_gone_before_its_answer_ends_on_the_gui_thread(lanes: Lanes, qtbot: QtBot) -> None:
    Screen.ended = []
    page = Ear()
    for _ in range(SCREENS):
        for ask in (reads, writes, works_aside):
            ask(lanes, Screen())
    lanes.store.query(lambda _c: "read", page.done)
    lanes.store.submit(lambda _u: "written", page.done)
    lanes.aside.submit(lambda: "worked", page.done, page.failed)
    qtbot.waitUntil(lambda: len(page.heard) == 3)
    qtbot.waitUntil(lambda: len(Screen.ended) == 3 * SCREENS)
    assert set(Screen.ended) == {threading.get_ident()}


class Slow(Screen):
    """A screen whose first question takes as long as one likes."""

    def __init__(self) -> None:
        super().__init__()
        self.reading, self.go_on = threading.Event(), threading.Event()

    def read(self, _connection: Any) -> int:
        self.reading.set()
        assert self.go_on.wait(PATIENCE_S)
        return 0


def test_a_screen_whose_answer_was_overtaken_ends_on_the_gui_thread(lanes: Lanes, qtbot: QtBot) -> None:
    Screen.ended = []
    page, after = Ear(), Ear()
    for count in range(1, SCREENS + 1):
        slow = Slow()
        reading, go_on = slow.reading, slow.go_on
        lanes.store.query(slow.read, page.done)
        assert reading.wait(PATIENCE_S)
        del slow
        lanes.store.query(lambda _c: 1, page.done)
        qtbot.waitUntil(partial(has_heard, page, count))
        go_on.set()
    lanes.store.query(lambda _c: 1, after.done)
    qtbot.waitUntil(lambda: after.heard == [1] and len(Screen.ended) == SCREENS)
    assert page.heard == [1] * SCREENS
    assert set(Screen.ended) == {threading.get_ident()}


def has_heard(ear: Ear, count: int) -> bool:
    return len(ear.heard) == count


def test_what_was_asked_of_a_closed_lane_ends_on_the_gui_thread(tmp_path: Path, qtbot: QtBot) -> None:
    Screen.ended = []
    lanes = Lanes(tmp_path / "desk")
    for _ in range(SCREENS):
        for ask in (reads, writes, works_aside, opens_a_file):
            ask(lanes, Screen())
    lanes.blobs.close()
    lanes.store.close()
    lanes.aside.close()
    with pytest.raises(Closed):
        reads(lanes, Screen())
    qtbot.waitUntil(lambda: len(Screen.ended) == 4 * SCREENS + 1)
    assert set(Screen.ended) == {threading.get_ident()}
