"""A centre without a door, desks without lines, and sticks: what journeys of the courier stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.operations.centre import Centre
from tests.journeys.by_stick import Desk, open_centre


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    one = open_centre(tmp_path / "centre")
    yield one
    one.close()


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(centre: Centre, seat: str = "AG03", *, all_cases: bool = False) -> Desk:
        made.append(Desk(tmp_path / f"desk{len(made)}", centre, seat, all_cases=all_cases))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def usb(tmp_path: Path) -> Callable[[str], Path]:
    """Sticks by name."""

    def one(name: str) -> Path:
        folder = tmp_path / "usb" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    return one


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three operations a letter, so that a few acts make many letters."""
    monkeypatch.setattr("desktop.operations.courier.BATCH", 3)
