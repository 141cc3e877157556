"""Real SQLite stores in memory that can be copied whole, as a disk is copied: by the library's own backup."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool


def _connect() -> Any:
    return sqlcipher.connect(":memory:", isolation_level=None, check_same_thread=False)


@functools.cache
def _model() -> Engine:
    """Its dialect is every disk's: statements compiled for one are compiled for all."""
    engine = create_engine("sqlite://", module=sqlcipher, creator=_connect, poolclass=StaticPool)
    with engine.connect():
        return engine


_COMPILED: dict[Any, Any] = {}


class Disk:
    """One store: the connection that keeps it alive, and the engine over it."""

    def __init__(self, template: Any = None) -> None:
        self.raw: Any = _connect()
        if template is not None:
            template.backup(self.raw)
        model = _model()
        self.engine = Engine(
            StaticPool(lambda: self.raw, dialect=model.dialect),
            model.dialect,
            model.url,
            execution_options={"compiled_cache": _COMPILED},
            hide_parameters=True,
        )
        event.listen(self.engine, "begin", _begin)

    def copy(self) -> Disk:
        """Another store with the same contents."""
        return Disk(self.raw)

    def close(self) -> None:
        """Give the memory back."""
        self.engine.dispose()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@functools.cache
def _made(make: Callable[[Disk], None]) -> Disk:
    disk = Disk()
    make(disk)
    return disk


def fresh(make: Callable[[Disk], None]) -> Disk:
    """A new store; its tables are made once in a process and copied from then on."""
    return _made(make).copy()
