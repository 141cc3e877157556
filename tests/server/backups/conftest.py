"""Databases of their own: restoring renames schemas, which other tests must not meet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.postgres import PostgresServer


@pytest.fixture(params=["sqlcipher", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The URL of a new PostgreSQL database, or None for the embedded store."""
    if request.param == "sqlcipher":
        yield None
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture
def other_database(database: str | None, request: pytest.FixtureRequest) -> Iterator[str | None]:
    """A database of the other kind than `database`, new."""
    if database is not None:
        yield None
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url
