"""The suite's own floor: PostgreSQL, clock, home, threads and windows, the counts of a soak."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.conftest import Rounds, left_behind, living_threads, open_windows
from tests.postgres import PostgresServer, answers, copy_installation, find_binaries, prefix

ROOT = Path(__file__).parents[2]


@pytest.fixture
def open_to_others() -> Iterator[None]:
    """A desk opened earlier in this process closed its umask; the copies here are for another account."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_each_database_is_new_and_takes_vietnamese(postgres: PostgresServer) -> None:
    for _ in range(2):
        engine = sqlalchemy.create_engine(postgres.new_database())
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE ca (ten text)"))
            connection.execute(sqlalchemy.text("INSERT INTO ca VALUES ('Đặng Thị Ẵm')"))
            assert connection.scalar(sqlalchemy.text("SELECT ten FROM ca")) == "Đặng Thị Ẵm"
        engine.dispose()


def test_a_database_is_dropped_even_while_somebody_holds_it_open(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        plain = url.replace("postgresql+psycopg", "postgresql")
        held = psycopg.connect(plain)
    with pytest.raises(psycopg.OperationalError):
        held.execute("SELECT 1")
    held.close()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(plain)


def test_a_folder_without_postgresql_is_not_taken_for_one(tmp_path: Path) -> None:
    assert not answers(tmp_path)


@pytest.mark.usefixtures("open_to_others")
def test_binaries_in_a_folder_closed_to_the_servers_account_are_copied_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    wheel = find_binaries(tmp_path)
    assert wheel is not None
    hidden = copy_installation(wheel, closed / "pg")
    closed.chmod(0o700)
    monkeypatch.setattr("tests.postgres.known_places", lambda: iter([hidden]))
    folder = postgres.folder / "copies"
    folder.mkdir(mode=0o755)
    found = find_binaries(folder)
    assert found is not None
    assert answers(found)
    if prefix():
        assert not answers(hidden)
        assert folder in found.parents


def test_the_clock_of_the_suite_is_vietnams_and_its_home_is_its_own() -> None:
    assert time.strftime("%z", time.localtime(0)) in {"+0700", "+0800"}  # Saigon kept +08 until 1975
    assert time.strftime("%z") == "+0700"
    assert Path(os.environ["XDG_DATA_HOME"]).is_dir()
    assert Path.home() not in Path(os.environ["XDG_DATA_HOME"]).parents


def test_a_thread_that_outlives_its_test_is_named() -> None:
    before, release = living_threads(), threading.Event()
    thread = threading.Thread(target=release.wait, name="quên tắt")
    thread.start()
    try:
        assert left_behind(before, patience_s=0.05) == ["quên tắt"]
    finally:
        release.set()
        thread.join()
    assert left_behind(before) == []


def test_a_finished_qt_thread_is_not_counted_as_left(qtbot: QtBot) -> None:
    seen: list[str] = []

    class Lane(QThread):
        def run(self) -> None:
            seen.append(threading.current_thread().name)

    before, lane = living_threads(), Lane()
    lane.start()
    assert lane.wait(5000)
    assert seen
    assert left_behind(before) == []


def test_a_window_that_stays_open_is_named(qtbot: QtBot) -> None:
    window = QWidget()
    window.setObjectName("quen_dong")
    before = open_windows()
    window.show()
    assert any("quen_dong" in name for name in open_windows() - before)
    window.close()
    assert open_windows() == before


@pytest.mark.parametrize(("whole", "suite"), [(500, 50), (11, 2), (1, 1)])
def test_the_suite_runs_a_tenth_and_the_soak_runs_the_whole_count(whole: int, suite: int) -> None:
    assert Rounds(full=False)(whole) == suite
    assert Rounds(full=True)(whole) == whole


@pytest.mark.slow
def test_a_soak_that_nobody_wrote_is_refused_and_names_the_others() -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", "khong-co-bai-nay", "tests/house", "-q"],
        capture_output=True, text=True, cwd=ROOT, env=env,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Không có bài «khong-co-bai-nay»" in done.stderr


def test_a_worker_that_dies_says_where_at_the_end_of_the_run(tmp_path: Path) -> None:
    """What a crash on another machine printed in the middle was never read."""
    (tmp_path / "test_dies.py").write_text("import ctypes\n\ndef test_dies():\n    ctypes.string_at(0)\n", "utf-8")
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-ptests.last_words", "-n1", "-pno:cacheprovider", "test_dies.py"],
        capture_output=True, text=True, cwd=tmp_path, env={**env, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    end = done.stdout[done.stdout.index("last words of gw0") :]
    assert "short test summary" in done.stdout
    assert "short test summary" not in end, "of a long output often only the end is kept"
    assert "Segmentation fault" in end
    assert 'test_dies.py", line 4 in test_dies' in end
    assert "site-packages" not in end
