"""A desk that met no server for 35 days says so once, in one sentence; calls and new files go on (settled 13)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.ui.main_window import MainWindow
from domain.clock import DAY
from sync.door import Receipt
from sync.replica import node
from sync.replica.desk_road import RECEIPT
from tests.desktop.ui.conftest import Given, HandClock, press


def signed(desk: Desk, at_ms: int) -> None:
    """The centre's last signed word, as `DeskRoad.keep_receipt` keeps it."""
    said = Receipt(device=Given.device, lineage=Given.lineage, seq=1, digest="d", time=at_ms)
    with ThreadPoolExecutor(1) as beside:  # the GUI thread never waits for the store (law 1)
        put = beside.submit(desk.lane.run, lambda c: node.put(c, **{RECEIPT: msgspec.json.encode(said).decode()}))
        put.result()


def test_after_thirty_five_days_it_is_said_once_and_a_call_is_still_one_key(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    notice, bar = window.lease_notice, window.trouble
    signed(desk, clock.now_ms())
    clock.pass_ms(34 * DAY)
    notice.look()
    signed(desk, clock.now_ms() - 34 * DAY)  # the lane has answered what was asked before
    assert not notice.closed
    assert not bar.isVisible()
    clock.pass_ms(2 * DAY)
    notice.look()
    qtbot.waitUntil(lambda: notice.closed, timeout=20_000)
    assert bar.isVisible()
    assert "hơn 35 ngày" in bar.words.text()
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        press(window, Qt.Key.Key_F2)
    signed(desk, clock.now_ms())
    notice.look()
    qtbot.waitUntil(lambda: not notice.closed, timeout=20_000)
