"""What we stand on is what we think: Qt's references, SQLite's version and cipher, our own names."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.house.reading import ROOT

EMITS = 5_000


class Bell(QObject):
    rang = Signal(bool)


class Ear(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.heard = 0

    def hear(self, value: bool) -> None:
        self.heard += value


def test_pyside_keeps_references_to_none_and_true(qtbot: QtBot) -> None:
    """PySide6 6.12.0 loses one at each call and each emit; Python 3.11 then dies in the middle of a shift."""
    label, bell, ear = QLabel(), Bell(), Ear()
    qtbot.addWidget(label)
    bell.rang.connect(ear.hear)
    nones, trues = sys.getrefcount(None), sys.getrefcount(True)
    for number in range(EMITS):
        bell.rang.emit(True)
        label.setText(str(number))
        label.setEnabled(True)
    assert ear.heard == EMITS
    assert sys.getrefcount(None) > nones - 100
    assert sys.getrefcount(True) > trues - 100


def test_a_signal_object_that_nobody_keeps_is_gone(qtbot: QtBot) -> None:
    """Why a screen stores its view-model (law 3): an unowned receiver is collected without a word."""
    bell, counts = Bell(), []

    class Model(QObject):
        def hear(self, value: bool) -> None:
            counts.append(value)

    def forget() -> None:
        bell.rang.connect(Model().hear)

    forget()
    bell.rang.emit(True)
    assert counts == []


def test_sqlite_is_the_one_that_does_not_lose_what_was_written() -> None:
    """3.51.3 mends the WAL-reset race: a checkpoint and a writer together could lose a transaction."""
    assert sqlcipher.sqlite_version_info >= (3, 51, 3)


def test_the_cipher_is_there_and_comes_from_the_right_package(tmp_path: Path) -> None:
    assert importlib.metadata.packages_distributions()["sqlcipher3"] == ["sqlcipher3"]
    path, word = tmp_path / "a.db", "Đặng Thị Ẵm"
    door = sqlcipher.connect(str(path))
    door.execute("PRAGMA key = \"x'" + "5a" * 32 + "'\"")
    assert door.execute("PRAGMA cipher_version").fetchone()[0].startswith("4.")
    door.execute("CREATE TABLE ca (ten TEXT)")
    door.execute("INSERT INTO ca VALUES (?)", (word,))
    door.commit()
    options = {row[0] for row in door.execute("PRAGMA compile_options")}
    door.close()
    assert "ENABLE_FTS5" in options
    assert word.encode() not in path.read_bytes()
    assert not path.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("name", ["domain", "sync", "desktop", "server", "tests"])
def test_our_names_mean_this_checkout(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    places = {Path(place).resolve() for place in spec.submodule_search_locations or []}
    assert places == {ROOT / name}


def test_our_names_mean_this_checkout_for_a_started_process_too(tmp_path: Path) -> None:
    ask = "import domain, sync, desktop as k, server as s\nfor m in (domain, sync, k, s): print(m.__path__[0])"
    answer = subprocess.run(
        [sys.executable, "-c", ask],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert [Path(line) for line in answer.stdout.split()] == [
        ROOT / n for n in ("domain", "sync", "desktop", "server")
    ]


def test_a_window_can_be_made_without_a_screen(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(300, 200)
    window.show()
    assert not window.grab().isNull()
