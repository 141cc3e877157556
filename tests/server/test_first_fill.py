"""Whole new desks filled from a real centre's segments: the same rows, digests and index as from the feed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pytestqt.qtbot import QtBot

from desktop.background.change_bus import RoadState
from desktop.operations import calls
from desktop.store import building
from desktop.store.building import ask_anew
from desktop.ui.road.page import RoadModel
from sync.replica import read, sums, tables
from sync.troubles import Offline
from tests.server.filling import Watched, Whole, contents, index_of, small_segments, whole, write_everything
from tests.server.ground import Desk, Running

WAIT_MS = 60_000


@pytest.fixture
def wholes(tmp_path: Path, centre: Running, qtbot: QtBot) -> Iterator[Callable[..., Whole]]:
    made: list[Whole] = []

    def make(seat: str = "AG03", *, all_cases: bool = False) -> Whole:
        made.append(whole(tmp_path / f"desk-{len(made)}", centre, seat, all_cases=all_cases))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_filled_desk_holds_what_a_desk_holds_that_read_the_feed(
    centre: Running,
    desks: Callable[..., Desk],
    wholes: Callable[..., Whole],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(building, "TOGETHER", 2)  # several transactions, and a last one that is not full
    small_segments(centre)
    write_everything(centre, desks(centre, "AG01"), desks(centre, "AG02"))
    far = desks(centre, "DN01")
    far.write_contact("far", "Ca của Đà Nẵng", case=True)
    far.write_calls(range(5))
    far.push()
    filled, fed = wholes(all_cases=True), wholes(all_cases=True)
    filled.open()
    fed.open(fill_from=1_000_000)
    qtbot.waitUntil(lambda: filled.equal() and fed.equal(), timeout=WAIT_MS)
    assert len(set(filled.pieces)) >= 4, "several segments"
    assert not fed.pieces
    assert filled.roads[0].pulls[0] > 0, "the feed goes on behind the segments"
    assert filled.roads[0].scopes == 0, "what was granted came with the rows"
    assert _but_own(contents(filled.read), filled) == _but_own(contents(fed.read), fed)
    assert filled.read(index_of) == fed.read(index_of)
    assert not list(filled.home.root.glob("*building*")), "nothing of the building is left"
    assert not (filled.home.root / "segments").exists()


def _but_own(found: object, desk: Whole) -> object:
    """Without what the centre wrote into this desk's own scope."""
    assert isinstance(found, dict)
    assert desk.desk is not None
    own = f"device:{desk.desk.seat.device}"
    left = {k: [row for row in rows if own not in str(row)] for k, rows in found.items()}
    left.pop("audience_digest")
    return left


def test_a_line_that_breaks_at_every_segment_goes_on_at_the_first_missing_one(
    embedded: Running, desks: Callable[..., Desk], tmp_path: Path, qtbot: QtBot
) -> None:
    small_segments(embedded)
    write_everything(embedded, desks(embedded, "AG01"), desks(embedded, "AG02"))
    desk = whole(tmp_path / "desk", embedded)
    opened = 0
    broken: list[int] = []

    def one_segment_only(road: Watched) -> None:
        def count(fetched: int) -> None:
            if fetched:
                broken.append(fetched)
                raise Offline

        road.before_piece = count

    desk.prepare = one_segment_only
    while not desk.filled():
        opened += 1
        if opened == 2:
            # What a killed program leaves: a file half written, and a segment that the disk did not keep.
            (desk.home.root / "store.building.db").write_bytes(b"half")
            kept = next((desk.home.root / "segments").glob("*.segment"))
            kept.write_bytes(kept.read_bytes()[:-9])
        desk.open()
        assert not desk.read(_rows), "a half-built file never becomes the store"
        before = len(broken)
        qtbot.waitUntil(lambda before=before: desk.filled() or len(broken) > before, timeout=WAIT_MS)  # type: ignore[misc]  # binds the loop's value
        if not desk.filled():
            desk.close()
    if desk.desk is None:
        desk.open()
    qtbot.waitUntil(desk.equal, timeout=WAIT_MS)
    asked = desk.pieces
    assert opened >= 4
    assert len(asked) == len(set(asked)) + 1, "each was fetched once, and the damaged one again"
    desk.close()


def _rows(connection: Any) -> int:
    return sum(len(connection.execute(table.select()).all()) for table in tables.records.values())


@pytest.mark.parametrize("fault", ["flipped", "stranger"])
def test_what_is_not_the_centres_is_not_taken_and_the_feed_brings_it_all(
    fault: str, embedded: Running, desks: Callable[..., Desk], tmp_path: Path, qtbot: QtBot
) -> None:
    small_segments(embedded)
    write_everything(embedded, desks(embedded, "AG01"), desks(embedded, "AG02"))
    desk = whole(tmp_path / "desk", embedded)

    def tampered(road: Watched) -> None:
        if fault == "flipped":
            road.change = lambda data: data[:-1] + bytes([data[-1] ^ 1])
        else:
            embedded.centre.key = Ed25519PrivateKey.generate()

    desk.prepare = tampered
    desk.open()
    qtbot.waitUntil(desk.equal, timeout=WAIT_MS)
    assert desk.roads[0].manifests == 1
    assert desk.roads[0].pulls[0] == 0, "the feed was read from its beginning"
    assert desk.read(_rows) > 250
    assert not (desk.home.root / "segments").exists()
    assert not list(desk.home.root.glob("*building*"))
    desk.close()


def test_what_is_written_here_and_elsewhere_while_it_is_filled_is_folded_right(
    centre: Running, desks: Callable[..., Desk], tmp_path: Path, qtbot: QtBot
) -> None:
    small_segments(centre)
    one, two = desks(centre, "AG01"), desks(centre, "AG02")
    write_everything(centre, one, two)
    desk = whole(tmp_path / "desk", centre)
    fetching, go = threading.Event(), threading.Event()

    def held(road: Watched) -> None:
        def wait(fetched: int) -> None:
            if fetched == 2:
                fetching.set()
                assert go.wait(WAIT_MS / 1_000)

        road.before_piece = wait

    desk.prepare = held
    desk.open()
    try:
        qtbot.waitUntil(fetching.is_set, timeout=WAIT_MS)
        # At this desk: calls, which are sent at once, before the rows are here.
        labelled = [desk.call(calls.set_outcome(None, "silent")).call_id for _ in range(3)]
        qtbot.waitUntil(lambda: desk.status().at_centre == 3, timeout=WAIT_MS)
        assert "phần" in desk.status().filling
        # Elsewhere: a decision between two values, an edit on what the snapshot shows, a new dossier.
        one.pull()
        stored = one.node.stored("contact", "shared")
        act = one.node.act()
        act.resolve("contact", "shared", stored.scope, stored.state, "summary", "lời đã chọn")
        one.node.write(act)
        one.node.change("contact", "with-set", topics=("violence",), form="brief")
        one.write_contact("later")
        one.push()
    finally:
        go.set()
    qtbot.waitUntil(desk.equal, timeout=WAIT_MS)
    assert not desk.status().filling
    two.pull()
    held_here = desk.read(lambda c: {r.id: r for r in c.execute(tables.records["call"].select())})
    assert set(labelled) <= set(held_here)
    edited = [("contact", "shared"), ("contact", "with-set"), ("contact", "later"), ("person", "person-1")]
    for kind, record in edited:
        here = desk.read(lambda c, k=kind, r=record: read.one(c, k, r))  # type: ignore[misc]  # binds the loop's values
        assert here.record == two.node.stored(kind, record).record
        assert here.siblings() == two.node.stored(kind, record).siblings()
    assert desk.roads[0].pulls[0] > 0, "the rows came by segments"
    desk.call(calls.set_outcome(None, "prank"))
    qtbot.waitUntil(lambda: desk.status().at_centre == 4 and desk.equal(), timeout=WAIT_MS)
    desk.close()


def test_a_desk_built_anew_keeps_what_it_had_not_sent(
    embedded: Running, desks: Callable[..., Desk], tmp_path: Path, qtbot: QtBot
) -> None:
    small_segments(embedded)
    write_everything(embedded, desks(embedded, "AG01"), desks(embedded, "AG02"))
    desk = whole(tmp_path / "desk", embedded)
    desk.open(fill_from=1_000_000)
    qtbot.waitUntil(desk.equal, timeout=WAIT_MS)
    sent = desk.call(calls.set_outcome(None, "silent")).call_id
    qtbot.waitUntil(lambda: desk.status().at_centre == 1 and desk.equal(), timeout=WAIT_MS)
    desk.close()
    desk.road.heard.clear()
    desk.open_without_road()
    unsent = desk.call(calls.set_outcome(None, "prank")).call_id
    # A store that someone doubts: a row of another desk is missing, and its digest says so no more.
    contact = tables.records["contact"]
    desk.run(lambda c: c.execute(contact.delete().where(contact.c.id == "shared")))
    desk.run(ask_anew)
    desk.close()
    desk.open()
    qtbot.waitUntil(lambda: desk.equal() and desk.status().at_centre == 2, timeout=WAIT_MS)
    assert desk.pieces, "built from segments"
    rows = desk.read(lambda c: {r.id: r.outcome for r in c.execute(tables.records["call"].select())})
    assert (rows[sent], rows[unsent]) == ("silent", "prank")
    assert desk.read(lambda c: read.one(c, "contact", "shared")) is not None
    assert desk.read(sums.recount) == desk.read(sums.by_scope_and_kind)
    assert len(list((desk.home.root / "backups").glob("before-rebuild-*.db"))) == 1, "the old store is kept aside"
    desk.close()
    pieces = len(desk.pieces)
    desk.open()
    qtbot.waitUntil(desk.equal, timeout=WAIT_MS)
    assert len(desk.pieces) == pieces, "once is enough"
    desk.close()


def test_a_window_that_comes_after_the_road_is_at_rest_says_how_it_stands(
    embedded: Running, tmp_path: Path, qtbot: QtBot
) -> None:
    desk = whole(tmp_path / "desk", embedded)
    built = desk.open()
    qtbot.waitUntil(desk.equal, timeout=WAIT_MS)
    late = RoadModel(built.lane, built.bus, desk.clock, built.driver)
    assert late.status is not None
    assert (late.status.state, late.status.equal) == (RoadState.SETTLED, True)
    late.close()
    desk.close()


@pytest.mark.parametrize("where", ["fetching", "building", "finishing", "exchanged"])
def test_killed_while_it_is_filled_the_next_start_goes_on(
    where: str, embedded: Running, desks: Callable[..., Desk], tmp_path: Path, qtbot: QtBot
) -> None:
    small_segments(embedded)
    write_everything(embedded, desks(embedded, "AG01"), desks(embedded, "AG02"))
    desk = whole(tmp_path / "desk", embedded)
    command = [sys.executable, "-m", "tests.server.fill_and_die", str(desk.home.root), str(desk.clock.now), where]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], timeout=300, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr[-2_000:]
    saved = done.stdout.split()[-1]
    desk.open()
    qtbot.waitUntil(lambda: desk.equal() and desk.status().at_centre == 1, timeout=WAIT_MS)
    held = desk.read(lambda c: {r.id for r in c.execute(tables.records["call"].select())})
    assert saved in held, "a call that was shown as saved"
    assert len(held) > 250
    assert desk.roads[0].pulls[0] > 0, "the rows came by segments"
    assert desk.roads[0].manifests == (where != "exchanged"), "what was put in place is not built again"
    assert bool(desk.pieces) == (where in {"fetching", "building"}), "what was fetched is not fetched again"
    assert not list(desk.home.root.glob("*building*"))
    desk.close()
