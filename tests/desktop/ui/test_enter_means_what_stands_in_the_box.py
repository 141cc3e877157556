"""Typed fast, Enter opens what the letters in the box find, never what stands there from letters before."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations import intake
from desktop.ui.main_window import MainWindow
from tests.desktop.ui.conftest import press, type_text
from tests.desktop.ui.test_cases_search_and_road import VALUES, Kept

CTRL = Qt.KeyboardModifier.ControlModifier
OTHER = {"child_name": "Lò Văn Pía", "urgency": "low"}


@pytest.fixture
def cases(window: MainWindow, desk: Desk, qtbot: QtBot) -> dict[str, str]:
    """The ids of two cases by the given name of their child."""
    found: dict[str, str] = {}
    for name, values in (("Ẵm", VALUES), ("Pía", OTHER)):
        kept = Kept()
        desk.lane.submit(intake.save_report(values, None), kept.put)
        qtbot.waitUntil(kept.there)
        found[name] = kept.result.case_id
    return found


def one_hit_in_search(window: MainWindow) -> bool:
    return len(window.search_model.hits) == 1


def one_hit_in_palette(window: MainWindow) -> bool:
    return len(window.palette_keys._found.hits) == 1


@pytest.mark.parametrize("key", [Qt.Key.Key_F, Qt.Key.Key_K], ids=["search", "palette"])
def test_enter_waits_for_the_answer_to_what_was_typed_last(
    window: MainWindow, cases: dict[str, str], qtbot: QtBot, key: Qt.Key
) -> None:
    press(window, key, CTRL)
    type_text("lo van pia")
    qtbot.waitUntil(partial(one_hit_in_search if key == Qt.Key.Key_F else one_hit_in_palette, window))
    with qtbot.waitSignal(window.case_model.opened):
        press(window, Qt.Key.Key_A, CTRL)
        type_text("dang ngoc am")
        press(window, Qt.Key.Key_Return)
    assert window.case_model.case_id == cases["Ẵm"]
    assert window.page_name == "case"


def test_more_letters_take_an_enter_back_that_still_waits(
    window: MainWindow, cases: dict[str, str], qtbot: QtBot
) -> None:
    press(window, Qt.Key.Key_F, CTRL)
    type_text("lo van")
    press(window, Qt.Key.Key_Return)
    type_text(" pia")
    with qtbot.waitSignal(window.search_model.found):
        pass
    qtbot.waitUntil(partial(one_hit_in_search, window))
    assert window.page_name == "search"
    assert window.case_model.case_id is None
    assert set(cases) == {"Ẵm", "Pía"}
