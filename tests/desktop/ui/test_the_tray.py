"""The icon beside the clock says how the desk stands and no word about anybody; a call brings a hidden window back
without taking the keys; closing a hidden window keeps every draft; without a tray nothing is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.background.change_bus import RoadState, RoadStatus
from desktop.home import Home
from desktop.operations.calls import PbxCallEvent
from desktop.reference import Reference
from desktop.running import Session
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.tokens import LIGHT, THEMES, Status
from desktop.ui.tray import IN_MENU, Tray, out_of_sight, tray_icon
from domain.clock import MINUTE
from tests.desktop.ui.conftest import CHEAP, PASSPHRASE, STAFF, HandClock, named, stored, type_text

NUMBER = "0900081502"
CLICK = QSystemTrayIcon.ActivationReason.Trigger


@pytest.fixture
def tray(window: MainWindow) -> Tray:
    return Tray(window, available=True)


def ring(window: MainWindow, clock: HandClock, name: str = "t.1") -> None:
    window.calls.answered(PbxCallEvent("111", name, NUMBER, "", clock.now_ms(), clock.now_ms()))


def pausing(window: MainWindow) -> bool:
    return window.call_deeds.paused_at is not None


def entry(tray: Tray, name: str) -> Any:
    assert tray.menu is not None
    return next(one for one in tray.menu.actions() if one.objectName() == f"tray.{name}")


def test_shape_and_words_follow_line_pause_and_lock_and_hold_nothing_of_anybody(
    window: MainWindow, tray: Tray, clock: HandClock
) -> None:
    status = RoadStatus(RoadState.OFFLINE, 9, 1, 8, 0)
    window.desk.bus.road.emit(status)
    assert tray.shown[0] == Status.URGENT.value
    assert "Mất máy chủ" in tray.shown[1]
    window.desk.bus.road.emit(
        replace(status, state=RoadState.SETTLED, waiting=0, line_down_since_ms=None, equal=True,
                equal_at_ms=clock.now_ms())
    )  # fmt: skip
    assert (tray.shown[0], "Khớp trung tâm" in tray.shown[1]) == (Status.GOOD.value, True)
    ring(window, clock)
    window.act("outcome.silent")
    window.act("pause")
    assert tray.shown[1].startswith("Trạm 111 · Đang nghỉ · ")
    window.act("pause")
    window.act("privacy")
    assert tray.shown[0] == "locked"
    assert tray.shown[1].startswith("Trạm 111 · Máy đang khóa")
    assert tray.icon is not None
    assert tray.icon.toolTip() == tray.shown[1]
    for secret in (NUMBER, NUMBER[-4:], STAFF):
        assert secret not in tray.shown[1]
    window.watch.back()


def test_each_state_is_told_apart_by_its_shape_alone_in_every_theme() -> None:
    for tokens in THEMES.values():
        one_colour = replace(tokens, **{status.value: tokens.text for status in Status})
        drawn = [picture(tray_icon(one_colour, status)) for status in (*Status, None)]
        assert len(set(drawn)) == len(drawn), tokens.name
    assert picture(tray_icon(LIGHT, Status.GOOD)) != picture(tray_icon(THEMES["dark"], Status.GOOD))


def picture(icon: Any) -> bytes:
    image = icon.pixmap(32, 32).toImage().convertToFormat(QImage.Format.Format_ARGB32)
    return bytes(image.constBits())


def test_the_menu_does_what_the_registry_says_and_a_covered_desk_only_what_it_may(
    window: MainWindow, tray: Tray
) -> None:
    assert tray.menu is not None
    offered = [one.objectName().removeprefix("tray.") for one in tray.menu.actions()]
    assert tuple(name for name in offered if name in IN_MENU) == IN_MENU
    for name in IN_MENU:
        assert entry(tray, name).text() == window.registry[name].label
    entry(tray, "pause").trigger()
    assert pausing(window)
    entry(tray, "pause").trigger()
    entry(tray, "privacy").trigger()
    assert window.privacy.isVisible()
    tray.menu.aboutToShow.emit()
    assert [entry(tray, name).isEnabled() for name in IN_MENU] == [False, False, True, True]
    entry(tray, "pause").trigger()
    assert not pausing(window), "a covered desk takes no other key"
    window.watch.back()
    tray.menu.aboutToShow.emit()
    assert all(entry(tray, name).isEnabled() for name in IN_MENU)


def test_a_call_brings_a_hidden_or_minimised_window_back_and_the_keys_stay_where_they_are(
    window: MainWindow, tray: Tray, clock: HandClock, qtbot: QtBot
) -> None:
    other = QWidget()  # another program, in which somebody types
    qtbot.addWidget(other)
    hide = (lambda: tray._clicked(CLICK), window.showMinimized)
    for place, put_away in enumerate(hide):
        put_away()
        assert out_of_sight(window)
        other.show()
        other.activateWindow()
        qtbot.waitUntil(other.isActiveWindow)
        ring(window, clock, f"h.{place}")
        assert not out_of_sight(window)
        assert other.isActiveWindow(), "what is being typed there stays there"
        assert window.calls.current is not None
        assert not window.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        with qtbot.waitSignal(window.calls.labelled):
            window.act("outcome.silent")
    tray._clicked(CLICK)
    assert window.isHidden()
    tray._clicked(CLICK)
    qtbot.waitUntil(window.isActiveWindow)


def test_closing_a_window_hidden_behind_its_icon_keeps_the_draft_and_ends_the_icon(
    home: Home, reference: Reference, qapp: QApplication, qtbot: QtBot, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("desktop.running.door_name", partial(str, tmp_path / "door"))
    session = Session(qapp, home)
    session._unlocked(app.unlock(home, STAFF, PASSPHRASE, reference=reference, key_cost=CHEAP))
    try:
        window = session.window
        assert window is not None
        assert session._tray is not None
        assert session._tray.icon is None, "no tray is here, and nothing is missing"
        tray = Tray(window, available=True)
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        window.act("open_file")
        named(window, "field.summary").setFocus()
        type_text("chưa kịp lưu")
        tray._clicked(CLICK)
        assert window.isHidden()
    finally:
        session.close()
    assert window.closed
    assert tray.icon is None
    again = app.build(home, STAFF, PASSPHRASE, reference=reference, key_cost=CHEAP)
    try:
        assert stored(again, lambda c: c.exec_driver_sql("SELECT count(*) FROM draft").scalar()) == 1
    finally:
        again.close()


def test_a_window_that_only_minimises_comes_back_by_a_call_without_any_tray(
    desk: app.Desk, show: Callable[[app.Desk], MainWindow], clock: HandClock
) -> None:
    window = show(desk)
    tray = Tray(window)
    assert tray.icon is None
    window.showMinimized()
    ring(window, clock)
    assert not out_of_sight(window)


def test_a_promised_call_back_that_is_due_is_told_behind_the_icon_without_whom_or_when(
    window: MainWindow, tray: Tray, clock: HandClock, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tray.icon is not None
    told: list[str] = []

    def hear(title: str, words: str, *_rest: Any) -> None:
        told.append(f"{title} {words}")

    monkeypatch.setattr(tray.icon, "showMessage", hear)
    ring(window, clock)
    with qtbot.waitSignal(window.calls.labelled, timeout=20_000):
        window.act("outcome.callback_scheduled")
    type_text("15 phút nữa")
    window.call_deeds.promising.save()
    model = window.queue_model
    qtbot.waitUntil(lambda: any(row.due_at is not None for row in model.rows), timeout=20_000)
    assert told == []  # not near yet
    tray._clicked(CLICK)
    assert out_of_sight(window)
    clock.pass_ms(10 * MINUTE)
    with qtbot.waitSignal(model.due, timeout=20_000):
        model.refresh()
    assert told == ["Trạm 111 Có lời hẹn gọi lại đến giờ."]
