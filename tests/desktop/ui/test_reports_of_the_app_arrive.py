"""A report of App 111 comes by the real road to an open desk, and two keys open it: header first, then words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.app import Desk
from desktop.home import Home
from desktop.reference import Reference
from desktop.ui.main_window import MainWindow
from domain.clock import HOUR, utc_iso
from server.operations.incoming import take
from sync.engine import Pace
from sync.transport import HttpTransport
from tests.desktop.ui.conftest import CHEAP, PASSPHRASE, STAFF, HandClock, named, press, type_text
from tests.desktop.ui.test_forms_lose_nothing import contact_of, saved
from tests.desktop.ui.test_the_queue import everything_shown, waiting
from tests.server.ground import Running, running

CTRL = Qt.KeyboardModifier.ControlModifier
BODY = "Cháu khóc cả đêm, xin giúp"


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre") as one:
        yield one


@pytest.fixture
def clock(centre: Running) -> HandClock:
    return HandClock(centre.clock.now_ms())


@pytest.fixture
def desk(centre: Running, clock: HandClock, reference: Reference, tmp_path: Path) -> Iterator[Desk]:
    home = Home(tmp_path / "AG03")
    app.enrol(home, centre.url, centre.code("AG03"), STAFF, PASSPHRASE, key_cost=CHEAP)
    one = app.build(
        home,
        STAFF,
        PASSPHRASE,
        clock=clock,
        transport_factory=HttpTransport,
        reference=reference,
        key_cost=CHEAP,
        pace=Pace(base=20, cap=50),
    )
    yield one
    one.close()


def test_a_report_that_came_by_the_road_is_listed_without_a_word_and_opened_by_two_keys(
    centre: Running, desk: Desk, clock: HandClock, show: Callable[[Desk], MainWindow], qtbot: QtBot
) -> None:
    window = show(desk)
    came = clock.now_ms() - HOUR
    said = {"id": "A-1", "received_at": utc_iso(came), "province": "91", "body": BODY, "urgency": "high"}
    sender = {"sender_kind": "family", "sender_name": "Bà Ba", "number": "0900081502"}
    assert take(centre.centre, [json.dumps(said | sender).encode()]).taken == 1
    qtbot.waitUntil(lambda: len(window.queue_model.rows) == 1, timeout=30_000)
    (row,) = window.queue_model.rows
    assert (row.channel, row.urgency, row.arrived_at, row.held_by) == ("app_111", "high", came, None)
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_J, CTRL)
    assert BODY not in everything_shown(window)
    press(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: BODY in named(window, "label.queue.words").text(), timeout=20_000)
    press(window, Qt.Key.Key_F8)
    sheet = window.file_page.current
    assert sheet is not None
    begun = sheet.form.values()
    assert (begun["summary"], begun["province"], begun["caller_kind"]) == (BODY, "91", "family")
    type_text("bao luc gia dinh")
    press(window, Qt.Key.Key_Return)
    result = saved(window, qtbot)
    contact = contact_of(desk, result.contact_id).contact
    assert (contact.primary_channel, contact.received_at, contact.summary) == ("app_111", came, BODY)
    assert contact.topics
    qtbot.waitUntil(lambda: waiting(desk, clock) == [], timeout=20_000)
