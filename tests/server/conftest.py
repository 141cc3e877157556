"""The same tests of the centre on SQLCipher and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, inspect

from tests.server.ground import Desk, Running, enrol_desk, running

if TYPE_CHECKING:
    from tests.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres_home(postgres: PostgresServer) -> str:
    """One database for this process: making it and its tables takes longer than most tests."""
    return postgres.new_database()


def emptied(url: str) -> str:
    """The same database as if it were new, tables aside."""
    engine = create_engine(url)
    with engine.begin() as connection:
        names = inspect(connection).get_table_names()
        if names:
            quoted = ", ".join(f'"{name}"' for name in names)
            connection.exec_driver_sql(f"TRUNCATE {quoted}")  # sql-names-only: names of tables that are there
    engine.dispose()
    return url


@pytest.fixture(params=["sqlcipher", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    """The URL of an empty PostgreSQL database, or None for the embedded store."""
    if request.param == "sqlcipher":
        return None
    return emptied(request.getfixturevalue("postgres_home"))


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
