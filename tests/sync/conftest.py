"""Stores for tests of the road: the same test on SQLCipher, on SQLite in memory and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from tests.sync.nodes import cipher_engine, memory_engine


@pytest.fixture(params=["sqlcipher", "sqlite", "postgresql"])
def fresh_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Makes engines over empty stores of one kind."""
    made: list[Engine] = []

    def make() -> Engine:
        if request.param == "sqlcipher":
            engine = cipher_engine(tmp_path / f"{len(made)}.db")
        elif request.param == "sqlite":
            engine = memory_engine()
        else:
            engine = create_engine(request.getfixturevalue("postgres").new_database())
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.dispose()
