"""The exchange's own records are read at the desk: every answered call ends with a row, and twice changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.background.change_bus import Changes
from desktop.operations.reconcile import PART
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.calls.lists import TODAY, UNCLASSIFIED
from desktop.ui.main_window import MainWindow
from tests.desktop.ui.conftest import HandClock, stored
from tests.desktop.ui.leaving import hire
from tests.desktop.ui.reconciled import ANSWERED, MISSED, choose, exchange_file
from tests.desktop.ui.seat import Seat
from tests.desktop.ui.walking import clipped

ELSEWHERE = ANSWERED.format(number="0900031908", minute=1, uniqueid="f.1").replace("AG03", "HN03")
ELSEWHERE = ELSEWHERE.replace("-ag", "-hn")


@pytest.fixture
def seat(window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot) -> Seat:
    return Seat(window, desk, clock, qtbot)


def compare(seat: Seat, path: Path, words: str) -> str:
    """By its key and the dialog; answers what stands above the list then."""
    seat.strike("reconcile")
    choose(seat, path)
    hint = seat.window.calls_page.hint
    seat.until(lambda: words in hint.text())
    return hint.text()


def outcomes(desk: Desk) -> list[str]:
    rows = stored(desk, lambda c: c.exec_driver_sql("SELECT outcome FROM r_call ORDER BY outcome").fetchall())
    return [row[0] for row in rows]


def test_answered_calls_without_a_row_wait_to_be_labelled_and_the_same_file_again_adds_nothing(
    seat: Seat, desk: Desk, tmp_path: Path
) -> None:
    lines = (
        ANSWERED.format(number="0900031908", minute=1, uniqueid="f.1"),
        ANSWERED.format(number="0900081502", minute=5, uniqueid="f.2"),
        "đây là một dòng hỏng",
        MISSED.format(uniqueid="f.3"),
    )
    path = exchange_file(tmp_path, *lines)
    told = compare(seat, path, "Đối chiếu xong")
    assert "thêm 2 cuộc chưa phân loại, 1 cuộc nhỡ; 0 dòng ghi tay khớp." in told
    assert "1 dòng hỏng được để riêng (dòng số 3)." in told
    assert seat.window.calls_page.listing == UNCLASSIFIED
    seat.until(lambda: len(seat.window.call_lists.lists.unclassified) == 2)
    assert outcomes(desk) == ["missed", "unclassified", "unclassified"]
    seat.strike("back")
    assert "thêm 0 cuộc chưa phân loại, 0 cuộc nhỡ" in compare(seat, path, "thêm 0 cuộc")
    assert len(outcomes(desk)) == 3
    assert seat.window.calls_page.listing == TODAY


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("không phải tệp của tổng đài",), "Không đọc được tệp này như danh sách cuộc gọi"),
        (
            (ELSEWHERE,),
            "không có cuộc gọi nào của trung tâm này",
        ),
    ],
)
def test_a_file_of_something_else_writes_nothing_and_says_so(
    seat: Seat, desk: Desk, tmp_path: Path, lines: tuple[str, ...], words: str
) -> None:
    compare(seat, exchange_file(tmp_path, *lines), words)
    assert outcomes(desk) == []


def test_a_button_beside_the_two_lists_asks_for_the_file(seat: Seat, desk: Desk, tmp_path: Path) -> None:
    pick = seat.window.calls_page.pick
    assert not pick.reconcile.isVisible()  # today's list stays calm
    for action in ("list_missed", "list_unclassified"):
        seat.strike(action)
        assert pick.reconcile.isVisible()
        assert clipped(pick) == []  # the chosen list's name stands in heavier letters
    QTest.mouseClick(pick.reconcile, Qt.MouseButton.LeftButton)
    choose(seat, exchange_file(tmp_path, ANSWERED.format(number="0900031908", minute=1, uniqueid="f.1")))
    seat.until(lambda: outcomes(desk) == ["unclassified"])
    seat.until(lambda: "với tổng đài «111»" in seat.window.calls_page.hint.text())


@pytest.mark.parametrize(("role", "may"), [("therapist", False), ("it_admin", False), ("shift_lead", True)])
def test_the_role_decides_who_compares(seat: Seat, desk: Desk, tmp_path: Path, role: str, may: bool) -> None:
    hire(seat, role)
    path = exchange_file(tmp_path, ANSWERED.format(number="0900031908", minute=1, uniqueid="f.1"))
    compare(seat, path, "Đối chiếu xong" if may else "không ghi cuộc gọi của trung tâm này")
    assert outcomes(desk) == ["unclassified"] * may


class BetweenTwoParts(QObject):
    """Something is written as soon as the first calls of the file are: how many calls stood there when it was."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk, self.stood = desk, list[int]()
        self._asked = False
        desk.bus.changed.connect(self._changed)

    @Slot(object)
    def _changed(self, changes: Changes) -> None:
        if changes.initiator == "reconcile" and not self._asked:
            self._asked = True
            self._desk.lane.submit(count_of_calls, self.stood.append)


def count_of_calls(uow: UnitOfWork) -> int:
    return int(uow.connection.exec_driver_sql("SELECT count(*) FROM r_call").scalar_one())


def test_what_is_saved_meanwhile_does_not_wait_for_the_whole_file(seat: Seat, desk: Desk, tmp_path: Path) -> None:
    many = 8 * PART
    lines = (ANSWERED.format(number=f"09000{n:05d}", minute=n % 10, uniqueid=f"f.{n}") for n in range(many))
    between = BetweenTwoParts(desk)
    compare(seat, exchange_file(tmp_path, *lines), f"thêm {many} cuộc")
    assert between.stood[0] <= 3 * PART
    assert len(outcomes(desk)) == many


def test_a_call_that_comes_puts_the_question_for_the_file_away(seat: Seat) -> None:
    seat.strike("reconcile")
    dialog = seat.window.findChild(QFileDialog, "dialog.exchange_records")
    assert isinstance(dialog, QFileDialog)
    seat.ring()
    assert not dialog.isVisible()
    seat.free()
