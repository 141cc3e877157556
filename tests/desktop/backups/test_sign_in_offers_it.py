"""Where the store is damaged, the sign-in window says so and offers the backup; nothing is restored unasked."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.__main__ import main
from desktop.home import Home
from desktop.operations import calls
from desktop.store import identity
from desktop.store.copies import copies, make_copy
from desktop.store.engine import open_store
from desktop.store.entering import begin_counting
from desktop.store.keys import KeySlots
from desktop.ui.signin.window import SignInWindow
from tests.desktop.store.kit import AN_GIANG, CHEAP, NOON, PASSPHRASE, STAFF, Bench, reference


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An enrolled desk with seven calls, five of them in a backup."""
    one = Home(tmp_path / "desk")
    one.prepare()
    slots = KeySlots(one.slots, CHEAP)
    key = slots.create(STAFF, PASSPHRASE)
    begin_counting(one, slots)
    monkeypatch.setattr("tests.desktop.store.kit.STORE_KEY", key)
    bench = Bench(one.root, AN_GIANG)
    for _ in range(5):
        bench.run(calls.set_outcome(None, "silent"))
    make_copy(bench.store, one.slots, one.backups, NOON)
    for _ in range(2):
        bench.run(calls.set_outcome(None, "silent"))
    bench.close()
    return one


def kept(home: Home) -> int:
    store = open_store(home.db, KeySlots(home.slots, CHEAP).open(STAFF, PASSPHRASE))
    try:
        with store.read() as connection:
            assert identity.enrolment(connection) is not None
            return int(connection.exec_driver_sql("SELECT count(*) FROM r_call").scalar_one())
    finally:
        store.close()


@pytest.fixture
def window(home: Home, qtbot: QtBot) -> Iterator[SignInWindow]:
    def opened(staff: str, words: str) -> Any:
        found = app.unlock(home, staff, words, reference=reference(), key_cost=CHEAP)
        found.store.close()
        return found

    def refuse(*_given: str) -> None:
        raise AssertionError("this desk is enrolled already")

    one = SignInWindow(home, opened, refuse, None, partial(app.restore, home, key_cost=CHEAP))
    qtbot.addWidget(one)
    one.show()
    yield one
    one.close()


def enter(window: SignInWindow, go: Callable[[], None]) -> None:
    window.staff.setText(STAFF)
    window.passphrase.setText(PASSPHRASE)
    go()


@pytest.mark.parametrize("how", ["beginning", "gone"])
def test_a_damaged_store_is_said_and_one_press_goes_on_from_the_backup(
    window: SignInWindow, home: Home, qtbot: QtBot, how: str
) -> None:
    assert QApplication.instance() is not None
    if how == "gone":
        home.db.unlink()
    else:
        home.db.write_bytes(bytes(8192) + home.db.read_bytes()[8192:])
    assert window.recovering.isHidden()
    enter(window, window.sign_in)
    qtbot.waitUntil(window.recovering.isVisible, timeout=20_000)
    assert "Khôi phục từ bản sao lưu" in window.recovering.text()
    assert "tệp hỏng được giữ lại" in window.state.text()
    assert not list(home.backups.glob("damaged-*")), "nothing is done before a person asks for it"
    with qtbot.waitSignal(window.unlocked, timeout=20_000):
        enter(window, window.start_restoring)
    assert kept(home) == 5
    assert len(list(home.backups.glob("damaged-*.db"))) == (how == "beginning")


def test_a_wrong_passphrase_offers_nothing(window: SignInWindow, qtbot: QtBot) -> None:
    window.staff.setText(STAFF)
    window.passphrase.setText("sai rồi")
    window.sign_in()
    qtbot.waitUntil(lambda: "Tên hoặc mật khẩu" in window.state.text(), timeout=20_000)
    assert window.recovering.isHidden()


def test_the_command_restores_and_carries_over_what_came_after_the_backup(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:


    assert main(["restore", "--home", str(home.root), "--list"]) == 0
    assert copies(home.backups)[0].path.name in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("sai\n"))
    assert main(["restore", "--home", str(home.root)]) == 2
    assert "mật khẩu chưa đúng" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSPHRASE + "\n"))
    assert main(["restore", "--home", str(home.root)]) == 0
    told = capsys.readouterr().out
    assert "5 mục từ bản sao lưu, 2 mục và 0 bản nháp cứu được" in told
    assert "damaged-" in told
    assert kept(home) == 7


def test_slots_that_are_gone_come_from_beside_the_backup(home: Home) -> None:
    home.slots.unlink()
    app.restore(home, STAFF, PASSPHRASE, key_cost=CHEAP)
    assert kept(home) == 7
