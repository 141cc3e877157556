"""The manual as the table of actions drives it."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.desktop.ui.conftest import focused, press
from tests.desktop.ui.seat import Seat


def opens_the_manual(seat: Seat, action_id: str) -> None:
    """F1 shows the chapter of the page in front; Esc gives page and caret back."""
    window = seat.window
    window.go("search")
    before = focused()
    seat.strike(action_id)
    assert window.page_name == "manual"
    assert window.manual_keys.page.chapter_id == window.manual_keys.page.chapter_of("search")
    press(window, Qt.Key.Key_Escape)
    assert window.page_name == "search"
    assert focused() is before
