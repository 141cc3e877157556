"""A fresh store as the real program makes it, in a process of its own, and what the database says of its columns.

Which tables a store gets follows from the modules its process has imported: one that has imported both the desk
and the server, as tests do, would answer for neither. `python -m tests.house.fresh_store NODE FOLDER URL PLANT`.
"""

from __future__ import annotations

import importlib
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Connection, inspect

from tests.house.reading import ROOT

PROGRAM = {"desk": "desktop.app", "centre": "server.cli", "hub": "server.cli"}
PLANTS = ("ALTER TABLE r_person ADD COLUMN passport TEXT", "CREATE TABLE scribble (words TEXT)")


def columns_of(connection: Connection) -> dict[str, list[str]]:
    """Columns by table; the hidden tables of a full-text index are among them."""
    asked = inspect(connection)
    return {name: [c["name"] for c in asked.get_columns(name)] for name in asked.get_table_names()}


def made(node: str, folder: Path, url: str = "", *, plant: bool = False) -> dict[str, frozenset[str]]:
    """Columns by table of a fresh store of `desk`, `centre` or `hub`; `plant` adds what no entry knows."""
    command = [sys.executable, "-m", "tests.house.fresh_store", node, str(folder), url, "plant" if plant else ""]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {table: frozenset(columns) for table, columns in json.loads(done.stdout).items()}


def _desk(folder: Path, plants: tuple[str, ...]) -> dict[str, list[str]]:
    from desktop.store.engine import open_store

    folder.mkdir(parents=True, exist_ok=True)
    store = open_store(folder / "store.db", secrets.token_bytes(32))
    with store.write() as connection:
        for statement in plants:
            connection.exec_driver_sql(statement)
        connection.commit()
    with store.read() as connection:
        found = columns_of(connection)
    store.close()
    return found


def _server(role: str, folder: Path, url: str, plants: tuple[str, ...]) -> dict[str, list[str]]:
    from server.operations.centre import Centre
    from server.store.engine import open_store
    from server.wall_clock import WallClock

    centre = Centre(open_store(folder, url or None), WallClock(), os.urandom, role)
    with centre.store.writing() as connection:
        for statement in plants:
            connection.exec_driver_sql(statement)
    found = centre.read(columns_of)
    centre.close()
    return found


if __name__ == "__main__":
    node, folder, url, plant = sys.argv[1:]
    importlib.import_module(PROGRAM[node])
    plants = PLANTS if plant else ()
    place = Path(folder)
    print(json.dumps(_desk(place, plants) if node == "desk" else _server(node, place, url, plants)))
