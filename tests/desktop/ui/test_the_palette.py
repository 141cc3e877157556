"""Ctrl+K: everything a person can do, by a few letters without tones, through a real window over a real store."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import intake
from desktop.operations.calls import PbxCallEvent
from desktop.store.search_query import SearchHit
from desktop.ui.actions import Action
from desktop.ui.main_window import MainWindow
from desktop.ui.palette import Palette
from domain.codes.directory import Entry, Script
from tests.desktop.ui.conftest import HandClock, compose, press, type_text

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def palette(window: MainWindow) -> Palette:
    press(window, Qt.Key.Key_K, CTRL)
    opened = window.palette_keys.palette
    assert opened.isVisible()
    assert opened.box.hasFocus()
    return opened


def things(palette: Palette) -> list[Any]:
    return [row.thing for row in palette.rows.rows]


def test_it_offers_exactly_what_the_registry_holds_each_with_its_key(window: MainWindow, palette: Palette) -> None:
    assert set(things(palette)) == set(window.registry)
    shown = {row.thing: row.key for row in palette.rows.rows}
    assert shown == {one: one.key_text for one in window.registry}


def test_letters_without_tones_find_an_action_and_enter_does_it(window: MainWindow, palette: Palette) -> None:
    type_text("duong truyen")
    assert [one.id for one in things(palette) if isinstance(one, Action)] == ["outcome.technical_failure", "go_road"]
    press(window, Qt.Key.Key_Down)
    press(window, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert window.page_name == "road"
    press(window, Qt.Key.Key_1, CTRL)
    assert window.page_name == "calls"  # keys mean again what they meant


def test_a_word_still_being_composed_already_finds(palette: Palette) -> None:
    compose("đường tru")
    assert "go_road" in [one.id for one in things(palette) if isinstance(one, Action)]


def test_a_case_is_found_by_its_child_and_opened(window: MainWindow, desk: Desk, qtbot: QtBot) -> None:
    kept: list[Any] = []
    desk.lane.submit(intake.save_report({"child_name": "Đặng Thị Ngọc Ẵm", "urgency": "high"}, None), kept.append)
    qtbot.waitUntil(lambda: bool(kept), timeout=20_000)
    press(window, Qt.Key.Key_K, CTRL)
    palette = window.palette_keys.palette
    type_text("dang ngoc")
    qtbot.waitUntil(lambda: any(isinstance(one, SearchHit) for one in things(palette)), timeout=20_000)
    with qtbot.waitSignal(window.case_model.opened, timeout=20_000):
        press(window, Qt.Key.Key_Return)
    assert window.page_name == "case"
    assert window.case_model.case_id == kept[0].case_id


def test_numbers_and_scripts_of_the_directory_are_found(window: MainWindow, palette: Palette) -> None:
    type_text("im lang")
    script = next(one for one in things(palette) if isinstance(one, Script))
    palette.box.clear()
    type_text("115")
    entry = next(one for one in things(palette) if isinstance(one, Entry))
    press(window, Qt.Key.Key_Return)
    assert window.page_name == "directory"
    assert window.directory_page.number_in_front() == entry.number == "115"
    window.directory_page.show_code(script.code)
    assert window.directory_page.title.text() == script.title


def test_escape_gives_the_caret_back_and_keeps_no_word(window: MainWindow, palette: Palette) -> None:
    type_text("dang ngoc")
    press(window, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert window.calls_page.table.hasFocus()
    press(window, Qt.Key.Key_K, CTRL)
    assert palette.box.text() == ""
    assert len(palette.rows.rows) == len(window.registry)


def test_a_call_puts_it_away_and_the_keys_are_its(window: MainWindow, palette: Palette, clock: HandClock) -> None:
    window.calls.answered(PbxCallEvent("111", "1.9", "0900081502", "", clock.now_ms(), clock.now_ms()))
    assert not palette.isVisible()
    assert all(made.isEnabled() for made in window.actions_by_id.values())


def test_f12_covers_it(window: MainWindow, palette: Palette) -> None:
    press(window, Qt.Key.Key_F12)
    assert window.privacy.isVisible()
    assert not palette.isVisible()


def test_a_lock_takes_what_was_typed_away_also_behind_another_window(window: MainWindow, palette: Palette) -> None:
    type_text("dang ngoc")
    window.covering.lay_over(window.watch.cover)
    assert not palette.isVisible()
    window.covering.uncover()
    press(window, Qt.Key.Key_K, CTRL)
    assert palette.box.text() == ""


def test_it_is_no_window_of_its_own(window: MainWindow, palette: Palette) -> None:
    above: QObject | None = palette
    while above is not None and above is not window:
        assert not isinstance(above, QDialog)
        above = above.parent()
    assert above is window
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    assert palette.geometry().left() >= 0
    assert palette.geometry().right() <= window.width()
