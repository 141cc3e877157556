"""What the tests of crashes stand on: a folder that is quick to sync, seeds that are printed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SOAK
from tests.crash.drawn import seed_of
from tests.crash.nursery import Nursery

MEMORY = Path("/dev/shm")


@pytest.fixture
def memory_disk() -> Iterator[Path]:
    """A folder in memory where the machine has one: for images of a disk, whose syncs are played and not real."""
    folder = Path(tempfile.mkdtemp(prefix="t111-", dir=MEMORY if MEMORY.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def seed(part: int) -> int:
    """The seed of this part of a test, printed: `TRAM111_SEED=<seed>` runs it alone."""
    found = seed_of(part, fresh=SOAK)
    print(f"seed {found}")
    return found


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """A warm process that bears children to be killed."""
    with Nursery() as one:
        yield one
