"""The same tests of the centre on SQLCipher and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.ground import Desk, Running, enrol_desk, running


@pytest.fixture(params=["sqlcipher", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    """The URL of an empty PostgreSQL database, or None for the embedded store."""
    if request.param == "sqlcipher":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def centre(tmp_path: Path, database: str | None) -> Iterator[Running]:
    """A centre that answers on loopback."""
    with running(tmp_path / "data", database) as one:
        yield one


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Running]:
    """A centre on the embedded store only, for what does not touch the database."""
    with running(tmp_path / "data") as one:
        yield one


@pytest.fixture
def desks() -> Iterator[Callable[..., Desk]]:
    """Enrols desks: `desks(centre, "AG01", all_cases=False)`; all are closed afterwards."""
    made: list[Desk] = []

    def make(centre: Running, seat: str = "AG01", *, all_cases: bool = False) -> Desk:
        one = enrol_desk(centre, seat, all_cases=all_cases)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()
