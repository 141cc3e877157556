"""The import contracts of pyproject.toml hold, name only what exists, and can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from importlinter import api

from tests.house.contracts import broken_contracts
from tests.house.reading import ROOT

CONFIGURATION = ROOT / "pyproject.toml"


def contracts() -> list[dict[str, Any]]:
    """The contracts as written."""
    found: list[dict[str, Any]] = api.read_configuration(str(CONFIGURATION))["contracts_options"]
    return found


def test_every_contract_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert broken_contracts(str(CONFIGURATION)) == [], "run ./tram111 check to see the chains"


def test_contracts_name_only_rooms_that_exist() -> None:
    """A renamed room must not slip out of its contract."""
    named: set[str] = set()
    for contract in contracts():
        named |= set(contract.get("source_modules", []))
        named |= {rule.split(" -> ")[0].removesuffix(".**") for rule in contract.get("ignore_imports", [])}
        for container in contract.get("containers", []):
            tails = " | ".join(contract["layers"]).split("|")
            named |= {f"{container}.{tail.strip(' ()')}" for tail in tails}
    paths = {name: ROOT / Path(*name.split(".")) for name in named}
    gone = sorted(n for n, path in paths.items() if not path.is_dir() and not path.with_suffix(".py").is_file())
    assert gone == []


PLANTED = {
    "sync/planted.py": ("import desktop", "Imports run one way"),
    "domain/planted.py": ("import time", "functions of what they are given"),
    "server/planted.py": ("import PySide6.QtCore", "Qt lives in the desk"),
    "desktop/store/planted.py": ("from PySide6 import QtCore", "know no Qt"),
    "desktop/operations/planted.py": ("import desktop.ui", "Inside the desk"),
    "desktop/ui/planted.py": ("import sqlalchemy", "SQL is written only"),
    "server/http/planted.py": ("import sqlcipher3", "SQL is written only"),
    "sync/planted2.py": ("import requests", "The road is driven only"),
    "server/planted2.py": ("import sqlite3", "One SQLite everywhere"),
    "desktop/planted.py": ("import fastapi", "The public door"),
    "server/store/planted.py": ("import server.http", "Inside the centre"),
}


@pytest.mark.slow
def test_each_contract_catches_a_planted_import(tmp_path: Path) -> None:
    """In one small copy of the rooms, one forbidden import per contract: all are reported broken."""
    options = contracts()
    rooms = {"sync/replica", "sync/transport", "sync/engine", "sync/merge", "sync/operation", "domain"}
    rooms |= {f"desktop/{name}" for name in ("__main__", "app", "ui", "operations", "background", "store")}
    rooms |= {f"server/{name}" for name in ("__main__", "cli", "app", "http", "operations", "store")}
    for room in rooms:
        for folder in [tmp_path / room, *(tmp_path / room).relative_to(tmp_path).parents]:
            place = tmp_path / folder
            place.mkdir(parents=True, exist_ok=True)
            if place != tmp_path:
                (place / "__init__.py").touch()
    for path, (line, _) in PLANTED.items():
        (tmp_path / path).write_text(line + "\n")
    (tmp_path / "pyproject.toml").write_bytes(CONFIGURATION.read_bytes())
    done = subprocess.run(
        [sys.executable, ROOT / "tests/house/contracts.py", "pyproject.toml"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    broken = [name for name in done.stdout.splitlines() if name]
    assert [expected for _, expected in PLANTED.values() if not any(expected in name for name in broken)] == []
    assert len(broken) == len(options)
