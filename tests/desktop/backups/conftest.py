"""A desk with a home of its own, whose copies are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desktop.store.kit import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path / "desk")
    one.home.prepare()
    one.home.slots.write_text("{}")
    yield one
    one.close()
