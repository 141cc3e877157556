"""Whole new desks filled from a real centre's segments: the same rows, digests and index as from the feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.server.filling import Whole, contents, index_of, small_segments, whole, write_everything
from tests.server.ground import Desk, Running

WAIT_MS = 30_000


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
    centre: Running, desks: Callable[..., Desk], wholes: Callable[..., Whole], qtbot: QtBot
) -> None:
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
