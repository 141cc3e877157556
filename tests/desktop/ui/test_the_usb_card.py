"""The card "by USB when every line is dead": by keys, without a dialog in the way, saying what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations.calls import set_outcome
from desktop.operations.courier import NoReceiver
from desktop.store import blobs, identity
from desktop.store import courier as kept
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.tokens import Status
from server.operations.centre import Centre
from server.operations.courier import import_stick, reply
from server.store import accounts
from server.store.accounts import Device
from sync import wire
from sync.courier.troubles import NothingOnStick
from tests.desktop.ui.conftest import Given, named, press, stored, type_text
from tests.journeys.by_stick import open_centre
from tests.sync.blobs.files import sealed


@pytest.fixture
def centre(tmp_path: Path, desk: Desk) -> Iterator[Centre]:
    """A centre that knows this desk by its key."""
    key = stored(desk, identity.signing_key)
    given = Given()
    one = Device(
        id=given.device, centre=given.centre, seat=given.seat, centre_digit=3, name="", all_cases=False,
        public_key=key.public_key().public_bytes_raw(), enrolled_at=1, revoked_at=None,
    )  # fmt: skip
    made = open_centre(tmp_path / "centre")
    made.lane.do(lambda connection: accounts.add_device(connection, one))
    yield made
    made.close()


def beside(work: Any) -> Any:
    """Run what blocks outside the GUI thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def by_keys(window: MainWindow, qtbot: QtBot, folder: Path, tabs: int) -> str:
    """Type the folder, go to a button with Tab, press Space; answers what the card says at the end."""
    window.go("road")
    card = window.road_page.courier
    card.folder.clear()
    card.folder.setFocus()
    type_text(str(folder))
    for _ in range(tabs):
        press(window, Qt.Key.Key_Tab)
    press(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not card.model.busy and bool(card.model.words), timeout=20_000)
    qtbot.waitUntil(lambda: named(window, "label.usb").text() == card.model.words, timeout=5_000)
    assert QApplication.activeModalWidget() is None
    return card.model.words


WRITE, READ = 2, 3
FILE = sealed(b"a file")


def test_without_a_key_or_a_folder_the_card_says_what_to_do(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.go("road")
    model = window.road_page.courier.model
    model.export("  ")
    assert "chọn thư mục" in model.words
    assert by_keys(window, qtbot, tmp_path, WRITE) == NoReceiver.advice
    assert model.status is Status.URGENT


def test_unsent_work_goes_out_and_the_reply_comes_in_by_keys(
    window: MainWindow, desk: Desk, centre: Centre, qtbot: QtBot, tmp_path: Path
) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    key = wire.text64(centre.courier_key.public_key().public_bytes_raw())
    beside(lambda: desk.lane.run(lambda connection: kept.learn_receiver(connection, Given().lineage, key)))
    for _ in range(3):
        with qtbot.waitSignal(desk.bus.changed):
            desk.lane.submit(set_outcome(None, "silent"))
    assert "tệp đính kèm" not in by_keys(window, qtbot, tmp_path, WRITE)
    beside(lambda: desk.lane.run(lambda c: blobs.put_in(c, "a", "b", FILE.naming.blob, FILE.plan, 1)))
    words = by_keys(window, qtbot, usb, WRITE)
    assert "1 tệp đính kèm chưa ghi được ra USB này" in words
    (volume,) = usb.iterdir()
    assert "3 bản ghi" in words
    assert volume.name in words
    assert import_stick(centre, usb).taken == 3
    volume.unlink()
    assert by_keys(window, qtbot, usb, READ) == NothingOnStick.advice
    reply(centre, usb)
    words = by_keys(window, qtbot, usb, READ)
    assert "đã nhận 3 bản ghi" in words
    assert "còn 0 chờ gửi" in words
    assert window.road_page.courier.model.status is Status.GOOD
    qtbot.waitUntil(lambda: named(window, "figure.at_centre").text() == "3", timeout=10_000)
    assert [one.staff for one in stored(desk, kept.entries)] == [desk.staff] * 3
