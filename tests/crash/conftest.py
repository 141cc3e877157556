"""What the tests of crashes stand on: a folder that is quick to sync, seeds that are printed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import SOAK
from tests.crash.drawn import seeds
from tests.crash.nursery import Nursery

MEMORY = Path("/dev/shm")


@pytest.fixture
def memory_disk() -> Iterator[Path]:
    """A folder in memory where the machine has one: for images of a disk, whose syncs are played and not real."""
    folder = Path(tempfile.mkdtemp(prefix="t111-", dir=MEMORY if MEMORY.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def drawn() -> Callable[[int], list[int]]:
    """The seeds of this run, printed: `TRAM111_SEED=<seed>` runs one of them alone."""

    def draw(count: int) -> list[int]:
        found = seeds(count, fresh=SOAK)
        print(f"seeds {found[0]}..{found[-1]}")
        return found

    return draw


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """A warm process that bears children to be killed."""
    with Nursery() as one:
        yield one
