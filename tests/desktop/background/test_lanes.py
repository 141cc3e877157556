"""The store lane: answers come on the GUI thread after COMMIT, in order, and saves slip between foldings."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop.background.change_bus import ChangeBus, Changes, Origin
from desktop.background.errand import Errand
from desktop.background.lanes import Closed, StoreLane
from desktop.operations import calls, intake
from desktop.store.reads import calls_today, road_view
from desktop.store.troubles import DiskFull, UnknownCode
from desktop.store.unit_of_work import UnitOfWork
from domain.clock import HOUR
from domain.numbering import NumberingError
from domain.records.call import Call
from sync.operation import Placed
from sync.replica import scopes
from tests.conftest import living_threads
from tests.desktop.background.hearing import Ear
from tests.desktop.store.kit import AN_GIANG, NOON, STAFF, Bench, own, reference

PATIENCE_S = 10.0


class Lit:
    """A lane over a real store, on this test's GUI thread."""

    def __init__(self, root: Path) -> None:
        self.bench = Bench(root)
        self.bus = ChangeBus()
        self.lane = StoreLane(self.bench.store, AN_GIANG, STAFF, self.bench.clock, self.bus, reference())


@pytest.fixture
def lit(tmp_path: Path, qtbot: QtBot) -> Iterator[Lit]:
    made = Lit(tmp_path / "desk")
    yield made
    made.lane.close()


def elsewhere(work: Any) -> Any:
    """What a function answers on another thread."""
    found: list[Any] = []

    def run() -> None:
        found.append(work())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(PATIENCE_S)
    return found[0]


def test_done_comes_on_the_gui_thread_after_the_row_is_durable(lit: Lit, qtbot: QtBot) -> None:
    steps: list[str] = []

    class Page(Ear):
        def done(self, value: Any) -> None:
            steps.append("shown")
            super().done(value)

    page = Page()
    committed = threading.Event()

    def about_to_commit() -> None:
        steps.append("before commit")
        assert page.heard == []

    lit.lane.before_commit = about_to_commit
    lit.lane.committed = committed.set
    lit.lane.submit(calls.set_outcome(None, "silent"), page.done)
    assert committed.wait(PATIENCE_S)
    rows = elsewhere(lambda: lit.lane.read(lambda c: calls_today(c, "an_giang", NOON - HOUR)))
    assert page.heard == [], "nothing is shown before the GUI thread runs again"
    qtbot.waitUntil(lambda: len(page.heard) == 1)
    assert [row.id for row in rows] == [page.heard[0].call_id]
    assert steps == ["before commit", "shown"]
    assert page.threads == {threading.get_ident()}


def test_operations_run_in_the_order_they_were_submitted(lit: Lit, qtbot: QtBot) -> None:
    page = Ear()
    for n in range(60):
        lit.lane.submit(lambda uow, n=n: (n, uow.seat.seat_code), page.done)  # type: ignore[misc]  # binds the loop's value
    qtbot.waitUntil(lambda: len(page.heard) == 60)
    assert page.heard == [(n, "AG03") for n in range(60)]


def test_a_seat_taken_later_does_not_sign_what_was_submitted_before(lit: Lit, qtbot: QtBot) -> None:
    page = Ear()
    lit.lane.submit(lambda uow: uow.seat.seat_code, page.done)
    lit.lane.sit_at("AG11")
    lit.lane.submit(intake.save_file({"summary": "x"}, None), page.done)
    qtbot.waitUntil(lambda: len(page.heard) == 2)
    assert page.heard[0] == "AG03"
    assert page.heard[1].code.startswith("AG11-261123-001")
    for wrong in ("HN01", "AG3", "ag03"):
        with pytest.raises((ValueError, NumberingError)):
            lit.lane.sit_at(wrong)


def test_a_change_is_told_to_everybody_with_its_origin_ids_and_initiator(lit: Lit, qtbot: QtBot) -> None:
    ear, page = Ear(), Ear()
    lit.bus.changed.connect(ear.done)
    lit.lane.submit(calls.set_outcome(None, "silent"), page.done, initiator="calls")
    lit.lane.submit(lambda uow: uow.now_ms, page.done)
    qtbot.waitUntil(lambda: len(page.heard) == 2 and len(ear.heard) == 1)
    told: Changes = ear.heard[0]
    assert (told.origin, told.initiator) == (Origin.HERE, "calls")
    assert told.ids == {"call": frozenset({page.heard[0].call_id})}
    assert ear.threads == {threading.get_ident()}


def test_a_fault_reaches_failed_or_the_bus_and_the_lane_lives_on(lit: Lit, qtbot: QtBot) -> None:
    page, ear = Ear(), Ear()
    lit.bus.failed.connect(ear.failed)
    lit.lane.submit(calls.set_outcome(None, "telepathy"), page.done, page.failed)
    lit.lane.submit(calls.set_outcome(None, "telepathy"), page.done)
    lit.lane.submit(calls.set_outcome(None, "silent"), page.done)
    qtbot.waitUntil(lambda: len(page.heard) == 1 and len(page.faults) == 1 and len(ear.faults) == 1)
    assert isinstance(page.faults[0], UnknownCode)
    assert isinstance(ear.faults[0], UnknownCode)
    assert page.threads | ear.threads == {threading.get_ident()}


def test_what_an_operation_wrote_before_it_failed_is_gone(lit: Lit, qtbot: QtBot) -> None:
    page = Ear()

    def half(uow: UnitOfWork) -> None:
        calls.set_outcome(None, "silent")(uow)
        raise LookupError

    lit.lane.submit(half, page.done, page.failed)
    qtbot.waitUntil(lambda: len(page.faults) == 1)
    assert isinstance(page.faults[0], LookupError)
    view = elsewhere(lambda: lit.lane.read(road_view))
    assert view.saved_here == 0


def test_a_full_disk_reaches_the_screen_as_its_trouble(lit: Lit, qtbot: QtBot) -> None:
    page = Ear()

    def no_more_pages(connection: Any) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    elsewhere(lambda: lit.lane.run(no_more_pages))
    for _ in range(400):
        lit.lane.submit(calls.set_outcome(None, "silent"), page.done, page.failed)
    qtbot.waitUntil(lambda: len(page.heard) + len(page.faults) == 400, timeout=20_000)
    assert page.faults
    assert {type(fault) for fault in page.faults} == {DiskFull}
    rows = elsewhere(lambda: lit.lane.read(lambda c: calls_today(c, "an_giang", NOON - HOUR, 1_000)))
    assert {row.id for row in rows} == {labelled.call_id for labelled in page.heard}


def test_the_gui_thread_can_neither_touch_the_store_nor_wait_for_it(lit: Lit) -> None:
    with pytest.raises(AssertionError, match="law 1"):
        lit.lane.call(calls.by_hand())
    with pytest.raises(AssertionError, match="law 1"):
        lit.lane.read(road_view)
    with pytest.raises(AssertionError, match="law 1"), lit.bench.store.read():
        pass
    with pytest.raises(AssertionError, match="law 1"):
        lit.bench.run(calls.by_hand())


def test_a_bare_function_is_no_receiver(lit: Lit) -> None:
    with pytest.raises(TypeError, match="bound"):
        lit.lane.submit(calls.by_hand(), lambda value: None)
    with pytest.raises(TypeError, match="bound"):
        lit.lane.query(road_view, print_nothing)


def print_nothing(value: object) -> None:
    """A function without a thread of its own."""


def test_a_read_sees_every_save_that_was_answered_before(lit: Lit, qtbot: QtBot) -> None:
    page, list_page = Ear(), Ear()
    lit.lane.submit(calls.set_outcome(None, "silent"), page.done)
    qtbot.waitUntil(lambda: len(page.heard) == 1)
    lit.lane.query(lambda c: calls_today(c, "an_giang", NOON - HOUR), list_page.done, list_page.failed)
    qtbot.waitUntil(lambda: len(list_page.heard) == 1)
    assert [row.id for row in list_page.heard[0]] == [page.heard[0].call_id]


def test_a_read_under_way_never_blocks_a_save(lit: Lit, qtbot: QtBot) -> None:
    page = Ear()
    reading, go_on = threading.Event(), threading.Event()

    def slow(connection: Any) -> int:
        before = connection.exec_driver_sql("SELECT count(*) FROM r_call").scalar_one()
        reading.set()
        assert go_on.wait(PATIENCE_S)
        after = connection.exec_driver_sql("SELECT count(*) FROM r_call").scalar_one()
        assert after == before, "one read is one snapshot"
        return int(after)

    reads = Ear()
    lit.lane.query(slow, reads.done, reads.failed)
    assert reading.wait(PATIENCE_S)
    lit.lane.submit(calls.set_outcome(None, "silent"), page.done)
    qtbot.waitUntil(lambda: len(page.heard) == 1)
    assert reads.heard == []
    go_on.set()
    qtbot.waitUntil(lambda: reads.heard == [0])


def test_saves_slip_between_chunks_that_are_folded(lit: Lit, qtbot: QtBot, tmp_path: Path) -> None:
    chunks = chunks_of_another_desk(tmp_path / "other", 8, 200)
    page = Ear()
    order: list[str] = []
    folding, lined_up = threading.Event(), threading.Event()

    def fold(connection: Any, chunk: list[Placed]) -> None:
        lit.bench.store.replica.receive(connection, chunk)
        order.append("fold")
        folding.set()
        assert lined_up.wait(PATIENCE_S)

    def net_lane() -> None:
        for chunk in chunks:
            lit.lane.run(lambda c, chunk=chunk: fold(c, chunk))  # type: ignore[misc]  # binds the loop's value

    def note_save() -> None:
        order.append("save")

    lit.lane.committed = note_save
    net = threading.Thread(target=net_lane)
    net.start()
    assert folding.wait(PATIENCE_S)
    for _ in range(5):
        lit.lane.submit(calls.set_outcome(None, "silent"), page.done)
    lined_up.set()
    qtbot.waitUntil(lambda: len(page.heard) == 5, timeout=20_000)
    net.join(PATIENCE_S)
    assert order == ["fold", *["save"] * 5, *["fold"] * 7]


def chunks_of_another_desk(root: Path, count: int, size: int) -> list[list[Placed]]:
    other = Bench(root)

    def operation(uow: UnitOfWork) -> None:
        for _ in range(count * size):
            act = uow.act()
            act.create(scopes.centre("an_giang"), Call(id=uow.new_id(), ring_at=NOON, outcome="silent"))
            uow.write(act)

    other.run(operation)
    placed = own(other)
    other.close()
    return [placed[start : start + size] for start in range(0, len(placed), size)]


def test_an_answer_for_a_screen_that_is_gone_is_dropped(lit: Lit, qtbot: QtBot) -> None:
    import shiboken6

    gone, page = Ear(), Ear()
    lit.lane.submit(calls.set_outcome(None, "silent"), gone.done)
    shiboken6.delete(gone)
    lit.lane.submit(calls.set_outcome(None, "prank"), page.done)
    qtbot.waitUntil(lambda: len(page.heard) == 1)
    assert gone.heard == []


def test_closing_finishes_what_was_submitted_and_takes_no_more(tmp_path: Path, qtbot: QtBot) -> None:
    lit = Lit(tmp_path / "desk")
    page = Ear()
    for _ in range(50):
        lit.lane.submit(calls.set_outcome(None, "silent"), page.done)
    lit.lane.close()
    with pytest.raises(Closed):
        lit.lane.submit(calls.by_hand())
    with pytest.raises(Closed):
        lit.lane.query(road_view, page.done)
    again = Bench(tmp_path / "desk")
    assert again.read(road_view).saved_here == 50
    again.close()
    assert not [thread for thread in living_threads() if thread.name.startswith("store-")]


def test_five_thousand_answers_lose_and_keep_nothing(lit: Lit, qtbot: QtBot) -> None:
    page = Ear()
    for n in range(5_000):
        lit.bus.delivered.emit(Errand(None, page.done, outcome=n))
    qtbot.waitUntil(lambda: len(page.heard) == 5_000)
    assert page.heard == list(range(5_000))
    gc.collect()


def test_an_answer_that_a_newer_one_overtook_never_reaches_the_screen(lit: Lit, qtbot: QtBot) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def old(connection: Any) -> str:
        connection.exec_driver_sql("SELECT 1").scalar_one()
        reading.set()
        assert go_on.wait(PATIENCE_S)
        return "old"

    page, other = Ear(), Ear()
    lit.lane.query(old, page.done, page.failed)
    assert reading.wait(PATIENCE_S)
    lit.lane.query(lambda _c: "new", page.done, page.failed)
    qtbot.waitUntil(lambda: page.heard == ["new"])
    go_on.set()
    lit.lane.query(lambda _c: "another screen's", other.done, other.failed)
    qtbot.waitUntil(lambda: other.heard == ["another screen's"])
    lit.lane.query(lambda _c: "newest", page.done, page.failed)
    qtbot.waitUntil(lambda: page.heard[-1] == "newest")
    assert page.heard == ["new", "newest"]
